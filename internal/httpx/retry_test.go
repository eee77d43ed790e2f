package httpx

import (
	"errors"
	"maps"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// failFirst answers status to the first n requests, then "[]".
func failFirst(n int32, status int, header http.Header) http.HandlerFunc {
	var asked atomic.Int32
	return func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) > n {
			_, _ = w.Write([]byte("[]"))
			return
		}
		maps.Copy(w.Header(), header)
		w.WriteHeader(status)
	}
}

func TestReadsAreRepeatedThreeTimesAtMost(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status, failures int
		asked            int32
		good             bool
	}{
		{429, 1, 2, true},
		{500, 2, 3, true},
		{502, 2, 3, true},
		{503, 2, 3, true},
		{504, 3, 3, false},
		{400, 1, 1, false},
		{403, 1, 1, false},
		{404, 1, 1, false},
		{501, 1, 1, false},
	} {
		t.Run(strconv.Itoa(tt.status), func(t *testing.T) {
			t.Parallel()
			server, asked := serve(t, failFirst(int32(tt.failures), tt.status, nil))
			got, err := read(t.Context(), client(t, Options{}, server))
			var status *StatusError
			if tt.good && (got != "[]" || err != nil) || !tt.good && (!errors.As(err, &status) || status.Status != tt.status) {
				t.Errorf("read = %q, %v", got, err)
			}
			if asked.Load() != tt.asked {
				t.Errorf("asked %d times, want %d", asked.Load(), tt.asked)
			}
		})
	}
}

func TestRetryAfterIsWaitedForWhereThereIsTime(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		header   http.Header
		deadline time.Duration
		good     bool
	}{
		"a second":            {http.Header{"Retry-After": {"1"}}, 20 * time.Second, true},
		"beyond the deadline": {http.Header{"Retry-After": {"9"}}, 8 * time.Second, false},
		"beyond all patience": {http.Header{"Retry-After": {"2147483647"}}, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, asked := serve(t, failFirst(1, 503, tt.header))
			ctx := t.Context()
			if tt.deadline > 0 {
				ctx = within(t, tt.deadline)
			}
			start := time.Now()
			_, err := read(ctx, client(t, Options{}, server))
			took := time.Since(start)
			if tt.good && (err != nil || took < time.Second || asked.Load() != 2) {
				t.Errorf("%v after %v; want an answer after a second", err, took)
			}
			if !tt.good && (text(err) != "503 Service Unavailable" || took > 5*time.Second) {
				t.Errorf("%v after %v; want 503 at once", err, took)
			}
		})
	}
}

func TestRetryAfterIsSecondsOrADateOfTheServersClock(t *testing.T) {
	t.Parallel()
	h := http.Header{"Retry-After": {"Wed, 01 Jan 2020 00:00:07 GMT"}, "Date": {"Wed, 01 Jan 2020 00:00:00 GMT"}}
	if got := (&StatusError{Header: h}).retryAfter(); got != 7*time.Second {
		t.Errorf("%v, want 7s", got)
	}
	for _, v := range []string{"", "-1", "soon", "99999999999999999999", "1e9", "Wed, 01 Jan 2020 00:00:01 GMT"} {
		if got := (&StatusError{Header: http.Header{"Retry-After": {v}}}).retryAfter(); got != 0 {
			t.Errorf("Retry-After %q is %v, want none", v, got)
		}
	}
}

func TestARefusedConnectionIsAnErrorWithinASecond(t *testing.T) {
	t.Parallel()
	server := refused(t)
	c := client(t, Options{}, server)
	c.pause = firstRetryPause
	start := time.Now()
	_, err := read(within(t, 10*time.Second), c)
	wantError(t, err, ErrUnreachable, "connection refused")
	var e *Error
	if !errors.As(err, &e) || e.Server != server[len("http://"):] || e.Sent {
		t.Errorf("%+v; want the server named, and nothing sent", e)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestSeveralServersAreTriedInTurnAndTheLastGoodOneFirst(t *testing.T) {
	t.Parallel()
	for name, down := range map[string]string{
		"refused": refused(t),
		"silent":  wire(t, silent),
		"garbage": wire(t, replies("220 smtp ready\r\n")),
		"failing": func() string { s, _ := serve(t, failFirst(1000, 500, nil)); return s }(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			good, asked := serve(t, say("[]"))
			c := client(t, Options{}, down, good)
			for range 2 {
				if got, err := read(within(t, 700*time.Millisecond), c); got != "[]" || err != nil {
					t.Fatalf("read = %q, %v; want the second server's answer", got, err)
				}
			}
			if first, _ := c.order(); asked.Load() != 2 || first[0] != 1 {
				t.Errorf("order %v after %d answers, want the good one first", first, asked.Load())
			}
		})
	}
}

func TestEveryOneOfManyServersHasItsTurn(t *testing.T) {
	t.Parallel()
	good, _ := serve(t, say("[]"))
	c := client(t, Options{}, refused(t), refused(t), refused(t), refused(t), good)
	if got, err := read(t.Context(), c); got != "[]" || err != nil {
		t.Errorf("read = %q, %v; want the fifth server's answer", got, err)
	}
}

func TestManyFailingServersAreAskedThreeTimesInAll(t *testing.T) {
	t.Parallel()
	server, asked := serve(t, failFirst(1000, 503, nil))
	_, err := read(t.Context(), client(t, Options{}, server, server, server, server))
	if text(err) != "503 Service Unavailable" || asked.Load() != 3 {
		t.Errorf("%v after %d requests, want 503 after three", err, asked.Load())
	}
}

func TestWhereAllServersFailEachIsNamed(t *testing.T) {
	t.Parallel()
	a, b := refused(t), wire(t, silent)
	_, err := read(within(t, 300*time.Millisecond), client(t, Options{}, a, b))
	name := func(s string) string { return strings.TrimPrefix(s, "http://") }
	got := text(err)
	if want := name(a) + ": connection refused; " + name(b) + ": no answer within D"; got != want || !errors.Is(err, ErrUnreachable) {
		t.Errorf("error %q, want %q", got, want)
	}
	if e, ok := errors.AsType[*Error](err); !ok || e.Server != "" || !e.Sent {
		t.Errorf("%+v; want no server, and Sent, as the second had it", e)
	}
	failing, _ := serve(t, failFirst(1000, 500, nil))
	_, err = read(t.Context(), client(t, Options{}, a, failing))
	if text(err) != "500 Internal Server Error" {
		t.Errorf("error %v, want what the only one that answered said", err)
	}
}

func TestAServerThatAnsweredBeforeMayTakeItsTime(t *testing.T) {
	t.Parallel()
	c := New(Options{})
	c.servers = append(c.servers, nil, nil, nil)
	ctx := within(t, 3*time.Second)
	for _, tt := range []struct {
		try    int
		proven bool
		want   time.Duration
	}{{0, true, 0}, {0, false, time.Second}, {1, false, 1500 * time.Millisecond}, {2, false, 0}, {3, false, 0}} {
		if got := c.budget(ctx, tt.try, tt.proven).Round(100 * time.Millisecond); got != tt.want {
			t.Errorf("budget(%d, %v) = %v, want %v", tt.try, tt.proven, got, tt.want)
		}
	}
	if got := c.budget(t.Context(), 0, false); got != turnBudget {
		t.Errorf("budget without a deadline = %v, want %v", got, turnBudget)
	}
}

func TestAConnectionResetIsTriedAgain(t *testing.T) {
	t.Parallel()
	var n atomic.Int32
	server := wire(t, func(conn net.Conn) {
		if n.Add(1) < 3 {
			_ = conn.(*net.TCPConn).SetLinger(0) // Close is then a reset
			_ = conn.Close()
			return
		}
		replies("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")(conn)
	})
	if got, err := read(t.Context(), client(t, Options{}, server)); got != "[]" || err != nil {
		t.Errorf("read = %q, %v; want the third connection's answer", got, err)
	}
}
