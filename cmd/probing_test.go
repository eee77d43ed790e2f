package cmd

import (
	"errors"
	"testing"
	"time"

	"govctl/internal/faultkit"
	"govctl/pkg/probe"
)

// TestLoopbackIsTheRegistrysOwn: an address of loopback is this machine to us, and
// another one to a registry that is elsewhere.
func TestLoopbackIsTheRegistrysOwn(t *testing.T) {
	t.Parallel()
	target := faultkit.Silent(t)
	const elsewhere = "203.0.113.1:8500"
	for _, c := range []struct {
		hosts   string
		allow   []string
		dialled bool
	}{
		{"127.0.0.1:8500", nil, true},
		{"", nil, true}, // a folder
		{elsewhere, nil, false},
		{elsewhere + ",203.0.113.2:8500", nil, false},
		{elsewhere, []string{"127.0.0.0/8"}, true},
		{elsewhere, []string{"10.0.0.0/8", "127.9.0.0/16"}, false},
	} {
		a := &app{Env: Env{Now: time.Now}}
		p, err := a.probing(t.Context(), &probeFlags{timeout: time.Second, concurrency: 1, allow: c.allow}, source{hosts: c.hosts})
		if err != nil {
			t.Fatal(err)
		}
		conn, err := p.prober.Dial(t.Context(), "tcp", target)
		if err == nil {
			_ = conn.Close()
		}
		_, refused := errors.AsType[*probe.UnprobeableError](err)
		if c.dialled != (err == nil) || !c.dialled && !refused {
			t.Errorf("a registry at %q, allowed %v: %v; want loopback dialled: %t", c.hosts, c.allow, err, c.dialled)
		}
	}
}
