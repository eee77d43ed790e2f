package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"govctl/internal/render"
	"govctl/pkg/probe"
	"govctl/pkg/registry"
)

// probeWatchFlags are those of `services probe --watch`.
type probeWatchFlags struct {
	on        bool
	interval  time.Duration
	threshold int
	length    time.Duration
}

func (f *probeWatchFlags) add(c *cobra.Command) {
	flags := c.Flags()
	flags.BoolVarP(&f.on, "watch", "w", false, "ask again and again, and tell what changes")
	flags.DurationVar(&f.interval, "interval", 5*time.Second, "with --watch: the `TIME` between two rounds")
	flags.IntVar(&f.threshold, "threshold", 3, "with --watch: `N` failures in a row are down")
	flags.DurationVar(&f.length, "for", 0, "with --watch: end after `TIME`, with a verdict (default: when interrupted)")
}

// check refuses flags that have a meaning with --watch alone, and values that
// have none.
func (f *probeWatchFlags) check(c *cobra.Command) error {
	if err := checkWatch(c, f.on, f.length, "interval", "threshold", "for"); err != nil {
		return err
	}
	switch {
	case f.interval <= 0:
		return usagef("--interval %s: it is a time above 0", f.interval)
	case f.threshold < 1:
		return usagef("--threshold %d: it is a number above 0", f.threshold)
	}
	return nil
}

// tracked is an instance with what its last probes said. The JSON names are an
// interface.
type tracked struct {
	At time.Time `json:"at"`
	probe.Observation
	// State is what the last results come to, FailedInARow how many of them
	// failed since the last that did not, Last how they went, the latest last.
	State        probe.State `json:"state"`
	FailedInARow int         `json:"failedInARow"`
	Last         string      `json:"last"`
}

// probeWatch is a series of rounds.
type probeWatch struct {
	app    *app
	opts   *servicesProbeOptions
	out    render.Options
	stream *render.Stream[tracked]
	tracks map[string]*probe.Track
	states map[string]probe.State // as told last
	rounds int
	round  *round    // the last one that was whole
	latest []tracked // what came of it
}

func (a *app) servicesProbeWatch(ctx context.Context, opts *servicesProbeOptions, patterns []string) error {
	const what = "probe services"
	out, err := a.output()
	if err != nil {
		return err
	}
	r, err := a.survey(ctx, opts, patterns)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	a.say("asking %s of %s every %s; Ctrl-C ends it", plural(len(r.instances), "instance"), place(r.src), opts.watch.interval)
	w := &probeWatch{
		app: a, opts: opts, out: out, stream: render.NewStream(a.Stdout, out, trackedColumns(a), trackedName),
		tracks: map[string]*probe.Track{}, states: map[string]probe.State{},
	}
	limited, cancel := during(ctx, opts.watch.length)
	defer cancel()
	if err := w.run(limited, r, patterns); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	err = w.verdict()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// run asks round after round until ctx ends.
func (w *probeWatch) run(ctx context.Context, r *round, patterns []string) error {
	every := time.NewTicker(w.opts.watch.interval)
	defer every.Stop()
	for {
		if err := w.ask(ctx, r); err != nil {
			return err
		}
		done := w.app.whileWaiting(w.summary)
		select {
		case <-every.C:
			done()
		case <-ctx.Done():
			done()
			return nil
		}
		next, err := w.app.survey(ctx, w.opts, patterns)
		switch {
		case err == nil:
			r = next
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, registry.ErrUnavailable):
			w.app.notices.add(registry.Notice{Text: "the list of instances was old for a while: " + err.Error()})
			r = &round{probing: r.probing, src: r.src, instances: r.instances, targets: r.targets, tally: probe.Tally{}}
		default:
			return err
		}
	}
}

// ask asks the instances of r once and tells what is new. A round that is cut off
// tells nothing.
func (w *probeWatch) ask(ctx context.Context, r *round) error {
	for _, err := range inOrder(w.app.counted(w.app.answers(ctx, r), len(r.targets)), r) {
		if err != nil {
			return err
		}
	}
	if ctx.Err() != nil && w.round != nil {
		return nil
	}
	w.rounds++
	w.round, w.latest = r, make([]tracked, 0, len(r.seen))
	now := w.app.Now()
	for i := range r.seen {
		t := w.track(&r.seen[i], now)
		w.latest = append(w.latest, t)
		w.stream.Measure(t)
	}
	for i := range w.latest {
		if err := w.tell(&w.latest[i]); err != nil {
			return err
		}
	}
	return nil
}

// track adds what came of a probe to what is known of the instance.
func (w *probeWatch) track(o *probe.Observation, now time.Time) tracked {
	name := observationName(*o)
	track := w.tracks[name]
	if track == nil {
		track = &probe.Track{}
		w.tracks[name] = track
	}
	track.Add(o.Result.Outcome)
	threshold := w.opts.watch.threshold
	t := tracked{
		At: now, Observation: *o, State: track.State(threshold),
		FailedInARow: track.FailedInARow(), Last: track.Strip(),
	}
	t.Truth = probe.TruthOf(o.Health, track.Settled(threshold))
	return t
}

// tell prints t: for programs each time, for people where its state is another
// than it was.
func (w *probeWatch) tell(t *tracked) error {
	name := trackedName(*t)
	before, known := w.states[name]
	w.states[name] = t.State
	if human(w.out.Format) && (before == t.State || !known && t.State == probe.Up) {
		return nil
	}
	return w.stream.Write(*t)
}

// summary says how the last round went, for a progress line.
func (w *probeWatch) summary() string {
	return fmt.Sprintf("round %d: %s", w.rounds, w.counts())
}

// counts are how many instances are in which state.
func (w *probeWatch) counts() string {
	n := map[probe.State]int{}
	for i := range w.latest {
		n[w.latest[i].State]++
	}
	var parts []string
	for _, s := range probe.States() {
		if n[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[s], s))
		}
	}
	return strings.Join(parts, ", ")
}

// verdict prints how the instances stand at the end, for people, and returns how
// the command ends.
func (w *probeWatch) verdict() error {
	tally := probe.Tally{}
	flapping := 0
	for i := range w.latest {
		tally[w.latest[i].Truth]++
		if w.latest[i].State == probe.Flapping {
			flapping++
		}
	}
	if human(w.out.Format) {
		if err := w.writeVerdict(tally); err != nil {
			return err
		}
	}
	if flapping > 0 {
		return errFinding
	}
	return verdictOf(tally)
}

func (w *probeWatch) writeVerdict(tally probe.Tally) error {
	w.app.printf("\n")
	_, err := render.WriteList(w.app.Stdout, w.out, render.List[tracked]{
		Columns: finalColumns(), Name: trackedName, Items: seq(w.latest, nil),
	})
	w.app.printf("\n%s over %s: %s · %s\n", plural(len(w.latest), "instance"), plural(w.rounds, "round"), w.counts(), tally.Text())
	return err
}

func trackedName(t tracked) string { return observationName(t.Observation) }

// stateStyle is the style of a state.
func stateStyle(s probe.State) render.Style {
	switch s {
	case probe.StateDown, probe.Flapping:
		return render.Bad
	case probe.Shaky, probe.StateUnprobeable:
		return render.Warn
	case probe.Up:
		return render.Good
	default:
		return render.Plain
	}
}

func stateCell(t tracked) render.Cell {
	text := string(t.State)
	if t.State == probe.Shaky {
		text = fmt.Sprintf("failed %dx", t.FailedInARow)
	}
	return render.Cell{Text: text, Style: stateStyle(t.State)}
}

// trackedColumns are those of the lines that are told on the way.
func trackedColumns(a *app) []render.Column[tracked] {
	return []render.Column[tracked]{
		{Cell: func(t tracked) render.Cell {
			return render.Cell{Text: t.At.In(a.Now().Location()).Format(time.TimeOnly), Style: render.Dim}
		}},
		{Cell: func(t tracked) render.Cell { return render.Cell{Text: trackedName(t)} }},
		{Cell: stateCell},
		{Cell: func(t tracked) render.Cell { return render.Cell{Text: t.Last} }},
		{Cell: func(t tracked) render.Cell { return render.Cell{Text: t.Result.Text()} }},
	}
}

// finalColumns are those of the table at the end.
func finalColumns() []render.Column[tracked] {
	of := func(cell func(probe.Observation) render.Cell) func(tracked) render.Cell {
		return func(t tracked) render.Cell { return cell(t.Observation) }
	}
	state := []render.Column[tracked]{
		{Head: "STATE", Cell: stateCell},
		{Head: "LAST", Drop: 2, Cell: func(t tracked) render.Cell { return render.Cell{Text: t.Last} }},
	}
	var columns []render.Column[tracked]
	for _, c := range probeColumns(false) {
		if !c.Wide {
			columns = append(columns, render.Column[tracked]{Head: c.Head, Drop: c.Drop, Right: c.Right, Cell: of(c.Cell)})
		}
	}
	return slices.Insert(columns, 4, state...) // behind HEALTH
}
