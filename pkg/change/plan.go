package change

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

// Change is one write of a Plan: what stands at Name becomes After.
type Change struct {
	// Space is that of its Key; "" is Items.
	Space Space
	// Name is that of its Key.
	Name string
	// Expect is the revision of Before.
	Expect Revision
	// Before and After are the content; nil means that nothing stands there, which
	// is another thing than content of no bytes.
	Before, After []byte
	// Says tells a person what becomes other, a line each, with secrets masked by
	// the mask's marker alone: no hash of a secret is kept.
	Says []string
}

// Key returns what c writes.
func (c *Change) Key() Key { return keyIn(c.Space, c.Name) }

// keyIn returns the key of a change, or of what is written of one.
func keyIn(s Space, name string) Key { return Key{cmp.Or(s, Items), name} }

// op returns the write that makes c.
func (c *Change) op() Op {
	return Op{Key: c.Key(), Expect: c.Expect, Content: c.After, Remove: c.After == nil}
}

// Plan is an ordered list of changes. It is data: who makes it has decided, and
// nothing was written yet.
type Plan struct {
	// ID is what the plan is called in the journal, where each is there once: eight
	// hexadecimal digits or more.
	ID string
	// Environment is the environment's name, Identity that of its Store: the plan is
	// for that store and no other.
	Environment, Identity string
	// Made is when it was made, and By by whom: "oncall@ops2".
	Made time.Time
	By   string
	// Reverts is the plan that this one takes back, "" for none.
	Reverts string
	Changes []Change
	// Notes are written with the outcome. They must be at the revisions that they
	// expect when the plan is applied.
	Notes []Note
}

// NewID returns the name for a new plan.
func NewID() string {
	var id [4]byte
	_, _ = rand.Read(id[:]) // it never fails
	return hex.EncodeToString(id[:])
}

// isID tells whether a text can be what a plan is called.
func isID(text string) bool {
	raw, err := hex.DecodeString(text)
	return err == nil && len(raw) >= 4
}

// Names returns what the plan writes, in its order.
func (p *Plan) Names() []string {
	names := make([]string, len(p.Changes))
	for i := range p.Changes {
		names[i] = p.Changes[i].Name
	}
	return names
}

// ErrPlan means that a plan is none: nothing was attempted.
var ErrPlan = errors.New("not a plan")

// ErrElsewhere means that a plan was made for another store.
var ErrElsewhere = errors.New("made for another back-end")

// Check returns why p cannot be applied to a store of these limits, whatever stands
// there.
func (p *Plan) Check(l Limits) error {
	if !isID(p.ID) {
		return fmt.Errorf("%w: its id is none", ErrPlan)
	}
	seen := make(map[Key]bool, len(p.Changes))
	for i := range p.Changes {
		c := &p.Changes[i]
		switch {
		case seen[c.Key()]:
			return fmt.Errorf("%w: it changes %s twice", ErrPlan, c.Name)
		case (c.Expect == Absent) != (c.Before == nil), c.Before == nil && c.After == nil:
			return fmt.Errorf("%w: it does not say what was at %s", ErrPlan, c.Name)
		case len(c.After) > l.Value:
			return fmt.Errorf("%s: %w: %d bytes, and the store takes %d at most", c.Name, ErrTooLarge, len(c.After), l.Value)
		}
		seen[c.Key()] = true
	}
	return validNotes(p.Notes, l)
}

// Batches returns how many swaps p takes in a store of these limits. Of more than
// one, the first can be made and the next refused.
func (p *Plan) Batches(l Limits) int { return len(batches(p.Changes, l)) }

// Alone returns the names of the changes of p that are too large for a swap with
// others.
func (p *Plan) Alone(l Limits) []string {
	var names []string
	for i := range p.Changes {
		if op := p.Changes[i].op(); l.Ops > 1 && outcomeSize+sizeOf(&op) > l.Bytes {
			names = append(names, p.Changes[i].Name)
		}
	}
	return names
}

// span is a range of a plan's changes that are made at once: from, and up to but
// not including to.
type span struct{ from, to int }

// sizeOf is how many bytes a write takes in a transaction of JSON, about: content
// in base64, the key, and the words around them.
func sizeOf(o *Op) int { return (len(o.Content)+2)/3*4 + len(o.Key.Name) + 128 }

// outcomeSize is what the record that is written with each batch takes.
const outcomeSize = 512

// batches cuts changes into what one swap takes each, with the record of its
// outcome. What is too large for any goes alone.
func batches(changes []Change, l Limits) []span {
	var spans []span
	from, size := 0, 0
	room := l.Bytes - outcomeSize
	for i := range changes {
		op := changes[i].op()
		s := sizeOf(&op)
		if i > from && (size+s > room || i-from >= max(l.Ops-1, 1)) {
			spans = append(spans, span{from, i})
			from, size = i, 0
		}
		size += s
	}
	if len(changes) > from {
		spans = append(spans, span{from, len(changes)})
	}
	return spans
}

// together tells whether the outcome of a batch of these ops fits into its swap.
func together(ops []Op, l Limits) bool {
	size := outcomeSize
	for i := range ops {
		size += sizeOf(&ops[i])
	}
	return len(ops) < l.Ops && size <= l.Bytes
}

// inSwaps cuts ops, in order, into what one swap takes each.
func inSwaps(ops []Op, l Limits) [][]Op {
	var out [][]Op
	from, size := 0, 0
	for i := range ops {
		s := sizeOf(&ops[i])
		if i > from && (size+s > l.Bytes || i-from >= l.Ops) {
			out = append(out, ops[from:i])
			from, size = i, 0
		}
		size += s
	}
	return append(out, ops[from:])
}
