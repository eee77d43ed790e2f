package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"govctl/internal/render"
	"govctl/pkg/change"
	"govctl/pkg/config"
	"govctl/pkg/registry"
)

// historyOptions are what `history` may be told.
type historyOptions struct {
	since time.Duration
	limit int
}

func newHistoryCmd(a *app) *cobra.Command {
	var opts historyOptions
	c := &cobra.Command{
		Use:   "history [GLOB...]",
		Short: "Tell who changed what, when and why, the newest first",
		Long: "Tell who changed what, when and why: every plan that govctl applied to the environment, from its\n" +
			"journal, the newest first. A glob picks those that changed such an item. A plan that is still\n" +
			"`open` is being applied, or was cut off: see `govctl recover`.",
		Example: "  govctl history\n  govctl history --since 1h 'order/*'\n  govctl history -o json --limit 10",
		GroupID: groupChange,
		RunE: func(c *cobra.Command, args []string) error {
			return a.history(c.Context(), opts, args)
		},
		ValidArgsFunction: a.completeKeys,
	}
	c.Flags().DurationVar(&opts.since, "since", 0, "leave out what is older than `TIME`")
	c.Flags().IntVar(&opts.limit, "limit", 0, "show at most `N`, 0 for all")
	c.AddCommand(newHistoryShowCmd(a), newHistoryForgetCmd(a))
	return c
}

// openJournal returns what writes to the chosen environment, with its journal.
func (a *app) openJournal(ctx context.Context) (configSource, change.Store, error) {
	src, err := a.openConfig(ctx, "")
	if err != nil && a.keepsNoConfig() {
		src, err = a.openInstances(ctx)
	}
	if err != nil {
		return configSource{}, nil, err
	}
	store, err := a.openChanges(src)
	return src, store, err
}

// records returns the journal of the chosen environment, the newest first.
func (a *app) records(ctx context.Context) (configSource, change.Store, []change.Record, error) {
	src, store, err := a.openJournal(ctx)
	if err != nil {
		return src, nil, nil, err
	}
	ctx, cancel := a.within(ctx)
	defer cancel()
	records, err := change.Journal(ctx, store)
	if errors.Is(err, change.ErrInvalid) {
		a.notices.add(registry.Notice{Text: oneLine(err.Error()), Incomplete: true})
		err = nil
	}
	return src, store, records, err
}

func (a *app) history(ctx context.Context, opts historyOptions, globs []string) error {
	const what = "read the journal"
	out, err := a.output()
	if err != nil {
		return err
	}
	if opts.since < 0 || opts.limit < 0 {
		return usagef("--since and --limit are not below 0")
	}
	src, _, records, err := a.records(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	shown, err := a.chosenRecords(records, opts, globs)
	if err == nil {
		err = a.writeHistory(out, shown)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if human(out.Format) {
		a.say("%s · %s", plural(len(shown), "change"), src.place())
	}
	return nil
}

// chosenRecords returns those of records that opts and globs pick.
func (a *app) chosenRecords(records []change.Record, opts historyOptions, globs []string) ([]historyRow, error) {
	rows := []historyRow{}
	for i := range records {
		picked, err := touches(&records[i], globs)
		if err != nil {
			return nil, err
		}
		recent := opts.since == 0 || a.Now().Sub(records[i].At) <= opts.since
		if picked && recent && (opts.limit == 0 || len(rows) < opts.limit) {
			rows = append(rows, historyOf(&records[i]))
		}
	}
	return rows, nil
}

func (a *app) writeHistory(out render.Options, rows []historyRow) error {
	return writeList(a.Stdout, out, render.List[historyRow]{
		Columns: a.historyColumns(),
		Name:    func(r historyRow) string { return r.ID },
		Items:   seq(rows, nil),
	})
}

// touches reports whether a plan changed an item that globs pick.
func touches(r *change.Record, globs []string) (bool, error) {
	items := make([]config.Item, len(r.Changes))
	for i := range r.Changes {
		items[i].Key = keyOfChange(r.Changes[i].Space, r.Changes[i].Name)
	}
	picked, _, err := config.Pick(items, globs)
	return len(picked) > 0, err
}

// historyRow is a plan in the journal. The JSON names are an interface.
type historyRow struct {
	ID          string    `json:"id"`
	State       string    `json:"state"`
	Environment string    `json:"environment"`
	Who         string    `json:"who"`
	Why         string    `json:"why,omitempty"`
	At          time.Time `json:"at"`
	// ClockAheadSeconds is by how much the clock that At is of was ahead of the
	// back-end's, where that is more than a few seconds.
	ClockAheadSeconds float64         `json:"clockAheadSeconds,omitempty"`
	Reverts           string          `json:"reverts,omitempty"`
	Forgotten         bool            `json:"forgotten,omitempty"`
	Changes           []historyChange `json:"changes"`
}

// historyChange is one change of a plan. The JSON names are an interface.
type historyChange struct {
	// Space is "instances" where it is about an instance, as in a plan.
	Space change.Space `json:"space,omitempty"`
	config.Key
	Says []string        `json:"says"`
	From change.Revision `json:"from,omitempty"`
	To   change.Revision `json:"to,omitempty"`
	Made bool            `json:"made"`
}

func historyOf(r *change.Record) historyRow {
	row := historyRow{
		ID: r.ID, State: string(r.State), Environment: r.Environment, Who: r.By, Why: r.Why, At: r.At, Reverts: r.Reverts,
		Forgotten: r.Forgotten, Changes: make([]historyChange, len(r.Changes)),
	}
	if d := skewOf(r); d != 0 {
		row.ClockAheadSeconds = d.Seconds()
	}
	for i := range r.Changes {
		w := &r.Changes[i]
		row.Changes[i] = historyChange{Space: w.Space, Key: keyOfChange(w.Space, w.Name), Says: append([]string{}, w.Says...), From: w.From, To: w.To, Made: w.Made}
	}
	return row
}

// target names what a plan changed, in a word.
func (r *historyRow) target() string {
	if len(r.Changes) == 0 {
		return ""
	}
	text := r.Changes[0].String()
	if more := len(r.Changes) - 1; more > 0 {
		text += fmt.Sprintf(" +%d", more)
	}
	return text
}

// says tells the first of what a plan changed, and how much more there is.
func (r *historyRow) says() string {
	n, first := 0, ""
	for i := range r.Changes {
		n += len(r.Changes[i].Says)
		if first == "" && len(r.Changes[i].Says) > 0 {
			first = r.Changes[i].Says[0]
		}
	}
	if n > 1 {
		first += fmt.Sprintf(", +%d", n-1)
	}
	return first
}

func (a *app) historyColumns() []render.Column[historyRow] {
	text := func(of func(*historyRow) string) func(historyRow) render.Cell {
		return func(r historyRow) render.Cell { return orDash(of(&r)) }
	}
	return []render.Column[historyRow]{
		{Head: "WHEN", Cell: text(func(r *historyRow) string {
			if r.ClockAheadSeconds != 0 {
				return a.ago(r.At) + " (clock " + aheadOf(time.Duration(r.ClockAheadSeconds*float64(time.Second))) + ")"
			}
			return a.ago(r.At)
		})},
		{Head: "ID", Cell: text(func(r *historyRow) string { return r.ID })},
		{Head: "STATE", Drop: 2, Cell: func(r historyRow) render.Cell {
			return render.Cell{Text: r.State, Style: planStyle(change.State(r.State))}
		}},
		{Head: "WHO", Drop: 3, Cell: text(func(r *historyRow) string { return r.Who })},
		{Head: "TARGET", Cell: text((*historyRow).target)},
		{Head: "CHANGE", Cell: text((*historyRow).says)},
		{Head: "WHY", Drop: 1, Cell: text(func(r *historyRow) string {
			if r.Reverts != "" {
				return strings.TrimSpace("rollback of " + r.Reverts + " " + r.Why)
			}
			return r.Why
		})},
	}
}

func planStyle(s change.State) render.Style {
	switch s {
	case change.Done:
		return render.Good
	case change.Open:
		return render.Bad
	case change.Stopped:
		return render.Warn
	case change.Undone:
	}
	return render.Dim
}
