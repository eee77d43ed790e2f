package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"govctl/internal/faultkit"
	"govctl/pkg/probe"
	"govctl/pkg/registry"

	"govctl/lab/server"
)

func TestOneOfTwoServersIsEnoughToProbe(t *testing.T) {
	t.Parallel()
	service := unique("two-servers")
	address := faultkit.Silent(t)
	register(t, shared.main, server.Service{ID: service, Name: service, Address: "127.0.0.1", Port: port(t, address), Check: passing()})
	for _, servers := range []string{closed(t) + "," + shared.main.Address, shared.main.Address + "," + closed(t)} {
		if got := probed(t, 0, service, "-e", "consul://"+servers); len(got) != 1 || got[0].Truth != probe.Agree {
			t.Errorf("services probe -e consul://%s: %+v; want the one instance", servers, got)
		}
	}
	r := run(t, "services", "probe", "-e", "consul://"+closed(t)+","+closed(t))
	if r.Status != 3 || r.Stdout != "" || !strings.Contains(r.Stderr, "connection refused") {
		t.Errorf("services probe with no server alive: %+v; want 3", r)
	}
}

// hanging returns the address of a server that takes every connection and never
// says a word, and what counts them.
func hanging(t *testing.T) (address string, taken *atomic.Int64) {
	t.Helper()
	taken = new(atomic.Int64)
	return faultkit.Raw(t, func(conn net.Conn) {
		taken.Add(1)
		_, _ = conn.Read(make([]byte, 1<<10)) // the request
		_, _ = conn.Read(make([]byte, 1))
	}), taken
}

const (
	// fleet is how many instances fillFleet registers, and stuck how many of them
	// hang: those that come last.
	fleet = 1000
	stuck = 100
)

// fillFleet registers fleet instances of a service, on a node of its own: as many
// registrations at an agent take long.
func fillFleet(t *testing.T, c *server.Consul, service, living, dead string) {
	t.Helper()
	node := "node-of-" + service
	err := c.API.Write(t.Context(), "/v1/catalog/register", map[string]any{"Node": node, "Address": "127.0.0.1"}, nil)
	for start := 0; start < fleet && err == nil; start += 50 {
		var ops []map[string]any
		for i := start; i < start+50; i++ {
			id, address := fmt.Sprintf("%s-%04d", service, i), living
			if i >= fleet-stuck {
				address = dead
			}
			ops = append(ops,
				map[string]any{"Service": map[string]any{"Verb": "set", "Node": node, "Service": map[string]any{
					"ID": id, "Service": service, "Address": "127.0.0.1", "Port": port(t, address), "Meta": map[string]string{"protocol": "http"},
				}}},
				map[string]any{"Check": map[string]any{"Verb": "set", "Check": map[string]any{
					"Node": node, "CheckID": "service:" + id, "Status": "passing", "ServiceID": id, "ServiceName": service, "Type": "ttl",
				}}})
		}
		err = c.API.Write(t.Context(), "/v1/txn", ops, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestAThousandInstancesOfWhichSomeHang(t *testing.T) {
	t.Parallel()
	c := startAgent(t, server.Options{Node: "fleet"})
	dead, taken := hanging(t)
	fillFleet(t, c, "fleet", faultkit.Status(t, 200, ""), dead)

	const patience = time.Second
	began := time.Now()
	counted := map[string]int{}
	for _, o := range probed(t, 1, "fleet", "--probe-timeout", patience.String(), "-e", c.URL()) {
		o.Slow = false // on a busy machine
		counted[told(&o)]++
	}
	// One after the other the hanging ones take 100 times their time, and in
	// groups of 64 still twice.
	if took := time.Since(began); took > 4*patience {
		t.Errorf("took %s, and one that hangs %s", took, patience)
	}
	if a, z := counted["passing, ok 200: agree"], counted["passing, failed request: no answer within 1s: zombie"]; a != fleet-stuck || z != stuck {
		t.Errorf("%v; want %d that agree and %d zombies", counted, fleet-stuck, stuck)
	}
	if taken.Load() != stuck {
		t.Errorf("%d connections to those that hang, want %d", taken.Load(), stuck)
	}
	interruptProbes(t, c, taken)
}

// interruptProbes interrupts probes while all that hang are asked: what is known
// by then is printed, and all ends at once.
func interruptProbes(t *testing.T, c *server.Consul, taken *atomic.Int64) {
	t.Helper()
	const limit, tries = 200 * time.Millisecond, 3
	for _, format := range []string{"json", "table"} {
		var took []time.Duration
		for range tries { // the quickest counts: the other tests keep the machine busy
			taken.Store(0)
			cmd := command(t, nil, "services", "probe", "fleet", "--probe-timeout", "30s", "--slow", "1m", "-o", format, "-e", c.URL())
			var out bytes.Buffer
			cmd.Stdout = &out
			took = append(took, interruptWhen(t, cmd, func() error {
				if n := taken.Load(); n != stuck {
					return fmt.Errorf("%d of those that hang are asked", n)
				}
				return nil
			}))
			known := strings.Count(out.String(), "fleet-0")
			if format == "json" {
				known = len(parse[[]probe.Observation](t, out.String()))
			}
			// Of those that answer, 64 may still be under way.
			if known < fleet-stuck-64 || known > fleet-stuck || strings.Contains(out.String(), string(probe.Zombie)) {
				t.Errorf("-o %s: %d instances are known; want those that answered, up to %d", format, known, fleet-stuck)
			}
			if last := fmt.Sprintf("%d of %d instances asked in ", known, fleet); format == "table" && !strings.Contains(out.String(), last) {
				t.Errorf("no %q in the last line:\n%s", last, out.String()[max(0, out.Len()-200):])
			}
		}
		if slices.Min(took) > limit {
			t.Errorf("-o %s: ended after %s; want %s", format, took, limit)
		}
	}
}

// interruptWhen starts cmd, interrupts it when ready returns nil, and returns how
// long it took to end. It fails t unless that is with status 130 and a word on
// stderr.
func interruptWhen(t *testing.T, cmd *exec.Cmd, ready func() error) time.Duration {
	t.Helper()
	var stderr bytes.Buffer
	if cmd.Stderr == nil {
		cmd.Stderr = &stderr
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, func(context.Context) error { return ready() })
	began := time.Now()
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	err := cmd.Wait()
	took := time.Since(began)
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok || exit.ExitCode() != 130 {
		t.Errorf("%s: %v; want status 130", strings.Join(cmd.Args[1:], " "), err)
	}
	if cmd.Stderr == &stderr && !strings.Contains(stderr.String(), "govctl: interrupted\n") {
		t.Errorf("%s: stderr %q; want a word about the interrupt", strings.Join(cmd.Args[1:], " "), stderr.String())
	}
	return took
}

func TestProbesAgainAndAgainOutliveTheirRegistry(t *testing.T) {
	t.Parallel()
	c := startAgent(t, server.Options{Node: "left-alone"})
	address := faultkit.Status(t, 200, "")
	register(t, c, server.Service{ID: "cart-1", Name: "cart", Address: "127.0.0.1", Port: port(t, address), Check: passing()})
	cmd := command(t, nil, "services", "probe", "cart", "--watch", "--interval", "100ms", "-o", "json", "-e", c.URL())
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out := follow(t, cmd)
	eventually(t, func(context.Context) error { return out.has(3) })
	if err := c.Kill(); err != nil {
		t.Fatal(err)
	}
	// One round may still have had its list; those after it have an old one.
	before := len(out.lines())
	eventually(t, func(context.Context) error { return out.has(before + 3) })
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // its status is compared
	if got := cmd.ProcessState.ExitCode(); got != 130 || !strings.Contains(stderr.String(), "old for a while") {
		t.Errorf("status %d, stderr %q; want 130, and a word about the old list", got, stderr.String())
	}
	type line struct {
		ID     string
		Health registry.Health
		State  probe.State
	}
	for _, text := range out.lines() {
		if got, want := parse[line](t, text), (line{"cart-1", registry.Passing, probe.Up}); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}
