package lab

import (
	"bufio"
	"bytes"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
)

// followed is what a program that runs has printed so far.
type followed struct {
	mu   sync.Mutex
	text []string
	done chan struct{} // closed at the end of its output
}

// follow starts cmd and reads the lines of its stdout as they come.
func follow(t *testing.T, cmd *exec.Cmd) *followed {
	t.Helper()
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	f := &followed{done: make(chan struct{})}
	go func() {
		defer close(f.done)
		lines := bufio.NewScanner(pipe)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			f.mu.Lock()
			f.text = append(f.text, lines.Text())
			f.mu.Unlock()
		}
	}()
	return f
}

// lines are the lines so far.
func (f *followed) lines() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.text)
}

// has returns an error unless there are n lines.
func (f *followed) has(n int) error {
	if got := len(f.lines()); got < n {
		return fmt.Errorf("%d lines so far, want %d", got, n)
	}
	return nil
}

// buffer keeps what a program that runs has written so far.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// String returns what was written so far.
func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// has returns an error unless text was written.
func (b *buffer) has(text string) error {
	if got := b.String(); !strings.Contains(got, text) {
		return fmt.Errorf("no %q in %q", text, got)
	}
	return nil
}
