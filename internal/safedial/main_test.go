package safedial

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"go.uber.org/goleak"

	"govctl/internal/faultkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// soon is a context that ends when a test should have been over long ago.
func soon(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// at returns a resolver to which name has the addresses, and nobody else any.
func at(t testing.TB, name string, addresses ...string) *net.Resolver {
	t.Helper()
	var ips []netip.Addr
	for _, a := range addresses {
		ips = append(ips, netip.MustParseAddr(a))
	}
	return faultkit.DNS(t, map[string][]netip.Addr{name: ips})
}

// why is the text of the *RefusedError in err, "" for none, or else "other: "
// and err.
func why(err error) string {
	if err == nil {
		return ""
	}
	if refused, ok := errors.AsType[*RefusedError](err); ok {
		return refused.Error()
	}
	return "other: " + err.Error()
}

// guard is what d says to an address that is about to be dialled.
func guard(d *Dialer, ip, port string) error {
	return d.control(context.Background(), "tcp", net.JoinHostPort(ip, port), nil)
}
