package registry_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/registry"
)

func TestSummarizeCountsByServiceHealthAndVersion(t *testing.T) {
	t.Parallel()
	got := registry.Summarize([]registry.Instance{
		{Service: "b", Health: registry.Passing, Version: "v1", Protocol: "http"},
		{Service: "a", Health: registry.Maintenance},
		{Service: "b", Health: registry.Critical, Version: "v2", Protocol: "http"},
		{Service: "b", Health: "nonsense", Version: "v2"},
	})
	want := []registry.Summary{
		{Service: "a", Instances: 1, Maintenance: 1, Versions: []registry.Count{}, Protocols: []registry.Count{}},
		{
			Service: "b", Instances: 3, Passing: 1, Critical: 1, Unknown: 1,
			Versions: []registry.Count{{Value: "v2", Count: 2}, {Value: "v1", Count: 1}}, Protocols: []registry.Count{{Value: "http", Count: 2}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := want[1].HealthText(); got != "1 passing 1 critical 1 unknown" {
		t.Errorf("HealthText = %q", got)
	}
}

func TestDiffNamesWhatDiffers(t *testing.T) {
	t.Parallel()
	counts := func(pairs ...registry.Count) []registry.Count { return pairs }
	a := []registry.Summary{
		{Service: "gone", Instances: 1, Versions: counts(registry.Count{Value: "v1", Count: 1})},
		{Service: "more", Instances: 2, Versions: counts(registry.Count{Value: "v1", Count: 2})},
		{Service: "same", Instances: 2, Critical: 2, Versions: counts(registry.Count{Value: "v1", Count: 2})},
		{Service: "spread", Instances: 3, Versions: counts(registry.Count{Value: "v1", Count: 2}, registry.Count{Value: "v2", Count: 1})},
		{Service: "upgraded", Instances: 1, Versions: counts(registry.Count{Value: "v1", Count: 1}), Protocols: counts(registry.Count{Value: "http", Count: 1})},
	}
	b := []registry.Summary{
		{Service: "more", Instances: 3, Versions: counts(registry.Count{Value: "v1", Count: 3})},
		{Service: "new", Instances: 2},
		{Service: "same", Instances: 2, Passing: 2, Versions: counts(registry.Count{Value: "v1", Count: 2})},
		{Service: "spread", Instances: 3, Versions: counts(registry.Count{Value: "v2", Count: 2}, registry.Count{Value: "v1", Count: 1})},
		{Service: "upgraded", Instances: 1, Versions: counts(registry.Count{Value: "v2", Count: 1}), Protocols: counts(registry.Count{Value: "grpc", Count: 1})},
	}
	type kinds = []registry.DifferenceKind
	want := []registry.Difference{
		{Service: "gone", Kinds: kinds{registry.OnlyA}, A: &a[0]},
		{Service: "more", Kinds: kinds{registry.DiffersInCount}, A: &a[1], B: &b[0]},
		{Service: "new", Kinds: kinds{registry.OnlyB}, B: &b[1]},
		{Service: "spread", Kinds: kinds{registry.DiffersInVersions}, A: &a[3], B: &b[3]},
		{Service: "upgraded", Kinds: kinds{registry.DiffersInVersions, registry.DiffersInProtocols}, A: &a[4], B: &b[4]},
	}
	if diff := cmp.Diff(want, registry.Diff(a, b)); diff != "" {
		t.Error(diff)
	}
	if got := registry.Diff(a, a); got == nil || len(got) != 0 {
		t.Errorf("Diff with itself = %v; want empty and not nil", got)
	}
}

func TestSortByFieldKeepsTheOrderOfEquals(t *testing.T) {
	t.Parallel()
	list := []registry.Instance{
		{ID: "1", Port: 2, Health: registry.Critical},
		{ID: "2", Port: 1, Health: registry.Passing},
		{ID: "3", Port: 2, Health: registry.Passing},
	}
	for field, want := range map[string][]string{
		"port": {"2", "1", "3"}, "-port": {"1", "3", "2"}, "health": {"2", "3", "1"}, "-id": {"3", "2", "1"},
	} {
		got := slices.Clone(list)
		if err := registry.Sort(got, field); err != nil {
			t.Errorf("Sort by %s: %v", field, err)
		}
		ids := []string{got[0].ID, got[1].ID, got[2].ID}
		if !slices.Equal(ids, want) {
			t.Errorf("Sort by %s = %v; want %v", field, ids, want)
		}
	}
	err := registry.Sort(list, "metadata")
	if e, ok := errors.AsType[*registry.SelectorError](err); !ok || e.Hint == "" {
		t.Errorf("Sort by metadata: %v; want a *SelectorError with a hint", err)
	}
	for _, f := range registry.SortFields() {
		if !slices.Contains(registry.Fields(), f) {
			t.Errorf("sort field %q is no JSON name of an Instance", f)
		}
	}
	if err := registry.SortSummaries(registry.Summarize(list), "-instances"); err != nil {
		t.Error(err)
	}
}
