package cmd

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"govctl/internal/render"
	"govctl/pkg/change"
	"govctl/pkg/config"
)

// configEditOptions are what `config edit` may be told.
type configEditOptions struct {
	planFlags

	file        string
	showSecrets bool
}

func newConfigEditCmd(a *app) *cobra.Command {
	var opts configEditOptions
	c := &cobra.Command{
		Use:   "edit KEY",
		Short: "Change an item in your editor",
		Long: "Open an item in your editor ($VISUAL, else $EDITOR, else vi), and write what it is when the editor\n" +
			"ends: the plan is printed first, and a question asked.\n\n" +
			"Secrets stand in the text as marks (••3f9a), each of which becomes the secret again, byte by byte,\n" +
			"where it still stands at its place; a mark that was changed, or stands elsewhere, is refused. Write\n" +
			"a new secret over its mark. With --show-secrets they stand there as they are.\n\n" +
			"Where the text cannot be read as its format, a terminal is asked whether to edit it again. What\n" +
			"was not written is kept in a file that is named, and -f FILE goes on with it.",
		Example: "  EDITOR='code --wait' govctl config edit order/app.yaml\n" +
			"  govctl config edit order/app.yaml -m 'OPS-112'",
		Args: exactly(1, "the key of an item"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.configEdit(c.Context(), opts, args[0])
		},
		ValidArgsFunction: a.completeKey,
	}
	opts.add(c)
	flags := c.Flags()
	flags.Lookup("force").Usage = forceBroken + "; show secrets on a pipe, or in CI, too"
	flags.StringVarP(&opts.file, "file", "f", "", "begin with the text of `FILE`, as an earlier edit kept it")
	flags.BoolVar(&opts.showSecrets, "show-secrets", false, "show secrets as they are, on a terminal")
	return c
}

func (a *app) configEdit(ctx context.Context, opts configEditOptions, key string) error {
	what := "edit " + key
	if opts.showSecrets {
		if err := a.refuseSecrets(opts.force); err != nil {
			return err
		}
	}
	words, err := a.editor()
	if err != nil {
		return err
	}
	src, items, err := a.itemsOf(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	item, err := findItem(src, items, key)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if _, err := a.openChanges(src); err != nil { // said before somebody edits in vain
		return fmt.Errorf("%s: %w", what, err)
	}
	e, err := a.newItemEditing(opts, item)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	err = a.editAndWrite(ctx, e, words, src, opts)
	written := err == nil && !opts.dryRun
	if written && opts.file != "" {
		a.forgetEdit(opts.file)
	}
	if written || !e.changed() {
		e.remove()
		return err
	}
	_, _ = fmt.Fprintf(a.Stderr, "govctl: warning: your text is kept in %s; `govctl config edit %s -f %s` goes on with it\n",
		render.Safe(e.path), render.Safe(shellQuote(key)), render.Safe(shellQuote(e.path)))
	return err
}

// editAndWrite has the item edited until it can be written, and writes it.
func (a *app) editAndWrite(ctx context.Context, e *itemEditing, words []string, src configSource, opts configEditOptions) error {
	what := "edit " + e.item.String()
	for {
		if err := a.runEditor(ctx, words, e.path); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		content, err := e.content(opts.force)
		if err == nil {
			return a.writeEdited(ctx, e.item, content, src, opts)
		}
		err = fmt.Errorf("%s: %w", what, err)
		if !a.StdinTTY || !a.StderrTTY {
			return err
		}
		_, _ = fmt.Fprintf(a.Stderr, "govctl: %s\n", oneLine(err.Error()))
		text, asked := a.answer(ctx, "Edit it again? [Y/n]")
		switch text = strings.ToLower(strings.TrimSpace(text)); {
		case asked != nil && ctx.Err() != nil:
			return asked
		case asked != nil, text == "n", text == "no":
			return withHint(usagef("%s: given up, nothing was changed", what), hintFor(err))
		}
	}
}

// writeEdited writes what an item has become.
func (a *app) writeEdited(ctx context.Context, item *config.Item, content []byte, src configSource, opts configEditOptions) error {
	var changes []change.Change
	if c, ok := config.NewChange(item.Key, item, content); ok {
		changes = append(changes, c)
	}
	return a.carryOut(ctx, src, changes, opts.planFlags, "")
}
