package consul

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync/atomic"

	"govctl/pkg/registry"
)

// list asks for the watched services. Where the answer may be older than what
// rang for it, as another server gave it, it is asked for again after a rest:
// changed is true.
func (w *watch) list(ctx context.Context) ([]registry.Instance, error) {
	if w.services == nil && !w.refused {
		list, a, err := w.everything(ctx)
		if err == nil {
			w.changed = a.index != 0 && a.index < slices.Max(slices.Collect(maps.Values(w.latest)))
		}
		if w.refused = isStatus(err) && !errors.Is(err, registry.ErrUnavailable); !w.refused {
			return list, err
		}
	}
	names := w.services
	if names == nil {
		var err error
		if names, err = w.names(ctx); err != nil {
			return nil, err
		}
	}
	each := oneByOne{watch: w}
	list := []registry.Instance{}
	for in, err := range registry.ListKnown(ctx, &each, names) {
		if err != nil {
			return nil, err
		}
		list = append(list, in)
	}
	// The index of one service is lower than that of a bell, and says nothing. A
	// follower of the leader is behind it by less than a rest.
	w.changed = each.behind.Load() && !w.late
	w.late = w.changed
	return list, nil
}

// everything returns all instances that there are. The question is not among
// those that Consul documents: proxies may block it, and later versions may drop
// it.
func (w *watch) everything(ctx context.Context) ([]registry.Instance, answer, error) {
	ctx, cancel := context.WithTimeout(ctx, w.pace.request)
	defer cancel()
	list := []registry.Instance{}
	a, err := w.read(ctx, "", question{path: pathNodes}, eachNode(func(n *nodeInfo) {
		for e := range n.entries("") {
			list = append(list, w.instance(&e))
		}
	}))
	if err != nil {
		return nil, a, err
	}
	slices.SortFunc(list, registry.Compare)
	for rest := list; len(rest) > 0; {
		n := slices.IndexFunc(rest, func(in registry.Instance) bool { return in.Service != rest[0].Service })
		if n < 0 {
			n = len(rest)
		}
		unique(rest[:n])
		rest = rest[n:]
	}
	return list, a, nil
}

func (w *watch) names(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, w.pace.request)
	defer cancel()
	return w.Services(ctx)
}

// oneByOne asks for services, each within a time of its own, and remembers
// whether one of the answers came from another than the leader.
type oneByOne struct {
	*watch
	behind atomic.Bool
}

// Instances implements registry.Registry.
func (o *oneByOne) Instances(ctx context.Context, service string) ([]registry.Instance, error) {
	ctx, cancel := context.WithTimeout(ctx, o.pace.request)
	defer cancel()
	list, a, err := o.ask(ctx, service)
	if a.follower {
		o.behind.Store(true)
	}
	return list, err
}
