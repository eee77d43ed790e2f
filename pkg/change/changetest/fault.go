package changetest

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"govctl/pkg/change"
)

// ErrKilled is what a Mortal answers once it is dead.
var ErrKilled = errors.New("killed")

// Mortal is a Store whose process dies at the Nth request, counted from 1: that
// request is never sent, or, with Lost, made without that its answer arrives; all
// later ones are not sent.
type Mortal struct {
	change.Store

	Nth  int
	Lost bool

	mu    sync.Mutex
	count int
}

// Requests returns how many were asked for.
func (m *Mortal) Requests() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.count
}

// next counts a request and tells whether it is sent, and whether its answer
// arrives.
func (m *Mortal) next() (sent, answered bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count++
	return m.count < m.Nth || m.count == m.Nth && m.Lost, m.count < m.Nth
}

// About implements change.Store.
func (m *Mortal) About(ctx context.Context) (change.About, error) {
	if _, answered := m.next(); !answered {
		return change.About{}, ErrKilled
	}
	return m.Store.About(ctx)
}

// Read implements change.Store.
func (m *Mortal) Read(ctx context.Context, keys []change.Key) ([]change.Entry, error) {
	if _, answered := m.next(); !answered {
		return nil, ErrKilled
	}
	return m.Store.Read(ctx, keys)
}

// List implements change.Store.
func (m *Mortal) List(ctx context.Context, prefix string) iter.Seq2[change.Entry, error] {
	if _, answered := m.next(); !answered {
		return func(yield func(change.Entry, error) bool) { yield(change.Entry{}, ErrKilled) }
	}
	return m.Store.List(ctx, prefix)
}

// Swap implements change.Store.
func (m *Mortal) Swap(ctx context.Context, ops []change.Op) error {
	sent, answered := m.next()
	if !sent {
		return ErrKilled
	}
	err := m.Store.Swap(ctx, ops)
	if !answered {
		return fmt.Errorf("%w: %w", change.ErrUnknown, ErrKilled)
	}
	return err
}

// Lossy is a Store of which the answer to the Nth swap is lost, and with Drop the
// swap itself: what is behind it goes on.
type Lossy struct {
	change.Store

	Nth  int
	Drop bool

	mu    sync.Mutex
	count int
}

// Swap implements change.Store.
func (l *Lossy) Swap(ctx context.Context, ops []change.Op) error {
	l.mu.Lock()
	l.count++
	lost := l.count == l.Nth
	l.mu.Unlock()
	if lost && l.Drop {
		return fmt.Errorf("%w: the connection was cut", change.ErrUnknown)
	}
	err := l.Store.Swap(ctx, ops)
	if lost {
		return fmt.Errorf("%w: the connection was cut", change.ErrUnknown)
	}
	return err
}

// Swaps returns how many were asked for.
func (l *Lossy) Swaps() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count
}

// Later returns s with a clock that is ahead.
func Later(s change.Store, by time.Duration) change.Store { return later{s, by} }

type later struct {
	change.Store

	by time.Duration
}

// About implements change.Store.
func (l later) About(ctx context.Context) (change.About, error) {
	a, err := l.Store.About(ctx)
	a.Now = a.Now.Add(l.by)
	return a, err
}

// Bomb returns a few bytes of gzip that unfold to size blanks of a JSON record.
func Bomb(size int) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write([]byte(`{"id":"00000001","why":"`))
	blanks := bytes.Repeat([]byte(" "), 1<<20)
	for range size >> 20 {
		_, _ = w.Write(blanks)
	}
	_, _ = w.Write([]byte(`"}`))
	_ = w.Close()
	return out.Bytes()
}
