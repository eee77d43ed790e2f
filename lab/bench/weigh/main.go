// Command weigh runs a program and prints the most memory, in bytes, that it had
// resident at a time, and the processor time, in nanoseconds, that it took. It is
// a program of its own because the kernel's figure for a child is never below
// what its parent had when it started it: this parent is small.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

func main() {
	rss, cpu, err := weigh(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "weigh:", err)
		os.Exit(1)
	}
	_, _ = fmt.Fprintln(os.Stdout, rss, cpu.Nanoseconds())
}

// weigh runs args[0] with the rest as its arguments. What it prints is dropped.
func weigh(args []string) (rss int64, cpu time.Duration, err error) {
	if len(args) == 0 {
		return 0, 0, errors.New("no program")
	}
	cmd := exec.Command(args[0], args[1:]...) //nolint:noctx // who started us ends us, and the child reads no input
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = attributes()
	if err := cmd.Run(); err != nil {
		return 0, 0, err
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0, 0, errors.New("this system does not count memory")
	}
	return usage.Maxrss * rssUnit, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
}
