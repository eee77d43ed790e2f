package consul

import (
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"govctl/pkg/registry"
	"govctl/pkg/registry/registrytest"
)

func TestConsulKeepsTheContract(t *testing.T) {
	t.Parallel()
	var fakes sync.Map // *Registry to its *fake
	registrytest.Test(t, registrytest.Harness{
		New: registrytest.ViaRegistrar(func(t *testing.T) registry.Registry {
			f, o := newFake(t)
			r := open(t, o)
			fakes.Store(r, f)
			return r
		}),
		Unreachable: unreachable,
		Keep:        keptElsewhere,
		Ignore:      []string{selfService},
		Advance: func(t *testing.T, r registry.Registry, d time.Duration) {
			f, ok := fakes.Load(r)
			if !ok {
				t.Fatal("a registry without a fake")
			}
			f.(*fake).advance(d)
		},
	})
}

// unreachable returns a registry on a port that nobody listens on.
func unreachable(t *testing.T) registry.Registry {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return open(t, Options{URL: &url.URL{Scheme: "consul", Host: l.Addr().String()}})
}
