package config

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
)

// ErrUnfit means that a change is of another tree than the one it was to be
// applied to: what it changes is not as it was, or what it adds is there.
var ErrUnfit = errors.New("the change does not fit")

// Apply returns a with changes made: after those of Diff(a, b), a tree that is
// Equal to b under the same Options. Some of them do as well as all. The result
// shares with a and with the changes what it has from them, so none of the three
// may be written to; nil means that the root was removed. An error tells the path
// and is ErrUnfit.
//
// What is added to a Map, or to a List by identity, comes last.
func Apply(a *Node, changes []Change) (*Node, error) {
	root := patch{}
	for i := range changes {
		if err := root.take(&changes[i]); err != nil {
			return nil, err
		}
	}
	return root.apply(a)
}

// patch holds the changes of a value and of what is inside it.
type patch struct {
	change *Change  // of the value as a whole; then it has no others
	added  []Change // to it
	steps  []Step   // to what is changed inside it, and inside, as many
	inside []*patch
	index  map[Step]*patch
	path   Path
}

// unfit returns the error for a change at path.
func unfit(path Path, why string) error {
	if len(path) == 0 {
		return fmt.Errorf("%w: the root %s", ErrUnfit, why)
	}
	return fmt.Errorf("%w: %s %s", ErrUnfit, path, why)
}

const twice = "is changed twice"

// take puts c where it belongs, below p.
func (p *patch) take(c *Change) error {
	if c.Before == nil && c.After == nil {
		return nil
	}
	last := len(c.Path) - 1
	for i, s := range c.Path {
		if p.change != nil {
			return unfit(p.path, twice)
		}
		if i == last && c.Before == nil {
			p.added = append(p.added, *c)
			return nil
		}
		p = p.at(s, c.Path[:i+1])
	}
	if p.change != nil || len(p.inside) > 0 || len(p.added) > 0 {
		return unfit(c.Path, twice)
	}
	p.change = c
	return nil
}

func (p *patch) at(s Step, path Path) *patch {
	if p.index == nil {
		p.index = map[Step]*patch{}
	}
	inside, ok := p.index[s]
	if !ok {
		inside = &patch{path: path}
		p.index[s] = inside
		p.steps, p.inside = append(p.steps, s), append(p.inside, inside)
	}
	return inside
}

// apply returns what n becomes, nil where it is removed.
func (p *patch) apply(n *Node) (*Node, error) {
	switch {
	case p.change != nil && !Equal(n, p.change.Before, Options{}):
		return nil, unfit(p.path, "is not what it was")
	case p.change != nil:
		return p.change.After, nil
	case len(p.inside) == 0 && len(p.added) == 0:
		return n, nil
	case n == nil || n.Kind != Map && n.Kind != List:
		return nil, unfit(p.path, "has nothing inside")
	}
	return p.applyInside(n)
}

func (p *patch) applyInside(n *Node) (*Node, error) {
	changed, err := p.find(n)
	if err != nil {
		return nil, err
	}
	to := *n
	to.Keys, to.Nodes = nil, make([]Node, 0, len(n.Nodes))
	for i := range n.Nodes {
		v := &n.Nodes[i]
		if inside, ok := changed[i]; ok {
			if v, err = inside.apply(v); err != nil {
				return nil, err
			}
		}
		if v == nil {
			continue
		}
		to.Nodes = append(to.Nodes, *v)
		if n.Kind == Map {
			to.Keys = append(to.Keys, n.Keys[i])
		}
	}
	if err := p.checkAdded(&to); err != nil {
		return nil, err
	}
	if len(p.added) > 0 {
		p.addTo(&to)
	}
	return &to, nil
}

// find returns what is changed inside n, by its position there.
func (p *patch) find(n *Node) (map[int]*patch, error) {
	in := newLocator(n)
	changed := make(map[int]*patch, len(p.inside))
	for k, s := range p.steps {
		i := in.locate(s)
		if i < 0 {
			return nil, unfit(p.inside[k].path, "is not there")
		}
		if changed[i] != nil {
			return nil, unfit(p.inside[k].path, twice)
		}
		changed[i] = p.inside[k]
	}
	return changed, nil
}

// checkAdded reports what is added to the wrong kind of value, or is there.
func (p *patch) checkAdded(to *Node) error {
	in := newLocator(to)
	again := map[Step]bool{}
	for _, c := range p.added {
		s := c.Path[len(c.Path)-1]
		switch {
		case s.List != (to.Kind == List):
			return unfit(c.Path, "cannot be there")
		case s.List && s.By == "":
		case again[s] || in.locate(s) >= 0:
			return unfit(c.Path, "is there already")
		}
		again[s] = true
	}
	return nil
}

// addTo adds what is added: by position where it then stands, else at the end.
func (p *patch) addTo(to *Node) {
	slices.SortStableFunc(p.added, func(x, y Change) int { return cmp.Compare(place(x), place(y)) })
	kept := to.Nodes
	to.Nodes = make([]Node, 0, len(kept)+len(p.added))
	for _, c := range p.added {
		n := max(0, min(place(c)-len(to.Nodes), len(kept)))
		to.Nodes = append(append(to.Nodes, kept[:n]...), *c.After)
		kept = kept[n:]
		if to.Kind == Map {
			to.Keys = append(to.Keys, c.Path[len(c.Path)-1].Key)
		}
	}
	to.Nodes = append(to.Nodes, kept...)
}

// place returns where what is added then stands.
func place(c Change) int {
	if s := c.Path[len(c.Path)-1]; s.List && s.By == "" {
		return s.Index
	}
	return math.MaxInt
}

// locator finds what is at a step from a value.
type locator struct {
	n    *Node
	keys finder
	by   map[string]map[string]int
}

func newLocator(n *Node) *locator { return &locator{n: n, keys: finder{keys: n.Keys}} }

// locate returns the position, or -1.
func (l *locator) locate(s Step) int {
	switch {
	case s.List != (l.n.Kind == List):
		return -1
	case !s.List:
		return l.keys.find(s.Key)
	case s.By != "":
		if i, ok := l.elements(s.By)[s.Key]; ok {
			return i
		}
		return -1
	case s.Index < 0 || s.Index >= len(l.n.Nodes):
		return -1
	default:
		return s.Index
	}
}

// elements returns the positions by what stands at by, -1 for what stands at
// several.
func (l *locator) elements(by string) map[string]int {
	if at, ok := l.by[by]; ok {
		return at
	}
	at := make(map[string]int, len(l.n.Nodes))
	for i := range l.n.Nodes {
		id, ok := l.n.Nodes[i].identity(by)
		if !ok {
			continue
		}
		if _, double := at[id]; double {
			i = -1
		}
		at[id] = i
	}
	if l.by == nil {
		l.by = map[string]map[string]int{}
	}
	l.by[by] = at
	return at
}
