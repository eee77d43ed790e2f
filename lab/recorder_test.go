package lab

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// recorder is a proxy in front of a server that counts what passes, and that can
// be cut off.
type recorder struct {
	// Address is the proxy's host:port.
	Address string

	server *httptest.Server
	isCut  atomic.Bool
	mu     sync.Mutex
	asked  []time.Time
}

// record starts a recorder in front of the server at address.
func record(t *testing.T, address string) *recorder {
	t.Helper()
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: address})
	proxy.FlushInterval = -1
	proxy.ErrorLog = log.New(io.Discard, "", 0)
	transport := &http.Transport{MaxIdleConnsPerHost: 16}
	proxy.Transport = transport
	r := &recorder{}
	r.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		r.asked = append(r.asked, time.Now())
		r.mu.Unlock()
		if r.isCut.Load() {
			panic(http.ErrAbortHandler)
		}
		proxy.ServeHTTP(w, req)
	}))
	r.Address = r.server.Listener.Addr().String()
	t.Cleanup(func() {
		r.server.CloseClientConnections()
		r.server.Close()
		transport.CloseIdleConnections()
	})
	return r
}

// URL is the proxy as govctl's -e takes it.
func (r *recorder) URL() string { return "consul://" + r.Address }

// Cut ends all connections, and every later request until Join.
func (r *recorder) Cut() {
	r.isCut.Store(true)
	r.server.CloseClientConnections()
}

// Join lets requests pass again.
func (r *recorder) Join() { r.isCut.Store(false) }

// Rate returns how many requests there were, and how many a second from the
// first to now.
func (r *recorder) Rate() (n int, perSecond float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.asked) == 0 {
		return 0, 0
	}
	return len(r.asked), float64(len(r.asked)) / time.Since(r.asked[0]).Seconds()
}
