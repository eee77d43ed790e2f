package registrytest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/registry"
)

func watcherChecks() []check {
	return []check{
		{"a watch tells the present state first", watchPresent},
		{"a watch ends with its context", watchEndsWithContext},
		{"a watch ends where nobody reads on", watchEndsUnread},
		{"a watch of an unreachable system is unavailable", watchUnreachable},
	}
}

// watcherRegistrarChecks are those that make something happen.
func watcherRegistrarChecks() []check {
	return []check{
		{"a watch sees what comes, changes and goes", watchComeAndGo},
		{"a watch sees a first heartbeat", watchHeartbeat},
		{"a watch of names sees no others", watchNames},
		{"a watch waits for a service that is not there", watchAbsent},
		{"the caller owns what a watch yields", watchOwned},
		{"a watch yields at most once a second", watchRate},
		{"watches may run at once", watchConcurrent},
	}
}

// patience is how long after it happened a watch may tell a change, on a busy
// machine, beside the harness's lag.
const patience = 8 * time.Second

// viewer reads a watch.
type viewer struct {
	h     Harness
	lists chan seen
	stop  context.CancelFunc
}

// seen is what a watch yielded.
type seen struct {
	list []registry.Instance
	err  error
}

// watch begins to watch services of r, until t ends.
func (h Harness) watch(t *testing.T, r registry.Registry, services []string) *viewer {
	t.Helper()
	return h.watchUntil(t.Context(), t, r, services)
}

// watchUntil is watch until ctx ends.
func (h Harness) watchUntil(ctx context.Context, t *testing.T, r registry.Registry, services []string) *viewer {
	t.Helper()
	w, err := registry.As[registry.Watcher](r, "watch")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(ctx)
	v := &viewer{h: h, lists: make(chan seen), stop: cancel}
	go func() {
		defer close(v.lists)
		for list, err := range w.Watch(ctx, services) {
			select {
			case v.lists <- seen{list, err}:
			case <-t.Context().Done():
				return
			}
		}
	}()
	t.Cleanup(cancel)
	return v
}

// next returns what the watch yields next; ok is false where it ended. Where it
// yields nothing in time, t fails and ends.
func (v *viewer) next(t *testing.T) (s seen, ok bool) {
	t.Helper()
	select {
	case s, ok = <-v.lists:
	case <-time.After(patience + v.h.Lag):
		t.Fatalf("the watch told nothing for %v", patience+v.h.Lag)
	}
	return s, ok
}

// await reads lists, without the services of the system itself, until wrong
// returns "" for one; otherwise it returns why there was none.
func (v *viewer) await(wrong func([]registry.Instance) string) string {
	over := time.After(patience + v.h.Lag)
	why := "no list came"
	for why != "" {
		select {
		case s, ok := <-v.lists:
			if !ok || s.err != nil {
				return fmt.Sprintf("the watch ended with %v; before: %s", s.err, why)
			}
			why = wrong(slices.DeleteFunc(s.list, func(in registry.Instance) bool {
				return slices.Contains(v.h.Ignore, in.Service)
			}))
		case <-over:
			return fmt.Sprintf("in %v the watch told nothing right: %s", patience+v.h.Lag, why)
		}
	}
	return ""
}

// until is await whose why ends t.
func (v *viewer) until(t *testing.T, wrong func([]registry.Instance) string) {
	t.Helper()
	if why := v.await(wrong); why != "" {
		t.Fatal(why)
	}
}

// untilIDs is until for the instances that there are, as service/id.
func (v *viewer) untilIDs(t *testing.T, want ...string) {
	t.Helper()
	v.until(t, wantList(want...))
}

func wantList(want ...string) func([]registry.Instance) string {
	return func(list []registry.Instance) string {
		if got := idsOf(list); !slices.Equal(got, want) {
			return fmt.Sprintf("it yielded %q, want %q", got, want)
		}
		return ""
	}
}

func idsOf(list []registry.Instance) []string {
	ids := []string{}
	for i := range list {
		ids = append(ids, list[i].Service+"/"+list[i].ID)
	}
	return ids
}

// untilHealth is until for one instance, cart/1, of that health.
func (v *viewer) untilHealth(t *testing.T, want registry.Health) {
	t.Helper()
	v.until(t, func(list []registry.Instance) string {
		if len(list) != 1 || list[0].ID != "1" || list[0].Health != want {
			return fmt.Sprintf("it yielded %+v, want cart/1 alone and %s", list, want)
		}
		return ""
	})
}

// watchPresent expects the first list to be what Instances says, service by
// service.
func watchPresent(t *testing.T, h Harness) {
	down := inst("cart", "c1")
	down.Health = registry.Critical
	all := []registry.Instance{full("order", "o2"), inst("order", "o1"), down}
	for i, service := range oddServices() {
		all = append(all, inst(service, fmt.Sprint(i)))
	}
	r := h.New(t, all...)
	h.wantFields(t, r, inst("a/b", "4"))
	for _, services := range [][]string{nil, {"order", "absent", "a/b", "order"}, {}} {
		h.eventually(t, func() string {
			want, err := listed(t.Context(), r, services)
			if err != nil {
				return err.Error()
			}
			v := h.watch(t, r, services)
			defer v.stop()
			if got, ok := v.next(t); !ok || got.err != nil || cmp.Diff(want, got.list) != "" {
				return fmt.Sprintf("the watch of %q began with %v (-listed +watched):\n%s", services, got.err, cmp.Diff(want, got.list))
			}
			return ""
		})
	}
}

// listed returns what a watch of services begins with, asked for one by one.
func listed(ctx context.Context, r registry.Registry, services []string) ([]registry.Instance, error) {
	names, err := r.Services(ctx)
	if services != nil {
		names = slices.Compact(slices.Sorted(slices.Values(services)))
	}
	all := []registry.Instance{}
	for _, name := range names {
		some, err := r.Instances(ctx, name)
		if err != nil && !errors.Is(err, registry.ErrNotFound) {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, err
}

func watchComeAndGo(t *testing.T, h Harness) {
	r, w := empty(t, h)
	v := h.watch(t, r, nil)
	v.untilIDs(t)
	register(t, w, full("cart", "1"), 0)
	v.untilIDs(t, "cart/1")
	changed := full("cart", "1")
	changed.Metadata["team"] = "other"
	if err := w.Register(t.Context(), changed, 0); err != nil {
		t.Fatal(err)
	}
	v.until(t, func(list []registry.Instance) string {
		if len(list) != 1 {
			return fmt.Sprintf("it yielded %d instances, want 1", len(list))
		}
		return h.differ(changed, list[0])
	})
	deregister(t, w, "cart", "1")
	v.untilIDs(t)
}

func watchHeartbeat(t *testing.T, h Harness) {
	r, w := empty(t, h)
	register(t, w, inst("cart", "1"), ttl)
	v := h.watch(t, r, nil)
	v.untilHealth(t, registry.Critical)
	if err := w.Heartbeat(t.Context(), "cart", "1"); err != nil {
		t.Fatal(err)
	}
	v.untilHealth(t, registry.Passing)
}

// watchSilence expects a watch to tell of what happens without anybody's doing.
func watchSilence(t *testing.T, h Harness) {
	r, w := empty(t, h)
	register(t, w, inst("cart", "1"), ttl)
	v := h.watch(t, r, []string{"cart"})
	for range 2 {
		if err := w.Heartbeat(t.Context(), "cart", "1"); err != nil {
			t.Fatal(err)
		}
		v.untilHealth(t, registry.Passing)
		h.Advance(t, r, ttl+time.Second)
		v.untilHealth(t, registry.Critical)
	}
}

func watchNames(t *testing.T, h Harness) {
	r, w := empty(t, h)
	register(t, w, inst("cart-admin", "3"), 0)
	register(t, w, inst("order", "2"), 0)
	v := h.watch(t, r, []string{"cart"})
	for _, id := range []string{"4", "5"} {
		register(t, w, inst("order", "o"+id), 0)
		register(t, w, inst("cart", id), 0)
		v.until(t, func(list []registry.Instance) string {
			for i := range list {
				if list[i].Service != "cart" {
					t.Fatalf("a watch of cart yielded %q", idsOf(list))
				}
			}
			if len(list) == 0 || list[len(list)-1].ID != id {
				return fmt.Sprintf("it yielded %q, want cart/%s too", idsOf(list), id)
			}
			return ""
		})
	}
}

func watchAbsent(t *testing.T, h Harness) {
	r, w := empty(t, h)
	v := h.watch(t, r, []string{"cart", "order"})
	v.untilIDs(t)
	register(t, w, inst("order", "1"), 0)
	v.untilIDs(t, "order/1")
	register(t, w, inst("cart", "2"), 0)
	deregister(t, w, "order", "1")
	v.untilIDs(t, "cart/2")
}

// watchConcurrent is worth most under the race detector.
func watchConcurrent(t *testing.T, h Harness) {
	r, w := empty(t, h)
	register(t, w, full("order", "1"), 0)
	var viewers [4]*viewer
	for i := range viewers {
		viewers[i] = h.watch(t, r, [][]string{nil, {"cart", "order"}}[i%2])
		viewers[i].untilIDs(t, "order/1")
	}
	register(t, w, full("cart", "2"), 0)
	var reading sync.WaitGroup
	for _, v := range viewers {
		reading.Go(func() {
			if why := v.await(wantList("cart/2", "order/1")); why != "" {
				t.Error(why)
			}
		})
	}
	reading.Wait()
}
