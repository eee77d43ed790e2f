package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"govctl/pkg/change"
	"govctl/pkg/config"
)

func newConfigRmCmd(a *app) *cobra.Command {
	var flags planFlags
	c := &cobra.Command{
		Use:     "rm KEY [KEY...]",
		Aliases: []string{"remove", "delete"},
		Short:   "Remove items of configuration",
		Long: "Remove items of configuration, by GROUP/KEY or a glob. The plan is printed first, and a question\n" +
			"asked. What stood there is kept in the journal: `govctl rollback` brings it back.",
		Example: "  govctl config rm order/old.yaml --dry-run\n  govctl config rm 'order/old-*' --yes -m 'not used since May'",
		Args:    atLeast(1, "the keys of items"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.configRm(c.Context(), flags, args)
		},
		ValidArgsFunction: a.completeKeys,
	}
	flags.add(c)
	return c
}

func (a *app) configRm(ctx context.Context, flags planFlags, patterns []string) error {
	src, items, err := a.itemsOf(ctx)
	if err != nil {
		return fmt.Errorf("remove items: %w", err)
	}
	picked, err := pickItems(src, items, patterns)
	if err != nil {
		return fmt.Errorf("remove items: %w", err)
	}
	var changes []change.Change
	for i := range picked {
		if c, ok := config.NewChange(picked[i].Key, &picked[i], nil); ok {
			changes = append(changes, c)
		}
	}
	flags.everything = len(picked) == len(items)
	return a.carryOut(ctx, src, changes, flags, "")
}
