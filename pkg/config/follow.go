package config

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"time"
)

// EventKind says what happened.
type EventKind string

// What a watch of configuration tells.
const (
	// Present is an item that was there when the watch began.
	Present EventKind = "present"
	// Added, Removed and Changed are about one item.
	Added   EventKind = "added"
	Removed EventKind = "removed"
	Changed EventKind = "changed"
	// Away means that the store cannot be asked, Back that it can be again.
	Away EventKind = "away"
	Back EventKind = "back"
)

// Event is one thing that happened to the configuration. It may hold secrets, in
// Item and Changes: nothing prints these but through internal/mask.
type Event struct {
	Kind EventKind
	// At is when the watch saw it.
	At time.Time
	// Item is as it is now, or for Removed as it was last; nil for Away and Back.
	Item *Item
	// Changes are the values that differ where the Kind is Changed. There are none
	// where the item was written again and means the same.
	Changes []Change
	// Same is true of a Changed item with the bytes that it had.
	Same bool
	// Whole is true of a Changed item that has no structure, or cannot be parsed,
	// now or before: it differs as a whole.
	Whole bool
	// Err says why what is Added or Changed cannot be parsed: a *ParseError.
	Err error
	// Missed is true where it happened while the store was away: At is when it came
	// to light.
	Missed bool
	// Reason says why the store is away.
	Reason string
	// Gone and MissedEvents say, for Back, for how long the store was away and how
	// many events of that time follow.
	Gone         time.Duration
	MissedEvents int
}

// FollowOptions say what Follow is about.
type FollowOptions struct {
	Options
	// Patterns pick the items, as in Pick; none picks all.
	Patterns []string
}

// The pauses between two attempts to reach a store that is away: each is twice the
// last.
const (
	firstPause = time.Second
	lastPause  = 8 * time.Second
)

// Follow watches a store and yields what happens, in order, until ctx ends or nobody
// listens: first a Present for each item that is there. A store that goes away later
// is waited for, and what it missed is found by comparing lists, so that folding the
// events always gives the items that a fresh question would. The sequence ends with
// an error where the store could not be asked the first time or a pattern is wrong,
// and with that of ctx. It holds the items once.
func Follow(ctx context.Context, w Watcher, o FollowOptions, now func() time.Time) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		f := follower{FollowOptions: o, now: now, yield: yield}
		for {
			err := f.watch(w.Watch(ctx))
			_, wrong := errors.AsType[*GlobError](err)
			switch {
			case f.stopped:
				return
			case ctx.Err() != nil:
				yield(Event{}, ctx.Err())
				return
			case !f.begun || wrong:
				yield(Event{}, err)
				return
			}
			if !f.lose(err) {
				return
			}
			if !wait(ctx, f.pause) {
				yield(Event{}, ctx.Err())
				return
			}
		}
	}
}

// follower is what Follow knows between two lists.
type follower struct {
	FollowOptions
	now     func() time.Time
	yield   func(Event, error) bool
	stopped bool // nobody listens any more

	begun bool
	known []Item
	away  time.Time // since when; zero where it is not
	pause time.Duration
}

// watch tells the differences between lists, until their error.
func (f *follower) watch(lists iter.Seq2[[]Item, error]) error {
	for list, err := range lists {
		if err == nil {
			list, _, err = Pick(list, f.Patterns)
		}
		if err != nil {
			return err
		}
		if !f.take(list) {
			f.stopped = true
			return nil
		}
	}
	return errEnded
}

// errEnded is the error of a Watcher that broke its promise to say why it ends.
var errEnded = errors.New("the watch ended")

// take tells what differs between list and what was known. It reports whether
// anybody listens.
func (f *follower) take(list []Item) bool {
	at, missed := f.now(), !f.away.IsZero()
	if missed {
		e := Event{Kind: Back, At: at, Gone: max(0, at.Sub(f.away))}
		for range moves(f.known, list) {
			e.MissedEvents++
		}
		if !f.yield(e, nil) {
			return false
		}
	}
	for before, after := range moves(f.known, list) {
		e := f.event(before, after)
		e.At, e.Missed = at, missed
		if !f.yield(e, nil) {
			return false
		}
	}
	f.begun, f.known, f.away, f.pause = true, list, time.Time{}, 0
	return true
}

// moves yields each item that is on one of two lists alone, or another on the two.
// Nothing is parsed for it.
func moves(known, list []Item) iter.Seq2[*Item, *Item] {
	return func(yield func(before, after *Item) bool) {
		for _, sides := range sideBySide(known, list) {
			before, after := sides[0], sides[1]
			if before != nil && after != nil && before.Revision == after.Revision && bytes.Equal(before.Content, after.Content) {
				continue
			}
			if !yield(before, after) {
				return
			}
		}
	}
}

// event says how an item went from before to after, one of which may be nil.
func (f *follower) event(before, after *Item) Event {
	switch {
	case !f.begun:
		return Event{Kind: Present, Item: after}
	case before == nil:
		_, err := after.parse()
		return Event{Kind: Added, Item: after, Err: err}
	case after == nil:
		return Event{Kind: Removed, Item: before}
	case bytes.Equal(before.Content, after.Content):
		return Event{Kind: Changed, Item: after, Same: true}
	}
	d := ItemDiff{A: before, B: after}
	d.compare(f.Options, Rules{})
	return Event{Kind: Changed, Item: after, Changes: d.Changes, Whole: d.Kind == Whole, Err: d.ErrB}
}

// lose tells that the store went away, once, and lengthens the pause. It reports
// whether anybody listens.
func (f *follower) lose(err error) bool {
	f.pause = min(max(2*f.pause, firstPause), lastPause)
	if !f.away.IsZero() {
		return true
	}
	f.away = f.now()
	return f.yield(Event{Kind: Away, At: f.away, Reason: err.Error()}, nil)
}

// wait lets d pass and reports whether ctx goes on.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
