package config

import "slices"

// merger finds the Points of one item.
type merger struct {
	*differ
	*sums

	rules  *promotionRules
	base   *base
	closed bool // nothing is known of what was agreed inside
	whole  bool // it is about the item as a whole
	points []Point
}

// walk compares what stands at one path.
func (m *merger) walk(a, b *Node) {
	if by, ok := m.inside(a, b); ok {
		closed := m.closed
		m.closed = closed || m.base.closedAt(m.sums, m.path, by.key)
		m.each(by, a, b, m.walk)
		m.closed = closed
		return
	}
	if !m.equal(a, b) {
		m.unit(a, b)
	}
}

// inside tells whether two values are merged by what is in them, and by which keys.
func (m *merger) inside(a, b *Node) (matched, bool) {
	if a == nil || b == nil || len(m.path) >= deepest {
		return matched{}, false
	}
	return m.both(a, b)
}

// both tells whether two values are looked into, and by which keys.
func (d *differ) both(a, b *Node) (matched, bool) {
	switch {
	case a.Kind != b.Kind:
	case a.Kind == Map:
		return matched{flat: a.Flat || b.Flat, a: a.Keys, b: b.Keys}, true
	case a.Kind == List:
		by := d.identify(a, b)
		return by, by.key != ""
	}
	return matched{}, false
}

// each calls do for all that is in a or b, in the order of a and then of b; either
// may be nil.
func (d *differ) each(by matched, a, b *Node, do func(a, b *Node)) {
	step := func(key string, a, b *Node) {
		d.path = append(d.path, by.step(key))
		do(a, b)
		d.path = d.path[:len(d.path)-1]
	}
	in := finder{keys: by.b}
	for i, key := range by.a {
		if j := in.find(key); j >= 0 {
			step(key, &a.Nodes[i], &b.Nodes[j])
		} else {
			step(key, &a.Nodes[i], nil)
		}
	}
	in = finder{keys: by.a}
	for j, key := range by.b {
		if in.find(key) < 0 {
			step(key, nil, &b.Nodes[j])
		}
	}
}

// unit adds a Point for what differs and is not looked into. What rules hold back
// inside of what only A has is taken out of it, and added for itself.
func (m *merger) unit(a, b *Node) {
	at := slices.Clone(m.path)
	fate := m.rules.fate(at)
	var inner []Point
	if fate == "" && !m.whole && !m.rules.none() {
		if fate = m.innerFate(b); fate == "" && b == nil {
			var kept *Node
			if kept, inner = m.strip(a); kept != nil {
				a = kept
			} else {
				m.points = append(m.points, inner...)
				return
			}
		} else if fate == "" {
			fate = m.innerFate(a)
		}
	}
	if fate == "" {
		fate = m.agreed(m.bare(a), b)
	}
	m.points = append(append(m.points, Point{Path: at, A: a, B: b, Fate: fate}), inner...)
}

// bare returns what stands in A without what rules hold back, which is how it is
// agreed about; all of it where nothing else is there.
func (m *merger) bare(a *Node) *Node {
	if a.isInside() && !m.rules.none() {
		if kept, _ := m.strip(a); kept != nil {
			return kept
		}
	}
	return a
}

// agreed returns the fate of a value by what was agreed.
func (m *merger) agreed(a, b *Node) Fate {
	was, known := m.base.at(m.sums, m.path)
	if m.closed || !known {
		return Unrelated
	}
	changedA, changedB := m.valueSum(m.path, a) != was.a, m.valueSum(m.path, b) != was.b
	switch {
	case changedA && changedB:
		return Conflict
	case changedA && a == nil:
		return Gone
	case changedA:
		return Up
	case changedB:
		return Kept
	}
	return Accepted
}

// own returns the keys by which the elements of one value are told apart.
func (d *differ) own(n *Node) (matched, bool) {
	switch {
	case n == nil:
		return matched{}, false
	case n.Kind == Map:
		return matched{flat: n.Flat, a: n.Keys}, true
	case n.Kind == List:
		by := d.identify(n, n)
		by.b = nil
		return by, by.key != ""
	}
	return matched{}, false
}

// innerFate returns Expected or Protected where a rule fits something inside n, which
// stands at m.path; else "".
func (m *merger) innerFate(n *Node) Fate {
	fate := Fate("")
	if n == nil {
		return fate
	}
	look := func(inner, _ *Node) {
		if fate == "" {
			if fate = m.rules.fate(m.path); fate == "" {
				fate = m.innerFate(inner)
			}
		}
	}
	if by, ok := m.own(n); ok {
		m.each(by, n, nil, look)
		return fate
	}
	for i := range n.Nodes {
		m.path = append(m.path, Step{List: true, Index: i})
		look(&n.Nodes[i], nil)
		m.path = m.path[:len(m.path)-1]
	}
	return fate
}

// strip returns n, which stands at m.path, without what rules hold back, and that as
// Points: nil where nothing else is there.
func (m *merger) strip(n *Node) (kept *Node, held []Point) {
	if m.innerFate(n) == "" {
		return n, nil
	}
	by, ok := m.own(n)
	if !ok { // a list that cannot be told apart is one value
		return nil, []Point{{Path: slices.Clone(m.path), A: n, Fate: m.innerFate(n)}}
	}
	out := *n
	out.Keys, out.Nodes = nil, nil
	m.each(by, n, nil, func(inner, _ *Node) {
		if fate := m.rules.fate(m.path); fate != "" {
			held = append(held, Point{Path: slices.Clone(m.path), A: inner, Fate: fate})
			return
		}
		left, more := m.strip(inner)
		held = append(held, more...)
		if left == nil {
			return
		}
		out.Nodes = append(out.Nodes, *left)
		if n.Kind == Map {
			out.Keys = append(out.Keys, m.path[len(m.path)-1].Key)
		}
	})
	if len(out.Nodes) == 0 {
		return nil, held
	}
	return &out, held
}
