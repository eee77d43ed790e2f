package cmd

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"govctl/internal/mask"
	"govctl/internal/render"
	"govctl/pkg/backend"
	"govctl/pkg/change"
	"govctl/pkg/config"
)

// planFlags are what every command may be told that changes what is in a back-end.
type planFlags struct {
	dryRun, yes, force bool
	confirm, why, as   string
	everything         bool // it removes all that there is
	planOut            string
	command            *cobra.Command // the one that they are of
	// given are the values that were given as references, which a plan that is saved
	// keeps.
	given []config.Given
}

func (f *planFlags) add(c *cobra.Command) {
	f.addApply(c)
	f.command = c
	c.Flags().StringVar(&f.planOut, "plan-out", "", "save the plan in `FILE`, for `govctl apply`, and change nothing")
}

// addApply adds those of a command whose plan was made before.
func (f *planFlags) addApply(c *cobra.Command) {
	flags := c.Flags()
	flags.BoolVar(&f.dryRun, "dry-run", false, "print the plan, and write nothing")
	flags.BoolVar(&f.yes, "yes", false, "do not ask")
	flags.StringVar(&f.confirm, "confirm", "", "do not ask about the protected environment `ENV`")
	flags.StringVarP(&f.why, "message", "m", "", "`WHY` it is done, for the journal")
	flags.StringVar(&f.as, "as", "", "the `NAME` that the journal keeps, instead of user@host")
	flags.BoolVar(&f.force, "force", false, "write also what somebody holds a lock on")
}

// most bounds what a person may write into the journal, in bytes.
const maxNote = 1000

// options returns what the engine is told.
func (a *app) planOptions(f *planFlags) (change.Options, error) {
	who := f.as
	if who == "" {
		who = a.User
	}
	for flag, text := range map[string]string{"-m": f.why, "--as": who} {
		if len(text) > maxNote {
			return change.Options{}, usagef("%s: it has %d bytes, and at most %d are kept", flag, len(text), maxNote)
		}
		if strings.Contains(text, mask.Marker) {
			return change.Options{}, usagef("%s: it holds %q, which marks a secret", flag, mask.Marker)
		}
	}
	return change.Options{By: who, Why: f.why, Now: a.Now, Force: f.force}, nil
}

// openChanges returns what writes to the environment's configuration, or to its
// instances where src is about those.
func (a *app) openChanges(src configSource) (change.Store, error) {
	if src.changes != nil {
		return src.changes, nil
	}
	if src.target.URL == nil {
		return nil, withHint(usagef("%s: files are only read", src.env), "edit them, or copy them to local://DIR")
	}
	return backend.OpenChanges(src.target)
}

// newPlan returns a plan of changes for an environment.
func (a *app) newPlan(ctx context.Context, src configSource, s change.Store, changes []change.Change) (*change.Plan, error) {
	about, err := s.About(ctx)
	if err != nil {
		return nil, err
	}
	return &change.Plan{
		ID: change.NewID(), Environment: src.env, Identity: about.Identity, Made: a.Now().UTC(), By: a.User, Changes: changes,
	}, nil
}

// execution is how a plan is shown, and applied.
type execution struct {
	planFlags

	out     render.Options
	options change.Options
	masker  *mask.Masker
	// sources are items of other environments, in which a plan that is saved may find
	// its secrets.
	sources []config.Source
}

func (a *app) execution(f planFlags) (e *execution, err error) {
	e = &execution{planFlags: f}
	if f.dryRun && f.planOut != "" {
		return nil, withHint(usagef("--dry-run writes no file, and --plan-out does"), "--plan-out alone changes nothing either")
	}
	if e.out, err = a.output(); err != nil {
		return nil, err
	}
	if e.options, err = a.planOptions(&f); err != nil {
		return nil, err
	}
	e.masker, err = a.masker()
	return e, err
}

// carryOut makes a plan of changes, and applies or saves it.
func (a *app) carryOut(ctx context.Context, src configSource, changes []change.Change, f planFlags, reverts string) error {
	e, err := a.execution(f)
	if err != nil {
		return err
	}
	if f.planOut != "" && src.planner != nil {
		return withHint(usagef("--plan-out: a plan about instances cannot be saved"), "--dry-run shows it")
	}
	if err := refuseMasked(changes); err != nil {
		return err
	}
	store, err := a.openChanges(src)
	if err != nil {
		return err
	}
	limited, cancel := a.within(ctx)
	plan, err := a.newPlan(limited, src, store, changes)
	cancel()
	if err != nil {
		return err
	}
	plan.Reverts = reverts
	if f.planOut != "" {
		return a.savePlan(ctx, src, store, plan, e)
	}
	return a.execute(ctx, src, store, plan, e)
}

// execute shows what a plan does to the environment, asks, and applies it.
func (a *app) execute(ctx context.Context, src configSource, s change.Store, plan *change.Plan, e *execution) error {
	view := a.viewOf(plan, src, e.masker)
	if err := a.noteBatches(ctx, s, plan, &view); err != nil {
		return err
	}
	if len(plan.Changes) == 0 || e.dryRun {
		return a.writePlan(e.out, view)
	}
	if human(e.out.Format) {
		if err := a.writePlan(e.out, view); err != nil {
			return err
		}
	}
	if err := a.agree(ctx, src, plan, e.planFlags); err != nil {
		return err
	}
	return a.apply(ctx, e.out, s, plan, view, e.options)
}

// refuseMasked refuses content that was masked: writing it would destroy secrets.
func refuseMasked(changes []change.Change) error {
	for i := range changes {
		c := &changes[i]
		if strings.Contains(string(c.After), mask.Marker) && !strings.Contains(string(c.Before), mask.Marker) {
			return withHint(usagef("%s: the new content holds %q, which stands for a secret that was masked", keyOfChange(c.Space, c.Name), mask.Marker),
				"`govctl config get --show-secrets` shows the secrets themselves")
		}
	}
	return nil
}

// agree asks whether the plan is to be applied.
func (a *app) agree(ctx context.Context, src configSource, plan *change.Plan, f planFlags) error {
	what := "apply " + plural(len(plan.Changes), "change") + " to " + src.place()
	switch {
	case !src.protected && f.yes, src.protected && f.confirm == src.env:
		return nil
	case f.confirm != "" && f.confirm != src.env:
		return withHint(usagef("%s: --confirm names %q", what, f.confirm), "--confirm "+shellQuote(src.env))
	case !src.protected && !f.everything:
		return a.confirm(ctx, "Apply "+plural(len(plan.Changes), "change")+" to "+src.place()+"?", what)
	}
	return a.typed(ctx, src, plan, what)
}

// apply applies the plan and prints what became of it.
func (a *app) apply(ctx context.Context, out render.Options, s change.Store, plan *change.Plan, view planView, o change.Options) error {
	begun := a.Now()
	progress := render.NewProgress(a.Stderr, a.StderrTTY && !a.flags.quiet, a.Now)
	o.Progress = func(made int) {
		progress.Update(fmt.Sprintf("%d of %s made", made, plural(len(plan.Changes), "change")))
	}
	record, err := change.Apply(ctx, s, plan, o)
	progress.Done()
	if record.ID == "" {
		return fmt.Errorf("apply plan %s: %w", plan.ID, err)
	}
	view.note(&record)
	a.noteSkew(&record)
	if human(out.Format) {
		a.writeOutcome(&view, a.Now().Sub(begun))
	} else if err := a.writePlan(out, view); err != nil {
		return err
	}
	a.prune(ctx, s)
	if err != nil {
		return fmt.Errorf("apply plan %s: %w", plan.ID, err)
	}
	return nil
}

// The bounds of a journal: the age of its entries, and the bytes of what they keep.
const (
	journalAge  = 90 * 24 * time.Hour
	journalSize = 64 << 20
)

// prune keeps the journal within its bounds. That it could not is no reason to call
// a write that was made a failure.
func (a *app) prune(ctx context.Context, s change.Store) {
	ctx, cancel := a.within(ctx)
	defer cancel()
	if _, err := change.Prune(ctx, s, journalAge, journalSize); err != nil {
		a.say("the journal could not be cleared of what is old: %v", err)
	}
}
