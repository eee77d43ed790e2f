package faultkit

import (
	"context"
	"crypto/tls"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

// GRPCTLS is the option that has a gRPC server speak TLS.
func GRPCTLS(config *tls.Config) grpc.ServerOption { return grpc.Creds(credentials.NewTLS(config)) }

// GRPCHealth is a gRPC server whose health service knows these services and no
// others; the server as a whole is "", and SERVING unless it is named.
func GRPCHealth(t testing.TB, services map[string]healthpb.HealthCheckResponse_ServingStatus, o ...grpc.ServerOption) string {
	t.Helper()
	h := health.NewServer()
	for name, s := range services {
		h.SetServingStatus(name, s)
	}
	return serveGRPC(t, h, o)
}

// GRPCBare is a gRPC server without a health service.
func GRPCBare(t testing.TB, o ...grpc.ServerOption) string {
	t.Helper()
	return serveGRPC(t, nil, o)
}

// GRPCSilent is a gRPC server that takes a health check and never answers.
func GRPCSilent(t testing.TB, o ...grpc.ServerOption) string {
	t.Helper()
	return serveGRPC(t, failing{answer: func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}}, o)
}

// GRPCError is a gRPC server that answers every health check with an error.
func GRPCError(t testing.TB, code codes.Code, message string, o ...grpc.ServerOption) string {
	t.Helper()
	return serveGRPC(t, failing{answer: func(context.Context) error { return status.Error(code, message) }}, o)
}

// failing is a health service that answers with an error.
type failing struct {
	healthpb.UnimplementedHealthServer
	answer func(context.Context) error
}

// Check implements healthpb.HealthServer.
func (f failing) Check(ctx context.Context, _ *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	return nil, f.answer(ctx)
}

// serveGRPC serves h, or nothing where it is nil.
func serveGRPC(t testing.TB, h healthpb.HealthServer, o []grpc.ServerOption) string {
	t.Helper()
	ln := listen(t)
	srv := grpc.NewServer(o...)
	if h != nil {
		healthpb.RegisterHealthServer(srv, h)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(ln) // nil, or that it was stopped before it began
	}()
	t.Cleanup(func() {
		srv.Stop()
		<-done
	})
	return ln.Addr().String()
}
