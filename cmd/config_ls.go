package cmd

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"govctl/internal/mask"
	"govctl/internal/render"
	"govctl/pkg/config"
)

func newConfigLsCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "ls [GLOB...]",
		Aliases: []string{"list"},
		Short:   "List the items of configuration",
		Long: "List the items of configuration: group and key, format, size and revision. A format with a\n" +
			"question mark is a guess, as neither the store nor the key's ending says it. -o wide adds a\n" +
			"short hash of the content: equal hashes are equal contents, in all environments.\n\n" +
			"A glob with a slash is matched against GROUP/KEY, one without against either.",
		Example: "  govctl config ls\n  govctl config ls 'order/*' -o wide\n  govctl config ls -e prod -o name",
		RunE: func(c *cobra.Command, args []string) error {
			return a.configLs(c.Context(), args)
		},
		ValidArgsFunction: a.completeKeys,
	}
}

// itemRow is an item without its content. The JSON names are an interface.
type itemRow struct {
	config.Key
	Format  config.Format `json:"format"`
	Guessed bool          `json:"guessed,omitempty"`
	// Size is in bytes.
	Size     int        `json:"size"`
	Revision string     `json:"revision,omitempty"`
	Modified *time.Time `json:"modified,omitempty"`
	By       string     `json:"by,omitempty"`
	// Hash is short and of this user's own key.
	Hash string `json:"hash"`
}

func (a *app) configLs(ctx context.Context, patterns []string) error {
	m, err := a.masker()
	if err != nil {
		return err
	}
	return a.askConfig(ctx, "list configuration", func(opts render.Options, src configSource, items []config.Item) error {
		picked, err := pickItems(src, items, patterns)
		if err != nil {
			return err
		}
		err = writeList(a.Stdout, opts, render.List[itemRow]{
			Columns: a.itemColumns(),
			Name:    func(r itemRow) string { return r.String() },
			Items: func(yield func(itemRow, error) bool) {
				for i := range picked {
					if !yield(rowOf(&picked[i], m), nil) {
						return
					}
				}
			},
		})
		if err == nil && human(opts.Format) {
			a.say("%s, %s · %s", plural(len(picked), "item"), render.Bytes(totalSize(picked)), src.place())
			a.sayNoItems(items)
		}
		return err
	})
}

// sayNoItems says, where a store has no items, how to find some.
func (a *app) sayNoItems(items []config.Item) {
	if len(items) == 0 {
		a.sayNothingHere("-e consul://HOST:PORT/FOLDER names a folder of configuration; `govctl init` finds those that are there")
	}
}

func rowOf(item *config.Item, m *mask.Masker) itemRow {
	r := itemRow{Key: item.Key, Size: len(item.Content), Revision: item.Revision, By: item.By, Hash: m.Hash(string(item.Content))}
	r.Format, r.Guessed = config.Detect(item.Declared, item.Name, item.Content)
	if !item.Modified.IsZero() {
		at := item.Modified.UTC()
		r.Modified = &at
	}
	return r
}

func totalSize(items []config.Item) int {
	n := 0
	for i := range items {
		n += len(items[i].Content)
	}
	return n
}

func (a *app) itemColumns() []render.Column[itemRow] {
	text := func(of func(*itemRow) string) func(itemRow) render.Cell {
		return func(r itemRow) render.Cell { return orDash(of(&r)) }
	}
	return []render.Column[itemRow]{
		{Head: "GROUP", Cell: text(func(r *itemRow) string { return r.Group })},
		{Head: "KEY", Cell: text(func(r *itemRow) string { return r.Name })},
		{Head: "FORMAT", Drop: 3, Cell: text(func(r *itemRow) string {
			if r.Guessed {
				return string(r.Format) + "?"
			}
			return string(r.Format)
		})},
		{Head: "SIZE", Drop: 2, Right: true, Cell: text(func(r *itemRow) string { return render.Bytes(r.Size) })},
		{Head: "REVISION", Drop: 1, Right: true, Cell: text(func(r *itemRow) string { return fmt.Sprintf("%.12s", r.Revision) })},
		{Head: "MODIFIED", Drop: 4, Cell: text(func(r *itemRow) string {
			if r.Modified == nil {
				return ""
			}
			return a.ago(*r.Modified)
		})},
		{Head: "HASH", Wide: true, Drop: 5, Cell: text(func(r *itemRow) string { return r.Hash })},
		{Head: "BY", Wide: true, Drop: 6, Cell: text(func(r *itemRow) string { return r.By })},
	}
}
