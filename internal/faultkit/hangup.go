package faultkit

import (
	"net"
	"testing"
)

// CloseOnAccept hangs up at once.
func CloseOnAccept(t testing.TB) string {
	t.Helper()
	return Raw(t, func(net.Conn) {})
}

// HalfOpen says at once that it will say nothing, and reads on.
func HalfOpen(t testing.TB) string {
	t.Helper()
	return Raw(t, finish)
}

// ResetOnAccept resets the connection at once: now and then while the client is
// still connecting.
func ResetOnAccept(t testing.TB) string {
	t.Helper()
	return Raw(t, reset)
}

// ResetAfterRequest reads a request and resets the connection.
func ResetAfterRequest(t testing.TB) string {
	t.Helper()
	return Raw(t, func(conn net.Conn) {
		readHead(conn)
		reset(conn)
	})
}

// reset closes conn without the peace of a FIN.
func reset(conn net.Conn) {
	if c, ok := conn.(*net.TCPConn); ok && c.SetLinger(0) == nil {
		_ = c.Close() // the other side is told by the reset
	}
}
