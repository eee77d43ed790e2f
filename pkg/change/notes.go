package change

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Note is a record that goes with what is in the store, outside of the journal and
// its bounds. A plan writes it when what it belongs to was made, and not before.
type Note struct {
	// Name begins with NoteNames.
	Name string `json:"name"`
	// Expect is the revision of what stands there.
	Expect Revision `json:"revision,omitempty"`
	// Content is what is to stand there; it is compressed where it is large.
	Content []byte `json:"content"`
	// Of is the name of the change that it belongs to, "" where it is the whole plan.
	Of string `json:"of,omitempty"`
}

// NoteNames begins the name of every note.
const NoteNames = "base/"

func (n *Note) key() Key { return Key{Records, n.Name} }

// op returns the write of n.
func (n *Note) op() (Op, error) {
	content, err := fold(n.Content)
	return Op{Key: n.key(), Expect: n.Expect, Content: content}, err
}

// validNotes returns why notes cannot be written to a store of these limits.
func validNotes(notes []Note, l Limits) error {
	seen := make(map[string]bool, len(notes))
	for i := range notes {
		n := &notes[i]
		op, err := n.op()
		switch {
		case err != nil:
			return err
		case !strings.HasPrefix(n.Name, NoteNames), seen[n.Name], n.Content == nil:
			return fmt.Errorf("%w: %q is no note, or there twice", ErrPlan, n.Name)
		case len(op.Content) > l.Value:
			return fmt.Errorf("%s: %w: %d bytes, and the store takes %d at most", n.Name, ErrTooLarge, len(op.Content), l.Value)
		}
		seen[n.Name] = true
	}
	return nil
}

// ReadNotes returns the notes that stand at names, in their order. The Content of
// one that is not there is nil.
func ReadNotes(ctx context.Context, s Store, names []string) ([]Note, error) {
	notes := make([]Note, len(names))
	keys := make([]Key, len(names))
	for i, name := range names {
		notes[i].Name = name
		keys[i] = notes[i].key()
	}
	entries, err := s.Read(ctx, keys)
	if err != nil {
		return nil, err
	}
	for i := range entries {
		if entries[i].Revision == Absent {
			continue
		}
		notes[i].Expect = entries[i].Revision
		if notes[i].Content, err = unfold(entries[i].Content); err != nil {
			return nil, fmt.Errorf("%s: %w: %w", names[i], ErrInvalid, err)
		}
	}
	return notes, nil
}

// WriteNotes writes notes that go with no plan. Where one is not at the revision
// that it expects, nothing is written: a *RefusedError. Of more than one swap's worth
// some may be written when another fails; written again they are the same.
func WriteNotes(ctx context.Context, s Store, notes []Note) error {
	about, err := s.About(ctx)
	if err != nil {
		return err
	}
	if err := validNotes(notes, about.Limits); err != nil {
		return err
	}
	ops := make([]Op, len(notes))
	keys := make([]Key, len(notes))
	for i := range notes {
		if ops[i], err = notes[i].op(); err != nil {
			return err
		}
		keys[i] = ops[i].Key
	}
	if len(ops) == 0 {
		return nil
	}
	entries, err := s.Read(ctx, keys)
	if err != nil {
		return err
	}
	if err := moved(entries, notes); err != nil {
		return err
	}
	for _, batch := range inSwaps(ops, about.Limits) {
		if err := sure(ctx, s, batch); err != nil {
			return err
		}
	}
	return nil
}

// moved returns a *RefusedError unless notes are at the revisions that they expect.
func moved(entries []Entry, notes []Note) error {
	var refused RefusedError
	for i := range entries {
		if n := &notes[i]; entries[i].Revision != n.Expect {
			refused.Conflicts = append(refused.Conflicts, &ConflictError{Key: n.key(), Expected: n.Expect, Have: entries[i].Revision})
		}
	}
	if len(refused.Conflicts) > 0 {
		return &refused
	}
	return nil
}

func noteKeys(notes []Note) []Key {
	keys := make([]Key, len(notes))
	for i := range notes {
		keys[i] = notes[i].key()
	}
	return keys
}

// due returns the writes of the notes of what was made. What another noted since the
// plan was made stays.
func (r *run) due(ctx context.Context) ([]Op, error) {
	if len(r.notes) == 0 {
		return nil, nil
	}
	made := make(map[string]bool, len(r.record.Changes))
	for i := range r.record.Changes {
		made[r.record.Changes[i].Name] = r.record.Changes[i].Made
	}
	entries, err := r.store.Read(ctx, noteKeys(r.notes))
	if err != nil {
		return nil, err
	}
	var ops []Op
	for i := range entries {
		n := &r.notes[i]
		if n.Of == "" && r.record.State != Done || n.Of != "" && !made[n.Of] || entries[i].Revision != n.Expect {
			continue
		}
		op, err := n.op()
		if err != nil {
			return nil, err
		}
		ops = append(ops, op)
	}
	return ops, nil
}

// errNoted means that another wrote a note since it was read.
var errNoted = errors.New("noted by another")

// isNote tells whether a conflict is about a note.
func isNote(err error) bool {
	conflict, ok := errors.AsType[*ConflictError](err)
	return ok && conflict.Key.Space == Records && strings.HasPrefix(conflict.Key.Name, NoteNames)
}
