// Package change is the one way in which govctl writes. A Plan says what is to
// change and which revision each change expects; Apply makes it so by
// compare-and-swap, reads back what it wrote, and keeps in the store's own journal
// what stood there before, so that Recover can end what was cut off and a rollback
// can undo it. It knows no system: back-ends implement Store.
package change

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"
)

// Space is a part of a Store that has names of its own.
type Space string

// The spaces. Records are govctl's own, outside of every folder that services read.
const (
	Items     Space = "items"
	Instances Space = "instances"
	Records   Space = "records"
)

// Key names what an Op is about.
type Key struct {
	Space Space
	// Name is "group/key" of an item of configuration, as a person names it but for
	// the group of what has none, which is "-"; "service/id" of an instance, where the
	// service is escaped; of a record, "plan/7f3c09ab".
	Name string
}

// String returns the name.
func (k Key) String() string { return k.Name }

// Revision is what a system calls a state of one key; it is only ever compared.
type Revision string

// Absent is the revision of what is not there.
const Absent Revision = ""

// Entry is what stands at a key.
type Entry struct {
	Key      Key
	Content  []byte
	Revision Revision // Absent: nothing stands there
	// Holder is who has locked the key, "" where nobody has. Such a lock binds only
	// those who ask for it.
	Holder string
}

// Op writes one key, if it still is at a revision.
type Op struct {
	Key Key
	// Expect is the revision that it replaces; Absent creates, and nothing else.
	Expect Revision
	// Content is what is to stand there. Remove takes away what stands there.
	Content []byte
	Remove  bool
}

// Limits are what one Swap takes.
type Limits struct {
	// Ops is the most of them. One means that the system swaps only key by key.
	Ops int
	// Bytes is the most that sizeOf may say of all together. A single Op may have
	// more, up to Value.
	Bytes int
	// Value is the most bytes that one key holds.
	Value int
}

// About is what a Store says of itself.
type About struct {
	// Identity names what is written to: the same by whatever name, address or
	// server it is reached, and another for every other folder or system.
	Identity string
	// Unnamed is true where the Identity becomes another with the first record that is
	// written to the system.
	Unnamed bool
	// Now is the system's own clock.
	Now    time.Time
	Limits Limits
	// Rereads is true where the system cannot compare and write in one step: it is
	// read just before, and what another writes in between is overwritten.
	Rereads bool
}

// Keeper is what reads and writes keys. Its errors wrap one of the sentinels below,
// or are the context's.
type Keeper interface {
	About(ctx context.Context) (About, error)
	// Read returns what stands at keys, in their order, as it is now: never from a
	// copy that is behind.
	Read(ctx context.Context, keys []Key) ([]Entry, error)
	// Swap makes all of ops, which keep to the Limits, or none of them. A *ConflictError
	// means none, as one was not at the revision that it expects. ErrUnknown means
	// that it may have been made, or may be made yet.
	Swap(ctx context.Context, ops []Op) error
}

// Store is a back-end that can be written to, and that keeps the journal.
type Store interface {
	Keeper
	// List yields the records whose names begin with prefix, by when they were
	// created, the first one first.
	List(ctx context.Context, prefix string) iter.Seq2[Entry, error]
}

// What callers branch on.
var (
	ErrConflict    = errors.New("changed since")
	ErrDenied      = errors.New("permission denied")
	ErrUnavailable = errors.New("unavailable")
	// ErrUnknown means that a write was sent and no answer came.
	ErrUnknown = errors.New("the outcome is not known")
	// ErrTooLarge means that something does not fit into the store.
	ErrTooLarge = errors.New("too large")
	// ErrReserved means that nobody writes there but govctl for itself.
	ErrReserved = errors.New("kept by govctl itself")
	// ErrInvalid means that the system answered something that is no answer.
	ErrInvalid = errors.New("invalid answer")
	// ErrNotFound means that the journal has no such entry.
	ErrNotFound = errors.New("not found")
)

// Error is an error of a back-end.
type Error struct {
	// Backend is the system and where it is: "consul 127.0.0.1:8500".
	Backend string
	// Err wraps one of the sentinels, or is the context's error.
	Err error
	// Hint says what to do about it, "" where the back-end does not know.
	Hint string
}

// Error returns "BACKEND: WHY".
func (e *Error) Error() string { return fmt.Sprintf("%s: %v", e.Backend, e.Err) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// ConflictError says that a key is not at the revision that an Op expects.
type ConflictError struct {
	Key Key
	// Expected is what was expected, Have what is there; both are "" for nothing.
	// Have may be left out where the system does not tell.
	Expected, Have Revision
	// Holder is who has locked it, where that is the reason.
	Holder string
}

// Error says what is so.
func (c *ConflictError) Error() string {
	switch {
	case c.Holder != "":
		return fmt.Sprintf("%s: locked by %s", c.Key, c.Holder)
	case c.Expected == Absent:
		return fmt.Sprintf("%s: there already", c.Key)
	case c.Have == Absent:
		return fmt.Sprintf("%s: not there any more", c.Key)
	default:
		return fmt.Sprintf("%s: changed from revision %s to %s", c.Key, c.Expected, c.Have)
	}
}

// Unwrap returns ErrConflict.
func (c *ConflictError) Unwrap() error { return ErrConflict }
