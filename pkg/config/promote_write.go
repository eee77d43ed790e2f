package config

import (
	"errors"
	"slices"
)

// resolve works out what moves, and the Change that it comes to.
func (i *PromotedItem) resolve() {
	i.Change, i.Without = nil, nil
	i.moved = make([]bool, len(i.Points))
	moves := false
	for j := range i.Points {
		i.moved[j] = i.Points[j].wants(i.prune)
		moves = moves || i.moved[j]
	}
	if !moves {
		return
	}
	content, err := i.content()
	if err != nil {
		i.refuse(err)
		return
	}
	if c, ok := NewChange(i.Key, i.B, content); ok {
		i.Change = &c
	}
}

// wants tells whether a Point is to move.
func (p *Point) wants(prune bool) bool {
	up := p.Took == SideA || p.Took == "" && (p.Fate == Up || p.Fate == Gone)
	return up && p.decidable() && (p.A != nil || prune)
}

// refuse says that what was to move cannot.
func (i *PromotedItem) refuse(err error) {
	i.Why = err
	for j := range i.Points {
		if p := &i.Points[j]; i.moved[j] && (p.Fate == Up || p.Fate == Gone) {
			p.Fate = Unmerged
		}
		i.moved[j] = false
	}
}

// content returns what is to stand in B, nil for nothing. An item that cannot be
// changed value by value moves whole where all of it was taken.
func (i *PromotedItem) content() ([]byte, error) {
	if i.Whole {
		if i.A == nil {
			return nil, nil
		}
		return i.transplant()
	}
	content, err := EditContent(i.B.Content, i.format, i.edits()...)
	if err == nil || !i.takenWhole() {
		return content, err
	}
	return i.transplant()
}

// takenWhole tells whether somebody decided for A wherever it could be.
func (i *PromotedItem) takenWhole() bool {
	return !slices.ContainsFunc(i.Points, func(p Point) bool { return p.decidable() && (p.Took != SideA || p.A == nil && !i.prune) })
}

// edits returns what changes in B: removals first, as they move elements of lists.
func (i *PromotedItem) edits() []Edit {
	var removed, others []Edit
	added := map[string]int{} // to lists, by their paths
	for j := range i.Points {
		p := &i.Points[j]
		switch last := len(p.Path) - 1; {
		case !i.moved[j]:
		case p.A == nil:
			removed = append(removed, Edit{Path: p.Path})
			if last >= 0 && p.Path[last].List {
				added[p.Path[:last].String()]--
			}
		default:
			others = append(others, listEdits(p)...)
		}
	}
	for j := range others {
		e := &others[j]
		last := len(e.Path) - 1
		if last < 0 || e.Path[last].By == "" {
			continue
		}
		list, ok := i.roots[1].At(e.Path[:last])
		if _, there := i.roots[1].At(e.Path); !ok || there {
			continue
		}
		in := e.Path[:last].String()
		e.Path = append(slices.Clone(e.Path[:last]), Step{List: true, Index: len(list.Nodes) + added[in]})
		added[in]++
	}
	return append(removed, others...)
}

// listEdits returns the edits that make B's value A's: of a List those of elements
// that change, come last or go, so that the others stay as they are written.
func listEdits(p *Point) []Edit {
	whole := []Edit{{Path: p.Path, Value: p.A}}
	if !isList(p.A) || !isList(p.B) {
		return whole
	}
	var changed, added, removed []Edit
	for _, c := range Diff(p.B, p.A, Options{IDs: []string{}}) {
		e := Edit{Path: slices.Concat(p.Path, c.Path), Value: c.After}
		switch own := len(c.Path) == 1; {
		case c.Before != nil && c.After != nil:
			changed = append(changed, e)
		case own && c.After == nil:
			removed = append(removed, e)
		case own && c.Path[0].Index >= len(p.B.Nodes):
			added = append(added, e)
		case c.Path[len(c.Path)-1].List:
			return whole
		default:
			changed = append(changed, e)
		}
	}
	if len(added) > 0 && len(removed) > 0 {
		return whole
	}
	slices.Reverse(removed)
	return slices.Concat(changed, added, removed)
}

func isList(n *Node) bool { return n != nil && n.Kind == List }

// errHeld is why an item does not move whole.
var errHeld = errors.New("it holds values that do not move, by `ignore` or `protect`, and they cannot be kept apart")

// transplant returns A's content with what rules hold back as it is in B: without it
// where it is not there.
func (i *PromotedItem) transplant() ([]byte, error) {
	if i.rules.none() {
		return i.A.Content, nil
	}
	from, err := i.A.parse()
	if err != nil {
		return nil, errHeld
	}
	if from == nil {
		return i.A.Content, nil
	}
	var to *Node
	if i.B != nil {
		if to, err = i.B.parse(); err != nil {
			return nil, errHeld
		}
	}
	if to == nil {
		to = &Node{Kind: Map, Flat: from.Flat}
	}
	edits := i.held(from, to)
	if len(edits) > 0 && from.Flat != to.Flat {
		return nil, errHeld
	}
	format, _ := Detect(i.A.Declared, i.Name, i.A.Content)
	content, err := EditContent(i.A.Content, format, edits...)
	if err != nil {
		return nil, errors.Join(errHeld, err)
	}
	for _, e := range edits {
		if e.Value == nil {
			i.Without = append(i.Without, e.Path)
		}
	}
	return content, nil
}

// held returns the edits that make what rules hold back of one tree that of another.
func (i *PromotedItem) held(from, to *Node) []Edit {
	m := &merger{differ: newDiffer(Options{}), rules: &i.rules}
	var edits []Edit
	var look func(a, b *Node)
	look = func(a, b *Node) {
		if m.rules.fate(m.path) != "" {
			if !m.equal(a, b) {
				edits = append(edits, Edit{Path: slices.Clone(m.path), Value: b})
			}
			return
		}
		if by, ok := m.inside(a, b); ok {
			m.each(by, a, b, look)
			return
		}
		if by, ok := m.own(a); ok {
			m.each(by, a, nil, look)
		} else if m.innerFate(a) != "" { // of a list, as a whole
			edits = append(edits, Edit{Path: slices.Clone(m.path), Value: b})
		}
		if by, ok := m.own(b); ok {
			by.a, by.b = nil, by.a
			m.each(by, nil, b, look)
		}
	}
	look(from, to)
	return edits
}
