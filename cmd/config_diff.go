package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/spf13/cobra"

	"govctl/internal/closest"
	"govctl/internal/mask"
	"govctl/internal/render"
	"govctl/internal/settings"
	"govctl/pkg/config"
)

// configDiffOptions are what `config diff` may be told.
type configDiffOptions struct {
	ids          []string
	ignore       []string
	ignoreOrder  bool
	showExpected bool
	text         bool
	rev          string
}

func newConfigDiffCmd(a *app) *cobra.Command {
	var opts configDiffOptions
	c := &cobra.Command{
		Use:   "diff ENV ENV [ENV...] [GLOB...] | diff KEY --rev N[..M]",
		Short: "Compare the configuration of environments, path by path",
		Long: "Compare the configuration of two environments: the items that only one has, and inside the\n" +
			"others what differs, path by path, whatever the order, the comments and the formatting. Of\n" +
			"three or more it is a matrix, with one row a path. --text shows the lines that differ.\n\n" +
			"A side may be a URL, or file:DIR: a folder as in a git repository, DIR/GROUP/KEY, a file at\n" +
			"the top without a group; one that govctl wrote itself is read as local://DIR. file:FILE is\n" +
			"compared with another file, or with the one item that is named after the sides.\n\n" +
			"Lists of objects are matched by their name, id or key. What `ignore` in govctl.yaml, or\n" +
			"--ignore, fits is meant to differ: it is counted, and shown by --show-expected. Secrets are\n" +
			"masked; equal hashes are equal secrets. What a side may have without showing it, as a token may\n" +
			"not read it, is unknown and no difference. The status is 1 where something differs that is not\n" +
			"meant to, and 4 where nothing does but an item is unknown or could not be read.\n\n" +
			"With --rev N one item of the environment is compared with what it was at a revision, or with\n" +
			"--rev N..M two revisions: `govctl config history KEY` lists them.\n\n" +
			"-o markdown is a table for a pull request, -o github annotates a run of a workflow.",
		Example: "  govctl config diff dev prod\n  govctl config diff dev test prod 'order/*'\n" +
			"  govctl config diff dev prod --ignore '**.url' --show-expected\n" +
			"  govctl config diff dev prod --text\n  govctl config diff file:. dev -o markdown\n" +
			"  govctl config diff order/app.yaml --rev 5123",
		RunE: func(c *cobra.Command, args []string) error {
			if opts.rev != "" {
				return a.configDiffPast(c.Context(), opts, args)
			}
			return a.configDiff(c.Context(), opts, args)
		},
		ValidArgsFunction: a.completeConfigSides,
	}
	flags := c.Flags()
	flags.StringSliceVar(&opts.ids, "id", nil, "match objects of lists by `KEY` (default name, id, key)")
	flags.StringArrayVar(&opts.ignore, "ignore", nil, "values at `PATH`, a glob, are meant to differ")
	flags.BoolVar(&opts.ignoreOrder, "ignore-order", false, "the order of lists means nothing")
	flags.BoolVar(&opts.showExpected, "show-expected", false, "show what is meant to differ, too")
	flags.BoolVar(&opts.text, "text", false, "show the lines that differ, of two sides")
	flags.StringVar(&opts.rev, "rev", "", "compare an item with itself at revision `N[..M]`")
	_ = c.RegisterFlagCompletionFunc("rev", a.completeRevisions) // the flag exists: it was just added
	a.flags.addReport(c)
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
	switch {
	case len(names) < 2:
		return withHint(usagef("config diff takes two environments or more, and globs after them"), "govctl config diff dev prod")
	case opts.text && len(names) > 2:
		return withHint(usagef("--text compares two sides, not %d", len(names)), "leave out --text: a matrix shows them all")
	case opts.text && !human(out.Format):
		return withHint(usagef("--text is for people, and -o is %s", out.Format), "leave out one of them")
	}
	sides, err := a.openSides(ctx, names)
	if err != nil {
		return err
	}
	if err := checkFiles(sides, globs); err != nil {
		return err
	}
	if err := a.fetchSides(ctx, sides, globs); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if err := nameFiles(sides); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	for i := range sides {
		o.Partial = append(o.Partial, sides[i].lacks.Load())
	}
	if err := a.writeSides(out, sides, o, m, opts); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// writeSides writes how sides differ, and says by its error what it comes to.
func (a *app) writeSides(out render.Options, sides []configSide, o config.CompareOptions, m *mask.Masker, opts configDiffOptions) error {
	switch {
	case slices.Contains(render.Reports(), out.Format):
		return a.writeReport(out, sides, o, m, opts.showExpected)
	case len(sides) > 2:
		return a.writeMatrix(out, sides, o, m, opts.showExpected)
	}
	c := config.Compare(sides[0].items, sides[1].items, o)
	if opts.text {
		return a.writeTexts(out, sides, c, m, opts.showExpected)
	}
	return a.writeComparison(out, sides, c, m, opts.showExpected)
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
// files, or are a URL, are sides, the rest globs. The first two are sides whatever they are.
func (a *app) sidesOf(args []string) (sides, globs []string) {
	for i, arg := range args {
		isSide := i < 2 || settings.IsURL(arg) || isFiles(arg) || slices.ContainsFunc(a.cfg.Environments, func(e settings.Environment) bool { return e.Name == arg })
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

// fetchSides reads all sides at once, and keeps of each what globs pick.
func (a *app) fetchSides(ctx context.Context, sides []configSide, globs []string) error {
	ctx, cancel := a.within(ctx)
	defer cancel()
	var group sync.WaitGroup
	for i := range sides {
		s := &sides[i]
		group.Go(func() { s.items, s.err = collect(s.store.Items(ctx)) })
	}
	group.Wait()
	for i := range sides {
		if err := sides[i].err; err != nil {
			return err
		}
	}
	return a.pickSides(sides, globs)
}

// pickSides keeps of each side what globs pick, but not of a file that is compared
// with what they pick elsewhere. A plain name that is on no side is an error.
func (a *app) pickSides(sides []configSide, globs []string) error {
	if len(globs) == 0 {
		return nil
	}
	var from []*configSide
	var all []config.Item
	for i := range sides {
		if s := &sides[i]; !s.single || len(sides) == 1 {
			from = append(from, s)
			all = append(all, s.items...)
		}
	}
	absent := map[string]int{}
	for _, s := range from {
		picked, missing, err := config.Pick(s.items, globs)
		if err != nil {
			return err
		}
		s.items = picked
		for _, name := range missing {
			if absent[name]++; absent[name] == len(from) {
				return a.noSideOrItem(from[0].configSource, name, all)
			}
		}
	}
	return nil
}

// noSideOrItem is the error for a word that is neither an environment nor an item.
func (a *app) noSideOrItem(src configSource, word string, items []config.Item) error {
	var names []string
	for i := range a.cfg.Environments {
		names = append(names, a.cfg.Environments[i].Name)
	}
	err := noItem(src, word, items)
	if near := closest.To(word, names); near != "" {
		return withHint(errors.Unwrap(err), fmt.Sprintf("did you mean the environment %q?", near))
	}
	return err
}

// verdictOfDiff is how a comparison ends. Open is what nobody can tell: items that
// cannot be read, or that a side may hide.
func verdictOfDiff(differ, open int) error {
	switch {
	case differ > 0:
		return errFinding
	case open > 0:
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
