package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"time"
)

// The goals of a start: how long it may take, and how large the program may be.
const (
	coldGoal = 15 * time.Millisecond
	sizeGoal = 40 << 20
)

// coldRounds is how often each start is measured: they are short, and noisy.
const coldRounds = 21

// coldStart measures how long commands take that have nothing to do.
func (b *bench) coldStart(ctx context.Context) error {
	hello := program{args: []string{b.hello}}
	version := program{args: []string{b.govctl, "version"}}
	help := program{args: []string{b.govctl, "--help"}}
	helloTTY, versionTTY, helpTTY := hello, version, help
	helloTTY.terminal, versionTTY.terminal, helpTTY.terminal = true, true, true
	programs := []program{hello, version, help, helloTTY, versionTTY, helpTTY}
	kubectl, err := exec.LookPath("kubectl")
	if err == nil {
		programs = append(programs, program{args: []string{kubectl, "version", "--client"}})
	}
	m, err := compare(ctx, coldRounds, programs...)
	if err != nil {
		return err
	}
	b.start("cold start, `govctl version`", m[1], m[0])
	b.start("cold start, `govctl --help`", m[2], m[0])
	b.start("the same on a terminal that answers nothing, `version`", m[4], m[3])
	b.start("the same on a terminal that answers nothing, `--help`", m[5], m[3])
	if len(m) > 6 {
		b.faster("cold start, `govctl version`", m[1], "`kubectl version --client`", m[6], 3)
		b.faster("cold start, `govctl --help`", m[2], "`kubectl version --client`", m[6], 3)
	}
	return b.size()
}

// start adds the row of a start, with an absolute goal.
func (b *bench) start(what string, ours, hello time.Duration) {
	b.add(row{
		what: what, ours: ms(ours), neighbour: "a Go hello: " + ms(hello), ratio: times(ours, hello),
		goal: fmt.Sprintf("≤ %s", ms(coldGoal)), met: ours <= coldGoal,
	})
}

// size adds the row of the program's size.
func (b *bench) size() error {
	ours, err := os.Stat(b.govctl)
	if err != nil {
		return err
	}
	hello, err := os.Stat(b.hello)
	if err != nil {
		return err
	}
	b.add(row{
		what: "size of the stripped program", ours: mib(ours.Size()), neighbour: "a Go hello: " + mib(hello.Size()),
		ratio: fmt.Sprintf("%.1f×", float64(ours.Size())/float64(hello.Size())), goal: "≤ " + mib(sizeGoal), met: ours.Size() <= sizeGoal,
	})
	return nil
}
