package config

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// common returns how many elements a and b have in common in one order, the slow
// and certain way.
func common(a, b []uint64) int {
	best := make([][]int, len(a)+1)
	for i := range best {
		best[i] = make([]int, len(b)+1)
	}
	for i, x := range a {
		for j, y := range b {
			if x == y {
				best[i+1][j+1] = best[i][j] + 1
			} else {
				best[i+1][j+1] = max(best[i][j+1], best[i+1][j])
			}
		}
	}
	return best[len(a)][len(b)]
}

func TestFewestLeavesFewestOver(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	few := func() []uint64 {
		s := make([]uint64, r.IntN(20))
		for i := range s {
			s[i] = r.Uint64N(3)
		}
		return s
	}
	for range 2000 {
		a, b := few(), few()
		got := fewest(a, b)
		ascends := slices.IsSortedFunc(got, func(p, q pair) int { return min(p.a-q.a, p.b-q.b) - 1 })
		same := !slices.ContainsFunc(got, func(p pair) bool { return a[p.a] != b[p.b] })
		if want := common(a, b); len(got) != want || !ascends || !same {
			t.Fatalf("fewest(%v, %v) = %v; want %d pairs of the same, ascending", a, b, got, want)
		}
	}
}
