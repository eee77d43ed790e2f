package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"govctl/pkg/registry"

	"govctl/lab/server"
)

// watching is a `services watch -o json` that runs.
type watching struct {
	*followed
	cmd    *exec.Cmd
	stderr buffer
}

// watch starts `services watch -o json` with args. It is killed at the end of t.
func watch(t *testing.T, args ...string) *watching {
	t.Helper()
	w := &watching{cmd: command(t, nil, append([]string{"services", "watch", "-o", "json"}, args...)...)}
	w.cmd.Stderr = &w.stderr
	w.followed = follow(t, w.cmd)
	t.Cleanup(func() {
		_ = w.cmd.Process.Kill()
		<-w.done
		_ = w.cmd.Wait()
		if t.Failed() {
			t.Logf("govctl services watch said:\n%s", w.stderr.String())
		}
	})
	return w
}

// events are those that were told so far.
func (w *watching) events(t *testing.T) []registry.Event {
	t.Helper()
	var events []registry.Event
	for _, line := range w.lines() {
		events = append(events, parse[registry.Event](t, line))
	}
	return events
}

// folded returns the instances that the events so far come to. It fails t for
// one that cannot have happened.
func (w *watching) folded(t *testing.T) fold {
	t.Helper()
	f := fold{}
	for _, e := range w.events(t) {
		if err := f.take(&e); err != nil {
			t.Error(err)
		}
	}
	return f
}

// until waits until an event is what is wanted.
func (w *watching) until(t *testing.T, what string, wanted func(*registry.Event) bool) {
	t.Helper()
	eventually(t, func(context.Context) error {
		for _, e := range w.events(t) {
			if wanted(&e) {
				return nil
			}
		}
		return fmt.Errorf("no event is %s", what)
	})
}

// told waits until there is an event of a kind.
func (w *watching) told(t *testing.T, kind registry.EventKind) {
	t.Helper()
	w.until(t, string(kind), func(e *registry.Event) bool { return e.Kind == kind })
}

// is waits until the events come to what a fresh question at url does.
func (w *watching) is(t *testing.T, url string) {
	t.Helper()
	eventually(t, func(context.Context) error {
		return w.folded(t).differs(decode[[]registry.Instance](t, "services", "instances", "-e", url))
	})
}

func TestTheEventsOfAWatchFoldToTheList(t *testing.T) {
	t.Parallel()
	c := startAgent(t, server.Options{Node: "watched"})
	world := newWorld(t, c, 5, 6)
	through := record(t, c.Address)
	w := watch(t, "-e", through.URL())
	w.is(t, c.URL())

	// Single changes, and several within one second, which a watch sees as one.
	pause := time.NewTicker(90 * time.Millisecond)
	defer pause.Stop()
	change := func(n int) {
		for i := range n {
			world.change()
			if i%3 != 0 {
				<-pause.C
			}
		}
	}
	change(120)
	w.is(t, c.URL())

	through.Cut()
	if err := c.Stop(); err != nil {
		t.Fatal(err)
	}
	w.told(t, registry.Away)
	if err := c.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	change(40)
	through.Join()
	w.told(t, registry.Back)
	change(80)
	w.is(t, c.URL())

	n, perSecond := through.Rate()
	t.Logf("%d requests, %.1f a second; %d events", n, perSecond, len(w.lines()))
	if perSecond > 5 {
		t.Errorf("%d requests, %.1f a second; want at most 5", n, perSecond)
	}
	checkMissed(t, w.events(t))
	checkKinds(t, w.events(t))
}

// checkMissed fails t unless the registry was away once, and just the events
// that follow its return are marked as missed, as many as it says.
func checkMissed(t *testing.T, events []registry.Event) {
	t.Helper()
	away := slices.IndexFunc(events, func(e registry.Event) bool { return e.Kind == registry.Away })
	back := slices.IndexFunc(events, func(e registry.Event) bool { return e.Kind == registry.Back })
	if away < 0 || back != away+1 || events[away].Reason == "" {
		t.Fatalf("away is event %d and back event %d; want one after the other, and a reason", away, back)
	}
	b := &events[back]
	if took := b.At.Sub(events[away].At).Seconds(); b.AwaySeconds <= 0 || took-b.AwaySeconds > 0.01 || b.AwaySeconds-took > 0.01 || b.MissedEvents == 0 {
		t.Errorf("away for %vs by the times; it says %+v", took, b)
	}
	for i := range events {
		e := &events[i]
		if missed := i > back && i <= back+b.MissedEvents; e.Missed != missed {
			t.Errorf("event %d of %d is missed: %t; back was %d and missed %d: %+v", i, len(events), e.Missed, back, b.MissedEvents, e)
		}
		if (e.Kind == registry.Away || e.Kind == registry.Back) && i != away && i != back {
			t.Errorf("away or back once more: %+v", e)
		}
	}
}

// checkKinds fails t unless the random changes were of all kinds.
func checkKinds(t *testing.T, events []registry.Event) {
	t.Helper()
	seen := map[string]bool{}
	for _, e := range events {
		seen[string(e.Kind)] = true
		for _, c := range e.Changes {
			field, _, _ := strings.Cut(c.Field, ".")
			seen[field] = true
			if c.Field == "health" {
				seen[c.After] = true
			}
		}
	}
	for _, kind := range []string{"present", "appeared", "left", "changed", "port", "version", "metadata", "checks", "health", "passing", "warning", "critical", "maintenance"} {
		if !seen[kind] {
			t.Errorf("nothing was %s in %d events: the test has shown less than it should", kind, len(events))
		}
	}
}

func TestAWatchOfNamedServicesTellsOfNoOthers(t *testing.T) {
	t.Parallel()
	service := unique("named")
	register(t, shared.main, server.Service{ID: service + "-0", Name: service, Port: 80, Check: passing()})
	w := watch(t, service+"*", service+"-never", "-e", shared.main.URL())
	w.told(t, registry.Present) // from here on what comes is told to appear
	of := unique("unnamed")
	register(t, shared.main,
		server.Service{ID: of, Name: of, Port: 80, Check: passing()},
		server.Service{ID: service, Name: service, Port: 80, Check: passing()})
	w.told(t, registry.Appeared)
	for _, e := range w.events(t) {
		if e.Instance.Service != service {
			t.Errorf("%s was not asked for", e.Instance.Service)
		}
	}
}

func TestAWatchThatCannotBeginIsAFailure(t *testing.T) {
	t.Parallel()
	address := closed(t)
	for _, servers := range []string{address, address + "," + closed(t)} {
		r := run(t, "services", "watch", "-q", "-e", "consul://"+servers)
		if r.Status != 3 || r.Stdout != "" || !strings.Contains(r.Stderr, address) || !strings.Contains(r.Stderr, "connection refused") {
			t.Errorf("services watch -e consul://%s: %+v; want 3 with the address and the cause", servers, r)
		}
	}
}

func TestOneOfTwoServersIsEnoughToWatch(t *testing.T) {
	t.Parallel()
	for _, servers := range []string{closed(t) + "," + shared.main.Address, shared.main.Address + "," + closed(t)} {
		service := unique("two-servers")
		w := watch(t, service, "-e", "consul://"+servers)
		register(t, shared.main, server.Service{ID: service, Name: service, Port: 80, Check: passing()})
		w.until(t, "about "+service, func(e *registry.Event) bool { return e.Instance != nil && e.Instance.ID == service })
	}
	// One dies while it is asked.
	through, service := record(t, shared.main.Address), unique("two-servers")
	register(t, shared.main, server.Service{ID: service, Name: service, Port: 80, Check: passing()})
	w := watch(t, service, "-e", "consul://"+through.Address+","+shared.main.Address)
	w.told(t, registry.Present)
	through.Cut()
	if err := shared.main.API.Tell(t.Context(), service, server.Fail); err != nil {
		t.Fatal(err)
	}
	w.told(t, registry.Changed)
	if n := len(w.lines()); n != 2 {
		t.Errorf("%d events, want it present and changed alone:\n%s", n, strings.Join(w.lines(), "\n"))
	}
}

// hook writes a program for --exec and returns the command that runs it.
func hook(t *testing.T, text string) (commandLine, dir string) {
	t.Helper()
	dir = t.TempDir()
	path := filepath.Join(dir, "hook.sh")
	writeFile(t, path, "cd '"+dir+"'\n"+text)
	return "sh " + path, dir
}

func TestAProgramIsRunForEachEvent(t *testing.T) {
	t.Parallel()
	service := unique("odd; touch owned")
	id := unique("$(touch owned)`touch owned`")
	const version = "1\nGOVCTL_EVENT_MISSED=true"
	program, dir := hook(t, `printf '%s|%s|%s|%s|%s|%s|%s|%s\0' "$1" "$GOVCTL_EVENT" "$GOVCTL_EVENT_SERVICE" "$GOVCTL_EVENT_ID" "$GOVCTL_EVENT_HEALTH" "$GOVCTL_EVENT_VERSION" "$GOVCTL_EVENT_MISSED" "$GOVCTL_EVENT_CHANGES" >> told
echo 'the program speaks'
exit 3
`)
	first := unique("first")
	register(t, shared.main, server.Service{ID: first, Name: service, Address: "127.0.0.1", Port: 80, Check: passing()})
	w := watch(t, service, "--exec", program+" $HOME", "-e", shared.main.URL())
	w.told(t, registry.Present) // for which nothing is run
	record := server.Record{Version: version}
	register(t, shared.main, server.Service{ID: id, Name: service, Address: "127.0.0.1", Port: 80, Tags: record.Tags(), Check: passing()})
	w.told(t, registry.Appeared)
	if err := shared.main.API.Tell(t.Context(), id, server.Fail); err != nil {
		t.Fatal(err)
	}
	w.told(t, registry.Changed)
	if err := shared.main.API.Deregister(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	w.told(t, registry.Left)
	start := "$HOME|"
	want := start + "appeared|" + service + "|" + id + "|passing|" + version + "|false|\x00" +
		start + "changed|" + service + "|" + id + "|critical|" + version + "|false|health passing → critical\nchecks.service:" + id + " passing → critical\x00" +
		start + "left|" + service + "|" + id + "|critical|" + version + "|false|\x00"
	eventually(t, func(context.Context) error {
		got, err := os.ReadFile(filepath.Join(dir, "told"))
		if err != nil {
			return err
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			return fmt.Errorf("the program was told (-want +got):\n%s", diff)
		}
		return nil
	})
	// What the program says, and how it ends, is said; and nothing else was run.
	eventually(t, func(context.Context) error {
		return errors.Join(w.stderr.has("the program speaks"), w.stderr.has("exit status 3"))
	})
	for _, d := range []string{dir, w.cmd.Dir} {
		if _, err := os.Stat(filepath.Join(d, "owned")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("a name was run as a command in %s: %v", d, err)
		}
	}
	if n := len(w.events(t)); n != 4 {
		t.Errorf("%d lines on stdout, want the one that was there and the three events", n)
	}
}

func TestAnInterruptEndsAWatchAtOnce(t *testing.T) {
	t.Parallel()
	program, dir := hook(t, "touch begun\nexec sleep 100\n")
	child, childDir := hook(t, "touch begun\nsleep 5\n")
	exists := func(dir string) func() error {
		return func() error { _, err := os.Stat(filepath.Join(dir, "begun")); return err }
	}
	for name, begin := range map[string]func(t *testing.T) (args []string, out *buffer, ready func() error){
		"at rest": func(*testing.T) ([]string, *buffer, func() error) {
			out := &buffer{}
			return []string{"-e", shared.main.URL()}, out, func() error { return out.has("present") }
		},
		"before the first answer": func(t *testing.T) ([]string, *buffer, func() error) {
			t.Helper()
			address, taken := hanging(t)
			return []string{"-e", "consul://" + address}, &buffer{}, func() error {
				if taken.Load() == 0 {
					return errors.New("not asked")
				}
				return nil
			}
		},
		"while the registry is away": func(t *testing.T) ([]string, *buffer, func() error) {
			t.Helper()
			through, out := record(t, shared.main.Address), &buffer{}
			return []string{"-e", through.URL()}, out, func() error {
				if out.has("present") == nil {
					through.Cut()
				}
				return out.has("away")
			}
		},
		"while a program runs": func(t *testing.T) ([]string, *buffer, func() error) {
			t.Helper()
			_ = os.Remove(filepath.Join(dir, "begun"))
			return interruptedProgram(t, program, exists(dir))
		},
		"while a child of a program runs": func(t *testing.T) ([]string, *buffer, func() error) {
			t.Helper()
			_ = os.Remove(filepath.Join(childDir, "begun"))
			return interruptedProgram(t, child, exists(childDir))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const limit, tries = 200 * time.Millisecond, 3
			var took []time.Duration
			for range tries { // the quickest counts: the other tests keep the machine busy
				args, out, ready := begin(t)
				cmd := command(t, nil, append([]string{"services", "watch", "-o", "json"}, args...)...)
				cmd.Stdout = out
				cmd.WaitDelay = limit / 2 // a child of the program holds stderr open
				took = append(took, interruptWhen(t, cmd, ready))
			}
			if slices.Min(took) > limit {
				t.Errorf("ended after %s; want %s", took, limit)
			}
		})
	}
}

// interruptedProgram has a program run for the appearance of an instance.
func interruptedProgram(t *testing.T, program string, begun func() error) ([]string, *buffer, func() error) {
	t.Helper()
	through, out, service := record(t, shared.main.Address), &buffer{}, unique("hooked")
	appeared := false
	return []string{service, "--exec", program, "-e", through.URL()}, out, func() error {
		if n, _ := through.Rate(); n >= 4 && !appeared { // three bells and the first list
			appeared = true
			register(t, shared.main, server.Service{ID: service, Name: service, Port: 80, Check: passing()})
		}
		return begun()
	}
}
