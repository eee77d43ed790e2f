package lab

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"govctl/internal/faultkit"
	"govctl/pkg/registry"

	"govctl/lab/server"
)

// waited is what `services wait -o json` prints.
type waited struct {
	Service                        string
	Holds                          bool
	Healthy, MinHealthy, Instances int
	Missing                        []struct{ ID, Health, Reason string }
}

// wait runs `services wait -o json` and returns what it prints. It fails t where
// the status is not the wanted one.
func wait(t *testing.T, status int, args ...string) waited {
	t.Helper()
	r := run(t, append([]string{"services", "wait", "-o", "json", "-q"}, args...)...)
	if r.Status != status || r.Stderr != "" {
		t.Errorf("services wait %s: status %d, stderr %q; want %d and nothing", strings.Join(args, " "), r.Status, r.Stderr, status)
	}
	return parse[waited](t, r.Stdout)
}

// The new version of a service takes over from the old one: a script waits until
// it lives, and only then stops the old one.
func TestADeployScriptWaitsForTheNewVersion(t *testing.T) {
	t.Parallel()
	service := unique("deploy")
	start := func(version string) *server.Process {
		return startMicro(t, service, version, "-ttl", "1h", "-interval", "1h")
	}
	old := []*server.Process{start("v1"), start("v1")}
	eventually(t, counts(service, 2))
	// One of the new version is there but dead, so that two are not enough.
	dead := start("v2")
	eventually(t, counts(service, 3))
	if err := dead.Kill(); err != nil {
		t.Fatal(err)
	}
	start("v2")
	eventually(t, counts(service, 4))

	path := filepath.Join(t.TempDir(), "deploy.sh")
	writeFile(t, path, `set -e
service=$1 govctl=$2 registry=$3
shift 3
"$govctl" services wait "$service" -l version=v2 --min-healthy 2 --truth --for 30s -e "$registry"
kill -TERM "$@"
`)
	ctx, cancel := context.WithTimeout(t.Context(), waitTimeout)
	defer cancel()
	script := exec.CommandContext(ctx, "sh", path, service, shared.govctl, shared.main.URL(), strconv.Itoa(old[0].PID()), strconv.Itoa(old[1].PID()))
	var stdout, stderr buffer
	script.Dir, script.Env = t.TempDir(), []string{"PATH=/usr/bin:/bin", "HOME=" + t.TempDir()}
	script.Stdout, script.Stderr = &stdout, &stderr
	if err := script.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, func(context.Context) error { return stderr.has("1 healthy, 2 wanted") })
	for _, p := range old {
		select {
		case <-p.Exited():
			t.Error("the old version was stopped before the new one lived")
		default:
		}
	}
	start("v2")
	if err := script.Wait(); err != nil {
		t.Fatalf("the script: %v\n%s%s", err, stdout.String(), stderr.String())
	}
	if err := stdout.has(service + ": 2 healthy, 2 wanted after "); err != nil {
		t.Error(err)
	}
	if err := stderr.has("is passing but connect: refused"); err != nil {
		t.Error(err)
	}
	eventually(t, func(context.Context) error {
		versions := map[string]int{}
		for _, in := range decode[[]registry.Instance](t, "services", "instances", service, "-e", shared.main.URL()) {
			versions[in.Version]++
		}
		if diff := cmp.Diff(map[string]int{"v2": 3}, versions); diff != "" {
			return fmt.Errorf("versions (-want +got):\n%s", diff)
		}
		return nil
	})
}

func TestWhatAWaitCountsAndHowItEnds(t *testing.T) {
	t.Parallel()
	service, address := unique("waited"), faultkit.Silent(t)
	at := func(id, address, status string) server.Service {
		return server.Service{ID: id + service, Name: service, Address: "127.0.0.1", Port: port(t, address), Check: &server.TTLCheck{TTL: "1h", Status: status}}
	}
	register(t, shared.main, at("a-living", address, "passing"), at("b-zombie", faultkit.Closed(t), "passing"), at("c-ghost", address, "critical"))
	url := shared.main.URL()
	missing := func(text ...string) []struct{ ID, Health, Reason string } {
		out := []struct{ ID, Health, Reason string }{}
		for i := 0; i < len(text); i += 3 {
			out = append(out, struct{ ID, Health, Reason string }{text[i] + service, text[i+1], text[i+2]})
		}
		return out
	}
	for _, tt := range []struct {
		args   string
		status int
		want   waited
	}{
		{"--min-healthy 2", 0, waited{service, true, 2, 2, 3, missing("c-ghost", "critical", "")}},
		{"--truth", 0, waited{service, true, 1, 1, 3, missing("b-zombie", "passing", "connect: refused", "c-ghost", "critical", "")}},
		{"--truth --min-healthy 2 --for 1s", 1, waited{service, false, 1, 2, 3, missing("b-zombie", "passing", "connect: refused", "c-ghost", "critical", "")}},
		{"--min-healthy 3 --for 1s", 1, waited{service, false, 2, 3, 3, missing("c-ghost", "critical", "")}},
		{"-l version=v9 --for 1s", 1, waited{service, false, 0, 1, 0, missing()}},
	} {
		began := time.Now()
		got := wait(t, tt.status, append(strings.Fields(tt.args), service, "-e", url)...)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.args, diff)
		}
		if took := time.Since(began); tt.status == 1 && (took < time.Second || took > 3*time.Second) {
			t.Errorf("%s: ended after %s; want little more than a second", tt.args, took)
		}
	}
	absent := unique("absent")
	if diff := cmp.Diff(waited{absent, false, 0, 1, 0, missing()}, wait(t, 1, absent, "--for", "300ms", "-e", url)); diff != "" {
		t.Errorf("a service that nobody registered (-want +got):\n%s", diff)
	}
	// What a person sees.
	r := run(t, "services", "wait", service, "--truth", "--min-healthy", "2", "--for", "1s", "-e", url)
	if want := service + ": 1 healthy, 2 wanted; b-zombie" + service + " is passing but connect: refused, and 1 more after "; r.Status != 1 || !strings.HasPrefix(r.Stdout, want) {
		t.Errorf("services wait: %+v; want 1 and %q", r, want)
	}
}

func TestAWaitThatCannotBegin(t *testing.T) {
	t.Parallel()
	address, other := closed(t), closed(t)
	for _, servers := range []string{address, address + "," + other} {
		r := run(t, "services", "wait", "cart", "--for", "1s", "-q", "-e", "consul://"+servers)
		if r.Status != 3 || r.Stdout != "" || !strings.Contains(r.Stderr, address) || !strings.Contains(r.Stderr, "connection refused") {
			t.Errorf("services wait -e consul://%s: %+v; want 3 with the address and the cause", servers, r)
		}
	}
	mute, _ := hanging(t)
	if r := run(t, "services", "wait", "cart", "--for", "500ms", "-q", "-e", "consul://"+mute); r.Status != 3 || r.Stdout != "" || !strings.Contains(r.Stderr, mute) {
		t.Errorf("services wait for a silent server: %+v; want 3 with the address", r)
	}
	for _, args := range []string{"", "cart user", "ca*", "cart --min-healthy 0", "cart --for -1s", "cart -l ===", "cart --kind nonsense --truth"} {
		r := run(t, append([]string{"services", "wait", "-e", shared.main.URL()}, strings.Fields(args)...)...)
		if r.Status != 2 || r.Stdout != "" || r.Stderr == "" {
			t.Errorf("services wait %s: %+v; want 2, and why", args, r)
		}
	}
}

func TestOneOfTwoServersIsEnoughToWait(t *testing.T) {
	t.Parallel()
	service := unique("two-servers")
	register(t, shared.main, server.Service{ID: service, Name: service, Port: 80, Check: passing()})
	for _, servers := range []string{closed(t) + "," + shared.main.Address, shared.main.Address + "," + closed(t)} {
		if got := wait(t, 0, service, "--for", "10s", "-e", "consul://"+servers); !got.Holds {
			t.Errorf("services wait -e consul://%s: %+v; want it to hold", servers, got)
		}
	}
}

func TestAWaitOutlivesTheRestartOfItsRegistry(t *testing.T) {
	t.Parallel()
	c := startAgent(t, server.Options{Node: "restarted-meanwhile"})
	cmd := command(t, nil, "services", "wait", "cart", "--for", "40s", "-e", c.URL())
	var stderr buffer
	cmd.Stderr = &stderr
	out := follow(t, cmd)
	eventually(t, func(context.Context) error { return stderr.has("0 healthy, 1 wanted") })
	if err := c.Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, func(context.Context) error { return stderr.has("asking again") })
	if err := c.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	register(t, c, server.Service{ID: "cart-1", Name: "cart", Port: 80, Check: passing()})
	<-out.done
	_ = cmd.Wait() // its status is compared
	if got := cmd.ProcessState.ExitCode(); got != 0 || len(out.lines()) != 1 || !strings.HasPrefix(out.lines()[0], "cart: 1 healthy, 1 wanted after ") {
		t.Errorf("status %d, %q; want 0 and one line\n%s", got, out.lines(), stderr.String())
	}
}

func TestAnInterruptEndsAWaitAtOnce(t *testing.T) {
	t.Parallel()
	never, refused := unique("never"), closed(t)
	mute, taken := hanging(t)
	stuckAddress, asked := hanging(t)
	hung := unique("hung")
	register(t, shared.main, server.Service{
		ID: hung, Name: hung, Address: "127.0.0.1", Port: port(t, stuckAddress), Meta: map[string]string{"protocol": "http"}, Check: passing(),
	})
	for name, begin := range map[string]func(stderr *buffer) (args []string, ready func() error){
		"at rest": func(stderr *buffer) ([]string, func() error) {
			return []string{never, "-e", shared.main.URL()}, func() error { return stderr.has("0 healthy, 1 wanted") }
		},
		"while nobody answers": func(stderr *buffer) ([]string, func() error) {
			return []string{never, "-e", "consul://" + refused}, func() error { return stderr.has("asking again") }
		},
		"before the first answer": func(*buffer) ([]string, func() error) {
			taken.Store(0)
			return []string{never, "-e", "consul://" + mute}, func() error {
				if taken.Load() == 0 {
					return errors.New("not asked")
				}
				return nil
			}
		},
		"while an instance hangs": func(*buffer) ([]string, func() error) {
			asked.Store(0)
			return []string{hung, "--truth", "--probe-timeout", "30s", "-e", shared.main.URL()}, func() error {
				if asked.Load() == 0 {
					return errors.New("not asked")
				}
				return nil
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const limit, tries = 200 * time.Millisecond, 3
			var took []time.Duration
			for range tries { // the quickest counts: the other tests keep the machine busy
				var stdout, stderr buffer
				args, ready := begin(&stderr)
				cmd := command(t, nil, append([]string{"services", "wait"}, args...)...)
				cmd.Stdout, cmd.Stderr = &stdout, &stderr
				took = append(took, interruptWhen(t, cmd, ready))
				if err := stderr.has("govctl: interrupted\n"); err != nil || stdout.String() != "" {
					t.Errorf("%v, stdout %q; want a word on stderr alone", err, stdout.String())
				}
			}
			if slices.Min(took) > limit {
				t.Errorf("ended after %s; want %s", took, limit)
			}
		})
	}
}
