package registry

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"
)

// Watcher is a Registry that tells when something changes.
type Watcher interface {
	// Watch yields the instances of the named services, of all services for
	// nil: the present ones at once, and all of them again whenever one of them
	// may have changed, at most once a second. Each list is sorted by Compare,
	// whole, and the caller's own. A service that nobody registered has no
	// instances, and is watched all the same. The sequence ends with its first
	// error, that of ctx included; the caller may begin a new one.
	Watch(ctx context.Context, services []string) iter.Seq2[[]Instance, error]
}

// EventKind says what happened.
type EventKind string

// What a watch tells.
const (
	// Present is an instance that was there when the watch began.
	Present EventKind = "present"
	// Appeared, Left and Changed are about one instance.
	Appeared EventKind = "appeared"
	Left     EventKind = "left"
	Changed  EventKind = "changed"
	// Away means that the registry cannot be asked, Back that it can be again.
	Away EventKind = "away"
	Back EventKind = "back"
)

// Event is one thing that happened to the watched services. The JSON names are an
// interface.
type Event struct {
	Kind EventKind `json:"event"`
	// At is when the watch saw it.
	At time.Time `json:"at"`
	// Instance is as it is now, or for Left as it was last; nil for Away and Back.
	Instance *Instance `json:"instance,omitempty"`
	// Changes are what differs where the Kind is Changed, at least one.
	Changes []Change `json:"changes,omitempty"`
	// Missed is true where it happened while the registry was away: At is when
	// it came to light.
	Missed bool `json:"missed,omitempty"`
	// Reason says why the registry is away.
	Reason string `json:"reason,omitempty"`
	// AwaySeconds and MissedEvents say, for Back, for how long the registry was
	// away and how many events of that time follow.
	AwaySeconds  float64 `json:"awaySeconds,omitempty"`
	MissedEvents int     `json:"missedEvents,omitempty"`
}

// The pauses between two attempts to reach a registry that is away: each is twice
// the last.
const (
	firstPause = time.Second
	lastPause  = 8 * time.Second
)

// Follow watches services (nil: all) and yields what happens, in order, until ctx
// ends or nobody listens: first a Present for each instance that is there. A
// registry that goes away later is waited for, and what it missed is found by
// comparing lists, so that folding the events always gives the list that a fresh
// question would. The sequence ends with an error where the registry could not be
// asked the first time, and with that of ctx.
func Follow(ctx context.Context, w Watcher, services []string, now func() time.Time) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		f := follower{now: now, yield: yield}
		for {
			err := f.watch(w.Watch(ctx, services))
			switch {
			case f.stopped:
				return
			case ctx.Err() != nil:
				yield(Event{}, ctx.Err())
				return
			case !f.begun:
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
	now     func() time.Time
	yield   func(Event, error) bool
	stopped bool // nobody listens any more

	begun bool
	known []Instance
	away  time.Time // since when; zero where it is not
	pause time.Duration
}

// watch tells the differences between lists, until their error.
func (f *follower) watch(lists iter.Seq2[[]Instance, error]) error {
	for list, err := range lists {
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
func (f *follower) take(list []Instance) bool {
	events := Events(f.known, list)
	at, missed := f.now(), !f.away.IsZero()
	if missed {
		gone := max(0, at.Sub(f.away).Seconds())
		if !f.yield(Event{Kind: Back, At: at, AwaySeconds: gone, MissedEvents: len(events)}, nil) {
			return false
		}
	}
	for i := range events {
		e := &events[i]
		e.At, e.Missed = at, missed
		if !f.begun {
			e.Kind = Present
		}
		if !f.yield(*e, nil) {
			return false
		}
	}
	f.begun, f.known, f.away, f.pause = true, list, time.Time{}, 0
	return true
}

// lose tells that the registry went away, once, and lengthens the pause. It
// reports whether anybody listens.
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

// Events returns what turns the list before into the list after, both sorted by
// Compare: an Appeared, Left or Changed for each instance that differs in more
// than Differences leaves out, in the order of the instances. They point into
// the lists.
func Events(before, after []Instance) []Event {
	var events []Event
	for len(before) > 0 || len(after) > 0 {
		var c int
		switch {
		case len(before) == 0:
			c = 1
		case len(after) == 0:
			c = -1
		default:
			c = Compare(before[0], after[0])
		}
		switch {
		case c < 0:
			events = append(events, Event{Kind: Left, Instance: &before[0]})
		case c > 0:
			events = append(events, Event{Kind: Appeared, Instance: &after[0]})
		default:
			if changes := Differences(&before[0], &after[0]); len(changes) > 0 {
				events = append(events, Event{Kind: Changed, Instance: &after[0], Changes: changes})
			}
		}
		if c <= 0 {
			before = before[1:]
		}
		if c >= 0 {
			after = after[1:]
		}
	}
	return slices.Clip(events)
}
