package probe

import (
	"context"
	"errors"
	"iter"
	"time"
)

const (
	// slots is how many probes are under way that have not been seen to hang. On
	// two cores more do not make a run of answering targets faster; fewer leave
	// time unused.
	slots = 64
	// hangs is how long a probe keeps its slot: what waits for longer waits for
	// the network and costs nothing, so another one may begin.
	hangs = 20 * time.Millisecond
	// DefaultConcurrency is how many probes may be under way in all, hanging
	// ones included: as many connections are open.
	DefaultConcurrency = 1024
	// slowed is how many times the fastest answer's time the usual one may take
	// before this counts as too much to do, and remembered how many answers make it.
	slowed     = 3
	remembered = 32
	// relief is how long nothing new begins after trouble of this machine's own,
	// and minSlots what the slots are halved down to.
	relief   = 100 * time.Millisecond
	minSlots = 2
	// maxLocal is how often one target meets such trouble before it is given up.
	maxLocal = 20
)

// Answer is the Result of one of several targets.
type Answer struct {
	// Index is that of the target.
	Index  int
	Result Result
}

// Run asks all targets and yields an Answer for each as it comes: 64 at a time,
// and more while some of them hang, but never more than concurrency in all (0:
// DefaultConcurrency). Trouble of this machine's own (too many open files, no free
// port) makes it slower, and what it cannot ask for that reason, or because the
// deadline of ctx was over, is Unprobeable. Where ctx is canceled the sequence
// ends. When it has ended no goroutine of it is left.
func (p *Prober) Run(ctx context.Context, targets []Target, concurrency int) iter.Seq[Answer] {
	return run(ctx, len(targets), concurrency, func(ctx context.Context, i int) (Result, error) {
		return p.Probe(ctx, &targets[i])
	})
}

// ask asks the target with the given index.
type ask func(ctx context.Context, i int) (Result, error)

func run(ctx context.Context, n, concurrency int, do ask) iter.Seq[Answer] {
	if concurrency <= 0 {
		concurrency = DefaultConcurrency
	}
	return func(yield func(Answer) bool) {
		inner, cancel := context.WithCancel(ctx)
		e := &engine{
			do: do, limit: min(slots, concurrency), most: concurrency,
			queue: make([]int, n), troubles: map[int]int{},
			done: make(chan done), freed: make(chan *probing),
		}
		for i := range e.queue {
			e.queue[i] = i
		}
		defer e.drain() // after cancel
		defer cancel()
		e.loop(inner, yield)
	}
}

// engine decides what begins when. All but the probes themselves happens in one
// goroutine, that of the consumer.
type engine struct {
	do    ask
	limit int // slots there are now
	most  int // probes under way in all
	// queue is what has not begun.
	queue   []int
	used    int // slots
	running int
	// usual is how long an answer takes, the last ones counting most, and fastest
	// how long the fastest took, in seconds.
	usual, fastest float64
	troubles       map[int]int // by index: how often this machine was to blame
	resume         <-chan time.Time

	done  chan done
	freed chan *probing
}

// probing is a probe under way.
type probing struct {
	index int
	holds bool          // a slot
	age   time.Duration // in steps of hangs
	timer *time.Timer
	ended chan struct{} // closed by its goroutine
}

type done struct {
	*probing
	result Result
	err    error
}

// loop runs until every target has its answer, ctx is canceled, or nobody
// listens.
func (e *engine) loop(ctx context.Context, yield func(Answer) bool) {
	for {
		for e.mayBegin(ctx) {
			e.begin(ctx)
		}
		if e.running == 0 && (len(e.queue) == 0 || ctx.Err() != nil) {
			break
		}
		if !e.step(ctx, yield) {
			return
		}
	}
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return
	}
	for _, i := range e.queue {
		if !yield(Answer{i, unasked(noTime)}) {
			return
		}
	}
}

const noTime = "no time left to ask"

// step waits for one thing to happen, and reports whether anybody listens.
func (e *engine) step(ctx context.Context, yield func(Answer) bool) bool {
	select {
	case d := <-e.done:
		a, ok := e.end(ctx, d)
		return !ok || yield(a)
	case p := <-e.freed:
		e.free(p)
	case <-e.resume:
		e.resume = nil
	case <-e.over(ctx):
		e.resume = nil // nothing begins any more
	}
	return true
}

// over is closed when ctx has ended and something still waits to begin.
func (e *engine) over(ctx context.Context) <-chan struct{} {
	if e.resume == nil {
		return nil // what runs ends by itself, and tells
	}
	return ctx.Done()
}

func (e *engine) mayBegin(ctx context.Context) bool {
	return len(e.queue) > 0 && e.used < e.limit && e.running < e.most && e.resume == nil && ctx.Err() == nil
}

// begin starts the probe that is first in the queue.
func (e *engine) begin(ctx context.Context) {
	p := &probing{index: e.queue[0], holds: true, ended: make(chan struct{})}
	e.queue = e.queue[1:]
	e.used++
	e.running++
	p.timer = time.AfterFunc(hangs, func() {
		select {
		case e.freed <- p:
		case <-p.ended:
		}
	})
	go func() {
		result, err := e.do(ctx, p.index)
		close(p.ended)
		e.done <- done{p, result, err}
	}()
}

// free lets another probe begin in the place of one that hangs. One that is only
// slow, as everything is where this machine or the one that answers has too much
// to do, keeps its slot: more at once would make all of them slower.
func (e *engine) free(p *probing) {
	p.age += hangs
	switch {
	case !p.holds:
	case p.age.Seconds() < e.patience():
		p.timer.Reset(hangs)
	default:
		p.holds = false
		e.used--
	}
}

// patience returns how old a probe that hangs is, in seconds: hangs, unless
// the answers take much longer than they did.
func (e *engine) patience() float64 {
	if e.usual <= max(hangs.Seconds(), slowed*e.fastest) {
		return hangs.Seconds()
	}
	return slowed * e.usual
}

// learn takes note of how long an answer took.
func (e *engine) learn(seconds float64) {
	if e.usual == 0 {
		e.usual, e.fastest = seconds, seconds
	}
	e.usual += (seconds - e.usual) / remembered
	e.fastest = min(e.fastest, seconds)
}

// end takes note of a probe that ended, and returns its answer where there is one.
func (e *engine) end(ctx context.Context, d done) (Answer, bool) {
	d.timer.Stop()
	e.running--
	if d.holds {
		d.holds = false
		e.used--
	}
	local, isLocal := errors.AsType[*LocalError](d.err)
	switch {
	case d.err == nil:
		if d.result.Outcome == OK {
			e.learn(d.result.LatencySeconds)
		}
		return Answer{d.index, d.result}, true
	case isLocal && e.relieve(ctx, d.index):
		return Answer{}, false
	case isLocal:
		return Answer{d.index, unasked(local.Reason)}, true
	case errors.Is(d.err, context.DeadlineExceeded):
		return Answer{d.index, unasked(noTime)}, true
	default:
		return Answer{}, false // canceled
	}
}

// relieve slows down and puts the target back into the queue, unless it has been
// there too often.
func (e *engine) relieve(ctx context.Context, i int) bool {
	e.limit = min(e.limit, max(minSlots, e.limit/2))
	e.most = min(e.most, max(minSlots, e.running))
	e.troubles[i]++
	if e.troubles[i] > maxLocal || ctx.Err() != nil {
		return false
	}
	e.queue = append(e.queue, i)
	if e.resume == nil {
		e.resume = time.After(relief)
	}
	return true
}

// drain waits until every probe has ended. Their context has.
func (e *engine) drain() {
	for e.running > 0 {
		d := <-e.done
		d.timer.Stop()
		e.running--
	}
}

func unasked(why string) Result { return Result{Outcome: Unprobeable, Reason: why} }
