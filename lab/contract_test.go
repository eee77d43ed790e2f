package lab

import (
	"net/url"
	"testing"
	"time"

	"govctl/pkg/backend/consul"
	"govctl/pkg/registry"
	"govctl/pkg/registry/registrytest"
)

// openConsul opens the agent at address as govctl does.
func openConsul(t *testing.T, address string) registry.Registry {
	t.Helper()
	r, err := consul.OpenRegistry(consul.Options{URL: &url.URL{Scheme: "consul", Host: address}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The clock of a real Consul cannot be moved: that silence makes an instance
// critical, the go-micro services show.
func TestConsulKeepsTheRegistryContract(t *testing.T) {
	t.Parallel()
	// One for all checks: each would keep connections for later, and Consul allows
	// a client 200 of them.
	r := openConsul(t, shared.contract.Address)
	registrytest.Test(t, registrytest.Harness{
		New: registrytest.ViaRegistrar(func(*testing.T) registry.Registry { return r }),
		Unreachable: func(t *testing.T) registry.Registry {
			t.Helper()
			return openConsul(t, closed(t))
		},
		Keep:   keptElsewhere,
		Ignore: []string{"consul"},
		// An agent tells its server of what changed by itself, a moment later.
		Lag: 15 * time.Second,
	})
}

// keptElsewhere takes away what Consul keeps in metadata too: version, protocol
// and zone, where tools that do not know go-micro look for them.
func keptElsewhere(in *registry.Instance) {
	for _, key := range []string{"version", "protocol", "zone"} {
		delete(in.Metadata, key)
	}
}
