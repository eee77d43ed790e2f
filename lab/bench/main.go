// Command bench measures govctl beside its neighbours, in interleaved runs on
// one machine, and writes the table to docs/performance.md. It starts the real
// servers that it needs and stops them; it never fails by time, only when the
// two sides of a comparison do not give the same answer.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"govctl/lab/server"
)

// limit bounds the whole benchmark, a first build of Consul aside.
const limit = 20 * time.Minute

// bench is one run of the benchmark.
type bench struct {
	sizes  []int
	rounds int
	log    io.Writer
	// dir is a temporary folder; the rest are programs in it.
	dir, govctl, hello, weigh string
	rows                      []row
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	sizes := flags.String("sizes", "10000,50000", "how many instances to list, ascending")
	rounds := flags.Int("rounds", 5, "runs of each side; the median counts")
	write := flags.Bool("write", true, "write the table to docs/performance.md")
	if err := flags.Parse(args); err != nil {
		return err
	}
	b := &bench{rounds: *rounds, log: stderr}
	for s := range strings.SplitSeq(*sizes, ",") {
		n, err := strconv.Atoi(s)
		if err != nil {
			return fmt.Errorf("-sizes: %w", err)
		}
		b.sizes = append(b.sizes, n)
	}
	if err := b.measure(ctx); err != nil {
		return err
	}
	where, err := machine(ctx)
	if err != nil {
		return err
	}
	text := b.report(where)
	if _, err := io.WriteString(stdout, text); err != nil || !*write {
		return err
	}
	root, err := server.Root(ctx)
	if err != nil {
		return err
	}
	return writeBetweenMarkers(filepath.Join(root, "..", "docs", "performance.md"), text)
}

// measure fills b.rows.
func (b *bench) measure(ctx context.Context) error {
	consul, err := server.Build(ctx, b.log)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if b.dir, err = os.MkdirTemp("", "govctl-bench-"); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(b.dir) }()
	if err := b.build(ctx); err != nil {
		return err
	}
	if err := b.coldStart(ctx); err != nil {
		return err
	}
	return b.lists(ctx, consul)
}

// build builds govctl as it is shipped, the smallest of Go programs, and what
// measures memory.
func (b *bench) build(ctx context.Context) error {
	root, err := server.Root(ctx)
	if err != nil {
		return err
	}
	b.govctl, b.hello, b.weigh = filepath.Join(b.dir, "govctl"), filepath.Join(b.dir, "hello"), filepath.Join(b.dir, "weigh")
	source := filepath.Join(b.dir, "hello.go")
	text := "package main\n\nimport \"os\"\n\nfunc main() { os.Stdout.WriteString(\"hello\\n\") }\n"
	if err := os.WriteFile(source, []byte(text), 0o600); err != nil {
		return err
	}
	for _, p := range []struct{ dir, out, pkg string }{
		{filepath.Join(root, ".."), b.govctl, "."}, {b.dir, b.hello, source}, {root, b.weigh, "./bench/weigh"},
	} {
		cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", p.out, p.pkg)
		cmd.Dir = p.dir
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if said, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("build %s: %w\n%s", filepath.Base(p.out), err, said)
		}
	}
	return nil
}

// machine says what was measured on, without naming it.
func machine(ctx context.Context) (string, error) {
	version, err := server.Version(ctx)
	if err != nil {
		return "", err
	}
	text := fmt.Sprintf("%d cores, %s/%s, %s, Consul %s on the same machine", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version(), version)
	if out, err := exec.CommandContext(ctx, "curl", "--version").Output(); err == nil {
		if fields := strings.Fields(string(out)); len(fields) > 1 {
			text += ", curl " + fields[1]
		}
	}
	return text, nil
}
