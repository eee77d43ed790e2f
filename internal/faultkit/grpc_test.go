package faultkit

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

const (
	serving    = healthpb.HealthCheckResponse_SERVING
	notServing = healthpb.HealthCheckResponse_NOT_SERVING
	unknown    = healthpb.HealthCheckResponse_UNKNOWN
)

// check asks for the health of a service.
func check(ctx context.Context, t *testing.T, address, service string, creds credentials.TransportCredentials) (healthpb.HealthCheckResponse_ServingStatus, codes.Code) {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(creds))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // nothing is left to lose
	resp, err := healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{Service: service})
	return resp.GetStatus(), status.Code(err)
}

func TestGRPCHealthKnowsItsServicesAndNoOthers(t *testing.T) {
	t.Parallel()
	ca := NewCA(t)
	services := map[string]healthpb.HealthCheckResponse_ServingStatus{"api": serving, "cart": notServing}
	for address, creds := range map[string]credentials.TransportCredentials{
		GRPCHealth(t, services): insecure.NewCredentials(),
		GRPCHealth(t, services, GRPCTLS(Config(ca.Issue(t, Leaf{})))): credentials.NewTLS(ca.ClientConfig()),
	} {
		for service, want := range map[string]struct {
			status healthpb.HealthCheckResponse_ServingStatus
			code   codes.Code
		}{
			"": {serving, codes.OK}, "api": {serving, codes.OK}, "cart": {notServing, codes.OK}, "order": {unknown, codes.NotFound},
		} {
			if got, code := check(soon(t), t, address, service, creds); got != want.status || code != want.code {
				t.Errorf("%s: %q is %v, %v; want %v", creds.Info().SecurityProtocol, service, got, code, want)
			}
		}
	}
	all := GRPCHealth(t, map[string]healthpb.HealthCheckResponse_ServingStatus{"": notServing})
	if got, code := check(soon(t), t, all, "", insecure.NewCredentials()); got != notServing || code != codes.OK {
		t.Errorf("the server is %v, %v; want that it is not serving", got, code)
	}
}

func TestGRPCWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	if _, code := check(soon(t), t, GRPCBare(t), "", insecure.NewCredentials()); code != codes.Unimplemented {
		t.Errorf("a bare server: %v; want Unimplemented", code)
	}
	if _, code := check(soon(t), t, GRPCError(t, codes.PermissionDenied, "who are you"), "", insecure.NewCredentials()); code != codes.PermissionDenied {
		t.Errorf("a server that denies: %v; want PermissionDenied", code)
	}
	address := GRPCSilent(t)
	if _, code := check(within(t, 100*time.Millisecond), t, address, "", insecure.NewCredentials()); code != codes.DeadlineExceeded {
		t.Errorf("a silent server: %v; want DeadlineExceeded", code)
	}
}

func TestACallInFlightEndsWithTheTest(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 20*time.Second)
	asked, code := make(chan struct{}), make(chan codes.Code, 1)
	t.Cleanup(func() { // after the server's own
		if got := <-code; got != codes.Unavailable {
			t.Errorf("the call ends with %v; want Unavailable", got)
		}
		cancel()
	})
	address := GRPCSilent(t, grpc.UnaryInterceptor(
		func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			close(asked)
			return next(ctx, req)
		}))
	go func() {
		_, got := check(ctx, t, address, "", insecure.NewCredentials())
		code <- got
	}()
	<-asked
}
