package demo

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

const (
	ringFiles = 3
	// ringBound is the most bytes that a trace file may hold.
	ringBound = 10 << 20
)

// ring writes whole lines into demo-1.jsonl, demo-2.jsonl, demo-3.jsonl and
// demo-1.jsonl again, each at most bound bytes, so that a demo that is forgotten
// does not fill a disk. A file keeps its name until it is replaced: a reader
// that remembers an offset is right as long as the file is the same one.
type ring struct {
	dir   string
	bound int64

	mu     sync.Mutex
	file   *os.File // nil before the first line
	n      int      // file is demo-n
	size   int64
	closed bool
}

// newRing makes dir where it is missing, and removes the files of an earlier
// ring in it.
func newRing(dir string, bound int64) (*ring, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	r := &ring{dir: dir, bound: bound}
	for n := range ringFiles {
		if err := r.remove(n + 1); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// write appends line with one system call, so that a reader seldom sees half of
// it. A line above the bound is refused.
func (r *ring) write(line []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return fs.ErrClosed
	}
	if int64(len(line)) > r.bound {
		return fmt.Errorf("a batch of %d bytes is above the bound of %d of a file", len(line), r.bound)
	}
	if r.file == nil || r.size+int64(len(line)) > r.bound {
		if err := r.turn(); err != nil {
			return err
		}
	}
	if _, err := r.file.Write(line); err != nil {
		_ = r.file.Truncate(r.size) // half a line would spoil the next one
		return err
	}
	r.size += int64(len(line))
	return nil
}

// turn goes on to the next file. The old one of that name is removed, not
// truncated: who still reads it keeps what it had.
func (r *ring) turn() error {
	if err := r.shut(); err != nil {
		return err
	}
	n := r.n%ringFiles + 1
	if err := r.remove(n); err != nil {
		return err
	}
	f, err := os.OpenFile(r.path(n), os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	r.file, r.n, r.size = f, n, 0
	return nil
}

func (r *ring) remove(n int) error {
	if err := os.Remove(r.path(n)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (r *ring) path(n int) string {
	return filepath.Join(r.dir, fmt.Sprintf("demo-%d.jsonl", n))
}

// close ends the ring: later lines are refused.
func (r *ring) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	return r.shut()
}

func (r *ring) shut() error {
	if r.file == nil {
		return nil
	}
	err := r.file.Close()
	r.file = nil
	return err
}
