// Package changetest is the contract that every change.Store passes, and faulty
// stores for tests.
package changetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"govctl/pkg/change"
)

// Harness makes stores.
type Harness struct {
	// Open returns an empty store of a test.
	Open func(t *testing.T) change.Store
	// Rounds is how many two writers race; 100 where it is 0.
	Rounds int
}

// Run runs the contract.
func Run(t *testing.T, h Harness) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, Harness){
		"a write replaces what it expects and nothing else": swaps,
		"all of a swap is made or nothing":                  isAtomic,
		"records are listed as they were created":           listsInOrder,
		"names are whatever people call things":             takesNames,
		"the limits are true":                               keepsItsLimits,
		"two writers lose nothing":                          racing,
		"a plan is applied once, and undone":                applies,
		"a plan killed at any request can be ended":         survives,
		"an interrupted question ends":                      isInterrupted,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, h)
		})
	}
}

func item(name string) change.Key   { return change.Key{Space: change.Items, Name: name} }
func record(name string) change.Key { return change.Key{Space: change.Records, Name: name} }

// put makes content stand at key, whatever is there.
func put(t *testing.T, s change.Store, key change.Key, content string) change.Entry {
	t.Helper()
	swap(t, s, change.Op{Key: key, Expect: get(t, s, key).Revision, Content: []byte(content)})
	return get(t, s, key)
}

func swap(t *testing.T, s change.Store, ops ...change.Op) {
	t.Helper()
	if err := s.Swap(t.Context(), ops); err != nil {
		t.Fatalf("swap: %v", err)
	}
}

func get(t *testing.T, s change.Store, key change.Key) change.Entry {
	t.Helper()
	entries, err := s.Read(t.Context(), []change.Key{key})
	if err != nil {
		t.Fatalf("read %s: %v", key, err)
	}
	if len(entries) != 1 || entries[0].Key != key {
		t.Fatalf("read %s gave %v", key, entries)
	}
	return entries[0]
}

// refused swaps ops, which must conflict at key.
func refused(t *testing.T, s change.Store, key change.Key, ops ...change.Op) {
	t.Helper()
	err := s.Swap(t.Context(), ops)
	conflict, ok := errors.AsType[*change.ConflictError](err)
	if !ok || !errors.Is(err, change.ErrConflict) {
		t.Fatalf("swap ended with %v, not with a conflict", err)
	}
	if conflict.Key != key {
		t.Errorf("the conflict is at %s, not at %s", conflict.Key, key)
	}
}

func swaps(t *testing.T, h Harness) {
	t.Helper()
	for _, key := range []change.Key{item("order/app.yaml"), record("plan/one")} {
		s := h.Open(t)
		if e := get(t, s, key); e.Revision != change.Absent {
			t.Fatalf("%s is there: %v", key, e)
		}
		refused(t, s, key, change.Op{Key: key, Expect: "12345", Content: []byte("x")})
		refused(t, s, key, change.Op{Key: key, Expect: "12345", Remove: true})
		swap(t, s, change.Op{Key: key, Content: []byte("one")})
		one := get(t, s, key)
		if string(one.Content) != "one" || one.Revision == change.Absent {
			t.Fatalf("after the creation: %v", one)
		}
		refused(t, s, key, change.Op{Key: key, Content: []byte("again")})
		swap(t, s, change.Op{Key: key, Expect: one.Revision, Content: []byte("two")})
		two := get(t, s, key)
		if string(two.Content) != "two" || two.Revision == one.Revision {
			t.Fatalf("after the change: %v, was %v", two, one)
		}
		refused(t, s, key, change.Op{Key: key, Expect: one.Revision, Content: []byte("stale")})
		refused(t, s, key, change.Op{Key: key, Expect: one.Revision, Remove: true})
		swap(t, s, change.Op{Key: key, Expect: two.Revision})
		empty := get(t, s, key)
		if len(empty.Content) != 0 || empty.Revision == change.Absent {
			t.Fatalf("without content: %v", empty)
		}
		swap(t, s, change.Op{Key: key, Expect: empty.Revision, Remove: true})
		if e := get(t, s, key); e.Revision != change.Absent {
			t.Fatalf("after the removal: %v", e)
		}
	}
}

func isAtomic(t *testing.T, h Harness) {
	t.Helper()
	s := h.Open(t)
	if about(t, s).Limits.Ops < 2 {
		return // it swaps only key by key, and says so
	}
	a := put(t, s, item("order/a.yaml"), "a")
	put(t, s, item("order/b.yaml"), "b")
	refused(t, s, item("order/b.yaml"),
		change.Op{Key: item("order/a.yaml"), Expect: a.Revision, Content: []byte("other")},
		change.Op{Key: record("outcome/1"), Content: []byte("made")},
		change.Op{Key: item("order/b.yaml"), Expect: "12345", Remove: true},
		change.Op{Key: item("order/c.yaml"), Content: []byte("new")},
	)
	if now := get(t, s, item("order/a.yaml")); !equal(now, a) {
		t.Errorf("order/a.yaml is %v, was %v", now, a)
	}
	for _, key := range []change.Key{record("outcome/1"), item("order/c.yaml")} {
		if e := get(t, s, key); e.Revision != change.Absent {
			t.Errorf("%s was made", key)
		}
	}
	swap(t, s,
		change.Op{Key: item("order/a.yaml"), Expect: a.Revision, Remove: true},
		change.Op{Key: item("order/moved.yaml"), Content: []byte("a")},
		change.Op{Key: record("outcome/1"), Content: []byte("made")},
	)
	if got := string(get(t, s, item("order/moved.yaml")).Content); got != "a" {
		t.Errorf("moved is %q", got)
	}
}

func equal(a, b change.Entry) bool {
	return a.Key == b.Key && a.Revision == b.Revision && bytes.Equal(a.Content, b.Content)
}

func listsInOrder(t *testing.T, h Harness) {
	t.Helper()
	s := h.Open(t)
	put(t, s, item("plan/not"), "an item")
	for _, name := range []string{"plan/b", "plan/a", "pack/x/0001", "plan/c", "planner/x"} {
		put(t, s, record(name), "1")
	}
	put(t, s, record("plan/b"), "2") // a change is no creation
	var names, contents []string
	for e, err := range s.List(t.Context(), "plan/") {
		if err != nil {
			t.Fatal(err)
		}
		names, contents = append(names, e.Key.Name), append(contents, string(e.Content))
		if e.Key.Space != change.Records || e.Revision == change.Absent {
			t.Errorf("listed %v", e)
		}
	}
	if want := []string{"plan/b", "plan/a", "plan/c"}; !slices.Equal(names, want) {
		t.Errorf("listed %v, not %v", names, want)
	}
	if want := []string{"2", "1", "1"}; !slices.Equal(contents, want) {
		t.Errorf("listed the contents %v, not %v", contents, want)
	}
}

func takesNames(t *testing.T, h Harness) {
	t.Helper()
	s := h.Open(t)
	names := []string{"-/top.yaml", "order/with blank", "grüße/日本.yaml", "order/100%.json", "a.b/c?d=e&f#g", "order/x:y"}
	for _, name := range names {
		put(t, s, item(name), name)
	}
	keys := make([]change.Key, len(names))
	for i, name := range names {
		keys[i] = item(name)
	}
	entries, err := s.Read(t.Context(), append(keys, item("order/none")))
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range names {
		if string(entries[i].Content) != name || entries[i].Key != keys[i] {
			t.Errorf("%q is %v", name, entries[i])
		}
	}
	if entries[len(names)].Revision != change.Absent {
		t.Error("what nobody wrote is there")
	}
}

func about(t *testing.T, s change.Store) change.About {
	t.Helper()
	a, err := s.About(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func keepsItsLimits(t *testing.T, h Harness) {
	t.Helper()
	s := h.Open(t)
	l := about(t, s).Limits
	whole := strings.Repeat("x", l.Value)
	if got := put(t, s, item("order/large"), whole); string(got.Content) != whole {
		t.Errorf("of %d bytes %d are there", len(whole), len(got.Content))
	}
	err := s.Swap(t.Context(), []change.Op{{Key: item("order/larger"), Content: []byte(whole + "x")}})
	if !errors.Is(err, change.ErrTooLarge) {
		t.Errorf("a value of %d bytes ended with %v", l.Value+1, err)
	}
	if e := get(t, s, item("order/larger")); e.Revision != change.Absent {
		t.Error("what is too large is there")
	}
	ops := make([]change.Op, l.Ops)
	each := (l.Bytes/l.Ops - 200) / 4 * 3
	for i := range ops {
		ops[i] = change.Op{Key: item("order/" + strconv.Itoa(i)), Content: bytes.Repeat([]byte("y"), min(each, l.Value))}
	}
	swap(t, s, ops...)
}

// racing lets two writers count up one key: each round is one swap that succeeds.
func racing(t *testing.T, h Harness) {
	t.Helper()
	s, rounds := h.Open(t), h.Rounds
	if rounds == 0 {
		rounds = 100
	}
	key := item("order/count")
	put(t, s, key, "0")
	var writers sync.WaitGroup
	for range 2 {
		writers.Go(func() {
			for won := 0; won < rounds; {
				entries, err := s.Read(t.Context(), []change.Key{key})
				if err != nil {
					t.Error(err)
					return
				}
				n, _ := strconv.Atoi(string(entries[0].Content))
				err = s.Swap(t.Context(), []change.Op{{Key: key, Expect: entries[0].Revision, Content: []byte(strconv.Itoa(n + 1))}})
				switch {
				case err == nil:
					won++
				case !errors.Is(err, change.ErrConflict):
					t.Error(err)
					return
				}
			}
		})
	}
	writers.Wait()
	if got, want := string(get(t, s, key).Content), strconv.Itoa(2*rounds); got != want {
		t.Errorf("two writers counted %s of %s", got, want)
	}
}

func isInterrupted(t *testing.T, h Harness) {
	t.Helper()
	s := h.Open(t)
	put(t, s, item("order/a"), "a")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Read(ctx, []change.Key{item("order/a")}); !errors.Is(err, context.Canceled) {
		t.Errorf("read ended with %v", err)
	}
	if err := s.Swap(ctx, []change.Op{{Key: item("order/b"), Content: []byte("b")}}); !errors.Is(err, context.Canceled) {
		t.Errorf("swap ended with %v", err)
	}
	if e := get(t, s, item("order/b")); e.Revision != change.Absent {
		t.Error("it was made all the same")
	}
}

// plan returns one that changes, creates and removes, in more than one batch where
// the store has any limit, and what stands there before and after it.
func plan(t *testing.T, s change.Store) (p *change.Plan, before, after map[string]string) {
	t.Helper()
	before = map[string]string{"order/old.yaml": "old: 1\n", "order/app.yaml": "retry: 3\n", "user/app.yaml": ""}
	after = map[string]string{"order/app.yaml": "retry: 5\n", "order/new.yaml": "new: 1\n", "user/app.yaml": "x: 1\n"}
	p = &change.Plan{ID: change.NewID(), Environment: "dev", Identity: about(t, s).Identity, By: "me@here"}
	for _, name := range []string{"order/app.yaml", "order/new.yaml", "order/old.yaml", "user/app.yaml"} {
		c := change.Change{Name: name, Says: []string{"changed"}}
		if text, ok := before[name]; ok {
			e := put(t, s, item(name), text)
			c.Expect, c.Before = e.Revision, []byte(text)
		}
		if text, ok := after[name]; ok {
			c.After = []byte(text)
		}
		p.Changes = append(p.Changes, c)
	}
	return p, before, after
}

// holds compares what stands at the names of the plan's changes.
func holds(t *testing.T, s change.Store, p *change.Plan, want map[string]string) {
	t.Helper()
	for _, name := range p.Names() {
		e := get(t, s, item(name))
		text, there := want[name]
		if there != (e.Revision != change.Absent) || string(e.Content) != text {
			t.Errorf("%s is %q (revision %q), and should be %q", name, e.Content, e.Revision, text)
		}
	}
}

// options has a clock that stands: no plan of a test takes long.
func options() change.Options {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	return change.Options{By: "me@here", Why: "to see", Now: func() time.Time { return now }}
}

func applies(t *testing.T, h Harness) {
	t.Helper()
	s := h.Open(t)
	p, before, after := plan(t, s)
	r, err := change.Apply(t.Context(), s, p, options())
	if err != nil {
		t.Fatal(err)
	}
	holds(t, s, p, after)
	if r.State != change.Done {
		t.Errorf("the plan is %s", r.State)
	}
	if _, err := change.Apply(t.Context(), s, p, options()); !errors.Is(err, change.ErrConflict) {
		t.Errorf("applied again: %v", err)
	}
	records, err := change.Journal(t.Context(), s)
	if err != nil || len(records) != 1 || records[0].ID != p.ID || records[0].Why != "to see" {
		t.Fatalf("the journal is %v, %v", records, err)
	}
	for i, w := range records[0].Changes {
		if now := get(t, s, item(w.Name)); !w.Made || w.To != now.Revision || w.From != p.Changes[i].Expect {
			t.Errorf("the journal says %+v of %v", w, now)
		}
	}
	back, err := change.Revert(t.Context(), s, &records[0], nil, false)
	if err != nil {
		t.Fatal(err)
	}
	undo := &change.Plan{ID: change.NewID(), Environment: "dev", Identity: about(t, s).Identity, Reverts: p.ID, Changes: back}
	if _, err := change.Apply(t.Context(), s, undo, options()); err != nil {
		t.Fatal(err)
	}
	holds(t, s, p, before)
}

// survives kills the process that applies a plan at each of its requests, before
// and after it arrives, and recovers.
func survives(t *testing.T, h Harness) {
	t.Helper()
	for nth := 1; ; nth++ {
		seen := 0
		for _, lost := range []bool{false, true} {
			for _, to := range []change.Direction{change.Forward, change.Back} {
				at := fmt.Sprintf("killed at request %d (arrived: %t), %s", nth, lost, to)
				seen = killed(t, h.Open(t), &Mortal{Nth: nth, Lost: lost}, to, at)
			}
		}
		if seen < nth { // it lived
			if nth < 6 {
				t.Errorf("only %d requests were seen", seen)
			}
			return
		}
	}
}

// killed applies a plan through mortal, and recovers. It returns how many requests
// mortal was asked.
func killed(t *testing.T, s change.Store, mortal *Mortal, to change.Direction, at string) int {
	t.Helper()
	p, before, after := plan(t, s)
	mortal.Store = s
	_, err := change.Apply(t.Context(), mortal, p, options())
	if alive := mortal.Requests() < mortal.Nth; alive != (err == nil) {
		t.Fatalf("%s: apply ended with %v", at, err)
	}
	end(t, s, p, to, at)
	now := before
	if state(t, s, p) == change.Done {
		now = after
	}
	holds(t, s, p, now)
	if t.Failed() {
		t.Fatal(at)
	}
	return mortal.Requests()
}

// end recovers p, if it is open, once its lease has lapsed.
func end(t *testing.T, s change.Store, p *change.Plan, to change.Direction, at string) {
	t.Helper()
	if state(t, s, p) != change.Open {
		return
	}
	if _, err := change.Recover(t.Context(), s, p.ID, to, options()); !errors.Is(err, change.ErrConflict) {
		t.Fatalf("%s: recovered while the lease goes on: %v", at, err)
	}
	if _, err := change.Recover(t.Context(), Later(s, time.Minute), p.ID, to, options()); err != nil {
		t.Fatalf("%s: recover: %v", at, err)
	}
	want := change.Done
	if to == change.Back {
		want = change.Undone
	}
	if got := state(t, s, p); got != want {
		t.Fatalf("%s: the plan is %s, not %s", at, got, want)
	}
}

// state returns that of the plan in the journal, "" where it is not there.
func state(t *testing.T, s change.Store, p *change.Plan) change.State {
	t.Helper()
	records, err := change.Journal(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	for i := range records {
		if records[i].ID == p.ID {
			return records[i].State
		}
	}
	return ""
}
