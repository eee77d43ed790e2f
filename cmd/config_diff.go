package cmd

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/spf13/cobra"

	"govctl/internal/settings"
	"govctl/pkg/config"
)

// configDiffOptions are what `config diff` may be told.
type configDiffOptions struct {
	ids          []string
	ignore       []string
	ignoreOrder  bool
	showExpected bool
}

func newConfigDiffCmd(a *app) *cobra.Command {
	var opts configDiffOptions
	c := &cobra.Command{
		Use:   "diff ENV ENV [ENV...] [GLOB...]",
		Short: "Compare the configuration of environments, path by path",
		Long: "Compare the configuration of two environments: the items that only one has, and inside the\n" +
			"others what differs, path by path, whatever the order, the comments and the formatting. Of\n" +
			"three or more it is a matrix, with one row a path. A side may be a URL.\n\n" +
			"Lists of objects are matched by their name, id or key. What `ignore` in govctl.yaml, or\n" +
			"--ignore, fits is meant to differ: it is counted, and shown by --show-expected. Secrets are\n" +
			"masked; equal hashes are equal secrets. The status is 1 where something differs that is not\n" +
			"meant to, and 4 where nothing does but an item could not be read.",
		Example: "  govctl config diff dev prod\n  govctl config diff dev test prod 'order/*'\n" +
			"  govctl config diff dev prod --ignore '**.url' --show-expected",
		RunE: func(c *cobra.Command, args []string) error {
			return a.configDiff(c.Context(), opts, args)
		},
		ValidArgsFunction: a.completeConfigSides,
	}
	flags := c.Flags()
	flags.StringSliceVar(&opts.ids, "id", nil, "match objects of lists by `KEY` (default name, id, key)")
	flags.StringArrayVar(&opts.ignore, "ignore", nil, "values at `PATH`, a glob, are meant to differ")
	flags.BoolVar(&opts.ignoreOrder, "ignore-order", false, "the order of lists means nothing")
	flags.BoolVar(&opts.showExpected, "show-expected", false, "show what is meant to differ, too")
	return c
}

// configSide is one of the environments that are compared.
type configSide struct {
	configSource
	items []config.Item
	err   error
}

func (a *app) configDiff(ctx context.Context, opts configDiffOptions, args []string) error {
	const what = "compare configuration"
	out, err := a.output()
	if err != nil {
		return err
	}
	o, err := a.compareOptions(opts)
	if err != nil {
		return err
	}
	m, err := a.masker()
	if err != nil {
		return err
	}
	names, globs := a.sidesOf(args)
	if len(names) < 2 {
		return withHint(usagef("config diff takes two environments or more, and globs after them"), "govctl config diff dev prod")
	}
	sides, err := a.openSides(ctx, names)
	if err != nil {
		return err
	}
	if err := a.fetchSides(ctx, sides, globs); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if len(sides) == 2 {
		err = a.writeComparison(out, sides, config.Compare(sides[0].items, sides[1].items, o), m, opts.showExpected)
	} else {
		err = a.writeMatrix(out, sides, o, m, opts.showExpected)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// compareOptions joins what the flags say with what the settings do.
func (a *app) compareOptions(opts configDiffOptions) (config.CompareOptions, error) {
	cfg, err := a.load()
	if err != nil {
		return config.CompareOptions{}, err
	}
	var rules []config.Rule
	for _, r := range cfg.Ignore {
		rules = append(rules, config.Rule{Key: r.Key, Path: r.Path})
	}
	for _, path := range opts.ignore {
		rules = append(rules, config.Rule{Path: path})
	}
	o := config.CompareOptions{Options: config.Options{IDs: opts.ids, IgnoreOrder: opts.ignoreOrder}}
	o.Expected, err = config.NewRules(rules...)
	return o, err
}

// sidesOf splits the words of the command line: those that name an environment or
// are a URL are sides, the rest globs. The first two are sides whatever they are.
func (a *app) sidesOf(args []string) (sides, globs []string) {
	for i, arg := range args {
		isSide := i < 2 || settings.IsURL(arg) || slices.ContainsFunc(a.cfg.Environments, func(e settings.Environment) bool { return e.Name == arg })
		if !isSide || len(globs) > 0 {
			globs = append(globs, arg)
			continue
		}
		sides = append(sides, arg)
	}
	return sides, globs
}

func (a *app) openSides(ctx context.Context, names []string) ([]configSide, error) {
	sides := make([]configSide, len(names))
	for i, name := range names {
		src, err := a.openConfig(ctx, name)
		if err != nil {
			return nil, err
		}
		sides[i].configSource = src
	}
	return sides, nil
}

// fetchSides reads all sides at once, and keeps of each what globs pick. A plain
// name that is on no side is an error.
func (a *app) fetchSides(ctx context.Context, sides []configSide, globs []string) error {
	ctx, cancel := a.within(ctx)
	defer cancel()
	var group sync.WaitGroup
	for i := range sides {
		s := &sides[i]
		group.Go(func() { s.items, s.err = collect(s.store.Items(ctx)) })
	}
	group.Wait()
	absent := map[string]int{}
	var all []config.Item
	for i := range sides {
		s := &sides[i]
		if s.err != nil {
			return s.err
		}
		all = append(all, s.items...)
		picked, missing, err := config.Pick(s.items, globs)
		if err != nil {
			return err
		}
		s.items = picked
		for _, name := range missing {
			if absent[name]++; absent[name] == len(sides) {
				return noItem(sides[0].configSource, name, all)
			}
		}
	}
	return nil
}

// verdictOfDiff is how a comparison ends.
func verdictOfDiff(differs, unread bool) error {
	switch {
	case differs:
		return errFinding
	case unread:
		return errIncomplete
	}
	return nil
}

// shown is a value as people read it: text in quotes where its kind matters.
func shown(n *config.Node, quoted bool) string {
	switch {
	case n == nil:
		return ""
	case n.Kind == config.Map, n.Kind == config.List:
		text, err := n.MarshalJSON()
		if err != nil {
			return n.Kind.String()
		}
		return string(text)
	case n.Kind == config.String && (quoted || n.Text == ""):
		return fmt.Sprintf("%q", n.Text)
	default:
		return n.Text
	}
}
