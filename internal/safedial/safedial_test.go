package safedial

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"govctl/internal/faultkit"
)

// greeter is the port of a server on 127.0.0.1 that says hello.
func greeter(t testing.TB) (port string) {
	t.Helper()
	_, port, err := net.SplitHostPort(faultkit.Raw(t, func(conn net.Conn) { _, _ = io.WriteString(conn, "hello") }))
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// greeting is what is read from a dialled address.
func greeting(ctx context.Context, d *Dialer, address string) (string, error) {
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return "", err
	}
	defer conn.Close() //nolint:errcheck // all was read
	b, err := io.ReadAll(conn)
	return string(b), err
}

func TestANameIsJudgedByWhereItLeads(t *testing.T) {
	t.Parallel()
	port := greeter(t)
	for want, addresses := range map[string][]string{
		"169.254.169.254 is a link-local address":            {"169.254.169.254"},
		"fd00:ec2::254 is a cloud's metadata address":        {"fd00:ec2::254"},
		"64:ff9b::a9fe:a9fe is a link-local address":         {"64:ff9b::a9fe:a9fe"},
		"127.0.0.1 is a loopback address":                    {"127.0.0.1", "127.0.0.1"},
		"other: dial tcp: lookup evil.example: no such host": nil,
	} {
		d := New(Options{Resolver: at(t, "evil.example", addresses...)})
		_, err := greeting(soon(t), d, "evil.example:"+port)
		if got := regexp.MustCompile(` on [^ ]*:53`).ReplaceAllString(why(err), ""); got != want {
			t.Errorf("%v: %s; want %s", addresses, got, want)
		}
	}
	for _, private := range []string{"127.0.0.1", "::1"} { // in whatever order
		d := New(Options{Resolver: at(t, "evil.example", private, "169.254.169.254", "fe80::1")})
		if _, err := greeting(soon(t), d, "evil.example:"+port); strings.HasPrefix(why(err), "other") {
			t.Errorf("%s and more: %v", private, err)
		}
	}
	mixed := New(Options{Resolver: at(t, "api.example", "169.254.169.254", "127.0.0.1"), Loopback: true})
	if got, err := greeting(soon(t), mixed, "api.example:"+port); got != "hello" || err != nil {
		t.Errorf("the address that may be dialled answers %q, %v", got, err)
	}
}

func TestEverySpellingEndsRefusedOrNotFound(t *testing.T) {
	t.Parallel()
	// A resolver that reads what Go's does not: to it each of these is the
	// metadata address. Names without a letter are asked of nobody.
	for _, host := range []string{"0xa9fea9fe", "2852039166", "0251.0376.0251.0376", "0xa9.0xfe.0xa9.0xfe", "169.254.43518"} {
		d := New(Options{Resolver: at(t, host, "169.254.169.254")})
		if _, err := d.DialContext(soon(t), "tcp", host+":80"); why(err) != "the host is an IP address in a form that is not read" {
			t.Errorf("%s: %v", host, err)
		}
		// What a Dialer that did not check the text would meet.
		_, err := d.dialer.DialContext(soon(t), "tcp", host+":80")
		dns, _ := errors.AsType[*net.DNSError](err)
		if why(err) != "169.254.169.254 is a link-local address" && (dns == nil || !dns.IsNotFound) {
			t.Errorf("%s unchecked: %v", host, err)
		}
	}
}

func TestARefusalIsWithinAnOpError(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"169.254.169.254:80":          "dial tcp 169.254.169.254:80: 169.254.169.254 is a link-local address",
		"[::ffff:169.254.169.254]:80": "dial tcp 169.254.169.254:80: 169.254.169.254 is a link-local address",
		"127.0.0.1:80":                "dial tcp 127.0.0.1:80: 127.0.0.1 is a loopback address",
		"0.0.0.0:80":                  "dial tcp 0.0.0.0:80: 0.0.0.0 is an unspecified address",
		":80":                         "dial tcp: the host is empty",
		"[fe80::1%lo]:80":             "dial tcp: the host names an IPv6 zone",
		"user:hush@api:80":            "dial tcp: the address is not host:port",
		"hush@api:80":                 "dial tcp: the host holds credentials",
		"api":                         "dial tcp: the address is not host:port",
		"api:http":                    "dial tcp: the port is not a number from 1 to 65535",
		"api:+80":                     "dial tcp: the port is not a number from 1 to 65535",
		"api:99999":                   "dial tcp: the port is not a number from 1 to 65535",
		"api:0":                       "dial tcp: port 0 is not within 1 to 65535",
	} {
		conn, err := New(Options{Resolver: faultkit.DNS(t, nil)}).DialContext(soon(t), "tcp", address)
		op, ok := errors.AsType[*net.OpError](err)
		if conn != nil || !ok || op.Op != "dial" || err.Error() != want || strings.HasPrefix(why(err), "other") {
			t.Errorf("%s: %v; want %s", address, err, want)
		}
	}
}

func TestOnlyTCPIsDialled(t *testing.T) {
	t.Parallel()
	port := greeter(t)
	want := map[string]string{
		"tcp": "", "tcp4": "", "udp": "the network is not tcp", "unix": "the network is not tcp", "": "the network is not tcp",
	}
	got := map[string]string{}
	for network := range want {
		conn, err := New(Options{Loopback: true}).DialContext(soon(t), network, "127.0.0.1:"+port)
		if err == nil {
			_ = conn.Close()
		}
		got[network] = why(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestTheContextAndTheBackstopBoundAnAttempt(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, err := New(Options{Resolver: faultkit.SilentDNS(t)}).DialContext(ctx, "tcp", "api.example:80"); !timedOut(err) {
		t.Errorf("with a context: %v; want a timeout", err)
	}
	d := New(Options{Resolver: faultkit.SilentDNS(t), Timeout: 30 * time.Millisecond})
	if _, err := d.DialContext(soon(t), "tcp", "api.example:80"); !timedOut(err) {
		t.Errorf("with a backstop: %v; want a timeout", err)
	}
	if unset, set := New(Options{}).dialer.Timeout, d.dialer.Timeout; unset != 30*time.Second || set != 30*time.Millisecond {
		t.Errorf("the backstop is %v unset, and %v set to 30ms", unset, set)
	}
}

func timedOut(err error) bool {
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout()
}

func TestAClosedPortIsNotARefusal(t *testing.T) {
	t.Parallel()
	_, err := New(Options{Loopback: true}).DialContext(soon(t), "tcp", faultkit.Closed(t))
	if !strings.HasSuffix(why(err), "connection refused") {
		t.Errorf("%v; want that the connection was refused", err)
	}
}

// phases notes the hooks that are called, in order.
type phases struct {
	mu  sync.Mutex
	all []string
}

func (p *phases) add(s string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = append(p.all, s)
}

func (p *phases) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSStart:     func(i httptrace.DNSStartInfo) { p.add("DNSStart " + i.Host) },
		DNSDone:      func(_ httptrace.DNSDoneInfo) { p.add("DNSDone") },
		ConnectStart: func(_, address string) { p.add("ConnectStart " + address) },
		ConnectDone:  func(_, _ string, err error) { p.add("ConnectDone " + why(err)) },
	})
}

func TestHooksSeeThePhases(t *testing.T) {
	t.Parallel()
	port := greeter(t)
	d := New(Options{Loopback: true, Resolver: at(t, "api.example", "127.0.0.1")})
	for address, want := range map[string][]string{
		"127.0.0.1":   {"ConnectStart 127.0.0.1:P", "ConnectDone "},
		"api.example": {"DNSStart api.example", "DNSDone", "ConnectStart 127.0.0.1:P", "ConnectDone "},
		"169.254.0.1": {"ConnectStart 169.254.0.1:P", "ConnectDone 169.254.0.1 is a link-local address"},
	} {
		var p phases
		conn, err := d.DialContext(p.trace(soon(t)), "tcp", net.JoinHostPort(address, port))
		if err == nil {
			_ = conn.Close()
		}
		for i := range p.all {
			p.all[i] = strings.Replace(p.all[i], ":"+port, ":P", 1)
		}
		if !slices.Equal(p.all, want) {
			t.Errorf("%s: %q; want %q", address, p.all, want)
		}
	}
}

func TestItServesAnHTTPClient(t *testing.T) {
	t.Parallel()
	transport := &http.Transport{DialContext: New(Options{}).DialContext}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(soon(t), http.MethodGet, "http://169.254.169.254/latest/meta-data", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := transport.RoundTrip(req)
	if err == nil {
		_ = resp.Body.Close()
	}
	if why(err) != "169.254.169.254 is a link-local address" {
		t.Errorf("%v; want that the address is refused", err)
	}
}

// BenchmarkDial dials an IP; BenchmarkDialUnguarded does so by a net.Dialer, to
// compare. BenchmarkRefusal is what a forbidden address costs.
func BenchmarkDial(b *testing.B) {
	benchmark(b, New(Options{Loopback: true}).DialContext, "")
}

func BenchmarkDialUnguarded(b *testing.B) { benchmark(b, new(net.Dialer).DialContext, "") }

func BenchmarkRefusal(b *testing.B) {
	benchmark(b, New(Options{}).DialContext, "127.0.0.1 is a loopback address")
}

func benchmark(b *testing.B, dial func(context.Context, string, string) (net.Conn, error), want string) {
	b.Helper()
	address := faultkit.Raw(b, func(net.Conn) {})
	ctx := soon(b)
	b.ReportAllocs()
	for b.Loop() {
		conn, err := dial(ctx, "tcp", address)
		if why(err) != want {
			b.Fatal(err)
		}
		if err == nil {
			_ = conn.Close()
		}
	}
}
