package lab

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"govctl/lab/server"
)

// startTimeout bounds the whole set-up, a first build of Consul included.
const startTimeout = 40 * time.Minute

// waitTimeout bounds each wait of a test for something that a server does.
const waitTimeout = 45 * time.Second

// fixture is what all tests share: the programs, and the servers that live as
// long as the tests. Tests that stop or drain a server start one of their own.
type fixture struct {
	dir           string
	consul        string // the binaries
	version       string // of Consul
	govctl, micro string
	// main has no ACLs, acl has them with the default policy deny; contract is
	// for registrytest alone, which needs to know every service that there is.
	main, acl, contract *server.Consul
}

// shared is set once, by TestMain, before any test runs.
var shared fixture

func TestMain(m *testing.M) {
	os.Exit(runTests(m))
}

// runTests sets up, runs the tests and takes everything down again, also when
// they fail.
func runTests(m *testing.M) int {
	// The tests wait for servers more than they compute. A flag still wins.
	if err := flag.Set("test.parallel", "6"); err != nil {
		return fail(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	dir, err := os.MkdirTemp("", "govctl-lab-")
	if err != nil {
		return fail(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	shared.dir = dir
	started := time.Now()
	defer shared.stop()
	if err := shared.start(ctx); err != nil {
		return fail(err)
	}
	fmt.Fprintf(os.Stderr, "lab: ready in %s\n", time.Since(started).Round(100*time.Millisecond))
	stop() // from here an interrupt ends the process at once, and the kernel its children
	return m.Run()
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, "lab:", err)
	return 1
}

// start builds what is missing and starts the servers, side by side.
func (f *fixture) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	f.govctl, f.micro = filepath.Join(f.dir, "bin", "govctl"), filepath.Join(f.dir, "bin", "micro")
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return build(ctx, "..", f.govctl, ".") })
	g.Go(func() error { return build(ctx, ".", f.micro, "./micro") })
	g.Go(func() error { return f.startServers(ctx) })
	return g.Wait()
}

func (f *fixture) startServers(ctx context.Context) error {
	var err error
	if f.consul, err = server.Build(ctx, os.Stderr); err != nil {
		return err
	}
	if f.version, err = server.Version(ctx); err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return f.startOne(ctx, &f.main, server.Options{Node: "main"}) })
	g.Go(func() error { return f.startOne(ctx, &f.contract, server.Options{Node: "contract"}) })
	g.Go(func() error {
		return f.startOne(ctx, &f.acl, server.Options{Node: "acl", Token: newUUID()})
	})
	return g.Wait()
}

func (f *fixture) startOne(ctx context.Context, c **server.Consul, o server.Options) error {
	o.Binary, o.Dir = f.consul, filepath.Join(f.dir, o.Node)
	if err := os.Mkdir(o.Dir, 0o700); err != nil {
		return err
	}
	var err error
	*c, err = server.StartConsul(ctx, o)
	return err
}

func (f *fixture) stop() {
	var wg sync.WaitGroup
	for _, c := range []*server.Consul{f.main, f.acl, f.contract} {
		if c == nil {
			continue
		}
		wg.Go(func() {
			if err := c.Stop(); err != nil {
				fmt.Fprintln(os.Stderr, "lab:", err)
			}
		})
	}
	wg.Wait()
}

// build builds the command pkg of the module in dir, as it is shipped.
func build(ctx context.Context, dir, out, pkg string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", out, pkg)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", filepath.Base(out), err, said)
	}
	return nil
}

// newUUID returns a random UUID of version 4, the form that Consul wants of a
// token.
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// unique returns name with an ending of its own: what a test leaves behind (a
// killed service, a policy) is not in the way of another run.
func unique(name string) string { return name + "-" + newUUID()[:8] }

// startAgent starts one more agent for t alone and stops it at its end.
func startAgent(t *testing.T, o server.Options) *server.Consul {
	t.Helper()
	o.Binary, o.Dir = shared.consul, t.TempDir()
	c, err := server.StartConsul(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// register registers instances at c, waits until they are in the catalogue (an
// agent tells its server a moment later), and removes them when t ends.
func register(t *testing.T, c *server.Consul, services ...server.Service) {
	t.Helper()
	for _, s := range services {
		if err := c.API.Register(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			// t's own context has ended, and so may have the agent.
			_ = c.API.Deregister(context.WithoutCancel(t.Context()), s.ID)
		})
	}
	eventually(t, func(ctx context.Context) error {
		var nodes []struct {
			Services []server.Service
			Checks   []struct{ ServiceID string }
		}
		if err := c.API.Read(ctx, "/v1/internal/ui/nodes", &nodes); err != nil {
			return err
		}
		known := map[string]bool{}
		for _, n := range nodes {
			for _, s := range n.Services {
				known[s.ID] = true
			}
			for _, check := range n.Checks {
				known["check of "+check.ServiceID] = true
			}
		}
		for _, s := range services {
			if !known[s.ID] || s.Check != nil && !known["check of "+s.ID] {
				return fmt.Errorf("%q is not yet in the catalogue", s.ID)
			}
		}
		return nil
	})
}

// passing is a check that has passed, for longer than any test runs.
func passing() *server.TTLCheck { return &server.TTLCheck{TTL: "1h", Status: "passing"} }

// command returns govctl with nothing in its environment but env, in an empty
// folder: no settings but those of its arguments. It is killed where it does not
// end by itself.
func command(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), waitTimeout)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, shared.govctl, args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + cmd.Dir, "TERM=xterm-256color"}, env...)
	return cmd
}

// result is how a run of govctl ended.
type result struct {
	Stdout, Stderr string
	Status         int
}

// run runs govctl to its end, with the given arguments.
func run(t *testing.T, args ...string) result {
	t.Helper()
	return runWith(t, nil, args...)
}

// runWith is run with variables in the environment.
func runWith(t *testing.T, env []string, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := command(t, env, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		t.Fatalf("govctl %s: %v", strings.Join(args, " "), err)
	}
	return result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// decode decodes the JSON that a successful run with -o json printed.
func decode[T any](t *testing.T, args ...string) T {
	t.Helper()
	r := run(t, append(args, "-o", "json")...)
	if r.Status != 0 || r.Stderr != "" {
		t.Fatalf("govctl %s: status %d, stderr %q", strings.Join(args, " "), r.Status, r.Stderr)
	}
	return parse[T](t, r.Stdout)
}

func parse[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("not JSON: %v\n%s", err, text)
	}
	return v
}

// eventually fails t unless check returns nil before long.
func eventually(t *testing.T, check func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), waitTimeout)
	defer cancel()
	if err := server.Wait(ctx, check); err != nil {
		t.Fatal(err)
	}
}
