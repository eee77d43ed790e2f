package demo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"govctl/pkg/registry"
)

// Hop is one instance that took part in an order.
type Hop struct {
	Service string `json:"service"`
	ID      string `json:"id"`
	Version string `json:"version"`
}

// OrderResult is an order that was placed.
type OrderResult struct {
	ID string
	// TraceID is 32 hexadecimal digits. The trace stands in the environment's
	// TraceDir about a second later.
	TraceID string
	// Cents is the price that was charged.
	Cents int
	// Hops are the instances that answered, in the order in which they were
	// asked; user is missing where the user service was not to be had.
	Hops []Hop
	// Took is the time from the gateway's being asked to its answer.
	Took time.Duration
}

// OrderError is an order that the mesh refused, or that did not reach it.
type OrderError struct {
	// Status is that of the gateway's answer, or what it would have been.
	Status int
	// Text says why, naming the service or instance: one line.
	Text string
	// TraceID is as in OrderResult; empty where no gateway answered.
	TraceID string
}

// Error returns "order refused with status CODE: WHY".
func (e *OrderError) Error() string {
	return fmt.Sprintf("order refused with status %d: %s", e.Status, e.Text)
}

// Order places one order: a real HTTP request to a gateway out of the
// environment's registry, with all that follows from it. A refusal is an
// *OrderError.
func (m *Mesh) Order(ctx context.Context, environment string) (OrderResult, error) {
	e, err := m.environment(environment)
	if err != nil {
		return OrderResult{}, err
	}
	return e.order(ctx)
}

func (e *env) order(ctx context.Context) (OrderResult, error) {
	items := []string{"tea", "cup", "pot"}
	req := orderRequest{
		User:     fmt.Sprintf("u-%d", 1+rand.IntN(9)), //nolint:gosec // an example
		Item:     items[rand.IntN(len(items))],        //nolint:gosec // an example
		Quantity: 1 + rand.IntN(3),                    //nolint:gosec // an example
	}
	var out orderReply
	start := e.now()
	err := e.reach(ctx, gateway, func(ctx context.Context, in *registry.Instance) error {
		_, err := e.send(ctx, in, ask{method: http.MethodPost, path: "/orders", body: req, into: &out})
		return err
	})
	if no, ok := errors.AsType[*refusal](err); ok {
		return OrderResult{}, &OrderError{Status: no.status, Text: no.text, TraceID: no.traceID}
	}
	if err != nil {
		return OrderResult{}, err
	}
	return OrderResult{ID: out.ID, TraceID: out.TraceID, Cents: out.Cents, Hops: out.Hops, Took: e.now().Sub(start)}, nil
}
