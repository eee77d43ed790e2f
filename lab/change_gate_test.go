package lab

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// fate is what a gate does to a request.
type fate int

const (
	pass fate = iota
	drop      // the connection ends, and the server never sees the request
	lose      // the server does it, and the connection ends before the answer
)

// gate is a proxy in front of a Consul that knows one request from the next.
type gate struct {
	// Address is the gate's host:port.
	Address string
	// judge says what becomes of the nth request, counted from 1; nil lets all pass.
	judge func(n int, r *http.Request, body []byte) fate
	// ahead is by how much the server's clock seems to be.
	ahead time.Duration

	upstream string
	client   *http.Transport
	inside   sync.WaitGroup // requests that are being served
	mu       sync.Mutex
	asked    []asked
}

// asked is a request that came to a gate.
type asked struct{ Method, Path, Body string }

// gateTo starts a gate in front of the server at address.
func gateTo(t *testing.T, address string, judge func(n int, r *http.Request, body []byte) fate) *gate {
	t.Helper()
	g := &gate{upstream: address, client: &http.Transport{}, judge: judge}
	server := httptest.NewServer(g)
	g.Address = server.Listener.Addr().String()
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		g.client.CloseIdleConnections()
	})
	return g
}

// at is a judge that does f to the nth request alone.
func at(nth int, f fate) func(int, *http.Request, []byte) fate {
	return func(n int, _ *http.Request, _ []byte) fate {
		if n == nth {
			return f
		}
		return pass
	}
}

// URL is the gate as -e takes it, with a folder.
func (g *gate) URL(folder string) string {
	return "consul://" + g.Address + "/" + strings.TrimSuffix(folder, "/")
}

// ServeHTTP implements http.Handler.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.inside.Add(1)
	defer g.inside.Done()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	g.mu.Lock()
	g.asked = append(g.asked, asked{r.Method, r.URL.RequestURI(), string(body)})
	n := len(g.asked)
	g.mu.Unlock()
	does := pass
	if g.judge != nil {
		does = g.judge(n, r, body)
	}
	if does == drop {
		panic(http.ErrAbortHandler)
	}
	g.forward(w, r, body, does)
}

// forward asks the server, also for a client that is gone, and answers unless the
// answer is to be lost.
func (g *gate) forward(w http.ResponseWriter, r *http.Request, body []byte, does fate) {
	req, err := http.NewRequestWithContext(context.WithoutCancel(r.Context()), r.Method, "http://"+g.upstream+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	req.Header = r.Header.Clone()
	req.Header.Del("Accept-Encoding")
	resp, err := g.client.RoundTrip(req)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || does == lose {
		panic(http.ErrAbortHandler)
	}
	maps.Copy(w.Header(), resp.Header)
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		w.Header().Set("Date", date.Add(g.ahead).Format(http.TimeFormat))
	}
	w.WriteHeader(resp.StatusCode)
	_, _ = w.Write(answer)
}

// Asked returns the requests so far.
func (g *gate) Asked() []asked {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.asked)
}

// writes reports whether a request changes something: a transaction that only
// reads is none.
func (a asked) writes() bool {
	if a.Method == http.MethodGet {
		return false
	}
	return !strings.HasPrefix(a.Path, "/v1/txn") || strings.Count(a.Body, `"Verb":`) != strings.Count(a.Body, `"Verb":"get-or-empty"`)
}

// moves reports whether a request writes an item of folder.
func (a asked) moves(folder string) bool {
	return a.writes() && strings.Contains(a.Body, `"Key":"`+folder) && (strings.Contains(a.Body, `"Verb":"delete"`) || strings.Contains(a.Body, `"Verb":"cas"`))
}
