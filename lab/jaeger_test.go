package lab

import (
	"context"
	"fmt"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"govctl/pkg/backend/jaeger"
	"govctl/pkg/doctor"

	"govctl/lab/server"
)

// startJaeger starts a Jaeger for t alone and stops it at its end.
func startJaeger(t *testing.T, base string) *server.Jaeger {
	t.Helper()
	binary, err := server.BuildJaeger(t.Context(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	j, err := server.StartJaeger(t.Context(), server.JaegerOptions{Binary: binary, Dir: t.TempDir(), BasePath: base})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Stop(); err != nil {
			t.Error(err)
		}
	})
	return j
}

// openJaeger opens the Jaeger at text, a URL.
func openJaeger(t *testing.T, text string) *jaeger.Jaeger {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	j, err := jaeger.Open(jaeger.Options{URL: u, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// withoutV3 is the URL of s as it would be without its API v3: there, as at every
// path that it does not know, it answers with its web page.
func withoutV3(t *testing.T, s *server.Jaeger) string {
	t.Helper()
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: s.Address})
		if strings.HasPrefix(r.Out.URL.Path, "/api/v3/") {
			r.Out.URL.Path = "/unknown"
		}
	}})
	t.Cleanup(proxy.Close)
	return "jaeger://" + proxy.Listener.Addr().String()
}

// oneSpan is a trace of one span of service, as OTLP JSON.
func oneSpan(service string) []byte {
	now := time.Now()
	return fmt.Appendf(nil, `{"resourceSpans":[{
		"resource":{"attributes":[{"key":"service.name","value":{"stringValue":%q}}]},
		"scopeSpans":[{"spans":[{
			"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","name":"POST /orders","kind":2,
			"startTimeUnixNano":"%d","endTimeUnixNano":"%d"
		}]}]
	}]}`, service, now.Add(-time.Second).UnixNano(), now.UnixNano())
}

// wellJaeger is what doctor says of a Jaeger that is well, but for its latency.
func wellJaeger(t *testing.T, j *server.Jaeger, place string) doctor.Report {
	t.Helper()
	version, err := server.JaegerVersion(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return doctor.Report{
		System: "jaeger", Version: version, Generation: "http v3", Server: j.Address, Place: place, Identity: "anonymous",
		Read: doctor.Yes, Write: doctor.No, Capabilities: []string{}, ClockSkewSeconds: new(float64), Findings: []doctor.Finding{},
	}
}

// checkJaeger compares a report, whose latency is what it is, with want.
func checkJaeger(t *testing.T, got, want doctor.Report) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(doctor.Report{}, "LatencySeconds")); diff != "" {
		t.Error(diff)
	}
	if answered := got.Server != ""; answered != (got.LatencySeconds > 0) {
		t.Errorf("latency %v s of server %q", got.LatencySeconds, got.Server)
	}
}

func TestJaegerListsTheServicesThatHaveTraces(t *testing.T) {
	t.Parallel()
	s := startJaeger(t, "")
	j := openJaeger(t, s.URL())
	if names, err := j.Services(t.Context()); err != nil || len(names) > 0 {
		t.Fatalf("services before any trace: %q, %v; want none", names, err)
	}
	old := openJaeger(t, withoutV3(t, s))
	if names, err := old.Services(t.Context()); err != nil || len(names) > 0 {
		t.Fatalf("by the older API: %q, %v; want none", names, err)
	}
	want := []string{"a b/ü", "order", "user"}
	for _, name := range []string{"user", "a b/ü", "order"} {
		if err := s.Send(t.Context(), oneSpan(name)); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, func(ctx context.Context) error {
		names, err := j.Services(ctx)
		if err == nil && !slices.Equal(names, want) {
			err = fmt.Errorf("services %q; want %q", names, want)
		}
		return err
	})
	if names, err := old.Services(t.Context()); err != nil || !slices.Equal(names, want) {
		t.Errorf("by the older API: %q, %v; want %q", names, err, want)
	}
	if r := old.Inspect(t.Context(), doctor.Traces); r.Generation != "http v1" || r.Read != doctor.Yes || len(r.Findings) > 0 {
		t.Errorf("without v3: %+v; want http v1", r)
	}
}

func TestJaegerTellsHowItIsUntilItStops(t *testing.T) {
	t.Parallel()
	s := startJaeger(t, "")
	j := openJaeger(t, s.URL())
	checkJaeger(t, j.Inspect(t.Context(), doctor.Traces), wellJaeger(t, s, ""))
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	checkJaeger(t, j.Inspect(t.Context(), doctor.Traces), doctor.Report{
		System: "jaeger", Read: doctor.Unknown, Write: doctor.No, Capabilities: []string{},
		Findings: []doctor.Finding{{
			Code: doctor.Unreachable, Level: doctor.Inconclusive, Text: s.Address + ": connection refused",
			Hint: "is jaeger-query running, and is this its address? its HTTP port is 16686 by default",
		}},
	})
}

func TestJaegerBelowABasePathIsFound(t *testing.T) {
	t.Parallel()
	s := startJaeger(t, "/jaeger")
	checkJaeger(t, openJaeger(t, s.URL()+"/").Inspect(t.Context(), doctor.Traces), wellJaeger(t, s, "/jaeger"))
	for _, wrong := range []string{"", "/x"} {
		r := openJaeger(t, "jaeger://"+s.Address+wrong).Inspect(t.Context(), doctor.Traces)
		if len(r.Findings) != 1 || r.Findings[0].Code != doctor.NotThere || !strings.Contains(r.Findings[0].Hint, `below "/jaeger/"`) {
			t.Errorf("at %q: %+v; want the base path named", wrong, r.Findings)
		}
	}
}

func TestWhatIsNotJaegersHTTPPortIsNamed(t *testing.T) {
	t.Parallel()
	s := startJaeger(t, "")
	for name, address := range map[string]string{"OTLP": s.OTLP, "gRPC": s.GRPC, "Consul": shared.main.Address} {
		r := openJaeger(t, "jaeger://"+address).Inspect(t.Context(), doctor.Traces)
		if len(r.Findings) != 1 || r.Findings[0].Code != doctor.WrongServer {
			t.Errorf("%s: %+v; want that it is the wrong server", name, r.Findings)
		}
	}
}
