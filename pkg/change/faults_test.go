package change_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/change"
	"govctl/pkg/change/changetest"
)

// gone is a Store that makes the nth swap, and is not reached from then on.
type gone struct {
	change.Store

	nth  int
	done atomic.Int64 // swaps that were asked for
}

func (g *gone) Swap(ctx context.Context, ops []change.Op) error {
	n := int(g.done.Add(1))
	if n > g.nth {
		return change.ErrUnavailable
	}
	err := g.Store.Swap(ctx, ops)
	if n == g.nth {
		return change.ErrUnknown
	}
	return err
}

func (g *gone) Read(ctx context.Context, keys []change.Key) ([]change.Entry, error) {
	if int(g.done.Load()) >= g.nth {
		return nil, change.ErrUnavailable
	}
	return g.Store.Read(ctx, keys)
}

func TestAWriteWhoseServerIsGoneIsNotCalledUnwritten(t *testing.T) {
	t.Parallel()
	for _, ops := range []int{1, 4} {
		synctest.Test(t, func(t *testing.T) {
			s := changetest.NewMemory(change.Limits{Ops: ops, Bytes: 4 << 10, Value: 4 << 10}, start)
			p := set(t, s, four()...)
			intent := map[int]int{1: 2, 4: 1}[ops] // how many swaps come before the first change
			r, err := change.Apply(t.Context(), &gone{Store: s, nth: intent + 1}, p, options())
			partial, ok := errors.AsType[*change.PartialError](err)
			if !ok || !errors.Is(err, change.ErrUnknown) || !slices.Contains(partial.Unknown, "a/1") || r.ID != p.ID {
				t.Errorf("by %d: it ended with %v", ops, err)
			}
			if got := texts(t, s, "a/1"); got[0] != "new" {
				t.Errorf("there is %q", got)
			}
		})
	}
}

// stopping is a Store whose caller is interrupted at the nth request, before it is
// sent or, with late, after it was made.
type stopping struct {
	change.Store

	nth    int
	late   bool
	cancel func()
}

// step tells whether the answer is lost.
func (s *stopping) step(do func()) (lost bool) {
	s.nth--
	if s.nth == 0 && !s.late {
		s.cancel()
	}
	do()
	if s.nth == 0 && s.late {
		s.cancel()
		return true
	}
	return false
}

func (s *stopping) About(ctx context.Context) (a change.About, err error) {
	s.step(func() { a, err = s.Store.About(ctx) })
	return a, errors.Join(err, ctx.Err())
}

func (s *stopping) Read(ctx context.Context, keys []change.Key) (entries []change.Entry, err error) {
	s.step(func() { entries, err = s.Store.Read(ctx, keys) })
	return entries, errors.Join(err, ctx.Err())
}

func (s *stopping) List(ctx context.Context, prefix string) (out iter.Seq2[change.Entry, error]) {
	s.step(func() { out = s.Store.List(ctx, prefix) })
	return out
}

func (s *stopping) Swap(ctx context.Context, ops []change.Op) (err error) {
	if s.step(func() { err = s.Store.Swap(ctx, ops) }) && err == nil {
		return fmt.Errorf("%w: %w", change.ErrUnknown, ctx.Err())
	}
	return err
}

func TestAnInterruptAtAnyRequestLeavesNoPlanOpen(t *testing.T) {
	t.Parallel()
	for _, late := range []bool{false, true} {
		for nth := 1; ; nth++ {
			s := newStore()
			p := set(t, s, four()...)
			ctx, cancel := context.WithCancel(t.Context())
			stopped := &stopping{Store: s, nth: nth, late: late, cancel: cancel}
			_, err := change.Apply(ctx, stopped, p, options())
			cancel()
			at := fmt.Sprintf("interrupted at request %d (late: %t), it ended with %v", nth, late, err)
			if slices.Contains(states(t, s), change.Open) {
				t.Errorf("%s, and the plan is open", at)
			}
			got := texts(t, s, four()...)
			if len(s.Records()) > 0 && !slices.Contains(got, "new") && len(states(t, s)) == 0 {
				t.Errorf("%s, and the journal has %v", at, s.Records())
			}
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Error(at)
			}
			if stopped.nth > 0 {
				break
			}
		}
	}
}

// lame is a Store that takes its time to read items, once the first was written.
type lame struct {
	change.Store

	d     time.Duration
	wrote bool
}

func (l *lame) Swap(ctx context.Context, ops []change.Op) error {
	l.wrote = l.wrote || ops[0].Key.Space == change.Items
	return l.Store.Swap(ctx, ops)
}

func (l *lame) Read(ctx context.Context, keys []change.Key) ([]change.Entry, error) {
	if l.wrote && keys[0].Space == change.Items {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(l.d):
		}
	}
	return l.Store.Read(ctx, keys)
}

func TestASlowStoreIsWaitedForUnlessSomebodyInterrupts(t *testing.T) {
	t.Parallel()
	for _, interrupted := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := newStore()
			p := set(t, s, "a/1")
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			o := options()
			o.Progress = func(int) {
				if interrupted {
					cancel()
				}
			}
			begun := time.Now()
			_, err := change.Apply(ctx, &lame{Store: s, d: time.Minute}, p, o)
			if took := time.Since(begun); errors.Is(err, change.ErrUnjournalled) != interrupted || interrupted && took > 10*time.Second {
				t.Errorf("interrupted: %t: it ended with %v after %v", interrupted, err, took)
			}
		})
	}
}

// leaderless is a Store that answers no swap for a while, from the first of items on.
type leaderless struct {
	change.Store

	d     time.Duration
	since time.Time
}

func (l *leaderless) Swap(ctx context.Context, ops []change.Op) error {
	if l.since.IsZero() && ops[0].Key.Space == change.Items {
		l.since = time.Now()
	}
	if !l.since.IsZero() && time.Since(l.since) < l.d {
		return fmt.Errorf("%w: no cluster leader", change.ErrUnknown)
	}
	return l.Store.Swap(ctx, ops)
}

func TestAnElectionIsWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		p := set(t, s, four()...)
		_, err := change.Apply(t.Context(), &leaderless{Store: s, d: 8 * time.Second}, p, options())
		if errors.Is(err, change.ErrUnknown) || slices.Contains(states(t, s), change.Open) {
			t.Errorf("it ended with %v, %v", err, states(t, s))
		}
		_, err = change.Apply(t.Context(), &leaderless{Store: s, d: time.Hour}, set(t, s, "b/1", "b/2"), options())
		if !errors.Is(err, change.ErrUnknown) {
			t.Errorf("without end: it ended with %v", err)
		}
	})
}

// forestalled is a Store where the first batch is not answered, and another process
// recovers the plan before this one asks again.
type forestalled struct {
	change.Store

	once    sync.Once
	recover func()
}

func (f *forestalled) Swap(ctx context.Context, ops []change.Op) error {
	lost := false
	if ops[0].Key.Space == change.Items {
		f.once.Do(func() { lost = true })
	}
	if lost {
		f.recover()
		return change.ErrUnknown
	}
	return f.Store.Swap(ctx, ops)
}

func TestABatchThatAnotherTookBackIsNotCalledMade(t *testing.T) {
	t.Parallel()
	s := newStore()
	p := set(t, s, four()...)
	store := &forestalled{Store: s, recover: func() {
		if _, err := change.Recover(t.Context(), changetest.Later(s, time.Hour), p.ID, change.Back, options()); err != nil {
			t.Error(err)
		}
	}}
	_, err := change.Apply(t.Context(), store, p, options())
	partial, _ := errors.AsType[*change.PartialError](err)
	if err == nil || partial != nil && len(partial.Made) > 0 {
		t.Errorf("it ended with %v", err)
	}
	if diff := cmp.Diff([]string{"old", "old", "old", "old"}, texts(t, s, four()...)); diff != "" {
		t.Error(diff)
	}
	if got := states(t, s); !slices.Equal(got, []change.State{change.Undone}) {
		t.Errorf("the journal says %v", got)
	}
}

func TestARecordThatGrowsAtItsEndIsStillWritten(t *testing.T) {
	t.Parallel()
	s := newStore()
	p := &change.Plan{ID: change.NewID(), Environment: "dev", Identity: "memory"}
	for i := range 110 {
		p.Changes = append(p.Changes, change.Change{Name: fmt.Sprintf("a/%d", i), After: []byte("x")})
	}
	r, err := change.Apply(t.Context(), s, p, options())
	if err != nil || r.Changes[0].To == change.Absent {
		t.Fatalf("it ended with %v, and the first is at %q", err, r.Changes[0].To)
	}
	records, err := change.Journal(t.Context(), s)
	if err != nil || len(records) != 1 || records[0].State != change.Done || !records[0].Changes[109].Made {
		t.Errorf("the journal has %v, %v", records, err)
	}
}

func TestTheJournalIsPrunedByItsOwnClock(t *testing.T) {
	t.Parallel()
	s := newStore()
	p := set(t, s, "a/1")
	o := options()
	o.Now = func() time.Time { return start().AddDate(-30, 0, 0) } // a writer whose battery is empty
	if _, err := change.Apply(t.Context(), s, p, o); err != nil {
		t.Fatal(err)
	}
	if n, err := change.Prune(t.Context(), s, time.Hour, 1<<20); n != 0 || err != nil {
		t.Errorf("pruned %d, %v", n, err)
	}
	if n, err := change.Prune(t.Context(), changetest.Later(s, 2*time.Hour), time.Hour, 1<<20); n != 1 || err != nil {
		t.Errorf("later: pruned %d, %v", n, err)
	}
}

func TestARecordThatUnfoldsWithoutEndIsNotHeld(t *testing.T) {
	t.Parallel()
	s := changetest.NewMemory(change.Limits{Ops: 60, Bytes: 1 << 20, Value: 1 << 20}, start)
	apply(t, s, "a/1")
	key := change.Key{Space: change.Records, Name: "plan/00000001"}
	bomb := changetest.Bomb(200 << 20)
	if len(bomb) > 1<<20 {
		t.Fatalf("it has %d bytes", len(bomb))
	}
	if err := s.Swap(t.Context(), []change.Op{{Key: key, Content: bomb}}); err != nil {
		t.Fatal(err)
	}
	records, err := change.Journal(t.Context(), s)
	if !errors.Is(err, change.ErrInvalid) || !strings.Contains(err.Error(), "plan/00000001") || len(records) != 1 {
		t.Errorf("the journal has %d records, %v", len(records), err)
	}
}
