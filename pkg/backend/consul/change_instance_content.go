package consul

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"govctl/pkg/change"
	"govctl/pkg/registry"
	"govctl/pkg/registry/gomicro"
)

// keyTTL is the metadata under which an instance that was registered by a plan keeps
// the time to live of its check, as no agent tells it.
const keyTTL = "govctl-ttl"

// ttlCheckID is what Consul calls the only check of an instance.
func ttlCheckID(id string) string { return "service:" + id }

// Content implements registry.Planner. Of before, all that Instance does not know is
// kept, and its checks.
func (i *Instances) Content(r *registry.Registration, before []byte) ([]byte, error) {
	if err := i.registry.check(&r.Instance); err != nil {
		return nil, err
	}
	ttl := time.Duration(r.TTLSeconds * float64(time.Second))
	past := agentService{ID: r.ID}
	if before != nil {
		if err := json.Unmarshal(before, &past); err != nil {
			return nil, i.fail(err)
		}
	}
	reg := register(&r.Instance, past.ID, 0)
	s := past
	if _, told := past.Meta["version"]; before != nil && !told && r.Metadata["version"] == "" {
		delete(reg.Meta, "version") // its tags tell it, as go-micro has it
	}
	s.Service, s.Address, s.Port, s.Meta, s.Tags = r.Service, r.Address, r.Port, reg.Meta, reg.Tags
	if told := i.registry.tags.Decode(past.Tags).Metadata; len(told) > 1 {
		s.Tags = gomicro.Encode(gomicro.Record{Version: r.Version, Metadata: r.Metadata, Endpoints: r.Endpoints, Tags: r.Tags})
	}
	if s.Weights = reg.Weights; s.Weights == nil {
		s.Weights = &registeredWeights{1, 1}
	}
	if past.Weights != nil && past.Weights.Passing == s.Weights.Passing {
		s.Weights.Warning = past.Weights.Warning
	}
	switch {
	case ttl > 0:
		s.Meta[keyTTL] = ttl.String()
		s.Checks = withTTL(past.Checks, &s)
	case past.Meta[keyTTL] != "":
		s.Meta[keyTTL] = past.Meta[keyTTL]
	}
	return json.Marshal(&s)
}

// withTTL returns checks with the one that heartbeats are for.
func withTTL(checks []agentCheck, s *agentService) []agentCheck {
	id := ttlCheckID(s.ID)
	if slices.ContainsFunc(checks, func(c agentCheck) bool { return c.CheckID == id }) {
		return checks
	}
	checks = append(slices.Clone(checks), agentCheck{CheckID: id, Name: fmt.Sprintf("Service '%s' check", s.Service)})
	slices.SortFunc(checks, func(a, b agentCheck) int { return strings.Compare(a.CheckID, b.CheckID) })
	return checks
}

// Registration implements registry.Planner.
func (i *Instances) Registration(_ change.Key, content []byte) (registry.Registration, error) {
	var s agentService
	if err := json.Unmarshal(content, &s); err != nil {
		return registry.Registration{}, err
	}
	e := entry{Service: service{ID: s.ID, Service: s.Service, Address: s.Address, Port: s.Port, Tags: s.Tags, Meta: maps.Clone(s.Meta)}}
	if s.Weights != nil {
		e.Service.Weights = &weights{float64(s.Weights.Passing)}
	}
	r := registry.Registration{Instance: i.registry.instance(&e)}
	r.Revision = ""
	if ttl, err := time.ParseDuration(s.Meta[keyTTL]); err == nil {
		r.TTLSeconds = ttl.Seconds()
	}
	return r, nil
}

// Losses implements registry.Planner.
func (i *Instances) Losses(content []byte) string {
	var s agentService
	if err := json.Unmarshal(content, &s); err != nil {
		return ""
	}
	lost := 0
	for _, c := range s.Checks {
		if c.CheckID != ttlCheckID(s.ID) || s.Meta[keyTTL] == "" {
			lost++
		}
	}
	switch lost {
	case 0:
		return ""
	case 1:
		return "what its check asks is told by no agent: after a rollback it is critical until its owner says that it lives, or registers it again"
	}
	return fmt.Sprintf("what its %d checks ask is told by no agent: after a rollback they are critical until its owner registers it again", lost)
}
