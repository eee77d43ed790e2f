package change_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/change"
	"govctl/pkg/change/changetest"
)

// noted is set with a note for each change, and one for the whole plan.
func noted(t *testing.T, s change.Store, names ...string) *change.Plan {
	t.Helper()
	p := set(t, s, names...)
	for _, name := range names {
		p.Notes = append(p.Notes, change.Note{Name: "base/x/" + name, Content: []byte("of " + name), Of: name})
	}
	p.Notes = append(p.Notes, change.Note{Name: "base/x/all", Content: []byte("of all")})
	return p
}

// notes returns what is noted at names, "" where nothing is.
func notes(t *testing.T, s change.Store, names ...string) []string {
	t.Helper()
	for i, name := range names {
		names[i] = "base/x/" + name
	}
	got, err := change.ReadNotes(t.Context(), s, names)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]string, len(got))
	for i := range got {
		if (got[i].Expect == change.Absent) != (got[i].Content == nil) {
			t.Errorf("%s: revision %q of %q", got[i].Name, got[i].Expect, got[i].Content)
		}
		out[i] = string(got[i].Content)
	}
	return out
}

func TestNotesAreWrittenOnceThePlanIsMade(t *testing.T) {
	t.Parallel()
	s := newStore()
	large := strings.Repeat("much of the same\n", 10000)
	p := noted(t, s, "a", "b", "c", "d")
	p.Notes[1].Content = []byte(large)
	if _, err := change.Apply(t.Context(), s, p, options()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"of a", large, "of c", "of d", "of all"}, notes(t, s, "a", "b", "c", "d", "all")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAPlanIsRefusedWhoseNotesWereWrittenByAnother(t *testing.T) {
	t.Parallel()
	s := newStore()
	p := noted(t, s, "a")
	if err := change.WriteNotes(t.Context(), s, []change.Note{{Name: "base/x/all", Content: []byte("theirs")}}); err != nil {
		t.Fatal(err)
	}
	if _, err := change.Apply(t.Context(), s, p, options()); !errors.Is(err, change.ErrConflict) {
		t.Errorf("it ended with %v", err)
	}
	if got := texts(t, s, "a"); got[0] != "old" {
		t.Errorf("written all the same: %q", got)
	}
	// So is a note alone, and all that are written with it.
	err := change.WriteNotes(t.Context(), s, []change.Note{{Name: "base/x/new", Content: []byte("n")}, {Name: "base/x/all", Content: []byte("ours")}})
	if _, refused := errors.AsType[*change.RefusedError](err); !refused {
		t.Errorf("a note over another: %v", err)
	}
	if diff := cmp.Diff([]string{"", "", "theirs"}, notes(t, s, "a", "new", "all")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestNotesStandNowhereButAmongNotes(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"plan/0a0b0c0d", "key", "outcome/x/0001"} {
		s := newStore()
		p := set(t, s, "a")
		p.Notes = []change.Note{{Name: name, Content: []byte("x")}}
		if _, err := change.Apply(t.Context(), s, p, options()); !errors.Is(err, change.ErrPlan) {
			t.Errorf("%s in a plan: %v", name, err)
		}
		if err := change.WriteNotes(t.Context(), s, p.Notes); !errors.Is(err, change.ErrPlan) {
			t.Errorf("%s alone: %v", name, err)
		}
	}
}

func TestWhatAnotherNotedMeanwhileStays(t *testing.T) {
	t.Parallel()
	s := newStore()
	o := options()
	o.Progress = func(made int) {
		if made == 4 {
			if err := change.WriteNotes(t.Context(), s, []change.Note{{Name: "base/x/b", Content: []byte("theirs")}}); err != nil {
				t.Error(err)
			}
		}
	}
	if _, err := change.Apply(t.Context(), s, noted(t, s, "a", "b", "c", "d"), o); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"of a", "theirs", "of c", "of d", "of all"}, notes(t, s, "a", "b", "c", "d", "all")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// conflicted is a store that refuses the item that is called name.
type conflicted struct {
	change.Store

	name string
}

func (r conflicted) Swap(ctx context.Context, ops []change.Op) error {
	for _, op := range ops {
		if op.Key == item(r.name) {
			return &change.ConflictError{Key: op.Key, Expected: op.Expect}
		}
	}
	return r.Store.Swap(ctx, ops)
}

func TestOfAPlanThatWasStoppedIsNotedWhatWasMade(t *testing.T) {
	t.Parallel()
	s := newStore()
	p := noted(t, s, "a", "b", "c", "d")
	if _, err := change.Apply(t.Context(), conflicted{s, "d"}, p, options()); !errors.Is(err, change.ErrConflict) {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"new", "new", "new", "old"}, texts(t, s, "a", "b", "c", "d")); diff != "" {
		t.Errorf("items (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"of a", "of b", "of c", "", ""}, notes(t, s, "a", "b", "c", "d", "all")); diff != "" {
		t.Errorf("notes (-want +got)\n%s", diff)
	}
}

func TestAPlanWithNotesKilledAnywhereEndsWithAllOfThemOrNone(t *testing.T) {
	t.Parallel()
	for nth := 1; ; nth++ {
		seen := 0
		for _, lost := range []bool{false, true} {
			for _, to := range []change.Direction{change.Forward, change.Back} {
				s := changetest.NewMemory(change.Limits{Ops: 16, Bytes: 64 << 10, Value: 64 << 10}, start)
				mortal := &changetest.Mortal{Store: s, Nth: nth, Lost: lost}
				p := noted(t, s, "a", "b")
				_, _ = change.Apply(t.Context(), mortal, p, options()) // it dies, or not
				if _, err := change.Recover(t.Context(), changetest.Later(s, time.Minute), p.ID, to, options()); err != nil && !errors.Is(err, change.ErrConflict) && !errors.Is(err, change.ErrNotFound) {
					t.Fatalf("recover: %v", err)
				}
				at := fmt.Sprintf("killed at %d (arrived: %t), %s", nth, lost, to)
				want := []string{"old", "old", "", "", ""}
				if states := states(t, s); len(states) == 1 && states[0] == change.Done {
					want = []string{"new", "new", "of a", "of b", "of all"}
				}
				if diff := cmp.Diff(want, append(texts(t, s, "a", "b"), notes(t, s, "a", "b", "all")...)); diff != "" {
					t.Fatalf("%s (-want +got)\n%s", at, diff)
				}
				seen = mortal.Requests()
			}
		}
		if seen < nth {
			return
		}
	}
}
