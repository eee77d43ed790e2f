package config

import (
	"errors"
	"slices"
)

// spotted is where a path leads in a tree.
type spotted struct {
	path  Path  // without identities: elements of lists by position
	known int   // how many of its steps lead to what is there
	node  *Node // at the last of those
}

func (s spotted) missing() bool { return s.known < len(s.path) }

// locate follows a path as far as it goes. What is missing is such that it can be
// made; an error is ErrUnfit.
func (n *Node) locate(p Path) (spotted, error) {
	at := spotted{path: slices.Clone(p), node: n}
	for i := range p {
		next, err := at.step(i)
		if err != nil {
			return at, err
		}
		if next == nil {
			return at, at.checkMissing()
		}
		at.known, at.node = i+1, next
	}
	return at, nil
}

// step returns the value at step i, nil where it is missing.
func (s *spotted) step(i int) (*Node, error) {
	n, step := s.node, &s.path[i]
	switch {
	case n.Kind == Null:
		return nil, nil
	case n.Kind != Map && n.Kind != List:
		return nil, unfit(s.path[:i], "has nothing inside")
	case step.List != (n.Kind == List):
		return nil, unfit(s.path[:i], "is a "+n.Kind.String())
	case !step.List:
		return n.Get(step.Key), nil
	}
	if step.By != "" {
		element := n.elementBy(step.By, step.Key)
		if element == nil {
			return nil, unfit(s.path[:i+1], "is not there, or several times")
		}
		for k := range n.Nodes {
			if &n.Nodes[k] == element {
				*step = Step{List: true, Index: k}
			}
		}
	}
	switch {
	case step.Index < 0 || step.Index > len(n.Nodes):
		return nil, unfit(s.path[:i+1], "is not there, nor is it the next one")
	case step.Index == len(n.Nodes):
		return nil, nil
	}
	return &n.Nodes[step.Index], nil
}

// checkMissing refuses what cannot be made.
func (s *spotted) checkMissing() error {
	first := s.known
	if s.node.Kind == List {
		first++
	}
	for i := first; i < len(s.path); i++ {
		if step := s.path[i]; step.List && (step.By != "" || step.Index != 0) {
			return unfit(s.path[:i+1], "is not there")
		}
	}
	return nil
}

// nested returns a value that has v at path, and nothing else.
func nested(path Path, v *Node) *Node {
	for _, s := range slices.Backward(path) {
		if s.List {
			v = &Node{Kind: List, Nodes: []Node{*v}}
		} else {
			v = &Node{Kind: Map, Keys: []string{s.Key}, Nodes: []Node{*v}}
		}
	}
	return v
}

// change sets what stands at a place of a tree, and removes it where v is nil.
func (n *Node) change(at spotted, v *Node) {
	last := len(at.path) - 1
	for i, s := range at.path {
		index := n.indexOf(s)
		switch {
		case n.Kind == Null:
			*n = *nested(at.path[i:], v)
			return
		case index < 0:
			n.Nodes = append(n.Nodes, *nested(at.path[i+1:], v))
			if n.Kind == Map {
				n.Keys = append(n.Keys, s.Key)
			}
			return
		case i == last && v == nil:
			n.Nodes = slices.Delete(n.Nodes, index, index+1)
			if n.Kind == Map {
				n.Keys = slices.Delete(n.Keys, index, index+1)
			}
			return
		}
		n = &n.Nodes[index]
	}
	*n = *v
}

// indexOf returns the position of what a step leads to, -1 where there is none.
func (n *Node) indexOf(s Step) int {
	switch {
	case !s.List:
		return slices.Index(n.Keys, s.Key)
	case s.Index < len(n.Nodes):
		return s.Index
	}
	return -1
}

// clone returns a copy that shares nothing that can be changed.
func (n *Node) clone() *Node {
	if n == nil {
		return nil
	}
	c := *n
	c.Keys, c.Nodes = slices.Clone(n.Keys), slices.Clone(n.Nodes)
	for i := range c.Nodes {
		c.Nodes[i] = *c.Nodes[i].clone()
	}
	return &c
}

// part is a value and where it stands in a text.
type part struct {
	kind       Kind
	start, end int
	members    []member // of a List or a Map
	value      *Node    // what is to be written instead
	// fixed is why nothing can be added or taken out, closed why nothing inside can
	// be changed; "" where it can.
	fixed, closed string
	yaml          yamlPart
	toml          tomlPart
}

// member is an element of a List, or a key of a Map with its value.
type member struct {
	key   string
	start int // of the key; of the dash of an element, or of the element itself
	part  *part
	merge bool // it is a merge key of YAML
	gone  bool
	added bool // its part has nothing but a value
}

// member returns the one that is there at a step, nil where there is none.
func (p *part) member(s Step) *member {
	index := s.Index
	for i := range p.members {
		m := &p.members[i]
		switch {
		case m.gone || m.merge:
		case !s.List:
			if m.key == s.Key {
				return m
			}
		case index == 0:
			return m
		default:
			index--
		}
	}
	return nil
}

// change notes what Node.change does. Its error says why that cannot be.
func (p *part) change(at spotted, v *Node) error {
	last := len(at.path) - 1
	for i, s := range at.path {
		switch {
		case p.value != nil:
			rest := at
			rest.path = at.path[i:]
			p.value.change(rest, v)
			return nil
		case p.closed != "":
			return errors.New(p.closed)
		case i == at.known && p.kind == Null:
			p.value = nested(at.path[i:], v)
			return nil
		}
		m := p.member(s)
		switch {
		case m == nil && i < at.known && (i < last || v == nil):
			return errors.New("it comes from a merge key (<<)")
		case p.fixed != "" && (m == nil || i == last && v == nil):
			return errors.New(p.fixed)
		case m == nil:
			p.members = append(p.members, member{key: s.Key, part: &part{value: nested(at.path[i+1:], v)}, added: true})
			return nil
		case i == last && v == nil:
			p.remove(m)
			return nil
		}
		p = m.part
	}
	p.value = v
	return nil
}

func (p *part) remove(m *member) {
	if !m.added {
		m.gone = true
		return
	}
	p.members = slices.DeleteFunc(p.members, func(o member) bool { return o.part == m.part })
}

// split returns the members that stay as they stand, and those that are new.
func (p *part) split() (stay, added []member) {
	for _, m := range p.members {
		switch {
		case m.added:
			added = append(added, m)
		case !m.gone:
			stay = append(stay, m)
		}
	}
	return stay, added
}

// find returns the way to a part.
func (p *part) find(other *part) (Path, bool) {
	if p == other {
		return nil, true
	}
	index := 0
	for _, m := range p.members {
		if path, ok := m.part.find(other); ok {
			step := Step{Key: m.key}
			if p.kind == List {
				step = Step{List: true, Index: index}
			}
			return append(Path{step}, path...), true
		}
		if !m.gone {
			index++
		}
	}
	return nil, false
}
