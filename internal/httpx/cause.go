package httpx

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// failure is what an attempt knows of itself when it fails.
type failure struct {
	server int
	sent   bool          // there was a connection
	begun  bool          // the head of the answer came
	within time.Duration // what the caller gave
	budget time.Duration // what the server was given
}

const (
	textSpeaksTLS  = "the server speaks TLS where HTTP was expected"
	textNotHTTP    = "the server does not speak HTTP"
	textSpeaksHTTP = "the server speaks HTTP where TLS was expected"
)

// fault returns an Error that does not know its server yet.
func fault(kind error, f fate, format string, args ...any) *Error {
	return &Error{kind: kind, fate: f, text: fmt.Sprintf(format, args...)}
}

// fail completes e, the last step of every error that a Client returns.
func (c *Client) fail(f failure, e *Error) *Error {
	out := *e
	out.Server, out.Sent, out.text = c.names[f.server], f.sent, clip(c.scrub.line(e.text), maxLine)
	return &out
}

// explain makes of err, met while asking or reading, what a Client returns.
func (c *Client) explain(ctx context.Context, err error, f failure) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	e := cause(err)
	switch {
	case errors.Is(err, errBudget):
		e = f.timeout(elsewhere, f.budget)
	case ctx.Err() != nil && (errors.Is(e, ErrUnreachable) || e.kind == ErrTimeout): //nolint:errorlint // kind is never wrapped
		e = f.timeout(final, f.within)
	}
	return c.fail(f, e)
}

func (f failure) timeout(left fate, after time.Duration) *Error {
	if f.begun {
		return fault(ErrTimeout, left, "the answer was not complete within %s", rough(after))
	}
	return fault(ErrTimeout, left, "no answer within %s", rough(after))
}

// rough rounds d as a person would say it: what is left of 10 s when a request
// begins is 9.98 s.
func rough(d time.Duration) time.Duration {
	switch {
	case d >= 5*time.Second:
		return d.Round(time.Second)
	case d >= time.Second:
		return d.Round(100 * time.Millisecond)
	case d >= 10*time.Millisecond:
		return d.Round(10 * time.Millisecond)
	}
	return max(0, d.Round(time.Millisecond))
}

// cause explains an error of net/http, without the noise that it carries: method,
// URL, addresses, names of packages.
func cause(err error) *Error {
	if ours, ok := errors.AsType[*Error](err); ok {
		return ours
	}
	for _, explain := range []func(error) *Error{causeTLS, causeDNS, causeSystem, causeHTTP} {
		if e := explain(err); e != nil {
			return e
		}
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return fault(ErrTimeout, again, "no answer to the attempt to connect")
	}
	return fault(ErrUnreachable, again, "%s", bare(err))
}

func causeDNS(err error) *Error {
	var dns *net.DNSError
	switch {
	case !errors.As(err, &dns):
		return nil
	case dns.IsNotFound:
		return fault(ErrUnreachable, elsewhere, "no such host %q", dns.Name)
	case dns.IsTimeout:
		return fault(ErrTimeout, again, "no answer from DNS about host %q", dns.Name)
	}
	return fault(ErrUnreachable, again, "DNS cannot tell the address of host %q", dns.Name)
}

// causeSystem explains what the system's socket calls say.
func causeSystem(err error) *Error {
	no, ok := errors.AsType[syscall.Errno](err)
	if !ok {
		return nil
	}
	switch no { //nolint:exhaustive // the rest say it themselves
	case syscall.ECONNREFUSED:
		return fault(ErrUnreachable, again, "connection refused")
	case syscall.ECONNRESET, syscall.EPIPE:
		return fault(ErrUnreachable, again, "the server reset the connection")
	case syscall.ETIMEDOUT:
		return fault(ErrTimeout, again, "no answer to the attempt to connect")
	case syscall.EMFILE, syscall.ENFILE:
		return fault(ErrUnreachable, again, "too many open files on this machine")
	case syscall.EADDRNOTAVAIL:
		return fault(ErrUnreachable, again, "no free local port on this machine")
	}
	return fault(ErrUnreachable, again, "%s", no.Error())
}

// causeHTTP explains answers that are no HTTP. net/http has no types for these.
func causeHTTP(err error) *Error {
	text := err.Error()
	has := func(s string) bool { return strings.Contains(text, s) }
	switch {
	case errors.Is(err, http.ErrSchemeMismatch):
		return fault(ErrTLS, elsewhere, textSpeaksHTTP)
	case has("server response headers exceeded"):
		return fault(ErrTooLarge, final, "the head of the answer is larger than %s", size(maxHeaderBytes))
	case has("failed to parse Location header"):
		return fault(ErrRedirect, final, "the server redirects to an address that is none")
	case has(`malformed HTTP response "\x15\x03`): // a TLS alert, RFC 8446 §5.1
		return fault(ErrTLS, elsewhere, textSpeaksTLS)
	case has("readLoopPeekFailLocked"): // it spoke before it was asked, as SSH and SMTP do
		return fault(ErrNotHTTP, again, textNotHTTP)
	case has("malformed HTTP"), has("malformed MIME header"):
		return fault(ErrNotHTTP, elsewhere, textNotHTTP)
	case has("gzip: invalid"), has("flate: corrupt"):
		return fault(ErrNotJSON, final, "the answer is not the gzip that it says it is")
	case has("TLS handshake timeout"):
		return fault(ErrTimeout, again, "no end of the TLS handshake within %s", tlsTimeout)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fault(ErrUnreachable, again, "the answer was cut off")
	case errors.Is(err, io.EOF), has("server closed idle connection"):
		return fault(ErrUnreachable, again, "the server closed the connection without an answer")
	}
	return nil
}

func causeTLS(err error) *Error {
	var (
		record   tls.RecordHeaderError
		remote   *net.OpError
		unknown  x509.UnknownAuthorityError
		hostname x509.HostnameError
		invalid  x509.CertificateInvalidError
	)
	switch {
	case errors.As(err, &record):
		if string(record.RecordHeader[:]) == "HTTP/" {
			return fault(ErrTLS, elsewhere, textSpeaksHTTP)
		}
		return fault(ErrTLS, elsewhere, "the server does not speak TLS")
	case errors.As(err, &remote) && remote.Op == "remote error": // an alert, of a type of crypto/tls's own
		return fault(ErrTLS, elsewhere, "the server refused the TLS handshake: %s", bare(err))
	case errors.As(err, &unknown):
		return fault(ErrTLS, elsewhere, "certificate signed by unknown authority")
	case errors.As(err, &hostname):
		return fault(ErrTLS, elsewhere, "certificate is not valid for %q", hostname.Host)
	case errors.As(err, &invalid):
		return fault(ErrTLS, elsewhere, "%s", invalidCertificate(invalid))
	}
	return nil
}

// invalidCertificate tells expired from not yet valid: x509 has one reason for
// both, and the two times, now first, in its Detail.
func invalidCertificate(e x509.CertificateInvalidError) string {
	switch {
	case e.Reason == x509.Expired && strings.Contains(e.Detail, " is before "):
		return "certificate is not valid before " + e.Cert.NotBefore.UTC().Format(time.RFC3339)
	case e.Reason == x509.Expired:
		return "certificate expired on " + e.Cert.NotAfter.UTC().Format(time.RFC3339)
	}
	return strings.TrimPrefix(e.Error(), "x509: ")
}

// tellsTLS recognises what TLS servers answer to plain HTTP: Go, nginx, Apache.
func tellsTLS(text string) bool {
	return strings.Contains(text, "HTTP request to an HTTPS server") ||
		strings.Contains(text, "plain HTTP request was sent to HTTPS port") ||
		strings.Contains(text, "speaking plain HTTP to an SSL-enabled server port")
}

// bare is the text of what a url.Error and a net.OpError wrap.
func bare(err error) string {
	if inURL, ok := errors.AsType[*url.Error](err); ok {
		err = inURL.Err
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err
	}
	text := err.Error()
	for _, prefix := range []string{"net/http: ", "http: ", "tls: ", "x509: ", "HTTP/1.x transport connection broken: "} {
		text = strings.TrimPrefix(text, prefix)
	}
	return text
}
