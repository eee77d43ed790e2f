package consul

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"govctl/internal/httpx"
	"govctl/pkg/registry"
)

// client speaks Consul's HTTP API (1.14.11).
type client struct {
	http    *httpx.Client
	names   []string // host:port of each server
	adviser adviser
	scope   url.Values // on every request: dc, ns, partition
	remarks remarks
}

// question is a read. Service is what it is about, "" for all.
type question struct {
	service string
	path    string
	query   url.Values
}

// answer is what came back, beside the body.
type answer struct {
	server   string
	filtered bool   // the server said that it left something out
	guarded  bool   // the server denies by default, we are nobody: it would not say
	index    uint64 // of what was asked, grows when that changes; 0 where there is none
	follower bool   // another than the leader said it
}

// read asks q and hands the body to decode. Any server may answer, also one that
// is behind the leader: a list of a large system would else load the leader, and
// none be had while there is no leader. What such an answer lacks is remarked.
func (c *client) read(ctx context.Context, q question, decode func(*httpx.Response) error) (answer, error) {
	query := maps.Clone(c.scope)
	maps.Copy(query, q.query)
	query.Set("stale", "")
	resp, err := c.http.Get(ctx, q.path, query)
	if err != nil {
		return answer{}, c.namePaths(ctx, c.fail("", q.service, err))
	}
	defer resp.Body.Close() //nolint:errcheck // it was only read
	a := c.remarks.on(resp)
	a.index, _ = strconv.ParseUint(resp.Header.Get("X-Consul-Index"), 10, 64) // what is no number is no index
	contact := resp.Header.Get("X-Consul-LastContact")
	a.follower = contact != "" && contact != "0"
	if err := decode(resp); err != nil {
		return answer{}, c.fail(resp.Server, q.service, err)
	}
	return a, nil
}

// write sends body to path. The answers to our writes are empty.
func (c *client) write(ctx context.Context, service, path string, query url.Values, body any) error {
	all := maps.Clone(c.scope)
	maps.Copy(all, query)
	resp, err := c.http.Put(ctx, path, all, body)
	if err != nil {
		return c.fail("", service, err)
	}
	return resp.Body.Close()
}

// each is a decode that reads a list element by element.
func each[T any](f func(*T)) func(*httpx.Response) error {
	return func(resp *httpx.Response) error {
		return httpx.EachElement(resp.Body, func(v *T) error {
			f(v)
			return nil
		})
	}
}

// segment escapes name as one segment of a path. Servers take away segments of
// dots alone unless they are escaped, too.
func segment(name string) string {
	if name == "." || name == ".." {
		return strings.ReplaceAll(name, ".", "%2E")
	}
	return url.PathEscape(name)
}

// fail returns err as a *registry.Error. Server is the one that answered, where
// err does not know.
func (c *client) fail(server, service string, err error) *registry.Error {
	if known, ok := errors.AsType[*registry.Error](err); ok {
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
	// Without a server, several were asked: the text of err names them.
	failed := about(server, service, classify(err))
	failed.Hint = c.adviser.hint(err)
	return failed
}

// about returns err as that of server, "" for several, in a question about
// service.
func about(server, service string, err error) *registry.Error {
	return &registry.Error{Backend: strings.TrimSpace("consul " + server), Service: service, Err: err}
}

// cause is an error of httpx with its meaning for a registry.
type cause struct{ kind, err error }

func (c cause) Error() string   { return explain(c.err) }
func (c cause) Unwrap() []error { return []error{c.kind, c.err} }

func classify(err error) error {
	var status *httpx.StatusError
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &status):
		return cause{kindOf(status), err}
	case errors.Is(err, httpx.ErrUnreachable), errors.Is(err, httpx.ErrTimeout), errors.Is(err, context.DeadlineExceeded):
		return cause{registry.ErrUnavailable, err}
	default:
		return cause{registry.ErrInvalid, err}
	}
}

// kindOf goes by the status, and where Consul says several things with one, by
// the text.
func kindOf(e *httpx.StatusError) error {
	text := strings.ToLower(e.Text)
	switch {
	case e.Status == http.StatusUnauthorized, e.Status == http.StatusForbidden,
		strings.Contains(text, "acl not found"), strings.Contains(text, "permission denied"):
		return registry.ErrDenied
	case e.Status == http.StatusNotFound && strings.HasPrefix(text, "unknown "):
		return registry.ErrNotFound // a service or check id; an unknown path reads otherwise
	case e.Status == http.StatusBadRequest, e.Status == http.StatusRequestEntityTooLarge:
		return registry.ErrUnsupported // such as metadata that Consul does not take, or namespaces in CE
	case e.Status == http.StatusTooManyRequests, e.Status >= http.StatusInternalServerError:
		return registry.ErrUnavailable
	default:
		return registry.ErrInvalid
	}
}

// isStatus reports whether a server refused to answer, with whatever status.
func isStatus(err error) bool {
	var status *httpx.StatusError
	return errors.As(err, &status)
}
