// Package demo is a small real mesh in one process: services that speak HTTP
// and gRPC on loopback, register themselves with heartbeats, find each other in
// the registry, write traces, and have a few faults planted in them that a
// registry alone does not show.
package demo

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"govctl/pkg/registry"
)

// Mesh is a running demo. Its methods may be called concurrently.
type Mesh struct {
	envs      []*env
	recorders []*recorder

	stopLoops context.CancelFunc
	loops     sync.WaitGroup
	closing   sync.Once
	closed    error
}

const (
	// settleTime is how long a registry may take to show what was registered.
	settleTime = 10 * time.Second
	// Closing takes at most leaveTime for the registry, plus stopTime for the
	// servers, plus flushTime for the traces.
	leaveTime = 5 * time.Second
	stopTime  = 2 * time.Second
	flushTime = 2 * time.Second
)

// Start runs the mesh and returns once every instance listens, is registered,
// and is shown by its registry with the health that it should have. ctx bounds
// the start only: the mesh runs until Close. After an error nothing is left
// running, and nothing registered as far as the registry can be reached.
func Start(ctx context.Context, o Options) (*Mesh, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	loopCtx, stop := context.WithCancel(context.WithoutCancel(ctx))
	m := &Mesh{stopLoops: stop}
	err := m.build(ctx, &o)
	for _, e := range m.envs {
		if err == nil {
			err = e.join(ctx, o.TTL)
		}
		if err == nil {
			m.loops.Go(func() { e.keep(loopCtx, o.TTL/3) })
		}
	}
	for _, e := range m.envs {
		if err == nil {
			err = e.settle(ctx)
		}
	}
	if err != nil {
		_ = m.Close(context.WithoutCancel(ctx)) // the first error is the one that matters
		return nil, err
	}
	if o.RequestEvery > 0 {
		for _, e := range m.envs {
			m.loops.Go(func() { e.stream(loopCtx, o.RequestEvery) })
		}
	}
	return m, nil
}

// build makes all instances and lets them listen; nothing is registered yet.
func (m *Mesh) build(ctx context.Context, o *Options) error {
	cert, err := expiredCertificate(o.Now())
	if err != nil {
		return err
	}
	client := newClient(trusting(&cert))
	recorders := map[string]*recorder{}
	ids := newIDs(o.Seed)
	for _, at := range o.Environments {
		rec, ok := recorders[at.TraceDir]
		if !ok {
			rec, err = newRecorder(at.TraceDir, ringBound, o.Log)
			if err != nil {
				return fmt.Errorf("traces of %s: %w", at.Name, err)
			}
			recorders[at.TraceDir] = rec
			m.recorders = append(m.recorders, rec)
		}
		e := &env{Environment: at, client: client, now: o.Now, log: o.Log, callable: map[string]bool{}}
		m.envs = append(m.envs, e)
		for _, s := range layout(at.Name) {
			u := newUnit(e, s, ids, rec)
			if err := u.listen(ctx, &cert); err != nil {
				return fmt.Errorf("%s: %w", u.in.ID, err)
			}
			e.units = append(e.units, u)
			e.callable[u.in.ID] = u.fault != FaultHang
		}
		slices.SortFunc(e.units, func(a, b *unit) int { return registry.Compare(a.in, b.in) })
	}
	return nil
}

// Stop ends all instances of a service, as a deployment that went wrong would:
// they leave the registry and stop listening. Stopping a service twice is no
// error. Where the registry cannot be reached they end all the same, and their
// registrations with their TTL.
func (m *Mesh) Stop(ctx context.Context, environment, service string) error {
	e, err := m.environment(environment)
	if err != nil {
		return err
	}
	if !slices.Contains(Services(), service) {
		return fmt.Errorf("the demo has no service %q", service)
	}
	for _, u := range e.units {
		if u.service == service {
			err = first(err, u.leave(ctx))
		}
	}
	stopAll(ctx, e.units, func(u *unit) bool { return u.service == service })
	return err
}

// Close deregisters what is still registered, ends all servers, and writes the
// remaining traces. It takes at most nine seconds, less where ctx ends sooner;
// what it could not deregister then expires with its TTL, and the first reason
// is returned. Closing again returns the same.
func (m *Mesh) Close(ctx context.Context) error {
	m.closing.Do(func() { m.closed = m.close(ctx) })
	return m.closed
}

func (m *Mesh) close(ctx context.Context) error {
	m.stopLoops()
	m.loops.Wait()
	leaving, cancel := context.WithTimeout(ctx, leaveTime)
	defer cancel()
	var err error
	var units []*unit
	for _, e := range m.envs {
		units = append(units, e.units...)
	}
	for _, u := range units {
		err = first(err, u.leave(leaving))
	}
	stopAll(ctx, units, func(*unit) bool { return true })
	// The disk is ours: a caller in a hurry does not cost the last traces.
	flushing, cancelFlush := context.WithTimeout(context.WithoutCancel(ctx), flushTime)
	defer cancelFlush()
	for _, r := range m.recorders {
		err = first(err, r.close(flushing))
	}
	return err
}

// stopAll ends the servers of those units that which picks, all at once, and
// hard after stopTime.
func stopAll(ctx context.Context, units []*unit, which func(*unit) bool) {
	ctx, cancel := context.WithTimeout(ctx, stopTime)
	defer cancel()
	var wg sync.WaitGroup
	for _, u := range units {
		if which(u) && u.stop != nil {
			wg.Go(func() { u.stop(ctx) })
		}
	}
	wg.Wait()
}

func (m *Mesh) environment(name string) (*env, error) {
	for _, e := range m.envs {
		if e.Name == name {
			return e, nil
		}
	}
	return nil, fmt.Errorf("the demo has no environment %q", name)
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
