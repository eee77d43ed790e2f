package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"govctl/pkg/registry"

	"govctl/lab/server"
)

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// silent returns the address of a server that accepts and never says a word. It
// sends on the channel for each connection.
func silent(t *testing.T) (string, <-chan struct{}) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	accepted := make(chan struct{}, 64)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = conn.Close() })
			accepted <- struct{}{}
		}
	}()
	return l.Addr().String(), accepted
}

// closed returns an address where nobody listens.
func closed(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	return l.Addr().String()
}

// healths returns the health of each instance of service, by ID.
func healths(t *testing.T, service, url string) map[string]registry.Health {
	t.Helper()
	out := map[string]registry.Health{}
	for _, in := range decode[[]registry.Instance](t, "services", "instances", service, "-e", url) {
		out[in.ID] = in.Health
	}
	return out
}

func TestAServerThatStopsAndComesBack(t *testing.T) {
	t.Parallel()
	c := startAgent(t, server.Options{Node: "restarted"})
	register(t, c, server.Service{ID: "cart-1", Name: "cart", Port: 80, Check: passing()})
	if err := c.Stop(); err != nil {
		t.Fatal(err)
	}
	r := run(t, "services", "ls", "-e", c.URL())
	if r.Status != 3 || r.Stdout != "" || !strings.Contains(r.Stderr, c.Address) || !strings.Contains(r.Stderr, "connection refused") {
		t.Errorf("services ls of a stopped server: %+v; want 3 with the address and the cause", r)
	}
	if err := c.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := decode[[]registry.Summary](t, "services", "ls", "cart", "-e", c.URL()); len(got) != 1 || got[0].Instances != 1 {
		t.Errorf("services ls after the restart: %+v; want the one instance", got)
	}
}

func TestOneOfSeveralServersIsEnough(t *testing.T) {
	t.Parallel()
	for _, servers := range []string{closed(t) + "," + shared.main.Address, shared.main.Address + "," + closed(t)} {
		r := run(t, "services", "ls", "consul", "-o", "name", "-e", "consul://"+servers)
		if r.Status != 0 || r.Stdout != "consul\n" {
			t.Errorf("services ls -e consul://%s: %+v; want the answer of the one that lives", servers, r)
		}
	}
	r := run(t, "services", "ls", "-e", "consul://"+closed(t)+","+closed(t))
	if r.Status != 3 || !strings.Contains(r.Stderr, "connection refused") {
		t.Errorf("services ls with no server alive: %+v; want 3", r)
	}
}

func TestAnAgentWithoutAServerHasNoAnswer(t *testing.T) {
	t.Parallel()
	lone := startAgent(t, server.Options{Node: "lone-server"})
	agent := startAgent(t, server.Options{Node: "lone-agent", Client: true, Join: lone})
	if r := run(t, "services", "ls", "consul", "-o", "name", "-e", agent.URL()); r.Status != 0 || r.Stdout != "consul\n" {
		t.Errorf("services ls of a joined agent: %+v; want its server's answer", r)
	}
	if err := lone.Kill(); err != nil {
		t.Fatal(err)
	}
	r := run(t, "services", "ls", "-e", agent.URL())
	if r.Status != 3 || r.Stdout != "" || !strings.Contains(r.Stderr, agent.Address) {
		t.Errorf("services ls without a server: %+v; want 3", r)
	}
}

func TestAServerWithoutALeaderAnswersAndSaysSo(t *testing.T) {
	t.Parallel()
	first := startAgent(t, server.Options{Node: "pair-1", Servers: 2})
	second := startAgent(t, server.Options{Node: "pair-2", Servers: 2, Join: first})
	eventually(t, func(ctx context.Context) error {
		return first.API.Register(ctx, server.Service{ID: "stale-1", Name: "stale", Port: 80, Check: passing()})
	})
	eventually(t, func(context.Context) error {
		if r := run(t, "services", "instances", "stale", "-o", "name", "-e", first.URL()); r.Status != 0 || r.Stderr != "" {
			return fmt.Errorf("services instances: %+v", r)
		}
		return nil
	})
	if err := second.Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, func(context.Context) error {
		r := run(t, "services", "ls", "stale", "-o", "name", "-e", first.URL())
		if r.Stdout != "stale\n" || !strings.Contains(r.Stderr, "leader") {
			return fmt.Errorf("services ls without a leader: %+v; want the service, and a word about the leader", r)
		}
		return nil
	})
}

func TestANodeThatDiesTakesItsInstancesWithIt(t *testing.T) {
	t.Parallel()
	agent := startAgent(t, server.Options{Node: unique("mortal"), Client: true, Join: shared.main})
	full, bare := unique("on-a-node"), unique("bare-on-a-node")
	// Every instance of the first has a check of its own, and one of the second
	// has none: that are two ways to count.
	register(t, agent,
		server.Service{ID: "node-1", Name: full, Port: 80, Check: passing()},
		server.Service{ID: "node-2", Name: full, Port: 81, Check: passing()},
		server.Service{ID: "bare-1", Name: bare, Port: 80, Check: passing()},
		server.Service{ID: "bare-2", Name: bare, Port: 81})
	register(t, shared.main,
		server.Service{ID: "node-3", Name: full, Port: 82, Check: passing()},
		server.Service{ID: "bare-3", Name: bare, Port: 82, Check: passing()})
	for _, step := range []struct {
		name string
		do   func() error
		want registry.Health
	}{
		{"all is well", func() error { return nil }, registry.Passing},
		{"the node is drained", func() error { return agent.API.DrainNode(t.Context(), true) }, registry.Maintenance},
		{"the node is back", func() error { return agent.API.DrainNode(t.Context(), false) }, registry.Passing},
		{"the node is dead", agent.Kill, registry.Critical},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		nodeSeen(t, step.name, full, map[string]registry.Health{"node-1": step.want, "node-2": step.want, "node-3": registry.Passing})
		nodeSeen(t, step.name, bare, map[string]registry.Health{"bare-1": step.want, "bare-2": step.want, "bare-3": registry.Passing})
	}
}

// nodeSeen waits until govctl lists and counts the instances of service with the
// wanted health.
func nodeSeen(t *testing.T, when, service string, want map[string]registry.Health) {
	t.Helper()
	counted := registry.Summary{Service: service, Versions: []registry.Count{}, Protocols: []registry.Count{}}
	for _, h := range want {
		counted.Add(h, 1)
	}
	eventually(t, func(context.Context) error {
		if diff := cmp.Diff(want, healths(t, service, shared.main.URL())); diff != "" {
			return fmt.Errorf("%s: services instances %s (-want +got):\n%s", when, service, diff)
		}
		if diff := cmp.Diff(counted, summary(t, service)); diff != "" {
			return fmt.Errorf("%s: services ls %s (-want +got):\n%s", when, service, diff)
		}
		return nil
	})
}

func TestADrainedInstanceIsNotACriticalOne(t *testing.T) {
	t.Parallel()
	register(t, shared.main,
		server.Service{ID: "drain-1", Name: "drain", Port: 80, Check: passing()},
		server.Service{ID: "drain-2", Name: "drain", Port: 81, Check: passing()})
	if err := shared.main.API.DrainService(t.Context(), "drain-2", "deploy 42"); err != nil {
		t.Fatal(err)
	}
	eventually(t, func(context.Context) error {
		got := healths(t, "drain", shared.main.URL())
		if len(got) != 2 || got["drain-1"] != registry.Passing || got["drain-2"] != registry.Maintenance {
			return fmt.Errorf("services instances: %v; want drain-2 alone in maintenance", got)
		}
		return nil
	})
	if r := run(t, "services", "get", "drain/drain-2", "-e", shared.main.URL()); !strings.Contains(r.Stdout, "deploy 42") {
		t.Errorf("services get: %+v; want the reason of the drain", r)
	}
}

func TestASilentServerEndsAtTheTimeout(t *testing.T) {
	t.Parallel()
	address, _ := silent(t)
	const timeout = time.Second
	began := time.Now()
	r := run(t, "services", "ls", "-e", "consul://"+address, "--timeout", timeout.String())
	if took := time.Since(began); took < timeout || took > 2*timeout {
		t.Errorf("ended after %s; want little more than %s", took, timeout)
	}
	if r.Status != 3 || r.Stdout != "" || !strings.Contains(r.Stderr, address) {
		t.Errorf("%+v; want 3 with the address", r)
	}
}

func TestAnInterruptEndsAtOnce(t *testing.T) {
	t.Parallel()
	const limit, tries = 200 * time.Millisecond, 3
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		var took []time.Duration
		for range tries { // the quickest counts: the other tests keep the machine busy
			took = append(took, interrupt(t, sig))
		}
		if slices.Min(took) > limit {
			t.Errorf("%s: ended after %s; want %s", sig, took, limit)
		}
	}
}

// interrupt sends sig to a govctl that waits for a silent server, and returns how
// long it took to end.
func interrupt(t *testing.T, sig syscall.Signal) time.Duration {
	t.Helper()
	address, accepted := silent(t)
	cmd := command(t, nil, "services", "ls", "-e", "consul://"+address)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-accepted:
	case <-time.After(waitTimeout):
		t.Fatal("govctl did not connect")
	}
	began := time.Now()
	if err := cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	err := cmd.Wait()
	took := time.Since(began)
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok || exit.ExitCode() != 130 || strings.Count(stderr.String(), "\n") != 1 {
		t.Errorf("%s: %v, stderr %q; want status 130 and one line", sig, err, stderr.String())
	}
	return took
}

func TestNothingIsLeftInTheHomeOfAReader(t *testing.T) {
	t.Parallel()
	cmd := command(t, nil, "services", "ls", "-e", shared.main.URL())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	left, err := filepath.Glob(filepath.Join(cmd.Dir, "*"))
	if hidden, _ := filepath.Glob(filepath.Join(cmd.Dir, ".*")); err != nil || len(left)+len(hidden) != 0 {
		t.Errorf("left behind: %v %v, %v", left, hidden, err)
	}
}
