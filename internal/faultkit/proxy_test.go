package faultkit

import (
	"bufio"
	"context"
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

// echo is a server that says each line again.
func echo(t *testing.T) string {
	t.Helper()
	return Raw(t, func(conn net.Conn) { _, _ = io.Copy(conn, conn) })
}

// talker is a client that says lines, and how a proxy answers.
type talker struct {
	net.Conn
	lines *bufio.Reader
}

func talk(t *testing.T, p *Proxy) talker {
	t.Helper()
	conn := dial(t, p.Addr)
	return talker{Conn: conn, lines: bufio.NewReader(conn)}
}

// say says text and returns what is answered before d is over.
func (c talker) say(text string, d time.Duration) (string, error) {
	if err := c.SetDeadline(time.Now().Add(d)); err != nil {
		return "", err
	}
	if _, err := io.WriteString(c, text); err != nil {
		return "", err
	}
	return c.lines.ReadString('\n')
}

const (
	enough = 20 * time.Second
	short  = 100 * time.Millisecond
)

func TestAProxyPassesAllOnUntilAFaultIsAskedFor(t *testing.T) {
	t.Parallel()
	p := NewProxy(t, echo(t))
	c := talk(t, p)
	long := strings.Repeat("a", 1<<20) + "\n"
	go func() { _, _ = io.WriteString(c, long) }()
	if got, err := c.lines.ReadString('\n'); got != long || err != nil {
		t.Errorf("%d bytes, %v; want %d", len(got), err, len(long))
	}
	if err := c.Conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if rest, err := c.lines.ReadString('\n'); rest != "" || !errors.Is(err, io.EOF) {
		t.Errorf("after the last line: %q, %v; want the end", rest, err)
	}
}

func TestLatencyMakesAnswersLate(t *testing.T) {
	t.Parallel()
	p := NewProxy(t, echo(t))
	c := talk(t, p)
	p.Latency(80 * time.Millisecond)
	begin := time.Now()
	if got, err := c.say("one\n", enough); got != "one\n" || err != nil || time.Since(begin) < 80*time.Millisecond {
		t.Errorf("%q, %v after %v; want one after 80ms", got, err, time.Since(begin))
	}
	p.Latency(time.Hour)
	if got, err := c.say("two\n", short); got != "" || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("an hour late: %q, %v", got, err)
	}
	p.Heal()
	if got, err := c.say("three\n", enough); got != "two\n" || err != nil {
		t.Errorf("healed: %q, %v; want what was late", got, err)
	}
}

func TestProxyDripSendsByteByByte(t *testing.T) {
	t.Parallel()
	p := NewProxy(t, echo(t))
	p.Drip(100)
	begin := time.Now()
	if got, err := talk(t, p).say("12345\n", enough); got != "12345\n" || err != nil || time.Since(begin) < 60*time.Millisecond {
		t.Errorf("%q, %v after %v; want six bytes after 60ms", got, err, time.Since(begin))
	}
}

func TestCutAfterEndsEachConnection(t *testing.T) {
	t.Parallel()
	p := NewProxy(t, echo(t))
	old := talk(t, p)
	if got, err := old.say("before\n", enough); got != "before\n" || err != nil {
		t.Fatal(got, err)
	}
	p.CutAfter(5)
	for name, c := range map[string]talker{"open": old, "new": talk(t, p)} {
		first, err := c.say("12\n", enough)
		if rest, end := c.say("345\n", enough); first != "12\n" || err != nil || rest != "34" || !errors.Is(end, io.EOF) {
			t.Errorf("%s: %q, %v, then %q, %v; want five bytes and the end", name, first, err, rest, end)
		}
	}
	p.CutAfter(0)
	if got, err := talk(t, p).say("1\n", enough); got != "" || !errors.Is(err, io.EOF) {
		t.Errorf("%q, %v; want the end", got, err)
	}
	p.CutAfter(100)
	big := NewProxy(t, EndlessBody(t))
	big.CutAfter(100)
	c := talk(t, big)
	_, _ = io.WriteString(c, request)
	if got, err := io.ReadAll(c); len(got) != 100 || err != nil {
		t.Errorf("of an endless answer %d bytes pass, %v; want 100", len(got), err)
	}
}

func TestResetResetsTheOldAtOnceAndTheNewWhenAnswered(t *testing.T) {
	t.Parallel()
	p := NewProxy(t, echo(t))
	old := talk(t, p)
	if got, err := old.say("one\n", enough); got != "one\n" || err != nil {
		t.Fatal(got, err)
	}
	p.Reset()
	if _, err := old.lines.ReadString('\n'); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("open: %v; want a reset", err)
	}
	if got, err := talk(t, p).say("two\n", enough); got != "" || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("new: %q, %v; want a reset", got, err)
	}
}

func TestABlackHoleHoldsBackWhatIsSaidUntilItHeals(t *testing.T) {
	t.Parallel()
	p := NewProxy(t, echo(t))
	old := talk(t, p)
	if got, err := old.say("one\n", enough); got != "one\n" || err != nil {
		t.Fatal(got, err)
	}
	p.BlackHole()
	clients := map[string]talker{"open": old, "new": talk(t, p)}
	for name, c := range clients {
		if got, err := c.say("two\n", short); got != "" || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: %q, %v; want nothing", name, got, err)
		}
	}
	p.Heal()
	for name, c := range clients {
		if got, err := c.say("three\n", enough); got != "two\n" || err != nil {
			t.Errorf("%s, healed: %q, %v; want what was held back", name, got, err)
		}
	}
}

func TestABlackHoleHidesThatTheUpstreamEnds(t *testing.T) {
	t.Parallel()
	p := NewProxy(t, CloseOnAccept(t))
	p.BlackHole()
	c := talk(t, p)
	if got, err := c.say("one\n", short); got != "" || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%q, %v; want nothing", got, err)
	}
}

func TestDownRefusesUntilUp(t *testing.T) {
	t.Parallel()
	p := NewProxy(t, echo(t))
	old := talk(t, p)
	if got, err := old.say("one\n", enough); got != "one\n" || err != nil {
		t.Fatal(got, err)
	}
	p.Down()
	p.Down()
	if got, err := old.say("two\n", enough); got != "" || err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("open: %q, %v; want that it ended", got, err)
	}
	if _, err := new(net.Dialer).DialContext(soon(t), "tcp", p.Addr); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("new: %v; want that it is refused", err)
	}
	p.Up()
	p.Up()
	if got, err := talk(t, p).say("three\n", enough); got != "three\n" || err != nil {
		t.Errorf("up again: %q, %v", got, err)
	}
}

func TestAProxyWithoutUpstreamHangsUp(t *testing.T) {
	t.Parallel()
	if got, err := io.ReadAll(talk(t, NewProxy(t, Closed(t)))); len(got) > 0 || err != nil {
		t.Errorf("%q, %v; want the end", got, err)
	}
}

func TestAProxyServesAnHTTPClient(t *testing.T) {
	t.Parallel()
	p := NewProxy(t, Status(t, http.StatusOK, "ok"))
	got, err := get(soon(t), t, "http://"+p.Addr, nil)
	if want := (reply{Proto: "HTTP/1.1", Body: "ok", Code: http.StatusOK}); got != want || err != nil {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	p.BlackHole()
	if _, err := get(within(t, short), t, "http://"+p.Addr, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("in a black hole: %v; want the deadline", err)
	}
}
