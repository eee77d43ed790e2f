package cmd

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"govctl/pkg/change"
	"govctl/pkg/config"
)

// configRollbackOptions are what `config rollback` may be told.
type configRollbackOptions struct {
	planFlags

	to string
}

func newConfigRollbackCmd(a *app) *cobra.Command {
	var opts configRollbackOptions
	c := &cobra.Command{
		Use:   "rollback KEY --to REV|TIME",
		Short: "Bring back what an item held at a revision or a time",
		Long: "Bring back what an item held at a revision, or at a time: as a new revision, by a plan of its own\n" +
			"that can be rolled back too. `govctl config history KEY` lists the revisions. A time is written\n" +
			"2026-01-02T15:04:05Z, '2026-01-02 15:04' in the time zone here, or 90m for so long ago.\n\n" +
			"What other tools wrote since then is not overwritten (5), unless --force. Of a time between\n" +
			"their writes nobody knows what stood there (3).",
		Example: "  govctl config rollback order/app.yaml --to 5123 --dry-run\n" +
			"  govctl config rollback order/app.yaml --to 5123 --yes -m 'OPS-113'",
		Args: exactly(1, "the key of an item"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.configRollback(c.Context(), opts, args[0])
		},
		ValidArgsFunction: a.completeKey,
	}
	opts.add(c)
	flags := c.Flags()
	flags.Lookup("force").Usage = "write also over what others wrote since, and what somebody holds a lock on"
	flags.StringVar(&opts.to, "to", "", "the revision, or the time, `REV|TIME` that is to be back")
	_ = c.RegisterFlagCompletionFunc("to", a.completeRevisions) // the flag exists: it was just added
	return c
}

func (a *app) configRollback(ctx context.Context, opts configRollbackOptions, key string) error {
	what := "roll back " + key
	if opts.to == "" {
		return withHint(usagef("%s: to which revision, or time?", what), fmt.Sprintf("`govctl config history %s` lists them for --to", shellQuote(key)))
	}
	if _, err := a.output(); err != nil {
		return err
	}
	p, err := a.pastOf(ctx, key)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	target, err := a.stateFor(p, opts.to)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	content, err := a.contentOf(ctx, p, &p.states[target])
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	var changes []change.Change
	if c, ok := config.NewChange(p.key, p.now, content); ok {
		changes = append(changes, c)
		if err := a.refuseForeign(ctx, p, target, opts.force); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	if opts.why == "" {
		opts.why = "back to " + p.states[target].name()
	}
	return a.carryOut(ctx, p.src, changes, opts.planFlags, "")
}

// stateFor returns the state of a revision, or of a time.
func (a *app) stateFor(p *itemPast, to string) (int, error) {
	i, err := p.find(to)
	if err == nil {
		return i, nil
	}
	t, ok := a.timeOf(to)
	switch {
	case !ok:
		return 0, err
	case t.After(a.Now()):
		return 0, usagef("%s is yet to come", to)
	}
	return p.when(t)
}

// timeOf reads a time that a person typed.
func (a *app) timeOf(text string) (time.Time, bool) {
	if ago, err := time.ParseDuration(text); err == nil && ago > 0 {
		return a.Now().Add(-ago), true
	}
	text = strings.Replace(text, "T", " ", 1)
	for _, layout := range []string{"2006-01-02 15:04:05Z07:00", time.DateTime, "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, text, a.Now().Location()); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// refuseForeign refuses to overwrite what others wrote since a state, unless force.
func (a *app) refuseForeign(ctx context.Context, p *itemPast, target int, force bool) error {
	for i := range p.states[:target] {
		s := &p.states[i]
		if !s.Foreign || force {
			continue
		}
		same, err := a.sameContent(ctx, p, s, &p.states[i+1])
		if err != nil {
			return err
		}
		if same {
			continue // it was only written again
		}
		conflict := fmt.Errorf("%w: it was removed elsewhere", change.ErrConflict)
		hint := fmt.Sprintf("--force overwrites it; `govctl config history %s` shows all", shellQuote(p.key.String()))
		if s.Revision != change.Absent && p.states[target].Revision != change.Absent {
			conflict = fmt.Errorf("%w: revision %s was written elsewhere", change.ErrConflict, shortRevision(s.Revision))
			hint = fmt.Sprintf("--force overwrites it; `govctl config diff %s --rev %s` shows what became other",
				shellQuote(p.key.String()), shortRevision(p.states[target].Revision))
		}
		return withHint(conflict, hint)
	}
	return nil
}

func (a *app) sameContent(ctx context.Context, p *itemPast, s, other *itemState) (bool, error) {
	if s.held != nil && s.held.Forgotten || other.held != nil && other.held.Forgotten {
		return false, nil
	}
	here, err := a.contentOf(ctx, p, s)
	if err != nil {
		return false, err
	}
	there, err := a.contentOf(ctx, p, other)
	return (here == nil) == (there == nil) && bytes.Equal(here, there), err
}

// completeRevisions completes to the revisions of the item that is named, the
// newest first.
func (a *app) completeRevisions(c *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	const directive = cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	if len(args) == 0 {
		return nil, directive
	}
	ctx, cancel := context.WithTimeout(c.Context(), completeTime)
	defer cancel()
	return complete(a.silently().revisionOffers(ctx, args[0]), typed, nil), directive
}

// revisionOffers are the revisions of an item. The rules are those of serviceOffers.
func (a *app) revisionOffers(ctx context.Context, key string) []offer {
	cfg, err := a.load()
	if err != nil {
		return nil
	}
	env, err := cfg.Environment("")
	if err != nil || env.Config == nil || runsCommand(env.Config.Auth) {
		return nil
	}
	p, err := a.pastOf(ctx, key)
	if err != nil {
		return nil
	}
	var offers []offer
	for i := range p.states {
		s := &p.states[i]
		known := slices.ContainsFunc(offers, func(o offer) bool { return o.Name == shortRevision(s.Revision) })
		if s.Revision != change.Absent && !known {
			offers = append(offers, offer{Name: shortRevision(s.Revision), About: s.says()})
		}
	}
	return offers
}
