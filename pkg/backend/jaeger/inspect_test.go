package jaeger

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"govctl/internal/faultkit"
	"govctl/pkg/doctor"
)

// report is one of a Jaeger that is well, at j: every question takes 2 ms by the
// tests' clock.
func report(j *Jaeger, change func(*doctor.Report)) doctor.Report {
	r := doctor.Report{
		System: "jaeger", Version: "2.13.0", Generation: "http v3", Server: j.server, LatencySeconds: 0.002,
		Identity: "anonymous", Read: doctor.Yes, Write: doctor.No,
		Capabilities: []string{}, ClockSkewSeconds: new(float64), Findings: []doctor.Finding{},
	}
	change(&r)
	return r
}

func TestAReportTellsGenerationVersionAndPlace(t *testing.T) {
	t.Parallel()
	well := fake{v3: true, v1: true, services: []string{"order"}, version: "v2.13.0", date: noon}
	old, empty, below, unnamed := well, well, well, well
	old.v3, old.version = false, "1.17.1"
	empty.services = nil
	below.base = "/jaeger"
	unnamed.version = ""
	tests := map[string]struct {
		server http.Handler
		path   string
		want   func(*doctor.Report)
	}{
		"v3":               {well, "", func(*doctor.Report) {}},
		"no traces yet":    {empty, "", func(*doctor.Report) {}},
		"v1":               {old, "", func(r *doctor.Report) { r.Generation, r.Version = "http v1", "1.17.1" }},
		"below a base":     {below, "/jaeger/", func(r *doctor.Report) { r.Place = "/jaeger" }},
		"without version":  {unnamed, "", func(r *doctor.Report) { r.Version = "" }},
		"without web page": {withoutPage{well}, "", func(r *doctor.Report) { r.Version = "" }},
		"a version that is none": {
			fake{v3: true, services: []string{"order"}, version: `\u001b[31m`, date: noon},
			"",
			func(r *doctor.Report) { r.Version = "" },
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := open(t, "jaeger://"+faultkit.Serve(t, tt.server)+tt.path, nil)
			if diff := cmp.Diff(report(j, tt.want), j.Inspect(t.Context(), doctor.Traces)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAJaegerInAnotherRoleIsToldItsOwn(t *testing.T) {
	t.Parallel()
	j := serve(t, fake{v3: true, services: []string{"order"}, version: "v2.13.0", date: noon})
	want := report(j, func(r *doctor.Report) {
		r.Findings = []doctor.Finding{{
			Code: doctor.Unspoken, Level: doctor.Warn, Text: "a Jaeger has traces and nothing else",
			Hint: "in govctl.yaml it stands as `traces`, beside a registry",
		}}
	})
	if diff := cmp.Diff(want, j.Inspect(t.Context(), doctor.Config)); diff != "" {
		t.Error(diff)
	}
}

// withoutPage is a Jaeger behind a proxy that lets its API through alone.
type withoutPage struct{ api http.Handler }

func (p withoutPage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.URL.Path, "/api/") {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	p.api.ServeHTTP(w, r)
}

func TestATokenIsSentAsABearer(t *testing.T) {
	t.Parallel()
	guarded := fake{v3: true, services: []string{"order"}, version: "v2.13.0", date: noon, token: "s3cret"}
	address := faultkit.Serve(t, guarded)
	tests := map[string]struct {
		token string
		want  func(*doctor.Report)
	}{
		"the right one": {"s3cret", func(r *doctor.Report) { r.Identity = "token" }},
		"none":          {"", refused(address, hintStranger)},
		"a wrong one":   {"wr0ng", refused(address, hintRenew)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := open(t, "jaeger://"+address, func(o *Options) { o.Token = tt.token })
			if diff := cmp.Diff(report(j, tt.want), j.Inspect(t.Context(), doctor.Traces)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// refused makes a report one of a server that says 401.
func refused(address, hint string) func(*doctor.Report) {
	return func(r *doctor.Report) {
		*r = doctor.Report{
			System: "jaeger", Server: address, Read: doctor.No, Write: doctor.No, Capabilities: []string{},
			Findings: []doctor.Finding{{Code: doctor.Refused, Level: doctor.Fail, Text: address + `: 401 Unauthorized: "who are you?"`, Hint: hint}},
		}
	}
}

func TestAClockThatIsWrongIsFound(t *testing.T) {
	t.Parallel()
	at := func(date time.Time) http.Handler { return fake{v3: true, services: []string{"order"}, date: date} }
	tests := map[string]struct {
		server http.Handler
		want   float64 // seconds; -1: not told
		found  bool
	}{
		"right":       {at(noon), 0, false},
		"5 s ahead":   {at(noon.Add(5 * time.Second)), 5, false},
		"6 s ahead":   {at(noon.Add(6 * time.Second)), 6, true},
		"an hour ago": {at(noon.Add(-time.Hour)), -3600, true},
		"not told": {http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Date"] = nil
			say(w, `{"services":["order"]}`)
		}), -1, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := serve(t, tt.server).Inspect(t.Context(), doctor.Traces)
			got := -1.0
			if r.ClockSkewSeconds != nil {
				got = *r.ClockSkewSeconds
			}
			if got != tt.want || r.Has(doctor.ClockSkew) != tt.found {
				t.Errorf("skew %v, findings %v; want %v, found %t", got, r.Findings, tt.want, tt.found)
			}
		})
	}
}

// finding is what a test expects of the only one of a report: its code, and
// parts of its text and hint.
type finding struct {
	code       doctor.Code
	text, hint string
}

// expect fails t unless r has this finding alone, names its server in it, and
// says what may be done.
func (f finding) expect(t *testing.T, j *Jaeger, r *doctor.Report) {
	t.Helper()
	if len(r.Findings) != 1 {
		t.Fatalf("findings %+v; want one %s", r.Findings, f.code)
	}
	got := r.Findings[0]
	if got.Code != f.code || !strings.Contains(got.Text, f.text) || !strings.HasPrefix(got.Text, j.server+": ") || !strings.Contains(got.Hint, f.hint) {
		t.Errorf("finding %+v; want %s, its text with %q and %q, its hint with %q", got, f.code, j.server, f.text, f.hint)
	}
	if strings.ContainsAny(got.Text+got.Hint, "\n\x1b") {
		t.Errorf("finding %+v is not one plain line", got)
	}
	if r.Read == doctor.Yes || r.Generation != "" || r.Identity != "" || r.LatencySeconds != 0 {
		t.Errorf("report %+v says more than was learnt", r)
	}
}

func TestWhatIsNoJaegerIsNamed(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		server http.Handler
		path   string
		want   finding
	}{
		"Consul":                  {always(404, "Invalid URL path: not a recognized HTTP API endpoint"), "", finding{doctor.WrongServer, "not as Jaeger does: 404", "16686"}},
		"the port for spans":      {always(404, "404 page not found"), "", finding{doctor.WrongServer, "404", "4318"}},
		"a web page":              {always(200, "<html>\x1b[31mhello"), "", finding{doctor.WrongServer, "an HTML page", "16686"}},
		"JSON of another":         {always(200, `{"status":"UP"}`), "", finding{doctor.WrongServer, "of another API", "16686"}},
		"no JSON":                 {always(200, "pong"), "", finding{doctor.WrongServer, "not JSON", "16686"}},
		"a redirect to a login":   {http.RedirectHandler("https://login.example.org/", http.StatusFound), "", finding{doctor.WrongServer, "redirects", "login"}},
		"a base in the URL alone": {fake{v3: true}, "/x", finding{doctor.NotThere, `not below "/x/"`, `lies below "/"`}},
		"a base, not in the URL":  {fake{v3: true, base: "/jaeger"}, "", finding{doctor.NotThere, `not below "/"`, `lies below "/jaeger/"`}},
		"the web page alone":      {fake{}, "", finding{doctor.NotThere, `not below "/"`, "a proxy"}},
		"tenants":                 {always(401, "missing tenant header"), "", finding{doctor.Refused, "missing tenant", "by a header"}},
		"forbidden":               {always(403, "\x1b[31mno"), "", finding{doctor.Refused, "403", "`auth`"}},
		"a storage that is gone":  {always(500, `{"error":{"httpCode":500,"message":"no\nstorage"}}`), "", finding{doctor.Unreachable, "500", "storage"}},
		"a proxy without Jaeger":  {always(502, "<html>"), "", finding{doctor.Unreachable, "502 Bad Gateway", "proxy"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := open(t, "jaeger://"+faultkit.Serve(t, tt.server)+tt.path, nil)
			r := j.Inspect(t.Context(), doctor.Traces)
			tt.want.expect(t, j, &r)
		})
	}
}

func TestAServerThatDoesNotAnswerIsNamed(t *testing.T) {
	t.Parallel()
	const short, long = 200 * time.Millisecond, time.Minute
	tests := map[string]struct {
		address  string
		patience time.Duration
		want     finding
	}{
		"nobody":            {faultkit.Closed(t), long, finding{doctor.Unreachable, "connection refused", "running"}},
		"a silent one":      {faultkit.Silent(t), short, finding{doctor.Unreachable, "no answer within", "running"}},
		"one that stalls":   {faultkit.Stall(t), short, finding{doctor.Unreachable, "not complete within", "running"}},
		"one that hangs up": {faultkit.CloseOnAccept(t), long, finding{doctor.Unreachable, "the connection", "running"}},
		"one without end":   {faultkit.EndlessHead(t), long, finding{doctor.WrongServer, "larger than", "--max-body"}},
		"the port of gRPC":  {faultkit.GRPCBare(t), long, finding{doctor.WrongServer, "does not speak HTTP", "16685 is its gRPC"}},
		"SSH":               {faultkit.Banner(t, "SSH-2.0-OpenSSH_9.9\r\n"), long, finding{doctor.WrongServer, "does not speak HTTP", "16686"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), tt.patience)
			defer cancel()
			j := open(t, "jaeger://"+tt.address, nil)
			r := j.Inspect(ctx, doctor.Traces)
			tt.want.expect(t, j, &r)
		})
	}
}

func TestTLSThatDoesNotAgreeIsNamed(t *testing.T) {
	t.Parallel()
	ca := faultkit.NewCA(t)
	well := fake{v3: true, services: []string{"order"}, date: noon}
	secure := faultkit.ServeTLS(t, faultkit.Config(ca.Issue(t, faultkit.Leaf{})), well)
	elsewhere := faultkit.ServeTLS(t, faultkit.Config(ca.Issue(t, faultkit.Leaf{Names: []string{"jaeger.test"}})), well)
	mutual := faultkit.ServeTLS(t, ca.MutualConfig(ca.Issue(t, faultkit.Leaf{})), well)
	plain := faultkit.Serve(t, well)
	tests := map[string]struct {
		url  string
		ca   *faultkit.CA
		want finding
	}{
		"TLS, asked without":      {"jaeger://" + secure, ca, finding{doctor.TLSMismatch, "speaks TLS", "jaeger+https:// in place"}},
		"no TLS, asked with":      {"jaeger+https://" + plain, ca, finding{doctor.TLSMismatch, "speaks HTTP", "jaeger:// in place"}},
		"an authority unknown":    {"jaeger+https://" + secure, faultkit.NewCA(t), finding{doctor.TLSMismatch, "unknown authority", "ca: FILE"}},
		"another's certificate":   {"jaeger+https://" + elsewhere, ca, finding{doctor.TLSMismatch, "not valid for", "serverName"}},
		"a certificate is wanted": {"jaeger+https://" + mutual, ca, finding{doctor.TLSMismatch, "refused the TLS handshake", "cert: FILE"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := open(t, tt.url, func(o *Options) { o.TLS = tt.ca.ClientConfig() })
			r := j.Inspect(t.Context(), doctor.Traces)
			tt.want.expect(t, j, &r)
		})
	}
	t.Run("TLS, asked with", func(t *testing.T) {
		t.Parallel()
		j := open(t, "jaeger+https://"+secure, func(o *Options) { o.TLS = ca.ClientConfig() })
		if r := j.Inspect(t.Context(), doctor.Traces); r.Read != doctor.Yes || len(r.Findings) > 0 {
			t.Errorf("Inspect: %+v; want no finding", r)
		}
	})
}

func TestAWebPageWithoutEndIsReadInPart(t *testing.T) {
	t.Parallel()
	j := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/") {
			w.Header()["Date"] = nil
			say(w, `{"services":["order"]}`)
			return
		}
		say(w, webPage("", "v2.13.0"))
		for out := bufio.NewWriter(w); r.Context().Err() == nil; {
			if _, err := out.WriteString("<p>JAEGER_VERSION = {"); err != nil {
				return
			}
		}
	}))
	want := report(j, func(r *doctor.Report) { r.ClockSkewSeconds = nil })
	if diff := cmp.Diff(want, j.Inspect(t.Context(), doctor.Traces)); diff != "" {
		t.Error(diff)
	}
}

func TestAWebPageThatDoesNotComeHoldsNothingUp(t *testing.T) {
	t.Parallel()
	well := fake{v3: true, services: []string{"order"}, version: "v2.13.0", date: noon}
	j := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/api/") {
			select {
			case <-r.Context().Done():
				return
			case <-time.After(5 * time.Second): // more than it is waited for
			}
		}
		well.ServeHTTP(w, r)
	}))
	j.pageTime = 50 * time.Millisecond
	want := report(j, func(r *doctor.Report) { r.Version = "" })
	if diff := cmp.Diff(want, j.Inspect(t.Context(), doctor.Traces)); diff != "" {
		t.Error(diff)
	}
}

func TestASurveyTellsServicesAndVersion(t *testing.T) {
	t.Parallel()
	got, err := serve(t, fake{v3: true, services: []string{"user", "order"}, version: "v1.76.0"}).Survey(t.Context())
	want := doctor.Survey{Version: "1.76.0", Services: []string{"order", "user"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}
