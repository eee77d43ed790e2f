package httpx

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// client returns a Client of servers that pauses a tenth as long as usual.
func client(t *testing.T, o Options, servers ...string) *Client {
	t.Helper()
	for _, s := range servers {
		u, err := url.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		o.Servers = append(o.Servers, u)
	}
	c := New(o)
	c.pause = firstRetryPause / 10
	t.Cleanup(c.Close)
	return c
}

// within is a context that ends after d.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// serve runs h and counts its requests.
func serve(t *testing.T, h http.HandlerFunc) (address string, asked *atomic.Int32) {
	t.Helper()
	asked = new(atomic.Int32)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		h(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL, asked
}

// say answers every request with text.
func say(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
}

// wire runs talk on each connection, which ends with the test. It answers in
// whatever way a server should not.
func wire(t *testing.T, talk func(net.Conn)) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var conns []net.Conn
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, conn)
			mu.Unlock()
			wg.Go(func() { talk(conn) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		mu.Lock()
		for _, conn := range conns {
			_ = conn.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return "http://" + l.Addr().String()
}

// silent reads the request and says nothing until the test ends.
func silent(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

// replies reads one request's head, writes text, and hangs up.
func replies(text string) func(net.Conn) {
	return func(conn net.Conn) {
		_, _ = http.ReadRequest(bufio.NewReader(conn))
		_, _ = io.WriteString(conn, text)
		_ = conn.Close()
	}
}

// refused is the address of a port that nobody listens on.
func refused(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // nobody connected
	return "http://" + l.Addr().String()
}

// read asks c for /v1/x and returns the whole answer.
func read(ctx context.Context, c *Client) (string, error) {
	resp, err := c.Get(ctx, "/v1/x", url.Values{"q": {"hush"}})
	if err != nil {
		return "", err
	}
	defer resp.Body.Close() //nolint:errcheck // never fails
	b, err := io.ReadAll(resp.Body)
	return string(b), err
}

// text is an error's, empty for none, with D for the time that it took: a machine
// under load begins late.
func text(err error) string {
	if err == nil {
		return ""
	}
	return regexp.MustCompile(`within [0-9]+ms`).ReplaceAllString(err.Error(), "within D")
}

// wantError fails unless err is of a kind and says want.
func wantError(t *testing.T, err, kind error, want string) {
	t.Helper()
	if !errors.Is(err, kind) || text(err) != want {
		t.Errorf("error %q of type %T; want %q that is %q", text(err), err, want, kind)
	}
}
