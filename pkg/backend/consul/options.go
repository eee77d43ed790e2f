package consul

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"govctl/internal/httpx"
	"govctl/pkg/registry"
)

const (
	schemePlain = "consul"
	schemeTLS   = "consul+https"
	// The ports of Consul's HTTP API where a URL names none: Consul's defaults.
	portPlain = "8500"
	portTLS   = "8501"
	// defaultMaxStale is Options.MaxStale where it is 0.
	defaultMaxStale = 30 * time.Second
	tokenHeader     = "X-Consul-Token" //nolint:gosec // the name of a header, not a token
)

// Options say which Consul to speak to, and how.
type Options struct {
	// URL is consul://HOST:PORT[,HOST:PORT…][/FOLDER][?dc=NAME&ns=NAME&partition=NAME],
	// or consul+https:// for TLS; the servers are tried in turn. The folder is one of
	// the key-value store, and means nothing to a registry.
	URL *url.URL
	// Datacenter and Namespace go before dc and ns of URL; "" leaves those as they
	// are.
	Datacenter, Namespace string
	// Variables says that hints name the variables of Consul's own client, rather
	// than govctl.yaml.
	Variables bool
	// Token is sent to the servers of URL and to nobody else; "" is Consul's
	// anonymous token.
	Token string
	// TLS is for consul+https; nil: the system's roots.
	TLS *tls.Config
	// Timeout bounds each question of a watch but those that the server holds until
	// something changes; 0: 10 seconds. Other questions have their context's.
	Timeout time.Duration
	// MaxBody bounds an answer, in bytes after decompression; 0: 256 MiB.
	MaxBody int64
	// MaxStale is how long ago the server that answered may have heard from the
	// leader before a Notice says so; 0: 30 seconds.
	MaxStale time.Duration
	// Notice is called, also concurrently, with what is said beside an answer,
	// once for each kind of thing and server; nil: nobody is told.
	Notice func(registry.Notice)
	// Now is the clock that the servers' are compared with; an inspection alone
	// needs it.
	Now func() time.Time
}

// client turns o into what speaks to Consul.
func (o Options) client() (*client, error) {
	servers, err := o.servers()
	if err != nil {
		return nil, err
	}
	scope, err := o.scope()
	if err != nil {
		return nil, err
	}
	header, secrets := http.Header{}, []string(nil)
	if o.Token != "" {
		header.Set(tokenHeader, o.Token)
		secrets = append(secrets, o.Token)
	}
	names := make([]string, len(servers))
	for i, s := range servers {
		names[i] = s.Host
	}
	return &client{
		http: httpx.New(httpx.Options{
			Servers: servers, TLS: o.TLS, Header: header, Secrets: secrets, MaxBody: o.MaxBody,
		}),
		names:   names,
		adviser: o.adviser(),
		scope:   scope,
		remarks: remarks{
			tell: o.Notice, maxStale: cmp.Or(o.MaxStale, defaultMaxStale), anonymous: o.Token == "", adviser: o.adviser(),
		},
	}, nil
}

func (o Options) adviser() adviser {
	return adviser{secure: o.URL.Scheme == schemeTLS, variables: o.Variables, token: o.Token != "", certificate: o.TLS != nil && len(o.TLS.Certificates) > 0}
}

// servers returns the base URLs of the servers that o.URL names.
func (o Options) servers() ([]*url.URL, error) {
	scheme, port := "http", portPlain
	switch o.URL.Scheme {
	case schemePlain:
	case schemeTLS:
		scheme, port = "https", portTLS
	default:
		return nil, fmt.Errorf("a Consul URL begins with %s:// or %s://", schemePlain, schemeTLS)
	}
	if o.URL.User != nil {
		return nil, errCredential
	}
	if o.URL.Fragment != "" {
		return nil, fmt.Errorf("a Consul URL has no fragment (%q)", "#"+o.URL.Fragment)
	}
	var servers []*url.URL
	for host := range strings.SplitSeq(o.URL.Host, ",") {
		server, err := hostPort(host, port)
		if err != nil {
			return nil, err
		}
		servers = append(servers, &url.URL{Scheme: scheme, Host: server})
	}
	return servers, nil
}

var errCredential = errors.New("a Consul URL may not hold a credential, as URLs are logged and shown: " +
	"put the token under auth in govctl.yaml, or into CONSUL_HTTP_TOKEN")

// hostPort completes host, which may have a port.
func hostPort(host, port string) (string, error) {
	u := url.URL{Host: host}
	if u.Hostname() == "" {
		return "", errors.New("a Consul URL names its servers: consul://HOST:PORT[,HOST:PORT]")
	}
	if p := u.Port(); p != "" {
		port = p
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", fmt.Errorf("port %q of %q is not between 1 and 65535", port, host)
	}
	return net.JoinHostPort(u.Hostname(), port), nil
}

// scope returns the parameters that every request bears. Consul CE refuses a
// namespace or a partition, even "default": they are sent only if asked for.
func (o Options) scope() (url.Values, error) {
	known := []string{"dc", "ns", "partition"}
	scope := url.Values{}
	query, err := url.ParseQuery(o.URL.RawQuery)
	if err != nil {
		return nil, fmt.Errorf("the query of the Consul URL: %w", err)
	}
	for _, key := range slices.Sorted(maps.Keys(query)) {
		values := query[key]
		switch {
		case strings.EqualFold(key, "token"):
			return nil, errCredential
		case !slices.Contains(known, key):
			return nil, fmt.Errorf("unknown parameter %q in the Consul URL: it is one of %s", key, strings.Join(known, ", "))
		case len(values) != 1 || values[0] == "":
			return nil, fmt.Errorf("parameter %q of the Consul URL needs one value", key)
		}
		scope.Set(key, values[0])
	}
	for key, value := range map[string]string{"dc": o.Datacenter, "ns": o.Namespace} {
		if value != "" {
			scope.Set(key, value)
		}
	}
	return scope, nil
}

// folder returns that of the key-value store, "" or ending in a slash.
func (o Options) folder() string {
	path := strings.Trim(o.URL.Path, "/")
	if path == "" {
		return ""
	}
	return path + "/"
}

// pace returns that of watches.
func (o Options) pace() pace {
	p := usualPace()
	p.request = cmp.Or(o.Timeout, p.request)
	return p
}
