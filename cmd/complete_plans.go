package cmd

import (
	"context"

	"github.com/spf13/cobra"
)

// completePlans completes to the plans of the journal, the newest first, and then,
// for a command that takes them, to items.
func (a *app) completePlans(c *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return a.completeKeys(c, args[1:], typed)
	}
	ctx, cancel := context.WithTimeout(c.Context(), completeTime)
	defer cancel()
	return complete(a.silently().planOffers(ctx), typed, nil), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

// planOffers are the plans of the chosen environment's journal. The rules are those
// of serviceOffers.
func (a *app) planOffers(ctx context.Context) []offer {
	cfg, err := a.load()
	if err != nil {
		return nil
	}
	env, err := cfg.Environment("")
	if err != nil || env.Config == nil || runsCommand(env.Config.Auth) {
		return nil
	}
	return a.cached("plans-"+cacheKey(env.Config, a.flags.dc, a.flags.ns), func() ([]offer, error) {
		_, _, records, err := a.records(ctx)
		offers := make([]offer, 0, len(records))
		for i := range records {
			row := historyOf(&records[i])
			offers = append(offers, offer{Name: row.ID, About: row.target()})
		}
		return offers, err
	})
}
