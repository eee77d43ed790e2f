package demo

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"

	"govctl/pkg/registry"
)

// hopTime bounds one call from a service to the next. On loopback it is only
// ever reached by a machine that is very busy.
const hopTime = 10 * time.Second

// newClient returns the HTTP client of all callers in the mesh. It takes no
// proxy from the environment and follows no redirect.
func newClient(trust *tls.Config) *http.Client {
	return &http.Client{
		Transport: &http.Transport{TLSClientConfig: trust, IdleConnTimeout: time.Minute},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}
}

// reach asks the registry for service, calls use with one of its passing
// instances, and once more with another where that one was not reached.
// Repeating is safe: an order bears its id from the gateway on.
func (e *env) reach(ctx context.Context, service string, use func(context.Context, *registry.Instance) error) error {
	live, err := e.passing(ctx, service)
	if err != nil {
		return err
	}
	for try := 1; ; try++ {
		i := pick(live)
		err := use(ctx, &live[i])
		no, ok := errors.AsType[*refusal](err)
		if !ok || !no.unreached || try == 2 || len(live) == 1 {
			return err
		}
		live = slices.Delete(live, i, i+1)
	}
}

// passing returns the callable instances of service that the registry calls
// passing, at least one. In a registry that others use too, a demo calls nobody
// else's instances, and not those of a demo on another machine.
func (e *env) passing(ctx context.Context, service string) ([]registry.Instance, error) {
	all, err := e.Registry.Instances(ctx, service)
	if err != nil && !errors.Is(err, registry.ErrNotFound) {
		return nil, &refusal{status: http.StatusServiceUnavailable, text: fmt.Sprintf("look up %s: %v", service, err)}
	}
	live := slices.DeleteFunc(all, func(in registry.Instance) bool {
		return in.Health != registry.Passing || in.Weight <= 0 || !e.callable[in.ID]
	})
	if len(live) == 0 {
		return nil, &refusal{status: http.StatusServiceUnavailable, text: "no passing instance of " + service}
	}
	return live, nil
}

// pick returns the index of one instance, each as likely as its weight says.
func pick(live []registry.Instance) int {
	total := 0.0
	for i := range live {
		total += live[i].Weight
	}
	at := rand.Float64() * total //nolint:gosec // which instance is asked is no secret
	for i := range live {
		if at -= live[i].Weight; at < 0 {
			return i
		}
	}
	return len(live) - 1
}

// ask is an HTTP request of the mesh: JSON in, JSON out.
type ask struct {
	method, path string
	route        string // the path with names for its variable parts
	body, into   any    // body may be nil
}

// fetch asks an instance of service, in a client span for each attempt.
func (u *unit) fetch(ctx context.Context, service string, q ask) error {
	return u.env.reach(ctx, service, func(ctx context.Context, in *registry.Instance) error {
		ctx, span := u.startCall(ctx, q.method+" "+q.route, in,
			attribute.String("http.request.method", q.method), attribute.String("url.path", q.path))
		defer span.End()
		code, err := u.env.send(ctx, in, q)
		endHTTP(span, code, http.StatusBadRequest, err)
		return err
	})
}

// send asks in, and returns the status of its answer, 0 where there was none.
// An error is a refusal.
func (e *env) send(ctx context.Context, in *registry.Instance, q ask) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, hopTime)
	defer cancel()
	req, err := request(ctx, in, q)
	if err != nil {
		return 0, &refusal{status: http.StatusInternalServerError, text: err.Error()}
	}
	resp, err := e.client.Do(req)
	if err != nil {
		return 0, unreached(ctx, in, err)
	}
	defer func() { _ = resp.Body.Close() }()
	body := json.NewDecoder(io.LimitReader(resp.Body, maxBody))
	if resp.StatusCode == http.StatusOK {
		if err := body.Decode(q.into); err != nil {
			return resp.StatusCode, &refusal{status: http.StatusBadGateway, text: in.ID + " answered no JSON"}
		}
		return resp.StatusCode, nil
	}
	no := failure{}
	if body.Decode(&no) != nil || no.Error == "" {
		no.Error = fmt.Sprintf("%s answered %s", in.ID, resp.Status)
	}
	return resp.StatusCode, &refusal{status: resp.StatusCode, text: no.Error, traceID: no.TraceID}
}

func request(ctx context.Context, in *registry.Instance, q ask) (*http.Request, error) {
	var body io.Reader
	if q.body != nil {
		data, err := json.Marshal(q.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(data)
	}
	at := url.URL{Scheme: "http", Host: in.HostPort(), Path: q.path}
	if s := in.Metadata[MetaScheme]; s != "" {
		at.Scheme = s
	}
	req, err := http.NewRequestWithContext(ctx, q.method, at.String(), body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	propagation.TraceContext{}.Inject(ctx, propagation.HeaderCarrier(req.Header))
	return req, nil
}

// unreached is the refusal of an instance that gave no answer. After a timeout
// nobody else is asked: the time is gone.
func unreached(ctx context.Context, in *registry.Instance, err error) *refusal {
	if ctx.Err() != nil {
		return &refusal{status: http.StatusGatewayTimeout, text: in.ID + " did not answer in time"}
	}
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err // without the method and the URL
	}
	return &refusal{status: http.StatusServiceUnavailable, text: fmt.Sprintf("%s: %v", in.ID, err), unreached: true}
}

// invoke calls the one method of a gRPC service, in a client span for each
// attempt. An error is a refusal.
func (u *unit) invoke(ctx context.Context, service string, fields map[string]any) (*structpb.Struct, error) {
	out := new(structpb.Struct)
	msg, err := structpb.NewStruct(fields)
	if err != nil {
		return nil, err
	}
	name := strings.TrimPrefix(fullMethod(service), "/")
	err = u.env.reach(ctx, service, func(ctx context.Context, in *registry.Instance) error {
		ctx, span := u.startCall(ctx, name, in, rpcAttributes(service)...)
		defer span.End()
		ctx, cancel := context.WithTimeout(ctx, hopTime)
		defer cancel()
		err := call(ctx, in, fullMethod(service), msg, out)
		endRPC(span, err)
		return refusalOf(ctx, in, err)
	})
	return out, err
}

// call makes a connection of its own: at a request a second, a pool would only
// be state that can go stale.
func call(ctx context.Context, in *registry.Instance, method string, msg, out *structpb.Struct) error {
	conn, err := grpc.NewClient("passthrough:///"+in.HostPort(), grpc.WithNoProxy(), grpc.WithDisableServiceConfig(),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	md := metadata.MD{}
	propagation.TraceContext{}.Inject(ctx, carrier(md))
	return conn.Invoke(metadata.NewOutgoingContext(ctx, md), method, msg, out)
}

// refusalOf translates the status of a gRPC call.
func refusalOf(ctx context.Context, in *registry.Instance, err error) error {
	text := in.ID + ": " + status.Convert(err).Message()
	switch status.Code(err) {
	case codes.OK:
		return nil
	case codes.Unavailable:
		return unreached(ctx, in, errors.New(status.Convert(err).Message()))
	case codes.DeadlineExceeded, codes.Canceled:
		return &refusal{status: http.StatusGatewayTimeout, text: in.ID + " did not answer in time"}
	case codes.NotFound:
		return &refusal{status: http.StatusNotFound, text: text}
	default:
		return &refusal{status: http.StatusBadGateway, text: text}
	}
}
