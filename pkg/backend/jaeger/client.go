// Package jaeger asks the query service of Jaeger, by HTTP: the API v3 of newer
// ones, else the older JSON API that Jaeger's own web page used.
package jaeger

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"govctl/internal/httpx"
)

const (
	schemePlain = "jaeger"
	schemeTLS   = "jaeger+https"
	// portHTTP is where jaeger-query answers HTTP unless it is told another, with
	// TLS as without.
	portHTTP = "16686"

	defaultPageTime = 3 * time.Second
)

// Options say which Jaeger to speak to, and how.
type Options struct {
	// URL is jaeger://HOST[:PORT][/BASE], or jaeger+https:// for TLS. BASE is the
	// base path of jaeger-query.
	URL *url.URL
	// Token is sent as a bearer to the server of URL and to nobody else; "" is none.
	Token string
	// TLS is for jaeger+https; nil: the system's roots.
	TLS *tls.Config
	// MaxBody bounds an answer, in bytes after decompression; 0: 256 MiB.
	MaxBody int64
	// Now is the clock; it must be set.
	Now func() time.Time
}

// Jaeger is one query service. It is safe for concurrent use.
type Jaeger struct {
	http   *httpx.Client
	server string // host:port
	base   string // "/jaeger", "" for none
	secure bool   // TLS is spoken
	token  bool   // one is sent
	now    func() time.Time
	// pageTime bounds the wait for the web page, which tells nothing that must be
	// known.
	pageTime time.Duration
}

// Open returns the Jaeger that o.URL names. It connects to nothing: an error
// means that the URL is wrong.
func Open(o Options) (*Jaeger, error) {
	base, err := o.baseURL()
	if err != nil {
		return nil, err
	}
	header, secrets := http.Header{}, []string(nil)
	if o.Token != "" {
		header.Set("Authorization", "Bearer "+o.Token)
		secrets = append(secrets, o.Token)
	}
	return &Jaeger{
		http: httpx.New(httpx.Options{
			Servers: []*url.URL{base}, TLS: o.TLS, Header: header, Secrets: secrets, MaxBody: o.MaxBody,
		}),
		server: base.Host,
		base:   base.Path,
		secure: base.Scheme == "https",
		token:  o.Token != "",
		now:    o.Now,

		pageTime: defaultPageTime,
	}, nil
}

// baseURL returns what stands before the path of every request.
func (o Options) baseURL() (*url.URL, error) {
	scheme := "http"
	switch o.URL.Scheme {
	case schemePlain:
	case schemeTLS:
		scheme = "https"
	default:
		return nil, fmt.Errorf("a Jaeger URL begins with %s:// or %s://", schemePlain, schemeTLS)
	}
	switch {
	case o.URL.User != nil:
		return nil, errors.New("a Jaeger URL may not hold a credential, as URLs are logged and shown: put the token under auth in govctl.yaml")
	case o.URL.Fragment != "":
		return nil, fmt.Errorf("a Jaeger URL has no fragment (%q)", "#"+o.URL.Fragment)
	case o.URL.RawQuery != "":
		return nil, errors.New("a Jaeger URL has no parameters: it is jaeger://HOST:PORT, and a base path where Jaeger has one")
	case o.URL.Hostname() == "" || strings.Contains(o.URL.Host, ","):
		return nil, errors.New("a Jaeger URL names one server: jaeger://HOST:PORT")
	}
	port := o.URL.Port()
	if port == "" {
		port = portHTTP
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return nil, fmt.Errorf("port %q of %q is not between 1 and 65535", port, o.URL.Host)
	}
	return &url.URL{
		Scheme: scheme, Host: net.JoinHostPort(o.URL.Hostname(), port),
		Path: strings.TrimRight(o.URL.Path, "/"), RawPath: strings.TrimRight(o.URL.RawPath, "/"),
	}, nil
}

// answer says when one came, beside its body.
type answer struct {
	at   time.Time
	took time.Duration // until the body was read
	date string        // the header: the server's clock
}

// get asks for path and hands the body to read.
func (j *Jaeger) get(ctx context.Context, path string, read func(io.Reader) error) (answer, error) {
	began := j.now()
	resp, err := j.http.Get(ctx, path, nil)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close() //nolint:errcheck // it was only read
	a := answer{at: j.now(), date: resp.Header.Get("Date")}
	err = read(resp.Body)
	a.took = j.now().Sub(began)
	return a, err
}
