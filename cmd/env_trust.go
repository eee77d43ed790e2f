package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"govctl/internal/render"
	"govctl/internal/settings"
)

func newEnvTrustCmd(a *app) *cobra.Command {
	var flags editFlags
	var revoke bool
	c := &cobra.Command{
		Use:   "trust",
		Short: "Trust the govctl.yaml of this folder, as it is now",
		Long: "A govctl.yaml that was found in the working directory or above it may come from a stranger: it may\n" +
			"not run a command, nor send a credential to a server that your own file does not name. `env trust`\n" +
			"shows what the file wants to do, and lets it. The trust is in the file at this path with these\n" +
			"bytes: any change but govctl's own ends it.",
		Example: "  govctl env trust\n  govctl env trust --revoke",
		Args:    exactly(0, "no argument"),
		RunE: func(c *cobra.Command, _ []string) error {
			if revoke {
				return a.envDistrust()
			}
			return a.envTrust(c.Context(), flags)
		},
	}
	flags.addYes(c)
	c.Flags().BoolVar(&revoke, "revoke", false, "trust it no longer")
	return c
}

func (a *app) envTrust(ctx context.Context, flags editFlags) error {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	file := render.Safe(cfg.File)
	switch {
	case cfg.Source == settings.SourceUser:
		a.printf("%s: it is your own and needs no trust\n", file)
		return nil
	case cfg.Trust == settings.TrustGiven:
		a.printf("%s: it is trusted already\n", file)
		return nil
	}
	if err := cfg.Trustable(); err != nil {
		return err
	}
	a.printWishes(cfg)
	if !flags.yes {
		if err := a.confirm(ctx, fmt.Sprintf("trust %s?", cfg.File), "trust "+cfg.File); err != nil {
			return err
		}
	}
	if err := cfg.TrustIt(); err != nil {
		return err
	}
	a.printf("%s: trusted, as it is now\n", file)
	return nil
}

// printWishes prints what the file would be let to do.
func (a *app) printWishes(cfg *settings.Settings) {
	wishes := cfg.Wishes()
	if len(wishes) == 0 {
		a.printf("%s wants nothing that needs trust\n", render.Safe(cfg.File))
		return
	}
	a.printf("%s wants to\n", render.Safe(cfg.File))
	for _, w := range wishes {
		a.printf("  %s\n", render.Safe(fmt.Sprintf("%s  %s: %s", w.Pos, w.Environment, w.Text)))
	}
}

func (a *app) envDistrust() error {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	was, err := cfg.Distrust()
	if err != nil {
		return err
	}
	done := "trusted no longer"
	if !was {
		done = "it was not trusted"
	}
	a.printf("%s: %s\n", render.Safe(cfg.File), done)
	return nil
}
