package faultkit

import (
	"bufio"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

const request = "GET / HTTP/1.1\r\nHost: api\r\n\r\n"

// ask sends text and returns what is answered before d is over, and how it ends.
func ask(t *testing.T, address, text string, d time.Duration) (string, error) {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(soon(t), "tcp", address)
	if err != nil {
		return "", err
	}
	defer conn.Close() //nolint:errcheck // all was read
	if err := conn.SetDeadline(time.Now().Add(d)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, text); err != nil {
		return "", err
	}
	b, err := io.ReadAll(conn)
	return string(b), err
}

func TestSilentSaysNothing(t *testing.T) {
	t.Parallel()
	got, err := ask(t, Silent(t), request, 50*time.Millisecond)
	if got != "" || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%q, %v; want nothing, until the deadline", got, err)
	}
	config := NewCA(t).ClientConfig()
	config.ServerName = "api.example"
	err = tls.Client(dial(t, Silent(t)), config).HandshakeContext(within(t, 50*time.Millisecond))
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a handshake: %v; want that it never ends", err)
	}
}

func TestStallSendsAHeadAndNoMore(t *testing.T) {
	t.Parallel()
	got, err := ask(t, Stall(t), request, 200*time.Millisecond)
	if !strings.HasPrefix(got, "HTTP/1.1 200 OK\r\n") || !strings.HasSuffix(got, "\r\n\r\n") || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%q, %v; want a head alone, until the deadline", got, err)
	}
	if got, err = ask(t, Stall(t), "GET", 50*time.Millisecond); got != "" {
		t.Errorf("before a request: %q, %v", got, err)
	}
}

func TestDripSendsAByteAtATime(t *testing.T) {
	t.Parallel()
	got, err := get(soon(t), t, "http://"+Drip(t, time.Millisecond), nil)
	if got.Code != http.StatusOK || got.Body != "ok" || err != nil {
		t.Errorf("%+v, %v; want that it comes to an end", got, err)
	}
	conn, begin := dial(t, Drip(t, 20*time.Millisecond)), time.Now()
	_, _ = io.WriteString(conn, request)
	_, err = io.ReadFull(conn, make([]byte, 3))
	if took := time.Since(begin); took < 60*time.Millisecond || err != nil {
		t.Errorf("three bytes took %v, %v; want 60ms", took, err)
	}
	if _, err := get(within(t, 50*time.Millisecond), t, "http://"+Drip(t, time.Minute), nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a byte a minute: %v; want the deadline", err)
	}
}

func TestHangingUp(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		address, text string
		want          error
	}{
		"CloseOnAccept":           {CloseOnAccept(t), "", nil},
		"HalfOpen":                {HalfOpen(t), request, nil},
		"ResetOnAccept":           {ResetOnAccept(t), "", syscall.ECONNRESET},
		"ResetAfterRequest":       {ResetAfterRequest(t), request, syscall.ECONNRESET},
		"ResetAfterRequest early": {ResetAfterRequest(t), "GET", os.ErrDeadlineExceeded},
	} {
		if got, err := ask(t, c.address, c.text, 300*time.Millisecond); got != "" || !errors.Is(err, c.want) {
			t.Errorf("%s: %q, %v; want %v", name, got, err, c.want)
		}
	}
}

func TestHalfOpenReadsOn(t *testing.T) {
	t.Parallel()
	conn := dial(t, HalfOpen(t))
	if n, err := conn.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		t.Fatal(n, err)
	}
	for range 16 {
		if _, err := conn.Write(make([]byte, 64<<10)); err != nil {
			t.Fatalf("%v; want that it reads on", err)
		}
	}
}

func TestBannerSpeaksFirst(t *testing.T) {
	t.Parallel()
	const ssh = "SSH-2.0-OpenSSH_9.6\r\n"
	address := Banner(t, ssh)
	if got, err := ask(t, address, "", 100*time.Millisecond); got != ssh || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%q, %v; want the banner, and the connection open", got, err)
	}
	if got, err := get(soon(t), t, "http://"+address, nil); err == nil {
		t.Errorf("an HTTP client takes it for %+v", got)
	}
}

func TestJunkIsTheSameNoiseEachTime(t *testing.T) {
	t.Parallel()
	once, err := ask(t, Junk(t), request, 10*time.Second)
	again, err2 := ask(t, Junk(t), request, 10*time.Second)
	if len(once) != 4<<10 || once != again || err != nil || err2 != nil {
		t.Errorf("%d and %d bytes, %v, %v; want the same 4 KiB", len(once), len(again), err, err2)
	}
	if got, err := get(soon(t), t, "http://"+Junk(t), nil); err == nil {
		t.Errorf("an HTTP client takes it for %+v", got)
	}
}

func TestTruncatedEndsEarly(t *testing.T) {
	t.Parallel()
	got, err := get(soon(t), t, "http://"+Truncated(t), nil)
	if got.Body != `{"a": [1` || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%+v, %v; want 8 bytes and that more was promised", got, err)
	}
}

func TestGzipBombGrowsAThousandfold(t *testing.T) {
	t.Parallel()
	const size = 64 << 20
	conn := dial(t, GzipBomb(t, size))
	_, _ = io.WriteString(conn, request)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // it was read
	unpacked, err := gzip.NewReader(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, unpacked)
	if n != size || err != nil || resp.ContentLength > size/900 || resp.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("%d bytes of %d, %v; want %d of a thousandth", n, resp.ContentLength, err, size)
	}
}

func TestTheEndlessGoOnUntilTheClientHasEnough(t *testing.T) {
	t.Parallel()
	if got, err := get(soon(t), t, "http://"+EndlessHead(t), nil); err == nil || !strings.Contains(err.Error(), "header") {
		t.Errorf("EndlessHead: %+v, %v; want that the head is too long", got, err)
	}
	for name, address := range map[string]string{"EndlessHead": EndlessHead(t), "EndlessBody": EndlessBody(t)} {
		conn := dial(t, address)
		_, _ = io.WriteString(conn, request)
		if n, err := io.CopyN(io.Discard, conn, 32<<20); err != nil {
			t.Errorf("%s ends after %d bytes: %v", name, n, err)
		}
	}
}

func TestTheEndlessHaveACap(t *testing.T) {
	t.Parallel()
	conn := dial(t, EndlessBody(t))
	_, _ = io.WriteString(conn, request)
	if n, err := io.Copy(io.Discard, conn); err != nil || n < endless || n > endless+1<<20 {
		t.Errorf("%d bytes, %v; want %d", n, err, endless)
	}
}

func TestATalkEndsWithTheTest(t *testing.T) {
	t.Parallel()
	began, ended := make(chan struct{}), make(chan error, 1)
	var client net.Conn
	t.Cleanup(func() { // after the server's own, the client still being there
		select {
		case err := <-ended:
			if !errors.Is(err, net.ErrClosed) {
				t.Errorf("the talk ends with %v; want that its connection is closed", err)
			}
		default:
			t.Error("the talk goes on")
		}
		_ = client.Close()
	})
	address := Raw(t, func(conn net.Conn) {
		close(began)
		_, err := io.Copy(io.Discard, conn)
		ended <- err
	})
	var err error
	if client, err = new(net.Dialer).DialContext(soon(t), "tcp", address); err != nil {
		t.Fatal(err)
	}
	<-began
}

func TestATalkThatReturnsHangsUp(t *testing.T) {
	t.Parallel()
	kept := make(chan net.Conn, 1) // else the garbage collector might close it
	conn := dial(t, Raw(t, func(conn net.Conn) { kept <- conn }))
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("%d, %v; want the end", n, err)
	}
	<-kept
}
