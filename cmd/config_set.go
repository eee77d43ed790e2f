package cmd

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"govctl/pkg/change"
	"govctl/pkg/config"
)

// configSetOptions are what `config set` may be told.
type configSetOptions struct {
	planFlags

	file string
}

func newConfigSetCmd(a *app) *cobra.Command {
	var opts configSetOptions
	c := &cobra.Command{
		Use:   "set KEY VALUE | set KEY -f FILE",
		Short: "Write the content of an item",
		Long: "Write the content of an item, which is created where it is not there: from the command line, a\n" +
			"file, or with -f - standard input. KEY is GROUP/KEY.\n\n" +
			"The plan is printed first, and a question asked; --yes answers it, and --confirm ENV that of a\n" +
			"protected environment. The item is written only if it still is as it was when the plan was\n" +
			"made, read back, and kept in the journal with what stood there before.",
		Example: "  govctl config set order/app.yaml -f app.yaml --dry-run\n" +
			"  govctl config set order/motd 'back at noon' --yes -m 'OPS-112'",
		Args: between(1, 2, "a key, and a value or -f FILE"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.configSet(c.Context(), opts, args)
		},
		ValidArgsFunction: a.completeKey,
	}
	opts.add(c)
	c.Flags().StringVarP(&opts.file, "file", "f", "", "read the content from `FILE`, - for standard input")
	return c
}

func (a *app) configSet(ctx context.Context, opts configSetOptions, args []string) error {
	key := args[0]
	if (len(args) == 2) == (opts.file != "") {
		return withHint(usagef("set %s: it takes either a value or -f FILE", key), "govctl config set "+key+" -f FILE")
	}
	content, err := a.newContent(opts.file, args)
	if err != nil {
		return err
	}
	src, items, err := a.itemsOf(ctx)
	if err != nil {
		return fmt.Errorf("set %s: %w", key, err)
	}
	at, before, err := itemToWrite(items, key)
	if err != nil {
		return err
	}
	var changes []change.Change
	if c, ok := config.NewChange(at, before, content); ok {
		changes = append(changes, c)
	}
	return a.carryOut(ctx, src, changes, opts.planFlags, "")
}

// maxContent bounds what is read from a file or from stdin, in bytes.
const maxContent = 8 << 20

// newContent returns the value on the command line, or what stands in file.
func (a *app) newContent(file string, args []string) ([]byte, error) {
	if file == "" {
		return []byte(args[1]), nil
	}
	in := a.Stdin
	if file != "-" {
		if !filepath.IsAbs(file) {
			file = filepath.Join(a.Dir, file)
		}
		f, err := os.Open(file)
		if err != nil {
			return nil, usageError{err}
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	content, err := io.ReadAll(io.LimitReader(in, maxContent+1))
	if err == nil && len(content) > maxContent {
		err = fmt.Errorf("%s has more than %d bytes", file, maxContent)
	}
	if err != nil {
		return nil, usageError{err}
	}
	if content == nil {
		content = []byte{}
	}
	return content, nil
}

// itemsOf returns the items of the chosen environment.
func (a *app) itemsOf(ctx context.Context) (configSource, []config.Item, error) {
	src, err := a.openConfig(ctx, "")
	if err != nil {
		return configSource{}, nil, err
	}
	ctx, cancel := a.within(ctx)
	defer cancel()
	items, err := collect(src.store.Items(ctx))
	return src, items, err
}

// itemToWrite returns the item that key names; before is nil where it is not there
// yet. A key without a group that one item has is that item.
func itemToWrite(items []config.Item, name string) (key config.Key, before *config.Item, err error) {
	found := config.Find(items, name)
	switch {
	case len(found) == 1:
		return found[0].Key, &found[0], nil
	case len(found) > 1:
		_, err := findItem(configSource{}, items, name)
		return config.Key{}, nil, err
	}
	key, err = config.ParseKey(name)
	if err != nil {
		return config.Key{}, nil, withHint(usageError{err}, "write it like order/app.yaml")
	}
	return key, nil, nil
}
