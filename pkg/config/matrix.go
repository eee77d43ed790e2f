package config

import (
	"bytes"
	"slices"
)

// Row is a value that is not the same on all of several sides.
type Row struct {
	Key  Key
	Path Path
	// Values are what each side has there, nil for nothing.
	Values []*Node
	// Same is, for each side, the first side with the same value: itself, or one
	// before it.
	Same []int
	// Whole is true of an item that is compared as a whole, as it has no structure,
	// cannot be parsed on some side, or has the same bytes on all that have it.
	// Values then hold content, and Errs, nil or one a side, why it cannot be parsed.
	Whole bool
	Errs  []error
	// Unknown are the sides that may have the item and do not show it; nil for none.
	Unknown []bool
	// Expected is true where it is meant to differ.
	Expected bool
}

// Differs reports whether something certainly differs that is not meant to.
func (r *Row) Differs() bool { return !r.Expected && !r.MayBeSame() }

// MayBeSame reports whether all sides may have the same, as far as can be known.
func (r *Row) MayBeSame() bool {
	first := -1
	for i, same := range r.Same {
		if r.Unknown != nil && r.Unknown[i] {
			continue
		}
		if first >= 0 && same != first {
			return false
		}
		first = same
	}
	return true
}

// Matrix compares any number of sides, each sorted by Key.Compare: one row a value
// that differs, sorted by item, and in an item as it stands in the first side
// that has it. Of two sides the rows are what Compare tells. A list that is not
// matched by identity, and of which there are more than two, is one value where
// they are not equally long. The result points into the sides.
func Matrix(sides [][]Item, o CompareOptions) []Row {
	rows := []Row{}
	for key, items := range sideBySide(sides...) {
		m := matrix{differ: newDiffer(o.Options), key: key, expected: o.Expected.For(key), sides: sidesOf(items, &o)}
		m.compare(items)
		rows = append(rows, m.rows...)
	}
	return rows
}

// sidesOf returns the sides of which it is known what they have of an item.
func sidesOf(items []*Item, o *CompareOptions) []int {
	known := make([]int, 0, len(items))
	for i, item := range items {
		if item != nil || !o.mayHide(i) {
			known = append(known, i)
		}
	}
	return known
}

// matrix makes the rows of one item.
type matrix struct {
	*differ
	key      Key
	expected Rules
	sides    []int // that are compared
	rows     []Row
}

// compare adds the rows of an item.
func (m *matrix) compare(all []*Item) {
	items := make([]*Item, 0, len(m.sides))
	for _, side := range m.sides {
		items = append(items, all[side])
	}
	m.compareKnown(items)
	if len(m.sides) == len(all) {
		return
	}
	if len(m.rows) == 0 {
		m.addWhole(items)
	}
	for i := range m.rows {
		m.rows[i].widen(m.sides, len(all))
	}
}

// widen makes a row of all sides of one of those that are known.
func (r *Row) widen(known []int, all int) {
	narrow := *r
	r.Values, r.Same, r.Unknown = make([]*Node, all), make([]int, all), slices.Repeat([]bool{true}, all)
	if narrow.Errs != nil {
		r.Errs = make([]error, all)
	}
	for i := range r.Same {
		r.Same[i] = i
	}
	for i, side := range known {
		r.Values[side], r.Same[side], r.Unknown[side] = narrow.Values[i], known[narrow.Same[i]], false
		if narrow.Errs != nil {
			r.Errs[side] = narrow.Errs[i]
		}
	}
}

func (m *matrix) compareKnown(items []*Item) {
	var first *Item
	same, everywhere := true, true
	for _, item := range items {
		switch {
		case item == nil:
			everywhere = false
		case first == nil:
			first = item
		default:
			same = same && bytes.Equal(item.Content, first.Content)
		}
	}
	if same {
		if !everywhere {
			m.addWhole(items)
		}
		return
	}
	nodes, errs := parseAll(items)
	for i := range items {
		if items[i] != nil && nodes[i] == nil {
			m.addWhole(items)
			m.rows[len(m.rows)-1].Errs = orNil(errs)
			return
		}
	}
	m.walk(nodes)
}

// orNil returns errs, nil where none is one.
func orNil(errs []error) []error {
	if slices.ContainsFunc(errs, func(err error) bool { return err != nil }) {
		return errs
	}
	return nil
}

// addWhole adds a row of items as a whole.
func (m *matrix) addWhole(items []*Item) {
	content := make([]*Node, len(items))
	for i, item := range items {
		if item != nil {
			content[i] = &Node{Kind: String, Text: string(item.Content)}
		}
	}
	m.add(content)
	m.rows[len(m.rows)-1].Whole = true
}

func (m *matrix) add(values []*Node) {
	row := Row{Key: m.key, Path: slices.Clone(m.path), Values: values, Same: make([]int, len(values))}
	for i := range values {
		row.Same[i] = slices.IndexFunc(values, func(v *Node) bool { return m.equal(v, values[i]) })
	}
	row.Expected = m.expected.matchPath(m.path)
	m.rows = append(m.rows, row)
}

// walk adds the rows for what the sides have at one path. Some side has something.
func (m *matrix) walk(values []*Node) {
	present := slices.DeleteFunc(slices.Clone(values), func(v *Node) bool { return v == nil })
	other := func(v *Node) bool { return !m.equal(v, present[0]) }
	everywhere := len(present) == len(values)
	kind := present[0].Kind
	if slices.ContainsFunc(present, func(v *Node) bool { return v.Kind != kind }) || len(m.path) >= deepest {
		kind = Null // compared as a whole
	}
	by, keys := m.identifyAll(present, kind)
	switch {
	case !everywhere && !slices.ContainsFunc(present, other):
		m.add(values)
	case keys != nil:
		m.walkKeyed(values, by, keys)
	case kind == List && everywhere && m.areTwo(values):
		m.walkTwo(values)
	case kind == List && everywhere && !m.ignoreOrder && sameLength(present):
		for i := range present[0].Nodes {
			m.inside(Step{List: true, Index: i}, values, func(int) int { return i })
		}
	case slices.ContainsFunc(present, other):
		m.add(values)
	}
}

// areTwo reports whether there are exactly two different ones among values.
func (m *matrix) areTwo(values []*Node) bool {
	second := m.unlike(values)
	return second != nil && !slices.ContainsFunc(values, func(v *Node) bool { return !m.equal(v, values[0]) && !m.equal(v, second) })
}

// unlike returns the first of values that is not as the first one is, nil for none.
func (m *matrix) unlike(values []*Node) *Node {
	for _, v := range values {
		if !m.equal(v, values[0]) {
			return v
		}
	}
	return nil
}

// walkTwo adds a row for each change from the one to the other of two Lists that the
// sides have between them.
func (m *matrix) walkTwo(values []*Node) {
	isFirst := make([]bool, len(values))
	for i, v := range values {
		isFirst[i] = m.equal(v, values[0])
	}
	m.changes = nil
	m.diffLists(values[0], m.unlike(values))
	path := m.path
	for _, c := range m.changes {
		of := make([]*Node, len(values))
		for i := range of {
			if of[i] = c.After; isFirst[i] {
				of[i] = c.Before
			}
		}
		m.path = c.Path
		m.add(of)
	}
	m.path = path
}

func sameLength(lists []*Node) bool {
	return !slices.ContainsFunc(lists, func(v *Node) bool { return len(v.Nodes) != len(lists[0].Nodes) })
}

// identifyAll returns the keys of Maps, and of Lists the identity key that fits
// all of them with what their elements have there; no keys where none does.
func (m *matrix) identifyAll(values []*Node, kind Kind) (by string, keys [][]string) {
	switch kind {
	case Map:
		for _, v := range values {
			keys = append(keys, v.Keys)
		}
		return "", keys
	case List:
		for _, by := range m.ids {
			keys = keys[:0]
			for _, v := range values {
				if ids := v.identities(by); ids != nil {
					keys = append(keys, ids)
				}
			}
			if len(keys) == len(values) {
				return by, keys
			}
		}
	default:
	}
	return "", nil
}

// walkKeyed goes through every key that a side has; keys are those of the sides
// that have a value.
func (m *matrix) walkKeyed(values []*Node, by string, keys [][]string) {
	in := make([]finder, len(values))
	flat := false
	for i, v := range values {
		if v != nil {
			in[i].keys, keys = keys[0], keys[1:]
			flat = flat || v.Flat
		}
	}
	for i := range values {
		for _, k := range in[i].keys {
			if anyHas(in[:i], k) {
				continue // it was told
			}
			m.inside(matched{key: by, flat: flat}.step(k), values, func(side int) int { return in[side].find(k) })
		}
	}
}

func anyHas(in []finder, key string) bool {
	for i := range in {
		if in[i].find(key) >= 0 {
			return true
		}
	}
	return false
}

// inside walks what the sides have at step, where of gives their positions, -1 for none.
func (m *matrix) inside(step Step, values []*Node, of func(side int) int) {
	below := make([]*Node, len(values))
	for side, v := range values {
		if v == nil {
			continue
		}
		if i := of(side); i >= 0 {
			below[side] = &v.Nodes[i]
		}
	}
	m.path = append(m.path, step)
	m.walk(below)
	m.path = m.path[:len(m.path)-1]
}
