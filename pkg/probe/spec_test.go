package probe

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/registry"
)

func TestTheProbeFollowsFromTheInstance(t *testing.T) {
	t.Parallel()
	check := func(kind, target string) []registry.Check {
		return []registry.Check{
			{ID: "serfHealth", Node: true}, {ID: "ttl", Kind: "ttl"}, {ID: "c1", Kind: kind, Target: target},
		}
	}
	meta := func(pairs ...string) map[string]string {
		m := map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i]] = pairs[i+1]
		}
		return m
	}
	for name, c := range map[string]struct {
		in   registry.Instance
		want Spec
	}{
		"nothing is known": {
			registry.Instance{},
			Spec{Kind: TCP, Why: "no check and no metadata say how"},
		},
		"a protocol without a question": {
			registry.Instance{Protocol: "mucp"},
			Spec{Kind: TCP, Why: `protocol "mucp" has no question of its own`},
		},
		"http without a path": {
			registry.Instance{Protocol: "http"},
			Spec{Kind: HTTP, Path: "/", AnyAnswer: true, Why: "metadata protocol"},
		},
		"http with a path": {
			registry.Instance{Protocol: "HTTP", Metadata: meta("health", "/healthz?full=1")},
			Spec{Kind: HTTP, Path: "/healthz?full=1", Why: "metadata protocol, health"},
		},
		"https by scheme": {
			registry.Instance{Protocol: "http", Metadata: meta("scheme", "https", "health", "/h")},
			Spec{Kind: HTTPS, Path: "/h", Why: "metadata scheme, protocol, health"},
		},
		"a path alone": {
			registry.Instance{Metadata: meta("health", "/h")},
			Spec{Kind: HTTP, Path: "/h", Why: "metadata health"},
		},
		"grpc": {
			registry.Instance{Protocol: "grpc"},
			Spec{Kind: GRPC, AnyAnswer: true, Why: "metadata protocol"},
		},
		"grpc with a service and TLS": {
			registry.Instance{Protocol: "grpc", Metadata: meta("scheme", "tls", "health", "shop.Order")},
			Spec{Kind: GRPCS, Service: "shop.Order", Why: "metadata scheme, protocol, health"},
		},
		"TLS alone": {
			registry.Instance{Metadata: meta("scheme", "tls", "health", "x")},
			Spec{Kind: TLS, Why: "metadata scheme"},
		},
		"an http check": {
			registry.Instance{Port: 80, Protocol: "grpc", Checks: check("http", "http://localhost:80/health?x=%20y")},
			Spec{Kind: HTTP, Path: "/health?x=%20y", Why: `check "c1"`},
		},
		"an https check on a port of its own": {
			registry.Instance{Port: 80, Checks: check("http", "https://10.9.9.9:8443")},
			Spec{Kind: HTTPS, Path: "/", Port: 8443, Why: `check "c1"`},
		},
		"an http check that says nothing": {
			registry.Instance{Port: 80, Protocol: "http", Checks: check("http", "")},
			Spec{Kind: HTTP, Path: "/", AnyAnswer: true, Weaker: true, Why: `check "c1" does not tell what it asks; metadata protocol`},
		},
		"a grpc check that says nothing": {
			registry.Instance{Port: 80, Checks: check("grpc", "")},
			Spec{Kind: TCP, Weaker: true, Why: `check "c1" does not tell what it asks; no check and no metadata say how`},
		},
		"a check of a scheme that is none": {
			registry.Instance{Port: 80, Checks: check("http", "file:///etc/passwd")},
			Spec{Kind: TCP, Why: "no check and no metadata say how"},
		},
		"a tcp check": {
			registry.Instance{Port: 80, Protocol: "http", Checks: check("tcp", "[::1]:99")},
			Spec{Kind: TCP, Port: 99, Why: `check "c1"`},
		},
		"a grpc check": {
			registry.Instance{Port: 80, Checks: check("grpc", "127.0.0.1:80/shop.Order")},
			Spec{Kind: GRPC, Service: "shop.Order", Why: `check "c1"`},
		},
		"a check on a port that is none": {
			registry.Instance{Port: 80, Checks: check("tcp", "a:99999")},
			Spec{Kind: TCP, Why: `check "c1"`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, Choose(&c.in)); diff != "" {
				t.Errorf("Choose (-want +got):\n%s", diff)
			}
		})
	}
}

func TestKindsAreTakenAsTheyAreShown(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Spec{
		"tcp":              {Kind: TCP},
		"tls":              {Kind: TLS},
		"http":             {Kind: HTTP, Path: "/", AnyAnswer: true},
		"http:/healthz?a=": {Kind: HTTP, Path: "/healthz?a="},
		"https:/":          {Kind: HTTPS, Path: "/"},
		"grpc":             {Kind: GRPC},
		"grpcs:a.B":        {Kind: GRPCS, Service: "a.B"},
	} {
		if got, err := ParseSpec(text); err != nil || cmp.Diff(want, got) != "" {
			t.Errorf("ParseSpec(%q) = %+v, %v; want %+v", text, got, err, want)
		}
	}
	for text, why := range map[string]string{
		"":                  "no kind",
		"htp:/x":            `"htp" is no kind`,
		"http:":             "nothing stands behind",
		"http:healthz":      "slash",
		"http:/a b":         "not one of a URL",
		"http:/a\r\nHost:b": "not one of a URL",
		"http:/a#b":         "not one of a URL",
		"tcp:/x":            "takes nothing",
	} {
		if got, err := ParseSpec(text); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("ParseSpec(%q) = %+v, %v; want an error with %q", text, got, err, why)
		}
	}
}

func TestStatusesAreRanges(t *testing.T) {
	t.Parallel()
	s, err := ParseStatuses("200-299, 401")
	if err != nil || s.String() != "200-299,401" {
		t.Errorf("ParseStatuses = %v, %v", s, err)
	}
	for status, want := range map[int]bool{199: false, 200: true, 299: true, 300: false, 401: true} {
		if s.Has(status) != want {
			t.Errorf("%v.Has(%d) = %t", s, status, !want)
		}
	}
	for status, want := range map[int]bool{199: false, 200: true, 399: true, 400: false} {
		if Statuses(nil).Has(status) != want {
			t.Errorf("nil.Has(%d) = %t", status, !want)
		}
	}
	for _, text := range []string{"", "2xx", "99", "600", "300-200", "200-", "-200", "200,,201"} {
		if s, err := ParseStatuses(text); err == nil {
			t.Errorf("ParseStatuses(%q) = %v", text, s)
		}
	}
}
