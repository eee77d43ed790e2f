package httpx

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

const (
	maxTries   = 3               // answers to one read, and rounds on one server
	maxPause   = time.Minute     // where no deadline bounds Retry-After
	turnBudget = 3 * time.Second // for a server that never answered, with others after it
)

// round is how far one question has come.
type round struct {
	queue   []int   // the servers that may still be asked, in turn
	failed  []error // for each server, what it failed with last; nil: not asked yet
	tries   int
	answers int // tries that reached a server
}

// ask puts q to one server after another.
func (c *Client) ask(ctx context.Context, q *question) (*Response, error) {
	q.within, _ = remaining(ctx)
	queue, proven := c.order()
	r := &round{queue: queue, failed: make([]error, len(c.servers))}
	for more := len(queue) > 0; more; more = r.open() && c.rest(ctx, r) {
		i := r.queue[0]
		resp, err := c.attempt(ctx, turn{server: i, budget: c.budget(ctx, r.tries, i == proven)}, q)
		c.remember(i, err)
		if err == nil {
			return resp, nil
		}
		if conclusive(err, q) {
			return nil, err
		}
		r.note(err, q)
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return nil, ctx.Err()
	}
	return nil, sum(c.names, r.failed)
}

// conclusive says whether err is the answer to q, whatever others would say. No
// time left is not: it stands beside what the servers before said.
func conclusive(err error, q *question) bool {
	if q.write() && sent(err) {
		return true
	}
	return fateOf(err) == final && !errors.Is(err, ErrTimeout)
}

// note takes in that the first of the queue failed with err.
func (r *round) note(err error, q *question) {
	i := r.queue[0]
	r.queue = r.queue[1:]
	r.failed[i] = err
	r.tries++
	if sent(err) {
		r.answers++
	}
	switch {
	case fateOf(err) == final:
		r.queue = nil
	case fateOf(err) == again && !q.write():
		r.queue = append(r.queue, i)
	}
}

// open says whether one more try is allowed.
func (r *round) open() bool {
	return len(r.queue) > 0 && r.answers < maxTries && r.tries < max(maxTries, len(r.failed))
}

// order returns the servers' indices, the one that answered last first, and
// which of them that is, or noServer.
func (c *Client) order() (queue []int, proven int) {
	proven = int(c.proven.Load())
	first := max(proven, 0)
	for i := range c.servers {
		queue = append(queue, (first+i)%len(c.servers))
	}
	return queue, proven
}

// remember notes whether server answered: also one that says no is alive.
func (c *Client) remember(server int, err error) {
	if _, said := errors.AsType[*StatusError](err); err == nil || said && fateOf(err) == final {
		c.proven.Store(int64(server))
		return
	}
	c.proven.CompareAndSwap(int64(server), noServer)
}

// budget is how long a server may take before the next one has its turn; 0 for
// no limit but the context's. One that answered before has none, or a long poll
// would be cut short; nor has the last that was not asked yet.
func (c *Client) budget(ctx context.Context, try int, proven bool) time.Duration {
	after := len(c.servers) - try - 1
	if proven || after <= 0 {
		return 0
	}
	left, ok := remaining(ctx)
	if !ok {
		return turnBudget
	}
	return max(time.Nanosecond, min(turnBudget, left/time.Duration(after+1)))
}

// rest waits before a server is asked again. It says whether there is time for
// that.
func (c *Client) rest(ctx context.Context, r *round) bool {
	last := r.failed[r.queue[0]]
	if last == nil {
		return true // it was not asked yet
	}
	pause := c.pause << max(0, r.tries-len(r.failed))
	pause = pause/2 + rand.N(pause) //nolint:gosec // spreads clients, keeps no secret
	if status, ok := errors.AsType[*StatusError](last); ok {
		pause = max(pause, status.retryAfter())
	}
	left, ok := remaining(ctx)
	if !ok {
		left = maxPause
	}
	if pause > left {
		return false
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// remaining is the time until ctx's deadline, if it has one.
func remaining(ctx context.Context) (time.Duration, bool) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return 0, false
	}
	return time.Until(deadline), true //nolint:forbidigo // contexts live by the process's clock
}

// sent says whether the request that ended in err may have reached a server.
func sent(err error) bool {
	_, answered := errors.AsType[*StatusError](err)
	e, ok := errors.AsType[*Error](err)
	return answered || ok && e.Sent
}
