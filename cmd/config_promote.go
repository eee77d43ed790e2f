package cmd

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"govctl/internal/render"
	"govctl/pkg/backend"
	"govctl/pkg/change"
	"govctl/pkg/config"
)

// configPromoteOptions are what `config promote` may be told.
type configPromoteOptions struct {
	planFlags

	take            string
	prune, baseline bool
}

func newConfigPromoteCmd(a *app) *cobra.Command {
	var opts configPromoteOptions
	c := &cobra.Command{
		Use:   "promote A B [GLOB...]",
		Short: "Bring what changed in one environment to another",
		Long: "Bring what changed in environment A to B, path by path, and keep what is B's own. What both had\n" +
			"when they were last promoted, or with --baseline were accepted as they are, decides: what only A\n" +
			"changed since goes up, what only B changed is kept, and what both changed is a conflict (1):\n" +
			"then nothing is written until it is decided, on a terminal path by path, else by --take A or\n" +
			"--take B for everything that differs. Where nothing was agreed yet, a value is unrelated and\n" +
			"stays. What is gone from A goes from B only with --prune.\n\n" +
			"What `ignore` or `protect` in govctl.yaml fits never moves. Items that cannot be merged by path\n" +
			"(of another format, or where an anchor of YAML is in the way) move as a whole, and only by\n" +
			"--take A. Comments and layout of B stay. What is agreed is kept in B as digests.",
		Example: "  govctl config promote test prod --baseline --confirm prod\n" +
			"  govctl config promote test prod order --dry-run\n" +
			"  govctl config promote test prod order --take A --confirm prod -m 'OPS-112'",
		Args: atLeast(2, "two environments, and globs after them"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.configPromote(c.Context(), opts, args)
		},
		ValidArgsFunction: a.completeConfigSides,
	}
	opts.add(c)
	flags := c.Flags()
	flags.StringVar(&opts.take, "take", "", "decide for `SIDE`, A or B, wherever they differ")
	flags.BoolVar(&opts.prune, "prune", false, "remove from B what is gone from A")
	flags.BoolVar(&opts.baseline, "baseline", false, "accept A and B as they are, and move nothing")
	_ = c.RegisterFlagCompletionFunc("take", cobra.FixedCompletions([]string{"A", "B"}, cobra.ShellCompDirectiveNoFileComp)) // the flag exists
	return c
}

func (o *configPromoteOptions) check() error {
	switch {
	case o.take != "" && o.take != string(config.SideA) && o.take != string(config.SideB):
		return withHint(usagef("--take %q is no side", o.take), "A is the environment that comes first, B the other")
	case o.baseline && (o.take != "" || o.prune || o.planOut != ""):
		return withHint(usagef("--baseline changes nothing in B: --take, --prune and --plan-out have no meaning"), "leave them out")
	}
	return nil
}

// promotion is what is to become of one environment.
type promotion struct {
	*config.Promotion

	// sides are A and B, and stores what writes to them.
	sides  []configSide
	stores [2]change.Store
	// notes are what was agreed about items, as B's store has it.
	notes map[config.Key]change.Note
	plan  *change.Plan
	// identityA is what A is called, by whatever name it is reached.
	identityA string
	// picked is true where it is about some items alone.
	picked bool
}

func (a *app) configPromote(ctx context.Context, opts configPromoteOptions, args []string) error {
	const what = "promote configuration"
	if err := opts.check(); err != nil {
		return err
	}
	e, err := a.execution(opts.planFlags)
	if err != nil {
		return err
	}
	p, err := a.newPromotion(ctx, opts, args)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if opts.baseline {
		err = a.writeBaseline(ctx, p, e)
	} else {
		err = a.promote(ctx, p, e)
	}
	if err == nil && p.lacks() {
		err = errIncomplete
	}
	return err
}

// newPromotion reads both environments, and compares them with what was agreed.
func (a *app) newPromotion(ctx context.Context, opts configPromoteOptions, args []string) (*promotion, error) {
	p := &promotion{picked: len(args) > 2}
	var err error
	if p.sides, err = a.openSides(ctx, args[:2]); err != nil {
		return nil, err
	}
	for i := range p.sides {
		if p.sides[i].target.URL == nil {
			return nil, withHint(usagef("%s: what is promoted lies in environments, and this is a file", p.sides[i].env), "copy it to local://DIR, or `govctl config set KEY -f FILE`")
		}
		if p.stores[i], err = backend.OpenChanges(p.sides[i].target); err != nil {
			return nil, err
		}
	}
	if err := a.fetchSides(ctx, p.sides, args[2:]); err != nil {
		return nil, err
	}
	o, err := a.promoteOptions(p, opts)
	if err != nil {
		return nil, err
	}
	ctx, cancel := a.within(ctx)
	defer cancel()
	if err := p.read(ctx, &o); err != nil {
		return nil, err
	}
	p.Promotion = config.Promote(p.sides[0].items, p.sides[1].items, o)
	if opts.take != "" {
		p.Take(config.Side(opts.take))
		p.Resolve()
	}
	p.plan, err = a.newPlan(ctx, p.to(), p.stores[1], nil)
	return p, err
}

// promoteOptions joins what the flags say with what the settings do.
func (a *app) promoteOptions(p *promotion, opts configPromoteOptions) (o config.PromoteOptions, err error) {
	var expected, protected []config.Rule
	for _, r := range a.cfg.Ignore {
		expected = append(expected, config.Rule{Key: r.Key, Path: r.Path})
	}
	for _, r := range a.cfg.Protect {
		protected = append(protected, config.Rule{Key: r.Key, Path: r.Path})
	}
	if o.Expected, err = config.NewRules(expected...); err != nil {
		return o, err
	}
	o.Protected, err = config.NewRules(protected...)
	o.PartialA, o.PartialB, o.Prune = p.sides[0].lacks.Load(), p.sides[1].lacks.Load(), opts.prune
	return o, err
}

func (p *promotion) from() configSource { return p.sides[0].configSource }

func (p *promotion) to() configSource { return p.sides[1].configSource }

func (p *promotion) lacks() bool { return p.sides[0].lacks.Load() || p.sides[1].lacks.Load() }

// open counts the conflicts that nobody decided.
func (p *promotion) open() int {
	open := 0
	for i := range p.Items {
		for j := range p.Items[i].Points {
			if p.Items[i].Points[j].Open() {
				open++
			}
		}
	}
	return open
}

// took counts the values that somebody decided for B.
func (p *promotion) took() int {
	took := 0
	for i := range p.Items {
		for j := range p.Items[i].Points {
			if pt := &p.Items[i].Points[j]; pt.Took == config.SideB && p.Items[i].Becomes(j) == config.Kept {
				took++
			}
		}
	}
	return took
}

// empties tells whether nothing is left of what B had.
func (p *promotion) empties() bool {
	return !slices.ContainsFunc(p.plan.Changes, func(c change.Change) bool { return c.After != nil }) &&
		len(p.plan.Changes) == len(p.sides[1].items) && !p.picked
}

// promote shows what becomes of B, asks, and makes it so.
func (a *app) promote(ctx context.Context, p *promotion, e *execution) error {
	p.plan.Changes = p.Changes()
	if human(e.out.Format) {
		if err := a.showPromotion(ctx, p, e); err != nil {
			return err
		}
	}
	open, nothing := p.open(), len(p.plan.Changes) == 0 && p.took() == 0
	if open == 0 && !e.dryRun && (!nothing || e.planOut != "") {
		return a.carryUp(ctx, p, e)
	}
	if !human(e.out.Format) {
		if err := a.writePromoted(ctx, p, e, statePlanned); err != nil {
			return err
		}
	}
	if open > 0 {
		return errFinding
	}
	return nil
}

// showPromotion writes what becomes of B, and has conflicts decided where somebody is
// there to do it.
func (a *app) showPromotion(ctx context.Context, p *promotion, e *execution) error {
	if err := a.writePromotion(p, e); err != nil {
		return err
	}
	open := p.open()
	if open == 0 || e.dryRun || e.yes || e.planOut != "" || !a.StdinTTY || !a.StderrTTY {
		return nil
	}
	if err := a.decide(ctx, p, e); err != nil || p.open() == open {
		return err
	}
	return a.writePromotion(p, e)
}

// carryUp writes what was decided: changes of B, or only what is agreed by now.
func (a *app) carryUp(ctx context.Context, p *promotion, e *execution) error {
	if err := refuseMasked(p.plan.Changes); err != nil {
		return err
	}
	if e.planOut != "" {
		return a.saveUp(ctx, p, e)
	}
	if len(p.plan.Changes) == 0 {
		return a.noteKept(ctx, p, e)
	}
	view, err := a.viewOfPromotion(ctx, p, e)
	if err != nil {
		return err
	}
	if human(e.out.Format) {
		a.printf("%s", view.inBatches())
	}
	e.everything = p.empties()
	if err := a.agree(ctx, p.to(), p.plan, e.planFlags); err != nil {
		return err
	}
	if err := a.agreeInPlan(ctx, p); err != nil {
		return fmt.Errorf("apply plan %s: %w", p.plan.ID, err)
	}
	err = a.apply(ctx, e.out, p.stores[1], p.plan, view, e.options)
	if err == nil {
		a.noteSame(ctx, p)
	}
	return err
}

// saveUp saves what was decided, for others to apply.
func (a *app) saveUp(ctx context.Context, p *promotion, e *execution) error {
	if len(p.plan.Changes) == 0 && p.took() > 0 {
		err := usagef("save the plan in %s: %s of %s kept is no change, and would be lost", e.planOut, plural(p.took(), "value"), p.to().env)
		return withHint(err, "leave out --plan-out: then it is noted")
	}
	if err := a.agreeInPlan(ctx, p); err != nil {
		return err
	}
	for i := range p.sides[0].items {
		e.sources = append(e.sources, config.Source{Item: p.sides[0].items[i], Environment: p.from().env, Identity: p.identityA})
	}
	return a.savePlan(ctx, p.to(), p.stores[1], p.plan, e)
}

// noteKept notes what was decided for B, where nothing else is to be done.
func (a *app) noteKept(ctx context.Context, p *promotion, e *execution) error {
	what := fmt.Sprintf("keep %s of %s", plural(p.took(), "value"), p.to().place())
	if err := a.writeNotes(ctx, p, e, what, p.Agreements); err != nil {
		return err
	}
	if !human(e.out.Format) {
		return a.writePromoted(ctx, p, e, stateNoted)
	}
	a.printf("%s of %s kept: what %s has there is known, and moves once it changes again\n", plural(p.took(), "value"), render.Safe(p.to().env), render.Safe(p.from().env))
	return nil
}

// writeBaseline notes that A and B are accepted as they are.
func (a *app) writeBaseline(ctx context.Context, p *promotion, e *execution) error {
	differ := 0
	for i := range p.Items {
		differ += len(p.Items[i].Points)
	}
	state := statePlanned
	items := plural(len(p.keys()), "item")
	if human(e.out.Format) {
		a.printf("%s of %s and %s: %s\n", items, render.Safe(p.from().env), render.Safe(p.to().place()), accepted(differ))
	}
	if !e.dryRun {
		what := fmt.Sprintf("accept %s as they are in %s", items, p.to().place())
		if err := a.writeNotes(ctx, p, e, what, p.Baseline); err != nil {
			return err
		}
		state = stateNoted
	}
	if !human(e.out.Format) {
		return a.writePromoted(ctx, p, e, state)
	}
	if !e.dryRun {
		a.printf("Noted: what changes in %s from now on goes up with `govctl config promote %s %s`\n",
			render.Safe(p.from().env), render.Safe(shellQuote(p.sides[0].env)), render.Safe(shellQuote(p.sides[1].env)))
	}
	return nil
}

// accepted says how many differences are accepted.
func accepted(n int) string {
	if n == 1 {
		return "1 difference is accepted"
	}
	return plural(n, "difference") + " are accepted"
}
