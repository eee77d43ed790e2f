package cmd

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"
)

// TestASecondInterruptIsNotHeldBack holds Main to giving signals back to the system
// as soon as one came: the next one then ends the process at once.
func TestASecondInterruptIsNotHeldBack(t *testing.T) {
	t.Parallel()
	given := make(chan struct{}, 2)
	Main(Env{
		Args: []string{"version"}, Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard,
		Getenv: func(string) string { return "" }, Now: time.Now,
		Notify: func(parent context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(parent)
			cancel()
			return ctx, func() { given <- struct{}{} }
		},
	})
	for range 2 { // once when it came, once at the end
		<-given
	}
}
