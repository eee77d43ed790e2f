package faultkit

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// reply is what a server said.
type reply struct {
	Proto, Location, Body string
	Code                  int
}

// get asks a URL once: no redirect is followed, no connection kept. What came of
// the answer is returned beside an error.
func get(ctx context.Context, t *testing.T, url string, config *tls.Config) (reply, error) {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close() //nolint:errcheck // it was read
	b, err := io.ReadAll(resp.Body)
	return reply{Proto: resp.Proto, Location: resp.Header.Get("Location"), Body: string(b), Code: resp.StatusCode}, err
}

func TestStatusAnswersWithItsCodeAndBody(t *testing.T) {
	t.Parallel()
	got, err := get(soon(t), t, "http://"+Status(t, http.StatusServiceUnavailable, "busy"), nil)
	if want := (reply{Proto: "HTTP/1.1", Body: "busy", Code: http.StatusServiceUnavailable}); got != want || err != nil {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
}

func TestRedirectSendsAway(t *testing.T) {
	t.Parallel()
	const metadata = "http://169.254.169.254/latest/meta-data"
	got, err := get(soon(t), t, "http://"+Redirect(t, metadata)+"/any", nil)
	if err != nil || got.Code != http.StatusFound || got.Location != metadata {
		t.Errorf("%+v, %v; want 302 to %s", got, err, metadata)
	}
}

func TestAHandlerThatWaitsEndsWithTheTest(t *testing.T) {
	t.Parallel()
	asked, ended := make(chan struct{}), make(chan struct{})
	var client net.Conn
	t.Cleanup(func() { // after the server's own, the client still being there
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			t.Error("the handler goes on")
		}
		_ = client.Close()
	})
	address := Serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
		close(ended)
	}))
	var err error
	if client, err = new(net.Dialer).DialContext(soon(t), "tcp", address); err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(client, "GET / HTTP/1.1\r\nHost: api\r\n\r\n")
	<-asked
}
