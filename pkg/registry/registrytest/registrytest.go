// Package registrytest is the contract that every registry back-end passes: what
// the comments of package registry promise, as tests. A back-end runs it against
// a fake in its own tests and against the real system in the lab.
package registrytest

import (
	"context"
	"testing"
	"time"

	"govctl/pkg/registry"
)

// New returns a registry that holds exactly the given instances, and cleans up
// through t.Cleanup. A server that cannot start fails t; it never skips. Of the
// fields that are the system's own it heeds Health alone, which is Passing,
// Critical, or empty for Passing. No two of the instances have the same ID, even
// in different services: an agent of Consul would take them for one.
type New func(t *testing.T, instances ...registry.Instance) registry.Registry

// Harness is a back-end under test, and what its system does in its own way.
type Harness struct {
	New New
	// Unreachable returns a registry whose system cannot be reached: a server
	// that is down, a folder that is a file.
	Unreachable func(t *testing.T) registry.Registry

	// The rest is optional.

	// Keep takes away from in what the system does not keep, or keeps elsewhere.
	// It is called for what was registered and for what came back before the two
	// are compared. It owns in.
	Keep func(in *registry.Instance)
	// Ignore names the services that the system registers by itself.
	Ignore []string
	// Lag is for how long an answer may be behind what was written before; 0
	// where writes are seen at once.
	Lag time.Duration
	// Advance moves the clock that r judges heartbeats by.
	Advance func(t *testing.T, r registry.Registry, d time.Duration)
}

// ViaRegistrar returns a New that opens an empty registry and registers the
// instances in it: a critical one is one that never sends a heartbeat.
func ViaRegistrar(open func(t *testing.T) registry.Registry) New {
	return func(t *testing.T, instances ...registry.Instance) registry.Registry {
		t.Helper()
		r := open(t)
		w := registrar(t, r)
		for _, in := range instances {
			life := time.Duration(0)
			if in.Health == registry.Critical {
				life = ttl
			} else if in.Health != registry.Passing && in.Health != "" {
				t.Fatalf("a Registrar cannot make instance %s/%s %s", in.Service, in.ID, in.Health)
			}
			register(t, w, in, life)
		}
		return r
	}
}

// Test runs every check that applies to the back-end, each in a subtest of its
// own, one after the other: a harness may well have one server for all.
func Test(t *testing.T, h Harness) {
	if h.Keep == nil {
		h.Keep = func(*registry.Instance) {}
	}
	for _, c := range applicable(h, h.New(t)) {
		t.Run(c.name, func(t *testing.T) { c.run(t, h) })
	}
}

// Names returns the names of the checks that apply to the back-end, in the order
// in which Test runs them, so that a test of the contract itself can ask whether
// each was seen to fail.
func Names(t *testing.T, h Harness) []string {
	var names []string
	for _, c := range applicable(h, h.New(t)) {
		names = append(names, c.name)
	}
	return names
}

// check is one promise.
type check struct {
	name string
	run  func(t *testing.T, h Harness)
}

// applicable returns the checks for what r, a registry of h, can do.
func applicable(h Harness, r registry.Registry) []check {
	checks := []check{
		{"services are sorted and without duplicates", servicesSorted},
		{"an empty registry is an empty list", emptyRegistry},
		{"an unknown service is not found", unknownService},
		{"a name is not a prefix", nameIsNoPrefix},
		{"instances are sorted by id", instancesSorted},
		{"fields come back as they were registered", fieldsRoundTrip},
		{"odd names stay apart", oddNames},
		{"the caller owns the result", callerOwnsResult},
		{"a cancelled context ends a question", cancelledQuestion},
		{"an unreachable system is unavailable", unreachableQuestion},
		{"questions may be asked at once", concurrentQuestions},
	}
	if _, ok := r.(registry.Summarizer); ok {
		checks = append(checks,
			check{"summaries count what is listed", summariesCount},
			check{"a summarizer keeps the rules of questions", summarizerRules},
		)
	}
	if _, ok := r.(registry.Registrar); ok {
		checks = append(checks, registrarChecks()...)
		if h.Advance != nil {
			checks = append(checks, check{"silence makes an instance critical", silenceIsCritical})
		}
	}
	if _, ok := r.(registry.Watcher); ok {
		checks = append(checks, watcherChecks()...)
		if _, ok := r.(registry.Registrar); ok {
			checks = append(checks, watcherRegistrarChecks()...)
			if h.Advance != nil {
				checks = append(checks, check{"a watch sees silence", watchSilence})
			}
		}
	}
	return checks
}

func registrarChecks() []check {
	return []check{
		{"with a ttl an instance is critical until its first heartbeat", criticalUntilHeartbeat},
		{"without a ttl an instance is passing", passingWithoutTTL},
		{"a heartbeat of an unknown instance is not found", unknownHeartbeat},
		{"what is deregistered is gone", deregisteredIsGone},
		{"deregistering what is not there is no error", deregisterUnknown},
		{"registering again replaces", registerReplaces},
		{"what is registered is a copy", registerCopies},
		{"the system's own fields are not taken from the caller", systemFields},
		{"odd names can be registered, kept alive and deregistered", oddLifecycle},
		{"a cancelled context ends a registration", cancelledRegistration},
		{"an unreachable system registers nothing", unreachableRegistration},
		{"registrations may happen at once", concurrentRegistrations},
	}
}

// ttl is long enough that no instance expires in the course of a check.
const ttl = time.Minute

// registrar returns r as a registry.Registrar.
func registrar(t *testing.T, r registry.Registry) registry.Registrar {
	t.Helper()
	w, err := registry.As[registry.Registrar](r, "register")
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// register registers in until t ends.
func register(t *testing.T, w registry.Registrar, in registry.Instance, ttl time.Duration) {
	t.Helper()
	if err := w.Register(t.Context(), in, ttl); err != nil {
		t.Fatalf("Register(%s/%s): %v", in.Service, in.ID, err)
	}
	t.Cleanup(func() {
		if err := w.Deregister(context.WithoutCancel(t.Context()), in.Service, in.ID); err != nil {
			t.Errorf("Deregister(%s/%s): %v", in.Service, in.ID, err)
		}
	})
}
