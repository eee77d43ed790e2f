package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"govctl/pkg/change"
	"govctl/pkg/registry"
)

func newServicesRegisterCmd(a *app) *cobra.Command {
	var flags planFlags
	var file string
	c := &cobra.Command{
		Use:   "register -f FILE",
		Short: "Register instances, or change what they are registered with",
		Long: "Register instances that FILE holds as JSON: what `govctl services get SERVICE/ID -o json` prints,\n" +
			"or a person writes, or a list of those. Needed are `service` and `id`; what is left out is empty,\n" +
			"and a weight is then 1. With `ttlSeconds` the instance is critical until its first heartbeat, and\n" +
			"without one it counts as passing. `health`, `checks`, `node`, `since` and `revision` are the\n" +
			"registry's own, and passed over.\n\n" +
			"The plan is printed first, and a question asked. One that is registered already is changed field\n" +
			"by field as the plan shows; its checks stay. In Consul it is the agent that answers which\n" +
			"registers: what another agent has is refused (2). `govctl rollback` takes it back.",
		Example: "  govctl services register -f order.json --dry-run\n" +
			"  govctl services register -f order.json --yes -m 'OPS-112'",
		Args: exactly(0, "no argument: -f FILE says what to register"),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.servicesRegister(c.Context(), flags, file)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	flags.addApply(c)
	c.Flags().Lookup("force").Hidden = true // nobody locks an instance
	c.Flags().StringVarP(&file, "file", "f", "", "read the instances from `FILE`, - for standard input")
	return c
}

func (a *app) servicesRegister(ctx context.Context, flags planFlags, file string) error {
	if file == "" {
		return withHint(usagef("register: -f FILE is missing"), "`govctl services get SERVICE/ID -o json` prints one; -f - reads standard input")
	}
	what := "register " + file
	text, err := a.readContent(file)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	wanted, err := registry.ParseRegistrations(text)
	if err != nil {
		return fmt.Errorf("%s: %w", what, usageError{err})
	}
	src, err := a.openInstances(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	changes, err := a.registrations(ctx, src, wanted)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return a.carryOut(ctx, src, changes, flags, "")
}

// registrations returns the writes that register what is wanted.
func (a *app) registrations(ctx context.Context, src configSource, wanted []registry.Registration) ([]change.Change, error) {
	keys := make([]change.Key, len(wanted))
	for i := range wanted {
		keys[i] = registry.ChangeKey(wanted[i].Service, wanted[i].ID)
	}
	entries, err := a.standing(ctx, src, keys)
	if err != nil {
		return nil, err
	}
	var changes []change.Change
	for i := range wanted {
		c, ok, err := registry.PlanRegistration(src.planner, &wanted[i], entries[i])
		if err != nil {
			return nil, err
		}
		if ok {
			changes = append(changes, c)
		}
	}
	return changes, nil
}
