package demo

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"

	"govctl/pkg/registry"
)

// env is an environment that runs. Its fields do not change after build.
type env struct {
	Environment

	units []*unit // sorted by service and id
	// callable has the ids of those instances that the mesh's callers may ask:
	// its own, but for those that hang. A caller would wait hopTime for one of
	// them, and so would the order.
	callable map[string]bool
	client   *http.Client
	now      func() time.Time
	log      func(string)
}

// unit is one running instance.
type unit struct {
	spec

	env    *env
	in     registry.Instance // as registered
	tracer trace.Tracer
	stop   func(context.Context) // ends listening; may be called again; nil before listen

	// mu orders registering, heartbeats and leaving, and is held while the
	// registry is asked: a heartbeat that finds its instance gone registers it
	// again, which must not happen after it left on purpose.
	mu         sync.Mutex
	ttl        time.Duration
	registered bool // as far as we know: also after an attempt of unknown outcome
	left       bool
}

func newUnit(e *env, s spec, ids *ids, rec *recorder) *unit {
	u := &unit{spec: s, env: e, in: s.instance(e.Name, ids.next(e.Name, s.service))}
	u.tracer = rec.tracer(e.Name, u)
	return u
}

// listen gives the instance a port and, where it is not dead, somebody behind
// it.
func (u *unit) listen(ctx context.Context, cert *tls.Certificate) error {
	if u.fault == FaultDead {
		port, release, err := deadPort(ctx)
		u.in.Port, u.stop = port, func(context.Context) { release() }
		return err
	}
	ln, port, err := listen(ctx)
	if err != nil {
		return err
	}
	u.in.Port = port
	if u.fault == FaultExpiredCertificate {
		ln = tls.NewListener(ln, &tls.Config{Certificates: []tls.Certificate{*cert}, MinVersion: tls.VersionTLS12})
	}
	switch {
	case u.fault == FaultHang:
		u.stop = serveNobody(ln)
	case protocol(u.service) == "grpc":
		u.stop = serveGRPC(ln, u.grpcServer())
	default:
		u.stop = serveHTTP(ln, u.httpHandler())
	}
	return nil
}

// health is what the registry should say of the instance.
func (u *unit) health() registry.Health {
	if u.fault == FaultCritical {
		return registry.Critical
	}
	return registry.Passing
}

// join registers the instance; from then on renew keeps it there.
func (u *unit) join(ctx context.Context, ttl time.Duration) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.ttl = ttl
	return u.register(ctx)
}

// register needs mu. An instance with the fault critical is registered and
// never heard of again.
func (u *unit) register(ctx context.Context) error {
	u.registered = true
	if err := u.env.Registrar.Register(ctx, u.in, u.ttl); err != nil {
		return err
	}
	if u.fault == FaultCritical {
		return nil
	}
	return u.env.Registrar.Heartbeat(ctx, u.service, u.in.ID)
}

// renew sends a heartbeat, and registers the instance again where the registry
// has forgotten it.
func (u *unit) renew(ctx context.Context) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.left {
		return nil
	}
	var err error
	if u.fault == FaultCritical {
		// A registry may remove what stays critical; a planted fault stays.
		_, err = u.shown(ctx)
	} else {
		err = u.env.Registrar.Heartbeat(ctx, u.service, u.in.ID)
	}
	if errors.Is(err, registry.ErrNotFound) {
		return u.register(ctx)
	}
	return err
}

// shown returns the instance as the registry has it; ErrNotFound where it has
// none.
func (u *unit) shown(ctx context.Context) (registry.Instance, error) {
	all, err := u.env.Registry.Instances(ctx, u.service)
	if err != nil {
		return registry.Instance{}, err
	}
	for _, in := range all {
		if in.ID == u.in.ID {
			return in, nil
		}
	}
	return registry.Instance{}, registry.ErrNotFound
}

// leave deregisters the instance for good. A second call does what the first
// could not.
func (u *unit) leave(ctx context.Context) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.left = true
	if !u.registered {
		return nil
	}
	if err := u.env.Registrar.Deregister(ctx, u.service, u.in.ID); err != nil {
		return fmt.Errorf("deregister %s: %w", u.in.ID, err)
	}
	u.registered = false
	return nil
}

func (u *unit) here() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return !u.left
}
