// Package faultkit has servers that behave badly, for tests. Each is named by
// what it does, listens on a free port of 127.0.0.1, and is gone when the test
// ends, with every connection and goroutine of it. What a server sends without
// end is bounded all the same, by the client that hangs up and by a cap.
//
// Functions return an address, host:port, unless they say otherwise.
package faultkit

import (
	"context"
	"net"
	"sync"
	"testing"
)

// anyPort is a free port of loopback.
const anyPort = "127.0.0.1:0"

// Raw runs talk on each connection, in a goroutine of its own, and closes the
// connection when talk returns or the test ends. By then talk's reads and writes
// fail, and it must return.
func Raw(t testing.TB, talk func(net.Conn)) string {
	t.Helper()
	return raw(t, func(_ context.Context, conn net.Conn) { talk(conn) })
}

// raw is Raw for what waits: the context ends with the test.
func raw(t testing.TB, talk func(context.Context, net.Conn)) string {
	t.Helper()
	k := keep(t)
	ln := listen(t) // closed before k waits
	k.accept(ln, talk)
	return ln.Addr().String()
}

// listen opens a free port, until the test ends.
func listen(t testing.TB) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", anyPort)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() }) // it may be closed already
	return ln
}

// keeper holds the connections of a server.
type keeper struct {
	ctx     context.Context //nolint:containedctx // the test's: what the talks wait for
	running sync.WaitGroup

	mu   sync.Mutex
	over bool
}

// keep returns a keeper that ends its connections, and waits for their
// goroutines, when the test ends.
func keep(t testing.TB) *keeper {
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	k := &keeper{ctx: ctx}
	t.Cleanup(func() {
		k.mu.Lock()
		k.over = true
		k.mu.Unlock()
		cancel()
		k.running.Wait()
	})
	return k
}

// accept talks on each connection of ln, until that is closed.
func (k *keeper) accept(ln net.Listener, talk func(context.Context, net.Conn)) {
	k.running.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			k.run(conn, talk)
		}
	})
}

// run talks on conn and closes it. It does not wait. Once the test has ended it
// only closes.
func (k *keeper) run(conn net.Conn, talk func(context.Context, net.Conn)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.over {
		_ = conn.Close()
		return
	}
	hangUp := context.AfterFunc(k.ctx, func() { _ = conn.Close() })
	k.running.Go(func() {
		talk(k.ctx, conn)
		if hangUp() {
			_ = conn.Close() // it may be closed already
		}
	})
}
