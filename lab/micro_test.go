package lab

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"govctl/pkg/registry"

	"govctl/lab/server"
)

// microService starts one real go-micro service at the main agent. Its TTL is
// short, so that a killed one is soon seen to be.
func microService(t *testing.T, name, version string, metadata ...string) *server.Process {
	t.Helper()
	args := []string{"-ttl", "4s", "-interval", "1s"}
	for _, pair := range metadata {
		args = append(args, "-metadata", pair)
	}
	return startMicro(t, name, version, args...)
}

// startMicro starts one real go-micro service at the main agent, with the given
// arguments beside its name and version.
func startMicro(t *testing.T, name, version string, args ...string) *server.Process {
	t.Helper()
	args = append([]string{"-name", name, "-version", version, "-registry", shared.main.Address}, args...)
	p, err := server.Start(exec.CommandContext(context.WithoutCancel(t.Context()), shared.micro, args...), filepath.Join(t.TempDir(), "micro.log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("%s %s:\n%s", name, version, p.Log())
		}
	})
	return p
}

// summary returns what `services ls` counts for one service.
func summary(t *testing.T, service string) registry.Summary {
	t.Helper()
	rows := decode[[]registry.Summary](t, "services", "ls", service, "-e", shared.main.URL())
	if len(rows) != 1 {
		t.Fatalf("services ls %s: %d rows, want 1", service, len(rows))
	}
	return rows[0]
}

// counts fails unless Consul's own view of service is n passing instances.
func counts(service string, n int) func(context.Context) error {
	return func(ctx context.Context) error {
		var entries []struct{}
		err := shared.main.API.Read(ctx, "/v1/health/service/"+service+"?passing", &entries)
		if err == nil && len(entries) != n {
			err = fmt.Errorf("%s: %d passing instances, want %d", service, len(entries), n)
		}
		return err
	}
}

func TestGoMicroRecordsAreDecodedAndDeathsAreSeen(t *testing.T) {
	t.Parallel()
	service := unique("greeter")
	killed := microService(t, service, "1.2.0", "zone=eu-1", "color=blue")
	microService(t, service, "1.2.0", "zone=eu-2")
	stopped := microService(t, service, "2.0.0", "zone=eu-2", "canary=yes")
	eventually(t, counts(service, 3))

	want := registry.Summary{
		Service: service, Instances: 3, Passing: 3,
		Versions:  []registry.Count{{Value: "1.2.0", Count: 2}, {Value: "2.0.0", Count: 1}},
		Protocols: []registry.Count{{Value: "mucp", Count: 3}},
	}
	if diff := cmp.Diff(want, summary(t, service)); diff != "" {
		t.Errorf("services ls (-want +got):\n%s", diff)
	}
	checkMicroInstances(t, service)
	checkMicroLabels(t, service)

	if err := killed.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := stopped.Stop(); err != nil {
		t.Fatal(err)
	}
	eventually(t, func(context.Context) error { return deathsSeen(t, service) })
	want = registry.Summary{
		Service: service, Instances: 2, Passing: 1, Critical: 1,
		Versions:  []registry.Count{{Value: "1.2.0", Count: 2}},
		Protocols: []registry.Count{{Value: "mucp", Count: 2}},
	}
	if diff := cmp.Diff(want, summary(t, service)); diff != "" {
		t.Errorf("services ls after the deaths (-want +got):\n%s", diff)
	}
}

// deathsSeen asks govctl until the killed instance is critical and the stopped
// one is gone.
func deathsSeen(t *testing.T, service string) error {
	var health []string
	for _, in := range decode[[]registry.Instance](t, "services", "instances", service, "-e", shared.main.URL()) {
		health = append(health, in.Version+" "+in.Metadata["zone"]+" "+string(in.Health))
	}
	want := []string{"1.2.0 eu-1 critical", "1.2.0 eu-2 passing"}
	if diff := cmp.Diff(want, health, cmpopts.SortSlices(func(a, b string) bool { return a < b })); diff != "" {
		return fmt.Errorf("services instances (-want +got):\n%s", diff)
	}
	return nil
}

// checkMicroInstances compares an instance in the list and alone, as a person
// and as a script see it, with what the service registered.
func checkMicroInstances(t *testing.T, service string) {
	t.Helper()
	instances := decode[[]registry.Instance](t, "services", "instances", service, "-e", shared.main.URL(), "-l", "canary=yes")
	if len(instances) != 1 {
		t.Fatalf("%d instances with canary=yes, want 1", len(instances))
	}
	got := instances[0]
	want := registry.Instance{
		Service: service, Address: "127.0.0.1", Health: registry.Passing, Version: "2.0.0",
		Protocol: "mucp", Zone: "eu-2", Weight: 1, Node: "main",
		Metadata: map[string]string{
			"broker": "http", "canary": "yes", "protocol": "mucp", "registry": "consul",
			"server": "mucp", "transport": "http", "zone": "eu-2",
		},
		Endpoints: []registry.Endpoint{{
			Name: "Greeter.Hello",
			Request: &registry.Value{Name: "HelloRequest", Type: "HelloRequest", Values: []registry.Value{
				{Name: "name", Type: "string"},
			}},
			Response: &registry.Value{Name: "HelloReply", Type: "HelloReply", Values: []registry.Value{
				{Name: "greeting", Type: "string"}, {Name: "count", Type: "int64"},
			}},
		}},
	}
	ignore := cmpopts.IgnoreFields(registry.Instance{}, "ID", "Port", "Checks", "Revision")
	if diff := cmp.Diff(want, got, ignore, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("services instances (-want +got):\n%s", diff)
	}
	if !strings.HasPrefix(got.ID, service+"-") || got.Port == 0 {
		t.Errorf("id %q, port %d; want %s-… and a port", got.ID, got.Port, service)
	}
	r := run(t, "services", "get", service+"/"+got.ID, "-e", shared.main.URL())
	for _, text := range []string{"2.0.0", "canary", "Greeter.Hello", "HelloRequest", "HelloReply", got.ID} {
		if !strings.Contains(r.Stdout, text) {
			t.Errorf("services get: no %q in\n%s%s", text, r.Stdout, r.Stderr)
		}
	}
}

// checkMicroLabels picks instances by what only go-micro's tags say.
func checkMicroLabels(t *testing.T, service string) {
	t.Helper()
	for args, want := range map[string]int{
		"-l version=1.2.0,zone=eu-2":      1,
		"-l zone!=eu-2":                   1,
		`--filter version=="1.2.0"`:       2,
		`--filter metadata.color=="blue"`: 1,
		"--health passing":                3,
		"--health critical":               0,
		"-l version=9":                    0,
	} {
		all := append([]string{"services", "instances", service, "-e", shared.main.URL()}, strings.SplitN(args, " ", 2)...)
		if got := len(decode[[]registry.Instance](t, all...)); got != want {
			t.Errorf("%s: %d instances, want %d", args, got, want)
		}
	}
}
