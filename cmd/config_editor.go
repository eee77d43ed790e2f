package cmd

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"govctl/pkg/config"
)

// editor returns the words of the editor's command line.
func (a *app) editor() ([]string, error) {
	from, text := "VISUAL", a.Getenv("VISUAL")
	if strings.TrimSpace(text) == "" {
		from, text = "EDITOR", a.Getenv("EDITOR")
	}
	words := strings.Fields(text)
	if len(words) == 0 {
		from, words = "EDITOR", []string{"vi"}
	}
	program, err := exec.LookPath(words[0])
	if err != nil {
		return nil, withHint(usagef("the editor %q: no such program", words[0]), from+" names it, as words without a shell: "+from+"='code --wait'")
	}
	words[0] = program
	return words, nil
}

// editorGrace is how long an editor has to end when govctl is told to.
const editorGrace = 500 * time.Millisecond

// runEditor runs the editor on a file until it ends.
func (a *app) runEditor(ctx context.Context, words []string, file string) error {
	c := exec.CommandContext(ctx, words[0], append(words[1:], file)...) //nolint:gosec // the user named it
	c.Env = a.Environ()
	c.Stdin, c.Stdout, c.Stderr = a.Stdin, a.Stdout, a.Stderr
	if !a.StdoutTTY { // the answer goes there
		c.Stdout = a.Stderr
	}
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.WaitDelay = editorGrace
	err := c.Run()
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return withHint(usagef("the editor %s: %w, and nothing was changed", filepath.Base(words[0]), err), "an editor that fails is taken for a change of mind")
	}
	return nil
}

// itemEditing is an item while it is edited, in a file of a folder that is the
// user's alone.
type itemEditing struct {
	item *config.Item
	// copied has the marks of secrets, nil where they are shown.
	copied *config.MaskedCopy
	path   string
	put    []byte // what was written to path
	read   func(file string) ([]byte, error)
}

// newItemEditing writes an item to a file, or the text that opts name.
func (a *app) newItemEditing(opts configEditOptions, item *config.Item) (*itemEditing, error) {
	format, _ := config.Detect(item.Declared, item.Name, item.Content)
	if format == config.Binary {
		return nil, withHint(usagef("it is binary"), "`govctl config set KEY -f FILE` replaces it")
	}
	e := &itemEditing{item: item, put: item.Content, read: a.readContent}
	if !opts.showSecrets {
		m, err := a.masker()
		if err != nil {
			return nil, err
		}
		if e.copied, err = config.NewMaskedCopy(*item, m); err != nil {
			return nil, withHint(usageError{err}, "--show-secrets edits it with its secrets in sight")
		}
		e.put = e.copied.Text
	}
	text := e.put
	if opts.file != "" {
		var err error
		if text, err = a.readContent(opts.file); err != nil {
			return nil, err
		}
	}
	dir, err := os.MkdirTemp(a.runtimeDir(), editPrefix)
	if err != nil {
		return nil, err
	}
	e.path = filepath.Join(dir, fileName(item, format))
	if err := os.WriteFile(e.path, text, 0o600); err != nil {
		_ = os.RemoveAll(dir) // what could not be written is nobody's
		return nil, err
	}
	return e, nil
}

// editPrefix begins the name of the folder that holds the file.
const editPrefix = "govctl-edit-"

// runtimeDir is where files may hold secrets: in memory where the system has such a
// folder of the user's own (XDG Base Directory Specification 0.8), else "", the
// system's for temporary files.
func (a *app) runtimeDir() string {
	dir := a.Getenv("XDG_RUNTIME_DIR")
	if info, err := os.Stat(dir); !filepath.IsAbs(dir) || err != nil || !info.IsDir() {
		return ""
	}
	return dir
}

// maxFileName bounds the name of the file, in bytes.
const maxFileName = 100

// fileName returns a name from which an editor knows the format.
func fileName(item *config.Item, format config.Format) string {
	plain := func(r rune) rune {
		if r == '.' || r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}
	name := strings.TrimLeft(strings.Map(plain, path.Base(item.Name)), ".-")
	if len(name) > maxFileName {
		name = name[len(name)-maxFileName:]
	}
	if suffix := "." + string(format); format != config.Text && path.Ext(name) == "" {
		name += suffix
	}
	if name == "" {
		return "item"
	}
	return name
}

// changed tells whether the file holds something else than the item does, also what
// cannot be read.
func (e *itemEditing) changed() bool {
	text, err := e.read(e.path)
	return !errors.Is(err, fs.ErrNotExist) && (err != nil || !bytes.Equal(text, e.put))
}

// content returns what the item is to hold by what stands in the file.
func (e *itemEditing) content(force bool) ([]byte, error) {
	text, err := e.read(e.path)
	switch {
	case err != nil:
		return nil, err
	case len(bytes.TrimSpace(text)) == 0 && len(bytes.TrimSpace(e.put)) > 0:
		return nil, withHint(usagef("the text is empty, and nothing was changed"), "`govctl config rm` removes an item")
	case e.copied == nil:
		return text, refuseBroken(e.item.Key, e.item, text, force)
	}
	content, err := e.copied.Restore(text)
	if mark, ok := errors.AsType[*config.MarkError](err); ok {
		return nil, withHint(usageError{mark}, "leave a mark where it is, or write the secret itself; --show-secrets shows all")
	}
	if err != nil {
		return nil, withHint(usagef("the new content cannot be read: %w", err), "mend it; --show-secrets --force writes it all the same")
	}
	return content, refuseBroken(e.item.Key, e.item, content, force)
}

// remove removes the file and its folder.
func (e *itemEditing) remove() { _ = os.RemoveAll(filepath.Dir(e.path)) }

// forgetEdit removes the file of an earlier edit, where file is one, with its folder:
// what stood in it is written now.
func (a *app) forgetEdit(file string) {
	dir := filepath.Dir(a.pathOf(file))
	beside := filepath.Dir(dir) == filepath.Clean(cmp.Or(a.runtimeDir(), os.TempDir()))
	if beside && strings.HasPrefix(filepath.Base(dir), editPrefix) {
		_ = os.RemoveAll(dir)
	}
}
