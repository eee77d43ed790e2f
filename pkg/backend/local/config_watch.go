package local

import (
	"context"
	"iter"

	"github.com/fsnotify/fsnotify"

	"govctl/pkg/config"
)

// Watch implements config.Watcher. The system tells what happens to the files;
// where it cannot, as the folder is on a network or too much is watched already,
// the files are read once a second, and a Notice says so.
func (c *Config) Watch(ctx context.Context) iter.Seq2[[]config.Item, error] {
	return func(yield func([]config.Item, error) bool) {
		quiet := *c
		quiet.notice = once(c.notice)
		l := c.store.listen(configFolder, c.notify, quiet.notice)
		defer l.close()
		for {
			list, err := quiet.next(ctx, l)
			if !yield(list, err) || err != nil {
				return
			}
		}
	}
}

// next waits until there may be another list than the last, and makes it. Each
// folder is watched before it is read, so that nothing is missed in between.
func (c *Config) next(ctx context.Context, l *listener) ([]config.Item, error) {
	never := func() bool { return false }
	if err := l.wait(ctx, func(string, fsnotify.Op) bool { return false }, never); err != nil {
		return nil, c.fail(config.Key{}, err)
	}
	l.add()
	list := []config.Item{}
	for item, err := range c.items(ctx, func(folder string) { l.add(folder) }) {
		if err != nil {
			return nil, err
		}
		list = append(list, item)
	}
	return list, nil
}
