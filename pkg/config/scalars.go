package config

import (
	"iter"
	"slices"
)

// Scalars yields every value of a tree that is neither a Map nor a List, and those
// of them that are empty, with the way to it, in the order in which they are
// written. Elements of lists are counted. The path is the caller's own.
func Scalars(root *Node) iter.Seq2[Path, *Node] {
	return func(yield func(Path, *Node) bool) {
		w := walker{yield: yield}
		w.walk(root)
	}
}

// walker goes through a tree, whose depth Parse bounds.
type walker struct {
	path  Path
	yield func(Path, *Node) bool
}

// walk reports whether to go on.
func (w *walker) walk(n *Node) bool {
	if len(n.Nodes) == 0 {
		return w.yield(slices.Clone(w.path), n)
	}
	for i := range n.Nodes {
		step := Step{List: true, Index: i}
		if n.Kind == Map {
			step = Step{Key: n.Keys[i], Flat: n.Flat}
		}
		w.path = append(w.path, step)
		more := w.walk(&n.Nodes[i])
		w.path = w.path[:len(w.path)-1]
		if !more {
			return false
		}
	}
	return true
}
