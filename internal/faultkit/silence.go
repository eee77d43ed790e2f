package faultkit

import (
	"context"
	"io"
	"net"
	"testing"
	"time"
)

// Silent accepts, reads nothing and says nothing.
func Silent(t testing.TB) string {
	t.Helper()
	return raw(t, silent)
}

func silent(ctx context.Context, _ net.Conn) { <-ctx.Done() }

// Stall reads a request and answers with a head that promises a body, then says
// no more.
func Stall(t testing.TB) string {
	t.Helper()
	return raw(t, func(ctx context.Context, conn net.Conn) {
		if readHead(conn) && send(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n") {
			silent(ctx, conn)
		}
	})
}

// Drip reads a request and answers it well, a byte every so often.
func Drip(t testing.TB, every time.Duration) string {
	t.Helper()
	return raw(t, func(ctx context.Context, conn net.Conn) {
		if !readHead(conn) {
			return
		}
		ticks := time.NewTicker(every)
		defer ticks.Stop()
		for _, b := range []byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok") {
			select {
			case <-ticks.C:
			case <-ctx.Done():
				return
			}
			if !send(conn, string(b)) {
				return
			}
		}
		finish(conn)
	})
}

// readHead reads a request's head, and tells whether there was one. It has no
// bound but the client's patience to send.
func readHead(conn net.Conn) bool {
	const end = "\r\n\r\n"
	matched := 0
	for b := make([]byte, 1); matched < len(end); {
		if _, err := io.ReadFull(conn, b); err != nil {
			return false
		}
		switch b[0] {
		case end[matched]:
			matched++
		case end[0]:
			matched = 1
		default:
			matched = 0
		}
	}
	return true
}

// send tells whether text could be sent.
func send(conn net.Conn, text string) bool {
	_, err := io.WriteString(conn, text)
	return err == nil
}

// finish ends what is sent and reads on until the client hangs up: closing
// at once, with something unread, would reset the connection, and the client
// might never see what was sent.
func finish(conn net.Conn) {
	if c, ok := conn.(*net.TCPConn); ok && c.CloseWrite() == nil {
		drain(conn)
	}
}

// drain reads until the client hangs up.
func drain(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }
