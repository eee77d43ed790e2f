package faultkit

import (
	"context"
	"net"
	"testing"
)

// Silent accepts, reads nothing and says nothing.
func Silent(t testing.TB) string { return raw(t, silent) }

func silent(ctx context.Context, _ net.Conn) { <-ctx.Done() }
