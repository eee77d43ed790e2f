package probe

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"govctl/internal/faultkit"
)

// today is the prober's clock: the certificates of faultkit are good for the
// century around it.
func today() time.Time { return time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC) }

// prober returns one that dials as it is told.
func prober() *Prober {
	return &Prober{Dial: new(net.Dialer).DialContext, Now: today, Timeout: 10 * time.Second}
}

// patient returns a prober that waits little where want says that it does so in
// vain, and long enough for a busy machine elsewhere.
func patient(want string) *Prober {
	p := prober()
	if strings.Contains(want, late) || strings.Contains(want, "DNS does not tell") {
		p.Timeout = 300 * time.Millisecond
	}
	return p
}

// target is address, asked as kind says.
func target(t *testing.T, kind, address string) *Target {
	t.Helper()
	s, err := ParseSpec(kind)
	if err != nil {
		t.Fatal(err)
	}
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return &Target{Host: host, Port: port, Spec: s}
}

// outcome is what one probe comes to: "failed connect: refused".
func outcome(t *testing.T, p *Prober, target *Target) string {
	t.Helper()
	began := time.Now()
	r, err := p.Probe(t.Context(), target)
	if err != nil {
		t.Fatalf("%s of %s: %v", &target.Spec, target.hostPort(), err)
	}
	if took := time.Since(began); took > 4*p.Timeout {
		t.Errorf("%s of %s took %s", &target.Spec, target.hostPort(), took)
	}
	return string(r.Outcome) + " " + r.Text()
}

const late = "no answer within 300ms"

// TestHostileServers is P1: one plain reason each, in time, and with no goroutine
// left (TestMain).
func TestHostileServers(t *testing.T) {
	t.Parallel()
	tlsServer := func(t *testing.T) string {
		return faultkit.ServeTLS(t, faultkit.Config(faultkit.NewCA(t).Issue(t, faultkit.Leaf{})), faultkit.Answer(200, ""))
	}
	with := func(server func(testing.TB) string) func(*testing.T) string {
		return func(t *testing.T) string { return server(t) }
	}
	for name, c := range map[string]struct {
		server func(*testing.T) string
		want   map[string]string // by kind
	}{
		"closed": {with(faultkit.Closed), map[string]string{
			"tcp": "failed connect: refused", "http:/": "failed connect: refused", "https:/": "failed connect: refused",
			"grpc": "failed connect: refused", "tls": "failed connect: refused",
		}},
		"silent": {with(faultkit.Silent), map[string]string{
			"tcp": "ok connected", "http:/": "failed request: " + late, "https:/": "failed tls: " + late,
			"grpc": "failed request: " + late, "grpcs": "failed tls: " + late, "tls": "failed tls: " + late,
		}},
		"stalled after the head": {with(faultkit.Stall), map[string]string{"http:/": "ok 200"}},
		"reset after the request": {with(faultkit.ResetAfterRequest), map[string]string{
			"tcp": "ok connected", "http:/": "failed request: reset",
		}},
		"closed at once": {with(faultkit.HalfOpen), map[string]string{
			"http:/": "failed request: closed without an answer", "https:/": "failed tls: closed without an answer",
			"grpc": "failed request: closed without an answer",
		}},
		"junk": {with(faultkit.Junk), map[string]string{
			"http:/": "failed request: does not speak HTTP",
		}},
		"a banner": {func(t *testing.T) string { return faultkit.Banner(t, "SSH-2.0-OpenSSH_9.2\r\n") }, map[string]string{
			"http:/": "failed request: does not speak HTTP", "https:/": "failed tls: does not speak TLS",
			"grpc": "failed request: does not speak HTTP/2",
		}},
		"an endless head": {with(faultkit.EndlessHead), map[string]string{
			"http:/": "failed request: the head of the answer is above 256 KiB",
		}},
		"an endless body": {with(faultkit.EndlessBody), map[string]string{"http:/": "ok 200"}},
		"a gzip bomb": {func(t *testing.T) string { return faultkit.GzipBomb(t, 64<<20) }, map[string]string{
			"http:/": "ok 200",
		}},
		"TLS on a plain port": {tlsServer, map[string]string{
			"http:/": "failed request: speaks TLS where HTTP was expected", "grpc": "failed request: closed without an answer",
		}},
		"plain on a TLS port": {func(t *testing.T) string { return faultkit.Status(t, 200, "") }, map[string]string{
			"https:/": "failed tls: speaks HTTP where TLS was expected", "tls": "failed tls: speaks HTTP where TLS was expected",
		}},
		"HTTP where gRPC was expected": {func(t *testing.T) string { return faultkit.Status(t, 200, "") }, map[string]string{
			"grpc": "failed request: does not speak HTTP/2",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := c.server(t)
			for kind, want := range c.want {
				if got := outcome(t, patient(want), target(t, kind, address)); got != want {
					t.Errorf("%s: %q, want %q", kind, got, want)
				}
			}
		})
	}
}

// A reset may come before the client knows that it is connected.
func TestAResetOnAcceptIsNoAnswer(t *testing.T) {
	t.Parallel()
	address := faultkit.ResetOnAccept(t)
	for _, kind := range []string{"http:/", "https:/", "grpc"} {
		if got := outcome(t, prober(), target(t, kind, address)); !strings.HasPrefix(got, "failed") || !strings.HasSuffix(got, ": reset") {
			t.Errorf("%s: %q, want a reset", kind, got)
		}
	}
}

func TestNamesAreLookedUp(t *testing.T) {
	t.Parallel()
	address := faultkit.Status(t, 200, "")
	to := target(t, "http:/", address)
	to.Host = "order.test"
	p := prober()
	p.Dial = (&net.Dialer{Resolver: faultkit.DNS(t, map[string][]netip.Addr{"order.test": {netip.MustParseAddr("127.0.0.1")}})}).DialContext
	if got := outcome(t, p, to); got != "ok 200" {
		t.Errorf("a name: %q", got)
	}
	to.Host = "absent.test"
	if got, want := outcome(t, p, to), `failed dns: no such host "absent.test"`; got != want {
		t.Errorf("a name that is not there: %q, want %q", got, want)
	}
	p = patient("DNS does not tell")
	p.Dial = (&net.Dialer{Resolver: faultkit.SilentDNS(t)}).DialContext
	if got, want := outcome(t, p, to), `unprobeable DNS does not tell the address of "absent.test"`; got != want {
		t.Errorf("without DNS: %q, want %q", got, want)
	}
}

// TestLocalTrouble is P5: it is an error that the engine waits out, and never
// says anything of the target.
func TestLocalTrouble(t *testing.T) {
	t.Parallel()
	for _, no := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.EADDRNOTAVAIL, syscall.ENOBUFS} {
		p := prober()
		p.Dial = func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Err: os.NewSyscallError("socket", no)}
		}
		_, err := p.Probe(t.Context(), target(t, "tcp", "127.0.0.1:1"))
		if _, ok := errors.AsType[*LocalError](err); !ok {
			t.Errorf("%v: %v, want a local error", no, err)
		}
	}
	for no, want := range map[syscall.Errno]string{
		syscall.ENETUNREACH: "unprobeable no route from this machine", syscall.EHOSTUNREACH: "failed connect: host unreachable",
		syscall.EACCES: "unprobeable this machine does not let us connect", syscall.ETIMEDOUT: "failed connect: no answer",
	} {
		p := prober()
		p.Dial = func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", no)}
		}
		if got := outcome(t, p, target(t, "tcp", "127.0.0.1:1")); got != want {
			t.Errorf("%v: %q, want %q", no, got, want)
		}
	}
}

// TestClocksJump is P9.
func TestClocksJump(t *testing.T) {
	t.Parallel()
	p := prober()
	now := today()
	p.Now = func() time.Time { now = now.Add(-time.Hour); return now } // each look is an hour earlier
	r, err := p.Probe(t.Context(), target(t, "http:/", faultkit.Status(t, 200, "")))
	if err != nil || r.Outcome != OK || r.LatencySeconds < 0 || r.Times.ConnectSeconds < 0 || r.Times.RequestSeconds < 0 {
		t.Errorf("%+v, %v; want no negative time", r, err)
	}
}

func TestPhasesAreTimed(t *testing.T) {
	t.Parallel()
	ca := faultkit.NewCA(t)
	p := prober()
	p.Roots, p.Now = ca.Pool(), time.Now
	const pause = 30 * time.Millisecond
	address := faultkit.ServeTLS(t, faultkit.Config(ca.Issue(t, faultkit.Leaf{})), http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		timer := time.NewTimer(pause)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
		}
	}))
	r, err := p.Probe(t.Context(), target(t, "https:/", address))
	if err != nil || r.Times.ConnectSeconds <= 0 || r.Times.TLSSeconds <= 0 || r.Times.RequestSeconds < pause.Seconds() ||
		r.LatencySeconds < r.Times.ConnectSeconds+r.Times.TLSSeconds+r.Times.RequestSeconds {
		t.Errorf("%+v, %v; want each phase timed, and the latency of all", r, err)
	}
}

func TestFailedTargetsAreAskedAgain(t *testing.T) {
	t.Parallel()
	n := 0
	address := faultkit.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if n++; n < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	p := prober()
	p.Retries = 1
	if r, err := p.Probe(t.Context(), target(t, "http:/", address)); err != nil || r.Outcome != Failed || r.Attempts != 2 {
		t.Errorf("with one retry: %+v, %v", r, err)
	}
	if r, err := p.Probe(t.Context(), target(t, "http:/", address)); err != nil || r.Outcome != OK || r.Attempts != 1 {
		t.Errorf("at last: %+v, %v", r, err)
	}
}

// TestRunAsksRealTargets asks some of each through the engine: the interrupt of
// the whole leaves nothing running (TestMain).
func TestRunAsksRealTargets(t *testing.T) {
	t.Parallel()
	var targets []Target
	well, silent := faultkit.Status(t, 200, ""), faultkit.Silent(t)
	for i := range 100 {
		to := target(t, "http:/", well)
		if i%10 == 0 {
			to = target(t, "http:/", silent)
		}
		targets = append(targets, *to)
	}
	outcomes := map[Outcome]int{}
	began := time.Now()
	p := patient(late)
	for a := range p.Run(t.Context(), targets, 0) {
		outcomes[a.Result.Outcome]++
	}
	if outcomes[OK] != 90 || outcomes[Failed] != 10 || time.Since(began) > 10*p.Timeout {
		t.Errorf("%v after %s; want 90 ok and 10 failed, about when one has failed", outcomes, time.Since(began))
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	p.Timeout = time.Minute
	n := 0
	for range p.Run(ctx, targets, 0) {
		if n++; n == 90 {
			cancel()
		}
	}
	if n != 90 {
		t.Errorf("%d answers; want those that were there when it was interrupted", n)
	}
}
