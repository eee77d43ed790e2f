package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

const (
	// maxMessage bounds the answer to a health check, which is two bytes.
	maxMessage = 64 << 10
	// grpcBuffer is enough for one call, in bytes; grpc's own are 32 KiB each.
	grpcBuffer = 4 << 10
)

const notHTTP2 = "does not speak HTTP/2"

// askGRPC calls grpc.health.v1.Health/Check on conn and judges the answer.
func (a *attempt) askGRPC(ctx context.Context, conn net.Conn, address string) (string, error) {
	begun := a.prober.Now()
	defer func() { a.result.Times.RequestSeconds = a.prober.since(begun) }()
	a.phase = Request
	client, err := grpc.NewClient("passthrough:///"+address,
		grpc.WithContextDialer(only(conn)),
		// TLS, where there is any, is spoken below: its phases are ours to tell.
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithNoProxy(), grpc.WithDisableServiceConfig(), grpc.WithDisableRetry(), grpc.WithDisableHealthCheck(),
		grpc.WithReadBufferSize(grpcBuffer), grpc.WithWriteBufferSize(grpcBuffer), grpc.WithMaxHeaderListSize(maxHead),
		grpc.WithUserAgent("govctl-probe"), grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage)))
	if err != nil {
		return "", &UnprobeableError{err.Error()}
	}
	defer func() { _ = client.Close() }()
	answer, err := healthpb.NewHealthClient(client).Check(ctx, &healthpb.HealthCheckRequest{Service: a.target.Spec.Service})
	if err != nil {
		return a.judgeGRPC(ctx, status.Convert(err))
	}
	word := answer.GetStatus().String()
	if answer.GetStatus() != healthpb.HealthCheckResponse_SERVING {
		return "", &statusError{word}
	}
	return word, nil
}

// errUsed keeps grpc from connecting again by itself.
var errUsed = errors.New("one connection a probe")

// only returns a dial function that hands out conn, once.
func only(conn net.Conn) func(context.Context, string) (net.Conn, error) {
	ready := make(chan net.Conn, 1)
	ready <- conn
	return func(context.Context, string) (net.Conn, error) {
		select {
		case c := <-ready:
			return c, nil
		default:
			return nil, errUsed
		}
	}
}

// judgeGRPC says what a call that failed with s means. An answer of gRPC's is a
// sign of life, where nothing says how the instance tells its health.
func (a *attempt) judgeGRPC(ctx context.Context, s *status.Status) (string, error) {
	if ctx.Err() != nil || s.Code() == codes.DeadlineExceeded { // the server knows our deadline, too
		return "", context.DeadlineExceeded
	}
	text := s.Message()
	foreign := strings.Contains(text, "unexpected HTTP status code") || strings.Contains(text, "content-type") // no gRPC behind HTTP/2
	switch s.Code() {                                                                                          //nolint:exhaustive // the rest is the target's own trouble
	case codes.DeadlineExceeded, codes.Canceled:
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
	case codes.Unavailable:
		return "", unavailable(text)
	}
	if foreign {
		return "", &protocolError{"speaks HTTP/2, but not gRPC"}
	}
	lives := a.target.Spec.AnyAnswer
	switch s.Code() { //nolint:exhaustive // as above
	case codes.Unimplemented:
		if lives {
			return "answers, has no health service", nil
		}
		return "", &UnprobeableError{"has no health service (UNIMPLEMENTED)"}
	case codes.NotFound:
		if lives {
			return "answers, its health knows no such service", nil
		}
		return "", &statusError{fmt.Sprintf("its health knows no service %q", a.target.Spec.Service)}
	case codes.Unauthenticated, codes.PermissionDenied:
		if lives {
			return "answers, wants credentials", nil
		}
		return "", &UnprobeableError{"wants credentials (" + code(s) + ")"}
	}
	return "", &statusError{strings.TrimSuffix(code(s)+": "+text, ": ")}
}

// code is the name of a status as the specification writes it.
func code(s *status.Status) string {
	var b strings.Builder
	for i, r := range s.Code().String() {
		if i > 0 && r >= 'A' && r <= 'Z' && s.Code() != codes.OK {
			b.WriteByte('_')
		}
		b.WriteRune(r)
	}
	return strings.ToUpper(b.String())
}

// unavailable is why a connection that was there did not carry a call: grpc has
// no types for it.
func unavailable(text string) error {
	has := func(s string) bool { return strings.Contains(text, s) }
	switch {
	case has("remote error: tls: "):
		return errors.New(text)
	case has("connection reset"), has("broken pipe"):
		return errReset
	case has("failed reading the frame payload"), has("frame too large"), has("http2: "), has("malformed"), has("PROTOCOL_ERROR"), has("FRAME_SIZE_ERROR"):
		return &protocolError{notHTTP2}
	case has("EOF"), has("server preface"), has("closed"):
		return errClosed
	default:
		return &protocolError{"unavailable: " + text}
	}
}
