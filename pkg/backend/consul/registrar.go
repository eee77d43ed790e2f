package consul

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/url"
	"time"

	"govctl/internal/httpx"
	"govctl/pkg/registry"
	"govctl/pkg/registry/gomicro"
)

// minCritical is the least time for which Consul keeps an instance that is
// critical (DeregisterCriticalServiceAfter).
const minCritical = time.Minute

// maxWeight is the largest weight that Consul takes: that of a DNS record.
const maxWeight = math.MaxUint16

// registration is what /v1/agent/service/register takes.
type registration struct {
	ID      string
	Name    string
	Address string
	Port    int
	Tags    []string
	Meta    map[string]string
	Weights *registeredWeights `json:",omitempty"`
	Check   *ttlCheck          `json:",omitempty"`
}

type registeredWeights struct{ Passing, Warning int }

type ttlCheck struct {
	TTL                            string
	DeregisterCriticalServiceAfter string
}

// Register implements registry.Registrar. The instance belongs to the agent that
// answers: Heartbeat and Deregister must reach the same one, and lists show it a
// moment later. An agent's ids are unique among all its services: where in's is
// taken by another service, the agent is given "SERVICE/ID", and Instances shows
// in's own. Version, protocol and endpoints are written as go-micro does, and
// version, protocol and zone as metadata, too. With a ttl the agent removes the
// instance when it was critical for the ttl, or for a minute if that is longer.
//
// What Consul does not take is ErrUnsupported, with its reason: metadata keys of
// other than letters, digits, "-" and "_", more than 64 of them, values of more
// than 512 bytes, a weight that is no whole number from 1 to 65535.
func (r *Registry) Register(ctx context.Context, in registry.Instance, ttl time.Duration) error {
	if err := r.check(&in); err != nil {
		return err
	}
	select {
	case r.claims <- struct{}{}:
		defer func() { <-r.claims }()
	case <-ctx.Done():
		return r.fail(in.Service, ctx.Err())
	}
	at, err := r.find(ctx, in.Service, in.ID)
	if err != nil {
		return err
	}
	if at.id == "" {
		return r.refuse(in.Service, "the agent has other services with the id %q", in.ID)
	}
	query := url.Values{"replace-existing-checks": {"true"}}
	err = r.write(ctx, in.Service, "/v1/agent/service/register", query, register(&in, at.id, ttl))
	if err != nil || ttl <= 0 || !at.taken {
		return err
	}
	// A check that was there before keeps its status.
	return r.write(ctx, in.Service, "/v1/agent/check/fail/"+checkID(at.id), nil, nil)
}

// Heartbeat implements registry.Registrar.
func (r *Registry) Heartbeat(ctx context.Context, service, id string) error {
	at, err := r.find(ctx, service, id)
	if err != nil {
		return err
	}
	if !at.taken {
		return about(r.client.names[0], service, registry.ErrNotFound)
	}
	err = r.write(ctx, service, "/v1/agent/check/pass/"+checkID(at.id), nil, nil)
	if errors.Is(err, registry.ErrNotFound) {
		return nil // registered without a ttl: it has no check to pass
	}
	return err
}

// Deregister implements registry.Registrar.
func (r *Registry) Deregister(ctx context.Context, service, id string) error {
	at, err := r.find(ctx, service, id)
	if err != nil || !at.taken {
		return err
	}
	err = r.write(ctx, service, "/v1/agent/service/deregister/"+segment(at.id), nil, nil)
	if errors.Is(err, registry.ErrNotFound) {
		return nil // it went away meanwhile
	}
	return err
}

// check refuses what Consul would misunderstand, or would take and never give
// back.
func (r *Registry) check(in *registry.Instance) error {
	switch {
	case r.client.scope.Has("dc"):
		return r.refuse(in.Service, "an agent registers in its own datacenter: leave out ?dc=")
	case in.Service == "" || in.ID == "":
		return r.refuse(in.Service, "an instance needs a service and an id")
	case !printable(in.Service) || !printable(in.ID):
		return r.refuse(in.Service, "service and id %q may not hold unprintable characters", in.ID)
	case in.Weight != math.Trunc(in.Weight) || in.Weight < 0 || in.Weight > maxWeight:
		return r.refuse(in.Service, "weight %v is no whole number from 1 to %d", in.Weight, maxWeight)
	}
	return nil
}

// write is client.write about service, whose error is a *registry.Error.
func (r *Registry) write(ctx context.Context, service, path string, query url.Values, body any) error {
	return r.fail(service, r.client.write(ctx, path, query, body))
}

func (r *Registry) refuse(service, format string, args ...any) error {
	why := fmt.Errorf(format, args...)
	return about(r.client.names[0], service, cause{registry.ErrUnsupported, why})
}

// spot is the id of an instance at its agent.
type spot struct {
	id    string // "" where other services have all that come into question
	taken bool   // by the instance itself
}

// find returns where the agent has the instance, or where there is room for it.
func (r *Registry) find(ctx context.Context, name, id string) (spot, error) {
	free := spot{}
	for _, candidate := range []string{id, agentID(name, id)} {
		found := service{}
		_, err := r.read(ctx, name, question{path: "/v1/agent/service/" + segment(candidate)},
			func(resp *httpx.Response) error { return httpx.DecodeJSON(resp.Body, &found) })
		switch {
		case errors.Is(err, registry.ErrNotFound):
			if free.id == "" {
				free.id = candidate
			}
		case err != nil:
			return spot{}, err
		case found.Service == name && found.ownID() == id:
			return spot{candidate, true}, nil
		}
	}
	return free, nil
}

// checkID is the id that Consul gives the only check of an instance, as a segment
// of a path.
func checkID(id string) string { return segment("service:" + id) }

func register(in *registry.Instance, id string, ttl time.Duration) registration {
	reg := registration{
		ID: id, Name: in.Service, Address: in.Address, Port: in.Port,
		Tags: tags(in), Meta: maps.Clone(in.Metadata),
	}
	if reg.Meta == nil {
		reg.Meta = map[string]string{}
	}
	for key, value := range map[string]string{"version": in.Version, "protocol": in.Protocol, "zone": in.Zone} {
		if value != "" {
			reg.Meta[key] = value
		}
	}
	if id != in.ID {
		reg.Meta[keyOwnID] = in.ID
	}
	if w := int(in.Weight); w > 0 { // a weight of 0 was not set: Consul has no such
		reg.Weights = &registeredWeights{w, w}
	}
	if ttl > 0 {
		reg.Check = &ttlCheck{ttl.String(), max(ttl, minCritical).String()}
	}
	return reg
}

func tags(in *registry.Instance) []string {
	record := gomicro.Record{Version: in.Version, Endpoints: in.Endpoints, Tags: in.Tags}
	if in.Protocol != "" {
		record.Metadata = map[string]string{"protocol": in.Protocol}
	}
	return gomicro.Encode(record)
}
