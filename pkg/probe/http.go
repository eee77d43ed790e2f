package probe

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const (
	// maxHead bounds the head of an HTTP answer, maxBody what is read of its
	// body, in bytes.
	maxHead = 256 << 10
	maxBody = 64 << 10
	// maxInformed is how many answers of status 1xx may come before the real one.
	maxInformed = 5
	// maxRedirects is how many redirects are followed.
	maxRedirects = 3
)

// protocolError says that what came is not the protocol that was expected.
type protocolError struct{ reason string }

func (e *protocolError) Error() string { return e.reason }

// statusError is an answer that says no.
type statusError struct{ reason string }

func (e *statusError) Error() string { return e.reason }

const (
	notHTTP   = "does not speak HTTP"
	speaksTLS = "speaks TLS where HTTP was expected"
)

// askHTTP sends a GET on conn and judges the answer.
func (a *attempt) askHTTP(ctx context.Context, conn net.Conn, address string) (string, error) {
	begun := a.prober.Now()
	defer func() { a.result.Times.RequestSeconds = a.prober.since(begun) }()
	path := a.target.Spec.Path
	if err := checkPath(path); err != nil {
		return "", &UnprobeableError{err.Error()}
	}
	for redirects := 0; ; redirects++ {
		resp, err := a.exchange(conn, address, path) //nolint:bodyclose // the connection is closed, and that is all there is to it
		if err != nil {
			return "", err
		}
		location := resp.Header.Get("Location")
		if !a.prober.Follow || resp.StatusCode/100 != 3 || location == "" {
			return a.judge(resp)
		}
		if redirects == maxRedirects {
			return "", &statusError{fmt.Sprintf("more than %d redirects", maxRedirects)}
		}
		if conn, address, path, err = a.redirect(ctx, address, path, location); err != nil {
			return "", err
		}
	}
}

// exchange sends a GET and reads the head of its answer.
func (a *attempt) exchange(conn net.Conn, address, path string) (*http.Response, error) {
	a.phase = Request
	request := "GET " + path + " HTTP/1.1\r\nHost: " + address + "\r\nUser-Agent: govctl-probe\r\nAccept: */*\r\nConnection: close\r\n\r\n"
	if _, err := io.WriteString(conn, request); err != nil {
		return nil, err
	}
	limited := &io.LimitedReader{R: conn, N: maxHead}
	reader := bufio.NewReader(limited)
	first, err := reader.Peek(len("HTTP/"))
	switch {
	case err != nil && len(first) == 0:
		return nil, err
	case len(first) > 1 && first[0] == 0x15 && first[1] == 0x03: // an alert, RFC 8446 §5.1
		return nil, &protocolError{speaksTLS}
	case string(first) != "HTTP/":
		return nil, &protocolError{notHTTP}
	}
	for range maxInformed {
		resp, err := http.ReadResponse(reader, &http.Request{Method: http.MethodGet})
		switch {
		case err != nil && limited.N <= 0:
			return nil, &protocolError{fmt.Sprintf("the head of the answer is above %d KiB", maxHead>>10)}
		case err != nil:
			return nil, responseError(err)
		case resp.StatusCode/100 != 1:
			limited.N = maxBody
			return resp, nil
		}
	}
	return nil, &protocolError{"answers nothing but 1xx"}
}

// responseError tells an answer that is no HTTP from one that did not come:
// http.ReadResponse has no types for the first.
func responseError(err error) error {
	if ne, ok := errors.AsType[net.Error](err); ok {
		return ne
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	return &protocolError{notHTTP}
}

// judge says what an answer means.
func (a *attempt) judge(resp *http.Response) (string, error) {
	spec := &a.target.Spec
	code := resp.StatusCode
	text := strings.TrimSpace(strconv.Itoa(code) + " " + http.StatusText(code))
	well := spec.Statuses.Has(code)
	if spec.AnyAnswer && spec.Statuses == nil {
		well = code < http.StatusInternalServerError
	}
	if code == http.StatusBadRequest && spec.Kind == HTTP {
		if body, _ := readBody(resp); tellsTLS(body) { // what cannot be read tells nothing
			return "", &protocolError{speaksTLS}
		}
	}
	switch {
	case !well && (code == http.StatusUnauthorized || code == http.StatusForbidden):
		return "", &UnprobeableError{text + ": it wants credentials"}
	case !well:
		return "", &statusError{text}
	case spec.Body == "":
		return strconv.Itoa(code), nil
	}
	body, err := readBody(resp)
	if !strings.Contains(body, spec.Body) {
		if err != nil {
			return "", err
		}
		return "", &statusError{fmt.Sprintf("%d, but its body lacks %q", code, spec.Body)}
	}
	return strconv.Itoa(code), nil
}

// readBody returns the beginning of the body, whatever could be read of it.
func readBody(resp *http.Response) (string, error) {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody-1))
	return string(body), err
}

// tellsTLS recognises what TLS servers answer to plain HTTP: Go, nginx, Apache.
func tellsTLS(body string) bool {
	return strings.Contains(body, "HTTP request to an HTTPS server") ||
		strings.Contains(body, "plain HTTP request was sent to HTTPS port") ||
		strings.Contains(body, "speaking plain HTTP to an SSL-enabled server port")
}

// redirect connects to where location leads. Whether it may is for the dial
// function to say, as it was for the target.
func (a *attempt) redirect(ctx context.Context, address, path, location string) (conn net.Conn, next, nextPath string, err error) {
	base := url.URL{Scheme: string(a.target.Spec.Kind), Host: address, Path: path}
	u, err := base.Parse(location)
	if err != nil || u.Scheme != base.Scheme || u.Hostname() == "" || u.User != nil || checkPath(cleanPath(u)) != nil {
		return nil, "", "", &statusError{fmt.Sprintf("redirects to %q, which is not followed", location)}
	}
	port := u.Port()
	if port == "" {
		port = map[Kind]string{HTTP: "80", HTTPS: "443"}[a.target.Spec.Kind]
	}
	next = net.JoinHostPort(u.Hostname(), port)
	conn, err = a.connect(ctx, next)
	return conn, next, cleanPath(u), err
}
