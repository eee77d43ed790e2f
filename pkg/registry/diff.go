package registry

import (
	"fmt"
	"slices"
	"strings"
)

// Difference is a service that is not the same in two registries.
type Difference struct {
	Service string `json:"service"`
	// Kinds say what differs, in the order below; at least one.
	Kinds []DifferenceKind `json:"kinds"`
	// A and B are the two sides; nil where the service is missing.
	A *Summary `json:"a"`
	B *Summary `json:"b"`
}

// DifferenceKind says what differs.
type DifferenceKind string

// The kinds of differences. A service that stands on one side only has no
// other differences.
const (
	OnlyA              DifferenceKind = "onlyA"
	OnlyB              DifferenceKind = "onlyB"
	DiffersInCount     DifferenceKind = "instances"
	DiffersInVersions  DifferenceKind = "versions"
	DiffersInProtocols DifferenceKind = "protocols"
)

// Diff compares two registries' summaries, each sorted by service with no
// service twice, and returns the services that differ, sorted; never nil.
// Versions and protocols differ when their sets do, or when as many instances
// are spread over them in another way. Health is not compared: it passes. The
// result points into a and b.
func Diff(a, b []Summary) []Difference {
	diffs := []Difference{}
	for len(a) > 0 || len(b) > 0 {
		switch c := nextOf(a, b); {
		case c < 0:
			diffs = append(diffs, Difference{Service: a[0].Service, Kinds: []DifferenceKind{OnlyA}, A: &a[0]})
			a = a[1:]
		case c > 0:
			diffs = append(diffs, Difference{Service: b[0].Service, Kinds: []DifferenceKind{OnlyB}, B: &b[0]})
			b = b[1:]
		default:
			if kinds := diffSummary(&a[0], &b[0]); len(kinds) > 0 {
				diffs = append(diffs, Difference{Service: a[0].Service, Kinds: kinds, A: &a[0], B: &b[0]})
			}
			a, b = a[1:], b[1:]
		}
	}
	return diffs
}

// nextOf says whose head comes first: a's (-1), b's (1), or both (0).
func nextOf(a, b []Summary) int {
	switch {
	case len(b) == 0:
		return -1
	case len(a) == 0:
		return 1
	default:
		return strings.Compare(a[0].Service, b[0].Service)
	}
}

func diffSummary(a, b *Summary) []DifferenceKind {
	var kinds []DifferenceKind
	sameTotal := a.Instances == b.Instances
	if !sameTotal {
		kinds = append(kinds, DiffersInCount)
	}
	if spreadDiffers(a.Versions, b.Versions, sameTotal) {
		kinds = append(kinds, DiffersInVersions)
	}
	if spreadDiffers(a.Protocols, b.Protocols, sameTotal) {
		kinds = append(kinds, DiffersInProtocols)
	}
	return kinds
}

// spreadDiffers reports whether instances are spread differently in a and b;
// their numbers count only where sameTotal says that they can be compared.
func spreadDiffers(a, b []Count, sameTotal bool) bool {
	if sameTotal {
		return !slices.Equal(a, b)
	}
	return !slices.Equal(values(a), values(b))
}

// values returns the values of counts, sorted.
func values(counts []Count) []string {
	names := make([]string, 0, len(counts))
	for _, c := range counts {
		names = append(names, c.Value)
	}
	slices.Sort(names)
	return names
}

// CountsText returns counts as "v2 (2) v1 (1)", or "v2" where there is only one.
func CountsText(counts []Count) string {
	if len(counts) == 1 {
		return counts[0].Value
	}
	parts := make([]string, 0, len(counts))
	for _, c := range counts {
		parts = append(parts, fmt.Sprintf("%s (%d)", c.Value, c.Count))
	}
	return strings.Join(parts, " ")
}
