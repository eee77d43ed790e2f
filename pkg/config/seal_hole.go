package config

import (
	"fmt"
	"slices"
	"strings"

	"govctl/internal/mask"
	"govctl/pkg/change"
)

// hole is a range of content that holds a secret.
type hole struct {
	start, end int
	where      string         // a path, or a line
	from       *change.Origin // how it was given, nil for as it is
}

// secrets returns the holes in the content of i, in order. Without them it says no
// more than MaskedContent does.
func (i *Item) secrets() []hole {
	text, offset := i.text()
	holes := i.holes(text)
	if len(holes) == 0 {
		return nil
	}
	places := i.places()
	for n := range holes {
		h := &holes[n]
		h.start += offset
		h.end += offset
		h.where = places.name(string(i.Content), *h)
	}
	return holes
}

// text returns the content without a byte order mark, and how long that is.
func (i *Item) text() (text string, offset int) {
	text = strings.TrimPrefix(string(i.Content), byteOrderMark)
	return text, len(i.Content) - len(text)
}

// holes returns those in text, without their names.
func (i *Item) holes(text string) []hole {
	m := mask.Blank()
	root, _ := i.parse()
	if root == nil {
		return holesOf(text, m.Text(text))
	}
	format, _ := Detect(i.Declared, i.Name, i.Content)
	edits, _, ok := splices(text, format, root, Masked(root, m))
	if !ok {
		return holesOf(text, string(MaskedContent(*i, m)))
	}
	// The marks stand in the text as it is written, and not as it was rewritten.
	var marked strings.Builder
	done := 0
	for _, e := range edits {
		for _, h := range holesOf(text[e.start:e.end], e.with) {
			marked.WriteString(text[done:e.start+h.start] + mask.Marker)
			done = e.start + h.end
		}
	}
	marked.WriteString(text[done:])
	if format == JSON {
		return holesOf(text, marked.String())
	}
	return holesOf(text, comments(marked.String(), m))
}

// holesOf returns what in text is masked, without blanks around it. Where masked
// has something else than the marker in place of what is in text, that is one hole.
func holesOf(text, masked string) []hole {
	if masked == text {
		return nil
	}
	holes, ok := gaps(text, strings.Split(masked, mask.Marker))
	if !ok {
		holes = []hole{outer(text, masked)}
	}
	for n := range holes {
		h := &holes[n]
		inside := strings.TrimLeft(text[h.start:h.end], " \t\r\n")
		if inside == "" {
			continue
		}
		h.start = h.end - len(inside)
		h.end = h.start + len(strings.TrimRight(inside, " \t\r\n"))
	}
	return holes
}

// gaps returns what stands in text between literals, the first of which begins it
// and the last ends it; ok is false where it is not made so.
func gaps(text string, literals []string) (holes []hole, ok bool) {
	last := len(literals) - 1
	if last == 0 || !strings.HasPrefix(text, literals[0]) {
		return nil, false
	}
	at := len(literals[0])
	for n, l := range literals[1:] {
		end := len(text) - len(l)
		if n+1 < last {
			if at+1 > len(text) {
				return nil, false
			}
			end = strings.Index(text[at+1:], l) // a secret is not empty
			if end < 0 {
				return nil, false
			}
			end += at + 1
		}
		if end <= at || !strings.HasSuffix(text[:end+len(l)], l) {
			return nil, false
		}
		holes = append(holes, hole{start: at, end: end})
		at = end + len(l)
	}
	return holes, true
}

// outer returns what of text is another thing in masked, from the first byte to the
// last.
func outer(text, masked string) hole {
	start := 0
	for start < min(len(text), len(masked)) && text[start] == masked[start] {
		start++
	}
	end := len(text)
	for n := len(masked); end > start && n > start && text[end-1] == masked[n-1]; n-- {
		end--
	}
	if start >= end { // the same but for what masked has more
		return hole{end: len(text)}
	}
	return hole{start: start, end: end}
}

// placed is a scalar of a document, and where it stands.
type placed struct {
	start, end int
	where      string
}

// placesOf are the scalars of a document in the order in which they stand.
type placesOf []placed

// places returns those of i; none where it has no structure.
func (i *Item) places() placesOf {
	root, err := i.parse()
	if root == nil || err != nil {
		return nil
	}
	s, offset := i.splicer()
	var places placesOf
	for path, n := range Scalars(root) {
		if start, raw := s.place(n); raw != "" {
			path = MaskedChange(Change{Path: path}, mask.Blank()).Path // a key can be a secret, too
			places = append(places, placed{offset + start, offset + start + len(raw), path.String()})
		}
	}
	slices.SortStableFunc(places, func(a, b placed) int { return a.start - b.start })
	return places
}

// splicer returns what finds values in the content, from an offset on.
func (i *Item) splicer() (s *splicer, offset int) {
	text, offset := i.text()
	format, _ := Detect(i.Declared, i.Name, i.Content)
	return &splicer{text: text, format: format, starts: lineStarts(text)}, offset
}

// name returns the path of the value that a hole is in, or its line.
func (p placesOf) name(text string, h hole) string {
	n, _ := slices.BinarySearchFunc(p, h.start, func(p placed, at int) int {
		if p.start <= at {
			return -1
		}
		return 1
	})
	if n > 0 && h.end <= p[n-1].end && p[n-1].where != "" {
		return p[n-1].where
	}
	line, _ := position(text, h.start)
	return fmt.Sprintf("line %d", line)
}

// holeAt returns the range of the text of a scalar; ok is false where it is not
// there as it is, but with escapes.
func (i *Item) holeAt(path Path) (h hole, ok bool) {
	root, err := i.parse()
	if root == nil || err != nil {
		return hole{}, false
	}
	if root.Flat {
		path = Path{{Key: path.String(), Flat: true}}
	}
	n, ok := root.At(path)
	if !ok || n.Text == "" || len(n.Nodes) > 0 {
		return hole{}, false
	}
	s, offset := i.splicer()
	start, raw := s.place(n)
	in := strings.Index(raw, n.Text)
	if in < 0 {
		return hole{}, false
	}
	start += offset + in
	return hole{start: start, end: start + len(n.Text), where: MaskedChange(Change{Path: path}, mask.Blank()).Path.String()}, true
}
