package httpx

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestEveryFaultOfTheWireHasAPlainReason(t *testing.T) {
	t.Parallel()
	ok := "HTTP/1.1 200 OK\r\n"
	for name, tt := range map[string]struct {
		answer string
		kind   error
		want   string
	}{
		"hangs up":             {"", ErrUnreachable, "the server closed the connection without an answer"},
		"hangs up in the head": {ok + "X: y", ErrUnreachable, "the answer was cut off"},
		"hangs up in the body": {ok + "Content-Length: 9\r\n\r\n[1,", ErrUnreachable, "the answer was cut off"},
		"hangs up in a chunk":  {ok + "Transfer-Encoding: chunked\r\n\r\n9\r\n[1,", ErrUnreachable, "the answer was cut off"},
		"another protocol":     {"220 smtp ready\r\n", ErrUnreachable, textNotHTTP},
		"HTTP/2 only":          {"\x00\x00\x06\x04\x00\x00\x00\x00\x00", ErrUnreachable, textNotHTTP},
		"a TLS alert":          {"\x15\x03\x01\x00\x02\x02\x16", ErrTLS, textSpeaksTLS},
		"nginx behind TLS":     {"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n<html>The plain HTTP request was sent to HTTPS port</html>", ErrTLS, textSpeaksTLS},
		"bad header":           {ok + "no colon\r\n\r\n", ErrUnreachable, textNotHTTP},
		"endless header":       {ok + "X: " + strings.Repeat("x", 2<<20) + "\r\n\r\n", ErrTooLarge, "the head of the answer is larger than 1 MiB"},
		"not gzip":             {ok + "Content-Encoding: gzip\r\n\r\nplain text, plain text", ErrNotJSON, "the answer is not the gzip that it says it is"},
		"broken gzip":          {ok + "Content-Encoding: gzip\r\n\r\n\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\xff\xff\xff", ErrNotJSON, "the answer is not the gzip that it says it is"},
		"brotli":               {ok + "Content-Encoding: br\x1b[2J\r\n\r\nx", ErrUnreachable, textNotHTTP},
		"unasked encoding":     {ok + "Content-Encoding: zstd\r\n\r\nx", ErrNotJSON, `the answer is encoded as "zstd", which nobody asked for`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := read(within(t, 5*time.Second), client(t, Options{}, wire(t, replies(tt.answer))))
			wantError(t, err, tt.kind, tt.want)
		})
	}
}

// tlsServer returns an https address.
func tlsServer(t *testing.T, config *tls.Config) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(say("[]"))
	s.TLS = config
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func TestEveryFaultOfTLSHasAReasonOfItsOwn(t *testing.T) {
	t.Parallel()
	s := tlsServer(t, nil)
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	mutual := tlsServer(t, &tls.Config{ClientAuth: tls.RequireAnyClientCert})
	at := func(year int) func() time.Time {
		return func() time.Time { return time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC) }
	}
	plain, _ := serve(t, say("[]"))
	for name, tt := range map[string]struct {
		server string
		config *tls.Config
		want   string
	}{
		"good":               {s.URL, &tls.Config{RootCAs: pool}, ""},
		"not verified":       {s.URL, &tls.Config{InsecureSkipVerify: true}, ""},
		"unknown authority":  {s.URL, nil, "certificate signed by unknown authority"},
		"another name":       {s.URL, &tls.Config{RootCAs: pool, ServerName: "consul.internal"}, `certificate is not valid for "consul.internal"`},
		"expired":            {s.URL, &tls.Config{RootCAs: pool, Time: at(2200)}, "certificate expired on 2084-01-29T16:00:00Z"},
		"not yet valid":      {s.URL, &tls.Config{RootCAs: pool, Time: at(1960)}, "certificate is not valid before 1970-01-01T00:00:00Z"},
		"no client's own":    {mutual.URL, &tls.Config{InsecureSkipVerify: true}, "the server refused the TLS handshake: certificate required"},
		"too old":            {s.URL, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}, "the server refused the TLS handshake: protocol version not supported"},
		"TLS to a plain one": {"https" + plain[len("http"):], nil, textSpeaksHTTP},
		"TLS to junk":        {"https" + wire(t, func(c net.Conn) { _, _ = io.WriteString(c, "220 smtp ready\r\n"); silent(c) })[len("http"):], nil, "the server does not speak TLS"},
		"plain to TLS":       {"http" + s.URL[len("https"):], nil, textSpeaksTLS},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := read(within(t, 5*time.Second), client(t, Options{TLS: tt.config}, tt.server))
			if tt.want == "" && got != "[]" || text(err) != tt.want || err != nil && !errors.Is(err, ErrUnreachable) {
				t.Errorf("read = %q, %v; want error %q", got, err, tt.want)
			}
		})
	}
}

func TestCausesThatNoLoopbackServerShows(t *testing.T) {
	t.Parallel()
	dial := func(err error) error {
		return &url.Error{Op: "Get", URL: "http://x/v1?token=s3cret", Err: &net.OpError{Op: "dial", Net: "tcp", Err: err}}
	}
	sys := func(no syscall.Errno) error { return dial(os.NewSyscallError("connect", no)) }
	for name, tt := range map[string]struct {
		err  error
		fate fate
		kind error
		want string
	}{
		"no such host": {dial(&net.DNSError{Name: "cons\x1bul", IsNotFound: true}), elsewhere, ErrUnreachable, `no such host "cons\x1bul"`},
		"DNS silent":   {dial(&net.DNSError{Name: "consul", IsTimeout: true}), again, ErrTimeout, `no answer from DNS about host "consul"`},
		"DNS broken":   {dial(&net.DNSError{Name: "consul", Err: "server misbehaving"}), again, ErrUnreachable, `DNS cannot tell the address of host "consul"`},
		"no route":     {sys(syscall.EHOSTUNREACH), again, ErrUnreachable, "no route to host"},
		"black hole":   {sys(syscall.ETIMEDOUT), again, ErrTimeout, "no answer to the attempt to connect"},
		"dial timeout": {dial(os.ErrDeadlineExceeded), again, ErrTimeout, "no answer to the attempt to connect"},
		"local files":  {sys(syscall.EMFILE), again, ErrUnreachable, "too many open files on this machine"},
		"local ports":  {sys(syscall.EADDRNOTAVAIL), again, ErrUnreachable, "no free local port on this machine"},
		"weak key":     {dial(&tls.CertificateVerificationError{Err: x509.CertificateInvalidError{Reason: x509.NotAuthorizedToSign}}), elsewhere, ErrUnreachable, "certificate is not authorized to sign other certificates"},
		"TLS too slow": {&url.Error{Op: "Get", URL: "x", Err: errors.New("net/http: TLS handshake timeout")}, again, ErrTimeout, "no end of the TLS handshake within 10s"},
		"a greeting":   {errors.New("readLoopPeekFailLocked: x"), again, ErrUnreachable, textNotHTTP},
		"anything":     {&url.Error{Op: "Get", URL: "http://x/?token=s3cret", Err: errors.New("tls: something odd")}, again, ErrUnreachable, "something odd"},
	} {
		got := cause(tt.err)
		if got.text != tt.want || !errors.Is(got, tt.kind) || got.fate != tt.fate {
			t.Errorf("%s: %+v, want %q", name, got, tt.want)
		}
	}
}

func TestAStatusSaysWhatTheServerSaid(t *testing.T) {
	t.Parallel()
	const token = "b1gs8200-1234/+ x"
	for name, tt := range map[string]struct {
		status     int
		body, want string
	}{
		"plain":          {403, "Permission denied\n", `403 Forbidden: "Permission denied"`},
		"empty":          {404, "", "404 Not Found"},
		"unknown":        {599, "", "599"},
		"a web page":     {400, "\n<html><body>Bad</body></html>", "400 Bad Request"},
		"terminal":       {400, "a\x1b[31m\x9b\u202eb\xff\r\n\tc\x00\u200b", "400 Bad Request: \"a[31m\ufffdb\ufffd c\""},
		"the token":      {400, "bad " + token + "!", `400 Bad Request: "bad ***!"`},
		"token encoded":  {400, url.QueryEscape(token) + " YjFnczgyMDAtMTIzNC8rIHg= 62316773383230302d313233342f2b2078", `400 Bad Request: "*** ***= ***"`},
		"token hidden":   {400, "b1gs8200\x00-1234/+\n\x01 x", `400 Bad Request: "***"`},
		"token cut":      {400, strings.Repeat(" ", readText-8) + token, "400 Bad Request"},
		"long":           {400, strings.Repeat("é", 150), `400 Bad Request: "` + strings.Repeat("é", 100) + `"`},
		"endless spaces": {400, strings.Repeat(" ", 1<<20), "400 Bad Request"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Consul-Index", "9")
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			})
			_, err := read(t.Context(), client(t, Options{Header: http.Header{"X-Consul-Token": {token}}}, server))
			var status *StatusError
			if !errors.As(err, &status) || err.Error() != tt.want || status.Status != tt.status {
				t.Fatalf("error %q, want %q", text(err), tt.want)
			}
			if "http://"+status.Server != server || status.Header.Get("X-Consul-Index") != "9" {
				t.Errorf("%+v", status)
			}
		})
	}
}

func TestNoErrorHoldsASecretOrTheQuery(t *testing.T) {
	t.Parallel()
	o := Options{Secrets: []string{"", "s3cret", "s3cret-long"}, Header: http.Header{"Authorization": {"Bearer t0ken"}}}
	faults := []string{refused(t), wire(t, silent), wire(t, replies("s3cret t0ken\r\n"))}
	for _, status := range []int{302, 400, 500} {
		s, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "http://s3cret-long.t0ken/"+r.Header.Get("Authorization"))
			w.WriteHeader(status)
			_, _ = fmt.Fprint(w, r.Header, r.URL, " s3cret s3cret-long ")
		})
		faults = append(faults, s)
	}
	for _, server := range faults {
		c := client(t, o, server)
		_, err := c.Get(within(t, 300*time.Millisecond), "/v1/x", url.Values{"token": {"s3cret"}, "q": {"t0ken"}})
		if got := text(err); got == "" || strings.Contains(got, "s3cret") || strings.Contains(got, "t0ken") || strings.Contains(got, "-long") {
			t.Errorf("%s: %q", server, got)
		}
	}
}

func TestEveryFormOfASecretIsMasked(t *testing.T) {
	t.Parallel()
	s := newScrubber([]string{"a~?>\"b c", "a~"}, nil)
	for _, form := range []string{
		"a~?>\"b c", `a~?>\"b c`, "a~%3F%3E%22b+c", "a~%3F%3E%22b%20c", "YX4/PiJiIGM", "YX4_PiJiIGM", "617e3f3e22622063", "617E3F3E22622063",
	} {
		if got := s.line("x" + form + "y"); got != "x***y" {
			t.Errorf("%q is %q", form, got)
		}
	}
}

func TestTimesAreRoughlySaid(t *testing.T) {
	t.Parallel()
	got := ""
	for _, d := range []time.Duration{9987 * time.Millisecond, 1489 * time.Millisecond, 248 * time.Millisecond, 1200 * time.Microsecond, -1} {
		got += rough(d).String() + " "
	}
	if got != "10s 1.5s 250ms 1ms 0s " {
		t.Error(got)
	}
}
