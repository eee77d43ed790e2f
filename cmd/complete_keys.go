package cmd

import (
	"context"

	"github.com/spf13/cobra"
)

// completeKeys completes to the items of the configuration, none of them twice.
func (a *app) completeKeys(c *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return a.completeKeysOf(c.Context(), "", args, typed), cobra.ShellCompDirectiveNoFileComp
}

// completeKey is completeKeys for a command that takes one.
func (a *app) completeKey(c *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.completeKeys(c, args, typed)
}

// completeSearched completes items behind a pattern, which is anything.
func (a *app) completeSearched(c *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.completeKeys(c, args[1:], typed)
}

// completeConfigSides completes two environments, and then more of them, and items
// of the first.
func (a *app) completeConfigSides(c *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	words := complete(a.silently().environmentOffers(), typed, args)
	if len(args) >= 2 {
		words = append(words, a.completeKeysOf(c.Context(), args[0], args[1:], typed)...)
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

func (a *app) completeKeysOf(ctx context.Context, env string, but []string, typed string) []cobra.Completion {
	ctx, cancel := context.WithTimeout(ctx, completeTime)
	defer cancel()
	return complete(a.silently().keyOffers(ctx, env), typed, but)
}

// keyOffers are the items of the configuration of an environment, the chosen one
// where name is "". The rules are those of serviceOffers.
func (a *app) keyOffers(ctx context.Context, name string) []offer {
	cfg, err := a.load()
	if err != nil {
		return nil
	}
	env, err := cfg.Environment(name)
	if err != nil || env.Config == nil || runsCommand(env.Config.Auth) {
		return nil
	}
	src, err := a.openConfig(ctx, name)
	if err != nil {
		return nil
	}
	return a.cached("keys-"+cacheKey(env.Config, a.flags.dc, a.flags.ns), func() ([]offer, error) {
		items, err := collect(src.store.Items(ctx))
		offers := make([]offer, 0, len(items))
		for i := range items {
			offers = append(offers, offer{Name: items[i].String()})
		}
		return offers, err
	})
}
