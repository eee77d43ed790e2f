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
	flags := &probeFlags{timeout: time.Second, concurrency: 1}
	for hosts, own := range map[string]bool{
		"127.0.0.1:8500": true, "": true, "203.0.113.1:8500": false, "203.0.113.1:8500,203.0.113.2:8500": false,
	} {
		a := &app{Env: Env{Now: time.Now}}
		p, err := a.probing(t.Context(), flags, source{hosts: hosts})
		if err != nil {
			t.Fatal(err)
		}
		conn, err := p.prober.Dial(t.Context(), "tcp", target)
		if err == nil {
			_ = conn.Close()
		}
		_, refused := errors.AsType[*probe.UnprobeableError](err)
		if own != (err == nil) || !own && !refused {
			t.Errorf("a registry at %q: %v; want loopback dialled: %t", hosts, err, own)
		}
	}
}
