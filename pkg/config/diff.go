package config

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Change is one place where two trees differ.
type Change struct {
	// Path is where. In Lists that are matched by position it counts the elements
	// as they stand before; only an element that is added itself, as it stands
	// after.
	Path Path
	// Before and After point into the two trees. Nil means that it is not there,
	// which is another thing than a Node of the kind Null.
	Before, After *Node
}

// Retyped reports whether the kind of the value is another, as it is where text
// became a number.
func (c Change) Retyped() bool {
	return c.Before != nil && c.After != nil && c.Before.Kind != c.After.Kind
}

// MarshalJSON returns path, before and after, each of the two left out where it
// is not there, and the two kinds where they differ.
func (c Change) MarshalJSON() ([]byte, error) {
	v := struct {
		Path   Path     `json:"path"`
		Before *Node    `json:"before,omitempty"`
		After  *Node    `json:"after,omitempty"`
		Kinds  []string `json:"kinds,omitempty"`
	}{c.Path, c.Before, c.After, nil}
	if c.Retyped() {
		v.Kinds = []string{c.Before.Kind.String(), c.After.Kind.String()}
	}
	return json.Marshal(v)
}

// MarshalJSON returns the value in JSON, with the digits of numbers as they are
// written. What JSON has no form for is a string: times, 0x1f and .inf.
func (n *Node) MarshalJSON() ([]byte, error) { return n.appendJSON(nil) }

func (n *Node) appendJSON(b []byte) ([]byte, error) {
	switch {
	case n.Kind == Map:
		return n.appendInside(b, "{}")
	case n.Kind == List:
		return n.appendInside(b, "[]")
	case n.Kind == Null:
		return append(b, "null"...), nil
	case (n.Kind == Bool || n.Kind == Number) && json.Valid([]byte(n.Text)):
		return append(b, n.Text...), nil
	default:
		return appendJSONText(b, n.Text)
	}
}

func (n *Node) appendInside(b []byte, brackets string) ([]byte, error) {
	var err error
	b = append(b, brackets[0])
	for i := range n.Nodes {
		if i > 0 {
			b = append(b, ',')
		}
		if n.Kind == Map {
			if b, err = appendJSONText(b, n.Keys[i]); err != nil {
				return nil, err
			}
			b = append(b, ':')
		}
		if b, err = n.Nodes[i].appendJSON(b); err != nil {
			return nil, err
		}
	}
	return append(b, brackets[1]), nil
}

func appendJSONText(b []byte, text string) ([]byte, error) {
	return jsontext.AppendQuote(b, strings.ToValidUTF8(text, "\uFFFD"))
}

// deepest is how many steps Diff tells a difference by; what is further down is
// told as one difference here, so that paths cannot take more memory than trees.
const deepest = 64

// Diff returns where b differs from a: as the values stand in a, and what only b
// has behind its neighbours that both have. Either may be nil.
//
// The order of a Map's keys is no difference, nor are comments, layout, and how a
// number is written: two are equal when they are exactly the same decimal value.
// A value of another Kind always differs.
//
// Lists in which every element is a Map that has a scalar at the same one of
// Options.IDs, a different one each, are matched by it, and their order is not
// compared. Other lists are matched by position, as texts are by lines: elements
// that are equal on both sides stay together, and between those the first of one
// side is compared with the first of the other, and so on; what one side has more
// of is removed or added. Lists of 100,000 elements take no longer than a sort.
func Diff(a, b *Node, o Options) []Change {
	d := newDiffer(o)
	switch {
	case a != nil && b != nil:
		d.diff(a, b)
	case a != b:
		d.add(a, b)
	}
	return d.changes
}

func (d *differ) add(before, after *Node) {
	d.changes = append(d.changes, Change{slices.Clone(d.path), before, after})
}

// in calls add or diff for what stands at step on the two sides.
func (d *differ) in(step Step, a, b *Node) {
	d.path = append(d.path, step)
	if a == nil || b == nil {
		d.add(a, b)
	} else {
		d.diff(a, b)
	}
	d.path = d.path[:len(d.path)-1]
}

func (d *differ) diff(a, b *Node) {
	inside := a.Kind == b.Kind && (a.Kind == Map || a.Kind == List) && len(d.path) < deepest
	switch {
	case !inside:
		if !d.equal(a, b) {
			d.add(a, b)
		}
	case a.Kind == Map:
		d.diffKeyed(matched{flat: a.Flat || b.Flat, a: a.Keys, b: b.Keys}, a, b)
	default:
		d.diffLists(a, b)
	}
}

// matched are the keys of the elements of two Maps, or what two Lists have at key.
type matched struct {
	key  string // "" for Maps
	flat bool   // one of the Maps is
	a, b []string
}

func (k matched) step(key string) Step {
	return Step{Key: key, By: k.key, List: k.key != "", Flat: k.flat}
}

func (d *differ) diffKeyed(by matched, a, b *Node) {
	in, both := finder{keys: by.b}, 0
	for i, k := range by.a {
		if j := in.find(k); j >= 0 {
			both++
			d.in(by.step(k), &a.Nodes[i], &b.Nodes[j])
		} else {
			d.in(by.step(k), &a.Nodes[i], nil)
		}
	}
	if both == len(by.b) {
		return
	}
	in = finder{keys: by.a}
	for j, k := range by.b {
		if in.find(k) < 0 {
			d.in(by.step(k), nil, &b.Nodes[j])
		}
	}
}

// identify returns the first of the identity keys that fits two Lists, and what
// their elements have there; the zero value where none fits.
func (d *differ) identify(a, b *Node) matched {
	if len(a.Nodes) == 0 && len(b.Nodes) == 0 {
		return matched{}
	}
	for _, by := range d.ids {
		if inA := a.identities(by); inA != nil {
			if inB := b.identities(by); inB != nil {
				return matched{key: by, a: inA, b: inB}
			}
		}
	}
	return matched{}
}

// identities returns what each element of a List has at by, nil where it is not
// a scalar, or the same in two of them.
func (n *Node) identities(by string) []string {
	ids := make([]string, 0, len(n.Nodes))
	for i := range n.Nodes {
		id, ok := n.Nodes[i].identity(by)
		if !ok {
			return nil
		}
		ids = append(ids, id)
	}
	if !different(ids) {
		return nil
	}
	return ids
}

// identity returns what a Map has at by: a scalar that is not null.
func (n *Node) identity(by string) (string, bool) {
	v := n.field(by)
	if v == nil || v.Kind == Null || v.Kind == List || v.Kind == Map {
		return "", false
	}
	return v.scalar(), true
}

// field returns the value at a key, or further in at "key.key".
func (n *Node) field(by string) *Node {
	if n.Kind != Map {
		return nil
	}
	v := n.Get(by)
	if head, rest, dotted := strings.Cut(by, "."); v == nil && dotted {
		if v = n.Get(head); v != nil {
			return v.field(rest)
		}
	}
	return v
}

func different(texts []string) bool {
	if len(texts) <= few {
		for i, t := range texts {
			if slices.Contains(texts[:i], t) {
				return false
			}
		}
		return true
	}
	seen := make(map[string]struct{}, len(texts))
	for _, t := range texts {
		seen[t] = struct{}{}
	}
	return len(seen) == len(texts)
}
