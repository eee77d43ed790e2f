package settings

import (
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
)

// guarded knows the servers of protected environments: for each system and
// machine, and for each system, machine, path and query, the ports.
type guarded map[string]map[string]bool

// protect learns the back-ends of the protected environments of the file, then
// marks them wherever they stand, also under another name: the same server, path
// and query. That of CONSUL_HTTP_ADDR is marked as a URL is.
func (s *Settings) protect() {
	s.guarded = guarded{}
	for i := range s.Environments {
		if e := &s.Environments[i]; e.Protected {
			for _, b := range e.backends() {
				s.guarded.add(b.URL)
			}
		}
	}
	for i := range s.Environments {
		e := &s.Environments[i]
		for _, b := range e.backends() {
			if e.Pos.IsZero() {
				b.Protected = s.guarded.reaches(b.URL)
				e.Protected = b.Protected
			} else {
				b.Protected = s.guarded.is(b.URL)
			}
		}
	}
}

func (g guarded) add(u *url.URL) {
	for _, server := range servers(u) {
		for _, key := range []string{loosely(u, server), exactly(u, server)} {
			if g[key] == nil {
				g[key] = map[string]bool{}
			}
			g[key][server.Port()] = true
		}
	}
}

// reaches reports whether some server of u is a protected one, whatever the
// path: a URL typed in haste may reach more than it names.
func (g guarded) reaches(u *url.URL) bool { return g.any(u, loosely) }

// is reports whether u is a protected back-end itself.
func (g guarded) is(u *url.URL) bool { return g.any(u, exactly) }

// any looks for some server of u. A port that is missing on either side may be
// any: it is better to ask once too often.
func (g guarded) any(u *url.URL, keyOf func(u, server *url.URL) string) bool {
	for _, server := range servers(u) {
		ports := g[keyOf(u, server)]
		if ports[server.Port()] || ports[""] || server.Port() == "" && len(ports) > 0 {
			return true
		}
	}
	return false
}

// loosely names a server, and of local:// the folder.
func loosely(u, server *url.URL) string {
	return system(u) + " " + machine(server.Hostname()) + " " + folder(u)
}

func exactly(u, server *url.URL) string {
	path := strings.TrimSuffix(u.Path, "/")
	if u.Scheme == "local" {
		path = folder(u)
	}
	return system(u) + " " + machine(server.Hostname()) + " " + path + "?" + u.RawQuery
}

// folder is that of local://, whatever links lead to it; "" of what is a server's.
func folder(u *url.URL) string {
	if u.Scheme != "local" {
		return ""
	}
	if at, err := filepath.EvalSymlinks(u.Path); err == nil {
		return at
	}
	return strings.TrimSuffix(u.Path, "/") // it is not there yet
}

// system is the scheme without what it says about TLS.
func system(u *url.URL) string {
	name, _, _ := strings.Cut(u.Scheme, "+")
	return name
}

// servers returns each server of u as the host of a URL of its own.
func servers(u *url.URL) []*url.URL {
	var out []*url.URL
	for host := range strings.SplitSeq(u.Host, ",") {
		out = append(out, &url.URL{Host: host})
	}
	return out
}

// machine is host, with one name for all the names of this machine.
func machine(host string) string {
	if ip, err := netip.ParseAddr(host); err == nil && ip.Unmap().IsLoopback() {
		return "localhost"
	}
	return strings.ToLower(host)
}
