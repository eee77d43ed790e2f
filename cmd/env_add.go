package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"govctl/internal/settings"
)

func newEnvAddCmd(a *app) *cobra.Command {
	var flags editFlags
	var protected bool
	c := &cobra.Command{
		Use:   "add NAME URL...",
		Short: "Add an environment to govctl.yaml",
		Long: "Append an environment to the govctl.yaml that is in use; where there is none, your own is made.\n\n" +
			"A URL goes where its system serves: consul, nacos and local as registry and as config, jaeger,\n" +
			"zipkin and tempo as traces, prometheus as metrics. Of two registries the first is the registry and\n" +
			"the second the config. A Consul URL with a path is the config's folder, and its server the\n" +
			"registry. ROLE=URL says it outright; the roles are registry, config, traces and metrics.\n\n" +
			"A credential does not stand in a URL: write `auth` into the file, as docs/settings.md shows.",
		Example: "  govctl env add dev consul://127.0.0.1:8500/config/dev jaeger://127.0.0.1:16686\n" +
			"  govctl env add prod registry=consul+https://consul.internal:8501 --protected",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) < 2 {
				return exactly(2, "a name, and one URL or more")(c, args)
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			return a.envAdd(c.Context(), args[0], args[1:], protected, flags)
		},
	}
	c.Flags().BoolVar(&protected, "protected", false, "have every write to it confirmed by name")
	flags.addDryRun(c)
	return c
}

func (a *app) envAdd(ctx context.Context, name string, urls []string, protected bool, flags editFlags) error {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	draft, err := settings.NewDraft(urls)
	if err != nil {
		return err
	}
	draft.Protected = protected
	e, err := cfg.Add(name, draft)
	if err != nil {
		return err
	}
	if err := a.write(ctx, e, flags.dryRun, "added "+name); err != nil {
		return fmt.Errorf("add %s: %w", name, err)
	}
	if !flags.dryRun {
		a.sayDefault(cfg, e)
	}
	return nil
}

// sayDefault says what a new environment changed beside itself.
func (a *app) sayDefault(before *settings.Settings, e *settings.Edit) {
	if before.Source == settings.SourceDefault || before.Source == settings.SourceDemo {
		a.say("this is your own settings' file from now on")
		return
	}
	after, err := settings.Load(a.inputs())
	if err == nil && before.Default != "" && after.Default == "" {
		a.say("%s names no default, and now has several: `govctl env use NAME`", e.File)
	}
}
