package consul

import (
	"context"
	"iter"
	"time"

	"govctl/pkg/config"
)

// Watch implements config.Watcher. One blocking question, asked again at most once
// a second, is answered with all keys when one of them changes. The first is given
// Options.Timeout, and a server that falls silent is noticed after a minute; where
// ctx has a deadline it bounds all.
func (c *Config) Watch(ctx context.Context) iter.Seq2[[]config.Item, error] {
	return func(yield func([]config.Item, error) bool) {
		var asked, last uint64
		for first := true; ; {
			rest := time.After(c.pace.between)
			items, index, err := c.await(ctx, asked)
			switch {
			case err != nil && asked != 0 && ctx.Err() == nil:
				// It may have been cut off alone, by a proxy or with its server. Without
				// an index it is answered at once, by whoever is there.
				asked = 0
			case err != nil:
				yield(nil, err)
				return
			case index < last:
				// A server that is behind, or its data were restored: start over, and
				// believe what is said then.
				asked, last, first = 0, 0, true
			default:
				if (first || index != last || index == 0) && !yield(items, nil) {
					return
				}
				asked, last, first = index, index, false
			}
			select {
			case <-rest:
			case <-ctx.Done():
				yield(nil, c.fail(config.Key{}, ctx.Err()))
				return
			}
		}
	}
}

// await returns the items and their index, 0 where the server has none: at once for
// an index of 0, else when it is another, or after a while.
func (c *Config) await(ctx context.Context, index uint64) ([]config.Item, uint64, error) {
	q := c.everything()
	ctx, cancel := context.WithTimeout(ctx, c.pace.hold(&q, index))
	defer cancel()
	items, a, err := c.list(ctx, q)
	return items, a.index, err
}
