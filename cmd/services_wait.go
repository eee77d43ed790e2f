package cmd

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"govctl/internal/render"
	"govctl/pkg/registry"
)

// servicesWaitOptions are what `services wait` may be told.
type servicesWaitOptions struct {
	sel        selectFlags
	probe      probeFlags
	minHealthy int
	truth      bool
	length     time.Duration
}

func newServicesWaitCmd(a *app) *cobra.Command {
	var opts servicesWaitOptions
	c := &cobra.Command{
		Use:   "wait SERVICE",
		Short: "Wait until a service has enough healthy instances",
		Long: "Wait until a service has at least --min-healthy passing instances among those that -l,\n" +
			"--health and --filter select. With --truth an instance counts only where it also answers,\n" +
			"asked as by `services probe`.\n\n" +
			"The status is 0 when it holds; 1 when the time is over; 3 when the registry never answered.",
		Example: "  govctl services wait order --min-healthy 2 --for 5m\n" +
			"  govctl services wait order -l version=v1 --truth --for 30s",
		Args: exactly(1, "SERVICE"),
		RunE: func(c *cobra.Command, args []string) error {
			if err := opts.check(args[0]); err != nil {
				return err
			}
			return a.servicesWait(c.Context(), &opts, args[0])
		},
		ValidArgsFunction: a.completeService,
	}
	opts.sel.addSelection(c)
	opts.probe.add(c)
	c.Flags().IntVar(&opts.minHealthy, "min-healthy", 1, "wait for at least `N` healthy instances")
	c.Flags().BoolVar(&opts.truth, "truth", false, "count only instances that answer when they are asked")
	c.Flags().DurationVar(&opts.length, "for", 5*time.Minute, "give up after `TIME`")
	return c
}

// check refuses what is wrong with the flags before anything is opened.
func (o *servicesWaitOptions) check(service string) error {
	switch {
	case o.minHealthy < 1:
		return usagef("--min-healthy %d: it is a number above 0", o.minHealthy)
	case o.length <= 0:
		return usagef("--for %s: it is a time above 0", o.length)
	case service == "":
		return errNameless()
	case registry.IsGlob(service):
		return withHint(usagef("%q is a glob: wait for one service", service), "`govctl services ls` lists what is registered")
	}
	_, _, err := o.probe.check()
	return err
}

func (a *app) servicesWait(ctx context.Context, opts *servicesWaitOptions, service string) error {
	const what = "wait for service"
	out, err := a.output()
	if err != nil {
		return err
	}
	w, err := a.waiter(ctx, opts, service)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	done := a.whileWaiting(w.waitingFor)
	limited, cancel := during(ctx, opts.length)
	err = w.wait(limited)
	cancel()
	done()
	switch {
	case ctx.Err() != nil:
		a.say("%s", w.waitingFor())
		return context.Cause(ctx)
	case err != nil:
		return fmt.Errorf("%s: %w", what, err)
	}
	if err := render.WriteDocument(a.Stdout, out, w.document()); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if !w.state.Holds {
		return errFinding
	}
	return nil
}

// waitState is the answer of `services wait`. The JSON names are an interface.
type waitState struct {
	Service       string  `json:"service"`
	Holds         bool    `json:"holds"`
	Healthy       int     `json:"healthy"`
	MinHealthy    int     `json:"minHealthy"`
	Instances     int     `json:"instances"`
	WaitedSeconds float64 `json:"waitedSeconds"`
	// Missing says why each selected instance that is not healthy is not.
	Missing []waitMissing `json:"missing"`
}

// waitMissing is an instance that does not count.
type waitMissing struct {
	ID     string          `json:"id"`
	Health registry.Health `json:"health"`
	// Reason is what came of asking it, "" where the registry's word was enough.
	Reason string `json:"reason,omitempty"`
}

// document is the answer.
func (w *waiter) document() render.Document {
	return render.Document{
		Data: w.state,
		Name: w.state.Service,
		Text: func(p *render.Page) {
			p.Text(w.summary() + " after " + strconv.FormatFloat(w.state.WaitedSeconds, 'f', 1, 64) + "s")
		},
	}
}
