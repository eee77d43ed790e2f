package local

import (
	"context"
	"errors"
	"iter"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"

	"govctl/pkg/registry"
)

const (
	// watchRest is the least time from one list of a watch to the next, and how
	// often what no file tells is looked at: the clock, and the folder itself.
	watchRest = time.Second
	// watchGather is how long a watch waits for more after a file changed.
	watchGather = 100 * time.Millisecond
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
	services []string          // sorted; nil: all
	files    *fsnotify.Watcher // nil: the files are read every time
	folder   folderMark        // of services, as it was when the last list was made
	lives    lives             // of the last list
	changed  bool              // something may have, since the last list was made
	gather   <-chan time.Time  // nil: it is over
	rest     <-chan time.Time  // nil: it is over
	tick     *time.Ticker
}

func (r *Registry) newWatch(services []string) *watch {
	quiet := *r
	quiet.notice = once(r.notice)
	w := &watch{Registry: &quiet, tick: time.NewTicker(watchRest), changed: true}
	if services != nil {
		w.services = append([]string{}, services...) // not nil, where it is empty
		slices.Sort(w.services)
		w.services = slices.Compact(w.services)
	}
	files, err := r.notify()
	if err != nil {
		w.readAlways(err)
		return w
	}
	w.files = files
	return w
}

// once returns a tell that says the same thing once. It is for one goroutine.
func once(tell func(registry.Notice)) func(registry.Notice) {
	said := map[registry.Notice]bool{}
	return func(n registry.Notice) {
		if !said[n] {
			said[n] = true
			tell(n)
		}
	}
}

func (w *watch) close() {
	w.tick.Stop()
	if w.files != nil {
		_ = w.files.Close() // it was only read
	}
}

// readAlways gives up on being told, for the reason why.
func (w *watch) readAlways(why error) {
	if w.files != nil {
		_ = w.files.Close() // it was only read
		w.files = nil
	}
	w.notice(registry.Notice{Text: w.name() + ": its files are read once a second, as the system does not tell of changes: " + reason(why)})
}

// next waits until there may be another list than the last, and makes it.
func (w *watch) next(ctx context.Context) ([]registry.Instance, error) {
	for !w.changed || w.gather != nil || w.rest != nil {
		select {
		case e := <-w.events():
			w.hear(e)
		case err := <-w.errors():
			if w.changed = true; !errors.Is(err, fsnotify.ErrEventOverflow) {
				w.readAlways(err)
			}
		case <-w.gather:
			w.gather = nil
		case <-w.rest:
			w.rest = nil
		case <-w.tick.C:
			w.look()
		case <-ctx.Done():
			return nil, w.fail("", ctx.Err())
		}
	}
	w.rest, w.changed = time.After(watchRest), false
	return w.list(ctx)
}

func (w *watch) events() <-chan fsnotify.Event {
	if w.files == nil {
		return nil
	}
	return w.files.Events
}

func (w *watch) errors() <-chan error {
	if w.files == nil {
		return nil
	}
	return w.files.Errors
}

// hear takes in what happened to a file.
func (w *watch) hear(e fsnotify.Event) {
	file, err := filepath.Rel(w.path(), e.Name)
	own := strings.HasPrefix(filepath.Base(file), ".") && file != "."
	if err == nil && (own || e.Op == fsnotify.Chmod && w.onlyBeat(file)) {
		return
	}
	if w.changed = true; w.gather == nil {
		w.gather = time.After(watchGather)
	}
}

// look takes in what no file tells: that time went by, and that the folder of
// services came, went, or is another.
func (w *watch) look() {
	if w.files == nil || w.lives.expired(w.now()) || !w.folder.same(markFolder(w.path())) {
		w.changed = true
	}
}

// path returns that of the folder of services.
func (w *watch) path() string { return filepath.Join(w.store.root, servicesFolder) }
