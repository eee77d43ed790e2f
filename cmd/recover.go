package cmd

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"govctl/internal/mask"
	"govctl/internal/render"
	"govctl/pkg/change"
	"govctl/pkg/config"
)

// recoverOptions are what `recover` may be told.
type recoverOptions struct {
	planFlags

	forward, back bool
}

func newRecoverCmd(a *app) *cobra.Command {
	var opts recoverOptions
	c := &cobra.Command{
		Use:   "recover [ID --forward|--back]",
		Short: "List plans that were cut off, and end them",
		Long: "List the plans that were cut off while they were applied: status 1 where there are any. With an\n" +
			"id, end one: --forward makes the rest of it, --back takes back what was made. An item that holds\n" +
			"neither what the plan found nor what it wrote is left alone (5). Nobody can end a plan while the\n" +
			"process that applies it lives.",
		Example: "  govctl recover\n  govctl recover 7f3c09ab --back --yes",
		GroupID: groupChange,
		Args:    between(0, 1, "the id of a plan, or nothing"),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return a.recoverList(c.Context())
			}
			return a.recover(c.Context(), opts, args[0])
		},
		ValidArgsFunction: a.completePlans,
	}
	c.Flags().BoolVar(&opts.forward, "forward", false, "make what is left of the plan")
	c.Flags().BoolVar(&opts.back, "back", false, "take back what was made of the plan")
	c.Flags().BoolVar(&opts.yes, "yes", false, "do not ask")
	c.Flags().StringVar(&opts.confirm, "confirm", "", "do not ask about the protected environment `ENV`")
	return c
}

// recoverList lists the plans that are open.
func (a *app) recoverList(ctx context.Context) error {
	const what = "look for plans that were cut off"
	out, err := a.output()
	if err != nil {
		return err
	}
	src, _, records, err := a.records(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	var open []historyRow
	for i := range records {
		if records[i].State == change.Open {
			open = append(open, historyOf(&records[i]))
		}
	}
	err = a.writeHistory(out, open)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", what, err)
	case len(open) > 0:
		if human(out.Format) {
			a.say("hint: `govctl recover %s --back` takes back what was made of it, --forward makes the rest", open[0].ID)
		}
		return errFinding
	case human(out.Format):
		a.say("no plan was cut off · %s", src.place())
	}
	return nil
}

func (a *app) recover(ctx context.Context, opts recoverOptions, id string) error {
	to := change.Forward
	switch {
	case opts.forward == opts.back:
		return withHint(usagef("recover %s: which way?", id), "--forward makes the rest of it, --back takes back what was made")
	case opts.back:
		to = change.Back
	}
	out, err := a.output()
	if err != nil {
		return err
	}
	o, err := a.planOptions(&opts.planFlags)
	if err != nil {
		return err
	}
	m, err := a.masker()
	if err != nil {
		return err
	}
	src, store, r, err := a.recordOf(ctx, id)
	if err != nil {
		return fmt.Errorf("recover %s: %w", id, err)
	}
	if err := a.agree(ctx, src, &change.Plan{ID: r.ID, Changes: make([]change.Change, len(r.Changes))}, opts.planFlags); err != nil {
		return err
	}
	ended, err := change.Recover(ctx, store, r.ID, to, o)
	foreign, isForeign := errors.AsType[*change.ForeignError](err)
	if err == nil || isForeign {
		if err := a.writeRecovered(ctx, out, src, store, &ended, m); err != nil {
			return err
		}
	}
	if isForeign {
		for _, name := range foreign.Names {
			a.say("%s: changed by another, and left alone", config.KeyOfChange(name))
		}
	}
	if err != nil {
		return fmt.Errorf("recover %s: %w", r.ID, err)
	}
	return nil
}

// writeRecovered says what became of a plan that was cut off.
func (a *app) writeRecovered(ctx context.Context, out render.Options, src configSource, s change.Store, r *change.Record, m *mask.Masker) error {
	if human(out.Format) {
		words := map[change.State]string{change.Done: "the rest of it was made", change.Undone: "what was made of it was taken back"}
		a.printf("%s: %s, it is %s\n", r.ID, words[r.State], r.State)
		return nil
	}
	changes, err := change.Contents(ctx, s, r)
	if err != nil {
		return err
	}
	view := a.viewOf(&change.Plan{ID: r.ID, Environment: r.Environment, Changes: changes}, src, m)
	view.note(r)
	return a.writePlan(out, view)
}
