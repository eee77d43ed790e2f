package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync/atomic"

	"github.com/spf13/cobra"

	"govctl/pkg/backend/local"
	"govctl/pkg/change"
	"govctl/pkg/config"
)

// configRestoreOptions are what `config restore` may be told.
type configRestoreOptions struct {
	planFlags

	prune bool
}

func newConfigRestoreCmd(a *app) *cobra.Command {
	var opts configRestoreOptions
	c := &cobra.Command{
		Use:   "restore DIR [GLOB...]",
		Short: "Write a snapshot back into an environment",
		Long: "Write a snapshot back into an environment, all of it or the items that globs pick: what differs is\n" +
			"written, and nothing else. Items that only the environment has stay, unless --prune. It may be\n" +
			"another environment than the one that the snapshot is of.\n\n" +
			"It is a plan like any other: printed first, confirmed, kept in the journal, and rolled back.",
		Example: "  govctl config restore backup --dry-run\n  govctl config restore backup 'order/*' --yes -m 'OPS-112'",
		Args:    atLeast(1, "the folder of a snapshot, and globs after it"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.configRestore(c.Context(), opts, args[0], args[1:])
		},
		ValidArgsFunction: func(c *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return nil, cobra.ShellCompDirectiveFilterDirs
			}
			return a.completeKeys(c, args[1:], typed)
		},
	}
	opts.add(c)
	c.Flags().BoolVar(&opts.prune, "prune", false, "remove what the snapshot does not have")
	return c
}

func (a *app) configRestore(ctx context.Context, opts configRestoreOptions, dir string, globs []string) error {
	what := "restore " + dir
	from, kept, whole, err := a.openSnapshot(ctx, dir)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if opts.prune && !whole {
		return withHint(usagef("%s: it does not hold all that there was, and --prune would remove the rest", what), "leave out --prune")
	}
	src, have, err := a.itemsOf(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	extra, _, err := config.Pick(without(have, kept), globs)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	picked, missing, err := config.Pick(kept, globs)
	if err == nil && len(missing) > 0 && len(extra) == 0 {
		err = noItem(from, missing[0], kept)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	changes := written(picked, have)
	switch {
	case opts.prune:
		changes = append(changes, removed(extra)...)
		opts.everything = len(extra) > 0 && len(changes) == len(have) && len(picked) == 0
	case len(extra) > 0:
		a.say("%s that only %s has %s; --prune removes them", plural(len(extra), "item"), src.env, stays(len(extra)))
	}
	return a.carryOut(ctx, src, changes, opts.planFlags, "")
}

func stays(n int) string {
	if n == 1 {
		return "stays"
	}
	return "stay"
}

// openSnapshot returns the items of a snapshot; whole is false where something of it
// is missing.
func (a *app) openSnapshot(ctx context.Context, dir string) (src configSource, items []config.Item, whole bool, err error) {
	path := a.pathOf(dir)
	about, err := local.ReadSnapshot(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return src, nil, false, withHint(usageError{err}, "relative paths start from "+a.Dir)
	case errors.Is(err, local.ErrNoSnapshot):
		return src, nil, false, withHint(usageError{err}, "`govctl config snapshot --out DIR` makes one")
	case err != nil:
		return src, nil, false, err
	}
	src = configSource{at: "snapshot " + dir, lacks: new(atomic.Bool)}
	src.store, err = local.OpenConfig(local.Options{Root: path, Notice: a.noticing(src.lacks)})
	if err != nil {
		return src, nil, false, err
	}
	items, err = collect(src.store.Items(ctx))
	return src, items, !about.Incomplete && !src.lacks.Load(), err
}

// written returns the changes that make items of what there is.
func written(items, have []config.Item) []change.Change {
	there := make(map[config.Key]*config.Item, len(have))
	for i := range have {
		there[have[i].Key] = &have[i]
	}
	var changes []change.Change
	for i := range items {
		content := append([]byte{}, items[i].Content...) // not nil, where it is empty
		if c, ok := config.NewChange(items[i].Key, there[items[i].Key], content); ok {
			changes = append(changes, c)
		}
	}
	return changes
}

// removed returns the changes that remove items.
func removed(items []config.Item) []change.Change {
	var changes []change.Change
	for i := range items {
		c, _ := config.NewChange(items[i].Key, &items[i], nil) // it is there: something changes
		changes = append(changes, c)
	}
	return changes
}
