package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/creack/pty"
)

// program is one side of a comparison.
type program struct {
	args []string
	// terminal gives it a pseudo-terminal that nobody answers on.
	terminal bool
	// status is how it must end.
	status int
}

func (p program) String() string { return strings.Join(p.args, " ") }

// compare runs the programs in turn, rounds times, and returns the median time
// of each. A first round is not counted: it warms caches for all alike. The order
// turns with each round, so that none always comes first.
func compare(ctx context.Context, rounds int, programs ...program) ([]time.Duration, error) {
	times := make([][]time.Duration, len(programs))
	for round := range rounds + 1 {
		for i := range programs {
			which := (i + round) % len(programs)
			took, err := programs[which].run(ctx)
			if err != nil {
				return nil, err
			}
			if round > 0 {
				times[which] = append(times[which], took)
			}
		}
	}
	medians := make([]time.Duration, len(programs))
	for i, t := range times {
		medians[i] = median(t)
	}
	return medians, nil
}

// median returns the middle of values, of an even number the upper one. It sorts
// them.
func median[T cmp.Ordered](values []T) T {
	slices.Sort(values)
	return values[len(values)/2]
}

// weighings is how often the memory of a program is measured.
const weighings = 3

// weighed is what a program took: the most memory, in bytes, that it had
// resident, and the time of all processors.
type weighed struct {
	rss int64
	cpu time.Duration
}

// weight returns what p took, the median of each.
func (b *bench) weight(ctx context.Context, p program) (weighed, error) {
	var memory []int64
	var times []time.Duration
	for range weighings {
		cmd := exec.CommandContext(ctx, b.weigh, p.args...)
		cmd.Env, cmd.Dir, cmd.Stderr = environment(), b.dir, b.log
		out, err := cmd.Output()
		if err != nil {
			return weighed{}, fmt.Errorf("weigh %s: %w", p, err)
		}
		var one weighed
		if _, err := fmt.Sscan(string(out), &one.rss, (*int64)(&one.cpu)); err != nil {
			return weighed{}, fmt.Errorf("weigh %s: %w", p, err)
		}
		memory, times = append(memory, one.rss), append(times, one.cpu)
	}
	return weighed{rss: median(memory), cpu: median(times)}, nil
}

// run runs p to its end and returns how long it took. What it prints is thrown
// away by the kernel, but for its complaints.
func (p program) run(ctx context.Context) (time.Duration, error) {
	cmd := exec.CommandContext(ctx, p.args[0], p.args[1:]...)
	cmd.Env = environment()
	cmd.Dir = os.TempDir()
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	began := time.Now()
	err := cmd.Run
	if p.terminal {
		cmd.Stderr = nil
		err = func() error { return runOnTerminal(cmd) }
	}
	if err := p.ended(err()); err != nil {
		return 0, fmt.Errorf("%s: %w\n%s", p, err, complaints.Bytes())
	}
	return time.Since(began), nil
}

// ended returns the error of a program that ended with err, and not as it must.
func (p program) ended(err error) error {
	exit, ok := errors.AsType[*exec.ExitError](err)
	switch {
	case ok && exit.ExitCode() == p.status:
		return nil
	case err == nil && p.status != 0:
		return fmt.Errorf("ends with status 0, want %d", p.status)
	default:
		return err
	}
}

// runOnTerminal runs cmd on a pseudo-terminal whose other side only listens.
func runOnTerminal(cmd *exec.Cmd) error {
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: 100})
	if err != nil {
		return err
	}
	defer func() { _ = terminal.Close() }()
	_, _ = io.Copy(io.Discard, terminal) // ends with EIO when the program does
	return cmd.Wait()
}

// output returns what p prints, for the check that both sides say the same.
func (p program) output(ctx context.Context) (io.ReadCloser, func() error, error) {
	cmd := exec.CommandContext(ctx, p.args[0], p.args[1:]...)
	cmd.Env = environment()
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	return out, func() error {
		if err := p.ended(cmd.Wait()); err != nil {
			return fmt.Errorf("%s: %w\n%s", p, err, complaints.Bytes())
		}
		return nil
	}, nil
}

// environment is that of every measured program: nothing that changes what it
// does.
func environment() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.TempDir(), "TERM=xterm-256color"}
}
