package change_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/change"
	"govctl/pkg/change/changetest"
)

// apply applies a plan that makes "new" of name at a time.
func apply(t *testing.T, s change.Store, name string) change.Record {
	t.Helper()
	r, err := change.Apply(t.Context(), s, set(t, s, name), options())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestARollbackOverWhatAnotherWroteIsRefused(t *testing.T) {
	t.Parallel()
	s := newStore()
	r := apply(t, s, "a/1")
	put(t, s, "a/1", "foreign")
	_, err := change.Revert(t.Context(), s, &r, nil, false)
	if refused, ok := errors.AsType[*change.RefusedError](err); !ok || refused.Conflicts[0].Expected != r.Changes[0].To {
		t.Errorf("it ended with %v", err)
	}
	back, err := change.Revert(t.Context(), s, &r, nil, true)
	if err != nil || string(back[0].Before) != "foreign" || string(back[0].After) != "old" {
		t.Errorf("by force it is %v, %v", back, err)
	}
	put(t, s, "a/1", "old")
	back, err = change.Revert(t.Context(), s, &r, nil, true)
	if err != nil || len(back) != 0 {
		t.Errorf("of what is as it was, there is %v to take back, %v", back, err)
	}
}

func TestForgottenContentsAreGoneAndTheRecordStays(t *testing.T) {
	t.Parallel()
	s := newStore()
	r := apply(t, s, "a/1")
	if _, err := change.Forget(t.Context(), s, r.ID); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"plan/" + r.ID}, s.Records()); diff != "" {
		t.Error(diff)
	}
	records, err := change.Journal(t.Context(), s)
	if err != nil || len(records) != 1 || !records[0].Forgotten || records[0].Changes[0].Name != "a/1" {
		t.Fatalf("the journal has %v, %v", records, err)
	}
	if _, err := change.Contents(t.Context(), s, &records[0]); !errors.Is(err, change.ErrNotFound) {
		t.Errorf("its contents: %v", err)
	}
	if _, err := change.Forget(t.Context(), s, "00000000"); !errors.Is(err, change.ErrNotFound) {
		t.Errorf("forgetting nothing: %v", err)
	}
}

func TestTheJournalIsBounded(t *testing.T) {
	t.Parallel()
	s := newStore()
	var ids []string
	for _, name := range []string{"a/1", "a/2", "a/3"} {
		ids = append(ids, apply(t, s, name).ID)
	}
	open := set(t, s, "a/4")
	if _, err := change.Apply(t.Context(), &changetest.Mortal{Store: s, Nth: 6}, open, options()); err == nil {
		t.Fatal("it lived")
	}
	size := apply(t, s, "a/5").Size
	for _, test := range []struct {
		age    time.Duration
		size   int
		pruned int
		left   int
	}{
		{0, 1 << 20, 0, 5},
		{0, 4 * size, 1, 4}, // the open one counts, and stays
		{-time.Second, 1 << 20, 3, 1},
	} {
		pruned, err := change.Prune(t.Context(), s, test.age, test.size)
		if err != nil || pruned != test.pruned || len(states(t, s)) != test.left {
			t.Errorf("pruned %d of %v, %v; want %d and %d left", pruned, states(t, s), err, test.pruned, test.left)
		}
	}
	if got := states(t, s); !slices.Equal(got, []change.State{change.Open}) {
		t.Errorf("%v of %v is left", got, ids)
	}
}

func TestRecordsOfStrangersHarmNobody(t *testing.T) {
	t.Parallel()
	s := newStore()
	r := apply(t, s, "a/1")
	for name, text := range map[string]string{
		"plan/junk":     "not JSON",
		"plan/other":    `{"id":"another"}`,
		"plan/00000001": `{"id":"00000001","state":"open","pieces":1000000000}`,
		"plan/gz":       "\x1f\x8bnot gzip",
	} {
		key := change.Key{Space: change.Records, Name: name}
		if err := s.Swap(t.Context(), []change.Op{{Key: key, Content: []byte(text)}}); err != nil {
			t.Fatal(err)
		}
	}
	records, err := change.Journal(t.Context(), s)
	if !errors.Is(err, change.ErrInvalid) || len(records) != 1 || records[0].ID != r.ID {
		t.Errorf("the journal has %v, %v", records, err)
	}
	apply(t, s, "a/2")
	piece := change.Key{Space: change.Records, Name: "pack/" + r.Pack + "/0001"}
	entries, err := s.Read(t.Context(), []change.Key{piece})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Swap(t.Context(), []change.Op{{Key: piece, Expect: entries[0].Revision, Content: entries[0].Content[:20]}}); err != nil {
		t.Fatal(err)
	}
	if _, err := change.Contents(t.Context(), s, &r); !errors.Is(err, change.ErrInvalid) {
		t.Errorf("cut contents: %v", err)
	}
}
