package httpx

import (
	"context"
	stdjson "encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// seen is what a server saw of a request.
type seen struct{ Method, URI, Token, Agent, Type, Body string }

func record(to chan<- seen) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		to <- seen{r.Method, r.RequestURI, r.Header.Get("X-Consul-Token"), r.UserAgent(), r.Header.Get("Content-Type"), string(b)}
		w.Header().Set("X-Consul-Index", "7")
		_, _ = io.WriteString(w, "true")
	}
}

func TestGetSendsPathQueryAndHeader(t *testing.T) {
	t.Parallel()
	got := make(chan seen, 1)
	server, _ := serve(t, record(got))
	c := client(t, Options{Header: http.Header{"X-Consul-Token": {"s3cret"}}, UserAgent: "govctl/1"}, "http://user:pw@"+server[len("http://"):]+"/ba%2Fse/")
	resp, err := c.Get(t.Context(), "/v1/"+url.PathEscape("a/b ?\r\n"), url.Values{"dc": {"x&y"}, "a": {"1"}})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // never fails
	want := seen{Method: "GET", URI: "/ba%2Fse/v1/a%2Fb%20%3F%0D%0A?a=1&dc=x%26y", Token: "s3cret", Agent: "govctl/1"}
	if diff := cmp.Diff(want, <-got); diff != "" {
		t.Error(diff)
	}
	if resp.Server != server[len("http://"):] || resp.Status != 200 || resp.Header.Get("X-Consul-Index") != "7" {
		t.Errorf("response %+v", resp)
	}
}

func TestPutSendsJSONWithNumbersAsTheyAre(t *testing.T) {
	t.Parallel()
	got := make(chan seen, 2)
	server, _ := serve(t, record(got))
	c := client(t, Options{}, server)
	for _, body := range []any{map[string]any{"b": stdjson.Number("9007199254740993"), "a": []string{}}, nil} {
		resp, err := c.Put(t.Context(), "v1/y", nil, body)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}
	want := []seen{
		{Method: "PUT", URI: "/v1/y", Agent: "govctl", Type: "application/json", Body: `{"a":[],"b":9007199254740993}`},
		{Method: "PUT", URI: "/v1/y", Agent: "govctl"},
	}
	if diff := cmp.Diff(want, []seen{<-got, <-got}); diff != "" {
		t.Error(diff)
	}
}

func TestABodyOrPathThatCannotBeSentIsNotSent(t *testing.T) {
	t.Parallel()
	server, asked := serve(t, say("true"))
	c := client(t, Options{}, server)
	if _, err := c.Put(t.Context(), "/", nil, make(chan int)); err == nil || !strings.HasPrefix(err.Error(), "encode the body: ") {
		t.Error(err)
	}
	if _, err := c.Get(t.Context(), "/%zz", nil); text(err) != `path "/%zz" is not escaped: invalid URL escape "%zz"` {
		t.Error(err)
	}
	_, err := read(t.Context(), client(t, Options{}))
	wantError(t, err, ErrUnreachable, "no server to ask")
	if asked.Load() != 0 {
		t.Error("something was sent")
	}
}

func TestARedirectElsewhereIsNotFollowedAndTakesNoToken(t *testing.T) {
	t.Parallel()
	thief, stolen := serve(t, say("[]"))
	other := thief[len("http://"):]
	for target, want := range map[string]string{
		thief + "/v1/x?token=1":  `the server redirects to "` + thief + `", which is not followed`,
		"//" + other + "/":       `the server redirects to "` + thief + `", which is not followed`,
		"https://{self}/":        `the server redirects to "https://{self}", which is not followed`,
		"http://evil\u202e.x/":   `the server redirects to "http://evil\u202e.x", which is not followed`,
		"http://s3cret.x/":       `the server redirects to "http://***.x", which is not followed`,
		"http://[::1":            "the server redirects to an address that is none",
		"/loop":                  "more than 3 redirects",
		"http://{self}/v1/again": "more than 3 redirects",
	} {
		for _, status := range []int{301, 302, 303, 307, 308} {
			server, asked := serve(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Location", strings.ReplaceAll(target, "{self}", r.Host))
				w.WriteHeader(status)
			})
			c := client(t, Options{Header: http.Header{"X-Consul-Token": {"s3cret"}}}, server)
			_, err := c.Get(t.Context(), "/v1/x", nil)
			wantError(t, err, ErrRedirect, strings.ReplaceAll(want, "{self}", server[len("http://"):]))
			if asked.Load() > 1+maxRedirects {
				t.Errorf("asked %d times for %s", asked.Load(), target)
			}
		}
	}
	if stolen.Load() != 0 {
		t.Error("the other host was asked")
	}
}

func TestARedirectOnTheSameServerIsFollowedForReadsOnly(t *testing.T) {
	t.Parallel()
	server, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/x/" {
			http.Redirect(w, r, "/v1/x/", http.StatusTemporaryRedirect)
			return
		}
		_, _ = io.WriteString(w, r.Header.Get("X-Consul-Token"))
	})
	c := client(t, Options{Header: http.Header{"X-Consul-Token": {"s3cret"}}}, server)
	if got, err := read(t.Context(), c); got != "s3cret" || err != nil {
		t.Errorf("read = %q, %v; want the answer behind the redirect", got, err)
	}
	_, err := c.Put(t.Context(), "/v1/x", nil, 1)
	wantError(t, err, ErrRedirect, "the server answered a write with a redirect")
}

func TestWritesGoOnOnlyWhereNothingWasSent(t *testing.T) {
	t.Parallel()
	good, asked := serve(t, say("true"))
	broken := wire(t, replies("")) // takes the request and hangs up
	failing, failed := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })

	resp, err := client(t, Options{}, refused(t), good).Put(t.Context(), "/", nil, 1)
	if err != nil || resp.Server != good[len("http://"):] {
		t.Fatalf("put = %v, %v; want the second server's answer", resp, err)
	}
	_ = resp.Body.Close()

	_, err = client(t, Options{}, broken, good).Put(t.Context(), "/", nil, 1)
	wantError(t, err, ErrUnreachable, "the server closed the connection without an answer")
	var e *Error
	if !errors.As(err, &e) || !e.Sent || e.Server != broken[len("http://"):] {
		t.Errorf("%+v; want Sent: nobody knows what became of it", e)
	}
	_, err = client(t, Options{}, failing, good).Put(t.Context(), "/", nil, 1)
	var status *StatusError
	if !errors.As(err, &status) || status.Status != 503 || failed.Load() != 1 {
		t.Errorf("%v after %d requests; want 503 after one", err, failed.Load())
	}
	_, err = client(t, Options{}, refused(t)).Put(t.Context(), "/", nil, 1)
	if !errors.As(err, &e) || e.Sent {
		t.Errorf("%+v; want not Sent", e)
	}
	if asked.Load() != 1 {
		t.Errorf("the good server was asked %d times, want once", asked.Load())
	}
}

func TestAWriteIsTriedOnceAServer(t *testing.T) {
	t.Parallel()
	var conns atomic.Int32
	server := wire(t, func(conn net.Conn) { conns.Add(1); _ = conn.Close() }) // before TLS: nothing was sent
	_, err := client(t, Options{}, "https"+server[len("http"):]).Put(t.Context(), "/", nil, 1)
	var e *Error
	if !errors.As(err, &e) || !errors.Is(err, ErrUnreachable) || e.Sent || conns.Load() != 1 {
		t.Errorf("%v (%+v) after %d connections; want one, and not Sent", err, e, conns.Load())
	}
}

func TestAWriteInTheHandsOfASlowServerIsNotGivenToAnother(t *testing.T) {
	t.Parallel()
	good, asked := serve(t, say("true"))
	_, err := client(t, Options{}, wire(t, silent), good).Put(within(t, 300*time.Millisecond), "/", nil, 1)
	wantError(t, err, ErrTimeout, "no answer within D")
	if asked.Load() != 0 {
		t.Error("the write was sent twice")
	}
}

func TestCancelledPassesAsItIs(t *testing.T) {
	t.Parallel()
	asked := make(chan bool, 1)
	server := wire(t, func(conn net.Conn) { asked <- true; silent(conn) })
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	if _, err := read(ctx, client(t, Options{}, server, refused(t))); err != context.Canceled { //nolint:errorlint // as it is
		t.Errorf("error %v, want context.Canceled", err)
	}
}

func TestCancelledWhileReadingPassesAsItIs(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	resp, err := client(t, Options{}, wire(t, stall(head+"Content-Length: 9\r\n\r\n"))).Get(ctx, "/", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // never fails
	cancel()
	if _, err := io.ReadAll(resp.Body); err != context.Canceled { //nolint:errorlint // as it is
		t.Errorf("error %v, want context.Canceled", err)
	}
}
