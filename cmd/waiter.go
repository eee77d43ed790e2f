package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"govctl/pkg/probe"
	"govctl/pkg/registry"
)

// waiter waits for one service.
type waiter struct {
	app      *app
	src      source
	watcher  registry.Watcher
	selector registry.Selector
	probing  *probing // nil without --truth
	began    time.Time
	text     latest

	state    waitState
	answered bool  // by the registry, at least once
	lost     error // why it does not answer now
}

func (a *app) waiter(ctx context.Context, opts *servicesWaitOptions, service string) (*waiter, error) {
	sel, err := opts.sel.selector(nil)
	if err != nil {
		return nil, err
	}
	src, err := a.open(ctx, "")
	if err != nil {
		return nil, err
	}
	watching, err := registry.As[registry.Watcher](src.registry, "wait")
	if err != nil {
		return nil, err
	}
	w := &waiter{app: a, src: src, watcher: watching, selector: sel, began: a.Now(), state: waitState{
		Service: service, MinHealthy: opts.minHealthy, Missing: []waitMissing{},
	}}
	if opts.truth {
		w.probing, err = a.probing(ctx, &opts.probe, src)
	}
	w.text.set(fmt.Sprintf("waiting for %s of %s", plural(opts.minHealthy, "healthy instance"), service))
	return w, err
}

// The pauses of a waiter: before it asks a registry again that did not answer, and
// with --truth before it asks the instances again, of which no registry tells.
const (
	askAgain   = time.Second
	probeAgain = 2 * time.Second
)

// wait returns when it holds or ctx ends; the error is that of a registry that
// never answered, or that will not.
func (w *waiter) wait(ctx context.Context) error {
	lists := make(chan listing)
	go w.feed(ctx, lists)
	var list []registry.Instance
	again := time.NewTicker(probeAgain)
	defer again.Stop()
	for !w.state.Holds {
		var err error
		select {
		case l, ok := <-lists:
			switch {
			case !ok:
				return w.end()
			case l.err != nil:
				err = w.lose(ctx, l.err)
			default:
				list, w.answered, w.lost = l.instances, true, nil
				err = w.judge(ctx, list)
			}
		case <-again.C:
			err = w.judgeAgain(ctx, list)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// judgeAgain judges a list that was judged before, where the instances themselves
// may answer otherwise by now.
func (w *waiter) judgeAgain(ctx context.Context, list []registry.Instance) error {
	if w.probing != nil && w.answered && w.lost == nil {
		return w.judge(ctx, list)
	}
	return nil
}

// listing is one answer of the registry.
type listing struct {
	instances []registry.Instance
	err       error
}

// feed sends what the registry says until ctx ends, and begins anew where it
// fails.
func (w *waiter) feed(ctx context.Context, to chan<- listing) {
	defer close(to)
	for ctx.Err() == nil {
		for instances, err := range w.watcher.Watch(ctx, []string{w.state.Service}) {
			select {
			case to <- listing{instances, err}:
			case <-ctx.Done():
				return
			}
		}
		timer := time.NewTimer(askAgain)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
}

// lose notes that the registry did not answer. It returns an error that waiting
// does not mend.
func (w *waiter) lose(ctx context.Context, why error) error {
	if (errors.Is(why, registry.ErrDenied) || errors.Is(why, registry.ErrUnsupported)) && !w.answered {
		return why
	}
	if ctx.Err() == nil { // else the time is over, which is no news of the registry
		w.lost = why
		w.tell(fmt.Sprintf("%s: %v; asking again", w.state.Service, why))
	}
	return nil
}

// end is how it ends when the time is over.
func (w *waiter) end() error {
	w.state.WaitedSeconds = max(0, w.app.Now().Sub(w.began).Seconds())
	if w.answered {
		return nil
	}
	if w.lost != nil {
		return w.lost
	}
	return fmt.Errorf("%s did not answer in time", w.src.at)
}

// judge counts the healthy among list. Where ctx ends meanwhile, what was known
// before stays.
func (w *waiter) judge(ctx context.Context, list []registry.Instance) error {
	healthy, missing, err := w.sort(list)
	if err != nil {
		return err
	}
	n := len(healthy)
	total := n + len(missing)
	if w.probing != nil {
		silent := w.silent(ctx, healthy)
		select {
		case <-ctx.Done():
			return nil
		default:
		}
		n -= len(silent)
		missing = append(missing, silent...)
	}
	slices.SortFunc(missing, func(a, b waitMissing) int { return strings.Compare(a.ID, b.ID) })
	s := &w.state
	s.Instances, s.Healthy, s.Missing = total, n, missing
	s.Holds = s.Healthy >= s.MinHealthy
	s.WaitedSeconds = max(0, w.app.Now().Sub(w.began).Seconds())
	w.tell(w.summary())
	return nil
}

// sort returns which of the selected instances the registry says are healthy, and
// which are not.
func (w *waiter) sort(list []registry.Instance) (healthy []registry.Instance, missing []waitMissing, err error) {
	missing = []waitMissing{}
	for i := range list {
		in := &list[i]
		ok, err := w.selector.Match(in)
		switch {
		case err != nil:
			return nil, nil, err
		case !ok:
		case in.Health == registry.Passing:
			healthy = append(healthy, *in)
		default:
			missing = append(missing, waitMissing{ID: in.ID, Health: in.Health})
		}
	}
	return healthy, missing, nil
}

// silent asks the healthy instances and returns those that do not answer well.
func (w *waiter) silent(ctx context.Context, healthy []registry.Instance) []waitMissing {
	ctx, cancel := w.probing.within(ctx, len(healthy), w.app.cfg.Timeout)
	defer cancel()
	var silent []waitMissing
	targets := w.probing.targets(healthy)
	for answer := range w.probing.prober.Run(ctx, targets, w.probing.concurrency) {
		if answer.Result.Outcome != probe.OK {
			in := &healthy[answer.Index]
			silent = append(silent, waitMissing{ID: in.ID, Health: in.Health, Reason: answer.Result.Text()})
		}
	}
	return silent
}

// summary says how far it is: "order: 1 healthy, 2 wanted; order-2 is critical".
func (w *waiter) summary() string {
	s := &w.state
	text := fmt.Sprintf("%s: %d healthy, %d wanted", s.Service, s.Healthy, s.MinHealthy)
	if s.Holds || len(s.Missing) == 0 {
		return text
	}
	first := &s.Missing[0]
	text += fmt.Sprintf("; %s is %s", first.ID, first.Health)
	if first.Reason != "" {
		text += " but " + first.Reason
	}
	if more := len(s.Missing) - 1; more > 0 {
		text += fmt.Sprintf(", and %d more", more)
	}
	return text
}

// tell says text on stderr, unless that was said last.
func (w *waiter) tell(text string) {
	if w.text.set(text) && !w.app.StderrTTY { // on a terminal the progress line shows it
		w.app.say("%s", text)
	}
}

func (w *waiter) waitingFor() string { return w.text.get() }

// latest is a text that one goroutine sets and another reads.
type latest struct {
	mu   sync.Mutex
	text string
}

// set makes text the latest and reports whether it was another one before.
func (l *latest) set(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	changed := l.text != text
	l.text = text
	return changed
}

func (l *latest) get() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text
}
