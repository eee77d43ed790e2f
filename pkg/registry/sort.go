package registry

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// Sort orders instances by the field with the given JSON name, ascending, or
// descending where a "-" stands before it; equal ones stay in their order. Only
// fields with one value can be sorted by. The error is a *SelectorError.
func Sort(instances []Instance, field string) error {
	return sortBy(instances, field, instanceOrders())
}

// SortFields returns the names that Sort takes, sorted.
func SortFields() []string { return slices.Sorted(maps.Keys(instanceOrders())) }

// SortSummaries is Sort for summaries.
func SortSummaries(summaries []Summary, field string) error {
	return sortBy(summaries, field, summaryOrders())
}

// SummarySortFields returns the names that SortSummaries takes, sorted.
func SummarySortFields() []string { return slices.Sorted(maps.Keys(summaryOrders())) }

// orders are comparisons by the JSON name of what they compare.
type orders[T any] map[string]func(a, b *T) int

func sortBy[T any](rows []T, field string, by orders[T]) error {
	name, down := strings.CutPrefix(field, "-")
	compare, ok := by[name]
	if !ok {
		return notAmong(field, "not a field to sort by", name, slices.Sorted(maps.Keys(by)))
	}
	slices.SortStableFunc(rows, func(a, b T) int {
		if down {
			return compare(&b, &a)
		}
		return compare(&a, &b)
	})
	return nil
}

// ordered returns the comparison of two Ts by one of their fields.
func ordered[T any, F cmp.Ordered](field func(*T) F) func(a, b *T) int {
	return func(a, b *T) int { return cmp.Compare(field(a), field(b)) }
}

func instanceOrders() orders[Instance] {
	return orders[Instance]{
		"service":  ordered(func(in *Instance) string { return in.Service }),
		"id":       ordered(func(in *Instance) string { return in.ID }),
		"address":  ordered(func(in *Instance) string { return in.Address }),
		"port":     ordered(func(in *Instance) int { return in.Port }),
		"health":   ordered(func(in *Instance) int { return slices.Index(Healths(), in.Health) }),
		"version":  ordered(func(in *Instance) string { return in.Version }),
		"protocol": ordered(func(in *Instance) string { return in.Protocol }),
		"zone":     ordered(func(in *Instance) string { return in.Zone }),
		"weight":   ordered(func(in *Instance) float64 { return in.Weight }),
		"node":     ordered(func(in *Instance) string { return in.Node }),
		"since":    func(a, b *Instance) int { return time.Time.Compare(a.Since, b.Since) },
	}
}

func summaryOrders() orders[Summary] {
	by := orders[Summary]{
		"service":   ordered(func(s *Summary) string { return s.Service }),
		"instances": ordered(func(s *Summary) int { return s.Instances }),
	}
	for _, h := range Healths() {
		by[string(h)] = ordered(func(s *Summary) int { return s.Of(h) })
	}
	return by
}
