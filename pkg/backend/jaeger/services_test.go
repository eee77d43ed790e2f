package jaeger

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"govctl/internal/faultkit"
	"govctl/internal/httpx"
)

func TestServicesAreSortedByEitherGeneration(t *testing.T) {
	t.Parallel()
	names := []string{"user", "order", "jaeger", "order", "a b/ü"}
	tests := map[string]struct {
		server http.Handler
		want   []string
	}{
		"v3":                          {fake{v3: true, services: names}, []string{"a b/ü", "jaeger", "order", "user"}},
		"v3 beside the old one":       {fake{v3: true, v1: true, services: names}, []string{"a b/ü", "jaeger", "order", "user"}},
		"v3, nothing yet":             {fake{v3: true}, nil},
		"the old one":                 {fake{v1: true, services: names}, []string{"a b/ü", "jaeger", "order", "user"}},
		"the old one, nothing yet":    {fake{v1: true}, nil},
		"v3 with what is yet to come": {always(200, `{"services":["order"],"nextPage":"x"}`), []string{"order"}},
		"an old one without v3": {http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/api/v3/services" {
				http.NotFound(w, r)
				return
			}
			fake{v1: true, services: names}.ServeHTTP(w, r)
		}), []string{"a b/ü", "jaeger", "order", "user"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := serve(t, tt.server).Services(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatIsNoListOfServicesIsAnError(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		server http.Handler
		kind   error
		says   string
	}{
		"a web page":          {always(200, "<!DOCTYPE html><html>"), errNotJaeger, "HTML"},
		"an empty body":       {always(200, ""), errNotJaeger, "empty"},
		"cut JSON":            {always(200, `{"services":["order","us`), errNotJaeger, "cut off"},
		"names of numbers":    {always(200, `{"services":[1,2]}`), errNotJaeger, "a number where a string was expected"},
		"another API":         {always(200, `{"status":"success","data":["order"]}`), errNotJaeger, "another API"},
		"an error in JSON":    {always(200, `{"error":{"httpCode":404}}`), errNotJaeger, "another API"},
		"too much for us":     {always(200, `{"services":["`+strings.Repeat("a", maxNames)+`"]}`), errNotJaeger, "larger than 16 MiB"},
		"no such path":        {always(404, "404 page not found"), errNotJaeger, "404"},
		"no such method":      {always(405, ""), errNotJaeger, "405"},
		"refused":             {always(401, "no token"), nil, "401"},
		"a failure":           {always(500, `{"error":{"httpCode":500,"message":"storage is down"}}`), nil, "storage is down"},
		"a redirect to login": {http.RedirectHandler("http://127.0.0.2:1/login", http.StatusFound), httpx.ErrRedirect, "redirects to"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := serve(t, tt.server)
			got, err := j.Services(t.Context())
			if got != nil || err == nil {
				t.Fatalf("Services = %q, %v; want an error", got, err)
			}
			if !strings.HasPrefix(err.Error(), "jaeger "+j.server+": ") || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("Services: %v; want the server's name and %q", err, tt.says)
			}
			if tt.kind != nil && !errors.Is(err, tt.kind) {
				t.Errorf("Services: %v; want a %v", err, tt.kind)
			}
		})
	}
}

func TestWhatTheOlderAPISaysCountsWhereThereIsNoV3(t *testing.T) {
	t.Parallel()
	_, err := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/services" {
			http.Error(w, "who are you?", http.StatusForbidden)
			return
		}
		http.NotFound(w, r)
	})).Services(t.Context())
	if status, ok := errors.AsType[*httpx.StatusError](err); !ok || status.Status != http.StatusForbidden {
		t.Errorf("Services: %v; want 403", err)
	}
}

func TestADeadServerIsUnreachable(t *testing.T) {
	t.Parallel()
	_, err := open(t, "jaeger://"+faultkit.Closed(t), nil).Services(t.Context())
	if !errors.Is(err, httpx.ErrUnreachable) {
		t.Errorf("Services: %v; want unreachable", err)
	}
}

func TestTheBasePathAndThePortComeFromTheURL(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ server, base string }{
		"jaeger://127.0.0.1":                {"127.0.0.1:16686", ""},
		"jaeger+https://Example.org/":       {"Example.org:16686", ""},
		"jaeger://[::1]/jaeger":             {"[::1]:16686", "/jaeger"},
		"jaeger+https://127.0.0.1:443/a/b/": {"127.0.0.1:443", "/a/b"},
	}
	for text, want := range tests {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			j := open(t, text, nil)
			if j.server != want.server || j.base != want.base {
				t.Errorf("Open: server %q, base %q; want %q, %q", j.server, j.base, want.server, want.base)
			}
		})
	}
}

func TestAURLThatIsWrongIsRefused(t *testing.T) {
	t.Parallel()
	tests := []struct{ url, want string }{
		{"consul://127.0.0.1", "begins with jaeger://"},
		{"jaeger:///base", "names one server"},
		{"jaeger://127.0.0.1:0", `port "0"`},
		{"jaeger://me:pass@127.0.0.1", "may not hold a credential"},
		{"jaeger://127.0.0.1?tenant=a", "has no parameters"},
		{"jaeger://127.0.0.1#top", "has no fragment"},
		{"jaeger://a,b", "names one server"},
	}
	for _, tt := range tests {
		t.Run(tt.url, func(t *testing.T) {
			t.Parallel()
			u, err := url.Parse(tt.url)
			if err != nil {
				t.Fatal(err)
			}
			_, err = Open(Options{URL: u})
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(fmt.Sprint(err), "pass@") {
				t.Errorf("Open: %v; want %q", err, tt.want)
			}
		})
	}
}
