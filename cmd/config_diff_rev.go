package cmd

import (
	"context"
	"fmt"
	"strings"

	"govctl/pkg/change"
	"govctl/pkg/config"
)

// configDiffPast is configDiff of one item with itself, at two revisions.
func (a *app) configDiffPast(ctx context.Context, opts configDiffOptions, args []string) error {
	if len(args) != 1 {
		return withHint(usagef("--rev compares one item with what it was: it takes its key alone"), "govctl config diff -e ENV GROUP/KEY --rev N")
	}
	what := "compare revisions of " + args[0]
	out, err := a.output()
	if err != nil {
		return err
	}
	if opts.text && !human(out.Format) {
		return withHint(usagef("--text is for people, and -o is %s", out.Format), "leave out one of them")
	}
	o, err := pastOptions(opts)
	if err != nil {
		return err
	}
	m, err := a.masker()
	if err != nil {
		return err
	}
	p, err := a.pastOf(ctx, args[0])
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	sides, err := a.pastSides(ctx, p, opts.rev)
	if err == nil {
		err = a.writeSides(out, sides, o, m, opts)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// pastOptions are the options of a comparison with the past: what is meant to differ
// between environments is not meant to have changed.
func pastOptions(opts configDiffOptions) (config.CompareOptions, error) {
	o := config.CompareOptions{Options: config.Options{IDs: opts.ids, IgnoreOrder: opts.ignoreOrder}}
	rules := make([]config.Rule, len(opts.ignore))
	for i := range opts.ignore {
		rules[i].Path = opts.ignore[i]
	}
	var err error
	o.Expected, err = config.NewRules(rules...)
	return o, err
}

// pastSides returns the sides that "N..M" names, or "N" for N and now.
func (a *app) pastSides(ctx context.Context, p *itemPast, rev string) ([]configSide, error) {
	from, to, both := strings.Cut(rev, "..")
	if from == "" || both && to == "" {
		return nil, withHint(usagef("--rev %q names no revisions", rev), "write it like 5123, or 5123..5130")
	}
	then, err := a.itemAt(ctx, p, from)
	if err != nil {
		return nil, err
	}
	sides := []configSide{{configSource: p.src, items: []config.Item{*then}}, {configSource: p.src}}
	sides[0].env = "revision " + shortRevision(change.Revision(then.Revision))
	switch {
	case both:
		other, err := a.itemAt(ctx, p, to)
		if err != nil {
			return nil, err
		}
		sides[1].env, sides[1].items = "revision "+shortRevision(change.Revision(other.Revision)), []config.Item{*other}
	case p.now != nil:
		sides[1].env, sides[1].items = "now", []config.Item{*p.now}
	default:
		sides[1].env = "now"
	}
	return sides, nil
}
