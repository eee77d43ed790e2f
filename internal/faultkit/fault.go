package faultkit

import (
	"context"
	"time"
)

// fault is what a Proxy does to answers.
type fault struct {
	wait  time.Duration // before each piece
	most  int           // bytes of a piece; 0: any
	limit int           // bytes of a connection; -1: any
	reset bool
	hole  bool          // nothing passes; requests neither
	over  chan struct{} // closed when another fault takes its place
}

// newFault returns what does no harm.
func newFault() *fault { return &fault{limit: -1, over: make(chan struct{})} }

// holds waits as the fault has it, for ever in a black hole, and tells whether
// the fault ended before. It ends with the context.
func (f *fault) holds(ctx context.Context) (over bool) {
	var due <-chan time.Time
	if !f.hole {
		timer := time.NewTimer(f.wait)
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-due:
		return false
	case <-f.over:
		return true
	case <-ctx.Done():
		return false
	}
}

// takes returns how many of n bytes of an answer may be sent at once, and counts
// them.
func (f *fault) takes(l *link, n int) int {
	if l.under != f {
		l.under, l.sent = f, 0
	}
	if f.most > 0 {
		n = min(n, f.most)
	}
	if f.limit >= 0 {
		n = min(n, f.limit-l.sent)
	}
	l.sent += n
	return n
}
