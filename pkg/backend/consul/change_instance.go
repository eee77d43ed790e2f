package consul

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"govctl/internal/httpx"
	"govctl/pkg/change"
	"govctl/pkg/registry"
)

var _ registry.Planner = (*Instances)(nil)

// Instances writes the instances of the agent that answers. What another agent has
// is refused: were it taken out of the catalog, that agent would put it back.
type Instances struct {
	registry *Registry
	pace     pace

	mu   sync.Mutex
	node string // the agent's own, once it was asked for
}

// OpenInstances returns what writes the instances of the agent that o.URL names. It
// connects to nothing: an error means that the URL is wrong.
func OpenInstances(o Options) (*Instances, error) {
	r, err := OpenRegistry(o)
	if err != nil {
		return nil, err
	}
	return &Instances{registry: r, pace: o.pace()}, nil
}

// About implements change.Keeper. An agent's API compares nothing.
func (i *Instances) About(context.Context) (change.About, error) {
	return change.About{
		Identity: "agent of consul " + strings.Join(i.registry.client.names, ","), Rereads: true,
		Limits: change.Limits{Ops: 1, Bytes: maxTxn, Value: maxValue},
	}, nil
}

// agentService is a service as its agent tells it, and the content of an instance:
// with its checks, and without what the agent adds by itself.
type agentService struct {
	ID              string
	Service         string                   `json:",omitempty"`
	Name            string                   `json:",omitempty"` // what Service is called where it is registered
	Kind            string                   `json:",omitempty"`
	Tags            []string                 `json:",omitempty"`
	Meta            map[string]string        `json:",omitempty"`
	Address         string                   `json:",omitempty"`
	Port            int                      `json:",omitempty"`
	SocketPath      string                   `json:",omitempty"`
	TaggedAddresses map[string]taggedAddress `json:",omitempty"`
	Weights         *registeredWeights       `json:",omitempty"`
	// EnableTagOverride lets others change the tags in the catalog.
	EnableTagOverride bool            `json:",omitempty"`
	Proxy             json.RawMessage `json:",omitempty"`
	Connect           json.RawMessage `json:",omitempty"`
	Checks            []agentCheck    `json:",omitempty"`
}

type taggedAddress struct {
	Address string
	Port    int
}

// agentCheck is what an agent tells of a check, but for its status: not what it asks,
// nor how often.
type agentCheck struct {
	CheckID string
	Name    string `json:",omitempty"`
	Notes   string `json:",omitempty"`
	TTL     string `json:",omitempty"` // where it is registered
}

// Read implements change.Keeper.
func (i *Instances) Read(ctx context.Context, keys []change.Key) ([]change.Entry, error) {
	entries := make([]change.Entry, len(keys))
	for n, k := range keys {
		s, err := i.find(ctx, k)
		if err != nil {
			return nil, err
		}
		entries[n].Key = k
		if s == nil {
			continue
		}
		if entries[n].Content, err = json.Marshal(s); err != nil {
			return nil, i.fail(err)
		}
		entries[n].Revision = revisionOf(entries[n].Content)
	}
	return entries, nil
}

// revisionOf returns the revision of an instance: agents count none.
func revisionOf(content []byte) change.Revision {
	sum := sha256.Sum256(content)
	return change.Revision(hex.EncodeToString(sum[:]))
}

// within returns a context that bounds one question: a plan is many of them.
func (i *Instances) within(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, i.pace.request)
}

// get asks the agent, and decodes its answer into v.
func (i *Instances) get(ctx context.Context, path string, query url.Values, v any) error {
	ctx, cancel := i.within(ctx)
	defer cancel()
	_, err := i.registry.client.read(ctx, question{path: path, query: query}, func(resp *httpx.Response) error {
		return httpx.DecodeJSON(resp.Body, v)
	})
	return i.fail(err)
}

// find returns the instance at k, nil where there is none. One that is of another
// agent is an error.
func (i *Instances) find(ctx context.Context, k change.Key) (*agentService, error) {
	if i.registry.client.scope.Has("dc") {
		return nil, i.refuse("", "an agent writes in its own datacenter: leave out --dc and ?dc=")
	}
	name, id := registry.OfChange(k.Name)
	var taken []string // by other services
	for _, candidate := range []string{id, agentID(name, id)} {
		var s agentService
		err := i.get(ctx, "/v1/agent/service/"+segment(candidate), nil, &s)
		if errors.Is(err, change.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if s.Service == name && s.ownID() == id {
			return i.withChecks(ctx, &s)
		}
		taken = append(taken, s.Service)
	}
	if len(taken) > 0 {
		return nil, i.refuse("ids are unique at an agent", "%s/%s: the agent has the service %s of that id", name, id, taken[0])
	}
	return nil, i.elsewhere(ctx, name, id)
}

// ownID is service.ownID.
func (s *agentService) ownID() string {
	one := service{ID: s.ID, Service: s.Service, Meta: s.Meta}
	return one.ownID()
}

// withChecks completes s with its checks, and takes away what the agent added to it.
func (i *Instances) withChecks(ctx context.Context, s *agentService) (*agentService, error) {
	var checks map[string]struct {
		agentCheck

		ServiceID string
	}
	query := url.Values{"filter": {"ServiceID == " + quoted(s.ID)}}
	if err := i.get(ctx, "/v1/agent/checks", query, &checks); err != nil {
		return nil, err
	}
	for _, c := range checks {
		if c.ServiceID == s.ID {
			c.TTL = ""
			s.Checks = append(s.Checks, c.agentCheck)
		}
	}
	slices.SortFunc(s.Checks, func(a, b agentCheck) int { return strings.Compare(a.CheckID, b.CheckID) })
	for _, added := range []string{"lan_ipv4", "wan_ipv4", "lan_ipv6", "wan_ipv6"} {
		if s.TaggedAddresses[added] == (taggedAddress{s.Address, s.Port}) {
			delete(s.TaggedAddresses, added)
		}
	}
	return s, nil
}

// quoted returns text as a filter of Consul holds it.
func quoted(text string) string {
	if strings.Contains(text, "`") {
		return fmt.Sprintf("%q", text)
	}
	return "`" + text + "`"
}

// elsewhere returns an error where another agent has the instance, or nobody's. What
// the catalog still has of this agent's own node, the agent itself does not know any
// more.
func (i *Instances) elsewhere(ctx context.Context, service, id string) error {
	var entries []entry
	if err := i.get(ctx, "/v1/health/service/"+segment(service), nil, &entries); err != nil {
		return err
	}
	for n := range entries {
		e := &entries[n]
		own := e.Service.ownID()
		if own != id && own+"@"+e.Node.Node != id {
			continue
		}
		node, err := i.ownNode(ctx)
		switch {
		case err != nil:
			return err
		case own != id && node == e.Node.Node:
			return i.refuse("it is called "+service+"/"+own+" at this agent", "%s/%s is the name of an instance among those of all nodes", service, id)
		case node == e.Node.Node:
			continue
		case !slices.ContainsFunc(e.Checks, func(c check) bool { return c.CheckID == agentAlive }):
			return i.refuse("whoever put it into the catalog takes it out", "%s/%s is of the node %s, which has no agent", service, id, e.Node.Node)
		}
		return i.refuse(fmt.Sprintf("ask that one: its node has the address %s; and call the instance %s/%s there", e.Node.Address, service, own),
			"%s/%s belongs to the agent of the node %s, and not to the one that answers", service, id, e.Node.Node)
	}
	return nil
}

// agentAlive is the check that the node of every agent has.
const agentAlive = "serfHealth"

// ownNode returns the node of the agent that answers.
func (i *Instances) ownNode(ctx context.Context) (string, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.node != "" {
		return i.node, nil
	}
	var self struct{ Config struct{ NodeName string } }
	err := i.get(ctx, "/v1/agent/self", nil, &self)
	i.node = self.Config.NodeName
	return i.node, err
}

// fail returns err as one of package change.
func (i *Instances) fail(err error) error {
	f, ok := errors.AsType[*failure](err)
	switch {
	case err == nil:
		return nil
	case !ok:
		f = i.registry.client.fail("", err)
	}
	kinds := [...]error{cancelled: context.Canceled, notFound: change.ErrNotFound, denied: change.ErrDenied, unavailable: change.ErrUnavailable, unsupported: change.ErrInvalid, invalid: change.ErrInvalid}
	hint := f.hint
	if f.kind == denied && f.why != textRefused {
		hint = "the token's policy needs service_prefix \"\" { policy = \"write\" }, node_prefix \"\" { policy = \"read\" } and agent_prefix \"\" { policy = \"read\" }"
	}
	return &change.Error{Backend: f.backend(), Err: f.as(kinds[f.kind]), Hint: hint}
}

func (i *Instances) refuse(hint, format string, args ...any) error {
	why := cause{registry.ErrUnsupported, fmt.Errorf(format, args...)}
	return &change.Error{Backend: "consul " + i.registry.client.names[0], Err: why, Hint: hint}
}

// Swap implements change.Keeper, of one op at a time.
func (i *Instances) Swap(ctx context.Context, ops []change.Op) error {
	if err := ctx.Err(); err != nil {
		return i.fail(err)
	}
	for n := range ops {
		if err := i.swap(ctx, &ops[n]); err != nil {
			return err
		}
	}
	return nil
}

func (i *Instances) swap(ctx context.Context, op *change.Op) error {
	have, err := i.Read(ctx, []change.Key{op.Key})
	if err != nil {
		return err
	}
	if have[0].Revision != op.Expect {
		return &change.ConflictError{Key: op.Key, Expected: op.Expect, Have: have[0].Revision}
	}
	var before, after agentService
	if have[0].Revision != change.Absent {
		if err := json.Unmarshal(have[0].Content, &before); err != nil {
			return i.fail(err)
		}
	}
	if op.Remove {
		return i.put(ctx, op, "/v1/agent/service/deregister/"+segment(before.ID), nil)
	}
	if err := json.Unmarshal(op.Content, &after); err != nil {
		return i.fail(err)
	}
	return i.register(ctx, op, &before, &after)
}

// lostTTL is the time to live of a check that stands in for one whose definition no
// agent tells: its owner's heartbeat makes it pass, and without that it is critical.
const lostTTL = time.Minute

// register makes after of before. Checks that are there stay as they are.
func (i *Instances) register(ctx context.Context, op *change.Op, before, after *agentService) error {
	has := func(all []agentCheck, id string) bool {
		return slices.ContainsFunc(all, func(c agentCheck) bool { return c.CheckID == id })
	}
	body := *after
	body.Name, body.Service, body.Checks = after.Service, "", nil
	for _, c := range after.Checks {
		ttl := ""
		if c.CheckID == ttlCheckID(after.ID) {
			ttl = after.Meta[keyTTL]
		}
		if !has(before.Checks, c.CheckID) || ttl != "" && ttl != before.Meta[keyTTL] {
			c.TTL = cmp.Or(ttl, lostTTL.String())
			body.Checks = append(body.Checks, c)
		}
	}
	if err := i.put(ctx, op, "/v1/agent/service/register", &body); err != nil {
		return err
	}
	for _, c := range before.Checks {
		if !has(after.Checks, c.CheckID) {
			if err := i.put(ctx, op, "/v1/agent/check/deregister/"+segment(c.CheckID), nil); err != nil {
				return fmt.Errorf("%w: %w", change.ErrUnknown, err) // the instance was written
			}
		}
	}
	return nil
}

// put writes to the agent, and says whether that it was not answered leaves it open.
func (i *Instances) put(ctx context.Context, op *change.Op, path string, body any) error {
	ctx, cancel := i.within(ctx)
	defer cancel()
	err := i.registry.client.write(ctx, path, nil, body)
	if err == nil {
		return nil
	}
	return verdict([]*change.Op{op}, i.fail(err))
}
