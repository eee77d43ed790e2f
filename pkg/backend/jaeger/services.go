package jaeger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"govctl/internal/httpx"
)

// maxNames bounds the list of services, in bytes: names take several times that
// as memory.
const maxNames = 16 << 20

// The generations of Jaeger's HTTP API, as a report names them.
const (
	generation3 = "http v3"
	generation1 = "http v1"
)

// errNotJaeger is an answer that Jaeger would not give.
var errNotJaeger = errors.New("it answers, but not as Jaeger does")

// Services returns the names of the services that have traces, sorted. A server
// that is no Jaeger is an error, as is one that lists more than 16 MiB of names.
func (j *Jaeger) Services(ctx context.Context) ([]string, error) {
	l, err := j.list(ctx)
	if err != nil {
		return nil, fmt.Errorf("jaeger %s: %w", j.server, err)
	}
	return l.names, nil
}

// list is the services, and how they were had.
type list struct {
	answer
	names      []string
	generation string
}

// list asks the API v3, and the older one where that is not there. A Jaeger
// without v3 answers it with its web page.
func (j *Jaeger) list(ctx context.Context) (list, error) {
	l := list{generation: generation3}
	var err error
	l.answer, err = j.get(ctx, "/api/v3/services", func(r io.Reader) error { return names(r, &l.names, new(services3)) })
	if !another(err) {
		return l, err
	}
	l.generation = generation1
	var older error
	l.answer, older = j.get(ctx, "/api/services", func(r io.Reader) error { return names(r, &l.names, new(services1)) })
	switch {
	case !another(older):
		return l, older
	case errors.Is(err, errNotJaeger):
		return l, err
	}
	return l, fmt.Errorf("%w: %w", errNotJaeger, err)
}

// services3 is an answer of v3: `{"services":["order"]}`, and `{}` for none.
type services3 struct {
	Services []string       `json:"services"`
	Others   jsontext.Value `json:",embed"`
}

func (s *services3) names() ([]string, bool) {
	return s.Services, s.Services != nil || len(s.Others) == 0
}

// services1 is one of the older API: `{"data":["order"],"total":1,…}`.
type services1 struct {
	Data  []string `json:"data"`
	Total *int64   `json:"total"`
}

func (s *services1) names() ([]string, bool) { return s.Data, s.Total != nil }

// names reads the names of an answer like body.
func names(r io.Reader, to *[]string, body interface{ names() ([]string, bool) }) error {
	if err := httpx.DecodeJSON(http.MaxBytesReader(nil, io.NopCloser(r), maxNames), body); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return fmt.Errorf("%w: its list of services is larger than %d MiB", errNotJaeger, maxNames>>20)
		}
		return err
	}
	list, ok := body.names()
	if !ok {
		return fmt.Errorf("%w: its JSON is of another API", errNotJaeger)
	}
	slices.Sort(list)
	*to = slices.Compact(list)
	return nil
}

// another reports whether err is the answer of a server that does not have the
// question: another API may be tried.
func another(err error) bool {
	status, ok := errors.AsType[*httpx.StatusError](err)
	if !ok {
		return errors.Is(err, httpx.ErrNotJSON) || errors.Is(err, errNotJaeger)
	}
	switch status.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired,
		http.StatusRequestTimeout, http.StatusTooManyRequests:
		return false
	}
	return status.Status < http.StatusInternalServerError || status.Status == http.StatusNotImplemented
}
