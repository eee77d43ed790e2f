package registrytest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"govctl/pkg/registry"
)

// empty returns a registry without instances, twice.
func empty(t *testing.T, h Harness) (registry.Registry, registry.Registrar) {
	t.Helper()
	r := h.New(t)
	return r, registrar(t, r)
}

func criticalUntilHeartbeat(t *testing.T, h Harness) {
	r, w := empty(t, h)
	register(t, w, inst("cart", "1"), ttl)
	h.wantHealth(t, r, registry.Critical)
	if err := w.Heartbeat(t.Context(), "cart", "1"); err != nil {
		t.Errorf("Heartbeat(cart/1): %v", err)
	}
	h.wantHealth(t, r, registry.Passing)
}

func passingWithoutTTL(t *testing.T, h Harness) {
	r, w := empty(t, h)
	register(t, w, inst("cart", "1"), 0)
	h.wantHealth(t, r, registry.Passing)
}

func silenceIsCritical(t *testing.T, h Harness) {
	r, w := empty(t, h)
	register(t, w, inst("cart", "1"), ttl)
	for range 2 { // a heartbeat also revives what was silent
		if err := w.Heartbeat(t.Context(), "cart", "1"); err != nil {
			t.Errorf("Heartbeat(cart/1): %v", err)
		}
		h.wantHealth(t, r, registry.Passing)
		h.Advance(t, r, ttl-time.Second)
		h.wantHealth(t, r, registry.Passing)
		h.Advance(t, r, 2*time.Second)
		h.wantHealth(t, r, registry.Critical)
	}
}

func unknownHeartbeat(t *testing.T, h Harness) {
	r, w := empty(t, h)
	wantError(t, "Heartbeat(absent/1)", w.Heartbeat(t.Context(), "absent", "1"), registry.ErrNotFound, "absent")
	register(t, w, inst("cart", "1"), ttl)
	h.wantIDs(t, r, "cart", "1")
	wantError(t, "Heartbeat(cart/2)", w.Heartbeat(t.Context(), "cart", "2"), registry.ErrNotFound, "cart")
	h.wantHealth(t, r, registry.Critical)
}

func deregisteredIsGone(t *testing.T, h Harness) {
	r, w := empty(t, h)
	for _, id := range []string{"1", "11", "2"} {
		register(t, w, inst("cart", id), 0)
	}
	register(t, w, inst("cart-admin", "3"), 0)
	h.wantIDs(t, r, "cart", "1", "11", "2")
	deregister(t, w, "cart", "1")
	h.wantIDs(t, r, "cart", "11", "2")
	deregister(t, w, "cart", "11")
	deregister(t, w, "cart", "2")
	h.wantGone(t, r, "cart")
	h.wantIDs(t, r, "cart-admin", "3")
}

func deregister(t *testing.T, w registry.Registrar, service, id string) {
	t.Helper()
	if err := w.Deregister(t.Context(), service, id); err != nil {
		t.Errorf("Deregister(%s/%s): %v", service, id, err)
	}
}

func deregisterUnknown(t *testing.T, h Harness) {
	r, w := empty(t, h)
	deregister(t, w, "absent", "1")
	register(t, w, inst("cart", "1"), 0)
	deregister(t, w, "cart", "2")
	h.wantIDs(t, r, "cart", "1")
	h.wantServices(t, r, "cart")
}

func registerReplaces(t *testing.T, h Harness) {
	r, w := empty(t, h)
	register(t, w, full("cart", "1"), 0)
	h.wantFields(t, r, full("cart", "1"))
	before := revision(t, r, "cart")
	changed := inst("cart", "1")
	changed.Address, changed.Version = "10.0.0.2", "v3"
	if err := w.Register(t.Context(), changed, 0); err != nil {
		t.Fatalf("Register(cart/1) again: %v", err)
	}
	h.wantFields(t, r, changed)
	if after := revision(t, r, "cart"); before == "" || before == after {
		t.Errorf("the revision was %q and is %q; want another", before, after)
	}
}

// revision returns that of the only instance of service.
func revision(t *testing.T, r registry.Registry, service string) string {
	t.Helper()
	got, err := r.Instances(t.Context(), service)
	if err != nil || len(got) != 1 {
		t.Fatalf("Instances(%q) = %v, %v; want one", service, got, err)
	}
	return got[0].Revision
}

func registerCopies(t *testing.T, h Harness) {
	r, w := empty(t, h)
	in := full("cart", "1")
	register(t, w, in, 0)
	spoil(&in)
	h.wantFields(t, r, full("cart", "1"))
}

func systemFields(t *testing.T, h Harness) {
	r, w := empty(t, h)
	in := inst("cart", "1")
	in.Health, in.Node, in.Revision = registry.Critical, "bogus", "bogus"
	in.Since = time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	in.Checks = []registry.Check{{ID: "bogus", Status: registry.Critical}}
	register(t, w, in, 0)
	h.eventually(t, func() string {
		got, err := r.Instances(t.Context(), "cart")
		if err != nil || len(got) != 1 {
			return fmt.Sprintf(`Instances("cart") = %v, %v; want one`, got, err)
		}
		bogus := got[0].Node == in.Node || got[0].Revision == in.Revision || got[0].Since.Equal(in.Since)
		for _, c := range got[0].Checks {
			bogus = bogus || c.ID == in.Checks[0].ID
		}
		if bogus || got[0].Health != registry.Passing {
			return fmt.Sprintf("the instance came back as %+v; want the system's own health, node, revision, since and checks", got[0])
		}
		return ""
	})
}

func oddLifecycle(t *testing.T, h Harness) {
	r, w := empty(t, h)
	for _, service := range oddServices() {
		for _, id := range oddIDs() {
			register(t, w, inst(service, service+id), ttl)
			if err := w.Heartbeat(t.Context(), service, service+id); err != nil {
				t.Errorf("Heartbeat(%q, %q): %v", service, service+id, err)
			}
		}
	}
	for _, service := range oddServices() {
		h.wantAllPassing(t, r, service, len(oddIDs()))
		for _, id := range oddIDs() {
			deregister(t, w, service, service+id)
		}
		h.wantGone(t, r, service)
	}
}

// wantAllPassing expects service to have n instances, all of them passing.
func (h Harness) wantAllPassing(t *testing.T, r registry.Registry, service string, n int) {
	t.Helper()
	h.eventually(t, func() string {
		got, err := r.Instances(t.Context(), service)
		passing := 0
		for i := range got {
			if got[i].Health == registry.Passing {
				passing++
			}
		}
		if err == nil && len(got) == n && passing == n {
			return ""
		}
		return fmt.Sprintf("Instances(%q) = %v, %v; want %d, all passing", service, got, err, n)
	})
}

func cancelledRegistration(t *testing.T, h Harness) {
	r, w := empty(t, h)
	register(t, w, inst("cart", "1"), ttl)
	h.wantHealth(t, r, registry.Critical)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	wantError(t, "Register(cart/2)", w.Register(ctx, inst("cart", "2"), 0), context.Canceled, "cart")
	wantError(t, "Heartbeat(cart/1)", w.Heartbeat(ctx, "cart", "1"), context.Canceled, "cart")
	wantError(t, "Deregister(cart/1)", w.Deregister(ctx, "cart", "1"), context.Canceled, "cart")
	h.wantHealth(t, r, registry.Critical)
}

func unreachableRegistration(t *testing.T, h Harness) {
	w := registrar(t, h.Unreachable(t))
	wantError(t, "Register(cart/1)", w.Register(t.Context(), inst("cart", "1"), 0), registry.ErrUnavailable, "cart")
	wantError(t, "Heartbeat(cart/1)", w.Heartbeat(t.Context(), "cart", "1"), registry.ErrUnavailable, "cart")
	wantError(t, "Deregister(cart/1)", w.Deregister(t.Context(), "cart", "1"), registry.ErrUnavailable, "cart")
}

// concurrentRegistrations expects instances that come and go at once to leave
// each other alone, also in one service.
func concurrentRegistrations(t *testing.T, h Harness) {
	r, w := empty(t, h)
	stay, pass := []string{"0", "1", "2", "3"}, []string{"4", "5", "6", "7"}
	for _, id := range append(stay, pass...) {
		t.Cleanup(func() {
			_ = w.Deregister(context.WithoutCancel(t.Context()), "cart", id) // the checks below tell of errors
		})
	}
	var services sync.WaitGroup
	for i := range stay {
		services.Go(func() {
			for range 3 {
				if err := w.Register(t.Context(), inst("cart", stay[i]), 0); err != nil {
					t.Errorf("Register(cart/%s): %v", stay[i], err)
				}
				if err := w.Register(t.Context(), inst("cart", pass[i]), 0); err != nil {
					t.Errorf("Register(cart/%s): %v", pass[i], err)
				}
				deregister(t, w, "cart", pass[i])
			}
		})
	}
	services.Wait()
	h.wantIDs(t, r, "cart", stay...)
}
