package render

import (
	"cmp"
	"fmt"
	"strings"
)

// maxBar is how many blocks a bar has at most.
const maxBar = 10

// Part is one part of a whole that is counted.
type Part struct {
	N     int
	Glyph rune   // its block in the bar: █ ▒ ░
	Word  string // what is counted: "passing"
	Style Style
}

// Bar returns parts as a row of blocks and words, "██▒ 2 passing 1 critical",
// in the order given and without those that are zero. Up to ten, each one counted
// is a block; above, the blocks are in proportion, and whatever is not zero has
// one at least. The style is the one that wants the most attention. Of nothing
// at all the text is empty.
func Bar(parts []Part) Cell {
	var (
		bar, words strings.Builder
		style      Style
	)
	blocks := shares(parts)
	for i, p := range parts {
		if p.N <= 0 {
			continue
		}
		bar.WriteString(strings.Repeat(string(p.Glyph), blocks[i]))
		fmt.Fprintf(&words, " %d %s", p.N, p.Word)
		style = max(style, p.Style)
	}
	return Cell{Text: bar.String() + words.String(), Style: style}
}

// shares returns how many blocks each part gets: in proportion, rounded so that
// they add up to maxBar.
func shares(parts []Part) []int {
	total, blocks := 0, make([]int, len(parts))
	for i, p := range parts {
		blocks[i] = max(p.N, 0)
		total += blocks[i]
	}
	if total <= maxBar {
		return blocks
	}
	left := maxBar
	exact := make([]float64, len(parts))
	for i, n := range blocks {
		exact[i] = float64(n) / float64(total) * maxBar
		if n > 0 {
			blocks[i] = max(1, int(exact[i]))
		}
		left -= blocks[i]
	}
	for step := cmp.Compare(left, 0); left != 0; left -= step {
		i := furthest(exact, blocks, step)
		if i < 0 {
			break // more parts than blocks
		}
		blocks[i] += step
	}
	return blocks
}

// furthest returns the index of the part that one block more (step 1) or less
// (step -1) serves best, -1 where each has just one.
func furthest(exact []float64, blocks []int, step int) int {
	best, most := -1, 0.0
	for i, n := range blocks {
		off := (exact[i] - float64(n)) * float64(step)
		if n > 0 && n+step > 0 && (best < 0 || off > most) {
			best, most = i, off
		}
	}
	return best
}
