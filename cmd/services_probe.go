package cmd

import (
	"context"
	"fmt"
	"iter"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"govctl/internal/render"
	"govctl/pkg/probe"
	"govctl/pkg/registry"
)

// servicesProbeOptions are what `services probe` may be told.
type servicesProbeOptions struct {
	sel     selectFlags
	probe   probeFlags
	watch   probeWatchFlags
	explain bool
}

func newServicesProbeCmd(a *app) *cobra.Command {
	var opts servicesProbeOptions
	c := &cobra.Command{
		Use:   "probe [SERVICE...]",
		Short: "Ask every instance itself, beside what the registry says",
		Long: "Ask every instance of the services that are named, by globs too, or of all, and show where\n" +
			"its answer and the registry's word part:\n\n" +
			"  zombie       the registry says it lives, and it does not answer\n" +
			"  ghost        it answers, and the registry says critical\n" +
			"  down         the registry says critical, and it does not answer\n" +
			"  unprobeable  it could not be asked\n\n" +
			"How an instance is asked follows from its registered check, else from its metadata\n" +
			"(protocol, scheme, health), else it is a TCP connection; --explain shows the choice.\n" +
			"A zombie, a ghost or one that is down is status 1; only unprobeable ones are 4.",
		Example: "  govctl services probe\n  govctl services probe order 'pay*' --explain\n" +
			"  govctl services probe --kind http:/healthz --probe-timeout 500ms -o json\n" +
			"  govctl services probe --watch --interval 1s --for 5s",
		RunE: func(c *cobra.Command, args []string) error {
			if err := opts.check(c); err != nil {
				return err
			}
			if opts.watch.on {
				return a.servicesProbeWatch(c.Context(), &opts, args)
			}
			return a.servicesProbe(c.Context(), &opts, args)
		},
		ValidArgsFunction: a.completeServices,
	}
	opts.sel.addSelection(c)
	opts.probe.add(c)
	opts.watch.add(c)
	c.Flags().BoolVar(&opts.explain, "explain", false, "show which probe was chosen for each instance, and why")
	return c
}

// check refuses what is wrong with the flags before anything is opened.
func (o *servicesProbeOptions) check(c *cobra.Command) error {
	if err := o.watch.check(c); err != nil {
		return err
	}
	_, _, err := o.probe.check()
	return err
}

func (a *app) servicesProbe(ctx context.Context, opts *servicesProbeOptions, patterns []string) error {
	const what = "probe services"
	out, err := a.output()
	if err != nil {
		return err
	}
	r, err := a.survey(ctx, opts, patterns)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	began := a.Now()
	answers := a.answers(ctx, r)
	if human(out.Format) || !a.StdoutTTY { // what streams to a terminal shows by itself how far it is
		answers = a.counted(answers, len(r.targets))
	}
	list := inOrder(answers, r)
	err = writeList(a.Stdout, out, render.List[probe.Observation]{
		Columns: probeColumns(opts.explain),
		Name:    observationName,
		Eager:   true,
		Items:   list,
	})
	if err == nil && human(out.Format) {
		err = a.writeProbeVerdict(out, r, a.Now().Sub(began))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if len(r.instances) == 0 {
		a.sayNothingHere(noServicesYet)
	}
	return verdictOf(r.tally)
}

// round is one question to each of some instances, and what came of it.
type round struct {
	*probing
	src       source
	instances []registry.Instance
	targets   []probe.Target
	seen      []probe.Observation // as far as they were asked, in order
	tally     probe.Tally
}

// survey lists the instances that are to be asked.
func (a *app) survey(ctx context.Context, opts *servicesProbeOptions, patterns []string) (*round, error) {
	sel, err := opts.sel.selector(nil)
	if err != nil {
		return nil, err
	}
	src, err := a.open(ctx, "")
	if err != nil {
		return nil, err
	}
	ctx, cancel := a.within(ctx)
	defer cancel()
	p, err := a.probing(ctx, &opts.probe, src)
	if err != nil {
		return nil, err
	}
	found, err := instances(ctx, src, patterns)
	if err != nil {
		return nil, err
	}
	list, err := collect(registry.Filter(a.progress(found), sel))
	if err != nil {
		return nil, explainMissing(ctx, src, err)
	}
	return &round{probing: p, src: src, instances: list, targets: p.targets(list), tally: probe.Tally{}}, nil
}

// answers asks all.
func (a *app) answers(ctx context.Context, r *round) iter.Seq[probe.Answer] {
	return func(yield func(probe.Answer) bool) {
		ctx, cancel := r.within(ctx, len(r.targets), a.cfg.Timeout)
		defer cancel()
		r.prober.Run(ctx, r.targets, r.concurrency)(yield)
	}
}

// counted passes answers on and says on a terminal how many of the n came so far.
func (a *app) counted(answers iter.Seq[probe.Answer], n int) iter.Seq[probe.Answer] {
	return func(yield func(probe.Answer) bool) {
		var answered, failed atomic.Int64
		done := a.whileWaiting(func() string {
			return fmt.Sprintf("%d of %d asked, %d failed", answered.Load(), n, failed.Load())
		})
		defer done()
		for answer := range answers {
			answered.Add(1)
			if answer.Result.Outcome == probe.Failed {
				failed.Add(1)
			}
			if !yield(answer) {
				return
			}
		}
	}
}

// tick is how often a progress line looks whether there is news.
const tick = 100 * time.Millisecond

// whileWaiting keeps a progress line with text until done is called.
func (a *app) whileWaiting(text func() string) (done func()) {
	line := render.NewProgress(a.Stderr, a.StderrTTY && !a.flags.quiet, a.Now)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		ticker := time.NewTicker(tick)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				line.Update(text())
			case <-stop:
				line.Done()
				return
			}
		}
	}()
	return func() {
		close(stop)
		<-stopped
	}
}

// inOrder returns what came of the answers in the order of the instances, each as
// soon as those before it are there, and notes it in r. Where the answers end
// early, what is there is returned.
func inOrder(answers iter.Seq[probe.Answer], r *round) iter.Seq2[probe.Observation, error] {
	return func(yield func(probe.Observation, error) bool) {
		line := queue{round: r, results: make([]*probe.Result, len(r.targets)), yield: yield}
		for answer := range answers {
			line.results[answer.Index] = &answer.Result
			if !line.give() {
				return
			}
		}
		for ; line.next < len(line.results); line.next++ { // over those that were not asked
			if !line.give() {
				return
			}
		}
	}
}

// queue is the results of a round that wait for those before them.
type queue struct {
	round   *round
	results []*probe.Result
	next    int // the first one that was not given
	yield   func(probe.Observation, error) bool
}

// give gives what is there up to the first gap, and reports whether anybody
// listens.
func (q *queue) give() bool {
	for ; q.next < len(q.results) && q.results[q.next] != nil; q.next++ {
		if !q.yield(q.round.note(q.next, q.results[q.next]), nil) {
			return false
		}
	}
	return true
}

// note takes in what came of asking the instance with the given index.
func (r *round) note(i int, result *probe.Result) probe.Observation {
	o := r.observe(&r.instances[i], &r.targets[i], *result)
	r.seen = append(r.seen, o)
	r.tally[o.Truth]++
	return o
}

// verdictOf is how a command ends that asked instances.
func verdictOf(t probe.Tally) error {
	switch {
	case t.Findings() > 0:
		return errFinding
	case t[probe.TruthUnprobeable] > 0, t.Total() == 0:
		return errIncomplete
	default:
		return nil
	}
}

func observationName(o probe.Observation) string { return o.Service + "/" + o.ID }
