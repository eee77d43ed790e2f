package probe

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"govctl/pkg/registry"
)

// The metadata keys that say how an instance is asked. Instance.Protocol, which
// systems fill from metadata, stands for the key protocol.
const (
	metaScheme = "scheme"
	metaHealth = "health"
)

// ParseSpec returns the Spec that text names: KIND, and behind a colon for http
// and https the path, for grpc and grpcs the service.
func ParseSpec(text string) (Spec, error) {
	name, rest, more := strings.Cut(text, ":")
	s := Spec{Kind: Kind(name)}
	switch {
	case !slices.Contains(Kinds(), s.Kind):
		return Spec{}, fmt.Errorf("%q is no kind of probe", name)
	case !more:
		s.AnyAnswer = s.Kind == HTTP || s.Kind == HTTPS // of gRPC the question is clear
	case rest == "":
		return Spec{}, fmt.Errorf("nothing stands behind the colon of %q", text)
	case s.Kind == HTTP || s.Kind == HTTPS:
		if err := checkPath(rest); err != nil {
			return Spec{}, err
		}
		s.Path = rest
	case s.Kind == GRPC || s.Kind == GRPCS:
		s.Service = rest
	default:
		return Spec{}, fmt.Errorf("%s takes nothing behind a colon", name)
	}
	return s.complete(), nil
}

// complete fills in what a Kind needs.
func (s Spec) complete() Spec {
	if (s.Kind == HTTP || s.Kind == HTTPS) && s.Path == "" {
		s.Path = "/"
	}
	return s
}

// checkPath refuses what cannot stand in the first line of a request.
func checkPath(path string) error {
	if !strings.HasPrefix(path, "/") {
		return fmt.Errorf("path %q does not begin with a slash", path)
	}
	if _, err := url.ParseRequestURI(path); err != nil || strings.ContainsAny(path, " #") {
		return fmt.Errorf("path %q is not one of a URL", path)
	}
	return nil
}

// Choose returns how in is best asked: as a check that its registry itself runs
// asks it, else by its metadata (protocol, scheme, health), else by connecting.
func Choose(in *registry.Instance) Spec {
	untold := ""
	for i := range in.Checks {
		c := &in.Checks[i]
		if s, ok := byCheck(c, in); ok {
			return s.complete()
		}
		if c.Target == "" && asks(c.Kind) {
			untold = c.ID
		}
	}
	s := byMetadata(in).complete()
	if untold != "" {
		s.Weaker = true
		s.Why = fmt.Sprintf("check %q does not tell what it asks; %s", untold, s.Why)
	}
	return s
}

// asks reports whether checks of a kind send a question, so that it matters which:
// one that connects needs no target to be known by.
func asks(kind string) bool { return kind == "http" || kind == "https" || kind == "grpc" }

// byCheck asks as the registry does, at the instance's own address: the target
// is as seen from the registry's side, where it may well be "localhost".
func byCheck(c *registry.Check, in *registry.Instance) (Spec, bool) {
	s := Spec{Why: fmt.Sprintf("check %q", c.ID)}
	if c.Target == "" && asks(c.Kind) {
		return s, false
	}
	var port string
	switch c.Kind {
	case "http", "https":
		u, err := url.Parse(c.Target)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return s, false // it is not known what it asks for
		}
		s.Kind, s.Path, port = Kind(u.Scheme), cleanPath(u), u.Port()
	case "grpc":
		s.Kind = GRPC
		address, service, _ := strings.Cut(c.Target, "/")
		s.Service = service
		_, port, _ = net.SplitHostPort(address) // without one it is the instance's
	case "tcp":
		s.Kind = TCP
		_, port, _ = net.SplitHostPort(c.Target) // as above
	default:
		return s, false
	}
	if n, err := strconv.Atoi(port); err == nil && n != in.Port && n > 0 && n <= maxPort {
		s.Port = n
	}
	return s, true
}

const maxPort = 65535

// cleanPath returns the path and query of u.
func cleanPath(u *url.URL) string {
	return (&url.URL{Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery}).RequestURI()
}

// byMetadata goes by what the instance says of itself.
func byMetadata(in *registry.Instance) Spec {
	protocol, scheme, health := strings.ToLower(in.Protocol), strings.ToLower(in.Metadata[metaScheme]), in.Metadata[metaHealth]
	secure := scheme == "https" || scheme == "grpcs" || scheme == "tls"
	s := Spec{Kind: TCP}
	var by []string
	if scheme != "" {
		by = append(by, "scheme")
	}
	switch {
	case protocol == "grpc", protocol == "grpcs", scheme == "grpc", scheme == "grpcs":
		s.Kind, s.Service = pick(secure || protocol == "grpcs", GRPCS, GRPC), health
	case protocol == "http", protocol == "https", scheme == "http", scheme == "https", strings.HasPrefix(health, "/"):
		s.Kind, s.Path = pick(secure || protocol == "https", HTTPS, HTTP), health
	case secure:
		s.Kind = TLS
	}
	if in.Protocol != "" && s.Kind != TCP {
		by = append(by, "protocol")
	}
	if health != "" && s.Kind != TCP && s.Kind != TLS {
		by = append(by, "health")
	}
	s.AnyAnswer = health == "" && s.Kind != TCP && s.Kind != TLS
	s.Why = "metadata " + strings.Join(by, ", ")
	if s.Kind == TCP {
		s.Why = "no check and no metadata say how"
	}
	if in.Protocol != "" && s.Kind == TCP {
		s.Why = fmt.Sprintf("protocol %q has no question of its own", in.Protocol)
	}
	return s
}

func pick(secure bool, with, without Kind) Kind {
	if secure {
		return with
	}
	return without
}

// Statuses are ranges of HTTP statuses.
type Statuses []StatusRange

// StatusRange is the statuses from From to To, both included.
type StatusRange struct{ From, To int }

// The statuses that there are (RFC 9110 §15).
const (
	minStatus = 100
	maxStatus = 599
)

// ParseStatuses returns the ranges that text lists: "200-299,401".
func ParseStatuses(text string) (Statuses, error) {
	var all Statuses
	for part := range strings.SplitSeq(text, ",") {
		low, high, span := strings.Cut(strings.TrimSpace(part), "-")
		if !span {
			high = low
		}
		from, errLow := strconv.Atoi(low)
		to, errHigh := strconv.Atoi(high)
		if errors.Join(errLow, errHigh) != nil || from < minStatus || to > maxStatus || from > to {
			return nil, fmt.Errorf("%q is no HTTP status, nor a range of them", part)
		}
		all = append(all, StatusRange{from, to})
	}
	return all, nil
}

// Has reports whether status is one of s; where s is nil, of 200–399.
func (s Statuses) Has(status int) bool {
	if s == nil {
		return status >= 200 && status <= 399
	}
	return slices.ContainsFunc(s, func(r StatusRange) bool { return status >= r.From && status <= r.To })
}

// String returns s as ParseStatuses takes it.
func (s Statuses) String() string {
	parts := make([]string, 0, len(s))
	for _, r := range s {
		if r.From == r.To {
			parts = append(parts, strconv.Itoa(r.From))
		} else {
			parts = append(parts, fmt.Sprintf("%d-%d", r.From, r.To))
		}
	}
	return strings.Join(parts, ",")
}

// MarshalJSON returns s as a text.
func (s Statuses) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }
