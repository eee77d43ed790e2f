package config

import "strings"

// TextLine is a line of a difference between two texts. Op is '-' of one that only
// the first has, '+' of one that only the second has, ' ' of one that both have. Text
// has the line's end, but for the last line of a text that has none there.
type TextLine struct {
	Op   byte
	Text string
}

// Hunk is a part of two texts with lines that differ, and those around.
type Hunk struct {
	// FromA and FromB are the first lines, from 1; where a side has no lines here,
	// the line before, 0 for none. LinesA and LinesB are how many of them there are.
	FromA, LinesA, FromB, LinesB int
	Lines                        []TextLine
}

// around is how many lines that are the same stand before and behind others.
const around = 3

// DiffText returns where two texts differ line by line, as unified diffs do, none
// where they are the same. Its lines are matched as elements of lists are: texts of
// 100,000 lines take no longer than a sort.
func DiffText(a, b string) []Hunk {
	t := newTextDiff(a, b)
	return t.hunks(t.spans())
}

// textDiff compares texts. A line is a number in idsA and idsB, the same for the same.
type textDiff struct {
	a, b       []string
	idsA, idsB []uint64
}

func newTextDiff(a, b string) *textDiff {
	t := &textDiff{}
	known := map[string]uint64{}
	number := func(text string) (lines []string, ids []uint64) {
		for line := range strings.Lines(text) {
			id, ok := known[line]
			if !ok {
				id = uint64(len(known))
				known[line] = id
			}
			lines, ids = append(lines, line), append(ids, id)
		}
		return lines, ids
	}
	t.a, t.idsA = number(a)
	t.b, t.idsB = number(b)
	return t
}

// span is a run of lines of each side, one of which may be empty, from a position up
// to another.
type span struct{ from, to pair }

// spans returns what differs, in order.
func (t *textDiff) spans() []span {
	from, to := 0, pair{len(t.idsA), len(t.idsB)}
	for from < min(to.a, to.b) && t.idsA[from] == t.idsB[from] {
		from++
	}
	for from < min(to.a, to.b) && t.idsA[to.a-1] == t.idsB[to.b-1] {
		to = pair{to.a - 1, to.b - 1}
	}
	var found []span
	next := pair{from, from}
	add := func(end pair) {
		if next != end {
			found = append(found, span{next, end})
		}
	}
	for _, p := range align(t.idsA[from:to.a], t.idsB[from:to.b]) {
		p = pair{p.a + from, p.b + from}
		add(p)
		next = pair{p.a + 1, p.b + 1}
	}
	add(to)
	return found
}

// hunks returns spans with the lines around them; those that are near to each other
// are one.
func (t *textDiff) hunks(spans []span) []Hunk {
	var all []Hunk
	for len(spans) > 0 {
		n := 1
		for n < len(spans) && spans[n].from.a-spans[n-1].to.a <= 2*around {
			n++
		}
		all = append(all, t.hunk(spans[:n]))
		spans = spans[n:]
	}
	return all
}

func (t *textDiff) hunk(spans []span) Hunk {
	first, last := spans[0].from, spans[len(spans)-1].to
	before, behind := min(around, first.a), min(around, len(t.a)-last.a)
	at := first.a - before
	h := Hunk{
		FromA: at, LinesA: last.a + behind - at,
		FromB: first.b - before, LinesB: last.b + behind - (first.b - before),
	}
	if h.LinesA > 0 {
		h.FromA++
	}
	if h.LinesB > 0 {
		h.FromB++
	}
	for _, s := range spans {
		h.add(' ', t.a[at:s.from.a])
		h.add('-', t.a[s.from.a:s.to.a])
		h.add('+', t.b[s.from.b:s.to.b])
		at = s.to.a
	}
	h.add(' ', t.a[at:at+behind])
	return h
}

func (h *Hunk) add(op byte, lines []string) {
	for _, l := range lines {
		h.Lines = append(h.Lines, TextLine{op, l})
	}
}
