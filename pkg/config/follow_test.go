package config_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/config"
)

// session is what one Watch yields: a list after another, a second apart, and
// then the error. Nil is none: it waits for the end of its context.
type session struct {
	lists [][]config.Item
	err   error
}

// script is a Watcher whose sessions come one after the other, the last again and
// again.
type script struct {
	sessions []session
	began    []time.Time
}

func (s *script) Watch(ctx context.Context) iter.Seq2[[]config.Item, error] {
	return func(yield func([]config.Item, error) bool) {
		now := s.sessions[min(len(s.began), len(s.sessions)-1)]
		s.began = append(s.began, time.Now())
		for i, list := range now.lists {
			if i > 0 {
				<-time.After(time.Second)
			}
			if !yield(list, nil) {
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

// held returns the items of a store, each written "KEY REVISION CONTENT".
func held(items ...string) []config.Item {
	list := []config.Item{}
	for _, text := range items {
		parts := strings.SplitN(text, " ", 3)
		list = append(list, config.Item{Key: config.Key{Group: "cart", Name: parts[0]}, Revision: parts[1], Content: []byte(parts[2])})
	}
	return list
}

// tell returns e in one line, with the time since start.
func tell(e config.Event, start time.Time) string {
	line := fmt.Sprintf("%v %s", e.At.Sub(start), e.Kind)
	if e.Item != nil {
		line += " " + e.Item.Name + " " + e.Item.Revision
	}
	for _, c := range e.Changes {
		line += fmt.Sprintf(" %s:%s-%s", c.Path, textOf(c.Before), textOf(c.After))
	}
	for _, said := range []struct {
		word string
		is   bool
	}{{" same", e.Same}, {" whole", e.Whole}, {" broken", e.Err != nil}, {" missed", e.Missed}} {
		if said.is {
			line += said.word
		}
	}
	if e.Reason != "" {
		line += " " + e.Reason
	}
	if e.Kind == config.Back {
		line += fmt.Sprintf(" after %v with %d", e.Gone, e.MissedEvents)
	}
	return line
}

func textOf(n *config.Node) string {
	if n == nil {
		return ""
	}
	return n.Text
}

// follow returns what Follow tells of s within d, and its error at last.
func follow(t *testing.T, s *script, d time.Duration, patterns ...string) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	start := time.Now()
	var told []string
	for e, err := range config.Follow(ctx, s, config.FollowOptions{Patterns: patterns}, time.Now) {
		if err != nil {
			told = append(told, "error: "+err.Error())
			continue
		}
		told = append(told, tell(e, start))
	}
	return told
}

const end = "error: context deadline exceeded"

func TestFollowTellsWhatHappensPathByPath(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		sessions []session
		want     []string
	}{
		{"nothing", []session{{}}, []string{end}},
		{
			"changes",
			[]session{{lists: [][]config.Item{
				held("a.yaml 1 p: {x: 1, y: 2}", "b.json 2 {}"), held("a.yaml 1 p: {x: 1, y: 2}", "b.json 2 {}"), held("a.yaml 3 p: {x: 5, z: 6}", "c.yaml 4 x: 1"),
			}}},
			[]string{"0s present a.yaml 1", "0s present b.json 2", "2s changed a.yaml 3 p.x:1-5 p.y:2- p.z:-6", "2s removed b.json 2", "2s added c.yaml 4", end},
		},
		{
			"what means the same",
			[]session{{lists: [][]config.Item{held("a.yaml 1 x: 1", "b 1 k"), held("a.yaml 2 x: 1 # one", "b 2 k")}}},
			[]string{"0s present a.yaml 1", "0s present b 1", "1s changed a.yaml 2", "1s changed b 2 same", end},
		},
		{
			"other content of the same revision", // as after data were restored
			[]session{{lists: [][]config.Item{held("a.yaml 1 x: 1"), held("a.yaml 1 x: 2")}}},
			[]string{"0s present a.yaml 1", "1s changed a.yaml 1 x:1-2", end},
		},
		{
			"what cannot be read",
			[]session{{lists: [][]config.Item{held("a.json 1 {", "t.txt 1 x"), held("a.json 2 {}", "b.json 2 [", "t.txt 2 y"), held("a.json 3 }", "b.json 2 [", "t.txt 2 y")}}},
			[]string{
				"0s present a.json 1", "0s present t.txt 1", "1s changed a.json 2 whole", "1s added b.json 2 broken", "1s changed t.txt 2 whole",
				"2s changed a.json 3 whole broken", end,
			},
		},
		{"a failure at once", []session{{err: errAway}, {lists: [][]config.Item{held("a 1 x")}}}, []string{"error: nobody there"}},
		{"an end at once", []session{{err: errSilent}}, []string{"error: the watch ended"}},
		{
			"away and back",
			[]session{
				{lists: [][]config.Item{held("a.yaml 1 x: 1", "b 1 x"), held("a.yaml 1 x: 1")}, err: errAway},
				{err: errors.New("still nobody there")},
				{lists: [][]config.Item{held("a.yaml 3 x: 3", "c 3 x"), held("c 3 x")}},
			},
			[]string{
				"0s present a.yaml 1", "0s present b 1", "1s removed b 1", "1s away nobody there", "4s back after 3s with 2",
				"4s changed a.yaml 3 x:1-3 missed", "4s added c 3 missed", "5s removed a.yaml 3", end,
			},
		},
		{
			"away and back as it was, twice",
			[]session{
				{lists: [][]config.Item{held("a 1 x")}, err: errAway},
				{lists: [][]config.Item{held("a 1 x"), held("a 1 x")}, err: errSilent},
				{lists: [][]config.Item{held("a 1 x")}},
			},
			[]string{"0s present a 1", "0s away nobody there", "1s back after 1s with 0", "2s away the watch ended", "3s back after 1s with 0", end},
		},
		{
			"empty, then away, then an item",
			[]session{{lists: [][]config.Item{nil}, err: errAway}, {lists: [][]config.Item{held("a 1 x")}}},
			[]string{"0s away nobody there", "1s back after 1s with 1", "1s added a 1 missed", end},
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

func TestFollowTellsAndCountsOnlyWhatThePatternsPick(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{sessions: []session{
			{lists: [][]config.Item{held("a.yaml 1 x: 1", "b.yaml 1 x: 1")}, err: errAway},
			{lists: [][]config.Item{held("a.yaml 2 x: 2", "b.yaml 2 x: 2", "nosuch 1 x")}},
		}}
		want := []string{"0s present b.yaml 1", "0s away nobody there", "1s back after 1s with 2", "1s changed b.yaml 2 x:1-2 missed", "1s added nosuch 1 missed", end}
		if diff := cmp.Diff(want, follow(t, s, time.Minute, "b*", "nosuch")); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if diff := cmp.Diff([]string{`error: "[": not a glob: syntax error in pattern`}, follow(t, s, time.Minute, "[")); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

func TestFollowLeavesAStoreThatIsAwayEverMoreTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		there := session{lists: [][]config.Item{held("a 1 x")}, err: errAway}
		gone := session{err: errAway}
		s := &script{sessions: []session{there, gone, gone, gone, gone, gone, there, gone}} // back once: from the start
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
		s := &script{sessions: []session{{lists: [][]config.Item{held("a 1 x")}, err: errAway}}}
		var last error
		start := time.Now()
		for e, err := range config.Follow(ctx, s, config.FollowOptions{}, time.Now) {
			last = err
			if e.Kind == config.Away {
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
		{lists: [][]config.Item{held("a 1 x"), held("a 1 x", "b 1 x")}, err: errAway},
		{lists: [][]config.Item{held("c 1 x")}},
	}
	const all = 7 // present, added, away, back, removed, removed, added
	for stop := 1; stop <= all; stop++ {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			n := 0
			for _, err := range config.Follow(ctx, &script{sessions: sessions}, config.FollowOptions{}, time.Now) { // panics where it goes on
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

func TestAClockThatJumpsBackMakesNoNegativeAbsence(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		there := session{lists: [][]config.Item{held("a 1 x")}, err: errAway}
		clock := time.Now()
		back := func() time.Time { clock = clock.Add(-time.Hour); return clock }
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		seen := false
		for e, err := range config.Follow(ctx, &script{sessions: []session{there}}, config.FollowOptions{}, back) {
			if err == nil && e.Kind == config.Back {
				if seen = true; e.Gone != 0 {
					t.Errorf("away for %v", e.Gone)
				}
			}
		}
		if !seen {
			t.Error("the store never came back")
		}
	})
}
