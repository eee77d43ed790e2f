package registry

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Registry is the part that every registry back-end has. What only some of them
// have is an interface of its own, such as Registrar, found with As. All
// methods may be called concurrently, end with ctx, and return errors that wrap
// one of the sentinels below inside an *Error. The caller owns what they return.
type Registry interface {
	// Services returns the names of all services, sorted, without duplicates;
	// empty, not nil, where there is none.
	Services(ctx context.Context) ([]string, error)
	// Instances returns the instances of a service, sorted by ID, whatever
	// their health. A service that nobody registered is ErrNotFound; one whose
	// instances are gone but whose name is still known is an empty list.
	Instances(ctx context.Context, service string) ([]Instance, error)
}

// Summarizer is a Registry that can count instances by service without
// listing them all.
type Summarizer interface {
	// Summaries returns a row for every service, sorted by name. Versions and
	// protocols are those that the system has at hand; what stands only in an
	// instance's metadata may be missing (Summarize has all of it).
	Summaries(ctx context.Context) ([]Summary, error)
}

// Registrar is a Registry in which the caller can register instances that it
// runs itself. It is not a way to change somebody else's instances.
type Registrar interface {
	// Register stores in, replacing an instance with the same service and ID.
	// With a ttl above 0 the instance is critical until its first Heartbeat,
	// and again whenever ttl passes without one; the system may remove it some
	// time after that. With a ttl of 0 it is passing until deregistered.
	// Of in, the fields Health, Checks, Since, Revision and Node are the
	// system's own and ignored.
	Register(ctx context.Context, in Instance, ttl time.Duration) error
	// Heartbeat says that the instance lives. It is ErrNotFound for one that
	// is not registered.
	Heartbeat(ctx context.Context, service, id string) error
	// Deregister removes the instance; one that is not there is no error.
	Deregister(ctx context.Context, service, id string) error
}

// As returns r as a T, the one way to ask for more than a Registry; op says
// what for. It is also why nothing may wrap a Registry: a wrapper hides what the
// inner one can do.
func As[T any](r Registry, op string) (T, error) {
	t, ok := r.(T)
	if !ok {
		return t, fmt.Errorf("%s: %w", op, ErrUnsupported)
	}
	return t, nil
}

// Notice is what a back-end says about an answer beside the answer: that it was
// stale, or that some of it was withheld. Back-ends are given a function to
// call with each; it must be safe for concurrent use.
type Notice struct {
	Text string
	// Incomplete is true where the answer is known to lack something.
	Incomplete bool
	// Hint says what to do about it, "" where there is nothing.
	Hint string
}

// What callers branch on.
var (
	ErrNotFound    = errors.New("not found")
	ErrDenied      = errors.New("permission denied")
	ErrUnavailable = errors.New("unavailable")
	ErrUnsupported = errors.New("this back-end cannot do that")
	// ErrInvalid means that the system answered something that is no answer:
	// truncated, of the wrong type, too large.
	ErrInvalid = errors.New("invalid answer")
)

// Error is an error of a registry back-end, with what it was about.
type Error struct {
	// Backend is the system and where it is: "consul 127.0.0.1:8500".
	Backend string
	// Service is the service asked for, "" where the question was about all.
	Service string
	// Err wraps one of the sentinels, or is the context's error.
	Err error
	// Hint says what to do about it, "" where the back-end does not know.
	Hint string
}

// Error returns "BACKEND: service NAME: WHY".
func (e *Error) Error() string {
	if e.Service == "" {
		return fmt.Sprintf("%s: %v", e.Backend, e.Err)
	}
	return fmt.Sprintf("%s: service %q: %v", e.Backend, e.Service, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
