package registrytest

import "govctl/pkg/registry"

// inst returns a plain instance.
func inst(service, id string) registry.Instance {
	return registry.Instance{Service: service, ID: id, Address: "10.0.0.1", Port: 8080, Weight: 1}
}

// full returns an instance with every field that whoever registers it decides.
// Its metadata keeps to what Consul accepts as keys; its tags begin like those
// that go-micro encodes, and are none.
func full(service, id string) registry.Instance {
	in := inst(service, id)
	in.Version, in.Protocol, in.Zone, in.Weight = "v2", "grpc", "eu-1", 3
	in.Tags = []string{"traefik.enable=true", "canary", "t", "v-2", "größe"}
	in.Metadata = map[string]string{
		"team": "größe ✓ 日本", "Git-Commit_1": `a=b, "c" & <d>\`, "empty": "",
	}
	in.Endpoints = []registry.Endpoint{{
		Name: "Order.Create",
		Request: &registry.Value{
			Name: "CreateRequest", Type: "CreateRequest",
			Values: []registry.Value{{Name: "id", Type: "string"}, {Name: "count", Type: "int64"}},
		},
		Response: &registry.Value{Name: "CreateResponse", Type: "CreateResponse"},
		Metadata: map[string]string{"stream": "true"},
	}}
	return in
}

// oddServices returns names that every system takes and that are easily taken
// for another on their way through a URL or a path; sorted.
func oddServices() []string {
	return []string{"a", "a%2Fb", "a+b", "a.b-c_d", "a/b", "a?b=c#d", "größe-日本"}
}

// oddIDs returns the like for instances; sorted.
func oddIDs() []string {
	return []string{"10.0.0.1:8080", "a%2Fb", "a/b", "größe"}
}
