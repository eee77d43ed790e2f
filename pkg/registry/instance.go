// Package registry is what govctl knows of service registries: instances and
// their health, the small interfaces that back-ends implement, the selectors
// that pick instances, and the comparison of two registries.
package registry

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Health is what a registry says of an instance. It is the registry's word, not
// ours: see package probe for what the instance itself answers.
type Health string

// The health of an instance. Maintenance is shown as "drained" where instances
// are counted: someone took it out of traffic on purpose.
const (
	Passing     Health = "passing"
	Warning     Health = "warning"
	Critical    Health = "critical"
	Maintenance Health = "maintenance"
	Starting    Health = "starting"
	Unknown     Health = "unknown"
)

// Healths returns every Health, in the order in which they are counted and
// shown.
func Healths() []Health {
	return []Health{Passing, Warning, Critical, Maintenance, Starting, Unknown}
}

// Word returns the word for h where instances are counted.
func (h Health) Word() string {
	if h == Maintenance {
		return "drained"
	}
	return string(h)
}

// ParseHealth returns the Health that s names. The error lists those there are.
func ParseHealth(s string) (Health, error) {
	if h := Health(s); slices.Contains(Healths(), h) {
		return h, nil
	}
	return "", fmt.Errorf("unknown health %q: it is one of %s", s, strings.Join(healthNames(), ", "))
}

func healthNames() []string {
	names := make([]string, 0, len(Healths()))
	for _, h := range Healths() {
		names = append(names, string(h))
	}
	return names
}

// Instance is one registered instance of a service. Every string in it was
// chosen by whoever registered it, and must be escaped before a terminal shows
// it. The JSON names are an interface: scripts and --filter use them.
type Instance struct {
	Service string `json:"service"`
	// ID is unique within the service.
	ID string `json:"id"`
	// Address is a host name or an IP address, without a port. It is as
	// registered: nothing says that it is valid, or safe to connect to.
	Address string `json:"address"`
	// Port is as registered: 0 where there is none, and not always below 65536.
	Port   int    `json:"port"`
	Health Health `json:"health"`
	// Version is empty where the system has none for this instance.
	Version string `json:"version,omitempty"`
	// Protocol is what the instance says that it speaks: http, grpc, mucp, …
	Protocol string `json:"protocol,omitempty"`
	Zone     string `json:"zone,omitempty"`
	// Weight is the instance's share of traffic relative to its siblings, at
	// least 0; it is 1 in systems that have no weights.
	Weight float64 `json:"weight"`
	// Node is the machine or agent that the instance is registered on, where
	// the system knows it.
	Node string `json:"node,omitempty"`
	// Tags are those meant for people; tags that encode metadata are decoded
	// into the other fields and do not stand here.
	Tags      []string          `json:"tags,omitempty"`
	Metadata  map[string]string `json:"metadata,omitempty"`
	Endpoints []Endpoint        `json:"endpoints,omitempty"`
	Checks    []Check           `json:"checks,omitempty"`
	// Since is when the instance was registered; zero where the system does not
	// know (Consul does not).
	Since time.Time `json:"since,omitzero"`
	// Revision changes whenever the registration does. It is opaque.
	Revision string `json:"revision,omitempty"`
}

// HostPort returns the address as host:port, or the host alone where there is
// no port.
func (in *Instance) HostPort() string {
	if in.Port == 0 {
		return in.Address
	}
	return net.JoinHostPort(in.Address, strconv.Itoa(in.Port))
}

// Label returns the value that a label selector sees under key: metadata first,
// then the fields version, protocol and zone, which some systems keep outside
// of their metadata.
func (in *Instance) Label(key string) (string, bool) {
	if v, ok := in.Metadata[key]; ok {
		return v, true
	}
	v := ""
	switch key {
	case "version":
		v = in.Version
	case "protocol":
		v = in.Protocol
	case "zone":
		v = in.Zone
	}
	return v, v != ""
}

// MetadataKeys returns the keys of the metadata, sorted.
func (in *Instance) MetadataKeys() []string {
	return slices.Sorted(maps.Keys(in.Metadata))
}

// Compare orders instances by service, then by ID.
func Compare(a, b Instance) int {
	return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.ID, b.ID))
}

// Check is one health check that a registry keeps for an instance.
type Check struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	// Kind is ttl, http, tcp, grpc, …, as the system names it.
	Kind string `json:"kind,omitempty"`
	// Target is what the check asks, where it is one that asks and the system
	// says so: a URL for http, host:port for tcp, host:port/SERVICE for grpc. It
	// is as seen from the registry's side.
	Target string `json:"target,omitempty"`
	Status Health `json:"status"`
	// Output is what the check last said; Notes what its author wrote.
	Output string `json:"output,omitempty"`
	Notes  string `json:"notes,omitempty"`
	// Node is true for a check of the whole machine, which counts for every
	// instance on it.
	Node bool `json:"node,omitempty"`
	// Updated is when the status was last reported; zero where the system does
	// not say.
	Updated time.Time `json:"updated,omitzero"`
}

// Endpoint is one method that an instance says it offers (go-micro registers
// them).
type Endpoint struct {
	Name     string            `json:"name"`
	Request  *Value            `json:"request,omitempty"`
	Response *Value            `json:"response,omitempty"`
	Metadata map[string]string `json:"metadata,omitempty"`
}

// Value describes a request or response type, or a field of one.
type Value struct {
	Name   string  `json:"name"`
	Type   string  `json:"type"`
	Values []Value `json:"values,omitempty"`
}
