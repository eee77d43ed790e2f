// Package httpx is govctl's one HTTP client of back-ends: of servers that the
// user named. It bounds everything that a hostile or broken server could make
// endless (time by the context, bytes, redirects, tries), sends credentials to
// the named servers and to nobody else, and explains failures in one line for
// people, without URLs and secrets.
//
// It speaks HTTP/1.1, uses no proxy, keeps no cookies and reads no environment
// variable.
package httpx

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// DefaultMaxBody is the limit of a decoded body, in bytes, where Options names
// none: 256 MiB.
const DefaultMaxBody = 256 << 20

const (
	// idlePerServer is above the 32 requests that back-ends have in flight, so
	// that each of them finds its connection again.
	idlePerServer   = 64
	maxHeaderBytes  = 1 << 20
	dialTimeout     = 30 * time.Second // a backstop: see newTransport
	tlsTimeout      = 10 * time.Second
	idleTimeout     = 90 * time.Second
	defaultAgent    = "govctl"
	noServer        = -1
	firstRetryPause = 100 * time.Millisecond
)

// Options of a Client. New copies what it keeps.
type Options struct {
	// Servers are base URLs, http(s)://host:port, tried in turn; at least one.
	// A path is a prefix of every request's; user, query and fragment are ignored.
	Servers []*url.URL
	// TLS is for https servers; nil: the system's roots.
	TLS *tls.Config
	// Header is sent to Servers (host and port equal) and to nobody else: tokens
	// stand here. Its values never stand in an error text either.
	Header http.Header
	// Secrets are values that may never stand in an error text, neither as they
	// are nor URL-encoded, in base64 or in hex.
	Secrets []string
	// MaxBody is the limit of one body in bytes, counted after gzip is undone;
	// 0: DefaultMaxBody.
	MaxBody   int64
	UserAgent string // empty: "govctl"
}

// Client asks one back-end, which may have several servers. It is safe for
// concurrent use.
type Client struct {
	servers []*url.URL
	names   []string // host:port of each server
	// proven is the index of the server that answered last, or noServer.
	proven  atomic.Int64
	http    *http.Client
	header  http.Header
	scrub   scrubber
	maxBody int64
	pause   time.Duration // before the first repetition; doubled for the next
}

// New returns a Client. It connects to nothing; a Client without servers answers
// every request with ErrUnreachable.
func New(o Options) *Client {
	c := &Client{
		header:  o.Header.Clone(),
		scrub:   newScrubber(o.Secrets, o.Header),
		maxBody: min(o.MaxBody, math.MaxInt64-1), // body looks one byte further
		pause:   firstRetryPause,
	}
	if c.header == nil {
		c.header = http.Header{}
	}
	c.header.Set("User-Agent", defaultAgent)
	if o.UserAgent != "" {
		c.header.Set("User-Agent", o.UserAgent)
	}
	if c.maxBody <= 0 {
		c.maxBody = DefaultMaxBody
	}
	for _, s := range o.Servers {
		c.servers = append(c.servers, &url.URL{Scheme: s.Scheme, Host: s.Host, Path: s.Path, RawPath: s.RawPath})
		c.names = append(c.names, hostPort(s))
	}
	c.proven.Store(noServer)
	c.http = &http.Client{Transport: newTransport(o.TLS), CheckRedirect: checkRedirect}
	return c
}

// newTransport returns a transport whose dials end by themselves: net/http lets
// a dial go on after its request was given up, as another may use it.
func newTransport(config *tls.Config) *http.Transport {
	if config != nil {
		config = config.Clone()
	}
	h1 := new(http.Protocols)
	h1.SetHTTP1(true)
	return &http.Transport{
		DialContext:            (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSClientConfig:        config,
		TLSHandshakeTimeout:    tlsTimeout,
		Protocols:              h1,
		MaxIdleConnsPerHost:    idlePerServer,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxHeaderBytes,
	}
}

// Close closes the connections that are kept for later requests. Requests in
// flight go on; the Client can still be used.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Response is an answer with a status of 2xx. The caller owns it and must close
// Body, whatever it read of it: a small rest is drained, so that the connection
// is used again.
type Response struct {
	Server string // host:port that answered
	Header http.Header
	Status int
	// Body is decoded (gzip) and bounded by Options.MaxBody: reading past it is
	// ErrTooLarge. A stalled body ends with the request's context, as ErrTimeout
	// or context.Canceled; one that was cut off is ErrUnreachable.
	Body io.ReadCloser
}

// Get asks for path, a read. The context's deadline bounds all of it: dialling,
// waiting, repeating and reading the body; without one a silent server is waited
// for without end. Path is escaped as in a URL: a stranger's name in it goes
// through url.PathEscape.
//
// A transport error and the statuses 429, 500, 502, 503 and 504 are repeated: at
// most three answers are had, after jittered pauses or the server's Retry-After,
// where there is time for them. The server that answered last is asked first. One
// that has not answered yet, and has others after it, is given up after its share
// of the time, 3 s at most.
//
// Errors are *StatusError, *Error (errors.Is knows its kind) or context.Canceled.
func (c *Client) Get(ctx context.Context, path string, query url.Values) (*Response, error) {
	return c.ask(ctx, &question{method: http.MethodGet, path: path, query: query})
}

// Put sends body as JSON, or as it is where it is Raw, a write; a nil body sends
// none. The next server is
// tried only where nothing was sent to the last one, and nothing is repeated
// otherwise: where an *Error says Sent, the outcome is unknown. Redirects are
// refused. The rest is as in Get.
func (c *Client) Put(ctx context.Context, path string, query url.Values, body any) (*Response, error) {
	return c.send(ctx, http.MethodPut, path, query, body)
}

func (c *Client) send(ctx context.Context, method, path string, query url.Values, body any) (*Response, error) {
	q := &question{method: method, path: path, query: query}
	if body != nil {
		var err error
		if q.body, err = encode(body); err != nil {
			return nil, fmt.Errorf("encode the body: %w", err)
		}
	}
	return c.ask(ctx, q)
}

// Post sends body as JSON where a system takes a question by POST. It is sent
// once, as Put is: of POST nobody knows what a repetition does.
func (c *Client) Post(ctx context.Context, path string, query url.Values, body any) (*Response, error) {
	return c.send(ctx, http.MethodPost, path, query, body)
}

// question is one request of a caller, whatever number of times it is sent.
type question struct {
	method, path string
	query        url.Values
	body         []byte        // nil: none
	within       time.Duration // the time that the caller gave, 0 where unbounded
}

func (q *question) write() bool { return q.method != http.MethodGet }

// request builds q for one server.
func (c *Client) request(ctx context.Context, server int, q *question) (*http.Request, error) {
	u := *c.servers[server]
	escaped := strings.TrimSuffix(u.EscapedPath(), "/") + "/" + strings.TrimPrefix(q.path, "/")
	plain, err := url.PathUnescape(escaped)
	if err != nil {
		return nil, fmt.Errorf("path %q is not escaped: %w", q.path, err)
	}
	u.Path, u.RawPath, u.RawQuery = plain, escaped, q.query.Encode()
	var body io.Reader
	if q.body != nil {
		body = bytes.NewReader(q.body)
	}
	req, err := http.NewRequestWithContext(ctx, q.method, "", body)
	if err != nil {
		return nil, err
	}
	req.URL, req.Host, req.Header = &u, u.Host, c.header.Clone()
	if q.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// hostPort returns host:port of u in the form in which two of them are compared.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}
