package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"govctl/pkg/change"
	"govctl/pkg/registry"
)

func newServicesRmCmd(a *app) *cobra.Command {
	var flags planFlags
	c := &cobra.Command{
		Use:     "rm SERVICE/ID [SERVICE/ID...]",
		Aliases: []string{"remove", "delete", "deregister"},
		Short:   "Take instances out of the registry",
		Long: "Take instances out of the registry. One that passes its checks, or has a warning, gets traffic and\n" +
			"is refused (2), unless --force. The plan is printed first, and a question asked; what stood there\n" +
			"is kept in the journal: `govctl rollback` registers it again. An instance that still runs may\n" +
			"register itself again, too.\n\n" +
			"In Consul it is the agent that answers which removes: an instance of another agent is refused\n" +
			"(2), as that one would put it back. No agent tells what a check asks: after a rollback, checks are\n" +
			"critical until the instance says that it lives, or is registered anew.",
		Example: "  govctl services rm order/order-11f2 --dry-run\n" +
			"  govctl services rm order/order-11f2 --force --yes -m 'OPS-112'",
		Args: atLeast(1, "instances, as SERVICE/ID"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.servicesRm(c.Context(), flags, args)
		},
		ValidArgsFunction: func(c *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return a.completeTarget(c, nil, typed)
		},
	}
	flags.addApply(c)
	c.Flags().Lookup("force").Usage = "remove also what passes its checks"
	return c
}

func (a *app) servicesRm(ctx context.Context, flags planFlags, targets []string) error {
	const what = "remove instances"
	asked, err := a.open(ctx, "")
	if err != nil {
		return err
	}
	var keys []change.Key
	for _, target := range targets {
		key, err := a.removable(ctx, asked, target, flags.force)
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		keys = append(keys, key)
	}
	src, err := a.openInstances(ctx)
	if err != nil {
		return err
	}
	entries, err := a.standing(ctx, src, keys)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	var changes []change.Change
	seen := map[change.Key]bool{}
	for i, e := range entries {
		if e.Revision == change.Absent {
			service, id := registry.OfChange(e.Key.Name)
			return fmt.Errorf("%s: %s: %s/%s: %w", what, src.at, service, id, registry.ErrNotFound)
		}
		if !seen[keys[i]] {
			seen[keys[i]] = true
			changes = append(changes, registry.PlanRemoval(src.planner, e))
		}
	}
	return a.carryOut(ctx, src, changes, flags, "")
}

// removable returns the instance that target names, unless it gets traffic.
func (a *app) removable(ctx context.Context, src source, target string, force bool) (change.Key, error) {
	if target == "" {
		return change.Key{}, errNameless()
	}
	ctx, cancel := a.within(ctx)
	defer cancel()
	service, id, found, err := resolve(ctx, src, target)
	if err != nil {
		return change.Key{}, err
	}
	if id == "" {
		return change.Key{}, withHint(usagef("%s is a service: name its instances", service), "write them as "+service+"/ID; `govctl services instances "+shellQuote(service)+"` lists them")
	}
	there := false
	for i := range found {
		in := &found[i]
		if in.ID != id && in.ID != id+"@"+in.Node {
			continue
		}
		there = true
		if serves := in.Health == registry.Passing || in.Health == registry.Warning; serves && !force {
			return change.Key{}, withHint(usagef("%s/%s is %s: it gets traffic", service, in.ID, in.Health), "take it out of traffic first; --force removes it all the same")
		}
	}
	if !there {
		return change.Key{}, noSuchInstance(src, service, id, found)
	}
	return registry.ChangeKey(service, id), nil
}
