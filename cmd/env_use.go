package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

func newEnvUseCmd(a *app) *cobra.Command {
	var flags editFlags
	c := &cobra.Command{
		Use:   "use NAME",
		Short: "Make an environment the default",
		Long: "Write `default: NAME` into the govctl.yaml that is in use. -e and GOVCTL_ENV still beat it.\n\n" +
			"Everything else in the file, comments included, stays as it is.",
		Example: "  govctl env use dev\n  govctl env use prod --dry-run",
		Args:    exactly(1, "the name of an environment"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.envUse(c.Context(), args[0], flags)
		},
		ValidArgsFunction: a.completeEnvironment,
	}
	flags.addDryRun(c)
	return c
}

func (a *app) envUse(ctx context.Context, name string, flags editFlags) error {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	e, err := cfg.Use(name)
	if err != nil {
		return err
	}
	done := fmt.Sprintf("default is now %s", name)
	if !e.Changes() {
		done = fmt.Sprintf("default is %s already", name)
	}
	if err := a.write(ctx, e, flags.dryRun, done); err != nil {
		return fmt.Errorf("use %s: %w", name, err)
	}
	a.sayOverride(cfg, name)
	return nil
}
