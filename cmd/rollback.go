package cmd

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"govctl/pkg/change"
	"govctl/pkg/config"
)

func newRollbackCmd(a *app) *cobra.Command {
	var flags planFlags
	c := &cobra.Command{
		Use:   "rollback ID [KEY...]",
		Short: "Take back what a plan changed",
		Long: "Take back what a plan changed, all of it or the items that are named: what stood there before is\n" +
			"written again, as a plan of its own that can be rolled back too. Items that hold something else\n" +
			"by now were changed by another since: then nothing is written (5), unless --force.",
		Example: "  govctl rollback 7f3c09ab --dry-run\n  govctl rollback 7f3c09ab order/app.yaml --yes -m 'OPS-113'",
		GroupID: groupChange,
		Args:    atLeast(1, "the id of a plan, and items after it"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.rollback(c.Context(), flags, args[0], args[1:])
		},
		ValidArgsFunction: a.completePlans,
	}
	flags.add(c)
	return c
}

func (a *app) rollback(ctx context.Context, flags planFlags, id string, keys []string) error {
	src, store, r, err := a.recordOf(ctx, id)
	if err != nil {
		return fmt.Errorf("roll back %s: %w", id, err)
	}
	if r.State == change.Open {
		return withHint(fmt.Errorf("roll back %s: it is open: %w", r.ID, change.ErrConflict), "`govctl recover` ends what was cut off")
	}
	names, err := namesIn(&r, keys)
	if err != nil {
		return fmt.Errorf("roll back %s: %w", r.ID, err)
	}
	limited, cancel := a.within(ctx)
	reverts, err := change.Revert(limited, store, &r, names, flags.force)
	cancel()
	if err != nil {
		return fmt.Errorf("roll back %s: %w", r.ID, err)
	}
	for i := range reverts {
		reverts[i].Says = src.says(&reverts[i])
	}
	return a.carryOut(ctx, src, reverts, flags, r.ID)
}

// namesIn returns the names of the changes of r whose items are named.
func namesIn(r *change.Record, keys []string) ([]string, error) {
	items := make([]config.Item, len(r.Changes))
	for i := range r.Changes {
		items[i].Key = keyOfChange(r.Changes[i].Space, r.Changes[i].Name)
	}
	var names []string
	for _, key := range keys {
		found := config.Find(items, key)
		if len(found) != 1 {
			return nil, withHint(usagef("%q is not an item that it changed", key), "`govctl history show "+r.ID+"` lists them")
		}
		i := slices.IndexFunc(items, func(it config.Item) bool { return it.Key == found[0].Key })
		names = append(names, r.Changes[i].Name)
	}
	return names, nil
}
