package httpx

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"
)

const (
	maxRedirects = 3
	// A status's text: what is read of the body, for how long, and what is kept.
	readText = 4 << 10
	textTime = 500 * time.Millisecond
	maxText  = 200
	maxLine  = 500 // of an Error's text
)

// errBudget ends an attempt whose server had its turn.
var errBudget = errors.New("the turn of this server is over")

// turn is one server's chance to answer.
type turn struct {
	server int
	budget time.Duration // for the head of the answer; 0: no limit but the context's
}

// attempt asks one server once.
func (c *Client) attempt(ctx context.Context, t turn, q *question) (*Response, error) {
	inner, cancel := context.WithCancelCause(ctx)
	stop := startBudget(t.budget, cancel)
	var reached atomic.Bool
	req, err := c.request(httptrace.WithClientTrace(inner, &httptrace.ClientTrace{
		// Until there is a connection, TLS included, nothing was sent.
		GotConn: func(httptrace.GotConnInfo) {
			reached.Store(true)
			if q.write() {
				stop() // nobody else may be asked any more
			}
		},
	}), t.server, q)
	if err != nil {
		cancel(nil)
		return nil, err
	}
	resp, err := c.http.Do(req)
	stop()
	if err == nil && context.Cause(inner) == nil {
		return c.receive(ctx, &reply{Response: resp, server: t.server, cancel: cancel}, q)
	}
	if err == nil {
		resp.Body.Close() //nolint:errcheck,gosec // it came too late
		err = context.Cause(inner)
	}
	cancel(nil)
	return nil, c.explain(ctx, err, failure{server: t.server, sent: reached.Load(), within: q.within, budget: t.budget})
}

// startBudget cancels after d, unless stopped before; 0 is never.
func startBudget(d time.Duration, cancel context.CancelCauseFunc) (stop func() bool) {
	if d == 0 {
		return func() bool { return true }
	}
	return time.AfterFunc(d, func() { cancel(errBudget) }).Stop
}

// reply is the head of an answer, its body unread.
type reply struct {
	*http.Response
	server int
	cancel context.CancelCauseFunc // ends reading the body
}

// receive makes of r what the caller is given.
func (c *Client) receive(ctx context.Context, r *reply, q *question) (*Response, error) {
	b := &body{ctx: ctx, client: c, reply: r, left: c.maxBody, within: q.within}
	if r.StatusCode/100 != 2 {
		defer b.Close() //nolint:errcheck // never fails
		return nil, c.refusal(r, b)
	}
	if enc := r.Header.Get("Content-Encoding"); enc != "" && !strings.EqualFold(enc, "identity") {
		defer b.Close() //nolint:errcheck // never fails
		return nil, c.fail(failure{server: r.server, sent: true},
			fault(ErrNotJSON, final, "the answer is encoded as %q, which nobody asked for", enc))
	}
	return &Response{Server: c.names[r.server], Header: r.Header, Status: r.StatusCode, Body: b}, nil
}

// refusal reads the reason that comes with a status that is not 2xx.
func (c *Client) refusal(r *reply, b *body) error {
	timer := time.AfterFunc(textTime, func() { r.cancel(errBudget) })
	defer timer.Stop()
	raw, err := io.ReadAll(io.LimitReader(b, readText))
	text := c.scrub.line(string(raw))
	if err != nil || len(raw) == readText { // a secret may have been cut in two at the end
		text = text[:max(0, len(text)-c.scrub.longest)]
	}
	if r.StatusCode == http.StatusBadRequest && r.TLS == nil && tellsTLS(text) {
		return c.fail(failure{server: r.server, sent: true}, fault(ErrTLS, elsewhere, textSpeaksTLS))
	}
	if strings.HasPrefix(text, "<") {
		text = "" // a web page says nothing in 200 bytes
	}
	return &StatusError{Server: c.names[r.server], Status: r.StatusCode, Text: clip(text, maxText), Header: r.Header}
}

// checkRedirect lets a read go on at the same scheme, host and port: there alone
// may the headers go. It is http.Client's CheckRedirect.
func checkRedirect(req *http.Request, via []*http.Request) error {
	first := via[0]
	same := req.URL.Scheme == first.URL.Scheme && hostPort(req.URL) == hostPort(first.URL)
	switch {
	case !same:
		return fault(ErrRedirect, final, "the server redirects to %q, which is not followed", req.URL.Scheme+"://"+req.URL.Host)
	case first.Method != http.MethodGet:
		return fault(ErrRedirect, final, "the server answered a write with a redirect")
	case len(via) > maxRedirects:
		return fault(ErrRedirect, final, "more than %d redirects", maxRedirects)
	}
	return nil
}
