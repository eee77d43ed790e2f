package httpx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// What Close reads of a body's rest, and for how long, so that the connection is
// used again.
const (
	drainBytes = 64 << 10
	drainTime  = 50 * time.Millisecond
)

// body is the bounded body of an answer.
type body struct {
	ctx    context.Context //nolint:containedctx // the request's: reading belongs to it
	client *Client
	reply  *reply
	left   int64 // bytes that may still be read
	within time.Duration
	err    error // once reading ended
	closed bool
}

// Read implements io.Reader. It asks for one byte more than is allowed, to tell a
// body that ends at the limit from one that goes on.
func (b *body) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if len(p) == 0 {
		return 0, nil
	}
	n, err := b.reply.Body.Read(p[:min(int64(len(p)), b.left+1)])
	if int64(n) > b.left {
		n = int(b.left)
		err = fault(ErrTooLarge, final, "the answer is larger than %s", size(b.client.maxBody))
	}
	b.left -= int64(n)
	if err != nil {
		b.err = b.explain(err)
	}
	return n, b.err
}

func (b *body) explain(err error) error {
	if errors.Is(err, io.EOF) {
		return io.EOF
	}
	return b.client.explain(b.ctx, err, failure{server: b.reply.server, sent: true, within: b.within, begun: true})
}

// Close implements io.Closer. It never fails, and may be called again.
func (b *body) Close() error {
	if b.closed {
		return nil
	}
	b.closed = true
	if b.err == nil {
		timer := time.AfterFunc(drainTime, func() { b.reply.cancel(nil) })
		_, _ = io.CopyN(io.Discard, b.reply.Body, drainBytes) // where it fails, the connection is not used again
		timer.Stop()
	}
	_ = b.reply.Body.Close() // nothing was written to it
	b.reply.cancel(nil)
	b.err = errClosed
	return nil
}

// errClosed is what reading a closed body ends with.
var errClosed = errors.New("read of a closed body")

// size is n bytes in words for people.
func size(n int64) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}
