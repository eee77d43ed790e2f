package demo

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// scope names the instrumentation in every span.
const scope = "govctl/pkg/demo"

// recorder collects the spans of all instances that share a folder, and writes
// them there in batches.
type recorder struct {
	sdktrace.SpanProcessor // the batches: a queue, a goroutine and a timer of the SDK

	files *ring
}

// newRecorder returns a recorder that writes into dir, or nil, which records
// nothing, where dir is empty.
func newRecorder(dir string, bound int64, log func(string)) (*recorder, error) {
	if dir == "" {
		return nil, nil //nolint:nilnil // no folder, no recorder: the zero of an optional part
	}
	files, err := newRing(dir, bound)
	if err != nil {
		return nil, err
	}
	exp := &exporter{files: files, state: news{what: "write traces", log: log}}
	batches := sdktrace.NewBatchSpanProcessor(exp, sdktrace.WithBatchTimeout(time.Second))
	return &recorder{SpanProcessor: batches, files: files}, nil
}

// close writes what is still queued and closes the file.
func (r *recorder) close(ctx context.Context) error {
	if r == nil {
		return nil
	}
	err := r.Shutdown(ctx)
	if e := r.files.close(); err == nil {
		err = e
	}
	return err
}

// tracer returns the tracer of one instance: its spans bear that instance's
// resource. Nothing global is read or set.
func (r *recorder) tracer(environment string, u *unit) trace.Tracer {
	res := resource.NewSchemaless(
		attribute.String("service.name", u.service),
		attribute.String("service.version", u.version),
		attribute.String("service.instance.id", u.in.ID),
		attribute.String("deployment.environment.name", environment),
		attribute.String("cloud.availability_zone", u.zone),
	)
	options := []sdktrace.TracerProviderOption{
		sdktrace.WithResource(res), sdktrace.WithSampler(sdktrace.AlwaysSample()),
	}
	if r != nil {
		options = append(options, sdktrace.WithSpanProcessor(r))
	}
	return sdktrace.NewTracerProvider(options...).Tracer(scope)
}

// exporter writes each batch as one line of OTLP JSON. The marshaler is
// pdata's: protojson would write ids as base64 and enums as names, which the
// OTLP specification forbids. The batch processor never calls it concurrently.
type exporter struct {
	files *ring
	state news
}

var _ sdktrace.SpanExporter = (*exporter)(nil)

// ExportSpans implements sdktrace.SpanExporter. An error goes to our own log:
// returned, it would go to the SDK's global handler and onto somebody's stderr.
func (e *exporter) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	line, err := (&ptrace.JSONMarshaler{}).MarshalTraces(batch(spans))
	if err == nil {
		err = e.files.write(append(line, '\n'))
	}
	e.state.see(err)
	return nil
}

// Shutdown implements sdktrace.SpanExporter; the recorder closes the file.
func (e *exporter) Shutdown(context.Context) error { return nil }

// batch groups spans by the instance that made them, in order of appearance.
func batch(spans []sdktrace.ReadOnlySpan) ptrace.Traces {
	out := ptrace.NewTraces()
	groups := map[attribute.Distinct]ptrace.SpanSlice{}
	for _, s := range spans {
		of := s.Resource().Equivalent()
		group, ok := groups[of]
		if !ok {
			rs := out.ResourceSpans().AppendEmpty()
			putAttributes(rs.Resource().Attributes(), s.Resource().Attributes())
			ss := rs.ScopeSpans().AppendEmpty()
			ss.Scope().SetName(scope)
			group = ss.Spans()
			groups[of] = group
		}
		putSpan(group.AppendEmpty(), s)
	}
	return out
}

// putSpan copies what the mesh's spans have: all are of servers or clients, and
// none has events or links.
func putSpan(to ptrace.Span, s sdktrace.ReadOnlySpan) {
	at := s.SpanContext()
	to.SetTraceID(pcommon.TraceID(at.TraceID()))
	to.SetSpanID(pcommon.SpanID(at.SpanID()))
	to.SetParentSpanID(pcommon.SpanID(s.Parent().SpanID()))
	to.SetFlags(uint32(at.TraceFlags()))
	to.TraceState().FromRaw(at.TraceState().String())
	to.SetName(s.Name())
	to.SetKind(ptrace.SpanKindServer)
	if s.SpanKind() == trace.SpanKindClient {
		to.SetKind(ptrace.SpanKindClient)
	}
	to.SetStartTimestamp(pcommon.NewTimestampFromTime(s.StartTime()))
	to.SetEndTimestamp(pcommon.NewTimestampFromTime(s.EndTime()))
	putAttributes(to.Attributes(), s.Attributes())
	if s.Status().Code == codes.Error { // a 1 there, a 2 in OTLP
		to.Status().SetCode(ptrace.StatusCodeError)
	}
	to.Status().SetMessage(s.Status().Description)
}

// putAttributes keeps numbers numbers; the mesh has whole ones and text.
func putAttributes(to pcommon.Map, from []attribute.KeyValue) {
	for _, kv := range from {
		if kv.Value.Type() == attribute.INT64 {
			to.PutInt(string(kv.Key), kv.Value.AsInt64())
		} else {
			to.PutStr(string(kv.Key), kv.Value.String())
		}
	}
}
