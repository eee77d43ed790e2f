package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"govctl/internal/render"
	"govctl/pkg/backend/local"
	"govctl/pkg/config"
	"govctl/pkg/registry"
)

func newConfigSnapshotCmd(a *app) *cobra.Command {
	var out string
	c := &cobra.Command{
		Use:   "snapshot [ENV] --out DIR",
		Short: "Keep the configuration of an environment in a folder",
		Long: "Keep the configuration of an environment in a folder that git can hold: a file an item, in the\n" +
			"form of local://. The folder is new, empty or an earlier snapshot, of which nothing stays; the\n" +
			"same configuration makes the same folder. `govctl config restore` writes it back.\n\n" +
			"The content stands there as it is, and secrets too: nothing else could be restored. Guard the\n" +
			"folder as you do the environment.",
		Example: "  govctl config snapshot --out backup\n  govctl config snapshot prod --out backup/prod",
		Args:    between(0, 1, "one environment at most"),
		RunE: func(c *cobra.Command, args []string) error {
			env := ""
			if len(args) == 1 {
				env = args[0]
			}
			return a.configSnapshot(c.Context(), env, out)
		},
		ValidArgsFunction: a.completeEnvironment,
	}
	c.Flags().StringVar(&out, "out", "", "the folder `DIR` to write")
	return c
}

// snapshotView is what became of a snapshot. The JSON names are an interface.
type snapshotView struct {
	Environment string `json:"environment"`
	Backend     string `json:"backend"`
	Folder      string `json:"folder"`
	Items       int    `json:"items"`
	Size        int    `json:"size"` // in bytes
	// Incomplete is true where not everything could be read; Kept is how many items
	// are still those of the snapshot before, therefore.
	Incomplete bool `json:"incomplete"`
	Kept       int  `json:"kept"`
}

func (a *app) configSnapshot(ctx context.Context, env, out string) error {
	opts, err := a.output()
	if err != nil {
		return err
	}
	if out == "" {
		return withHint(usagef("take a snapshot: --out DIR is missing"), "it is a folder that is not there yet, or an earlier snapshot")
	}
	src, err := a.openConfig(ctx, env)
	if err != nil {
		return err
	}
	if src.single {
		return usagef("take a snapshot: %s is a file, and not the configuration of an environment", src.env)
	}
	view, err := a.writeSnapshot(ctx, src, out)
	if err != nil {
		return fmt.Errorf("take a snapshot of %s: %w", src.env, err)
	}
	a.notices.add(registry.Notice{Text: fmt.Sprintf("%s holds the content as it is, and secrets too: guard it as you do %s", out, src.env)})
	return render.WriteDocument(a.Stdout, opts, render.Document{Data: view, Name: out, Text: func(p *render.Page) {
		p.Text(fmt.Sprintf("%s of %s, %s, in %s\n", plural(view.Items, "item"), src.place(), render.Bytes(view.Size), out))
		if view.Incomplete {
			p.Text(fmt.Sprintf("not all that there is: %s of the snapshot before kept\n", plural(view.Kept, "item")))
		}
	}})
}

// writeSnapshot reads everything, and then writes it.
func (a *app) writeSnapshot(ctx context.Context, src configSource, out string) (snapshotView, error) {
	progress := render.NewProgress(a.Stderr, a.StderrTTY && !a.flags.quiet, a.Now)
	defer progress.Done()
	limited, cancel := a.within(ctx)
	defer cancel()
	var items []config.Item
	for item, err := range src.store.Items(limited) {
		if err != nil {
			return snapshotView{}, err
		}
		items = append(items, item)
		progress.Update(fmt.Sprintf("%s read", plural(len(items), "item")))
	}
	dir := a.pathOf(out)
	v := snapshotView{Environment: src.env, Backend: src.at, Folder: out, Incomplete: src.lacks.Load()}
	if v.Incomplete {
		kept, err := a.notSeen(limited, dir, items)
		if err != nil {
			return snapshotView{}, err
		}
		items, v.Kept = append(items, kept...), len(kept)
	}
	v.Items, v.Size = len(items), totalSize(items)
	about := local.Snapshot{Environment: src.env, Incomplete: v.Incomplete}
	err := about.Write(ctx, dir, items, func(n int) {
		progress.Update(fmt.Sprintf("%d of %s written", n, plural(len(items), "item")))
	})
	if errors.Is(err, local.ErrNoSnapshot) {
		err = withHint(usageError{fmt.Errorf("%s: %w", out, err)}, "name a folder that is not there yet, or an earlier snapshot")
	}
	return v, err
}

// notSeen returns the items of the snapshot in dir, if there is one, that are not
// among items: of those nobody knows whether they are still there.
func (a *app) notSeen(ctx context.Context, dir string, items []config.Item) ([]config.Item, error) {
	_, err := local.ReadSnapshot(dir)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, local.ErrNoSnapshot) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	store, err := local.OpenConfig(local.Options{Root: dir, Notice: a.notices.add})
	if err != nil {
		return nil, err
	}
	earlier, err := collect(store.Items(ctx))
	return without(earlier, items), err
}

// without returns those of items whose keys none of others has.
func without(items, others []config.Item) []config.Item {
	keys := make(map[config.Key]bool, len(others))
	for i := range others {
		keys[others[i].Key] = true
	}
	return slices.DeleteFunc(slices.Clone(items), func(i config.Item) bool { return keys[i.Key] })
}

// pathOf returns a path of the command line: relative ones start from the working
// directory.
func (a *app) pathOf(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(a.Dir, path)
}
