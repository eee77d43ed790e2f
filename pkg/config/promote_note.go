package config

import (
	"bytes"
	"encoding/json"
)

// Agreement is what is agreed about an item: digests, no content and no path.
type Agreement struct {
	Key  Key
	Note []byte
}

// Agreements returns what is agreed once the Changes are made about each item of which
// something is decided: that, and what is the same in A and B, beside what was agreed
// before about the rest. From names the back-end of A.
func (p *Promotion) Agreements(from string, sum func([]byte) string) []Agreement {
	var all []Agreement
	for i := range p.Items {
		if r := newRecorder(&p.Items[i], &p.options, sum); r.decided() {
			all = r.add(all, from, p.Items[i].after())
		}
	}
	return all
}

// Same returns what is agreed about the items that are the same in A and B, where it
// is something new.
func (p *Promotion) Same(from string, sum func([]byte) string) []Agreement {
	var all []Agreement
	for i := range p.same {
		all = newRecorder(&p.same[i], &p.options, sum).add(all, from, p.same[i].root(p.same[i].B))
	}
	return all
}

// Baseline returns what is agreed where A and B are accepted as they are.
func (p *Promotion) Baseline(from string, sum func([]byte) string) []Agreement {
	var all []Agreement
	for i := range p.Items {
		if p.Items[i].Points[0].Fate != Unseen {
			all = newRecorder(&p.Items[i], &p.options, sum).add(all, from, p.Items[i].roots[1])
		}
	}
	return append(all, p.Same(from, sum)...)
}

// root returns what stands in an item, nil for none; what has no structure is text.
func (i *PromotedItem) root(item *Item) *Node {
	if item == nil {
		return nil
	}
	n, _ := item.parse() // what cannot be read is text
	if n == nil {
		n = &Node{Kind: String, Text: string(item.Content)}
	}
	return n
}

// after returns what then stands in B.
func (i *PromotedItem) after() *Node {
	switch {
	case i.Change == nil:
		return i.roots[1]
	case i.Change.After == nil:
		return nil
	}
	after := Item{Key: i.Key, Content: i.Change.After}
	if i.B != nil {
		after.Declared = i.B.Declared
	}
	return i.root(&after)
}

// recorder writes down what is agreed about an item.
type recorder struct {
	*differ
	*sums

	item      *PromotedItem
	left      map[string]bool // the paths about which what was agreed stays
	holdsLeft map[string]bool // those above one that waits for a decision
	leaving   bool            // what is left is around
	out       base
}

func newRecorder(i *PromotedItem, o *PromoteOptions, sum func([]byte) string) *recorder {
	return &recorder{differ: newDiffer(o.Options), sums: newSums(sum), item: i, left: map[string]bool{}, holdsLeft: map[string]bool{}}
}

// decided leaves what nobody decided, and tells whether there is something else.
func (r *recorder) decided() bool {
	decided := false
	for j := range r.item.Points {
		p := &r.item.Points[j]
		if r.item.moved[j] || p.Took == SideB && p.decidable() {
			decided = true
			continue
		}
		r.left[p.Path.String()] = true
		for n := 0; p.Fate != Expected && p.Fate != Protected && n < len(p.Path); n++ {
			r.holdsLeft[p.Path[:n].String()] = true
		}
	}
	return decided
}

// add adds the agreement about what stands in A and is to stand in B, unless it is
// the one that there was.
func (r *recorder) add(all []Agreement, from string, b *Node) []Agreement {
	i := r.item
	a := i.root(i.A)
	r.out = base{From: from, Item: i.String(), Paths: map[string][]string{}}
	if a != nil || b != nil {
		r.walk(a, b)
	}
	note, err := json.Marshal(r.out)
	if err != nil || bytes.Equal(note, i.noted) { // texts have a form
		return all
	}
	return append(all, Agreement{i.Key, note})
}

// walk writes down what stands at one path, and inside.
func (r *recorder) walk(a, b *Node) {
	text, leaving := r.path.String(), r.leaving
	r.leaving = leaving || r.left[text]
	by, inside := r.inner(a, b)
	was, path := r.item.base, r.pathSum(r.path)
	switch {
	case !r.leaving && !r.holdsLeft[text]:
		r.out.Paths[path] = r.entry(a, b, by, inside)
	case was == nil || was.unrelated[path]:
		r.out.Unrelated = append(r.out.Unrelated, path)
	case was.Paths[path] != nil:
		r.out.Paths[path] = was.Paths[path]
	}
	if inside {
		r.each(by, a, b, r.walk)
	}
	r.leaving = leaving
}

// entry is what is agreed about one path.
func (r *recorder) entry(a, b *Node, by matched, inside bool) []string {
	m := merger{differ: r.differ, rules: &r.item.rules}
	entry := []string{r.valueSum(r.path, m.bare(a)), r.valueSum(r.path, b)}
	switch {
	case inside && by.key != "":
		entry = append(entry, by.key)
	case !inside && (a.isInside() || b.isInside()):
		entry = append(entry, "-")
	}
	return entry
}

// isInside tells whether a value may have others in it.
func (n *Node) isInside() bool { return n != nil && (n.Kind == Map || n.Kind == List) }

// inner tells whether two values, of which one may be nil, are looked into, and by
// which keys.
func (r *recorder) inner(a, b *Node) (matched, bool) {
	switch {
	case r.item.Why != nil && r.item.Whole, r.item.large, len(r.path) >= deepest:
		return matched{}, false
	case a == nil:
		by, ok := r.own(b)
		by.a, by.b = nil, by.a
		return by, ok
	case b == nil:
		return r.own(a)
	}
	return r.both(a, b)
}
