package cmd

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"govctl/internal/mask"
	"govctl/internal/render"
	"govctl/pkg/config"
)

// configGetOptions are what `config get` may be told.
type configGetOptions struct {
	showSecrets, force bool
	rev                string
}

func newConfigGetCmd(a *app) *cobra.Command {
	var opts configGetOptions
	c := &cobra.Command{
		Use:   "get KEY [PATH]",
		Short: "Show the content of an item, or one value inside",
		Long: "Show the content of an item, or the value at a path inside it. KEY is GROUP/KEY, or the key\n" +
			"alone where only one group has it. A path is written as `govctl config diff` writes it:\n" +
			"db.pool.max, routes[name=checkout].timeout, list[2].\n\n" +
			"Secrets are masked: a mark and a short hash that is the same for the same secret. With\n" +
			"--show-secrets they stand there as they are, on a terminal alone; --force prints them\n" +
			"elsewhere too.",
		Example: "  govctl config get order/app.yaml\n  govctl config get order/app.yaml db.pool.max -e prod\n" +
			"  govctl config get order/app.yaml --rev 5123",
		Args: between(1, 2, "a key, and a path after it"),
		RunE: func(c *cobra.Command, args []string) error {
			path := ""
			if len(args) == 2 {
				path = args[1]
			}
			return a.configGet(c.Context(), opts, args[0], path)
		},
		ValidArgsFunction: a.completeKey,
	}
	c.Flags().BoolVar(&opts.showSecrets, "show-secrets", false, "show secrets as they are, on a terminal")
	c.Flags().BoolVar(&opts.force, "force", false, "show secrets on a pipe, or in CI, too")
	c.Flags().StringVar(&opts.rev, "rev", "", "show what stood there at revision `N`: see `govctl config history`")
	_ = c.RegisterFlagCompletionFunc("rev", a.completeRevisions) // the flag exists: it was just added
	return c
}

// itemContent is an item with its content. The JSON names are an interface.
type itemContent struct {
	itemRow
	// Masked is true where secrets in the content are masked.
	Masked  bool   `json:"masked"`
	Content string `json:"content"`
}

// itemValue is a value inside an item. The JSON names are an interface.
type itemValue struct {
	config.Key
	Path   config.Path  `json:"path"`
	Kind   string       `json:"kind"`
	Value  *config.Node `json:"value"`
	Masked bool         `json:"masked"`
}

// refuseSecrets refuses to show secrets where others may keep them, unless force.
func (a *app) refuseSecrets(force bool) error {
	if !force && (!a.StdoutTTY || a.Getenv("CI") != "") {
		return withHint(usagef("secrets are shown on a terminal alone, and not in CI"), "--force shows them all the same")
	}
	return nil
}

func (a *app) configGet(ctx context.Context, opts configGetOptions, key, path string) error {
	if opts.showSecrets {
		if err := a.refuseSecrets(opts.force); err != nil {
			return err
		}
	}
	m, err := a.masker()
	if err != nil {
		return err
	}
	if opts.showSecrets {
		m = nil
	}
	if opts.rev != "" {
		return a.configGetPast(ctx, opts, key, path, m)
	}
	return a.askConfig(ctx, "get "+key, func(out render.Options, src configSource, items []config.Item) error {
		item, err := findItem(src, items, key)
		if err != nil {
			return err
		}
		return a.writeItem(out, item, path, m)
	})
}

// configGetPast is configGet of what stood there once.
func (a *app) configGetPast(ctx context.Context, opts configGetOptions, key, path string, m *mask.Masker) error {
	out, err := a.output()
	if err != nil {
		return err
	}
	p, err := a.pastOf(ctx, key)
	if err != nil {
		return fmt.Errorf("get %s: %w", key, err)
	}
	item, err := a.itemAt(ctx, p, opts.rev)
	if err == nil {
		err = a.writeItem(out, item, path, m)
	}
	if err != nil {
		return fmt.Errorf("get %s: %w", key, err)
	}
	return nil
}

// writeItem writes the content of an item, or the value at a path inside.
func (a *app) writeItem(out render.Options, item *config.Item, path string, m *mask.Masker) error {
	if path == "" {
		return a.writeContent(out, item, m)
	}
	return a.writeValue(out, item, path, m)
}

// findItem returns the one item that key names.
func findItem(src configSource, items []config.Item, key string) (*config.Item, error) {
	found := config.Find(items, key)
	switch {
	case len(found) == 0:
		return nil, noItem(src, key, items)
	case len(found) > 1:
		names := make([]string, 0, len(found))
		for i := range found {
			names = append(names, found[i].String())
		}
		return nil, withHint(usagef("%q is several items", key), "name one of "+strings.Join(names, ", "))
	}
	return &found[0], nil
}

// writeContent writes the content as it is, on a terminal made safe; m masks what
// is secret, unless nil.
func (a *app) writeContent(out render.Options, item *config.Item, m *mask.Masker) error {
	content := item.Content
	if m != nil {
		content = config.MaskedContent(*item, m)
	}
	if human(out.Format) && !a.StdoutTTY {
		_, err := a.Stdout.Write(content)
		return err
	}
	hasher := m
	if hasher == nil {
		var err error
		if hasher, err = a.masker(); err != nil {
			return err
		}
	}
	return render.WriteDocument(a.Stdout, out, render.Document{
		Data: itemContent{itemRow: rowOf(item, hasher), Masked: m != nil, Content: string(content)},
		Name: item.String(),
		Text: func(p *render.Page) { p.Text(string(content)) },
	})
}

// writeValue writes the value at path: a scalar as it is, a tree as YAML.
func (a *app) writeValue(out render.Options, item *config.Item, path string, m *mask.Masker) error {
	format, _ := config.Detect(item.Declared, item.Name, item.Content)
	root, err := config.Parse(item.Content, format)
	if err != nil {
		return fmt.Errorf("%s: %w", item.Key, err)
	}
	if m != nil {
		root = config.Masked(root, m)
	}
	at, node, err := valueAt(root, path)
	if err != nil {
		return withHint(fmt.Errorf("%s: %w", item.Key, err), fmt.Sprintf("`govctl config get %s` shows what there is", item.Key))
	}
	if human(out.Format) && node.Kind != config.Map && node.Kind != config.List {
		text := node.Text + "\n"
		if a.StdoutTTY {
			text = render.Safe(node.Text) + "\n"
		}
		_, err := io.WriteString(a.Stdout, text)
		return err
	}
	if human(out.Format) {
		out.Format = render.YAML
		return render.WriteDocument(a.Stdout, out, render.Document{Data: node})
	}
	return render.WriteDocument(a.Stdout, out, render.Document{
		Data: itemValue{Key: item.Key, Path: at, Kind: node.Kind.String(), Value: node, Masked: m != nil},
		Name: item.String(),
	})
}

// valueAt returns what stands at a path that a person typed. Properties have flat
// keys: there the whole text is one.
func valueAt(root *config.Node, text string) (config.Path, *config.Node, error) {
	if whole := root.Get(text); whole != nil {
		return config.Path{{Key: text, Flat: root.Flat}}, whole, nil
	}
	path, err := config.ParsePath(text)
	if err != nil {
		return nil, nil, usagef("path %q: %w", text, err)
	}
	node, ok := root.At(path)
	if !ok {
		return nil, nil, fmt.Errorf("%s: %w", path, config.ErrNotFound)
	}
	return path, node, nil
}
