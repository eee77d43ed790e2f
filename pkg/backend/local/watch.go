package local

import (
	"context"
	"iter"
	"slices"

	"github.com/fsnotify/fsnotify"

	"govctl/pkg/registry"
)

// Watch implements registry.Watcher. The system tells what happens to the files;
// where it cannot, as the folder is on a network or too much is watched already,
// the files are read once a second, and a Notice says so. A heartbeat costs a look
// at the time of its file, unless the instance was critical.
func (r *Registry) Watch(ctx context.Context, services []string) iter.Seq2[[]registry.Instance, error] {
	return func(yield func([]registry.Instance, error) bool) {
		w := r.newWatch(services)
		defer w.close()
		for {
			list, err := w.next(ctx)
			if !yield(list, err) || err != nil {
				return
			}
		}
	}
}

// watch is one Watch under way.
type watch struct {
	*Registry
	*listener
	services []string // sorted; nil: all
	lives    lives    // of the last list
}

func (r *Registry) newWatch(services []string) *watch {
	quiet := *r
	quiet.notice = once(r.notice)
	w := &watch{Registry: &quiet, listener: r.store.listen(servicesFolder, r.notify, quiet.notice)}
	if services != nil {
		w.services = append([]string{}, services...) // not nil, where it is empty
		slices.Sort(w.services)
		w.services = slices.Compact(w.services)
	}
	return w
}

// next waits until there may be another list than the last, and makes it.
func (w *watch) next(ctx context.Context) ([]registry.Instance, error) {
	quiet := func(file string, op fsnotify.Op) bool { return op == fsnotify.Chmod && w.onlyBeat(file) }
	if err := w.wait(ctx, quiet, func() bool { return w.lives.expired(w.now()) }); err != nil {
		return nil, w.fail("", err)
	}
	return w.list(ctx)
}
