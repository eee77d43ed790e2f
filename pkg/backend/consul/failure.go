package consul

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"govctl/internal/httpx"
	"govctl/pkg/config"
	"govctl/pkg/registry"
)

// failure is why a question was not answered. Registry and Config make an error of
// their domain of it.
type failure struct {
	server string // "" where several were asked: why names them
	kind   kind
	why    string
	hint   string
	err    error
}

// Error returns why, which may be in plainer words than err.
func (f *failure) Error() string { return f.why }

// Unwrap returns the cause.
func (f *failure) Unwrap() error { return f.err }

// backend names the server as errors do.
func (f *failure) backend() string { return strings.TrimSpace("consul " + f.server) }

// kind is what a failure means to a caller.
type kind int

const (
	cancelled kind = iota // by the caller
	notFound
	denied
	unavailable
	unsupported
	invalid
)

// registryError returns the sentinel of package registry for k, nil where there is
// none.
func (k kind) registryError() error {
	return [...]error{nil, registry.ErrNotFound, registry.ErrDenied, registry.ErrUnavailable, registry.ErrUnsupported, registry.ErrInvalid}[k]
}

// configError is registryError for package config.
func (k kind) configError() error {
	return [...]error{nil, config.ErrNotFound, config.ErrDenied, config.ErrUnavailable, config.ErrUnsupported, config.ErrInvalid}[k]
}

// as returns f as an error that is sentinel, too, unless that is nil.
func (f *failure) as(sentinel error) error {
	if sentinel == nil {
		return f
	}
	return cause{sentinel, f}
}

// cause is an error with its meaning for a domain.
type cause struct{ kind, err error }

func (c cause) Error() string   { return c.err.Error() }
func (c cause) Unwrap() []error { return []error{c.kind, c.err} }

// fail returns err as a *failure. Server is the one that answered, where err does
// not know.
func (c *client) fail(server string, err error) *failure {
	if known, ok := errors.AsType[*failure](err); ok {
		return known
	}
	var status *httpx.StatusError
	var other *httpx.Error
	switch {
	case errors.As(err, &status):
		server = status.Server
	case errors.As(err, &other) && other.Server != "":
		server = other.Server
	case server == "" && len(c.names) == 1:
		server = c.names[0]
	}
	return &failure{server: server, kind: kindOf(err), why: explain(err), hint: c.adviser.hint(err), err: err}
}

func kindOf(err error) kind {
	var status *httpx.StatusError
	switch {
	case errors.Is(err, context.Canceled):
		return cancelled
	case errors.As(err, &status):
		return kindOfStatus(status)
	case errors.Is(err, httpx.ErrUnreachable), errors.Is(err, httpx.ErrTimeout), errors.Is(err, context.DeadlineExceeded):
		return unavailable
	default:
		return invalid
	}
}

// kindOfStatus goes by the status, and where Consul says several things with one,
// by the text.
func kindOfStatus(e *httpx.StatusError) kind {
	text := strings.ToLower(e.Text)
	switch {
	case e.Status == http.StatusUnauthorized, e.Status == http.StatusForbidden,
		strings.Contains(text, "acl not found"), strings.Contains(text, "permission denied"):
		return denied
	case e.Status == http.StatusNotFound && strings.HasPrefix(text, "unknown "):
		return notFound // a service or check id; an unknown path reads otherwise
	case e.Status == http.StatusBadRequest, e.Status == http.StatusRequestEntityTooLarge:
		return unsupported // such as metadata that Consul does not take, or namespaces in CE
	case e.Status == http.StatusTooManyRequests, e.Status >= http.StatusInternalServerError:
		return unavailable
	default:
		return invalid
	}
}
