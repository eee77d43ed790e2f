package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"govctl/pkg/registry"
)

// join registers all instances, unless somebody else's services have their
// names.
func (e *env) join(ctx context.Context, ttl time.Duration) error {
	for _, service := range Services() {
		if err := e.free(ctx, service); err != nil {
			return fmt.Errorf("environment %s: %w", e.Name, err)
		}
	}
	for _, u := range e.units {
		if err := u.join(ctx, ttl); err != nil {
			return fmt.Errorf("register %s in %s: %w", u.in.ID, e.Name, err)
		}
	}
	return nil
}

// free returns ErrTaken where service has an instance without a demo's mark.
// What an earlier demo left behind is no hindrance.
func (e *env) free(ctx context.Context, service string) error {
	all, err := e.Registry.Instances(ctx, service)
	if errors.Is(err, registry.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, in := range all {
		if _, ok := in.Metadata[MetaDemo]; !ok {
			return fmt.Errorf("%s %q: %w", service, in.ID, ErrTaken)
		}
	}
	return nil
}

// settle waits until the registry shows every instance with its health: some
// systems answer a write before a read sees it.
func (e *env) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for _, u := range e.units {
		for {
			in, err := u.shown(ctx)
			if err == nil && in.Health == u.health() {
				break
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return fmt.Errorf("%s was registered in %s, which shows it as %q and not as %q: %w",
					u.in.ID, e.Name, in.Health, u.health(), first(err, ctx.Err()))
			}
		}
	}
	return nil
}

// keep sends the heartbeats of all instances every so often, until ctx ends.
func (e *env) keep(ctx context.Context, every time.Duration) {
	state := news{what: "heartbeats in " + e.Name, log: e.log}
	repeat(ctx, every, func() {
		var err error
		for _, u := range e.units {
			one, cancel := context.WithTimeout(ctx, every)
			err = first(err, u.renew(one))
			cancel()
		}
		if ctx.Err() == nil {
			state.see(err)
		}
	})
}

// stream sends an order every so often, until ctx ends. What fails on its own
// account is part of the show, and told once.
func (e *env) stream(ctx context.Context, every time.Duration) {
	state := news{what: "orders in " + e.Name, log: e.log}
	repeat(ctx, every, func() {
		_, err := e.order(ctx)
		if ctx.Err() == nil {
			state.see(err)
		}
	})
}

// repeat calls do once every so often, until ctx ends; never twice at a time.
func repeat(ctx context.Context, every time.Duration, do func()) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			do()
		case <-ctx.Done():
			return
		}
	}
}

// news tells when something begins to fail and when it works again, and nothing
// in between. It belongs to one goroutine.
type news struct {
	what    string
	log     func(string)
	failing bool
}

func (n *news) see(err error) {
	switch {
	case err != nil && !n.failing:
		n.log(fmt.Sprintf("%s: %v", n.what, err))
	case err == nil && n.failing:
		n.log(n.what + ": works again")
	}
	n.failing = err != nil
}
