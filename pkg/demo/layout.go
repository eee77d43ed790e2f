package demo

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"govctl/pkg/registry"
)

// The services of the mesh. An order goes gateway → user, and gateway → order
// → inventory and payment.
const (
	gateway   = "gateway"
	order     = "order"
	inventory = "inventory"
	payment   = "payment"
	user      = "user"
)

// Services returns the names of the mesh's services, sorted.
func Services() []string {
	return []string{gateway, inventory, order, payment, user}
}

// The metadata keys that every instance, or every faulty one, is registered
// with. Consul allows only letters, digits, - and _ in a key.
const (
	// MetaDemo is on every instance of a demo and nowhere else; its value is
	// the name of the environment that it plays.
	MetaDemo = "demo"
	// MetaFault is on instances with a planted fault; its value is the FaultKind.
	MetaFault = "demo-fault"
	// MetaScheme is on HTTP instances that speak TLS; its value is "https".
	MetaScheme = "scheme"
	// MetaHealth is on HTTP instances; its value is the path that tells whether
	// they are well. gRPC instances have none: they tell by the overall status
	// of the standard health service.
	MetaHealth = "health"
)

// healthPath is where every HTTP instance tells whether it is well.
const healthPath = "/healthz"

// spec is one instance that a layout asks for.
type spec struct {
	service, version, zone string
	fault                  FaultKind
	canary                 bool
}

// layout returns what runs in an environment. dev has the faults and the new
// versions, test is what is about to be released, prod is bigger and older, so
// that a comparison of any two of them has something to say. An environment of
// another name is laid out as dev.
func layout(environment string) []spec {
	switch environment {
	case "test":
		return []spec{
			{service: gateway, version: "v1", zone: "a"},
			{service: gateway, version: "v1", zone: "b"},
			{service: inventory, version: "v1", zone: "a"},
			{service: inventory, version: "v2", zone: "b"},
			{service: order, version: "v1", zone: "a"},
			{service: order, version: "v2", zone: "b"},
			{service: payment, version: "v1", zone: "a"},
			{service: payment, version: "v1", zone: "b"},
			{service: user, version: "v2", zone: "a"},
			{service: user, version: "v2", zone: "b"},
		}
	case "prod":
		return []spec{
			{service: gateway, version: "v1", zone: "a"},
			{service: gateway, version: "v1", zone: "b"},
			{service: inventory, version: "v1", zone: "a"},
			{service: inventory, version: "v1", zone: "a"},
			{service: inventory, version: "v1", zone: "b"},
			{service: order, version: "v1", zone: "a"},
			{service: order, version: "v1", zone: "a"},
			{service: order, version: "v1", zone: "b"},
			{service: payment, version: "v1", zone: "a"},
			{service: payment, version: "v1", zone: "b"},
			{service: user, version: "v1", zone: "a"},
			{service: user, version: "v1", zone: "a"},
			{service: user, version: "v1", zone: "b"},
		}
	default:
		return []spec{
			{service: gateway, version: "v1", zone: "a"},
			{service: gateway, version: "v1", zone: "b"},
			{service: gateway, version: "v1", zone: "a", fault: FaultFlapping},
			{service: gateway, version: "v1", zone: "b", fault: FaultHang},
			{service: inventory, version: "v1", zone: "a"},
			{service: inventory, version: "v2", zone: "b"},
			{service: inventory, version: "v2", zone: "b", fault: FaultCritical},
			{service: inventory, version: "v1", zone: "a", fault: FaultNotServing},
			{service: order, version: "v1", zone: "a"},
			{service: order, version: "v1", zone: "b", fault: FaultSlow},
			{service: order, version: "v2", zone: "a", canary: true},
			{service: payment, version: "v1", zone: "a"},
			{service: payment, version: "v1", zone: "b"},
			{service: payment, version: "v1", zone: "b", fault: FaultDead},
			{service: user, version: "v1", zone: "a"},
			{service: user, version: "v1", zone: "b", fault: FaultExpiredCertificate},
		}
	}
}

// instance returns what s registers as, but for the port, which is known once
// it listens.
func (s *spec) instance(environment, id string) registry.Instance {
	in := registry.Instance{
		Service: s.service, ID: id, Address: loopback, Version: s.version, Zone: s.zone,
		Protocol: protocol(s.service), Weight: 100, Tags: []string{"demo"},
		Metadata:  map[string]string{MetaDemo: environment, "role": role(s.service), "zone": s.zone},
		Endpoints: endpoints(s.service),
	}
	if in.Protocol == "http" {
		in.Metadata[MetaHealth] = healthPath
	}
	if s.canary {
		in.Weight = 20
		in.Tags = append(in.Tags, "canary")
		in.Metadata["canary"] = "true"
	}
	if s.fault != "" {
		in.Metadata[MetaFault] = string(s.fault)
	}
	if s.fault == FaultExpiredCertificate {
		in.Metadata[MetaScheme] = "https"
	}
	return in
}

// protocol returns what a service speaks, and so how its instances are served,
// called and registered.
func protocol(service string) string {
	if service == inventory || service == payment {
		return "grpc"
	}
	return "http"
}

func role(service string) string {
	switch service {
	case gateway:
		return "edge"
	case order:
		return "core"
	default:
		return "backing"
	}
}

// endpoints are the methods that a service's instances are registered with.
func endpoints(service string) []registry.Endpoint {
	field := func(name, kind string) registry.Value { return registry.Value{Name: name, Type: kind} }
	message := func(name string, fields ...registry.Value) *registry.Value {
		return &registry.Value{Name: name, Type: name, Values: fields}
	}
	one := func(name string, request, response *registry.Value) []registry.Endpoint {
		return []registry.Endpoint{{Name: name, Request: request, Response: response}}
	}
	switch service {
	case gateway, order:
		return one("POST /orders",
			message("Order", field("user", "string"), field("item", "string"), field("quantity", "int")),
			message("Receipt", field("id", "string"), field("traceId", "string"), field("cents", "int")))
	case user:
		return one("GET /users/{id}", nil, message("Account", field("id", "string")))
	case inventory:
		return one("Inventory.Reserve",
			message("Reservation", field("order", "string"), field("item", "string"), field("quantity", "int")),
			message("Reserved", field("cents", "int")))
	default:
		return one("Payment.Charge",
			message("Charge", field("order", "string"), field("user", "string"), field("cents", "int")),
			message("Charged", field("charged", "int")))
	}
}

// ids gives out instance ids: SERVICE-XXXX, the same in every run with the same
// seed, so that what a person noted down is still right after a restart.
type ids struct {
	seed  string
	taken map[string]bool
}

func newIDs(seed string) *ids { return &ids{seed: seed, taken: map[string]bool{}} }

func (i *ids) next(environment, service string) string {
	for n := 0; ; n++ {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s\x00%d", i.seed, environment, service, n))
		id := service + "-" + hex.EncodeToString(sum[:2])
		if !i.taken[id] {
			i.taken[id] = true
			return id
		}
	}
}
