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
		return append(b.shadows, Shadow{b.from.key, b.node()})
	}
	shares := b.shares()
	slices.SortFunc(shares, func(x, y share) int { return cmp.Or(x.from.layer-y.from.layer, x.from.item-y.from.item) })
	out := make([]Shadow, 0, len(shares))
	for _, p := range shares {
		out = append(out, Shadow{p.from.key, p.node})
	}
	return out
}

// share is what of a branch comes from one item.
type share struct {
	from *origin
	node *Node
}

// shares returns what b is put together from, one share an item.
func (b *branch) shares() []share {
	if len(b.keys) == 0 {
		return []share{{b.from, b.node()}}
	}
	var shares []share
	at := map[*origin]int{}
	for _, k := range b.keys {
		for _, p := range b.kids[k].shares() {
			i, known := at[p.from]
			if !known {
				i = len(shares)
				at[p.from], shares = i, append(shares, share{p.from, &Node{Kind: Map}})
			}
			n := shares[i].node
			n.Keys, n.Nodes = append(n.Keys, k), append(n.Nodes, *p.node)
		}
	}
	return shares
}

// node returns a leaf, or the map that has no kids.
func (b *branch) node() *Node {
	if b.leaf != nil {
		return b.leaf
	}
	return &Node{Kind: Map}
}

// values appends every leaf of b, and each map without kids, to out.
func (b *branch) values(path Path, out []EffectiveValue) []EffectiveValue {
	if len(b.keys) == 0 {
		if len(path) == 0 { // there is nothing at all
			return out
		}
		shadows := slices.Clone(b.shadows)
		slices.Reverse(shadows)
		return append(out, EffectiveValue{Path: slices.Clone(path), Value: b.node(), Layer: b.from.key, Shadows: shadows})
	}
	for _, k := range b.keys {
		out = b.kids[k].values(append(path, Step{Key: k, Flat: b.kids[k].flat}), out)
	}
	return out
}
