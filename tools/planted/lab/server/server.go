// Package server shows what the lab may do: read the process and the clock,
// and dial; and what not: write to the process's own stdout, or sleep.
package server

import (
	"context"
	"fmt"
	"net"
	"os"
	"time"
)

// Wait uses what the lab may use.
func Wait(ctx context.Context) error {
	_, _ = fmt.Fprintln(os.Stderr, "lab:", os.Getenv("HOME"), time.Now())
	fmt.Println("no")            // want forbidigo
	time.Sleep(time.Millisecond) // want forbidigo
	var d net.Dialer
	_, err := d.DialContext(ctx, "tcp", "127.0.0.1:1")
	return err
}
