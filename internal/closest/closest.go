// Package closest finds what a mistyped word most likely meant.
package closest

import (
	"strings"
	"unicode/utf8"
)

// maxWord is the longest word, in bytes, that is compared at all: nobody
// mistypes a name that long, and the comparison takes quadratic time.
const maxWord = 64

// To returns the one of among that word most likely meant, or "" where none is
// near enough to be worth a guess. Case does not count; of equally near ones the
// first wins. A word that begins exactly one of among, in three letters or
// more, is near it however much is missing.
func To(word string, among []string) string {
	if word == "" || len(word) > maxWord {
		return ""
	}
	lower := strings.ToLower(word)
	best, least := "", max(1, utf8.RuneCountInString(word)/3)+1
	prefixed, begun := "", 0
	for _, candidate := range among {
		if len(candidate) > maxWord {
			continue
		}
		c := strings.ToLower(candidate)
		if len(lower) >= 3 && strings.HasPrefix(c, lower) {
			prefixed, begun = candidate, begun+1
		}
		if d := distance([]rune(lower), []rune(c)); d < least && d < utf8.RuneCountInString(c) {
			best, least = candidate, d
		}
	}
	if best == "" && begun == 1 {
		return prefixed
	}
	return best
}

// distance counts the letters to insert, delete, replace or swap with their
// neighbour that make b of a (optimal string alignment).
func distance(a, b []rune) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range a {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range b {
			change := last[j]
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
