package cmd

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"govctl/pkg/change"
	"govctl/pkg/config"
)

// forceOver is what --force means where an item may stand there already.
const forceOver = "write also over an item that is there, what somebody holds a lock on, and what cannot be read as its format"

func newConfigCpCmd(a *app) *cobra.Command {
	return a.configCopyCmd("cp", cobra.Command{
		Use:     "cp FROM TO",
		Aliases: []string{"copy"},
		Short:   "Copy an item to another key",
		Long: "Copy an item of configuration to another key, in another group too. An item that is there already\n" +
			"is left alone (2), unless --force. The plan is printed first, and a question asked.",
		Example: "  govctl config cp order/app.yaml payment/app.yaml --dry-run\n" +
			"  govctl config cp order/app.yaml order/backup.yaml --yes -m 'before OPS-112'",
	})
}

func newConfigMvCmd(a *app) *cobra.Command {
	return a.configCopyCmd("mv", cobra.Command{
		Use:     "mv FROM TO",
		Aliases: []string{"move", "rename"},
		Short:   "Give an item another key",
		Long: "Give an item of configuration another key, in another group too: it is created there and removed\n" +
			"here in one plan, and where it fits in one transaction, so that no reader finds none or two. An\n" +
			"item that is there already is left alone (2), unless --force.",
		Example: "  govctl config mv order/app.yaml order/main.yaml --dry-run\n" +
			"  govctl config mv order/app.yaml shop/order.yaml --yes -m 'OPS-112'",
	})
}

// configCopyCmd returns `cp` or `mv`, as verb says.
func (a *app) configCopyCmd(verb string, about cobra.Command) *cobra.Command {
	var flags planFlags
	c := &about
	c.Args = exactly(2, "the key of an item, and the one that it is to have")
	c.RunE = func(c *cobra.Command, args []string) error {
		return a.configCopy(c.Context(), flags, verb, args[0], args[1])
	}
	c.ValidArgsFunction = a.completeTwoKeys
	flags.add(c)
	c.Flags().Lookup("force").Usage = forceOver
	return c
}

// completeTwoKeys completes to an item, and then to another one.
func (a *app) completeTwoKeys(c *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 1 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.completeKeys(c, args, typed)
}

func (a *app) configCopy(ctx context.Context, flags planFlags, verb, from, to string) error {
	what := fmt.Sprintf("%s %s", verb, from)
	key, err := config.ParseKey(to)
	if err != nil {
		return withHint(usageError{fmt.Errorf("%s: %w", what, err)}, "write it like order/app.yaml")
	}
	src, items, err := a.itemsOf(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	item, err := findItem(src, items, from)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	var there *config.Item
	if i := slices.IndexFunc(items, func(i config.Item) bool { return i.Key == key }); i >= 0 {
		there = &items[i]
	}
	switch {
	case item.Key == key:
		return usagef("%s: it has that key already", what)
	case there != nil && !flags.force:
		return withHint(usagef("%s: %s is there already", what, key), "--force replaces it; `govctl rollback` can bring it back")
	}
	content := append([]byte{}, item.Content...) // not nil, where it is empty
	if err := refuseBroken(key, nil, content, flags.force); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	var changes []change.Change
	if c, ok := config.NewChange(key, there, content); ok {
		changes = append(changes, c)
	}
	if verb == "mv" {
		c, _ := config.NewChange(item.Key, item, nil) // it is there: something changes
		changes = append(changes, c)
	}
	return a.carryOut(ctx, src, changes, flags, "")
}
