package probe

import (
	"net/http"
	"testing"

	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"govctl/internal/faultkit"
)

// TestGRPCAnswers is P3.
func TestGRPCAnswers(t *testing.T) {
	t.Parallel()
	type statuses = map[string]healthpb.HealthCheckResponse_ServingStatus
	serving, not := healthpb.HealthCheckResponse_SERVING, healthpb.HealthCheckResponse_NOT_SERVING
	for name, c := range map[string]struct {
		address string
		kind    string
		lenient bool
		want    string
	}{
		"serving":                    {faultkit.GRPCHealth(t, nil), "grpc", false, "ok SERVING"},
		"a service that serves":      {faultkit.GRPCHealth(t, statuses{"a.B": serving, "": not}), "grpc:a.B", false, "ok SERVING"},
		"not serving":                {faultkit.GRPCHealth(t, statuses{"": not}), "grpc", false, "failed status: NOT_SERVING"},
		"not serving is an answer":   {faultkit.GRPCHealth(t, statuses{"": not}), "grpc", true, "failed status: NOT_SERVING"},
		"an unknown service":         {faultkit.GRPCHealth(t, nil), "grpc:a.C", false, `failed status: its health knows no service "a.C"`},
		"no health service":          {faultkit.GRPCBare(t), "grpc", false, "unprobeable has no health service (UNIMPLEMENTED)"},
		"no health service, guess":   {faultkit.GRPCBare(t), "grpc", true, "ok answers, has no health service"},
		"wants credentials":          {faultkit.GRPCError(t, codes.Unauthenticated, "who?"), "grpc", false, "unprobeable wants credentials (UNAUTHENTICATED)"},
		"its own trouble":            {faultkit.GRPCError(t, codes.Internal, "oops"), "grpc", true, "failed status: INTERNAL: oops"},
		"resources":                  {faultkit.GRPCError(t, codes.ResourceExhausted, ""), "grpc", false, "failed status: RESOURCE_EXHAUSTED"},
		"takes it and never answers": {faultkit.GRPCSilent(t), "grpc", false, "failed request: " + late},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			to := target(t, c.kind, c.address)
			to.Spec.AnyAnswer = c.lenient
			if got := outcome(t, patient(c.want), to); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestGRPCOverTLS(t *testing.T) {
	t.Parallel()
	ca := faultkit.NewCA(t)
	p := prober()
	p.Roots = ca.Pool()
	address := faultkit.GRPCHealth(t, nil, faultkit.GRPCTLS(faultkit.Config(ca.Issue(t, faultkit.Leaf{}))))
	if got := outcome(t, p, target(t, "grpcs", address)); got != "ok SERVING" {
		t.Errorf("%q", got)
	}
	web := faultkit.ServeTLS(t, faultkit.Config(ca.Issue(t, faultkit.Leaf{})), http.NotFoundHandler())
	if got, want := outcome(t, p, target(t, "grpcs", web)), "failed request: speaks HTTP/2, but not gRPC"; got != want {
		t.Errorf("a web server: %q, want %q", got, want)
	}
}
