package httpx

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// What an *Error is, for errors.Is.
var (
	// ErrUnreachable is no answer at all, or one that was cut off: refused, no such
	// host, TLS, reset, not HTTP.
	ErrUnreachable = errors.New("unreachable")
	// ErrTLS is an ErrUnreachable: one side speaks TLS and the other does not, or
	// the certificate is not to be trusted.
	ErrTLS = errors.New("no agreement on TLS")
	// ErrNotHTTP is an ErrUnreachable: what listens there speaks something else.
	ErrNotHTTP = errors.New("not HTTP")
	// ErrTimeout is an answer, or its end, that did not come in time. It is
	// context.DeadlineExceeded, too.
	ErrTimeout = errors.New("timed out")
	// ErrTooLarge is an answer above a limit of bytes.
	ErrTooLarge = errors.New("answer too large")
	// ErrRedirect is an answer that would lead to another host or port, or in
	// circles: it was not followed.
	ErrRedirect = errors.New("redirect refused")
	// ErrNotJSON is an answer that is not the JSON asked for: empty, a web page, cut
	// off, of another type.
	ErrNotJSON = errors.New("not the JSON asked for")
)

// Error is why there is no usable answer. Its text is one line for people, names
// neither the request's URL nor a secret, and quotes what a server chose.
type Error struct {
	// Server is the host:port that was asked; empty where several were asked in
	// vain (the text then names each) and where none was (EachElement, DecodeJSON).
	Server string
	// Sent says that the request may have reached a server: what became of a write
	// is then unknown.
	Sent bool

	kind error // one of the sentinels
	text string
	fate fate
}

func (e *Error) Error() string { return e.text }

// Unwrap returns what the error is: one of the sentinels.
func (e *Error) Unwrap() []error {
	if e.kind == ErrTimeout { //nolint:errorlint // kind is never wrapped
		return []error{ErrTimeout, context.DeadlineExceeded}
	}
	if e.kind == ErrTLS || e.kind == ErrNotHTTP { //nolint:errorlint // kind is never wrapped
		return []error{e.kind, ErrUnreachable}
	}
	return []error{e.kind}
}

// StatusError is an answer with a status that is not 2xx.
type StatusError struct {
	Server string // host:port that answered
	Status int
	// Text is the beginning of the body, at most 200 bytes in one line, without
	// secrets and control characters; empty where the body is a web page.
	Text   string
	Header http.Header // foreign, as the server sent it
}

// Error is like `403 Forbidden: "Permission denied"`.
func (e *StatusError) Error() string {
	s := strings.TrimSpace(strconv.Itoa(e.Status) + " " + http.StatusText(e.Status))
	if e.Text != "" {
		s += ": " + strconv.Quote(e.Text)
	}
	return s
}

// retryAfter is how long the server asks to be left alone, 0 where it does not
// say (RFC 9110 §10.2.3). A date counts from the server's own clock, not ours.
func (e *StatusError) retryAfter() time.Duration {
	v := e.Header.Get("Retry-After")
	if n, err := strconv.ParseUint(v, 10, 31); err == nil {
		return time.Duration(n) * time.Second
	}
	until, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	date, err := http.ParseTime(e.Header.Get("Date"))
	if err != nil {
		return 0
	}
	return max(0, until.Sub(date))
}

// fate is what may still be tried after an error.
type fate int

const (
	final     fate = iota // nothing: an answer, or no time left
	elsewhere             // another server: this one will not change its mind
	again                 // this server too, after a pause
)

func fateOf(err error) fate {
	if status, ok := errors.AsType[*StatusError](err); ok {
		if slices.Contains([]int{429, 500, 502, 503, 504}, status.Status) {
			return again
		}
		return final
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.fate
	}
	return final
}

// sum makes one error of what each server failed with (nil: it was not asked). A
// status says most, as somebody answered; else each server is named.
func sum(names []string, failed []error) error {
	var parts []string
	var last *Error
	all := &Error{kind: ErrUnreachable, text: "no server to ask"}
	for i, err := range failed {
		if status, ok := errors.AsType[*StatusError](err); ok {
			return status
		}
		e, ok := errors.AsType[*Error](err)
		if !ok {
			continue
		}
		parts = append(parts, fmt.Sprintf("%s: %s", names[i], e.text))
		all.Sent = all.Sent || e.Sent
		if last != nil && all.kind != e.kind { //nolint:errorlint // kind is never wrapped
			all.kind = ErrUnreachable
		} else {
			all.kind = e.kind
		}
		last = e
	}
	if len(parts) == 1 {
		return last
	}
	if len(parts) > 1 {
		all.text = strings.Join(parts, "; ")
	}
	return all
}
