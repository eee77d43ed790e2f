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
	"slices"
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
	keys   []int // how many keys items have that are compared
	fleet  int   // how many targets are probed
	rounds int
	only   string // the part to measure, or ""
	log    io.Writer
	// dir is a temporary folder; the rest are programs in it.
	dir, govctl, hello, weigh, targets, loops, walk string
	// found are the neighbours by name, missing the names of others.
	found   map[string]string
	missing []string
	rows    []row
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
	only := flags.String("only", "", "measure one `PART`, cold, lists, probes, diffs, folders or writes, and write no file")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if !slices.Contains([]string{"", cold, list, probing, differ, folder, writes}, *only) {
		return fmt.Errorf("-only %s: no such part", *only)
	}
	b := &bench{rounds: *rounds, keys: []int{10_000, 100_000}, fleet: fleetSize, only: *only, log: stderr}
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
	if _, err := io.WriteString(stdout, text); err != nil || !*write || *only != "" {
		return err
	}
	root, err := server.Root(ctx)
	if err != nil {
		return err
	}
	return writeBetweenMarkers(filepath.Join(root, "..", "docs", "performance.md"), text)
}

// The parts of the benchmark.
const (
	cold    = "cold"
	list    = "lists"
	probing = "probes"
	differ  = "diffs"
	folder  = "folders"
	writes  = "writes"
)

// wants reports whether part is to be measured.
func (b *bench) wants(part string) bool { return b.only == "" || b.only == part }

// measure fills b.rows.
func (b *bench) measure(ctx context.Context) error {
	var err error
	if b.dir, err = os.MkdirTemp("", "govctl-bench-"); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(b.dir) }()
	var consul string
	if b.wants(list) || b.wants(folder) || b.wants(writes) {
		if consul, err = server.Build(ctx, b.log); err != nil {
			return err
		}
	}
	if b.wants(probing) || b.wants(differ) {
		b.neighbours(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := b.build(ctx); err != nil {
		return err
	}
	for _, p := range []struct {
		part string
		of   func(context.Context) error
	}{
		{cold, b.coldStart},
		{list, func(ctx context.Context) error { return b.lists(ctx, consul) }},
		{probing, b.probes},
		{differ, b.diffs},
		{folder, func(ctx context.Context) error { return b.folders(ctx, consul) }},
		{writes, func(ctx context.Context) error { return b.writing(ctx, consul) }},
	} {
		if !b.wants(p.part) {
			continue
		}
		if err := p.of(ctx); err != nil {
			return err
		}
	}
	return nil
}

// build builds govctl as it is shipped, the smallest of Go programs, what measures
// memory, both ends of the probes, and the least of comparisons.
func (b *bench) build(ctx context.Context) error {
	root, err := server.Root(ctx)
	if err != nil {
		return err
	}
	b.govctl, b.hello, b.weigh = filepath.Join(b.dir, "govctl"), filepath.Join(b.dir, "hello"), filepath.Join(b.dir, "weigh")
	b.targets, b.loops = filepath.Join(b.dir, "targets"), filepath.Join(b.dir, "loops")
	b.walk = filepath.Join(b.dir, "walk")
	source := filepath.Join(b.dir, "hello.go")
	text := "package main\n\nimport \"os\"\n\nfunc main() { os.Stdout.WriteString(\"hello\\n\") }\n"
	if err := os.WriteFile(source, []byte(text), 0o600); err != nil {
		return err
	}
	for _, p := range []struct{ dir, out, pkg string }{
		{filepath.Join(root, ".."), b.govctl, "."},
		{b.dir, b.hello, source},
		{root, b.weigh, "./bench/weigh"},
		{root, b.targets, "./bench/targets"},
		{root, b.loops, "./bench/loops"},
		{root, b.walk, "./bench/walk"},
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
