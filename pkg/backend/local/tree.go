package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"govctl/pkg/config"
	"govctl/pkg/registry"
)

var _ config.Store = (*Tree)(nil)

const (
	// maxTreeFiles and maxTreeBytes bound a Tree: it may be the wrong folder, with a
	// whole disk below it.
	maxTreeFiles = 200_000
	maxTreeBytes = 256 << 20
)

// Tree is a plain folder of configuration, as people keep it in git: every file
// <group>/<name> is an item, and so is one that stands further down, with slashes in
// its name; one at the top has no group. Names stand for themselves. What is hidden
// (.git) is no configuration, and no symbolic link is followed. It may be a single
// file, too, which is the only item.
type Tree struct {
	root   string
	file   string // the name of the only one in root, "" for a folder
	notice func(registry.Notice)
}

// OpenFiles returns the configuration at o.Root, a file or a folder, which may be
// given by a link; single tells that it is a file. A folder that holds the folders
// of local:// alone, config among them, was written by govctl and is read as that. The
// error is a *config.Error, config.ErrNotFound where there is nothing.
func OpenFiles(o Options) (s config.Store, single bool, err error) {
	t := &Tree{root: o.Root, notice: o.Notice}
	if t.notice == nil {
		t.notice = func(registry.Notice) {}
	}
	path, err := filepath.EvalSymlinks(o.Root)
	if err != nil {
		return nil, false, t.fail(config.Key{}, err)
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, false, t.fail(config.Key{}, err)
	case info.Mode().IsRegular():
		t.root, t.file = filepath.Split(path)
		return t, true, nil
	case !info.IsDir():
		return nil, false, t.fail(config.Key{}, &kindError{filepath.Base(path), kindOf(info.Mode()) + ", neither a file nor a folder"})
	}
	t.root = path
	ours, err := isOurs(path)
	if err != nil {
		return nil, false, t.fail(config.Key{}, err)
	}
	if ours {
		s, err = OpenConfig(Options{Root: path, Notice: o.Notice})
		return s, false, err
	}
	return t, false, nil
}

// isOurs reports whether a folder has the layout of local://.
func isOurs(root string) (bool, error) {
	dir, err := os.OpenRoot(root)
	if err != nil {
		return false, err
	}
	defer func() { _ = dir.Close() }()
	entries, err := list(dir)
	foreign := func(e fs.DirEntry) bool {
		return !e.IsDir() || !slices.Contains([]string{configFolder, servicesFolder, "journal", "traces"}, e.Name())
	}
	hasConfig := slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == configFolder })
	return hasConfig && !slices.ContainsFunc(entries, foreign), err
}

// Items implements config.Store. What stands there and is no item is left out with a
// Notice.
func (t *Tree) Items(ctx context.Context) iter.Seq2[config.Item, error] {
	return func(yield func(config.Item, error) bool) {
		if err := t.each(ctx, nil, func(i config.Item) bool { return yield(i, nil) }); err != nil {
			yield(config.Item{}, t.fail(config.Key{}, err))
		}
	}
}

// Item implements config.Store.
func (t *Tree) Item(ctx context.Context, key config.Key) (config.Item, error) {
	found, err := config.Item{}, config.ErrNotFound
	if failed := t.each(ctx, &key, func(i config.Item) bool {
		found, err = i, nil
		return false
	}); failed != nil {
		err = failed
	}
	if err != nil {
		return config.Item{}, t.fail(key, err)
	}
	return found, nil
}

// each calls do with the items, or with the one of a key, until it returns false.
func (t *Tree) each(ctx context.Context, only *config.Key, do func(config.Item) bool) error {
	dir, err := os.OpenRoot(t.root)
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	files := []treeFile{{config.Key{Group: config.NoGroup, Name: t.file}, t.file}}
	if t.file == "" {
		if files, err = t.files(ctx, dir); err != nil {
			return err
		}
	}
	if only != nil {
		files = slices.DeleteFunc(files, func(f treeFile) bool { return f.key != *only })
	}
	var buf bytes.Buffer
	total := 0
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		item, err := readItem(dir, f.key, f.path, &buf)
		switch {
		case err != nil && t.file != "":
			return err
		case err != nil:
			t.leaveOut(err, f.path)
			continue
		case t.file != "": // whatever key it is given
			item.Declared, _ = config.Detect("", t.file, item.Content)
		}
		if total += len(item.Content); total > maxTreeBytes {
			return fmt.Errorf("%w: more than %d MiB of files", config.ErrInvalid, maxTreeBytes>>20)
		}
		if !do(item) {
			return nil
		}
	}
	return nil
}

// treeFile is a file of an item.
type treeFile struct {
	key  config.Key
	path string // from the root, with slashes
}

// files returns those that are items, by their keys.
func (t *Tree) files(ctx context.Context, dir *os.Root) ([]treeFile, error) {
	var files []treeFile
	seen := 0
	err := fs.WalkDir(dir.FS(), ".", func(path string, e fs.DirEntry, err error) error {
		seen++
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && path == ".":
			return err
		case err != nil: // of a folder that cannot be looked into
			t.leaveOut(err, path)
			return nil
		case path == ".":
			return nil
		case seen > maxTreeFiles:
			return fmt.Errorf("%w: more than %d files", config.ErrInvalid, maxTreeFiles)
		}
		skip, err := unfit(path, e)
		if err != nil {
			t.leaveOut(err, path)
		}
		switch {
		case skip && e.IsDir():
			return fs.SkipDir
		case !skip && !e.IsDir():
			files = append(files, treeFile{treeKey(path), path})
		}
		return nil
	})
	slices.SortFunc(files, func(a, b treeFile) int { return a.key.Compare(b.key) })
	return files, err
}

var errNotUTF8 = errors.New("its name is not UTF-8")

// unfit reports whether a file or a folder is not looked at; why is nil for what is
// hidden.
func unfit(path string, e fs.DirEntry) (skip bool, why error) {
	switch {
	case strings.HasPrefix(e.Name(), "."):
		return true, nil
	case !utf8.ValidString(path):
		return true, errNotUTF8
	case e.IsDir() && path == config.NoGroup:
		return true, errNoGroup
	case !e.IsDir() && !e.Type().IsRegular():
		return true, &kindError{e.Name(), kindOf(e.Type()) + ", not a file"}
	}
	return false, nil
}

func treeKey(path string) config.Key {
	group, name, grouped := strings.Cut(path, "/")
	if !grouped {
		return config.Key{Group: config.NoGroup, Name: path}
	}
	return config.Key{Group: group, Name: name}
}

// leaveOut tells that a file or a folder is not in the answer; what went away since
// it was listed is no news.
func (t *Tree) leaveOut(err error, path string) {
	if !isGone(err) {
		t.notice(registry.Notice{Text: fmt.Sprintf("%s: %q left out: %s", t.name(), path, reason(err)), Incomplete: true})
	}
}

// name returns the files as errors name them.
func (t *Tree) name() string { return "file " + filepath.Join(t.root, t.file) }

// fail returns err as an error of these files about key.
func (t *Tree) fail(key config.Key, err error) error {
	if isGone(err) {
		err = config.ErrNotFound
	}
	hint, classified := ofConfig().classify(err)
	if hint != "" {
		hint = "name a file or a folder that this user may read"
	}
	return &config.Error{Backend: t.name(), Key: key, Err: classified, Hint: hint}
}
