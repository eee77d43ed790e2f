package config

import (
	"bytes"
	"iter"
	"slices"
)

// CompareOptions say what is a difference between items, and which are meant.
type CompareOptions struct {
	Options
	// Expected fit the values that are meant to differ: they are told apart.
	Expected Rules
	// Partial says, side by side, of which it is known that they have more items
	// than they showed: what they lack may be there. Sides behind its end have not.
	Partial []bool
}

// mayHide reports whether a side may have an item that it did not show.
func (o *CompareOptions) mayHide(side int) bool { return side < len(o.Partial) && o.Partial[side] }

// ItemDiffKind says how an item differs.
type ItemDiffKind string

// The kinds. Whole is of what has no structure, or cannot be parsed; Unknown of
// what one side has, and the other may have without showing it.
const (
	OnlyA   ItemDiffKind = "onlyA"
	OnlyB   ItemDiffKind = "onlyB"
	Inside  ItemDiffKind = "inside"
	Whole   ItemDiffKind = "whole"
	Unknown ItemDiffKind = "unknown"
)

// ItemDiff is an item that is not the same on two sides.
type ItemDiff struct {
	Key  Key
	Kind ItemDiffKind
	// A and B are the two sides; nil where there is none.
	A, B *Item
	// Changes are what differs inside and is not meant to, Expected what is. Of
	// the other kinds they are empty, and AllExpected says whether it is meant.
	Changes, Expected []Change
	AllExpected       bool
	// ErrA and ErrB are why a side cannot be parsed: nil, or a *ParseError.
	ErrA, ErrB error
}

// Differs reports whether something certainly differs that is not meant to.
func (d *ItemDiff) Differs() bool {
	switch d.Kind {
	case Inside:
		return len(d.Changes) > 0
	case Unknown:
		return false
	default:
		return !d.AllExpected
	}
}

// Totals count what Compare found.
type Totals struct {
	Items int // on either side
	// Items that differ, and not as is meant; of those, the ones that stand on one
	// side only, and the ones that differ as a whole.
	Differ, OnlyA, OnlyB, Whole int
	// Items that only A has, or only B, as far as can be known.
	UnknownA, UnknownB int
	// Values inside of items that are other ones, or on one side only.
	Changed, PathsOnlyA, PathsOnlyB int
	// Values, and items as a whole, that differ as is meant.
	Expected int
	// Items that differ and cannot be parsed on a side.
	Unparsed int
}

// Comparison is what differs between two sides: items sorted by key.
type Comparison struct {
	Items  []ItemDiff
	Totals Totals
}

// Compare tells where b differs from a, both sorted by Key.Compare. Items with
// the same bytes are not even parsed; of others the trees are compared, also
// where one is YAML and the other JSON. The result points into a and b.
func Compare(a, b []Item, o CompareOptions) Comparison {
	c := Comparison{Items: []ItemDiff{}}
	for key, sides := range sideBySide(a, b) {
		c.Totals.Items++
		if d := (ItemDiff{Key: key, A: sides[0], B: sides[1]}); !d.sameBytes() {
			c.Items = append(c.Items, d)
		}
	}
	atOnce(len(c.Items), func(i int) { c.Items[i].tell(&o) })
	c.Items = slices.DeleteFunc(c.Items, func(d ItemDiff) bool {
		return d.Kind == Inside && len(d.Changes) == 0 && len(d.Expected) == 0
	})
	for i := range c.Items {
		c.Totals.add(&c.Items[i])
	}
	return c
}

func (d *ItemDiff) sameBytes() bool {
	return d.A != nil && d.B != nil && bytes.Equal(d.A.Content, d.B.Content)
}

// tell fills in how the two sides differ, and whether that is meant.
func (d *ItemDiff) tell(o *CompareOptions) {
	expected := o.Expected.For(d.Key)
	switch {
	case d.B == nil:
		d.Kind = OnlyA
	case d.A == nil:
		d.Kind = OnlyB
	default:
		d.compare(o.Options, expected)
	}
	d.AllExpected = d.Kind != Inside && expected.matchPath(nil)
	if !d.AllExpected && (d.Kind == OnlyA && o.mayHide(1) || d.Kind == OnlyB && o.mayHide(0)) {
		d.Kind = Unknown
	}
}

// compare fills in how two contents differ.
func (d *ItemDiff) compare(o Options, expected Rules) {
	nodes, errs := parseAll([]*Item{d.A, d.B})
	d.ErrA, d.ErrB = errs[0], errs[1]
	if nodes[0] == nil || nodes[1] == nil {
		d.Kind = Whole
		return
	}
	d.Kind = Inside
	for _, c := range Diff(nodes[0], nodes[1], o) {
		if expected.matchPath(c.Path) {
			d.Expected = append(d.Expected, c)
		} else {
			d.Changes = append(d.Changes, c)
		}
	}
}

func (t *Totals) add(d *ItemDiff) {
	t.Expected += len(d.Expected)
	if d.AllExpected {
		t.Expected++
	}
	if d.ErrA != nil || d.ErrB != nil {
		t.Unparsed++
	}
	if d.Differs() {
		t.Differ++
	}
	switch {
	case d.Kind == Unknown && d.B == nil:
		t.UnknownA++
	case d.Kind == Unknown:
		t.UnknownB++
	case d.Differs():
		t.addDifference(d)
	}
}

func (t *Totals) addDifference(d *ItemDiff) {
	switch d.Kind {
	case OnlyA:
		t.OnlyA++
	case OnlyB:
		t.OnlyB++
	case Whole:
		t.Whole++
	case Inside:
		t.addChanges(d.Changes)
	case Unknown:
	}
}

func (t *Totals) addChanges(changes []Change) {
	for _, c := range changes {
		switch {
		case c.After == nil:
			t.PathsOnlyA++
		case c.Before == nil:
			t.PathsOnlyB++
		default:
			t.Changed++
		}
	}
}

// sideBySide yields each key of the sides, which are sorted, with the item that
// each side has there, nil for none. The items are overwritten by the next.
func sideBySide(sides ...[]Item) iter.Seq2[Key, []*Item] {
	return func(yield func(Key, []*Item) bool) {
		rest := slices.Clone(sides)
		items := make([]*Item, len(sides))
		for key, ok := firstKey(rest); ok; key, ok = firstKey(rest) {
			for s, side := range rest {
				items[s] = nil
				if len(side) > 0 && side[0].Key == key {
					items[s], rest[s] = &side[0], side[1:]
				}
			}
			if !yield(key, items) {
				return
			}
		}
	}
}

// firstKey returns the lowest key of the sides, false where they are empty.
func firstKey(sides [][]Item) (key Key, ok bool) {
	for _, side := range sides {
		if len(side) > 0 && (!ok || side[0].Compare(key) < 0) {
			key, ok = side[0].Key, true
		}
	}
	return key, ok
}
