// Package httpx shows that the one HTTP client dials, and nobody else.
package httpx

import (
	"context"
	"net"
)

// Dial connects to address.
func Dial(ctx context.Context, address string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "tcp", address)
}
