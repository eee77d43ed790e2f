package change

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Direction is which way a plan that was cut off is ended.
type Direction string

// The directions.
const (
	Forward Direction = "forward" // make the rest
	Back    Direction = "back"    // take back what was made
)

// ForeignError says that some keys of a plan that was cut off hold what the plan neither
// found there nor wrote: they were left alone.
type ForeignError struct{ Names []string }

// Error names them.
func (f *ForeignError) Error() string {
	if len(f.Names) == 1 {
		return f.Names[0] + " was changed by another, and left alone"
	}
	return fmt.Sprintf("%s and %d more were changed by others, and left alone", f.Names[0], len(f.Names)-1)
}

// Unwrap returns ErrConflict.
func (f *ForeignError) Unwrap() error { return ErrConflict }

// Recover ends the plan called id, which was cut off: as often as it is asked, it
// comes to the same end. A plan that somebody still is at is *BusyError, one that is at
// its end *AppliedError. Keys that hold neither what the plan found there nor what it
// wrote are left alone, and returned in a *ForeignError when the rest is done.
func Recover(ctx context.Context, s Store, id string, to Direction, o Options) (Record, error) {
	r, err := resume(ctx, s, id, o)
	if err != nil {
		return Record{}, err
	}
	var foreign []string
	err = r.hold(ctx, func(ctx context.Context) error {
		if foreign, err = r.settle(ctx, to); err != nil {
			return err
		}
		return nil
	})
	if err != nil {
		return r.record, err
	}
	r.record.State = Done
	if to == Back {
		r.record.State = Undone
	}
	if err := r.close(ctx); err != nil {
		return r.record, fmt.Errorf("%w: %w", ErrUnjournalled, err)
	}
	if len(foreign) > 0 {
		return r.record, &ForeignError{foreign}
	}
	return r.record, nil
}

// resume makes this process the one that goes on with a plan that was cut off.
func resume(ctx context.Context, s Store, id string, o Options) (*run, error) {
	about, err := s.About(ctx)
	if err != nil {
		return nil, err
	}
	r := &run{store: s, about: about, options: o, begun: o.Now()}
	if r.record, r.at, err = lookUp(ctx, s, id); err != nil {
		return nil, err
	}
	switch {
	case r.record.State != Open:
		return nil, &AppliedError{ID: id, By: r.record.By, State: r.record.State}
	case !about.Now.After(r.record.Until):
		return nil, &BusyError{ID: id, By: r.record.By, Until: r.record.Until}
	}
	if r.changes, r.notes, err = contents(ctx, s, &r.record); err != nil {
		return nil, err
	}
	r.batches = batches(r.changes, about.Limits)
	r.record.Holder = NewID()
	return r, r.renew(ctx)
}

// settle brings every key to one side.
func (r *run) settle(ctx context.Context, to Direction) (foreign []string, err error) {
	// What was sent and not answered must not arrive any more.
	for i := range r.record.Batches {
		if _, err := r.fence(ctx, i); err != nil {
			return nil, err
		}
	}
	entries, err := r.store.Read(ctx, keysOf(r.changes))
	if err != nil {
		return nil, err
	}
	var ops []Op
	for i := range entries {
		c, e, w := &r.changes[i], &entries[i], &r.record.Changes[i]
		wanted, other := c.After, c.Before
		if to == Back {
			wanted, other = c.Before, c.After
		}
		write := Op{Key: e.Key, Expect: e.Revision, Content: wanted, Remove: wanted == nil}
		switch {
		case e.is(wanted) && to == Back && wanted != nil && !r.marked(i):
			// It is written again, so that what is on the way finds another revision.
			ops = append(ops, write)
		case e.is(wanted):
		case e.is(other):
			ops = append(ops, write)
		default:
			foreign = append(foreign, c.Name)
			continue
		}
		w.Made = to == Forward
	}
	if len(ops) == 0 {
		return foreign, nil
	}
	for _, batch := range inSwaps(ops, r.about.Limits) {
		if err := sure(ctx, r.store, batch); err != nil {
			return nil, err
		}
	}
	if to == Forward {
		_, err = r.readBack(ctx)
	}
	return foreign, err
}

// marked tells whether the batch of a change has a record of its outcome.
func (r *run) marked(change int) bool {
	for _, b := range r.batches {
		if change < b.to {
			return together(r.ops(b), r.about.Limits)
		}
	}
	return false
}

// lookUp returns a record and its revision.
func lookUp(ctx context.Context, s Store, id string) (Record, Revision, error) {
	sought := Record{ID: id}
	entries, err := s.Read(ctx, []Key{sought.name()})
	if err != nil {
		return Record{}, Absent, err
	}
	if entries[0].Revision == Absent {
		return Record{}, Absent, fmt.Errorf("plan %s: %w", id, ErrNotFound)
	}
	r, err := decodeRecord(entries[0])
	return r, entries[0].Revision, err
}

// Journal returns the records of a store, the newest first. Those that cannot be
// read are left out, and told of in the error, which is then ErrInvalid.
func Journal(ctx context.Context, s Store) ([]Record, error) {
	var records []Record
	var unread error
	for e, err := range s.List(ctx, planNames) {
		if err != nil {
			return nil, err
		}
		r, err := decodeRecord(e)
		if err != nil {
			unread = errors.Join(unread, err)
			continue
		}
		records = append(records, r)
	}
	slices.Reverse(records)
	return records, unread
}

// Contents returns the changes of a record with what stood there before and after.
// One whose contents were forgotten is ErrNotFound.
func Contents(ctx context.Context, s Store, r *Record) ([]Change, error) {
	changes, _, err := contents(ctx, s, r)
	return changes, err
}

func contents(ctx context.Context, s Store, r *Record) ([]Change, []Note, error) {
	if r.Forgotten {
		return nil, nil, fmt.Errorf("the contents of plan %s: %w: they were forgotten", r.ID, ErrNotFound)
	}
	pieces, err := s.Read(ctx, r.pieces())
	if err != nil {
		return nil, nil, err
	}
	return r.unpack(pieces)
}

// Revert returns the changes that take back what r made of names, of all where none
// are given. Those that hold something else by now are a *RefusedError, unless force.
func Revert(ctx context.Context, s Store, r *Record, names []string, force bool) ([]Change, error) {
	changes, err := Contents(ctx, s, r)
	if err != nil {
		return nil, err
	}
	changes = chosen(r, changes, names)
	entries, err := s.Read(ctx, keysOf(changes))
	if err != nil {
		return nil, err
	}
	var refused RefusedError
	reverts := make([]Change, 0, len(changes))
	for i := range changes {
		c, e := &changes[i], &entries[i]
		if !e.is(c.After) && !force {
			refused.Conflicts = append(refused.Conflicts, &ConflictError{Key: e.Key, Expected: r.to(c.Name), Have: e.Revision})
			continue
		}
		if e.is(c.Before) {
			continue // it is as it was already
		}
		back := Change{Space: c.Space, Name: c.Name, Expect: e.Revision, After: c.Before}
		if e.Revision != Absent {
			back.Before = append([]byte{}, e.Content...)
		}
		reverts = append(reverts, back)
	}
	if len(refused.Conflicts) > 0 {
		return nil, &refused
	}
	return reverts, nil
}

// chosen returns those of changes that r made and that are called one of names, if
// there are any.
func chosen(r *Record, changes []Change, names []string) []Change {
	wanted := make(map[string]bool, len(names))
	for _, n := range names {
		wanted[n] = true
	}
	var out []Change
	for i := range changes {
		if r.Changes[i].Made && (len(names) == 0 || wanted[changes[i].Name]) {
			out = append(out, changes[i])
		}
	}
	return out
}

func (r *Record) to(name string) Revision {
	for i := range r.Changes {
		if r.Changes[i].Name == name {
			return r.Changes[i].To
		}
	}
	return Absent
}

// Forget removes the contents of a plan that is at its end, and keeps its record.
func Forget(ctx context.Context, s Store, id string) (Record, error) {
	r, at, err := lookUp(ctx, s, id)
	if err != nil {
		return Record{}, err
	}
	if r.State == Open {
		return Record{}, &BusyError{ID: r.ID, By: r.By, Until: r.Until}
	}
	about, err := s.About(ctx)
	if err != nil {
		return Record{}, err
	}
	pieces := r.pieces()
	r.Forgotten, r.Pieces, r.Size = true, 0, 0
	text, err := r.encode()
	if err != nil {
		return Record{}, err
	}
	if err := sure(ctx, s, []Op{{Key: r.name(), Expect: at, Content: text}}); err != nil {
		return Record{}, err
	}
	return r, remove(ctx, s, about.Limits, pieces)
}

// Prune removes records that are at their end, the oldest first: those that are
// older than age by the store's clock, and as many more as it takes for the contents
// of the rest to be size bytes at most. It returns how many.
func Prune(ctx context.Context, s Store, age time.Duration, size int) (int, error) {
	about, err := s.About(ctx)
	if err != nil {
		return 0, err
	}
	var listed []Entry
	for e, err := range s.List(ctx, planNames) {
		if err != nil {
			return 0, err
		}
		listed = append(listed, e)
	}
	slices.Reverse(listed) // the newest first
	before := about.Now.Add(-age)
	kept, pruned := 0, 0
	for _, e := range listed {
		r, err := decodeHead(e)
		if kept += r.Size; err != nil || r.State == Open || kept <= size && !r.Stored.Before(before) {
			continue
		}
		if r, err = decodeRecord(e); err != nil {
			continue
		}
		err = remove(ctx, s, about.Limits, slices.Concat([]Key{r.name()}, r.pieces(), r.outcomes()))
		if errors.Is(err, ErrConflict) {
			continue // another is at it, too
		}
		if err != nil {
			return pruned, err
		}
		pruned++
	}
	return pruned, nil
}
