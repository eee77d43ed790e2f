package config

import (
	"context"
	"errors"
	"fmt"
	"iter"
)

// Store holds the configuration of one environment.
type Store interface {
	// Items yields every item with its content, sorted by Key.Compare, and ends
	// with its first error; an empty store yields nothing. The content is the
	// caller's. It is one request where the system has one.
	Items(ctx context.Context) iter.Seq2[Item, error]
	// Item returns one item; ErrNotFound where there is none.
	Item(ctx context.Context, key Key) (Item, error)
}

// Watcher is a Store that tells when something changes.
type Watcher interface {
	// Watch yields all items at once, and again whenever one of them may have
	// changed, at most once a second, each list whole, sorted and the caller's own.
	// It ends with its first error, that of ctx included.
	Watch(ctx context.Context) iter.Seq2[[]Item, error]
}

// As returns s as a T, the one way to ask for more than a Store; op says what for.
func As[T any](s Store, op string) (T, error) {
	t, ok := s.(T)
	if !ok {
		return t, fmt.Errorf("%s: %w", op, ErrUnsupported)
	}
	return t, nil
}

// What callers branch on.
var (
	ErrNotFound    = errors.New("not found")
	ErrDenied      = errors.New("permission denied")
	ErrUnavailable = errors.New("unavailable")
	ErrUnsupported = errors.New("this back-end cannot do that")
	// ErrInvalid means that the system answered something that is no answer.
	ErrInvalid = errors.New("invalid answer")
)

// Error is an error of a store, with what it was about.
type Error struct {
	// Backend is the system and where it is: "consul 127.0.0.1:8500".
	Backend string
	// Key is the item that was asked for, the zero Key where it was about all.
	Key Key
	// Err wraps one of the sentinels, or is the context's error.
	Err error
	// Hint says what to do about it, "" where the back-end does not know.
	Hint string
}

// Error returns "BACKEND: KEY: WHY".
func (e *Error) Error() string {
	if e.Key == (Key{}) {
		return fmt.Sprintf("%s: %v", e.Backend, e.Err)
	}
	return fmt.Sprintf("%s: %s: %v", e.Backend, e.Key, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
