package settings

import (
	"fmt"
	"net"
	"strconv"
	"strings"
)

// names returns the names of the environments in order.
func (s *Settings) names() []string {
	out := make([]string, 0, len(s.Environments))
	for i := range s.Environments {
		out = append(out, s.Environments[i].Name)
	}
	return out
}

// has is the hint that lists names.
func has(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "it has " + list(names)
}

// Environment returns the environment that name names: one of s.Environments,
// or for a URL one made on the spot, with that URL as registry and as config.
// "" is s.Default. Every error is an *Error. The caller must not change what it
// gets.
func (s *Settings) Environment(name string) (*Environment, error) {
	from := ""
	if name == "" {
		if name, from = s.Default, s.defaultFrom; name == "" {
			return nil, s.noDefault()
		}
	}
	if IsURL(name) {
		return s.onTheSpot(name)
	}
	for i := range s.Environments {
		if env := &s.Environments[i]; env.Name == name && env.err != nil {
			return nil, env.err
		} else if env.Name == name {
			return env, nil
		}
	}
	if strings.HasPrefix(from, "GOVCTL_") {
		from = place(from)
	} else {
		from = ""
	}
	names := s.names()
	near := didYouMean(name, names)
	return nil, mistake(s.hintNames(name, near), "environment %s%s is not in %s%s", quote(name), from, s.where(), near)
}

// hintNames lists the environments, to somebody who named one that is not
// there; where none is near, it says how to add it.
func (s *Settings) hintNames(name, near string) string {
	names := s.names()
	switch {
	case isAddress(name):
		return "if that is a Consul: -e consul://" + name
	case len(names) == 0:
		return hintShape
	case near != "" || wrongName(name) != "":
		return has(names)
	}
	return fmt.Sprintf("%s; `govctl env add %s URL` adds one", has(names), name)
}

// isAddress reports whether somebody who wrote name, which is no environment,
// most likely meant a server: HOST:PORT, an IP address, localhost.
func isAddress(name string) bool {
	host, port, err := net.SplitHostPort(name)
	if _, bad := strconv.ParseUint(port, 10, 16); err == nil && bad == nil && host != "" && checkServers(name) == nil {
		return true
	}
	return net.ParseIP(name).To4() != nil || name == "localhost"
}

func (s *Settings) where() string {
	if s.File == "" {
		return "the built-in settings"
	}
	return s.File
}

func (s *Settings) noDefault() error {
	names := s.names()
	if len(names) == 0 {
		return mistake("name a back-end by its URL: -e consul://127.0.0.1:8500", "there is no environment in %s", s.where())
	}
	return mistake(has(names)+"; `govctl env use NAME` makes one the default", "which environment? -e is required, as %s has several and no default", s.where())
}

// onTheSpot makes an environment of a URL that the user gave.
func (s *Settings) onTheSpot(text string) (*Environment, error) {
	u, err := parseURL(text, s.in.Dir, s.in.Getenv("HOME"))
	if err != nil {
		hint := "write it like consul://127.0.0.1:8500 or local://PATH"
		if isClear(err) {
			hint = "for Consul set CONSUL_HTTP_TOKEN or CONSUL_HTTP_TOKEN_FILE; for others name the back-end in govctl.yaml, with auth"
		}
		return nil, mistake(hint, "environment by URL: %v", err)
	}
	b, err := s.consulBackend(u)
	if err != nil {
		return nil, err
	}
	b.Protected = s.guarded.reaches(u)
	return &Environment{Name: oneLine(u.String()), Registry: b, Config: b, Protected: b.Protected}, nil
}
