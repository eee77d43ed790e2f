package demo

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	otelcodes "go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"govctl/pkg/registry"
)

// failure is the body of an HTTP answer other than success.
type failure struct {
	Error   string `json:"error"`
	TraceID string `json:"traceId,omitempty"`
}

// handle serves pattern ("METHOD /path") with do, in a server span that goes on
// with the caller's trace. do is given the trace's id in hexadecimal; of its
// errors, only a refusal says what to answer.
func (u *unit) handle(mux *http.ServeMux, pattern string, do func(r *http.Request, traceID string) (any, error)) {
	method, route, _ := strings.Cut(pattern, " ")
	mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		ctx := propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		ctx, span := u.tracer.Start(ctx, pattern, trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
			attribute.String("http.request.method", method),
			attribute.String("http.route", route),
			attribute.String("url.path", r.URL.Path),
		))
		defer span.End()
		traceID := span.SpanContext().TraceID().String()
		code := http.StatusOK
		body, err := do(r.WithContext(ctx), traceID)
		if err != nil {
			code = http.StatusInternalServerError
			if no, ok := errors.AsType[*refusal](err); ok {
				code = no.status
			}
			body = failure{Error: err.Error(), TraceID: traceID}
		}
		endHTTP(span, code, http.StatusInternalServerError, err)
		reply(w, code, body)
	})
}

func reply(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body) // the caller went away: nobody to tell
}

// startCall opens the client span of a call to in.
func (u *unit) startCall(ctx context.Context, name string, in *registry.Instance, more ...attribute.KeyValue) (context.Context, trace.Span) {
	about := append(slices.Clone(more),
		attribute.String("peer.service", in.Service),
		attribute.String("server.address", in.Address),
		attribute.Int("server.port", in.Port),
	)
	return u.tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(about...))
}

// endHTTP sets what came of an HTTP request. code is 0 where there was no
// answer; from the code wrong on, the span has failed: 500 for a server, whose
// caller may be at fault, 400 for a client (OpenTelemetry's semantic
// conventions).
func endHTTP(span trace.Span, code, wrong int, err error) {
	if code != 0 {
		span.SetAttributes(attribute.Int("http.response.status_code", code))
	}
	if err != nil && (code == 0 || code >= wrong) {
		span.SetStatus(otelcodes.Error, err.Error())
	}
}

// endRPC sets what came of a gRPC call. Every code but OK has failed the span.
func endRPC(span trace.Span, err error) {
	span.SetAttributes(attribute.Int("rpc.grpc.status_code", int(status.Code(err))))
	if err != nil {
		span.SetStatus(otelcodes.Error, status.Convert(err).Message())
	}
}

func rpcAttributes(service string) []attribute.KeyValue {
	return []attribute.KeyValue{
		attribute.String("rpc.system", "grpc"),
		attribute.String("rpc.service", rpcService(service)),
		attribute.String("rpc.method", rpcMethod(service)),
	}
}

// traceUnary is the server side of a gRPC call, in a span.
func (u *unit) traceUnary(ctx context.Context, in any, info *grpc.UnaryServerInfo, do grpc.UnaryHandler) (any, error) {
	if info.FullMethod != fullMethod(u.service) {
		return do(ctx, in) // a health check is no request
	}
	md, _ := metadata.FromIncomingContext(ctx)
	ctx = propagation.TraceContext{}.Extract(ctx, carrier(md))
	ctx, span := u.tracer.Start(ctx, strings.TrimPrefix(info.FullMethod, "/"),
		trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(rpcAttributes(u.service)...))
	defer span.End()
	out, err := do(ctx, in)
	endRPC(span, err)
	return out, err
}

// carrier lets the trace context travel in gRPC metadata, whose keys are lower
// case.
type carrier metadata.MD

var _ propagation.TextMapCarrier = carrier(nil)

// Get implements propagation.TextMapCarrier.
func (c carrier) Get(key string) string {
	if v := metadata.MD(c).Get(key); len(v) > 0 {
		return v[0]
	}
	return ""
}

// Set implements propagation.TextMapCarrier.
func (c carrier) Set(key, value string) { metadata.MD(c).Set(key, value) }

// Keys implements propagation.TextMapCarrier.
func (c carrier) Keys() []string {
	keys := make([]string, 0, len(c))
	for k := range c {
		keys = append(keys, k)
	}
	return keys
}
