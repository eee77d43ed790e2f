package registry_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/registry"
)

// session is what one Watch yields: a list after another, a second apart, and
// then the error. Nil is none: it waits for the end of its context.
type session struct {
	lists [][]registry.Instance
	err   error
}

// script is a Watcher whose sessions come one after the other, the last again and
// again.
type script struct {
	sessions []session
	began    []time.Time
}

func (s *script) Watch(ctx context.Context, _ []string) iter.Seq2[[]registry.Instance, error] {
	return func(yield func([]registry.Instance, error) bool) {
		now := s.sessions[min(len(s.began), len(s.sessions)-1)]
		s.began = append(s.began, time.Now())
		for i, list := range now.lists {
			if i > 0 {
				<-time.After(time.Second)
			}
			if !yield(slices.Clone(list), nil) {
				return
			}
		}
		if now.err == nil {
			<-ctx.Done()
			now.err = ctx.Err()
		}
		if !errors.Is(now.err, errSilent) {
			yield(nil, now.err)
		}
	}
}

var (
	errAway   = errors.New("nobody there")
	errSilent = errors.New("ends without an error")
)

// at returns instances of cart by id and port.
func at(port int, ids ...string) []registry.Instance {
	var list []registry.Instance
	for _, id := range ids {
		list = append(list, registry.Instance{Service: "cart", ID: id, Port: port})
	}
	return list
}

// tell returns e in one line, with the time since start.
func tell(e registry.Event, start time.Time) string {
	line := fmt.Sprintf("%v %s", e.At.Sub(start), e.Kind)
	if e.Instance != nil {
		line += " " + e.Instance.ID
	}
	for _, c := range e.Changes {
		line += fmt.Sprintf(" %s:%s-%s", c.Field, c.Before, c.After)
	}
	if e.Missed {
		line += " missed"
	}
	if e.Reason != "" {
		line += " " + e.Reason
	}
	if e.Kind == registry.Back {
		line += fmt.Sprintf(" after %v with %d", e.AwaySeconds, e.MissedEvents)
	}
	return line
}

// follow returns what Follow tells of s within d, and its error at last.
func follow(t *testing.T, s *script, d time.Duration) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	start := time.Now()
	var told []string
	for e, err := range registry.Follow(ctx, s, nil, time.Now) {
		if err != nil {
			told = append(told, "error: "+err.Error())
			continue
		}
		told = append(told, tell(e, start))
	}
	return told
}

func TestFollowTellsWhatHappens(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		sessions []session
		want     []string
	}{
		{"nothing", []session{{}}, []string{"error: context deadline exceeded"}},
		{
			"changes",
			[]session{{lists: [][]registry.Instance{at(1, "a", "b"), at(1, "a", "b"), at(2, "b", "c")}}},
			[]string{"0s present a", "0s present b", "2s left a", "2s changed b port:1-2", "2s appeared c", "error: context deadline exceeded"},
		},
		{"a failure at once", []session{{err: errAway}, {lists: [][]registry.Instance{at(1, "a")}}}, []string{"error: nobody there"}},
		{"an end at once", []session{{err: errSilent}}, []string{"error: the watch ended"}},
		{
			"away and back",
			[]session{
				{lists: [][]registry.Instance{at(1, "a", "b"), at(1, "a")}, err: errAway},
				{err: errors.New("still nobody there")},
				{lists: [][]registry.Instance{at(3, "a", "c"), at(3, "c")}},
			},
			[]string{
				"0s present a", "0s present b", "1s left b", "1s away nobody there", "4s back after 3 with 2",
				"4s changed a port:1-3 missed", "4s appeared c missed", "5s left a", "error: context deadline exceeded",
			},
		},
		{
			"away and back as it was, twice",
			[]session{
				{lists: [][]registry.Instance{at(1, "a")}, err: errAway},
				{lists: [][]registry.Instance{at(1, "a"), at(1, "a")}, err: errSilent},
				{lists: [][]registry.Instance{at(1, "a")}},
			},
			[]string{
				"0s present a", "0s away nobody there", "1s back after 1 with 0", "2s away the watch ended",
				"3s back after 1 with 0", "error: context deadline exceeded",
			},
		},
		{
			"empty, then away, then somebody",
			[]session{{lists: [][]registry.Instance{nil}, err: errAway}, {lists: [][]registry.Instance{at(1, "a")}}},
			[]string{"0s away nobody there", "1s back after 1 with 1", "1s appeared a missed", "error: context deadline exceeded"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				got := follow(t, &script{sessions: tt.sessions}, time.Minute)
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			})
		})
	}
}

func TestFollowLeavesARegistryThatIsAwayEverMoreTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{sessions: []session{
			{lists: [][]registry.Instance{at(1, "a")}, err: errAway},
			{err: errAway},
			{err: errAway},
			{err: errAway},
			{err: errAway},
			{err: errAway},
			{lists: [][]registry.Instance{at(1, "a")}, err: errAway}, // it was back: from the start
			{err: errAway},
		}}
		follow(t, s, 35*time.Second)
		var pauses []time.Duration
		for i := range s.began[1:] {
			pauses = append(pauses, s.began[i+1].Sub(s.began[i])/time.Second)
		}
		if diff := cmp.Diff([]time.Duration{1, 2, 4, 8, 8, 8, 1, 2}, pauses); diff != "" {
			t.Errorf("seconds between attempts (-want +got)\n%s", diff)
		}
	})
}

func TestFollowEndsWithItsContextAlsoWhileItWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		s := &script{sessions: []session{{lists: [][]registry.Instance{at(1, "a")}, err: errAway}}}
		var last error
		start := time.Now()
		for e, err := range registry.Follow(ctx, s, nil, time.Now) {
			last = err
			if e.Kind == registry.Away {
				time.AfterFunc(time.Second/2, cancel)
			}
		}
		if took := time.Since(start); !errors.Is(last, context.Canceled) || took != time.Second/2 {
			t.Errorf("ended with %v after %v, want %v after half a second", last, took, context.Canceled)
		}
	})
}

func TestFollowTellsNobodyWhoStoppedListening(t *testing.T) {
	t.Parallel()
	sessions := []session{
		{lists: [][]registry.Instance{at(1, "a"), at(1, "a", "b")}, err: errAway},
		{lists: [][]registry.Instance{at(1, "c")}},
	}
	all := 7 // present, appeared, away, back, left, left, appeared
	for stop := 1; stop <= all; stop++ {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			n := 0
			for _, err := range registry.Follow(ctx, &script{sessions: sessions}, nil, time.Now) { // panics where it goes on
				if n++; n == stop || err != nil {
					break
				}
			}
			if n != stop {
				t.Errorf("%d events, want %d before a stop", n, stop)
			}
		})
	}
}

func TestAClockThatJumpsBackMakesNoNegativeTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{sessions: []session{
			{lists: [][]registry.Instance{at(1, "a")}, err: errAway},
			{lists: [][]registry.Instance{at(1, "a")}},
		}}
		clock := time.Now()
		back := func() time.Time { clock = clock.Add(-time.Hour); return clock }
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		seen := false
		for e, err := range registry.Follow(ctx, s, nil, back) {
			if err == nil && e.Kind == registry.Back {
				if seen = true; e.AwaySeconds != 0 {
					t.Errorf("away for %v seconds", e.AwaySeconds)
				}
			}
		}
		if !seen {
			t.Error("the registry never came back")
		}
	})
}
