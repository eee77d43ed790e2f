package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

func newEnvRmCmd(a *app) *cobra.Command {
	var flags editFlags
	c := &cobra.Command{
		Use:     "rm NAME",
		Aliases: []string{"remove"},
		Short:   "Remove an environment from govctl.yaml",
		Long: "Remove an environment from the govctl.yaml that is in use, with the comment that stands directly\n" +
			"above it. Nothing is removed from any registry. The default is refused, and so is the only one.",
		Example: "  govctl env rm staging\n  govctl env rm staging --yes",
		Args:    exactly(1, "the name of an environment"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.envRm(c.Context(), args[0], flags)
		},
		ValidArgsFunction: a.completeEnvironment,
	}
	flags.addDryRun(c)
	flags.addYes(c)
	return c
}

func (a *app) envRm(ctx context.Context, name string, flags editFlags) error {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	e, err := cfg.Remove(name)
	if err != nil {
		return err
	}
	if !flags.yes && !flags.dryRun {
		if err := a.confirm(ctx, fmt.Sprintf("remove %s from %s?", name, e.File), "remove "+name); err != nil {
			return err
		}
	}
	if err := a.write(ctx, e, flags.dryRun, "removed "+name); err != nil {
		return fmt.Errorf("remove %s: %w", name, err)
	}
	return nil
}
