package consul

import (
	"context"
	"iter"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"govctl/pkg/config"
	"govctl/pkg/registry"
)

var (
	_ config.Store   = (*Config)(nil)
	_ config.Watcher = (*Config)(nil)
)

// ownFolder holds what govctl itself keeps in the key-value store. It is nobody's
// configuration.
const ownFolder = "govctl/"

// Config is a folder of the key-value store of one Consul datacenter. It is safe
// for concurrent use.
type Config struct {
	client *client
	folder string // "" or ending in a slash
	pace   pace   // of watches
}

// OpenConfig returns the folder that the path of o.URL names, the whole store where
// there is none. It connects to nothing: an error means that the URL is wrong.
func OpenConfig(o Options) (*Config, error) {
	c, err := o.client()
	if err != nil {
		return nil, err
	}
	return &Config{client: c, folder: o.folder(), pace: o.pace()}, nil
}

// Items implements config.Store, with one question. What the token may not read is
// missing, and a Notice says so.
func (c *Config) Items(ctx context.Context) iter.Seq2[config.Item, error] {
	return func(yield func(config.Item, error) bool) {
		items, _, err := c.list(ctx, c.everything())
		if err != nil {
			yield(config.Item{}, err)
			return
		}
		for i := range items {
			if !yield(items[i], nil) {
				return
			}
		}
	}
}

// everything is the question for all keys of the folder. A key must go on after the
// slash, so that config/dev is not config/dev2.
func (c *Config) everything() question {
	return question{path: "/v1/kv/" + escapeKey(c.folder), query: url.Values{"recurse": {""}}}
}

// Item implements config.Store.
func (c *Config) Item(ctx context.Context, key config.Key) (config.Item, error) {
	q := c.everything()
	if at := c.keyOf(key); at != "" && printable(at) { // else Consul does not take it in a path
		q = question{path: "/v1/kv/" + escapeKey(at)}
	}
	items, a, err := c.ask(ctx, q)
	if err != nil {
		return config.Item{}, c.fail(key, err)
	}
	for i := range items {
		if items[i].Key == key {
			return items[i], nil
		}
	}
	return config.Item{}, &config.Error{Backend: "consul " + a.server, Key: key, Err: config.ErrNotFound}
}

// keyOf returns what Consul calls key.
func (c *Config) keyOf(key config.Key) string {
	if key.Group == config.NoGroup {
		return c.folder + key.Name
	}
	return c.folder + key.Group + "/" + key.Name
}

// escapeKey escapes a key as the rest of a path. Servers make one of two slashes
// unless the second is escaped.
func escapeKey(key string) string {
	parts := strings.Split(key, "/")
	for i, p := range parts {
		parts[i] = segment(p)
	}
	return strings.ReplaceAll("/"+strings.Join(parts, "/"), "//", "/%2F")[1:]
}

// list asks q, for all keys or for how they change, and returns the items by their
// keys.
func (c *Config) list(ctx context.Context, q question) ([]config.Item, answer, error) {
	items, a, err := c.ask(ctx, q)
	if err != nil {
		return nil, a, c.fail(config.Key{}, err)
	}
	if len(items) == 0 {
		c.client.remarks.unseen(a)
	}
	slices.SortFunc(items, func(a, b config.Item) int { return a.Compare(b.Key) })
	return c.distinct(items, a.server), a, nil
}

// pair is a key and its value as Consul tells them.
type pair struct {
	Key         string
	Value       []byte
	ModifyIndex uint64
}

func (c *Config) ask(ctx context.Context, q question) ([]config.Item, answer, error) {
	q.sparse = true
	items, odd := []config.Item{}, false
	a, err := c.client.read(ctx, q, each(func(p *pair) {
		key, ok := c.key(p)
		if odd = odd || key.Group == config.NoGroup && !ok; ok {
			items = append(items, config.Item{Key: key, Content: p.Value, Revision: strconv.FormatUint(p.ModifyIndex, 10)})
		}
	}))
	if odd {
		c.leftOut(a.server, strconv.Quote(c.folder+config.NoGroup+"/")+`, as "-" stands for no group`)
	}
	return items, a, err
}

// key returns what p is called here; ok is false where it is no item: the mark of a
// folder, or our own. So is what stands in a folder that is called as no group is.
func (c *Config) key(p *pair) (key config.Key, ok bool) {
	name, inside := strings.CutPrefix(p.Key, c.folder)
	marker := strings.HasSuffix(p.Key, "/") && len(p.Value) == 0
	if !inside || marker || strings.HasPrefix(p.Key, ownFolder) {
		return config.Key{}, false
	}
	group, rest, grouped := strings.Cut(name, "/")
	if !grouped {
		return config.Key{Group: config.NoGroup, Name: name}, true
	}
	return config.Key{Group: group, Name: rest}, group != config.NoGroup
}

// distinct leaves out of items, sorted, those whose keys are the same here: of what
// is not UTF-8, Consul tells not which bytes it is.
func (c *Config) distinct(items []config.Item, server string) []config.Item {
	kept := items[:0]
	for from := 0; from < len(items); {
		to := from + 1
		for to < len(items) && items[to].Key == items[from].Key {
			to++
		}
		if to == from+1 {
			kept = append(kept, items[from])
		}
		from = to
	}
	if len(kept) < len(items) {
		c.leftOut(server, "keys that are not UTF-8 and look like each other")
	}
	return kept
}

// leftOut tells that what is not in an answer of server.
func (c *Config) leftOut(server, what string) {
	c.client.remarks.once(server, what, registry.Notice{
		Text: "consul " + server + ": left out is what stands in " + what, Incomplete: true,
		Hint: "give these keys other names",
	})
}

// fail returns what a question about key ended with as a *config.Error.
func (c *Config) fail(key config.Key, err error) error {
	f := c.client.fail("", err)
	return &config.Error{Backend: f.backend(), Key: key, Err: f.as(f.kind.configError()), Hint: f.hint}
}
