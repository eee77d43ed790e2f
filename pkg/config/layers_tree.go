package config

import (
	"cmp"
	"slices"
)

// origin is where a value comes from: an item, and its place in the layers.
type origin struct {
	key         Key
	layer, item int
}

// branch is a value of a document that is put together from several items: a map
// with its kids, or a leaf.
type branch struct {
	leaf *Node // nil for a map
	kids map[string]*branch
	keys []string // of kids, in order
	from *origin  // of a leaf, or of a map without kids
	flat bool     // it is in a map that is Node.Flat
	// shadows are what a leaf, or a map without kids, hides, the weakest first.
	shadows []Shadow
}

// grow returns the value n of an item.
func grow(n *Node, from *origin) *branch {
	if n.Kind != Map {
		return &branch{leaf: n, from: from}
	}
	b := &branch{kids: make(map[string]*branch, len(n.Keys)), from: from}
	for i, k := range n.Keys {
		kid := grow(&n.Nodes[i], from)
		kid.flat = n.Flat
		b.put(k, kid)
	}
	return b
}

func (b *branch) put(key string, kid *branch) {
	if b.kids[key] == nil {
		b.keys = append(b.keys, key)
	}
	b.kids[key] = kid
}

// merge returns what holds where over stands above b: maps become one, all else of
// over hides what b is, but where keep says that a leaf stays when a map is to
// take its place. Both may be changed.
func (b *branch) merge(over *branch, keep func(leaf *Node) bool) *branch {
	switch {
	case b.leaf != nil && over.leaf == nil && keep(b.leaf):
		b.shadows = append(b.shadows, over.hidden()...)
		return b
	case b.leaf != nil, over.leaf != nil:
		over.hide(b)
		return over
	}
	if len(b.keys) == 0 {
		b.from = over.from
	}
	for _, k := range over.keys {
		kid := over.kids[k]
		if old := b.kids[k]; old != nil {
			kid = old.merge(kid, keep)
		}
		b.put(k, kid)
	}
	return b
}

// never is keep of who lets every value be replaced.
func never(*Node) bool { return false }

// hide notes that b stands in the place of old. What of a map has nothing in its
// place, every leaf of b hides.
func (b *branch) hide(old *branch) {
	if b.leaf == nil && old.leaf == nil && len(b.keys) > 0 {
		lost := &branch{kids: map[string]*branch{}}
		for _, k := range old.keys {
			if kid := b.kids[k]; kid != nil {
				kid.hide(old.kids[k])
			} else {
				lost.put(k, old.kids[k])
			}
		}
		if len(lost.keys) > 0 {
			b.inherit(lost.hidden())
		}
		return
	}
	b.inherit(old.hidden())
}

// inherit adds to what every leaf of b hides. It takes shadows for its own.
func (b *branch) inherit(shadows []Shadow) {
	if len(b.keys) == 0 {
		b.shadows = append(shadows, b.shadows...)
	}
	for _, k := range b.keys {
		b.kids[k].inherit(slices.Clip(shadows))
	}
}

// hidden returns what b is, and hides, as what somebody else hides: of a map one
// value an item. b is no more.
func (b *branch) hidden() []Shadow {
	if len(b.keys) == 0 {
		return append(b.shadows, Shadow{b.from.key, b.node(b.from)})
	}
	from := b.origins(nil)
	slices.SortFunc(from, func(x, y *origin) int { return cmp.Or(x.layer-y.layer, x.item-y.item) })
	out := make([]Shadow, 0, len(from))
	for _, o := range from {
		out = append(out, Shadow{o.key, b.node(o)})
	}
	return out
}

// origins appends those of the leaves of b that are not among found.
func (b *branch) origins(found []*origin) []*origin {
	if len(b.keys) == 0 && !slices.Contains(found, b.from) {
		found = append(found, b.from)
	}
	for _, k := range b.keys {
		found = b.kids[k].origins(found)
	}
	return found
}

// node returns what of b comes from one item, nil for nothing.
func (b *branch) node(from *origin) *Node {
	switch {
	case b.leaf != nil && b.from == from:
		return b.leaf
	case b.leaf != nil, len(b.keys) == 0 && b.from != from:
		return nil
	}
	n := &Node{Kind: Map}
	for _, k := range b.keys {
		if kid := b.kids[k].node(from); kid != nil {
			n.Keys, n.Nodes = append(n.Keys, k), append(n.Nodes, *kid)
		}
	}
	if len(n.Keys) == 0 && len(b.keys) > 0 {
		return nil
	}
	return n
}

// values appends every leaf of b, and each map without kids, to out.
func (b *branch) values(path Path, out []EffectiveValue) []EffectiveValue {
	if len(b.keys) == 0 {
		if len(path) == 0 { // there is nothing at all
			return out
		}
		shadows := slices.Clone(b.shadows)
		slices.Reverse(shadows)
		return append(out, EffectiveValue{Path: slices.Clone(path), Value: b.node(b.from), Layer: b.from.key, Shadows: shadows})
	}
	for _, k := range b.keys {
		out = b.kids[k].values(append(path, Step{Key: k, Flat: b.kids[k].flat}), out)
	}
	return out
}
