package cmd

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"govctl/internal/settings"
	"govctl/pkg/change"
	"govctl/pkg/config"
)

// applyOptions are what `apply` may be told.
type applyOptions struct {
	planFlags

	digest string
}

func newApplyCmd(a *app) *cobra.Command {
	var opts applyOptions
	c := &cobra.Command{
		Use:   "apply FILE",
		Short: "Apply a plan that was saved with --plan-out",
		Long: "Apply a plan that was saved with --plan-out, to the environment that it was made for. The plan is\n" +
			"printed first, and a question asked, as where it was made. It is refused (2) where the file was\n" +
			"altered, or the environment means another back-end by now, and (5) where anything that it is\n" +
			"about was changed since, or it was applied already. --digest HEX pins the SHA-256 of the file:\n" +
			"what is applied is what was reviewed.\n\n" +
			"No secret stands in the file. They are taken from where they stood when it was saved, and must\n" +
			"be the same ones. A plan for a URL is applied with -e URL.",
		Example: "  govctl apply plan.json --dry-run\n  govctl apply plan.json --yes -m 'OPS-112'",
		GroupID: groupChange,
		Args:    exactly(1, "the file of a plan"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.applySaved(c.Context(), opts, args[0])
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveDefault
		},
	}
	opts.addApply(c)
	c.Flags().StringVar(&opts.digest, "digest", "", "refuse a file whose SHA-256 is not `HEX`")
	return c
}

// maxPlan bounds the file of a plan, in bytes.
const maxPlan = 256 << 20

func (a *app) applySaved(ctx context.Context, opts applyOptions, file string) error {
	what := "apply " + file
	saved, err := a.readPlan(file, opts.digest)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if opts.why == "" {
		opts.why = saved.Why
	}
	e, err := a.execution(opts.planFlags)
	if err != nil {
		return err
	}
	if err := a.isMeant(saved); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	src, err := a.openConfig(ctx, saved.Environment)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	store, err := a.openChanges(src)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	plan, err := a.openPlan(ctx, store, saved)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	a.say("made by %s on %s, by `%s`", saved.By, saved.Made.In(a.Now().Location()).Format(time.DateTime), saved.Command)
	a.sayOutside(saved)
	if e.everything, err = a.empties(ctx, src, plan); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return a.execute(ctx, src, store, plan, e)
}

// readPlan reads the file of a plan; digest is that of the file, "" for any.
func (a *app) readPlan(file, digest string) (*change.Saved, error) {
	if raw, err := hex.DecodeString(digest); digest != "" && (err != nil || len(raw) != sha256.Size) {
		return nil, withHint(usagef("--digest %q is no SHA-256", digest), "it has 64 hexadecimal digits: `sha256sum FILE` prints it")
	}
	text, err := a.readUpTo(file, maxPlan)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	if have := hex.EncodeToString(sum[:]); digest != "" && !strings.EqualFold(have, digest) {
		return nil, withHint(usagef("its SHA-256 is %s, and not the one of --digest", have), "it is not the file that was reviewed")
	}
	saved, err := change.DecodeSaved(text)
	return saved, withHint(err, "--plan-out makes a plan anew")
}

// isMeant refuses a plan for an environment that the user did not name: -e may name
// it, and must where it is a URL, as a file that somebody else made is no reason to
// send credentials to a host.
func (a *app) isMeant(s *change.Saved) error {
	switch e := a.flags.env; {
	case e == s.Environment:
		return nil
	case e != "":
		return withHint(usagef("it is for %s, and not for %s", s.Environment, e), "leave out -e, or plan anew")
	case settings.IsURL(s.Environment), isFiles(s.Environment), s.Environment == "":
		return withHint(usagef("it is for %s, which is no environment of the settings", s.Environment), "-e "+shellQuote(s.Environment)+" says that it is meant")
	}
	return nil
}

// openPlan returns the plan with everything that it is about, where all that is as
// it was.
func (a *app) openPlan(ctx context.Context, s change.Store, saved *change.Saved) (*change.Plan, error) {
	ctx, cancel := a.within(ctx)
	defer cancel()
	plan, err := saved.Open(ctx, s, a.outside())
	if applied, ok := errors.AsType[*change.AppliedError](err); ok {
		return nil, withHint(err, "`govctl history show "+applied.ID+"` tells what it did")
	}
	if refused, ok := errors.AsType[*change.RefusedError](err); ok {
		for _, c := range refused.Conflicts[1:] {
			a.say("%v", c)
		}
	}
	if err != nil {
		return nil, err
	}
	for i := range plan.Changes {
		plan.Changes[i].Says = config.Says(&plan.Changes[i])
	}
	return plan, refuseMasked(plan.Changes)
}

// empties reports whether a plan removes all that there is.
func (a *app) empties(ctx context.Context, src configSource, p *change.Plan) (bool, error) {
	if slices.ContainsFunc(p.Changes, func(c change.Change) bool { return c.After != nil }) {
		return false, nil
	}
	ctx, cancel := a.within(ctx)
	defer cancel()
	items, err := collect(src.store.Items(ctx))
	return len(items) > 0 && len(items) == len(p.Changes), err
}

// sayOutside tells which values come from this machine: who reads a plan may not
// think of it.
func (a *app) sayOutside(s *change.Saved) {
	for i := range s.Changes {
		if s.Changes[i].After == nil {
			continue
		}
		for _, p := range s.Changes[i].After.Parts {
			switch item := config.KeyOfChange(s.Changes[i].Item); {
			case p.Secret == nil:
			case p.Secret.From.Env != "":
				a.say("%s: %s is that of the variable %s here", item, p.Secret.Where, p.Secret.From.Env)
			case p.Secret.From.File != "":
				a.say("%s: %s is that of the file %s here", item, p.Secret.Where, p.Secret.From.File)
			}
		}
	}
}
