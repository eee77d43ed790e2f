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
)

// client speaks Consul's HTTP API (1.14.11).
type client struct {
	http    *httpx.Client
	names   []string // host:port of each server
	adviser adviser
	scope   url.Values // on every request: dc, ns, partition
	remarks remarks
}

// question is a read.
type question struct {
	path  string
	query url.Values
	// sparse says that nothing is an answer: Consul's 404 where no key is.
	sparse bool
}

// answer is what came back, beside the body.
type answer struct {
	server   string
	filtered bool   // the server said that it left something out
	guarded  bool   // the server denies by default, we are nobody: it would not say
	index    uint64 // of what was asked, grows when that changes; 0 where there is none
	follower bool   // another than the leader said it
}

// read asks q and hands the body to decode, but that of a sparse nothing. Any
// server may answer, also one that is behind the leader: a list of a large system
// would else load the leader, and none be had while there is no leader. What such
// an answer lacks is remarked. The error is a *failure.
func (c *client) read(ctx context.Context, q question, decode func(*httpx.Response) error) (answer, error) {
	query := maps.Clone(c.scope)
	maps.Copy(query, q.query)
	query.Set("stale", "")
	resp, err := c.http.Get(ctx, q.path, query)
	if err != nil {
		if status, ok := errors.AsType[*httpx.StatusError](err); ok && q.sparse && isNothing(status) {
			return c.answer(status.Server, status.Header), nil
		}
		return answer{}, c.namePaths(ctx, c.fail("", err))
	}
	defer resp.Body.Close() //nolint:errcheck // it was only read
	a := c.answer(resp.Server, resp.Header)
	if err := decode(resp); err != nil {
		return answer{}, c.fail(resp.Server, err)
	}
	return a, nil
}

// answer reads the header of what server said.
func (c *client) answer(server string, header http.Header) answer {
	a := c.remarks.on(server, header)
	a.index, _ = strconv.ParseUint(header.Get("X-Consul-Index"), 10, 64) // what is no number is no index
	contact := header.Get("X-Consul-LastContact")
	a.follower = contact != "" && contact != "0"
	return a
}

// isNothing reports whether Consul itself said that there is no such key, and not
// something else that there is no such page.
func isNothing(e *httpx.StatusError) bool {
	return e.Status == http.StatusNotFound && e.Header.Get("X-Consul-Index") != ""
}

// write sends body to path. The answers to our writes are empty. The error is a
// *failure.
func (c *client) write(ctx context.Context, path string, query url.Values, body any) error {
	all := maps.Clone(c.scope)
	maps.Copy(all, query)
	resp, err := c.http.Put(ctx, path, all, body)
	if err != nil {
		return c.fail("", err)
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

// isStatus reports whether a server refused to answer, with whatever status.
func isStatus(err error) bool {
	var status *httpx.StatusError
	return errors.As(err, &status)
}
