package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"govctl/internal/render"
	"govctl/pkg/change"
)

func newConfigHistoryCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "history KEY",
		Short: "Tell what became of an item, the newest revision first",
		Long: "Tell what became of an item, the newest revision first: the plans of the journal that changed it,\n" +
			"also where it is gone. What other tools wrote shows as `foreign`, as far as it is known: what a\n" +
			"plan found there, and what stands there now; of the time it is known only where the back-end\n" +
			"keeps it.\n\n" +
			"`govctl config get KEY --rev N` shows what stood there, `config diff KEY --rev N` what has become\n" +
			"other since, and `config rollback KEY --to N` brings it back.",
		Example: "  govctl config history order/app.yaml\n  govctl config history order/app.yaml -o json",
		Args:    exactly(1, "the key of an item"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.configHistory(c.Context(), args[0])
		},
		ValidArgsFunction: a.completeKey,
	}
}

func (a *app) configHistory(ctx context.Context, key string) error {
	out, err := a.output()
	if err != nil {
		return err
	}
	p, err := a.pastOf(ctx, key)
	if err != nil {
		return fmt.Errorf("history of %s: %w", key, err)
	}
	err = writeList(a.Stdout, out, render.List[itemState]{
		Columns: a.pastColumns(),
		Name:    func(s itemState) string { return string(s.Revision) },
		Items:   seq(p.states, nil),
	})
	if err != nil {
		return fmt.Errorf("history of %s: %w", key, err)
	}
	if human(out.Format) {
		now := "it is gone"
		if p.now != nil {
			now = "now at revision " + shortRevision(change.Revision(p.now.Revision))
		}
		a.say("%s: %s, %s · %s", p.key, plural(len(p.states), "state"), now, p.src.place())
	}
	return nil
}

// shortRevision is a revision as tables show it: of a hash, the beginning.
func shortRevision(r change.Revision) string { return fmt.Sprintf("%.12s", r) }

func (a *app) pastColumns() []render.Column[itemState] {
	text := func(of func(*itemState) string) func(itemState) render.Cell {
		return func(s itemState) render.Cell { return orDash(of(&s)) }
	}
	return []render.Column[itemState]{
		{Head: "WHEN", Cell: text(func(s *itemState) string { return a.ago(s.At) })},
		{Head: "REVISION", Cell: text(func(s *itemState) string { return shortRevision(s.Revision) })},
		{Head: "ID", Drop: 3, Cell: text(func(s *itemState) string { return s.ID })},
		{Head: "WHO", Drop: 2, Cell: func(s itemState) render.Cell {
			if s.Foreign {
				return render.Cell{Text: "foreign", Style: render.Warn}
			}
			return orDash(s.Who)
		}},
		{Head: "CHANGE", Cell: text((*itemState).says)},
		{Head: "WHY", Drop: 1, Cell: text(func(s *itemState) string { return s.Why })},
	}
}

// says tells the first of what changed, how much more there is, and what became of
// its plan where that was not made.
func (s *itemState) says() string {
	text := ""
	if len(s.Says) > 0 {
		text = s.Says[0]
	}
	if more := len(s.Says) - 1; more > 0 {
		text += fmt.Sprintf(", +%d", more)
	}
	switch change.State(s.State) {
	case change.Undone:
		text += " (undone)"
	case change.Open:
		text += " (open)"
	case change.Done, change.Stopped:
	}
	if s.Forgotten {
		text += " (forgotten)"
	}
	return text
}
