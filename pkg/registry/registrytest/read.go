package registrytest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"govctl/pkg/registry"
)

func servicesSorted(t *testing.T, h Harness) {
	r := h.New(t, inst("order", "o1"), inst("cart", "c1"), inst("order", "o2"), inst("user", "u1"), inst("cart-admin", "a1"))
	h.wantServices(t, r, "cart", "cart-admin", "order", "user")
}

func emptyRegistry(t *testing.T, h Harness) {
	r := h.New(t)
	h.wantServices(t, r)
	if got, err := r.Services(t.Context()); got == nil || err != nil {
		t.Errorf("Services() = %v, %v; want a list that is not nil", got, err)
	}
}

func unknownService(t *testing.T, h Harness) {
	r := h.New(t, inst("cart", "1"))
	got, err := r.Instances(t.Context(), "absent")
	wantError(t, `Instances("absent")`, err, registry.ErrNotFound, "absent")
	if len(got) > 0 {
		t.Errorf(`Instances("absent") = %v; want none`, got)
	}
}

// nameIsNoPrefix catches key-value systems that are asked for "cart" and answer
// "cart-admin" too.
func nameIsNoPrefix(t *testing.T, h Harness) {
	r := h.New(t, inst("cart", "1"), inst("cart-admin", "2"), inst("cart/admin", "3"))
	h.wantIDs(t, r, "cart", "1")
	_, err := r.Instances(t.Context(), "car")
	wantError(t, `Instances("car")`, err, registry.ErrNotFound, "car")
}

func instancesSorted(t *testing.T, h Harness) {
	r := h.New(t, inst("cart", "b"), inst("cart", "10"), inst("cart", "a-1"), inst("cart", "2"), inst("cart", "a"))
	h.wantIDs(t, r, "cart", "10", "2", "a", "a-1", "b")
}

func fieldsRoundTrip(t *testing.T, h Harness) {
	v6, bare := inst("ipv6", "v1"), inst("bare", "b1")
	v6.Address, v6.Port = "fd00::2", 99999 // Consul takes such a port, so we show it
	bare.Address, bare.Port = "cart.internal", 0
	all := []registry.Instance{full("order", "order-1"), v6, bare}
	r := h.New(t, all...)
	for _, want := range all {
		h.wantFields(t, r, want)
	}
}

func oddNames(t *testing.T, h Harness) {
	var all []registry.Instance
	for i, service := range oddServices() {
		all = append(all, inst(service, fmt.Sprint(i)))
	}
	for _, id := range oddIDs() {
		all = append(all, inst("ids", id))
	}
	r := h.New(t, all...)
	services := append(oddServices(), "ids")
	slices.Sort(services)
	h.wantServices(t, r, services...)
	for i, service := range oddServices() {
		h.wantIDs(t, r, service, fmt.Sprint(i))
	}
	h.wantIDs(t, r, "ids", oddIDs()...)
}

// callerOwnsResult changes all that can be reached from an answer and expects
// the next one to be as the first was.
func callerOwnsResult(t *testing.T, h Harness) {
	r := h.New(t, full("order", "1"))
	h.wantFields(t, r, full("order", "1"))
	got, err := r.Instances(t.Context(), "order")
	if err != nil || len(got) != 1 {
		t.Fatalf(`Instances("order") = %v, %v; want one`, got, err)
	}
	spoil(&got[0])
	h.wantFields(t, r, full("order", "1"))
	names, err := r.Services(t.Context())
	if err != nil || len(names) == 0 {
		t.Fatalf("Services() = %v, %v; want some", names, err)
	}
	for i := range names {
		names[i] = "spoiled"
	}
	h.wantServices(t, r, "order")
}

// spoil changes in, and all that it shares with its copies.
func spoil(in *registry.Instance) {
	for i := range in.Tags {
		in.Tags[i] = "spoiled"
	}
	for k := range in.Metadata {
		in.Metadata[k] = "spoiled"
	}
	for i := range in.Checks {
		in.Checks[i].Status = "spoiled"
	}
	for i := range in.Endpoints {
		e := &in.Endpoints[i]
		for k := range e.Metadata {
			e.Metadata[k] = "spoiled"
		}
		for _, v := range []*registry.Value{e.Request, e.Response} {
			if v == nil {
				continue
			}
			for i := range v.Values {
				v.Values[i].Name = "spoiled"
			}
			v.Name = "spoiled"
		}
		e.Name = "spoiled"
	}
	in.Address = "spoiled"
}

func cancelledQuestion(t *testing.T, h Harness) {
	r := h.New(t, inst("cart", "1"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := r.Services(ctx)
	wantError(t, "Services()", err, context.Canceled, "")
	_, err = r.Instances(ctx, "cart")
	wantError(t, `Instances("cart")`, err, context.Canceled, "cart")
}

func unreachableQuestion(t *testing.T, h Harness) {
	r := h.Unreachable(t)
	_, err := r.Services(t.Context())
	wantError(t, "Services()", err, registry.ErrUnavailable, "")
	_, err = r.Instances(t.Context(), "cart")
	wantError(t, `Instances("cart")`, err, registry.ErrUnavailable, "cart")
}

// concurrentQuestions is worth most under the race detector.
func concurrentQuestions(t *testing.T, h Harness) {
	order, cart := full("order", "o1"), full("cart", "c1")
	r := h.New(t, order, cart)
	h.wantFields(t, r, order)
	h.wantFields(t, r, cart)
	var askers sync.WaitGroup
	for range 8 {
		askers.Go(func() {
			for range 10 {
				h.wantServices(t, r, "cart", "order")
				h.wantFields(t, r, order)
				h.wantFields(t, r, cart)
			}
		})
	}
	askers.Wait()
}
