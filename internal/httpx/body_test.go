package httpx

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

// drip answers with head and then one byte of text every now and then.
func drip(head, text string) func(net.Conn) {
	return func(conn net.Conn) {
		_, _ = http.ReadRequest(bufio.NewReader(conn))
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		_, err := io.WriteString(conn, head)
		for i := 0; err == nil; i++ {
			<-tick.C
			_, err = conn.Write([]byte{text[i%len(text)]})
		}
	}
}

// stall answers with head and then nothing more.
func stall(head string) func(net.Conn) {
	return func(conn net.Conn) {
		_, _ = http.ReadRequest(bufio.NewReader(conn))
		_, _ = io.WriteString(conn, head)
		silent(conn)
	}
}

func TestEveryWayOfBeingSlowEndsAtTheDeadline(t *testing.T) {
	t.Parallel()
	const deadline = 150 * time.Millisecond
	for name, tt := range map[string]struct {
		talk func(net.Conn)
		want string
	}{
		"silent server":       {silent, "no answer within D"},
		"head byte by byte":   {drip("HTTP/1.1 200 OK\r\nX: ", "x"), "no answer within D"},
		"body byte by byte":   {drip(head+"Content-Length: 1000\r\n\r\n[", " "), "the answer was not complete within D"},
		"gzip byte by byte":   {drip(head+"Content-Encoding: gzip\r\n\r\n", "\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\x00name"), "the answer was not complete within D"},
		"chunk byte by byte":  {drip(head+"Transfer-Encoding: chunked\r\n\r\n", "1\r\n1\r\n"), "the answer was not complete within D"},
		"stall after headers": {stall(head + "Content-Length: 9\r\n\r\n"), "the answer was not complete within D"},
		"stall after 503":     {stall("HTTP/1.1 503 X\r\nContent-Length: 9\r\n\r\n"), "503 Service Unavailable"},
		"endless 100s":        {drip("", "HTTP/1.1 100 Continue\r\n\r\n"), "no answer within D"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			_, err := read(within(t, deadline), client(t, Options{}, wire(t, tt.talk)))
			if text(err) != tt.want || !errors.Is(err, ErrTimeout) && name != "stall after 503" {
				t.Errorf("error %v, want %q", err, tt.want)
			}
			if took := time.Since(start); took > deadline+time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

func TestTheReasonOfAStatusIsNotWaitedForLong(t *testing.T) {
	t.Parallel()
	start := time.Now()
	_, err := read(within(t, time.Minute), client(t, Options{}, wire(t, stall("HTTP/1.1 403 X\r\nContent-Length: 99\r\n\r\nno"))))
	if text(err) != "403 Forbidden: \"no\"" || time.Since(start) > 10*time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
}

func TestASilentServerBehindTLSEndsAtTheDeadline(t *testing.T) {
	t.Parallel()
	server := strings.Replace(wire(t, silent), "http:", "https:", 1)
	_, err := read(within(t, 200*time.Millisecond), client(t, Options{}, server))
	wantError(t, err, ErrTimeout, "no answer within D")
}

func TestABodyUpToTheLimitIsRead(t *testing.T) {
	t.Parallel()
	for size, good := range map[int]bool{0: true, 1: true, 1023: true, 1024: true, 1025: false, 5000: false} {
		server, _ := serve(t, say(strings.Repeat("x", size)))
		got, err := read(t.Context(), client(t, Options{MaxBody: 1024}, server))
		if good != (err == nil) || len(got) != min(size, 1024) {
			t.Errorf("%d bytes: %d were read, error %v", size, len(got), err)
		}
		if !good {
			wantError(t, err, ErrTooLarge, "the answer is larger than 1 KiB")
		}
	}
}

func TestAnEndlessBodyEndsAtTheLimit(t *testing.T) {
	t.Parallel()
	server := wire(t, func(conn net.Conn) {
		_, err := io.WriteString(conn, head+"\r\n[")
		for err == nil {
			_, err = io.WriteString(conn, strings.Repeat("1,", 4096))
		}
	})
	resp, err := client(t, Options{MaxBody: 1 << 20}, server).Get(t.Context(), "/", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // never fails
	err = EachElement(resp.Body, func(*int) error { return nil })
	wantError(t, err, ErrTooLarge, "the answer is larger than 1 MiB")
}

// TestAGzipBombIsRefusedInLittleMemory is not parallel: it weighs the heap.
func TestAGzipBombIsRefusedInLittleMemory(t *testing.T) { //nolint:paralleltest // weighs the heap
	var bomb bytes.Buffer
	z, _ := gzip.NewWriterLevel(&bomb, gzip.BestSpeed)
	chunk := bytes.Repeat([]byte{' '}, 1<<20)
	for range 40 {
		_, _ = z.Write(chunk)
	}
	_ = z.Close()
	server, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(bomb.Bytes())
	})
	resp, err := client(t, Options{MaxBody: 16 << 20}, server).Get(t.Context(), "/", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // never fails
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	n, err := io.Copy(io.Discard, resp.Body)
	runtime.ReadMemStats(&after)
	wantError(t, err, ErrTooLarge, "the answer is larger than 16 MiB")
	if n != 16<<20 {
		t.Errorf("%d bytes were read, want the limit", n)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 8<<20 {
		t.Errorf("%d bytes were allocated for a body that is streamed", used)
	}
}

func TestGzipIsDecoded(t *testing.T) {
	t.Parallel()
	server, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", r.Header.Get("Accept-Encoding"))
		z := gzip.NewWriter(w)
		_, _ = io.WriteString(z, "[1]")
		_ = z.Close()
	})
	if got, err := read(t.Context(), client(t, Options{}, server)); got != "[1]" || err != nil {
		t.Errorf("read = %q, %v", got, err)
	}
}

func TestConnectionsAreUsedAgainAfterASmallRest(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		rest  int
		conns int32
	}{"small rest": {2000, 1}, "large rest": {1 << 20, 5}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var conns atomic.Int32
			s := httptest.NewUnstartedServer(say(strings.Repeat("x", tt.rest)))
			s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
				if state == http.StateNew {
					conns.Add(1)
				}
			}
			s.Start()
			t.Cleanup(s.Close)
			c := client(t, Options{}, s.URL)
			for range 5 {
				resp, err := c.Get(t.Context(), "/", nil)
				if err != nil {
					t.Fatal(err)
				}
				if err := errors.Join(resp.Body.Close(), resp.Body.Close()); err != nil {
					t.Error(err)
				}
				if _, err := resp.Body.Read(make([]byte, 1)); !errors.Is(err, errClosed) {
					t.Errorf("a closed body was read: %v", err)
				}
			}
			if conns.Load() != tt.conns {
				t.Errorf("%d connections for 5 requests, want %d", conns.Load(), tt.conns)
			}
		})
	}
}

func TestClosingAStalledBodyTakesNoTime(t *testing.T) {
	t.Parallel()
	server := wire(t, stall(head+"Content-Length: 9\r\n\r\n"))
	resp, err := client(t, Options{}, server).Get(t.Context(), "/", nil)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := resp.Body.Close(); err != nil || time.Since(start) > time.Second {
		t.Errorf("Close = %v after %v", err, time.Since(start))
	}
}

func TestTheLargestLimitIsNone(t *testing.T) {
	t.Parallel()
	server, _ := serve(t, say("[1]"))
	if got, err := read(t.Context(), client(t, Options{MaxBody: math.MaxInt64}, server)); got != "[1]" || err != nil {
		t.Errorf("read = %q, %v", got, err)
	}
}

func TestSizesAreInWords(t *testing.T) {
	t.Parallel()
	if got := fmt.Sprint(size(DefaultMaxBody), ", ", size(3<<10), ", ", size(1025)); got != "256 MiB, 3 KiB, 1025 bytes" {
		t.Error(got)
	}
}
