// Package consul speaks to HashiCorp Consul, by its HTTP API alone, as of
// 1.14.11: a registry of services, and configuration in its key-value store.
package consul

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"govctl/internal/httpx"
	"govctl/pkg/registry"
	"govctl/pkg/registry/gomicro"
)

var (
	_ registry.Registry   = (*Registry)(nil)
	_ registry.Summarizer = (*Registry)(nil)
	_ registry.Registrar  = (*Registry)(nil)
	_ registry.Watcher    = (*Registry)(nil)
)

// Registry is the catalog of one Consul datacenter. It is safe for concurrent
// use.
type Registry struct {
	client *client
	tags   gomicro.Decoder
	// claims has one element: who holds it gives out ids (see Register).
	claims chan struct{}
	pace   pace // of watches
}

// OpenRegistry returns the registry that o.URL names. It connects to nothing: an
// error means that the URL is wrong.
func OpenRegistry(o Options) (*Registry, error) {
	c, err := o.client()
	if err != nil {
		return nil, err
	}
	return &Registry{client: c, claims: make(chan struct{}, 1), pace: o.pace()}, nil
}

// Services implements registry.Registry.
func (r *Registry) Services(ctx context.Context) ([]string, error) {
	names := serviceNames{}
	a, err := r.read(ctx, "", question{path: "/v1/catalog/services"}, func(resp *httpx.Response) error {
		return httpx.DecodeJSON(resp.Body, &names)
	})
	if err != nil {
		return nil, err
	}
	if !slices.Contains(names, selfService) {
		r.client.remarks.unseen(a)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// read is client.read, in a question about service, "" for all, whose error is a
// *registry.Error.
func (r *Registry) read(ctx context.Context, service string, q question, decode func(*httpx.Response) error) (answer, error) {
	a, err := r.client.read(ctx, q, decode)
	return a, r.fail(service, err)
}

// fail returns err, nil or what a question about service ended with, as a
// *registry.Error.
func (r *Registry) fail(service string, err error) error {
	if err == nil {
		return nil
	}
	f := r.client.fail("", err)
	return &registry.Error{Backend: f.backend(), Service: service, Err: f.as(f.kind.registryError()), Hint: f.hint}
}

// about returns err as that of server in a question about service.
func about(server, service string, err error) *registry.Error {
	return &registry.Error{Backend: "consul " + server, Service: service, Err: err}
}

// selfService is the service that Consul's servers are.
const selfService = "consul"

// serviceNames decodes the keys of an object and skips its values: with go-micro
// they are megabytes of tags.
type serviceNames []string

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (n *serviceNames) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if kind := dec.PeekKind(); kind != '{' {
		var object map[string][]string
		return json.UnmarshalDecode(dec, &object) // fails, and says how
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for dec.PeekKind() == '"' {
		name, err := dec.ReadToken()
		if err != nil {
			return err
		}
		*n = append(*n, name.String())
		if err := dec.SkipValue(); err != nil {
			return err
		}
	}
	_, err := dec.ReadToken()
	return err
}

var errUnseen = errors.New("not found, or not public: it was asked without a token")

// Instances implements registry.Registry. Where several nodes have an instance
// of the same id, theirs are ID@NODE. What the token may not read is missing, and
// a Notice says so. Since is not known to Consul.
func (r *Registry) Instances(ctx context.Context, service string) ([]registry.Instance, error) {
	instances, _, err := r.ask(ctx, service)
	return instances, err
}

func (r *Registry) ask(ctx context.Context, service string) ([]registry.Instance, answer, error) {
	if service == "" {
		return nil, answer{}, about(r.client.names[0], service, registry.ErrNotFound)
	}
	instances := []registry.Instance{}
	add := func(e *entry) {
		if e.Service.Service == service {
			instances = append(instances, r.instance(e))
		}
	}
	ask := r.askHealth
	if !printable(service) {
		ask = r.askNodes
	}
	a, err := ask(ctx, service, add)
	switch {
	case err != nil:
		return nil, a, err
	case len(instances) == 0 && a.guarded:
		unseen := about(a.server, service, cause{registry.ErrNotFound, errUnseen})
		unseen.Hint = r.client.adviser.hintToken()
		return nil, a, unseen
	case len(instances) == 0 && !a.filtered:
		return nil, a, about(a.server, service, registry.ErrNotFound)
	}
	unique(instances)
	return instances, a, nil
}

// printable reports whether Consul takes name in a path.
func printable(name string) bool {
	return !strings.ContainsFunc(name, func(c rune) bool { return !unicode.IsPrint(c) })
}

func (r *Registry) askHealth(ctx context.Context, service string, add func(*entry)) (answer, error) {
	return r.read(ctx, service, question{path: "/v1/health/service/" + segment(service)}, each(add))
}

// askNodes asks for a service whose name has characters that Consul takes in
// registrations but answers with 400 in a path. As what asks it is rare, what it
// costs does not matter.
func (r *Registry) askNodes(ctx context.Context, service string, add func(*entry)) (answer, error) {
	q := question{path: pathNodes}
	// Only nodes that have the service; bexpr has no escape for a quote.
	if quoted := strconv.Quote(service); !strings.Contains(quoted, `\"`) {
		q.query = url.Values{"filter": {"Services.Service == " + quoted}}
	}
	return r.read(ctx, service, q, eachNode(func(n *nodeInfo) {
		for e := range n.entries(service) {
			add(&e)
		}
	}))
}

// pathNodes is the one question whose answer has all that instances are made of.
const pathNodes = "/v1/internal/ui/nodes"

// eachNode is a decode that reads the answer to pathNodes node by node, without
// those of other clusters. It reads them as one value: thousands of instances
// may stand on one node, which is more than an element of a list may have.
func eachNode(f func(*nodeInfo)) func(*httpx.Response) error {
	return func(resp *httpx.Response) error {
		return httpx.DecodeJSON(resp.Body, &nodeList{f})
	}
}

type nodeList struct{ each func(*nodeInfo) }

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (l *nodeList) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if kind := dec.PeekKind(); kind != '[' {
		var list []nodeInfo
		return json.UnmarshalDecode(dec, &list) // null, or fails, and says how
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for dec.PeekKind() != ']' {
		var n nodeInfo
		if err := json.UnmarshalDecode(dec, &n); err != nil {
			return err
		}
		if n.PeerName == "" {
			l.each(&n)
		}
	}
	_, err := dec.ReadToken()
	return err
}
