package lab

import (
	"context"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"govctl/pkg/registry"

	"govctl/lab/server"
)

// writtenPlan is what matters here of a plan as -o json prints it.
type writtenPlan struct {
	ID, State string
	Rereads   bool
	Changes   []struct {
		Space, Group, Key, Kind string
		Fields                  []registry.Change
		Loses                   string
		Made                    bool
	}
}

// instanceFile writes what `services register -f` reads.
func instanceFile(t *testing.T, format string, args ...any) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "instance.json")
	writeFile(t, path, fmt.Sprintf(format, args...))
	return path
}

// definition returns what the agent at c says of the service o1.
func definition(t *testing.T, c *server.Consul) map[string]any {
	t.Helper()
	var all map[string]any
	if err := c.API.Read(t.Context(), "/v1/agent/service/o1", &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// healthOf waits until the catalog at c has the instance order/o1 with this health.
func healthOf(t *testing.T, c *server.Consul, want registry.Health) {
	t.Helper()
	eventually(t, func(context.Context) error {
		r := run(t, "services", "instances", "order", "--health", string(want), "-o", "name", "-e", c.URL())
		if !slices.Contains(strings.Split(r.Stdout, "\n"), "order/o1") {
			return fmt.Errorf("order/o1 is not %s: %s%s", want, r.Stdout, r.Stderr)
		}
		return nil
	})
}

func TestAnInstanceIsRegisteredRemovedAndBroughtBackOnConsul(t *testing.T) {
	t.Parallel()
	c := startAgent(t, server.Options{Node: "writes"})
	file := instanceFile(t, `{"service": "order", "id": "o1", "address": "127.0.0.1", "port": 8080, "version": "v1", "metadata": {"zone": "a"}, "ttlSeconds": 3600}`)
	plan := decode[writtenPlan](t, "services", "register", "-f", file, "--yes", "-o", "json", "-e", c.URL())
	if plan.State != "done" || !plan.Rereads || len(plan.Changes) != 1 || plan.Changes[0].Kind != "created" || !plan.Changes[0].Made {
		t.Fatalf("registered by %+v", plan)
	}
	healthOf(t, c, registry.Critical)
	first := definition(t, c)
	if err := c.API.Tell(t.Context(), "o1", "pass"); err != nil {
		t.Fatal(err)
	}
	healthOf(t, c, registry.Passing)
	if r := run(t, "services", "rm", "order/o1", "--yes", "-e", c.URL()); r.Status != 2 || !strings.Contains(r.Stderr, "it gets traffic") {
		t.Errorf("what passes was removed: %+v", r)
	}

	plan = decode[writtenPlan](t, "services", "rm", "order/o1", "--force", "--yes", "-o", "json", "-e", c.URL())
	if plan.State != "done" || len(plan.Changes) != 1 || plan.Changes[0].Kind != "removed" || plan.Changes[0].Loses != "" {
		t.Fatalf("removed by %+v", plan)
	}
	if r := run(t, "services", "get", "order/o1", "-e", c.URL()); r.Status != 3 {
		t.Errorf("it is still there: %+v", r)
	}
	plan = decode[writtenPlan](t, "rollback", plan.ID, "--yes", "-o", "json", "-e", c.URL())
	if plan.State != "done" || len(plan.Changes) != 1 || plan.Changes[0].Kind != "created" {
		t.Fatalf("brought back by %+v", plan)
	}
	if diff := cmp.Diff(first, definition(t, c)); diff != "" {
		t.Error(diff)
	}
	healthOf(t, c, registry.Critical) // it never passes by itself
	if err := c.API.Tell(t.Context(), "o1", "pass"); err != nil {
		t.Error(err)
	}
	healthOf(t, c, registry.Passing)
}

func TestWhatAnotherRegisteredIsChangedAndBroughtBackWhole(t *testing.T) {
	t.Parallel()
	c := startAgent(t, server.Options{Node: "others"})
	body := map[string]any{
		"ID": "o1", "Name": "order", "Address": "127.0.0.1", "Port": 8080, "Tags": []string{"a"}, "Meta": map[string]string{"x": "1"},
		"EnableTagOverride": true, "Connect": map[string]bool{"Native": true}, "Weights": map[string]int{"Passing": 3, "Warning": 2},
		"TaggedAddresses": map[string]any{"lan": map[string]any{"Address": "127.0.0.9", "Port": 80}},
		"Checks":          []map[string]string{{"TTL": "1h", "Status": "passing"}, {"CheckID": "web", "HTTP": "http://127.0.0.1:1/", "Interval": "1h", "Status": "passing"}},
	}
	if err := c.API.Write(t.Context(), "/v1/agent/service/register", body, nil); err != nil {
		t.Fatal(err)
	}
	healthOf(t, c, registry.Passing)
	first := definition(t, c)
	file := instanceFile(t, "%s", run(t, "services", "get", "order/o1", "-o", "json", "-e", c.URL()).Stdout)
	if plan := decode[writtenPlan](t, "services", "register", "-f", file, "--yes", "-o", "json", "-e", c.URL()); len(plan.Changes) > 0 {
		t.Errorf("registered as it is: %+v", plan)
	}
	file = instanceFile(t, "%s", strings.Replace(run(t, "services", "get", "order/o1", "-o", "json", "-e", c.URL()).Stdout, `"weight": 3`, `"weight": 7`, 1))
	plan := decode[writtenPlan](t, "services", "register", "-f", file, "--yes", "-o", "json", "-e", c.URL())
	if diff := cmp.Diff([]registry.Change{{Field: "weight", Before: "3", After: "7"}}, plan.Changes[0].Fields); diff != "" || plan.State != "done" {
		t.Errorf("changed by %+v: %s", plan, diff)
	}
	healthOf(t, c, registry.Passing) // its checks stay
	if r := run(t, "rollback", plan.ID, "--yes", "-e", c.URL()); r.Status != 0 {
		t.Errorf("roll back: %+v", r)
	}
	if diff := cmp.Diff(first, definition(t, c)); diff != "" {
		t.Error(diff)
	}

	plan = decode[writtenPlan](t, "services", "rm", "order/o1", "--force", "--yes", "-o", "json", "-e", c.URL())
	if !strings.HasPrefix(plan.Changes[0].Loses, "what its 2 checks ask") {
		t.Errorf("removed by %+v", plan)
	}
	if r := run(t, "rollback", plan.ID, "--yes", "-e", c.URL()); r.Status != 0 {
		t.Errorf("roll back: %+v", r)
	}
	if diff := cmp.Diff(first, definition(t, c)); diff != "" {
		t.Error(diff)
	}
	healthOf(t, c, registry.Critical)
}

func TestAnInstanceOfAnotherAgentIsRefused(t *testing.T) {
	t.Parallel()
	one := startAgent(t, server.Options{Node: "first"})
	two := startAgent(t, server.Options{Node: "second", Client: true, Join: one})
	register(t, two, server.Service{ID: "o1", Name: "order", Port: 80})
	healthOf(t, one, registry.Passing)
	for _, args := range [][]string{
		{"services", "rm", "order/o1", "--force"},
		{"services", "register", "-f", instanceFile(t, `{"service": "order", "id": "o1"}`)},
	} {
		r := run(t, append(args, "--yes", "-e", one.URL())...)
		if r.Status != 2 || !strings.Contains(r.Stderr, "belongs to the agent of the node second") || !strings.Contains(r.Stderr, "hint: ask that one") {
			t.Errorf("%v: %+v", args, r)
		}
	}
	if r := run(t, "services", "rm", "order/o1", "--force", "--yes", "-e", two.URL()); r.Status != 0 {
		t.Errorf("at its own agent: %+v", r)
	}
	node := map[string]any{"Node": "outside", "Address": "127.0.0.9", "Service": map[string]any{"ID": "e1", "Service": "order", "Port": 80}}
	if err := one.API.Write(t.Context(), "/v1/catalog/register", node, nil); err != nil {
		t.Fatal(err)
	}
	if r := run(t, "services", "rm", "order/e1", "--force", "--yes", "-e", one.URL()); r.Status != 2 || !strings.Contains(r.Stderr, "which has no agent") {
		t.Errorf("of a node without an agent: %+v", r)
	}
	register(t, one, server.Service{ID: "taken", Name: "user", Port: 80})
	if r := run(t, "services", "register", "-f", instanceFile(t, `{"service": "order", "id": "taken"}`), "--yes", "-e", one.URL()); r.Status != 2 || !strings.Contains(r.Stderr, "the agent has the service user of that id") {
		t.Errorf("an id that is taken: %+v", r)
	}
}

// isAgentWrite tells whether a request changes what an agent has.
func isAgentWrite(r *http.Request) bool {
	return r.Method == http.MethodPut && strings.HasPrefix(r.URL.Path, "/v1/agent/")
}

func TestALostAnswerOfAnAgentIsFoundOut(t *testing.T) {
	t.Parallel()
	c := startAgent(t, server.Options{Node: "lossy"})
	file := instanceFile(t, `{"service": "order", "id": "o1", "port": 8080}`)
	for name, f := range map[string]fate{"the request": drop, "the answer": lose} {
		var seen int
		g := gateTo(t, c.Address, func(_ int, r *http.Request, _ []byte) fate {
			if isAgentWrite(r) {
				if seen++; seen == 1 {
					return f
				}
			}
			return pass
		})
		for _, args := range [][]string{{"services", "register", "-f", file}, {"services", "rm", "order/o1", "--force"}} {
			seen = 0
			plan := decode[writtenPlan](t, append(args, "--yes", "-o", "json", "-e", "consul://"+g.Address)...)
			if plan.State != "done" || !plan.Changes[0].Made {
				t.Errorf("%s of %v was lost: %+v", name, args, plan)
			}
			if f == lose && seen != 1 {
				t.Errorf("%v was written %d times", args, seen)
			}
			if args[1] == "register" {
				healthOf(t, c, registry.Passing)
			}
		}
	}
}

func TestADryRunOfInstancesWritesNothing(t *testing.T) {
	t.Parallel()
	c := startAgent(t, server.Options{Node: "dry"})
	register(t, c, server.Service{ID: "o1", Name: "order", Port: 80})
	g := gateTo(t, c.Address, func(_ int, r *http.Request, _ []byte) fate {
		if r.Method == http.MethodPut {
			return drop
		}
		return pass
	})
	for _, args := range [][]string{
		{"services", "register", "-f", instanceFile(t, `{"service": "order", "id": "o1", "port": 81}`)},
		{"services", "rm", "order/o1", "--force"},
	} {
		plan := decode[writtenPlan](t, append(args, "--dry-run", "-o", "json", "-e", "consul://"+g.Address)...)
		if plan.State != "planned" || len(plan.Changes) != 1 {
			t.Errorf("%v: %+v", args, plan)
		}
	}
}

func TestAPlanOfInstancesThatWasKilledIsRecovered(t *testing.T) {
	t.Parallel()
	c := startAgent(t, server.Options{Node: "killed"})
	for _, way := range []string{"--back", "--forward"} {
		var killed *exec.Cmd
		g := gateTo(t, c.Address, func(_ int, r *http.Request, _ []byte) fate {
			if isAgentWrite(r) {
				_ = killed.Process.Kill()
				return lose
			}
			return pass
		})
		file := instanceFile(t, `[{"service": "order", "id": "o1", "port": 8080}, {"service": "order", "id": "o2", "port": 8081}]`)
		killed = command(t, nil, "services", "register", "-f", file, "--yes", "-e", "consul://"+g.Address)
		if err := killed.Run(); err == nil {
			t.Fatal("it lived")
		}
		healthOf(t, c, registry.Passing)
		if r := run(t, "services", "rm", "order/o1", "--force", "--yes", "-e", c.URL()); r.Status != 5 {
			t.Errorf("beside an open plan: %+v", r)
		}
		r := run(t, "recover", "-o", "name", "-e", c.URL())
		id := strings.TrimSpace(r.Stdout)
		if r.Status != 1 || id == "" {
			t.Fatalf("no plan is open: %+v", r)
		}
		eventually(t, func(context.Context) error {
			if r := run(t, "recover", id, way, "--yes", "-e", c.URL()); r.Status != 0 {
				return fmt.Errorf("recover: %+v", r)
			}
			return nil
		})
		want := map[string]string{"--back": "", "--forward": "order/o1\norder/o2\n"}[way]
		eventually(t, func(context.Context) error {
			if r := run(t, "services", "instances", "ord*", "-o", "name", "-e", c.URL()); r.Stdout != want {
				return fmt.Errorf("%s, and there is %+v", way, r)
			}
			return nil
		})
	}
}
