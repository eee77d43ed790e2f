package faultkit

import (
	"errors"
	"net"
	"syscall"
	"testing"
)

func TestClosedRefusesAndStaysClosed(t *testing.T) {
	t.Parallel()
	address := Closed(t)
	if _, err := new(net.Dialer).DialContext(soon(t), "tcp", address); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dial: %v; want that the connection is refused", err)
	}
	if ln, err := net.Listen("tcp", address); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("listen: %v, %v; want that the address is in use", ln, err)
	}
}
