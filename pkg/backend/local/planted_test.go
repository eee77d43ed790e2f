package local_test

import (
	"context"
	"errors"
	"iter"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"govctl/pkg/registry"
	"govctl/pkg/registry/registrytest"
)

// plantedVariable is set in the process that runs the contract on the bugs.
const plantedVariable = "GOVCTL_TEST_PLANTED"

// TestTheContractCatchesPlantedBugs runs the contract on local with one bug
// after the other planted in it, in a process that is meant to fail, and expects
// each check to have failed at least once.
func TestTheContractCatchesPlantedBugs(t *testing.T) {
	t.Parallel()
	if os.Getenv(plantedVariable) != "" {
		for name, b := range bugs() {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				registrytest.Test(t, brokenHarness(b))
			})
		}
		return
	}
	checks := map[string]string{}
	for name, b := range bugs() {
		checks[name] = b.check
	}
	wantCaught(t, checks, registrytest.Names(t, brokenHarness(bug{})))
}

// wantCaught expects each bug to be caught by its check, and all checks to catch
// one.
func wantCaught(t *testing.T, bugs map[string]string, checks []string) {
	t.Helper()
	failed := runPlanted(t, bugs)
	caught := map[string]bool{}
	for name, check := range bugs {
		if !failed[name+"/"+check] {
			t.Errorf("bug %q is not caught by %q", name, check)
		}
		caught[check] = true
	}
	for _, check := range checks {
		if !caught[check] {
			t.Errorf("no bug is planted for %q", check)
		}
	}
}

// runPlanted returns the checks that failed, as "bug/check".
func runPlanted(t *testing.T, bugs map[string]string) map[string]bool {
	t.Helper()
	var only []string // for each bug the one check that is to catch it
	for name, check := range bugs {
		only = append(only, pattern(t.Name(), name, check))
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run="+strings.Join(only, "|"),
		"-test.v", "-test.timeout=1m", "-test.parallel=50") // most of them wait
	cmd.Env = append(os.Environ(), plantedVariable+"=1")
	out, err := cmd.CombinedOutput()
	if _, ok := errors.AsType[*exec.ExitError](err); !ok {
		t.Fatalf("%v: %v; want tests that fail", cmd, err)
	}
	failed := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		if _, rest, ok := strings.Cut(line, "--- FAIL: "+t.Name()+"/"); ok {
			name, _, _ := strings.Cut(rest, " (")
			failed[strings.ReplaceAll(name, "_", " ")] = true
		}
	}
	return failed
}

// pattern returns what -test.run takes for one subtest of a subtest.
func pattern(names ...string) string {
	for i, n := range names {
		names[i] = "^" + regexp.QuoteMeta(strings.ReplaceAll(n, " ", "_")) + "$"
	}
	return strings.Join(names, "/")
}

// summarizing is local with a Summarizer, and without what takes its time.
type summarizing struct {
	registry.Registry
	registry.Registrar
	registry.Summarizer
	clock *clock
}

func TestLocalWithASummarizerKeepsTheContract(t *testing.T) {
	t.Parallel()
	h := brokenHarness(bug{})
	whole, dead := h.New, h.Unreachable
	without := func(r registry.Registry) registry.Registry {
		b := r.(*broken)
		return summarizing{b, b, b, &b.clock}
	}
	h.New = func(t *testing.T, instances ...registry.Instance) registry.Registry {
		return without(whole(t, instances...))
	}
	h.Unreachable = func(t *testing.T) registry.Registry { return without(dead(t)) }
	h.Advance = func(_ *testing.T, r registry.Registry, d time.Duration) { r.(summarizing).clock.advance(d) }
	registrytest.Test(t, h)
}

func brokenHarness(b bug) registrytest.Harness {
	h := harness()
	h.New = registrytest.ViaRegistrar(func(t *testing.T) registry.Registry {
		return &broken{fixture: newFixture(t), bug: b}
	})
	whole := h.Unreachable
	h.Unreachable = func(t *testing.T) registry.Registry {
		return &broken{fixture: whole(t).(*fixture), bug: b}
	}
	h.Advance = func(_ *testing.T, r registry.Registry, d time.Duration) { r.(*broken).advance(d) }
	return h
}

// bug is what a broken registry does in place of a method, and the check that is
// to catch it. What is nil is not broken.
type bug struct {
	check      string
	services   func(ctx context.Context, b *broken) ([]string, error)
	instances  func(ctx context.Context, b *broken, service string) ([]registry.Instance, error)
	summaries  func(ctx context.Context, b *broken) ([]registry.Summary, error)
	register   func(ctx context.Context, b *broken, in registry.Instance, ttl time.Duration) error
	heartbeat  func(ctx context.Context, b *broken, service, id string) error
	deregister func(ctx context.Context, b *broken, service, id string) error
	watch      func(ctx context.Context, b *broken, services []string) iter.Seq2[[]registry.Instance, error]
}

// broken is local with a bug, and with a Summarizer, which it has not.
type broken struct {
	*fixture
	bug   bug
	calls atomic.Int64
	kept  sync.Map // what a bug keeps from call to call
}

func (b *broken) Services(ctx context.Context) ([]string, error) {
	if b.bug.services != nil {
		return b.bug.services(ctx, b)
	}
	return b.fixture.Services(ctx)
}

func (b *broken) Instances(ctx context.Context, service string) ([]registry.Instance, error) {
	if b.bug.instances != nil {
		return b.bug.instances(ctx, b, service)
	}
	return b.fixture.Instances(ctx, service)
}

func (b *broken) Summaries(ctx context.Context) ([]registry.Summary, error) {
	if b.bug.summaries != nil {
		return b.bug.summaries(ctx, b)
	}
	return b.summarize(ctx)
}

func (b *broken) summarize(ctx context.Context) ([]registry.Summary, error) {
	names, err := b.fixture.Services(ctx)
	if err != nil {
		return nil, err
	}
	var all []registry.Instance
	for in, err := range registry.ListKnown(ctx, b.fixture, names) {
		if err != nil {
			return nil, err
		}
		all = append(all, in)
	}
	return registry.Summarize(all), nil
}

func (b *broken) Register(ctx context.Context, in registry.Instance, ttl time.Duration) error {
	if b.bug.register != nil {
		return b.bug.register(ctx, b, in, ttl)
	}
	return b.fixture.Register(ctx, in, ttl)
}

func (b *broken) Heartbeat(ctx context.Context, service, id string) error {
	if b.bug.heartbeat != nil {
		return b.bug.heartbeat(ctx, b, service, id)
	}
	return b.fixture.Heartbeat(ctx, service, id)
}

func (b *broken) Deregister(ctx context.Context, service, id string) error {
	if b.bug.deregister != nil {
		return b.bug.deregister(ctx, b, service, id)
	}
	return b.fixture.Deregister(ctx, service, id)
}

// overlaps reports whether another call is under way, and waits a while for one.
func (b *broken) overlaps() bool {
	b.calls.Add(1)
	defer b.calls.Add(-1)
	for range 10_000 {
		if b.calls.Load() > 1 {
			return true
		}
		runtime.Gosched()
	}
	return false
}

var errOverlap = errors.New("called twice at once")

// bugs returns the bugs by name.
func bugs() map[string]bug {
	all := readBugs()
	maps.Copy(all, errorBugs())
	maps.Copy(all, writeBugs())
	maps.Copy(all, watchBugs())
	return all
}

// change returns an instances that changes a right answer.
func change(f func([]registry.Instance) []registry.Instance) func(context.Context, *broken, string) ([]registry.Instance, error) {
	return func(ctx context.Context, b *broken, service string) ([]registry.Instance, error) {
		got, err := b.fixture.Instances(ctx, service)
		return f(got), err
	}
}

func readBugs() map[string]bug {
	return map[string]bug{
		"services unsorted": {check: "services are sorted and without duplicates", services: func(ctx context.Context, b *broken) ([]string, error) {
			got, err := b.fixture.Services(ctx)
			slices.Reverse(got)
			return got, err
		}},
		"services twice": {check: "services are sorted and without duplicates", services: func(ctx context.Context, b *broken) ([]string, error) {
			got, err := b.fixture.Services(ctx)
			return append(got, got[len(got)-min(1, len(got)):]...), err
		}},
		"nil services": {check: "an empty registry is an empty list", services: func(ctx context.Context, b *broken) ([]string, error) {
			got, err := b.fixture.Services(ctx)
			return append([]string(nil), got...), err
		}},
		"prefix": {check: "a name is not a prefix", instances: func(ctx context.Context, b *broken, service string) ([]registry.Instance, error) {
			names, _ := b.fixture.Services(ctx)
			all, err := b.fixture.Instances(ctx, service)
			for _, n := range names {
				if more, _ := b.fixture.Instances(ctx, n); n != service && strings.HasPrefix(n, service) {
					all, err = append(all, more...), nil
				}
			}
			return all, err
		}},
		"instances unsorted": {check: "instances are sorted by id", instances: change(func(got []registry.Instance) []registry.Instance {
			slices.Reverse(got)
			return got
		})},
		"response type lost": {check: "fields come back as they were registered", instances: change(func(got []registry.Instance) []registry.Instance {
			for i := range got {
				for j := range got[i].Endpoints {
					got[i].Endpoints[j].Response = nil
				}
			}
			return got
		})},
		"unescapes names": {check: "odd names stay apart", instances: func(ctx context.Context, b *broken, service string) ([]registry.Instance, error) {
			name, _ := url.PathUnescape(service)
			return b.fixture.Instances(ctx, name)
		}},
		"shared answer": {check: "the caller owns the result", instances: func(ctx context.Context, b *broken, service string) ([]registry.Instance, error) {
			got, err := b.fixture.Instances(ctx, service)
			if err != nil {
				return nil, err
			}
			kept, _ := b.kept.LoadOrStore(service, got)
			return slices.Clone(kept.([]registry.Instance)), nil
		}},
		"one question at a time": {check: "questions may be asked at once", services: func(ctx context.Context, b *broken) ([]string, error) {
			if b.overlaps() {
				return nil, errOverlap
			}
			return b.fixture.Services(ctx)
		}},
		"critical counted as passing": {check: "summaries count what is listed", summaries: func(ctx context.Context, b *broken) ([]registry.Summary, error) {
			got, err := b.summarize(ctx)
			for i := range got {
				got[i].Passing += got[i].Critical
				got[i].Critical = 0
			}
			return got, err
		}},
		"nil summaries": {check: "a summarizer keeps the rules of questions", summaries: func(ctx context.Context, b *broken) ([]registry.Summary, error) {
			got, err := b.summarize(ctx)
			return append([]registry.Summary(nil), got...), err
		}},
		"silence is fine": {check: "silence makes an instance critical", instances: change(func(got []registry.Instance) []registry.Instance {
			for i := range got {
				if len(got[i].Checks) > 0 && !got[i].Checks[0].Updated.IsZero() {
					got[i].Health = registry.Passing
				}
			}
			return got
		})},
	}
}

func errorBugs() map[string]bug {
	return map[string]bug{
		"unknown is empty": {check: "an unknown service is not found", instances: func(ctx context.Context, b *broken, service string) ([]registry.Instance, error) {
			got, err := b.fixture.Instances(ctx, service)
			if errors.Is(err, registry.ErrNotFound) {
				return []registry.Instance{}, nil
			}
			return got, err
		}},
		"bare error": {check: "an unknown service is not found", instances: func(ctx context.Context, b *broken, service string) ([]registry.Instance, error) {
			got, err := b.fixture.Instances(ctx, service)
			return got, errors.Unwrap(err)
		}},
		"goes on when cancelled": {check: "a cancelled context ends a question", instances: func(ctx context.Context, b *broken, service string) ([]registry.Instance, error) {
			return b.fixture.Instances(context.WithoutCancel(ctx), service)
		}},
		"unreachable is empty": {check: "an unreachable system is unavailable", services: func(ctx context.Context, b *broken) ([]string, error) {
			got, err := b.fixture.Services(ctx)
			if errors.Is(err, registry.ErrUnavailable) {
				return []string{}, nil
			}
			return got, err
		}},
		"heartbeat of anything": {check: "a heartbeat of an unknown instance is not found", heartbeat: func(ctx context.Context, b *broken, service, id string) error {
			err := b.fixture.Heartbeat(ctx, service, id)
			if errors.Is(err, registry.ErrNotFound) {
				return nil
			}
			return err
		}},
		"registers when cancelled": {check: "a cancelled context ends a registration", register: func(ctx context.Context, b *broken, in registry.Instance, ttl time.Duration) error {
			return b.fixture.Register(context.WithoutCancel(ctx), in, ttl)
		}},
		"registers nowhere": {check: "an unreachable system registers nothing", register: func(ctx context.Context, b *broken, in registry.Instance, ttl time.Duration) error {
			err := b.fixture.Register(ctx, in, ttl)
			if errors.Is(err, registry.ErrUnavailable) {
				return nil
			}
			return err
		}},
	}
}

func writeBugs() map[string]bug {
	return map[string]bug{
		"registering is a heartbeat": {check: "with a ttl an instance is critical until its first heartbeat", register: func(ctx context.Context, b *broken, in registry.Instance, ttl time.Duration) error {
			return errors.Join(b.fixture.Register(ctx, in, ttl), b.fixture.Heartbeat(ctx, in.Service, in.ID))
		}},
		"always a ttl": {check: "without a ttl an instance is passing", register: func(ctx context.Context, b *broken, in registry.Instance, ttl time.Duration) error {
			return b.fixture.Register(ctx, in, max(ttl, time.Minute))
		}},
		"deregisters by prefix": {check: "what is deregistered is gone", deregister: func(ctx context.Context, b *broken, service, id string) error {
			all, _ := b.fixture.Instances(ctx, service)
			for i := range all {
				if strings.HasPrefix(all[i].ID, id) {
					_ = b.fixture.Deregister(ctx, service, all[i].ID)
				}
			}
			return nil
		}},
		"deregisters only what is there": {check: "deregistering what is not there is no error", deregister: func(ctx context.Context, b *broken, service, id string) error {
			return errors.Join(b.fixture.Heartbeat(ctx, service, id), b.fixture.Deregister(ctx, service, id))
		}},
		"first one wins": {check: "registering again replaces", register: func(ctx context.Context, b *broken, in registry.Instance, ttl time.Duration) error {
			if _, known := b.kept.LoadOrStore(in.Service+"\n"+in.ID, true); known {
				return nil
			}
			return b.fixture.Register(ctx, in, ttl)
		}},
		"one revision for ever": {check: "registering again replaces", instances: change(func(got []registry.Instance) []registry.Instance {
			for i := range got {
				got[i].Revision = "1"
			}
			return got
		})},
		"keeps the caller's map": {
			check: "what is registered is a copy",
			register: func(ctx context.Context, b *broken, in registry.Instance, ttl time.Duration) error {
				b.kept.Store(in.Service, in.Metadata)
				return b.fixture.Register(ctx, in, ttl)
			},
			instances: func(ctx context.Context, b *broken, service string) ([]registry.Instance, error) {
				got, err := b.fixture.Instances(ctx, service)
				if m, ok := b.kept.Load(service); ok && len(got) == 1 {
					got[0].Metadata = maps.Clone(m.(map[string]string))
				}
				return got, err
			},
		},
		"believes the caller's node": {
			check: "the system's own fields are not taken from the caller",
			register: func(ctx context.Context, b *broken, in registry.Instance, ttl time.Duration) error {
				b.kept.Store(in.Service, in.Node)
				return b.fixture.Register(ctx, in, ttl)
			},
			instances: func(ctx context.Context, b *broken, service string) ([]registry.Instance, error) {
				got, err := b.fixture.Instances(ctx, service)
				if node, ok := b.kept.Load(service); ok && len(got) == 1 {
					got[0].Node = node.(string)
				}
				return got, err
			},
		},
		"unescapes ids": {check: "odd names can be registered, kept alive and deregistered", heartbeat: func(ctx context.Context, b *broken, service, id string) error {
			name, _ := url.PathUnescape(id)
			return b.fixture.Heartbeat(ctx, service, name)
		}},
		"one registration at a time": {check: "registrations may happen at once", register: func(ctx context.Context, b *broken, in registry.Instance, ttl time.Duration) error {
			if in.Service == "cart" && b.overlaps() {
				return errOverlap
			}
			return b.fixture.Register(ctx, in, ttl)
		}},
	}
}
