package jaeger

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"govctl/internal/faultkit"
)

// fake answers as jaeger-query does, where the live tests have seen it: what it
// does not know, it answers with its web page.
type fake struct {
	v3, v1   bool // the generations that it has
	base     string
	services []string
	version  string
	token    string    // the bearer that is let in, "" for anybody
	date     time.Time // of its clock
}

func (f fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", f.date.UTC().Format(http.TimeFormat))
	path := strings.TrimPrefix(r.URL.Path, f.base)
	if path == r.URL.Path && f.base != "" {
		path = "" // not below the base path: the web page, whatever it is
	}
	switch {
	case f.token != "" && r.Header.Get("Authorization") != "Bearer "+f.token:
		http.Error(w, "who are you?", http.StatusUnauthorized)
	case f.v3 && path == "/api/v3/services":
		if len(f.services) == 0 {
			say(w, "{}")
			return
		}
		sayJSON(w, map[string]any{"services": f.services})
	case f.v1 && path == "/api/services":
		sayJSON(w, map[string]any{"data": f.services, "total": len(f.services), "limit": 0, "offset": 0, "errors": nil})
	default:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		say(w, webPage(f.base, f.version))
	}
}

// webPage is the beginning of Jaeger's, as a server fills it in.
func webPage(base, version string) string {
	return `<!doctype html><html lang="en"><head><base href="` + base + `/" data-inject-target="BASE_URL"/><title>Jaeger UI</title><script>
      function getJaegerVersion() {
        const DEFAULT_VERSION = {"gitCommit":"", "gitVersion":"", "buildDate":""};
        const JAEGER_VERSION = {"gitCommit":"a1","gitVersion":"` + version + `","buildDate":"2025-12-03T00:00:00Z"};
        return JAEGER_VERSION;
      }
`
}

func say(w http.ResponseWriter, text string) { _, _ = io.WriteString(w, text) }

func sayJSON(w http.ResponseWriter, v any) { _ = json.NewEncoder(w).Encode(v) }

// always answers every request alike.
func always(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		say(w, body)
	}
}

// noon is what the clocks show when a test begins.
var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// clock returns a clock that goes on by a millisecond each time it is looked at.
func clock() func() time.Time {
	now := noon
	return func() time.Time {
		now = now.Add(time.Millisecond)
		return now
	}
}

// open opens text, a URL, with what change sets.
func open(t *testing.T, text string, change func(*Options)) *Jaeger {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{URL: u, Now: clock()}
	if change != nil {
		change(&o)
	}
	j, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(j.http.Close)
	return j
}

// serve opens a Jaeger that h plays.
func serve(t *testing.T, h http.Handler) *Jaeger {
	t.Helper()
	return open(t, "jaeger://"+faultkit.Serve(t, h), nil)
}
