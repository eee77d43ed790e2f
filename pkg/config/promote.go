package config

import (
	"bytes"
	"fmt"

	"govctl/pkg/change"
)

// Fate is what becomes of a value in B, which is not the same in A.
type Fate string

// The fates. What was last agreed is a pair: what A had and what B had.
const (
	// Up is what only A changed since: it goes up to B.
	Up Fate = "up"
	// Kept is what only B changed, and Accepted what neither did.
	Kept     Fate = "kept"
	Accepted Fate = "accepted"
	// Gone is gone from A since. It goes up where removals do.
	Gone Fate = "gone"
	// Conflict is what both changed, each in its way.
	Conflict Fate = "conflict"
	// Unrelated is what nothing was agreed about.
	Unrelated Fate = "unrelated"
	// Unmerged cannot go up alone: it moves with its whole item, once that is taken.
	Unmerged Fate = "unmerged"
	// Unseen is what one side may have without showing it.
	Unseen Fate = "unseen"
	// Expected and Protected never move, by rules.
	Expected  Fate = "expected"
	Protected Fate = "protected"
)

// Side is one of the two.
type Side string

// The sides: a promotion is from A to B.
const (
	SideA Side = "A"
	SideB Side = "B"
)

// Point is a place where A and B differ.
type Point struct {
	Path Path
	// A and B are what stands there, nil for nothing.
	A, B *Node
	Fate Fate
	// Took is the side that somebody decided for, "" where nobody did. It is nothing
	// where rules decide, or what is there is not known.
	Took Side
}

// decidable tells whether a person may decide.
func (p *Point) decidable() bool {
	return p.Fate != Expected && p.Fate != Protected && p.Fate != Unseen
}

// Open tells of a conflict that nobody decided yet.
func (p *Point) Open() bool { return p.Fate == Conflict && p.Took == "" }

// PromotedItem is an item that is not the same in A and B.
type PromotedItem struct {
	Key
	A, B *Item // nil for none
	// Points are where they differ, in the order of A and then of B.
	Points []Point
	// Whole is true where there is one Point, the item as a whole; Why then says, of
	// two that have a structure, why they are not merged by path, and else is nil.
	Whole bool
	Why   error
	// Change is what it comes to, nil where nothing of it moves. Without are the
	// values of A that the new content does not have, by rules.
	Change  *change.Change
	Without []Path

	format Format
	roots  [2]*Node // of A and B; texts where an item has no structure
	rules  promotionRules
	base   *base
	noted  []byte // what base was read from
	prune  bool
	large  bool
	moved  []bool // which of Points move
}

// Moves tells whether what A has at a Point, or that it has nothing there, goes to B.
func (i *PromotedItem) Moves(point int) bool { return i.moved[point] }

// PromoteOptions say what is a difference, and what may move.
type PromoteOptions struct {
	Options
	// Expected and Protected fit what never moves.
	Expected, Protected Rules
	// PartialA and PartialB say that a side may have more items than it showed.
	PartialA, PartialB bool
	// Prune has removals move.
	Prune bool
	// Sum makes the digests in which it is kept what was agreed; nil where nothing is.
	// It is called by several at once.
	Sum func([]byte) string
	// Agreed holds what Promotion.Agreements returned, by item; what cannot be read is
	// taken for none.
	Agreed map[Key][]byte
}

// Promotion is what is to become of B.
type Promotion struct {
	// Items are those that differ, sorted by key.
	Items []PromotedItem

	options PromoteOptions
	same    []PromotedItem // of the same content
}

// Promote compares a and b, both sorted by Key.Compare, with what was last agreed,
// path by path: what only A changed moves to B. The result points into a and b.
func Promote(a, b []Item, o PromoteOptions) *Promotion {
	p := &Promotion{options: o}
	var all []PromotedItem
	for key, sides := range sideBySide(a, b) {
		all = append(all, newPromotedItem(key, sides[0], sides[1], &o))
	}
	atOnce(len(all), func(i int) { all[i].compare(&p.options) })
	for _, item := range all {
		if len(item.Points) > 0 {
			p.Items = append(p.Items, item)
		} else {
			p.same = append(p.same, item)
		}
	}
	p.Resolve()
	return p
}

// Take decides for a side wherever somebody may decide.
func (p *Promotion) Take(side Side) {
	for i := range p.Items {
		for j := range p.Items[i].Points {
			if point := &p.Items[i].Points[j]; point.decidable() {
				point.Took = side
			}
		}
	}
}

// Resolve works out what moves, once more where something was decided since.
func (p *Promotion) Resolve() {
	atOnce(len(p.Items), func(i int) { p.Items[i].resolve() })
}

// Changes returns the writes that it comes to.
func (p *Promotion) Changes() []change.Change {
	var changes []change.Change
	for i := range p.Items {
		if c := p.Items[i].Change; c != nil {
			changes = append(changes, *c)
		}
	}
	return changes
}

// Tally counts the Points by their fates, but for those that somebody decided: they
// count as what they are to become, Up, Gone or Kept.
func (p *Promotion) Tally() map[Fate]int {
	tally := map[Fate]int{}
	for i := range p.Items {
		for j := range p.Items[i].Points {
			tally[p.Items[i].Becomes(j)]++
		}
	}
	return tally
}

// Becomes returns the fate of a Point as it was decided.
func (i *PromotedItem) Becomes(point int) Fate {
	switch p := &i.Points[point]; {
	case !p.decidable() || p.Took == "":
		return p.Fate
	case p.Took == SideB:
		return Kept
	case p.A == nil:
		return Gone
	case !i.moved[point]:
		return Unmerged
	}
	return Up
}

// promotionRules are those that can fit one item.
type promotionRules struct{ expected, protected Rules }

// fate returns Expected or Protected where a rule fits, else "".
func (r *promotionRules) fate(p Path) Fate {
	switch {
	case r.protected.matchPath(p):
		return Protected
	case r.expected.matchPath(p):
		return Expected
	}
	return ""
}

func (r *promotionRules) none() bool { return len(r.protected) == 0 && len(r.expected) == 0 }

func newPromotedItem(key Key, a, b *Item, o *PromoteOptions) PromotedItem {
	i := PromotedItem{
		Key: key, A: a, B: b, prune: o.Prune,
		rules: promotionRules{o.Expected.For(key), o.Protected.For(key)},
	}
	if o.Sum != nil {
		i.noted = o.Agreed[key]
		i.base = readBase(i.noted)
	}
	return i
}

// maxPoints is up to how many values an item is merged by path.
const maxPoints = 10_000

// compare finds the Points.
func (i *PromotedItem) compare(o *PromoteOptions) {
	if i.A != nil && i.B != nil && bytes.Equal(i.A.Content, i.B.Content) {
		return
	}
	i.read()
	m := &merger{differ: newDiffer(o.Options), sums: newSums(o.Sum), rules: &i.rules, base: i.base, whole: i.Whole}
	if !i.Whole {
		m.walk(i.roots[0], i.roots[1])
		i.Points = m.points
		return
	}
	m.unit(i.roots[0], i.roots[1])
	i.Points = m.points
	switch p := &i.Points[0]; {
	case p.Fate == Expected || p.Fate == Protected:
	case i.A == nil && o.PartialA, i.B == nil && o.PartialB && (p.Fate == Kept || p.Fate == Conflict):
		p.Fate = Unseen
	case i.B == nil && p.Fate == Unrelated && i.base == nil:
		p.Fate = Up // it is new
	case i.Why != nil && (p.Fate == Up || p.Fate == Gone):
		p.Fate = Unmerged
	}
}

// read parses both sides, and says in Whole and Why whether they can be merged.
func (i *PromotedItem) read() {
	var formats [2]Format
	for side, item := range []*Item{i.A, i.B} {
		if item == nil {
			continue
		}
		formats[side], _ = Detect(item.Declared, item.Name, item.Content)
		n, err := item.parse()
		if err != nil && i.Why == nil {
			i.Why = fmt.Errorf("it cannot be read: %w", err)
		}
		if n == nil {
			i.Whole = true
			n = &Node{Kind: String, Text: string(item.Content)}
		}
		i.roots[side] = n
	}
	if i.format = formats[1]; i.B == nil {
		i.format = formats[0]
	}
	both := i.A != nil && i.B != nil
	i.large = i.roots[0].count(maxPoints) > maxPoints || i.roots[1].count(maxPoints) > maxPoints
	switch {
	case both && i.Why == nil && formats[0] != formats[1]:
		i.Why = fmt.Errorf("it is %s, and %s where it would go", formats[0], formats[1])
	case both && i.Why == nil && i.large:
		i.Why = fmt.Errorf("it has more than %d values", maxPoints)
	}
	i.Whole = i.Whole || i.Why != nil || !both
}

// count returns how many values n has, as far as most and one more.
func (n *Node) count(most int) int {
	if n == nil {
		return 0
	}
	all := 1
	for i := range n.Nodes {
		if all > most {
			break
		}
		all += n.Nodes[i].count(most - all)
	}
	return all
}
