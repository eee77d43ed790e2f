package change

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Options are what Apply, Recover and Forget are told of who asks.
type Options struct {
	By, Why string
	// Now is the writer's clock.
	Now func() time.Time
	// Force also writes keys that somebody has locked.
	Force bool
	// Progress, unless nil, is told how many changes were made so far.
	Progress func(made int)
}

// RefusedError says why nothing was written: it was not as the plan expects.
type RefusedError struct {
	// Conflicts are all that were found, in the plan's order; there is at least one.
	Conflicts []*ConflictError
}

// Error names the first of them, and how many more there are.
func (r *RefusedError) Error() string {
	if more := len(r.Conflicts) - 1; more > 0 {
		return fmt.Sprintf("%v (and %d more)", r.Conflicts[0], more)
	}
	return r.Conflicts[0].Error()
}

// Unwrap returns ErrConflict.
func (r *RefusedError) Unwrap() error { return ErrConflict }

// BusyError says that another plan is being applied to the same keys, or was cut off
// there.
type BusyError struct {
	ID, By string
	// Until is when it may be recovered, by the system's clock: Lapsed where that
	// is past.
	Until  time.Time
	Lapsed bool
}

// Error says which plan it is.
func (b *BusyError) Error() string {
	if b.Lapsed {
		return fmt.Sprintf("plan %s of %s was cut off there", b.ID, b.By)
	}
	return fmt.Sprintf("plan %s of %s is being applied there", b.ID, b.By)
}

// Unwrap returns ErrConflict.
func (b *BusyError) Unwrap() error { return ErrConflict }

// AppliedError says that the journal has a plan already: it is applied once.
type AppliedError struct {
	ID, By string
	State  State
}

// Error says what became of it.
func (a *AppliedError) Error() string {
	return fmt.Sprintf("plan %s was applied by %s, and is %s", a.ID, a.By, a.State)
}

// Unwrap returns ErrConflict.
func (a *AppliedError) Unwrap() error { return ErrConflict }

// PartialError says that a plan ended between its batches, or that what became of it is
// not known.
type PartialError struct {
	// Made and Left are the names of what was written and what was not. Unknown are
	// those of which that is not known yet.
	Made, Left, Unknown []string
	// Err is why.
	Err error
}

// Error says how far it came, and why no further.
func (p *PartialError) Error() string {
	text := fmt.Sprintf("%d of %d changes were made", len(p.Made), len(p.Made)+len(p.Left)+len(p.Unknown))
	if len(p.Unknown) > 0 {
		text += fmt.Sprintf(", of %d it is not known", len(p.Unknown))
	}
	return fmt.Sprintf("%s: %v", text, p.Err)
}

// Unwrap returns Err.
func (p *PartialError) Unwrap() error { return p.Err }

// ErrUnjournalled means that all was written and that the journal could not be told.
var ErrUnjournalled = errors.New("written, but the journal still calls it open")

// ErrOverwritten means that a change was made, and what stands there now is
// another's.
var ErrOverwritten = errors.New("written, and changed by another since")

// Apply makes the changes of p in s, in order, and returns its record in the
// journal. Nothing is written unless all are at the revisions that they expect, and
// the journal took the intent. An error with a Record that has an ID means that
// something may have been written: it is then a *PartialError, ErrUnjournalled or
// ErrOverwritten.
func Apply(ctx context.Context, s Store, p *Plan, o Options) (Record, error) {
	about, err := s.About(ctx)
	if err != nil {
		return Record{}, err
	}
	begun := o.Now() // with the other clock: what follows may take a while
	if err := p.Check(about.Limits); err != nil {
		return Record{}, err
	}
	if err := expect(ctx, s, p, about.Identity, o.Force); err != nil {
		return Record{}, err
	}
	r := &run{store: s, about: about, options: o, begun: begun, changes: p.Changes, notes: p.Notes, batches: batches(p.Changes, about.Limits)}
	r.record = Record{
		ID: p.ID, State: Open, Environment: p.Environment, Identity: p.Identity, By: o.By, Why: o.Why,
		At: r.begun.UTC(), Stored: about.Now.UTC(), Reverts: p.Reverts, Changes: make([]Written, len(p.Changes)), Notes: len(p.Notes),
		Pack: p.ID + "." + NewID(), Batches: len(r.batches),
	}
	for i := range p.Changes {
		c := &p.Changes[i]
		r.record.Changes[i] = Written{Space: c.Space, Name: c.Name, Says: c.Says, From: c.Expect}
	}
	if err := r.intend(ctx); err != nil {
		return Record{}, err
	}
	unknown, err := r.make(ctx)
	return r.conclude(ctx, unknown, err)
}

// expect returns an *AppliedError where the journal has p, ErrElsewhere where s is not
// the store that it was made for, and a *RefusedError unless everything is as it expects.
func expect(ctx context.Context, s Store, p *Plan, identity string, force bool) error {
	record := Record{ID: p.ID}
	entries, err := s.Read(ctx, slices.Concat(keysOf(p.Changes), []Key{record.name()}, noteKeys(p.Notes)))
	if err != nil {
		return err
	}
	last := len(p.Changes)
	if entries[last].Revision != Absent {
		return applied(entries[last])
	}
	noted := entries[last+1:]
	if entries = entries[:last]; p.Identity != identity {
		return fmt.Errorf("plan %s was %w: %s, and not %s", p.ID, ErrElsewhere, p.Identity, identity)
	}
	var refused RefusedError
	for i := range entries {
		e, c := &entries[i], &p.Changes[i]
		switch {
		case e.Revision != c.Expect:
			refused.Conflicts = append(refused.Conflicts, &ConflictError{Key: e.Key, Expected: c.Expect, Have: e.Revision})
		case e.Holder != "" && !force:
			refused.Conflicts = append(refused.Conflicts, &ConflictError{Key: e.Key, Expected: c.Expect, Have: e.Revision, Holder: e.Holder})
		}
	}
	if len(refused.Conflicts) > 0 {
		return &refused
	}
	return moved(noted, p.Notes)
}

// applied returns what the journal says of a plan as an error.
func applied(e Entry) error {
	r, err := decodeRecord(e)
	if err != nil {
		return err
	}
	return &AppliedError{ID: r.ID, By: r.By, State: r.State}
}

func keysOf(changes []Change) []Key {
	keys := make([]Key, len(changes))
	for i := range changes {
		keys[i] = changes[i].Key()
	}
	return keys
}

// run is a plan that is being applied, or recovered.
type run struct {
	store   Store
	about   About
	options Options
	changes []Change
	notes   []Note
	batches []span
	begun   time.Time // by the writer's clock, when about was asked
	fenced  bool      // a batch is on the way that must not arrive

	lease
}

// make swaps one batch after the other. It returns why it ended before the last,
// and then the batch of which the outcome is not known, if there is one.
func (r *run) make(ctx context.Context) (unknown *span, err error) {
	err = r.hold(ctx, func(ctx context.Context) error {
		for i, b := range r.batches {
			if err := r.step(ctx, i); err != nil {
				if errors.Is(err, ErrUnknown) {
					unknown = &b
				}
				return err
			}
			r.mark(b)
			if r.options.Progress != nil {
				r.options.Progress(b.to)
			}
		}
		return nil
	})
	return unknown, err
}

// step is swap, and says why it was not made.
func (r *run) step(ctx context.Context, batch int) error {
	made, err := r.swap(ctx, batch)
	switch {
	case made || err != nil:
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	default:
		return fmt.Errorf("%w: the connection was lost before it was written", ErrUnavailable)
	}
}

// swap makes a batch, and knows of every one whether it was made but where it
// returns ErrUnknown.
func (r *run) swap(ctx context.Context, batch int) (made bool, err error) {
	ops := r.ops(r.batches[batch])
	if !together(ops, r.about.Limits) {
		return true, sure(ctx, r.store, ops)
	}
	ops = append(ops, Op{Key: r.record.outcome(batch), Content: []byte(outcomeMade)})
	if err := r.store.Swap(ctx, ops); err == nil || !errors.Is(err, ErrUnknown) {
		return err == nil, err
	}
	return r.fence(ctx, batch)
}

// ops returns the writes of a batch.
func (r *run) ops(b span) []Op {
	ops := make([]Op, 0, b.to-b.from+1)
	for i := b.from; i < b.to; i++ {
		ops = append(ops, r.changes[i].op())
	}
	return ops
}

// fence finds out whether a batch was made whose answer did not come. Where it was
// not, it never will be: its outcome cannot be created twice.
func (r *run) fence(ctx context.Context, batch int) (made bool, err error) {
	ctx, cancel := after(ctx)
	defer cancel()
	key := r.record.outcome(batch)
	err = sure(ctx, r.store, []Op{{Key: key, Content: []byte(outcomeNever)}})
	if errors.Is(err, ErrConflict) {
		var there []Entry
		if there, err = r.store.Read(ctx, []Key{key}); err == nil {
			return string(there[0].Content) == outcomeMade, nil
		}
	}
	if err != nil {
		return false, fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	r.fenced = true
	return false, nil
}

const (
	// grace is how long is taken to write down what became of a plan once its
	// context has ended.
	grace = 5 * time.Second
	// patience is how long a swap whose answer was lost is sent again, and firstPause
	// how long the second time is after the first: Consul elects a new leader within.
	patience   = 15 * time.Second
	firstPause = 100 * time.Millisecond
	// tries is how often that is tried again which another was faster at.
	tries = 3
)

// after returns a context that outlives ctx by a while.
func after(ctx context.Context) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	return longer, func() {
		stop()
		cancel()
	}
}

// sure swaps ops, and sends them again where the answer is lost: as each has a
// revision, they are made once at most. Where they are found to be there it is nil.
// Once an answer was lost, that the server could not be asked again is ErrUnknown,
// too.
func sure(ctx context.Context, s Store, ops []Op) error {
	err := s.Swap(ctx, ops)
	if !errors.Is(err, ErrUnknown) {
		return err
	}
	ctx, cancel := after(ctx)
	defer cancel()
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	for pause := time.Duration(0); waited(ctx, pause); pause = max(firstPause, 2*pause) {
		again := s.Swap(ctx, ops)
		if errors.Is(again, ErrConflict) {
			var there bool
			if there, again = stands(ctx, s, ops, again); there {
				return nil
			}
		}
		switch {
		case again == nil, errors.Is(again, ErrConflict):
			return again
		case !errors.Is(again, ErrUnknown) && !errors.Is(again, ErrUnavailable):
			return err
		}
	}
	return err
}

// waited waits, and tells whether ctx goes on.
func waited(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// stands tells whether what ops write is there, after they were refused. Where that
// cannot be read the error is another.
func stands(ctx context.Context, s Store, ops []Op, refused error) (bool, error) {
	keys := make([]Key, len(ops))
	for i := range ops {
		keys[i] = ops[i].Key
	}
	entries, err := s.Read(ctx, keys)
	if err != nil {
		return false, err
	}
	for i := range entries {
		if op, e := &ops[i], &entries[i]; op.Remove != (e.Revision == Absent) || !op.Remove && !bytes.Equal(op.Content, e.Content) {
			return false, refused
		}
	}
	return true, nil
}

// is tells whether e is content, nil for nothing.
func (e *Entry) is(content []byte) bool {
	if content == nil {
		return e.Revision == Absent
	}
	return e.Revision != Absent && bytes.Equal(e.Content, content)
}

// conclude reads back what was made, and writes down what became of the plan.
func (r *run) conclude(ctx context.Context, unknown *span, cause error) (Record, error) {
	ctx, cancel := after(ctx)
	defer cancel()
	partial := r.partial(unknown, cause)
	if partial != nil && len(partial.Unknown) > 0 {
		return r.record, partial // it stays open, for recover
	}
	if partial != nil && len(partial.Made) == 0 && !r.fenced {
		if err := r.withdraw(ctx); err != nil {
			return r.record, errors.Join(partial, err)
		}
		return Record{}, cause
	}
	foreign, err := r.readBack(ctx)
	if err == nil {
		r.record.State = Done
		if partial != nil {
			r.record.State = Stopped
		}
		err = r.close(ctx)
	}
	switch {
	case err != nil:
		err = fmt.Errorf("%w: %w", ErrUnjournalled, err)
	case foreign != "":
		err = fmt.Errorf("%s: %w", foreign, ErrOverwritten)
	}
	if partial != nil {
		return r.record, errors.Join(partial, err)
	}
	return r.record, err
}

// partial returns what there is to say of a plan that ended by cause, nil where
// that is nil.
func (r *run) partial(unknown *span, cause error) *PartialError {
	if cause == nil {
		return nil
	}
	p := &PartialError{Err: cause}
	for i := range r.record.Changes {
		w := &r.record.Changes[i]
		switch {
		case w.Made:
			p.Made = append(p.Made, w.Name)
		case unknown != nil && i >= unknown.from && i < unknown.to:
			p.Unknown = append(p.Unknown, w.Name)
		default:
			p.Left = append(p.Left, w.Name)
		}
	}
	return p
}

// readBack compares what was made with what stands there, and notes the revisions.
// It returns the name of the first that is another's by now.
func (r *run) readBack(ctx context.Context) (foreign string, err error) {
	entries, err := r.store.Read(ctx, keysOf(r.changes))
	if err != nil {
		return "", err
	}
	for i := range entries {
		w := &r.record.Changes[i]
		if !w.Made {
			continue
		}
		if entries[i].is(r.changes[i].After) {
			w.To = entries[i].Revision
		} else if foreign == "" {
			foreign = w.Name
		}
	}
	return foreign, nil
}
