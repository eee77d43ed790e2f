package settings

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// consulName is the environment of CONSUL_HTTP_ADDR.
const consulName = "consul"

// addConsul adds the environment of CONSUL_HTTP_ADDR, unless the file has one of
// that name, and reports whether it did. A variable that is wrong spoils only
// this environment: its error waits for whoever asks for it.
func (s *Settings) addConsul() bool {
	address := s.in.Getenv("CONSUL_HTTP_ADDR")
	if address == "" || slices.Contains(s.names(), consulName) {
		return false
	}
	env := Environment{Name: consulName, from: "CONSUL_HTTP_ADDR"}
	u, err := s.consulURL(address)
	if err == nil {
		env.Registry, err = s.consulBackend(u)
		env.Config = env.Registry
	}
	env.err = err
	s.Environments = append(s.Environments, env)
	return true
}

// ConsulURL returns the server that CONSUL_HTTP_ADDR names, whatever the file
// calls consul; nil where it is not set. The error is an *Error.
func (s *Settings) ConsulURL() (*url.URL, error) {
	address := s.in.Getenv("CONSUL_HTTP_ADDR")
	if address == "" {
		return nil, nil
	}
	return s.consulURL(address)
}

// consulURL reads an address as Consul's own client does (consul/api 1.18:
// HOST:PORT or http://, https://, unix://; CONSUL_HTTP_SSL wins over http://).
func (s *Settings) consulURL(address string) (*url.URL, error) {
	const form = "it is HOST:PORT, http://HOST:PORT or https://HOST:PORT"
	secure := false
	if text := s.in.Getenv("CONSUL_HTTP_SSL"); text != "" {
		var err error
		if secure, err = strconv.ParseBool(text); err != nil {
			return nil, mistake("unset it, or write https:// in CONSUL_HTTP_ADDR", "CONSUL_HTTP_SSL is %s: it is true or false", quote(text))
		}
	}
	scheme, hosts, ok := strings.Cut(address, "://")
	if !ok {
		scheme, hosts = "http", address
	}
	switch strings.ToLower(scheme) {
	case "http":
	case "https":
		secure = true
	case "unix":
		return nil, mistake(form+"; let the agent listen on a port", "CONSUL_HTTP_ADDR names a unix socket, which govctl does not speak")
	default:
		return nil, mistake(form, "CONSUL_HTTP_ADDR does not name an address of Consul")
	}
	hosts = strings.TrimSuffix(hosts, "/")
	if strings.ContainsAny(hosts, "/?#") {
		return nil, mistake(form, "CONSUL_HTTP_ADDR names more than a server")
	}
	scheme = "consul://"
	if secure {
		scheme = "consul+https://"
	}
	u, err := parseURL(scheme+hosts, "", "")
	if err != nil {
		return nil, mistake(form, "CONSUL_HTTP_ADDR: %v", err)
	}
	return u, nil
}

// consulBackend is a back-end that no file describes. If it is Consul, the
// variables of Consul's own client apply: those that name the token, and where
// the URL speaks TLS, those of TLS. As in that client the token's file wins over
// the token. To other systems they mean nothing, and must not be sent.
func (s *Settings) consulBackend(u *url.URL) (*Backend, error) {
	b := &Backend{URL: u, folder: s.in.Dir}
	secure := u.Scheme == "consul+https"
	if !secure && u.Scheme != "consul" {
		return b, nil
	}
	switch {
	case s.in.Getenv("CONSUL_HTTP_TOKEN_FILE") != "":
		path, err := s.consulFile("CONSUL_HTTP_TOKEN_FILE")
		if err != nil {
			return nil, err
		}
		b.Auth = &Auth{Token: Secret{File: path, variable: "CONSUL_HTTP_TOKEN_FILE"}}
	case s.in.Getenv("CONSUL_HTTP_TOKEN") != "":
		b.Auth = &Auth{Token: Secret{Env: "CONSUL_HTTP_TOKEN"}}
	}
	if !secure {
		return b, nil
	}
	var err error
	b.TLS, err = s.consulTLS()
	return b, err
}

func (s *Settings) consulTLS() (TLS, error) {
	t := TLS{ServerName: s.in.Getenv("CONSUL_TLS_SERVER_NAME")}
	var caErr, certErr, keyErr error
	t.CA, caErr = s.consulFile("CONSUL_CACERT")
	t.Cert, certErr = s.consulFile("CONSUL_CLIENT_CERT")
	t.Key, keyErr = s.consulFile("CONSUL_CLIENT_KEY")
	if err := cmp.Or(caErr, certErr, keyErr); err != nil {
		return TLS{}, err
	}
	if (t.Cert == "") != (t.Key == "") {
		return TLS{}, mistake("set both, or neither", "CONSUL_CLIENT_CERT and CONSUL_CLIENT_KEY must be set together")
	}
	if text := s.in.Getenv("CONSUL_HTTP_SSL_VERIFY"); text != "" {
		verify, err := strconv.ParseBool(text)
		if err != nil {
			return TLS{}, mistake("unset it: certificates are then verified", "CONSUL_HTTP_SSL_VERIFY is %s: it is true or false", quote(text))
		}
		t.Insecure = !verify
	}
	return t, nil
}

// consulFile is the absolute path in a variable, "" where it is not set.
func (s *Settings) consulFile(variable string) (string, error) {
	text := s.in.Getenv(variable)
	if text == "" {
		return "", nil
	}
	path, err := resolve(text, s.in.Dir, s.in.Getenv("HOME"))
	if err != nil {
		return "", mistake("it is the path of a file", "%s: %v", variable, err)
	}
	return path, nil
}
