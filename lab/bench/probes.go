package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"
)

// The goals of probes.
const (
	cpuGoal   = 130 * time.Microsecond // of the client, a probe
	rssGoal   = 60_000_000             // in bytes
	hang      = time.Second            // what a target has to answer, where some never do
	hangGoal  = hang * 5 / 4           // the whole run
	firstGoal = 50 * time.Millisecond  // the first result
)

// side is one of the programs that ask the same targets.
type side struct {
	name string
	program
	// counts is how often it must print what.
	counts map[string]int
}

// check is an error unless s prints what it must: all sides are to have found
// the same.
func (s *side) check(ctx context.Context) error {
	out, wait, err := s.output(ctx)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if _, err := text.ReadFrom(out); err != nil {
		return err
	}
	if err := wait(); err != nil {
		return err
	}
	for what, want := range s.counts {
		if got := bytes.Count(text.Bytes(), []byte(what)); got != want {
			return fmt.Errorf("%s: %d times %q, want %d", s, got, what, want)
		}
	}
	return nil
}

// contest checks that all sides find the same, and returns the median time of
// each.
func (b *bench) contest(ctx context.Context, sides []side) ([]time.Duration, error) {
	programs := make([]program, len(sides))
	for i := range sides {
		if err := sides[i].check(ctx); err != nil {
			return nil, err
		}
		programs[i] = sides[i].program
	}
	return compare(ctx, b.rounds, programs...)
}

// probes measures the probing of many targets, kind by kind.
func (b *bench) probes(ctx context.Context) error {
	if runtime.GOOS != "linux" {
		_, _ = fmt.Fprintln(b.log, "bench: probes are left out: only Linux has all of 127.0.0.0/8")
		return nil
	}
	for _, p := range []struct {
		kind string
		mute int
		race func(context.Context, *fleet) error
	}{
		{"http", 0, b.probeHTTP},
		{"tcp", 0, b.probeTCP},
		{"https", 0, b.probeTLS},
		{"grpc", 0, b.probeGRPC},
		{"http", muteEvery, b.probeMute},
	} {
		f, err := b.startFleet(ctx, p.kind, p.mute)
		if err != nil {
			return err
		}
		if err := errors.Join(p.race(ctx, f), f.stop()); err != nil {
			return fmt.Errorf("probe %s: %w", p.kind, err)
		}
	}
	return nil
}

func (b *bench) probeHTTP(ctx context.Context, f *fleet) error {
	ours, loop := f.probe("http:/healthz"), f.loop("http")
	what := fmt.Sprintf("%d HTTP probes, a connection each", len(f.all))
	if err := b.race(ctx, f, what, 0.8, ours, loop, "curl", "httpx"); err != nil {
		return err
	}
	return b.frugal(ctx, what, len(f.all), ours.program, loop.program)
}

func (b *bench) probeTCP(ctx context.Context, f *fleet) error {
	return b.race(ctx, f, fmt.Sprintf("%d TCP probes", len(f.all)), 0.8, f.probe("tcp"), f.loop("tcp"), "nmap")
}

func (b *bench) probeTLS(ctx context.Context, f *fleet) error {
	ca := f.file("ca.pem")
	ours := func(kind string) side { return f.probe(kind, "--tls-ca", ca, "--tls-server-name", certified) }
	loop := f.loop("tls", "-ca", ca, "-name", certified)
	if err := b.race(ctx, f, fmt.Sprintf("%d TLS probes that verify", len(f.all)), 0.9, ours("tls"), loop); err != nil {
		return err
	}
	others, err := f.beside("httpx")
	if err != nil || len(others) == 0 {
		return err
	}
	web := ours("https:/healthz")
	m, err := b.contest(ctx, []side{web, others[0]})
	if err != nil {
		return err
	}
	b.versus(fmt.Sprintf("%d HTTPS probes that verify", len(f.all)), m[0], others[0].name+", which does not", m[1])
	return nil
}

func (b *bench) probeGRPC(ctx context.Context, f *fleet) error {
	ours, loop := f.probe("grpc"), f.loop("grpc")
	if err := b.race(ctx, f, fmt.Sprintf("%d gRPC health probes", len(f.all)), 0.8, ours, loop); err != nil {
		return err
	}
	others, err := f.beside("grpc-health-probe")
	if err != nil || len(others) == 0 {
		return err
	}
	m, err := b.contest(ctx, []side{ours, others[0]})
	if err != nil {
		return err
	}
	each, theirs := m[0]/time.Duration(len(f.all)), m[1]/time.Duration(min(probeSample, len(f.all)))
	b.faster("a gRPC health probe, of many", each, others[0].name+", a process each, two at a time", theirs, 10)
	return nil
}

// probeMute measures a run in which some targets never answer.
func (b *bench) probeMute(ctx context.Context, f *fleet) error {
	ours := f.probe("http:/healthz", "--probe-timeout", hang.String())
	others, err := f.beside("curl", "httpx")
	if err != nil {
		return err
	}
	m, err := b.contest(ctx, append([]side{ours}, others...))
	if err != nil {
		return err
	}
	what := fmt.Sprintf("%d HTTP probes, %d of them of targets that never answer within %s", len(f.all), f.muted(), hang)
	met := m[0] <= hangGoal
	b.add(row{what: what, ours: ms(m[0]), neighbour: "the timeout: " + ms(hang), ratio: times(m[0], hang), goal: "≤ 1.25×", met: met})
	for i := range others {
		b.versus(what, m[0], others[i].name, m[i+1])
	}
	names := f.govctl("services", "probe", "-o", "name", "--kind", "http:/healthz", "--probe-timeout", hang.String())
	names.status = ours.status
	first, err := b.first(ctx, names)
	if err != nil {
		return err
	}
	b.add(row{
		what: "the same, `-o name`, until the first result is there", ours: ms(first), neighbour: "the timeout: " + ms(hang),
		ratio: times(first, hang), goal: "≤ " + ms(firstGoal), met: first <= firstGoal,
	})
	return nil
}

// race adds the row of ours beside loop, which must reach least of its rate, and
// one for each of the neighbours.
func (b *bench) race(ctx context.Context, f *fleet, what string, least float64, ours, loop side, neighbours ...string) error {
	others, err := f.beside(neighbours...)
	if err != nil {
		return err
	}
	listed := side{program: f.govctl("services", "instances", "-o", "name"), counts: map[string]int{"\n": len(f.all)}}
	m, err := b.contest(ctx, append([]side{ours, loop, listed}, others...))
	if err != nil {
		return err
	}
	b.add(row{
		what: what, ours: fmt.Sprintf("%s, to list them %s of it", ms(m[0]), ms(m[2])), neighbour: "a Go loop: " + ms(m[1]),
		ratio: times(m[0], m[1]), goal: fmt.Sprintf("≤ %.2f×, %g of its rate", 1/least, least), met: float64(m[0])*least <= float64(m[1]),
	})
	for i := range others {
		b.versus(what, m[0], others[i].name, m[3+i])
	}
	return nil
}

// versus adds a row that has no goal.
func (b *bench) versus(what string, ours time.Duration, neighbour string, theirs time.Duration) {
	b.add(row{what: what, ours: ms(ours), neighbour: neighbour + ": " + ms(theirs), ratio: times(ours, theirs)})
}

// frugal adds the rows of what n probes by ours take, beside loop.
func (b *bench) frugal(ctx context.Context, what string, n int, ours, loop program) error {
	mine, err := b.weight(ctx, ours)
	if err != nil {
		return err
	}
	theirs, err := b.weight(ctx, loop)
	if err != nil {
		return err
	}
	each := func(d time.Duration) string {
		return fmt.Sprintf("%.0f µs", float64(d)/float64(n)/float64(time.Microsecond))
	}
	b.add(row{
		what: what + ", processor time a probe", ours: each(mine.cpu), neighbour: "a Go loop: " + each(theirs.cpu),
		ratio: times(mine.cpu, theirs.cpu), goal: "≤ " + each(cpuGoal*time.Duration(n)), met: mine.cpu <= cpuGoal*time.Duration(n),
	})
	b.add(row{
		what: what + ", peak memory", ours: mib(mine.rss), neighbour: "a Go loop: " + mib(theirs.rss),
		ratio: fmt.Sprintf("%.2f×", float64(mine.rss)/float64(theirs.rss)), goal: "≤ " + mib(rssGoal), met: mine.rss <= rssGoal,
	})
	return nil
}

// first returns the median time until p prints the end of its first line.
func (b *bench) first(ctx context.Context, p program) (time.Duration, error) {
	var all []time.Duration
	for range b.rounds {
		began := time.Now()
		out, wait, err := p.output(ctx)
		if err != nil {
			return 0, err
		}
		reader := bufio.NewReader(out)
		if _, err := reader.ReadString('\n'); err != nil {
			return 0, errors.Join(err, wait())
		}
		all = append(all, time.Since(began))
		if _, err := discard(reader); err != nil {
			return 0, err
		}
		if err := wait(); err != nil {
			return 0, err
		}
	}
	return median(all), nil
}
