package change

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

const (
	// leaseTime is how long an intent is its writer's alone, and renewal how often it
	// says that it still is there.
	leaseTime = 15 * time.Second
	renewal   = 5 * time.Second
)

// lease is the record of a plan while this process alone may go on with it.
type lease struct {
	mu     sync.Mutex
	record Record
	at     Revision // that of the record in the store
}

// intend writes the contents and then the record, and sees that no other plan is
// at the same keys: of two that begin at once, the one whose record was created
// first goes on.
func (r *run) intend(ctx context.Context) error {
	ops, err := r.intent()
	if err != nil {
		return err
	}
	for _, batch := range inSwaps(ops, r.about.Limits) {
		if err := sure(ctx, r.store, batch); err != nil {
			return r.abandon(ctx, r.notIntended(ctx, err))
		}
	}
	if err := r.find(ctx); err != nil {
		return r.abandon(ctx, err)
	}
	busy, err := r.busy(ctx)
	if busy != nil {
		err = busy
	}
	if err != nil {
		return r.abandon(ctx, err)
	}
	return nil
}

// abandon takes the plan out of the journal, of which nothing was made, and returns
// why it ended.
func (r *run) abandon(ctx context.Context, why error) error {
	ctx, cancel := after(ctx)
	defer cancel()
	ctx, stop := context.WithTimeout(ctx, grace)
	defer stop()
	have, at, err := lookUp(ctx, r.store, r.record.ID)
	switch {
	case errors.Is(err, ErrNotFound), err == nil && have.Holder != r.record.Holder:
		err = r.clear(ctx)
	case err == nil:
		r.at = at
		err = r.withdraw(ctx)
	}
	if err != nil {
		return fmt.Errorf("%w; the journal may still call it open", why)
	}
	return why
}

// intent returns the writes of the contents in pieces, and last of the record.
func (r *run) intent() ([]Op, error) {
	contents, err := pack(r.changes, r.notes)
	if err != nil {
		return nil, err
	}
	l := r.about.Limits
	room := min(l.Value, (l.Bytes-1024)/4*3)
	r.record.Size = len(contents)
	var ops []Op
	for piece := range slices.Chunk(contents, room) {
		r.record.Pieces++
		ops = append(ops, Op{Key: r.record.piece(r.record.Pieces), Content: piece})
	}
	if r.record.Pieces > maxPieces {
		return nil, fmt.Errorf("%w: what stands there now takes more than the journal keeps of one plan", ErrTooLarge)
	}
	r.extend()
	text, err := r.record.encode()
	if err != nil {
		return nil, err
	}
	if len(text) > room {
		return nil, fmt.Errorf("%w: %d changes are more than the journal lists of one plan", ErrTooLarge, len(r.changes))
	}
	return append(ops, Op{Key: r.record.name(), Content: text}), nil
}

// extend makes this process the holder for a while from now on, by the system's
// clock.
func (r *run) extend() {
	if r.record.Holder == "" {
		r.record.Holder = NewID()
	}
	r.record.Until = r.about.Now.Add(r.options.Now().Sub(r.begun) + leaseTime).UTC()
}

// notIntended says why the record could not be created.
func (r *run) notIntended(ctx context.Context, err error) error {
	if !errors.Is(err, ErrConflict) {
		return fmt.Errorf("nothing was written, as the journal did not take it: %w", err)
	}
	entries, readErr := r.store.Read(ctx, []Key{r.record.name()})
	if readErr != nil || entries[0].Revision == Absent {
		return err
	}
	return applied(entries[0])
}

// find learns the revision of the record, which must be ours.
func (r *run) find(ctx context.Context) error {
	entries, err := r.store.Read(ctx, []Key{r.record.name()})
	if err != nil {
		return err
	}
	got, err := decodeRecord(entries[0])
	if err != nil {
		return err
	}
	if got.Holder != r.record.Holder {
		return errTaken
	}
	r.at = entries[0].Revision
	return nil
}

// errTaken means that another process goes on with this plan.
var errTaken = fmt.Errorf("%w: another process went on with this plan", ErrConflict)

// busy returns the plan that was begun before this one, is not at its end, and
// changes one of the same keys; nil for none.
func (r *run) busy(ctx context.Context) (*BusyError, error) {
	ours := make(map[Key]bool, len(r.changes))
	for i := range r.changes {
		ours[r.changes[i].Key()] = true
	}
	for e, err := range r.store.List(ctx, planNames) {
		if err != nil {
			return nil, err
		}
		if e.Key == r.record.name() {
			break
		}
		other, err := decodeHead(e)
		if err != nil || other.State != Open {
			continue // a record that nobody can read binds nobody
		}
		if other, err = decodeRecord(e); err != nil {
			continue
		}
		if slices.ContainsFunc(other.Changes, func(w Written) bool { return ours[w.key()] }) {
			return &BusyError{ID: other.ID, By: other.By, Until: other.Until, Lapsed: r.about.Now.After(other.Until)}, nil
		}
	}
	return nil, nil //nolint:nilnil // no plan is no error
}

// hold runs work while it renews the lease, and ends its context where another
// process took that.
func (r *run) hold(ctx context.Context, work func(context.Context) error) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	var renewing sync.WaitGroup
	done := make(chan struct{})
	renewing.Go(func() {
		tick := time.NewTicker(renewal)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				if err := r.renew(ctx); errors.Is(err, errTaken) {
					end(err)
				}
			case <-done:
				return
			}
		}
	})
	err := work(ctx)
	close(done)
	renewing.Wait()
	if cause := context.Cause(ctx); err != nil && errors.Is(cause, errTaken) {
		return cause
	}
	return err
}

// mark notes that a batch was made.
func (r *run) mark(b span) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := b.from; i < b.to; i++ {
		r.record.Changes[i].Made = true
	}
}

// renew says that this process still is there. The changes that it lists may be
// behind.
func (r *run) renew(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.extend()
	return r.put(ctx, nil, nil)
}

// put replaces the record, together with other writes, or between them where they
// are too many. Where one of a note is in conflict it is errNoted.
func (r *run) put(ctx context.Context, before, after []Op) error {
	text, err := r.text()
	if err != nil {
		return err
	}
	ops := slices.Concat(before, []Op{{Key: r.record.name(), Expect: r.at, Content: text}}, after)
	for _, batch := range inSwaps(ops, r.about.Limits) {
		if err := sure(ctx, r.store, batch); isNote(err) {
			return errNoted
		} else if errors.Is(err, ErrConflict) {
			return errTaken
		} else if err != nil {
			return err
		}
	}
	return r.find(ctx)
}

// text returns the record as it is stored: without the revisions that came of it,
// where it has grown too large by them.
func (r *run) text() ([]byte, error) {
	text, err := r.record.encode()
	if err != nil || len(text) <= r.about.Limits.Value {
		return text, err
	}
	short := r.record
	short.Changes = slices.Clone(short.Changes)
	for i := range short.Changes {
		short.Changes[i].To = Absent
	}
	return short.encode()
}

// close writes the record of a plan that is at its end, with its notes, and takes away the outcomes
// of what was made. Those of what was not must stay: they keep it from arriving yet.
func (r *run) close(ctx context.Context) error {
	r.record.Holder, r.record.Until = "", time.Time{}
	outcomes, err := r.store.Read(ctx, r.record.outcomes())
	if err != nil {
		return err
	}
	made := slices.DeleteFunc(outcomes, func(e Entry) bool { return string(e.Content) != outcomeMade })
	for range tries {
		var notes []Op
		if notes, err = r.due(ctx); err != nil {
			return err
		}
		if err = r.put(ctx, notes, removals(made)); !errors.Is(err, errNoted) {
			break
		}
	}
	return err
}

// removals returns the writes that take entries away, but for those that are not
// there.
func removals(entries []Entry) []Op {
	var ops []Op
	for _, e := range entries {
		if e.Revision != Absent {
			ops = append(ops, Op{Key: e.Key, Expect: e.Revision, Remove: true})
		}
	}
	return ops
}

// withdraw takes the plan out of the journal, as nothing of it was made and nothing
// is on the way.
func (r *run) withdraw(ctx context.Context) error {
	if err := sure(ctx, r.store, []Op{{Key: r.record.name(), Expect: r.at, Remove: true}}); err != nil {
		return err
	}
	return r.clear(ctx)
}

// clear takes the contents away that no record tells of.
func (r *run) clear(ctx context.Context) error {
	return remove(ctx, r.store, r.about.Limits, r.record.pieces())
}

// remove takes away what stands at keys.
func remove(ctx context.Context, s Store, l Limits, keys []Key) error {
	entries, err := s.Read(ctx, keys)
	if err != nil {
		return err
	}
	ops := removals(entries)
	if len(ops) == 0 {
		return nil
	}
	for _, batch := range inSwaps(ops, l) {
		if err := sure(ctx, s, batch); err != nil {
			return err
		}
	}
	return nil
}
