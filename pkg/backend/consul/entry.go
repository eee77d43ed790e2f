package consul

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"

	"govctl/pkg/registry"
)

// node is a machine, as far as we care.
type node struct {
	Node    string
	Address string
	Meta    map[string]string
}

// service is an instance, without its checks.
type service struct {
	ID          string
	Service     string
	Address     string
	Port        int
	Tags        []string
	Meta        map[string]string
	Weights     *weights
	ModifyIndex uint64
}

type weights struct {
	Passing float64
}

// check is a health check: of a node where it has no ServiceID.
type check struct {
	CheckID   string
	Name      string
	Status    string
	Notes     string
	Output    string
	ServiceID string
	Type      string
	// Definition is empty for the checks of agents; others register theirs with it.
	Definition struct{ HTTP, TCP, GRPC string }
}

// entry is an element of /v1/health/service.
type entry struct {
	Node    node
	Service service
	Checks  []check
}

// nodeInfo is an element of /v1/internal/ui/nodes.
type nodeInfo struct {
	Node     string
	Address  string
	Meta     map[string]string
	PeerName string
	Services []service
	Checks   []check
}

// entries yields those of one service, or of all for "".
func (n *nodeInfo) entries(name string) iter.Seq[entry] {
	return func(yield func(entry) bool) {
		checks := map[string][]check{} // by the id of their service; "" are the node's own
		for _, c := range n.Checks {
			checks[c.ServiceID] = append(checks[c.ServiceID], c)
		}
		for _, s := range n.Services {
			if s.Service != name && (name != "" || s.Service == "") {
				continue
			}
			e := entry{Node: node{n.Node, n.Address, n.Meta}, Service: s, Checks: checks[""]}
			if s.ID != "" {
				e.Checks = slices.Concat(checks[""], checks[s.ID])
			}
			if !yield(e) {
				return
			}
		}
	}
}

// keyOwnID is the metadata under which Register keeps the id of an instance whose
// agent knows it by another, agentID.
const keyOwnID = "govctl-id"

// agentID is the other id: see Register.
func agentID(service, id string) string { return service + "/" + id }

// ownID returns the id of s as whoever registered it knows it.
func (s *service) ownID() string {
	if id, ok := s.Meta[keyOwnID]; ok && s.ID == agentID(s.Service, id) {
		return id
	}
	return s.ID
}

// instance translates e.
func (r *Registry) instance(e *entry) registry.Instance {
	s := &e.Service
	record := r.tags.Decode(s.Tags)
	in := registry.Instance{
		Service:   s.Service,
		ID:        s.ID,
		Address:   cmp.Or(s.Address, e.Node.Address),
		Port:      s.Port,
		Health:    worst(e.Checks),
		Weight:    1,
		Node:      e.Node.Node,
		Tags:      record.Tags,
		Metadata:  record.Metadata,
		Endpoints: record.Endpoints,
		Checks:    checks(e.Checks),
		Revision:  strconv.FormatUint(s.ModifyIndex, 10),
	}
	if s.Weights != nil {
		in.Weight = max(0, s.Weights.Passing)
	}
	if in.Metadata == nil && len(s.Meta) > 0 {
		in.Metadata = make(map[string]string, len(s.Meta))
	}
	// go-micro writes metadata both ways; Meta is the one that is never cut.
	maps.Copy(in.Metadata, s.Meta)
	if in.ID = s.ownID(); in.ID != s.ID {
		delete(in.Metadata, keyOwnID)
	}
	if delete(in.Metadata, keyTTL); len(in.Metadata) == 0 {
		in.Metadata = nil
	}
	in.Version = cmp.Or(record.Version, in.Metadata["version"])
	in.Protocol = in.Metadata["protocol"]
	in.Zone = cmp.Or(in.Metadata["zone"], e.Node.Meta["zone"])
	return in
}

// unique tells instances of one id apart by their nodes: Consul's ids are unique
// on a node only (every server of Consul is the instance "consul" of "consul").
// The list ends up sorted by id.
func unique(instances []registry.Instance) {
	seen := make(map[string]int, len(instances))
	for i := range instances {
		seen[instances[i].ID]++
	}
	for i := range instances {
		if in := &instances[i]; seen[in.ID] > 1 {
			in.ID += "@" + in.Node
		}
	}
	slices.SortFunc(instances, registry.Compare)
}

func checks(wire []check) []registry.Check {
	if len(wire) == 0 {
		return nil
	}
	out := make([]registry.Check, len(wire))
	for i, c := range wire {
		out[i] = registry.Check{
			ID: c.CheckID, Name: c.Name, Kind: c.Type, Target: c.target(), Status: status(c.Status),
			Output: c.Output, Notes: c.Notes, Node: c.ServiceID == "",
		}
	}
	slices.SortFunc(out, func(a, b registry.Check) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// The ids of the checks that put a node or an instance into maintenance (Consul's
// api.NodeMaint and api.ServiceMaintPrefix).
const (
	nodeMaintenance    = "_node_maintenance"
	serviceMaintenance = "_service_maintenance:"
)

// health is what c says of its instance.
func (c *check) health() registry.Health {
	if c.CheckID == nodeMaintenance || strings.HasPrefix(c.CheckID, serviceMaintenance) {
		return registry.Maintenance
	}
	return status(c.Status)
}

// status returns the Health of a check's status: Consul has three.
func status(s string) registry.Health {
	switch h := registry.Health(s); h {
	case registry.Passing, registry.Warning, registry.Critical:
		return h
	default:
		return registry.Unknown
	}
}

// worst returns the health of an instance: Consul's own rule
// (HealthChecks.AggregatedStatus), by which one without checks is passing.
func worst(checks []check) registry.Health {
	h := registry.Passing
	for i := range checks {
		h = worse(h, checks[i].health())
	}
	return h
}

func worse(a, b registry.Health) registry.Health {
	if rank(b) > rank(a) {
		return b
	}
	return a
}

func rank(h registry.Health) int {
	return slices.Index([]registry.Health{
		registry.Passing, registry.Unknown, registry.Warning, registry.Critical, registry.Maintenance,
	}, h)
}
