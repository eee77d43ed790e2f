package faultkit

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"
)

// Proxy passes connections on to an upstream, well or badly. It has one fault at
// a time, which is the last that was asked for; a fault holds for connections
// that are open and for new ones. It is safe for concurrent use.
type Proxy struct {
	Addr string // what clients dial

	t        testing.TB
	upstream string
	keeper   *keeper

	mu    sync.Mutex
	fault *fault
	ln    net.Listener // nil while it is down
	links map[*link]struct{}
}

// link is one connection through the proxy.
type link struct {
	client, upstream *net.TCPConn

	// What the answer's side alone uses: how much was sent under which fault.
	sent  int
	under *fault
}

// NewProxy returns a proxy before upstream without a fault.
func NewProxy(t testing.TB, upstream string) *Proxy {
	t.Helper()
	p := &Proxy{Addr: anyPort, t: t, upstream: upstream, keeper: keep(t), fault: newFault(), links: map[*link]struct{}{}}
	p.Up()
	t.Cleanup(p.Down) // before the keeper waits
	return p
}

// Heal takes the fault away. What a black hole held back is then sent.
func (p *Proxy) Heal() { p.set(newFault()) }

// Latency sends what the upstream says, in pieces of at most 64 KiB, each d late.
func (p *Proxy) Latency(d time.Duration) {
	f := newFault()
	f.wait = d
	p.set(f)
}

// Drip sends what the upstream says byte by byte, so many a second.
func (p *Proxy) Drip(bytesPerSecond int) {
	f := newFault()
	f.wait, f.most = time.Second/time.Duration(bytesPerSecond), 1
	p.set(f)
}

// CutAfter ends each connection once n more bytes of the upstream were sent; 0 is
// instead of the first.
func (p *Proxy) CutAfter(n int) {
	f := newFault()
	f.limit = n
	p.set(f)
}

// Reset resets the open connections, and new ones when the upstream answers.
func (p *Proxy) Reset() {
	f := newFault()
	f.reset = true
	p.set(f)
	p.each(func(l *link) {
		reset(l.client)
		l.end()
	})
}

// BlackHole lets nothing pass in either direction, and connections open.
func (p *Proxy) BlackHole() {
	f := newFault()
	f.hole = true
	p.set(f)
}

// Down ends all connections and refuses new ones. It leaves the fault as it is,
// and does nothing where the proxy is down.
func (p *Proxy) Down() {
	p.mu.Lock()
	if p.ln != nil {
		_ = p.ln.Close()
		p.ln = nil
	}
	p.mu.Unlock()
	p.each(func(l *link) { l.end() })
}

// Up takes connections at Addr again, which nobody else should have taken in
// between: else the test fails. It does nothing where the proxy is up.
func (p *Proxy) Up() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ln != nil {
		return
	}
	ln, err := net.Listen("tcp", p.Addr)
	if err != nil {
		p.t.Fatal(err)
	}
	p.ln = ln
	if p.Addr == anyPort { // it may be read while the proxy comes up again
		p.Addr = ln.Addr().String()
	}
	p.keeper.accept(ln, p.pass)
}

func (p *Proxy) set(f *fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.fault.over)
	p.fault = f
}

func (p *Proxy) now() *fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fault
}

// each calls f with every connection.
func (p *Proxy) each(f func(*link)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		f(l)
	}
}

// pass passes one connection on.
func (p *Proxy) pass(ctx context.Context, conn net.Conn) {
	client, ok := conn.(*net.TCPConn)
	if !ok {
		return
	}
	up, err := new(net.Dialer).DialContext(ctx, "tcp", p.upstream)
	if err != nil {
		return
	}
	defer up.Close() //nolint:errcheck // it is closed already, where all went well
	upstream, ok := up.(*net.TCPConn)
	if !ok {
		return
	}
	hangUp := context.AfterFunc(ctx, func() { _ = up.Close() })
	defer hangUp()
	l := &link{client: client, upstream: upstream}
	if !p.add(l) {
		return
	}
	defer p.remove(l)
	var answers sync.WaitGroup
	answers.Go(func() {
		p.pump(ctx, l, client, upstream, func(b []byte) bool { return p.answer(ctx, l, b) })
	})
	p.pump(ctx, l, upstream, client, func(b []byte) bool {
		_, err := upstream.Write(b)
		return err == nil
	})
	answers.Wait()
}

// add tells whether the proxy is up, and knows l then.
func (p *Proxy) add(l *link) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ln == nil {
		return false
	}
	p.links[l] = struct{}{}
	return true
}

func (p *Proxy) remove(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.links, l)
}

// open waits while nothing may pass, and tells whether the connection goes on.
func (p *Proxy) open(ctx context.Context) bool {
	for f := p.now(); f.hole && ctx.Err() == nil; f = p.now() {
		f.holds(ctx)
	}
	return ctx.Err() == nil
}

// answer sends what the upstream said, as the fault of the moment has it, and
// tells whether the connection goes on.
func (p *Proxy) answer(ctx context.Context, l *link, b []byte) bool {
	for len(b) > 0 {
		f := p.now()
		if f.reset {
			reset(l.client)
			return false
		}
		if f.hole || f.wait > 0 {
			if over := f.holds(ctx); ctx.Err() != nil {
				return false
			} else if over {
				continue // another fault has taken its place
			}
		}
		n := f.takes(l, len(b))
		if _, err := l.client.Write(b[:n]); err != nil || l.sent == f.limit {
			return false
		}
		b = b[n:]
	}
	return true
}

// pump passes on by send what from says, and that it ends, to the other.
func (p *Proxy) pump(ctx context.Context, l *link, to, from *net.TCPConn, send func([]byte) bool) {
	b := make([]byte, 64<<10)
	for {
		n, err := from.Read(b)
		if !p.open(ctx) || !send(b[:n]) {
			l.end()
			return
		}
		if err != nil {
			_ = to.CloseWrite() // it may be closed already
			return
		}
	}
}

// end closes both sides.
func (l *link) end() {
	_ = l.client.Close()
	_ = l.upstream.Close()
}
