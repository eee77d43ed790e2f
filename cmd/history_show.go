package cmd

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"govctl/internal/render"
	"govctl/pkg/change"
)

func newHistoryShowCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "show ID",
		Short: "Show what a plan changed, value by value",
		Long: "Show what a plan changed, value by value, from the contents that the journal keeps; secrets are\n" +
			"masked. ID may be the beginning of one that no other begins with.",
		Example: "  govctl history show 7f3c09ab",
		Args:    exactly(1, "the id of a plan"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.historyShow(c.Context(), args[0])
		},
		ValidArgsFunction: a.completePlans,
	}
}

func (a *app) historyShow(ctx context.Context, id string) error {
	out, err := a.output()
	if err != nil {
		return err
	}
	m, err := a.masker()
	if err != nil {
		return err
	}
	src, store, r, err := a.recordOf(ctx, id)
	if err != nil {
		return fmt.Errorf("show %s: %w", id, err)
	}
	ctx, cancel := a.within(ctx)
	defer cancel()
	changes, err := change.Contents(ctx, store, &r)
	if err != nil {
		return fmt.Errorf("show %s: %w", id, err)
	}
	view := a.viewOf(&change.Plan{ID: r.ID, Environment: r.Environment, Reverts: r.Reverts, Changes: changes}, src, m)
	view.note(&r)
	if human(out.Format) {
		a.printf("%s  %s, by %s%s\n", render.Safe(r.At.In(a.Now().Location()).Format(time.DateTime)), r.State, render.Safe(r.By), render.Safe(because(&r)))
	}
	return a.writePlan(out, view)
}

// because says why a plan was applied.
func because(r *change.Record) string {
	text := ""
	if r.Reverts != "" {
		text = ", to take back " + r.Reverts
	}
	if r.Why != "" {
		text += ": " + r.Why
	}
	return text
}

// recordOf returns the one plan of the journal whose id begins with prefix.
func (a *app) recordOf(ctx context.Context, prefix string) (configSource, change.Store, change.Record, error) {
	src, store, records, err := a.records(ctx)
	if err != nil {
		return src, nil, change.Record{}, err
	}
	var found []*change.Record
	for i := range records {
		if strings.HasPrefix(records[i].ID, prefix) {
			found = append(found, &records[i])
		}
	}
	switch len(found) {
	case 0:
		err := fmt.Errorf("%s: plan %s: %w", src.at, prefix, change.ErrNotFound)
		return src, nil, change.Record{}, withHint(err, "`govctl history` lists the plans")
	case 1:
		if isOfInstances(found[0]) {
			if src, err = a.openInstances(ctx); err == nil {
				store, err = a.openChanges(src)
			}
		}
		return src, store, *found[0], err
	}
	ids := make([]string, len(found))
	for i := range found {
		ids[i] = found[i].ID
	}
	return src, nil, change.Record{}, withHint(usagef("%q begins several ids", prefix), "one of "+strings.Join(ids, ", "))
}

func newHistoryForgetCmd(a *app) *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use:   "forget ID",
		Short: "Remove what the journal keeps of a plan, but its entry",
		Long: "Remove the contents that the journal keeps of a plan: what stood there before and after. Its entry\n" +
			"stays, with who, when and why, but it can no longer be rolled back.",
		Example: "  govctl history forget 7f3c09ab --yes",
		Args:    exactly(1, "the id of a plan"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.historyForget(c.Context(), args[0], yes)
		},
		ValidArgsFunction: a.completePlans,
	}
	c.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return c
}

func (a *app) historyForget(ctx context.Context, id string, yes bool) error {
	_, store, r, err := a.recordOf(ctx, id)
	if err != nil {
		return fmt.Errorf("forget %s: %w", id, err)
	}
	if !yes {
		question := fmt.Sprintf("Remove what plan %s kept of %s?", r.ID, plural(len(r.Changes), "change"))
		if err := a.confirm(ctx, question, "forget "+r.ID); err != nil {
			return err
		}
	}
	ctx, cancel := a.within(ctx)
	defer cancel()
	if _, err := change.Forget(ctx, store, r.ID); err != nil {
		return fmt.Errorf("forget %s: %w", r.ID, err)
	}
	a.printf("%s: its contents are removed\n", r.ID)
	return nil
}
