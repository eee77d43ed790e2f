package cmd

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"govctl/pkg/backend"
	"govctl/pkg/config"
)

// filesPrefix begins a word that names files in place of an environment.
const filesPrefix = "file:"

func isFiles(word string) bool { return strings.HasPrefix(word, filesPrefix) }

// openFiles returns the configuration in the folder or file of a word "file:PATH".
// Relative paths start from the working directory; ~ is the home folder, which shells
// do not see behind the colon.
func (a *app) openFiles(word string) (configSource, error) {
	path := strings.TrimPrefix(word, filesPrefix)
	if rest, ok := strings.CutPrefix(path, "//"); ok && strings.HasPrefix(rest, "/") {
		path = rest
	}
	home, inHome := strings.CutPrefix(path, "~/")
	switch {
	case path == "", strings.HasPrefix(path, "//"):
		return configSource{}, withHint(usagef("%s names no file or folder", word), "write it like file:PATH")
	case inHome && a.Getenv("HOME") != "":
		path = filepath.Join(a.Getenv("HOME"), home)
	case !filepath.IsAbs(path):
		path = filepath.Join(a.Dir, path)
	}
	src := configSource{env: word, at: "file " + path, lacks: new(atomic.Bool)}
	var err error
	src.store, src.single, err = backend.OpenFiles(path, a.noticing(src.lacks))
	if errors.Is(err, config.ErrNotFound) {
		err = withHint(err, "relative paths start from "+a.Dir)
	}
	if err != nil {
		return configSource{}, fmt.Errorf("read configuration: %w", err)
	}
	return src, nil
}

// checkFiles refuses single files without the one item that they are compared with,
// and with one where there is none to choose from.
func checkFiles(sides []configSide, globs []string) error {
	files, first := 0, ""
	for i := range sides {
		if sides[i].single {
			files, first = files+1, sides[i].env
		}
	}
	switch {
	case files == 0:
		return nil
	case files == len(sides) && len(globs) > 0:
		return withHint(usagef("files are compared with each other: %s picks nothing in them", globs[0]), "govctl config diff file:A file:B")
	case files < len(sides) && len(globs) == 0:
		return withHint(usagef("%s is a file: the item that it is compared with is missing", first), "govctl config diff file:FILE ENV GROUP/KEY")
	}
	return nil
}

// nameFiles gives single files the key of the one item that was picked of the other
// sides, or, where there are no others, that of the first file.
func nameFiles(sides []configSide) error {
	var keys []config.Key
	files := 0
	for i := range sides {
		if sides[i].single {
			files++
			continue
		}
		for j := range sides[i].items {
			keys = append(keys, sides[i].items[j].Key)
		}
	}
	if files == 0 {
		return nil
	}
	if files == len(sides) {
		keys = []config.Key{sides[0].items[0].Key}
	}
	slices.SortFunc(keys, config.Key.Compare)
	keys = slices.Compact(keys)
	switch len(keys) {
	case 0:
		return fmt.Errorf("the item that a file is compared with: %w", config.ErrNotFound)
	case 1:
	default:
		return withHint(usagef("a file is compared with one item, and several fit"), fmt.Sprintf("name one of %s, %s …", keys[0], keys[1]))
	}
	for i := range sides {
		if sides[i].single {
			sides[i].items[0].Key = keys[0]
		}
	}
	return nil
}
