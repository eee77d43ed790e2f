package registry_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/registry"
)

// slow answers later for services that come first, and counts what is asked at
// the same time.
type slow struct {
	names         []string
	missing, fail string
	now, most     atomic.Int32
}

func (s *slow) Services(context.Context) ([]string, error) { return s.names, nil }

func (s *slow) Instances(ctx context.Context, service string) ([]registry.Instance, error) {
	s.most.Store(max(s.most.Load(), s.now.Add(1)))
	defer s.now.Add(-1)
	select {
	case <-time.After(time.Duration(len(s.names)-slices.Index(s.names, service)) * time.Millisecond):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	switch service {
	case s.missing:
		return nil, &registry.Error{Backend: "slow", Service: service, Err: registry.ErrNotFound}
	case s.fail:
		return nil, &registry.Error{Backend: "slow", Service: service, Err: registry.ErrUnavailable}
	}
	return []registry.Instance{{Service: service, ID: "1"}, {Service: service, ID: "2"}}, nil
}

func manyNames(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("s%03d", i)
	}
	return names
}

func ids(items iter.Seq2[registry.Instance, error]) (ids []string, err error) {
	for in, err := range items {
		if err != nil {
			return ids, err
		}
		ids = append(ids, in.Service+"/"+in.ID)
	}
	return ids, nil
}

func TestListKeepsOrderWhateverAnswersFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &slow{names: manyNames(100)}
		var want []string
		for _, n := range s.names {
			want = append(want, n+"/1", n+"/2")
		}
		got, err := ids(registry.List(t.Context(), s, s.names))
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("List: %v %s", err, diff)
		}
		if most := s.most.Load(); most < 30 || most > 40 {
			t.Errorf("%d asked at once; want about 32", most)
		}
	})
}

func TestListEndsAtTheFirstErrorInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &slow{names: manyNames(50), fail: "s002"}
		got, err := ids(registry.List(t.Context(), s, s.names))
		if want := []string{"s000/1", "s000/2", "s001/1", "s001/2"}; !slices.Equal(got, want) || !errors.Is(err, registry.ErrUnavailable) {
			t.Errorf("List = %v, %v; want %v and ErrUnavailable", got, err, want)
		}
	})
}

func TestAServiceThatWentAwayIsAnErrorOnlyWhereItWasAskedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &slow{names: manyNames(3), missing: "s001"}
		if _, err := ids(registry.List(t.Context(), s, s.names)); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("List: %v; want ErrNotFound", err)
		}
		got, err := ids(registry.ListKnown(t.Context(), s, s.names))
		if want := []string{"s000/1", "s000/2", "s002/1", "s002/2"}; !slices.Equal(got, want) || err != nil {
			t.Errorf("ListKnown = %v, %v; want %v", got, err, want)
		}
	})
}

func TestListEndsWithItsContextAndWithItsReader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // fails where a goroutine stays behind
		s := &slow{names: manyNames(500)}
		for in, err := range registry.List(t.Context(), s, s.names) {
			if in.Service != "s000" || err != nil {
				t.Errorf("first of the list: %v, %v", in, err)
			}
			break
		}
		ctx, cancel := context.WithTimeout(t.Context(), 450*time.Millisecond)
		defer cancel()
		if _, err := ids(registry.List(ctx, s, s.names)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("List after its deadline: %v", err)
		}
	})
}

func TestSelectPicksByNameAndGlob(t *testing.T) {
	t.Parallel()
	all := []string{"a*b", "order", "order-admin", "payment"}
	for _, c := range []struct{ patterns, picked, missing []string }{
		{nil, all, nil},
		{[]string{"order"}, []string{"order"}, nil},
		{[]string{"pay*", "order"}, []string{"order", "payment"}, nil},
		{[]string{"none*"}, []string{}, nil},
		{[]string{"none", "order"}, []string{"order"}, []string{"none"}},
		{[]string{"a*b"}, []string{"a*b"}, nil}, // a name before it is a glob
		{[]string{"order?admin"}, []string{"order-admin"}, nil},
	} {
		picked, missing, err := registry.Select(all, c.patterns)
		if diff := cmp.Diff([][]string{c.picked, c.missing}, [][]string{picked, missing}); diff != "" || err != nil {
			t.Errorf("Select(%v): %v %s", c.patterns, err, diff)
		}
	}
	if _, _, err := registry.Select(all, []string{"[a"}); err == nil {
		t.Error("Select took a broken glob")
	}
}

func TestFilterPassesErrorsOn(t *testing.T) {
	t.Parallel()
	sel, err := registry.ParseSelector("", "passing", "")
	if err != nil {
		t.Fatal(err)
	}
	boom := errors.New("boom")
	items := func(yield func(registry.Instance, error) bool) {
		_ = yield(registry.Instance{Service: "a", ID: "1", Health: registry.Passing}, nil) &&
			yield(registry.Instance{Service: "a", ID: "2", Health: registry.Critical}, nil) &&
			yield(registry.Instance{}, boom)
	}
	got, err := ids(registry.Filter(items, sel))
	if want := []string{"a/1"}; !slices.Equal(got, want) || !errors.Is(err, boom) {
		t.Errorf("Filter = %v, %v; want %v, boom", got, err, want)
	}
}
