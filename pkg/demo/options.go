package demo

import (
	"errors"
	"fmt"
	"time"

	"govctl/pkg/registry"
)

// Environment is one environment of the demo: a registry to live in.
type Environment struct {
	// Name decides what runs there: "test" and "prod" have layouts of their
	// own, every other name has that of "dev", with the planted faults.
	Name string
	// Registry is where the mesh's callers look each other up.
	Registry registry.Registry
	// Registrar is where the instances register: the same system.
	Registrar registry.Registrar
	// TraceDir is the folder for the traces, made where it is missing: OTLP
	// JSON lines in demo-1.jsonl to demo-3.jsonl, 10 MiB each at most, mode
	// 0600; files of these names are replaced. Empty: none are written.
	// Environments may share a folder.
	TraceDir string
}

// Options of a Mesh.
type Options struct {
	Environments []Environment // at least one, with different names
	// Seed is mixed into instance ids: two demos in one registry need
	// different ones. With the same seed the ids are the same in every run.
	Seed string
	// TTL is how long a registration lives without a heartbeat; one is sent
	// every third of it. 0: 10s.
	TTL time.Duration
	// RequestEvery is the time between two orders in each environment. 0: the
	// mesh sends none of its own.
	RequestEvery time.Duration
	// Now is the clock that the planted certificate's age and OrderResult.Took
	// are counted from; it must be there.
	Now func() time.Time
	// Log is told, once, that heartbeats, orders or traces begin to fail, and
	// that they work again. The text may hold what a registry said, unescaped.
	// It is called from several goroutines. nil: nobody is told.
	Log func(string)
}

const defaultTTL = 10 * time.Second

// ErrTaken means that an environment already has services of the mesh's names
// that are not a demo's: real callers would be sent to the demo.
var ErrTaken = errors.New("registered by something else than a demo")

// complete checks o and fills in the defaults.
func (o *Options) complete() error {
	if len(o.Environments) == 0 {
		return errors.New("the demo needs an environment to run in")
	}
	if o.Now == nil {
		return errors.New("the demo needs a clock")
	}
	seen := map[string]bool{}
	for _, e := range o.Environments {
		if e.Registry == nil || e.Registrar == nil {
			return fmt.Errorf("environment %q has no registry to register in", e.Name)
		}
		if seen[e.Name] {
			return fmt.Errorf("environment %q is there twice", e.Name)
		}
		seen[e.Name] = true
	}
	if o.TTL <= 0 {
		o.TTL = defaultTTL
	}
	if o.Log == nil {
		o.Log = func(string) {}
	}
	return nil
}
