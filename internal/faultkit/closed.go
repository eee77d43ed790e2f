package faultkit

import (
	"net"
	"testing"
)

// Closed returns an address where nobody listens, and nobody will: a port that
// was merely closed could be given to another process, so this one is kept busy
// as the near end of a connection, which no listener can share.
func Closed(t testing.TB) string {
	t.Helper()
	ln := listen(t)
	near, err := new(net.Dialer).DialContext(t.Context(), "tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = near.Close() })
	far, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = far.Close() })
	_ = ln.Close()
	return near.LocalAddr().String()
}
