package consul

import (
	"context"
	"io"
	"iter"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"govctl/internal/httpx"
	"govctl/pkg/registry"
)

// pace is how fast a watch goes.
type pace struct {
	// between is the least time from one question of a kind to the next.
	between time.Duration
	// wait is for how long a server may hold a blocking question, spare how much
	// later than at its latest the answer may come.
	wait, spare time.Duration
	// request bounds any other question, the body of its answer included.
	request time.Duration
}

// usualPace has a server that fell silent noticed after a minute.
func usualPace() pace {
	return pace{between: time.Second, wait: 50 * time.Second, spare: 6 * time.Second, request: 10 * time.Second}
}

// longest is when a blocking question is given up: servers add up to a sixteenth
// to the wait.
func (p pace) longest() time.Duration { return p.wait + p.wait/16 + p.spare }

// hold has q be answered when what it asks for has another index, or after a
// while; at once for an index of 0. It returns for how long to wait for the answer.
func (p pace) hold(q *question, index uint64) time.Duration {
	if index == 0 {
		return p.request
	}
	q.query.Set("index", strconv.FormatUint(index, 10))
	q.query.Set("wait", p.wait.String())
	return p.longest()
}

// bell is a question that a server answers when something changes. Its filter
// picks nothing: the answer is an index, and its body two bytes.
type bell struct{ path, filter string }

// bells returns those of a watch: together they ring for every change of what an
// instance is made of, and not for heartbeats, nor for the key-value store.
func bells() []bell {
	return []bell{
		{"/v1/catalog/services", `ServiceName == ""`}, // registrations
		{"/v1/health/state/any", `CheckID == ""`},     // statuses, maintenance
		{"/v1/catalog/nodes", `Node == ""`},           // addresses and zones of machines
	}
}

// Watch implements registry.Watcher. Three blocking questions, each asked again
// at most once a second, tell that something changed, anywhere in the catalog;
// then the watched services are asked for again: all of them with one question,
// or, where that is refused, and for named ones, with one question a service. Each
// such question is given Options.Timeout, and a server that falls silent is noticed
// after a minute; where ctx has a deadline it bounds all.
func (r *Registry) Watch(ctx context.Context, services []string) iter.Seq2[[]registry.Instance, error] {
	return func(yield func([]registry.Instance, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		w := newWatch(r, services)
		var listeners sync.WaitGroup
		for i, b := range bells() {
			listeners.Go(func() { w.listen(ctx, i, b) })
		}
		defer listeners.Wait()
		defer cancel()
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
	services []string // sorted; nil: all
	refused  bool     // the one question for all of them
	rings    chan ring
	latest   map[int]uint64 // the index of each bell that rang, as it last did
	changed  bool           // something may have, since the last list was asked for
	late     bool           // the last list was asked for once more, without a ring
	rest     <-chan time.Time
}

// ring says that a bell's index is another, or why it cannot ring.
type ring struct {
	bell  int
	index uint64
	err   error
}

func newWatch(r *Registry, services []string) *watch {
	w := &watch{Registry: r, rings: make(chan ring), latest: map[int]uint64{}}
	if services != nil {
		w.services = append([]string{}, services...) // not nil, where it is empty
		slices.Sort(w.services)
		w.services = slices.Compact(w.services)
	}
	return w
}

// listen rings whenever the index of b is another, the first time too. While
// nobody takes the ring it asks nothing. It returns when ctx ends, or when b
// cannot be asked.
func (w *watch) listen(ctx context.Context, n int, b bell) {
	var asked, last uint64
	for first := true; ; {
		rest := time.After(w.pace.between)
		index, err := w.await(ctx, b, asked)
		switch {
		case err != nil && asked != 0:
			// It may have been cut off alone, by a proxy or with its server. Without
			// an index it is answered at once, by whoever is there.
			asked = 0
		case err != nil:
			w.ring(ctx, ring{bell: n, err: err})
			return
		default:
			if asked = index; index < last {
				asked = 0 // another server, or its data were restored: start over
			}
			if first || index != last || index == 0 {
				w.ring(ctx, ring{bell: n, index: index})
			}
			first, last = false, index
		}
		select {
		case <-rest:
		case <-ctx.Done():
			return
		}
	}
}

func (w *watch) ring(ctx context.Context, r ring) {
	select {
	case w.rings <- r:
	case <-ctx.Done():
	}
}

// await asks b and returns its index, 0 where the server has none: at once for
// an index of 0, else when it is another, or after a while.
func (w *watch) await(ctx context.Context, b bell, index uint64) (uint64, error) {
	q := question{path: b.path, query: url.Values{"filter": {b.filter}}}
	ctx, cancel := context.WithTimeout(ctx, w.pace.hold(&q, index))
	defer cancel()
	a, err := w.read(ctx, "", q, func(resp *httpx.Response) error {
		_, err := io.Copy(io.Discard, resp.Body)
		return err
	})
	return a.index, err
}

// next waits until there may be another list than the last, and asks for it.
func (w *watch) next(ctx context.Context) ([]registry.Instance, error) {
	for len(w.latest) < len(bells()) || !w.changed || w.rest != nil {
		select {
		case r := <-w.rings:
			if r.err != nil {
				return nil, r.err
			}
			w.latest[r.bell], w.changed, w.late = r.index, true, false
		case <-w.rest:
			w.rest = nil
		case <-ctx.Done():
			return nil, w.fail("", ctx.Err())
		}
	}
	w.rest, w.changed = time.After(w.pace.between), false
	return w.list(ctx)
}
