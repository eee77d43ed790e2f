package local_test

import (
	"context"
	"iter"
	"slices"

	"govctl/pkg/registry"
)

// lists is what a Watch returns.
type lists = iter.Seq2[[]registry.Instance, error]

func (b *broken) Watch(ctx context.Context, services []string) lists {
	if b.bug.watch != nil {
		return b.bug.watch(ctx, b, services)
	}
	return b.fixture.Watch(ctx, services)
}

// changeLists returns a watch that changes right lists.
func changeLists(f func(b *broken, list []registry.Instance) []registry.Instance) func(context.Context, *broken, []string) lists {
	return func(ctx context.Context, b *broken, services []string) lists {
		return func(yield func([]registry.Instance, error) bool) {
			for list, err := range b.fixture.Watch(ctx, services) {
				if !yield(f(b, list), err) {
					return
				}
			}
		}
	}
}

// first returns a watch that does next after the first right list.
func first(next func(ctx context.Context)) func(context.Context, *broken, []string) lists {
	return func(ctx context.Context, b *broken, services []string) lists {
		return func(yield func([]registry.Instance, error) bool) {
			for list, err := range b.fixture.Watch(ctx, services) {
				if !yield(list, err) || err != nil {
					return
				}
				next(ctx)
			}
		}
	}
}

func forever(ctx context.Context) { <-ctx.Done() }

func watchBugs() map[string]bug {
	return map[string]bug{
		"watches backwards": {check: "a watch tells the present state first", watch: changeLists(func(_ *broken, list []registry.Instance) []registry.Instance {
			slices.Reverse(list)
			return list
		})},
		"watches all for none": {check: "a watch tells the present state first", watch: func(ctx context.Context, b *broken, services []string) lists {
			if len(services) == 0 {
				services = nil
			}
			return b.fixture.Watch(ctx, services)
		}},
		"tells once": {check: "a watch sees what comes, changes and goes", watch: first(forever)},
		"tells of no health": {check: "a watch sees a first heartbeat", watch: changeLists(func(_ *broken, list []registry.Instance) []registry.Instance {
			for i := range list {
				list[i].Health = registry.Critical
			}
			return list
		})},
		"tells of no silence": {check: "a watch sees silence", watch: changeLists(func(_ *broken, list []registry.Instance) []registry.Instance {
			for i := range list {
				list[i].Health = registry.Passing
			}
			return list
		})},
		"names are ignored": {check: "a watch of names sees no others", watch: func(ctx context.Context, b *broken, _ []string) lists {
			return b.fixture.Watch(ctx, nil)
		}},
		"what is not there is an error": {check: "a watch waits for a service that is not there", watch: func(ctx context.Context, b *broken, services []string) lists {
			for _, name := range services {
				if _, err := b.fixture.Instances(ctx, name); err != nil {
					return func(yield func([]registry.Instance, error) bool) { yield(nil, err) }
				}
			}
			return b.fixture.Watch(ctx, services)
		}},
		"ends without a word": {check: "a watch ends with its context", watch: func(ctx context.Context, b *broken, services []string) lists {
			return func(yield func([]registry.Instance, error) bool) {
				for list, err := range b.fixture.Watch(ctx, services) {
					if err != nil || !yield(list, nil) {
						return
					}
				}
			}
		}},
		"goes on after its error": {check: "a watch ends with its context", watch: func(ctx context.Context, b *broken, services []string) lists {
			return func(yield func([]registry.Instance, error) bool) {
				for _, c := range []context.Context{ctx, context.WithoutCancel(ctx)} {
					for list, err := range b.fixture.Watch(c, services) {
						if !yield(list, err) {
							return
						}
					}
				}
			}
		}},
		"leaves a goroutine": {check: "a watch ends where nobody reads on", watch: func(ctx context.Context, b *broken, services []string) lists {
			go forever(ctx)
			return b.fixture.Watch(ctx, services)
		}},
		"the unreachable is empty": {check: "a watch of an unreachable system is unavailable", watch: func(ctx context.Context, b *broken, services []string) lists {
			if _, err := b.fixture.Services(ctx); err != nil {
				return func(yield func([]registry.Instance, error) bool) { yield(nil, nil) }
			}
			return b.fixture.Watch(ctx, services)
		}},
		"shared lists": {check: "the caller owns what a watch yields", watch: changeLists(func(b *broken, list []registry.Instance) []registry.Instance {
			for i := range list {
				kept, _ := b.kept.LoadOrStore(list[i].ID, list[i])
				list[i] = kept.(registry.Instance)
			}
			return list
		})},
		"tells everything thrice": {check: "a watch yields at most once a second", watch: func(ctx context.Context, b *broken, services []string) lists {
			return func(yield func([]registry.Instance, error) bool) {
				for list, err := range b.fixture.Watch(ctx, services) {
					for range 3 {
						if !yield(slices.Clone(list), err) {
							return
						}
					}
				}
			}
		}},
		"one watch at a time": {check: "watches may run at once", watch: func(ctx context.Context, b *broken, services []string) lists {
			return func(yield func([]registry.Instance, error) bool) {
				if b.calls.Add(1) > 1 {
					yield(nil, errOverlap)
					return
				}
				b.fixture.Watch(ctx, services)(yield)
			}
		}},
	}
}
