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

	file    string
	content *string // nil where it was not given
	rm      []string
}

func newConfigSetCmd(a *app) *cobra.Command {
	var opts configSetOptions
	var content string
	c := &cobra.Command{
		Use:   "set KEY PATH=VALUE... | set KEY VALUE | set KEY -f FILE",
		Short: "Write values inside an item, or all of it",
		Long: "Write values inside an item: every other byte of it stays, comments and layout too. A path is\n" +
			"written as `govctl config diff` writes it. Several values are one change, and --rm PATH removes\n" +
			"one. What has no values inside, or is not there yet, is written whole: from the command line, by\n" +
			"-f from a file, or with -f - from standard input; --content and -f replace the whole of any item.\n\n" +
			"  PATH=VALUE       keeps the kind of what stands there where VALUE can be\n" +
			"                   read as it; else JSON is what it says (5, true, [1]),\n" +
			"                   and the rest is text; \"5\" is always text\n" +
			"  PATH:=JSON       is what the JSON says, whatever stands there\n" +
			"  PATH=@env:NAME   is the text of a variable, PATH=@file:FILE of a file\n" +
			"  PATH=@-          and this of standard input, without its last line's\n" +
			"                   end: what stands in a command line other users see\n" +
			"  PATH=@@TEXT      is a text that begins with @\n\n" +
			"The plan is printed first, and a question asked; --yes answers it, and --confirm ENV that of a\n" +
			"protected environment. The item is written only if it still is as it was when the plan was\n" +
			"made, read back, and kept in the journal with what stood there before. What could not be read\n" +
			"as its format any more is refused, unless --force.",
		Example: "  govctl config set order/app.yaml db.pool.max=20 --dry-run\n" +
			"  govctl config set order/app.yaml retry.max=5 --rm db.url --yes -m 'OPS-112'\n" +
			"  govctl config set order/app.yaml db.password=@env:DB_PASSWORD --yes\n" +
			"  govctl config set order/app.yaml -f app.yaml --dry-run\n" +
			"  govctl config set order/motd 'back at noon' --yes -m 'OPS-112'",
		Args: atLeast(1, "a key, and values, a content or -f FILE"),
		RunE: func(c *cobra.Command, args []string) error {
			if c.Flags().Changed("content") {
				opts.content = &content
			}
			return a.configSet(c.Context(), opts, args[0], args[1:])
		},
		ValidArgsFunction: a.completeKey,
	}
	opts.add(c)
	flags := c.Flags()
	flags.Lookup("force").Usage = forceBroken
	flags.StringVarP(&opts.file, "file", "f", "", "read the whole content from `FILE`, - for standard input")
	flags.StringVar(&content, "content", "", "`TEXT` is the whole content")
	flags.StringArrayVar(&opts.rm, "rm", nil, "remove the value at `PATH`")
	return c
}

// forceBroken is what --force means where content is written.
const forceBroken = "write also what somebody holds a lock on, and what cannot be read as its format"

func (a *app) configSet(ctx context.Context, opts configSetOptions, key string, values []string) error {
	whole, err := a.wholeContent(opts, key, values)
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
	after := whole
	if whole == nil {
		edit := itemEdit{before: before, rm: opts.rm, values: values}
		if edit.missing(at) {
			return fmt.Errorf("set values in %s, which only --content or -f creates: %w", key, noItem(src, key, items))
		}
		if after, err = a.edited(&edit); err != nil {
			return fmt.Errorf("set %s: %w", at, err)
		}
		opts.given = edit.given
	}
	if err := refuseBroken(at, before, after, opts.force); err != nil {
		return fmt.Errorf("set %s: %w", at, err)
	}
	var changes []change.Change
	if c, ok := config.NewChange(at, before, after); ok {
		changes = append(changes, c)
	}
	return a.carryOut(ctx, src, changes, opts.planFlags, "")
}

// wholeContent returns what replaces all of an item, nil where that is not told.
func (a *app) wholeContent(opts configSetOptions, key string, values []string) ([]byte, error) {
	given := 0
	for _, is := range []bool{opts.file != "", opts.content != nil, len(values)+len(opts.rm) > 0} {
		if is {
			given++
		}
	}
	switch {
	case given == 0:
		return nil, withHint(usagef("set %s: what is to stand there is missing", key), "govctl config set "+shellQuote(key)+" PATH=VALUE, or -f FILE")
	case given > 1:
		return nil, withHint(usagef("set %s: it takes values, --content or -f FILE, and not two of them", key), "leave out one of them")
	case opts.file != "":
		return a.readContent(opts.file)
	case opts.content != nil:
		return []byte(*opts.content), nil
	}
	return nil, nil
}

// maxContent bounds what is read from a file or from stdin, in bytes.
const maxContent = 8 << 20

// readContent returns what stands in file, or in standard input where that is "-".
func (a *app) readContent(file string) ([]byte, error) {
	content, err := a.readUpTo(file, maxContent)
	if err == nil && content == nil {
		content = []byte{}
	}
	return content, err
}

// readUpTo reads a file, or standard input where that is "-", of most bytes at most.
func (a *app) readUpTo(file string, most int64) ([]byte, error) {
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
	content, err := io.ReadAll(io.LimitReader(in, most+1))
	if err == nil && int64(len(content)) > most {
		err = fmt.Errorf("%s has more than %d bytes", file, most)
	}
	if err != nil {
		return nil, usageError{err}
	}
	return content, nil
}

// refuseBroken refuses content that cannot be read as its format says, unless what
// stands there now cannot be read either, or force.
func refuseBroken(key config.Key, before *config.Item, after []byte, force bool) error {
	broken := func(content []byte) error {
		declared := config.Format("")
		if before != nil {
			declared = before.Declared
		}
		format, _ := config.Detect(declared, key.Name, content)
		named, guessed := config.Detect(declared, key.Name, nil)
		switch {
		case format == config.Binary && !guessed && isStructured(named):
			return fmt.Errorf("it holds a NUL byte, and is no %s", named)
		case !isStructured(format):
			return nil
		}
		_, err := config.Parse(content, format)
		return err
	}
	was := before != nil && broken(before.Content) != nil
	if err := broken(after); err != nil && !force && !was {
		return withHint(usagef("the new content cannot be read: %w", err), "mend it; --force writes it all the same")
	}
	return nil
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
