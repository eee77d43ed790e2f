package local

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fsnotify/fsnotify"

	"govctl/pkg/config"
	"govctl/pkg/registry"
)

var (
	_ config.Store   = (*Config)(nil)
	_ config.Watcher = (*Config)(nil)
)

const (
	// configFolder holds a folder for each group, and the items without one.
	configFolder = "config"
	// maxItem bounds the content of an item, in bytes: a list holds many.
	maxItem = 8 << 20
)

// Config is a folder of configuration, config/<group>/<name>, one file an item;
// one without a group is config/<name>. Any number of processes may read it, and
// people write it, at the same time.
type Config struct {
	store  *store
	notice func(registry.Notice)
	// notify begins to listen to what happens to files.
	notify func() (*fsnotify.Watcher, error)
}

// OpenConfig returns the configuration in o.Root, whose clock it needs not. It
// touches no file; the error is that of a path that is not absolute.
func OpenConfig(o Options) (*Config, error) {
	if !filepath.IsAbs(o.Root) {
		return nil, fmt.Errorf("folder %q is not an absolute path", o.Root)
	}
	c := &Config{store: newStore(filepath.Clean(o.Root)), notice: o.Notice, notify: fsnotify.NewWatcher}
	if c.notice == nil {
		c.notice = func(registry.Notice) {}
	}
	return c, nil
}

// Items implements config.Store. What stands there and is no item is left out with
// a Notice; the others are not harmed. An item is read when its turn comes.
func (c *Config) Items(ctx context.Context) iter.Seq2[config.Item, error] {
	return c.items(ctx, func(string) {})
}

// items is Items, and tells of each folder of a group before it is looked into.
func (c *Config) items(ctx context.Context, enter func(folder string)) iter.Seq2[config.Item, error] {
	return func(yield func(config.Item, error) bool) {
		groups, err := c.groups(ctx)
		for i := 0; i < len(groups) && err == nil; i++ {
			if groups[i].name != config.NoGroup {
				enter(groups[i].folder)
			}
			var more bool
			if more, err = c.eachOf(ctx, groups[i], yield); !more && err == nil {
				return
			}
		}
		if err != nil {
			yield(config.Item{}, c.fail(config.Key{}, err))
		}
	}
}

// entry is a file of an item or the folder of a group, with the name that it stands
// for. The folder of what has no group is ".".
type entry struct{ name, folder string }

// groups returns those that there are, by name, config.NoGroup among them.
func (c *Config) groups(ctx context.Context) ([]entry, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	dir, err := c.store.openFolder(configFolder)
	if isGone(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = dir.Close() }()
	return c.entries(dir, ".", []entry{{config.NoGroup, "."}}, fs.DirEntry.IsDir)
}

var errNoGroup = errors.New(`"-" stands for no group`)

// entries adds those of dir, called folder, that are wanted to found, and sorts all
// by name.
func (c *Config) entries(dir *os.Root, folder string, found []entry, wanted func(fs.DirEntry) bool) ([]entry, error) {
	all, err := list(dir)
	for _, e := range all {
		if !wanted(e) {
			continue
		}
		name, err := decodeName(e.Name())
		if err == nil && e.IsDir() && name == config.NoGroup {
			err = errNoGroup
		}
		if err != nil {
			c.leaveOut(err, folder, e.Name())
			continue
		}
		found = append(found, entry{name, e.Name()})
	}
	slices.SortFunc(found, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	return found, err
}

// eachOf yields the items of group; more is false where no more are wanted. The
// error is that of ctx: a group that cannot be looked into harms no other.
func (c *Config) eachOf(ctx context.Context, group entry, yield func(config.Item, error) bool) (more bool, err error) {
	dir, err := c.store.openFolder(configFolder, group.folder)
	if err != nil {
		c.leaveOut(err, group.folder)
		return true, nil
	}
	defer func() { _ = dir.Close() }()
	files, err := c.entries(dir, group.folder, nil, func(e fs.DirEntry) bool { return group.folder != "." || !e.IsDir() })
	if err != nil {
		c.leaveOut(err, group.folder)
	}
	var buf bytes.Buffer
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		item, err := readItem(dir, config.Key{Group: group.name, Name: f.name}, f.folder, &buf)
		if err != nil {
			c.leaveOut(err, group.folder, f.folder)
		} else if !yield(item, nil) {
			return false, nil
		}
	}
	return true, nil
}

// readItem returns the item that stands in file.
func readItem(dir *os.Root, key config.Key, file string, buf *bytes.Buffer) (config.Item, error) {
	changed, err := readFile(dir, file, buf, maxItem)
	if err != nil {
		return config.Item{}, err
	}
	sum := sha256.Sum256(buf.Bytes())
	return config.Item{
		Key: key, Content: bytes.Clone(buf.Bytes()),
		Revision: hex.EncodeToString(sum[:]), Modified: changed.UTC(),
	}, nil
}

// Item implements config.Store.
func (c *Config) Item(ctx context.Context, key config.Key) (config.Item, error) {
	item, err := c.item(ctx, key)
	if err != nil {
		err = c.fail(key, err)
	}
	return item, err
}

func (c *Config) item(ctx context.Context, key config.Key) (config.Item, error) {
	if err := ctx.Err(); err != nil {
		return config.Item{}, err
	}
	folder, file, err := placeOf(key)
	if err != nil { // nobody can have written it
		return config.Item{}, config.ErrNotFound
	}
	dir, err := c.store.openFolder(configFolder, folder)
	if isGone(err) {
		return config.Item{}, config.ErrNotFound
	}
	if err != nil {
		return config.Item{}, err
	}
	defer func() { _ = dir.Close() }()
	item, err := readItem(dir, key, file, &bytes.Buffer{})
	if info, none := dir.Lstat(file); isGone(none) || none == nil && info.IsDir() {
		return config.Item{}, config.ErrNotFound
	}
	return item, err
}

// placeOf returns the folder and the file of an item.
func placeOf(key config.Key) (folder, file string, err error) {
	folder = "."
	if key.Group != config.NoGroup {
		if folder, err = encodeName(key.Group); err != nil {
			return "", "", err
		}
	}
	file, err = encodeName(key.Name)
	return folder, file, err
}

// leaveOut tells that what stands at names, below the folder of configuration, is
// not in the answer; what went away since it was listed is no news.
func (c *Config) leaveOut(err error, names ...string) {
	if !isGone(err) {
		c.notice(c.store.leftOut(err, append([]string{configFolder}, names...)...))
	}
}

// fail returns err as an error of this store about key.
func (c *Config) fail(key config.Key, err error) error {
	hint, classified := ofConfig().classify(err)
	return &config.Error{Backend: c.store.name(), Key: key, Err: classified, Hint: hint}
}
