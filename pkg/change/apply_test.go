package change_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/change"
	"govctl/pkg/change/changetest"
)

// start is the time of every test.
func start() time.Time { return time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC) }

func newStore() *changetest.Memory { return changetest.NewMemory(limits, start) }

func options() change.Options {
	return change.Options{By: "me@here", Why: "to see", Now: start}
}

func item(name string) change.Key { return change.Key{Space: change.Items, Name: name} }

// put makes text stand at name, as another program would.
func put(t *testing.T, s change.Store, name, text string) change.Revision {
	t.Helper()
	have := read(t, s, name)
	if err := s.Swap(t.Context(), []change.Op{{Key: item(name), Expect: have.Revision, Content: []byte(text)}}); err != nil {
		t.Fatal(err)
	}
	return read(t, s, name).Revision
}

func read(t *testing.T, s change.Store, name string) change.Entry {
	t.Helper()
	entries, err := s.Read(t.Context(), []change.Key{item(name)})
	if err != nil {
		t.Fatal(err)
	}
	return entries[0]
}

// set returns a plan that makes "new" of what stands at names, and puts "old" there.
func set(t *testing.T, s change.Store, names ...string) *change.Plan {
	t.Helper()
	p := &change.Plan{ID: change.NewID(), Environment: "dev", Identity: "memory"}
	for _, name := range names {
		p.Changes = append(p.Changes, change.Change{Name: name, Expect: put(t, s, name, "old"), Before: []byte("old"), After: []byte("new")})
	}
	return p
}

// texts returns what stands at names.
func texts(t *testing.T, s change.Store, names ...string) []string {
	t.Helper()
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = string(read(t, s, name).Content)
	}
	return out
}

func states(t *testing.T, s change.Store) []change.State {
	t.Helper()
	records, err := change.Journal(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	var out []change.State
	for i := range records {
		out = append(out, records[i].State)
	}
	return out
}

// four are enough for two batches.
func four() []string { return []string{"a/1", "a/2", "a/3", "a/4"} }

func TestALostAnswerIsAskedForAndNothingIsGuessed(t *testing.T) {
	t.Parallel()
	for _, drop := range []bool{false, true} {
		for nth := 1; ; nth++ {
			s := newStore()
			p := set(t, s, four()...)
			lossy := &changetest.Lossy{Store: s, Nth: nth, Drop: drop}
			r, err := change.Apply(t.Context(), lossy, p, options())
			if lossy.Swaps() < nth {
				break
			}
			got := texts(t, s, four()...)
			made := 0
			for i := range r.Changes {
				if want := "old"; r.Changes[i].Made {
					made++
				} else if got[i] != want {
					t.Errorf("answer %d lost (dropped: %t): %s is %q, and the record says it was not made", nth, drop, r.Changes[i].Name, got[i])
				}
			}
			switch {
			case err == nil && (made != 4 || slices.Contains(got, "old")):
				t.Errorf("answer %d lost (dropped: %t): all is well, and there is %q", nth, drop, got)
			case err != nil && !drop:
				t.Errorf("answer %d lost, and it was made: %v", nth, err)
			case errors.Is(err, change.ErrUnknown):
				t.Errorf("answer %d lost (dropped: %t): it could have been found out: %v", nth, drop, err)
			}
			if made == 0 && !drop && len(s.Records()) > 0 {
				t.Errorf("answer %d lost (dropped: %t): nothing was made, and the journal has %v", nth, drop, s.Records())
			}
			if slices.Contains(states(t, s), change.Open) {
				t.Errorf("answer %d lost (dropped: %t): the plan is still open", nth, drop)
			}
		}
	}
}

func TestAPlanOfAWorldThatMovedWritesNothing(t *testing.T) {
	t.Parallel()
	s := newStore()
	p := set(t, s, four()...)
	put(t, s, "a/2", "foreign")
	put(t, s, "a/4", "foreign")
	_, err := change.Apply(t.Context(), s, p, options())
	refused, ok := errors.AsType[*change.RefusedError](err)
	if !ok || len(refused.Conflicts) != 2 || refused.Conflicts[1].Key != item("a/4") || !errors.Is(err, change.ErrConflict) {
		t.Fatalf("it ended with %v", err)
	}
	if diff := cmp.Diff([]string{"old", "foreign", "old", "foreign"}, texts(t, s, four()...)); diff != "" {
		t.Error(diff)
	}
	if names := s.Records(); len(names) != 0 {
		t.Errorf("the journal has %v", names)
	}
}

func TestAPlanForAnotherStoreOrThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		alter func(*change.Plan)
		want  error
	}{
		"elsewhere":    {func(p *change.Plan) { p.Identity = "another" }, change.ErrElsewhere},
		"no id":        {func(p *change.Plan) { p.ID = "../x" }, change.ErrPlan},
		"twice":        {func(p *change.Plan) { p.Changes[1].Name = "a/1" }, change.ErrPlan},
		"no before":    {func(p *change.Plan) { p.Changes[0].Before = nil }, change.ErrPlan},
		"too large":    {func(p *change.Plan) { p.Changes[0].After = make([]byte, limits.Value+1) }, change.ErrTooLarge},
		"much to keep": {func(p *change.Plan) { p.Changes[0].Says = []string{strings.Repeat("x", limits.Value)} }, change.ErrTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStore()
			p := set(t, s, four()...)
			test.alter(p)
			if _, err := change.Apply(t.Context(), s, p, options()); !errors.Is(err, test.want) {
				t.Errorf("it ended with %v", err)
			}
			if got := texts(t, s, four()...); slices.Contains(got, "new") || len(s.Records()) > 0 {
				t.Errorf("there is %q and %v", got, s.Records())
			}
		})
	}
}

// locked is a Store in which somebody holds a lock on every item.
type locked struct{ change.Store }

func (l locked) Read(ctx context.Context, keys []change.Key) ([]change.Entry, error) {
	entries, err := l.Store.Read(ctx, keys)
	for i := range entries {
		if keys[i].Space == change.Items {
			entries[i].Holder = "session 1"
		}
	}
	return entries, err
}

func TestALockedKeyIsWrittenOnlyByForce(t *testing.T) {
	t.Parallel()
	s := newStore()
	p := set(t, s, "a/1")
	o := options()
	if _, err := change.Apply(t.Context(), locked{s}, p, o); err == nil || !strings.Contains(err.Error(), "a/1: locked by session 1") {
		t.Errorf("it ended with %v", err)
	}
	o.Force = true
	if _, err := change.Apply(t.Context(), locked{s}, p, o); err != nil {
		t.Error(err)
	}
}

func TestAnInterruptedPlanSaysHowFarItCame(t *testing.T) {
	t.Parallel()
	s := newStore()
	p := set(t, s, four()...)
	ctx, cancel := context.WithCancel(t.Context())
	o := options()
	o.Progress = func(int) { cancel() }
	r, err := change.Apply(ctx, s, p, o)
	partial, ok := errors.AsType[*change.PartialError](err)
	if !ok || !errors.Is(err, context.Canceled) {
		t.Fatalf("it ended with %v", err)
	}
	if diff := cmp.Diff([][]string{{"a/1", "a/2", "a/3"}, {"a/4"}, nil}, [][]string{partial.Made, partial.Left, partial.Unknown}); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"new", "new", "new", "old"}, texts(t, s, four()...)); diff != "" {
		t.Error(diff)
	}
	if r.State != change.Stopped || !slices.Equal(states(t, s), []change.State{change.Stopped}) {
		t.Errorf("the plan is %s", r.State)
	}
	back, err := change.Revert(t.Context(), s, &r, nil, false)
	if err != nil || len(back) != 3 {
		t.Errorf("%d changes can be taken back, %v", len(back), err)
	}
}

// refusing is a Store that refuses swaps with a record whose name begins with a
// prefix, from the nth on.
type refusing struct {
	change.Store

	prefix string
	nth    int
}

func (r *refusing) Swap(ctx context.Context, ops []change.Op) error {
	if slices.ContainsFunc(ops, func(o change.Op) bool {
		return o.Key.Space == change.Records && strings.HasPrefix(o.Key.Name, r.prefix)
	}) {
		if r.nth--; r.nth <= 0 {
			return change.ErrDenied
		}
	}
	return r.Store.Swap(ctx, ops)
}

func TestWithoutAJournalNothingIsWritten(t *testing.T) {
	t.Parallel()
	s := newStore()
	p := set(t, s, four()...)
	_, err := change.Apply(t.Context(), &refusing{Store: s, prefix: "plan/"}, p, options())
	if !errors.Is(err, change.ErrDenied) || !strings.Contains(err.Error(), "nothing was written") {
		t.Errorf("it ended with %v", err)
	}
	if got := texts(t, s, four()...); slices.Contains(got, "new") || len(s.Records()) > 0 {
		t.Errorf("there is %q and %v", got, s.Records())
	}
}

func TestAnOutcomeThatIsNotWrittenDownIsToldAndRecovered(t *testing.T) {
	t.Parallel()
	s := newStore()
	p := set(t, s, four()...)
	_, err := change.Apply(t.Context(), &refusing{Store: s, prefix: "plan/", nth: 2}, p, options())
	if !errors.Is(err, change.ErrUnjournalled) {
		t.Fatalf("it ended with %v", err)
	}
	later := changetest.Later(s, time.Minute)
	r, err := change.Recover(t.Context(), later, p.ID, change.Forward, options())
	if err != nil || r.State != change.Done {
		t.Errorf("recovered as %s, %v", r.State, err)
	}
	if got := texts(t, s, four()...); slices.Contains(got, "old") {
		t.Errorf("there is %q", got)
	}
}

// meddled is a Store where another writes to an item right after we did.
type meddled struct {
	change.Store

	t    *testing.T
	name string
}

func (m *meddled) Swap(ctx context.Context, ops []change.Op) error {
	err := m.Store.Swap(ctx, ops)
	if err == nil && ops[0].Key == item(m.name) {
		put(m.t, m.Store, m.name, "foreign")
	}
	return err
}

func TestWhatAnotherWroteSinceIsTold(t *testing.T) {
	t.Parallel()
	s := newStore()
	p := set(t, s, "a/1")
	_, err := change.Apply(t.Context(), &meddled{s, t, "a/1"}, p, options())
	if !errors.Is(err, change.ErrOverwritten) {
		t.Errorf("it ended with %v", err)
	}
	if got := texts(t, s, "a/1"); got[0] != "foreign" {
		t.Errorf("there is %q", got)
	}
}

func TestTwoPlansForTheSameKeysDoNotMix(t *testing.T) {
	t.Parallel()
	for range 200 {
		s := newStore()
		first := set(t, s, four()...)
		second := &change.Plan{ID: change.NewID(), Environment: "dev", Identity: "memory"}
		for _, c := range first.Changes {
			c.After = []byte("second")
			second.Changes = append(second.Changes, c)
		}
		var errs [2]error
		var both sync.WaitGroup
		for i, p := range []*change.Plan{first, second} {
			both.Go(func() { _, errs[i] = change.Apply(t.Context(), s, p, options()) })
		}
		both.Wait()
		won := slices.Index([]bool{errs[0] == nil, errs[1] == nil}, true)
		if won >= 0 && (errs[1-won] == nil || !errors.Is(errs[1-won], change.ErrConflict)) {
			t.Fatalf("they ended with %v", errs)
		}
		want := "old" // each can have seen the other
		if won >= 0 {
			want = []string{"new", "second"}[won]
		}
		if got := texts(t, s, four()...); slices.ContainsFunc(got, func(text string) bool { return text != want }) {
			t.Fatalf("they ended with %v, and there is %q", errs, got)
		}
	}
}

// slow is a Store whose swaps of items take a while.
type slow struct {
	change.Store

	d time.Duration
}

func (s slow) Swap(ctx context.Context, ops []change.Op) error {
	if ops[0].Key.Space == change.Items {
		time.Sleep(s.d) //nolint:forbidigo // of a bubble, where it takes no time
	}
	return s.Store.Swap(ctx, ops)
}

func TestALeaseIsRenewedWhileItsHolderLives(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := changetest.NewMemory(limits, time.Now)
		p := set(t, s, four()...)
		o := options()
		o.Now = time.Now
		go func() {
			time.Sleep(50 * time.Second) //nolint:forbidigo // of a bubble
			other := set(t, changetest.NewMemory(limits, time.Now), "a/4")
			other.Changes[0].Expect = p.Changes[3].Expect
			_, err := change.Apply(t.Context(), s, other, o)
			if busy, ok := errors.AsType[*change.BusyError](err); !ok || busy.Lapsed || busy.ID != p.ID {
				t.Errorf("another plan for one of the keys ended with %v", err)
			}
			if _, err := change.Recover(t.Context(), s, p.ID, change.Back, o); !errors.Is(err, change.ErrConflict) {
				t.Errorf("it could be recovered: %v", err)
			}
		}()
		if _, err := change.Apply(t.Context(), slow{s, time.Minute}, p, o); err != nil {
			t.Error(err)
		}
	})
}

func TestALeaseThatAnotherTookEndsThePlan(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := changetest.NewMemory(limits, time.Now)
		p := set(t, s, four()...)
		o := options()
		o.Now = time.Now
		go func() {
			time.Sleep(8 * time.Second) //nolint:forbidigo // of a bubble
			if _, err := change.Recover(t.Context(), changetest.Later(s, time.Hour), p.ID, change.Back, o); err != nil {
				t.Errorf("recover: %v", err)
			}
		}()
		_, err := change.Apply(t.Context(), slow{s, 20 * time.Second}, p, o)
		if !errors.Is(err, change.ErrConflict) {
			t.Errorf("it ended with %v", err)
		}
		if got := texts(t, s, four()...); slices.Contains(got, "new") {
			t.Errorf("there is %q", got)
		}
	})
}

func TestRecoverLeavesAloneWhatIsForeign(t *testing.T) {
	t.Parallel()
	for _, to := range []change.Direction{change.Forward, change.Back} {
		s := newStore()
		p := set(t, s, four()...)
		// The first batch is made, and then it dies.
		_, err := change.Apply(t.Context(), &changetest.Mortal{Store: s, Nth: 7}, p, options())
		if err == nil || !slices.Equal(states(t, s), []change.State{change.Open}) {
			t.Fatalf("it ended with %v, %v", err, states(t, s))
		}
		put(t, s, "a/2", "foreign")
		_, err = change.Recover(t.Context(), changetest.Later(s, time.Minute), p.ID, to, options())
		foreign, ok := errors.AsType[*change.ForeignError](err)
		if !ok || !slices.Equal(foreign.Names, []string{"a/2"}) {
			t.Fatalf("%s ended with %v", to, err)
		}
		text := map[change.Direction]string{change.Forward: "new", change.Back: "old"}[to]
		if diff := cmp.Diff([]string{text, "foreign", text, text}, texts(t, s, four()...)); diff != "" {
			t.Errorf("%s: %s", to, diff)
		}
	}
}

// delayed is a Store whose process dies while its nth swap is on the way.
type delayed struct {
	change.Store

	nth int
	ops []change.Op // the swap, once it was sent
}

func (d *delayed) Swap(ctx context.Context, ops []change.Op) error {
	d.nth--
	switch {
	case d.nth > 0:
		return d.Store.Swap(ctx, ops)
	case d.nth == 0:
		d.ops = ops
	}
	return changetest.ErrKilled
}

func TestWhatArrivesAfterARecoveryIsRefused(t *testing.T) {
	t.Parallel()
	for _, ops := range []int{1, 4} {
		arriveLate(t, change.Limits{Ops: ops, Bytes: 4 << 10, Value: 4 << 10})
	}
}

func arriveLate(t *testing.T, l change.Limits) {
	t.Helper()
	for nth := 1; ; nth++ {
		s := changetest.NewMemory(l, start)
		p := set(t, s, four()...)
		d := &delayed{Store: s, nth: nth}
		if _, err := change.Apply(t.Context(), d, p, options()); err == nil {
			break
		}
		if slices.Contains(states(t, s), change.Open) {
			if _, err := change.Recover(t.Context(), changetest.Later(s, time.Minute), p.ID, change.Back, options()); err != nil {
				t.Fatal(err)
			}
		}
		_ = s.Swap(t.Context(), d.ops) // now it arrives
		if got := texts(t, s, four()...); slices.Contains(got, "new") {
			t.Errorf("swap %d arrived late, and there is %q", nth, got)
		}
	}
}

func TestALargePlanIsMadeInBatches(t *testing.T) {
	t.Parallel()
	s := changetest.NewMemory(change.Limits{Ops: 60, Bytes: 500 << 10, Value: 512 << 10}, start)
	p := &change.Plan{ID: change.NewID(), Environment: "dev", Identity: "memory"}
	for i := range 10_000 {
		p.Changes = append(p.Changes, change.Change{Name: fmt.Sprintf("svc-%03d/%05d.yaml", i/100, i), After: fmt.Appendf(nil, "n: %d\n", i), Says: []string{"created"}})
	}
	large := strings.Repeat("x", 500<<10) // which no transaction takes
	p.Changes = append(p.Changes, change.Change{Name: "a/large", After: []byte(large)})
	var made []int
	o := options()
	o.Progress = func(n int) { made = append(made, n) }
	r, err := change.Apply(t.Context(), s, p, o)
	if err != nil || r.State != change.Done {
		t.Fatalf("%s, %v", r.State, err)
	}
	if want := p.Batches(change.Limits{Ops: 60, Bytes: 500 << 10, Value: 512 << 10}); len(made) != want || made[len(made)-1] != 10_001 || want < 170 {
		t.Errorf("made in %d batches of %d: %v", len(made), want, made)
	}
	changes, err := change.Contents(t.Context(), s, &r)
	if err != nil || string(changes[10_000].After) != large || changes[0].Before != nil {
		t.Errorf("the contents: %v", err)
	}
}
