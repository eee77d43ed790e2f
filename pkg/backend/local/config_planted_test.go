package local_test

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"govctl/pkg/config"
	"govctl/pkg/config/configtest"
)

// TestTheContractOfConfigCatchesPlantedBugs is TestTheContractCatchesPlantedBugs
// for stores of configuration.
func TestTheContractOfConfigCatchesPlantedBugs(t *testing.T) {
	t.Parallel()
	if os.Getenv(plantedVariable) != "" {
		for name, b := range configBugs() {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				configtest.Test(t, brokenConfigHarness(b))
			})
		}
		return
	}
	checks := map[string]string{}
	for name, b := range configBugs() {
		checks[name] = b.check
	}
	wantCaught(t, checks, configtest.Names(t, brokenConfigHarness(configBug{})))
}

func brokenConfigHarness(b configBug) configtest.Harness {
	h := configHarness()
	whole, dead := h.New, h.Unreachable
	h.New = func(t *testing.T) (config.Store, configtest.Hand) {
		t.Helper()
		s, hand := whole(t)
		return &brokenConfig{Config: s.(configStore), bug: b}, hand
	}
	h.Unreachable = func(t *testing.T) config.Store {
		t.Helper()
		return &brokenConfig{Config: dead(t).(configStore), bug: b}
	}
	return h
}

type configStore interface {
	config.Store
	config.Watcher
}

// configBug is what a broken store does to right answers, or in place of a method,
// and the check that is to catch it. What is nil is not broken.
type configBug struct {
	check string
	each  func(b *brokenConfig, item config.Item) config.Item
	items func(ctx context.Context, b *brokenConfig) iter.Seq2[config.Item, error]
	item  func(ctx context.Context, b *brokenConfig, key config.Key) (config.Item, error)
	watch func(ctx context.Context, b *brokenConfig) iter.Seq2[[]config.Item, error]
}

// brokenConfig is local with a bug.
type brokenConfig struct {
	Config configStore
	bug    configBug
	calls  atomic.Int64
	kept   sync.Map // what a bug keeps from call to call
}

func (b *brokenConfig) Items(ctx context.Context) iter.Seq2[config.Item, error] {
	if b.bug.items != nil {
		return b.bug.items(ctx, b)
	}
	return func(yield func(config.Item, error) bool) {
		for item, err := range b.Config.Items(ctx) {
			if !yield(b.change(item), err) {
				return
			}
		}
	}
}

func (b *brokenConfig) change(item config.Item) config.Item {
	if b.bug.each == nil {
		return item
	}
	return b.bug.each(b, item)
}

func (b *brokenConfig) Item(ctx context.Context, key config.Key) (config.Item, error) {
	if b.bug.item != nil {
		return b.bug.item(ctx, b, key)
	}
	item, err := b.Config.Item(ctx, key)
	return b.change(item), err
}

func (b *brokenConfig) Watch(ctx context.Context) iter.Seq2[[]config.Item, error] {
	if b.bug.watch != nil {
		return b.bug.watch(ctx, b)
	}
	return b.Config.Watch(ctx)
}

// all returns the items as they are.
func (b *brokenConfig) all(ctx context.Context) ([]config.Item, error) {
	var all []config.Item
	for item, err := range b.Config.Items(ctx) {
		if err != nil {
			return nil, err
		}
		all = append(all, item)
	}
	return all, nil
}

// changeAll returns an Items that changes the right list.
func changeAll(f func(b *brokenConfig, all []config.Item, err error) ([]config.Item, error)) func(context.Context, *brokenConfig) iter.Seq2[config.Item, error] {
	return func(ctx context.Context, b *brokenConfig) iter.Seq2[config.Item, error] {
		return func(yield func(config.Item, error) bool) {
			all, err := b.all(ctx)
			all, err = f(b, all, err)
			for _, item := range all {
				if !yield(item, nil) {
					return
				}
			}
			if err != nil {
				yield(config.Item{}, err)
			}
		}
	}
}

// changeConfigLists returns a watch that changes right lists.
func changeConfigLists(f func(b *brokenConfig, list []config.Item) []config.Item) func(context.Context, *brokenConfig) iter.Seq2[[]config.Item, error] {
	return func(ctx context.Context, b *brokenConfig) iter.Seq2[[]config.Item, error] {
		return func(yield func([]config.Item, error) bool) {
			for list, err := range b.Config.Watch(ctx) {
				if !yield(f(b, list), err) {
					return
				}
			}
		}
	}
}

// afterEach returns a watch that does next after each right list, while that is
// true.
func afterEach(next func(ctx context.Context, b *brokenConfig, yield func([]config.Item, error) bool) bool) func(context.Context, *brokenConfig) iter.Seq2[[]config.Item, error] {
	return func(ctx context.Context, b *brokenConfig) iter.Seq2[[]config.Item, error] {
		return func(yield func([]config.Item, error) bool) {
			for list, err := range b.Config.Watch(ctx) {
				if !yield(list, err) || err != nil || !next(ctx, b, yield) {
					return
				}
			}
		}
	}
}

func configBugs() map[string]configBug {
	all := map[string]configBug{}
	for _, some := range []map[string]configBug{listBugs(), itemBugs(), configWatchBugs()} {
		maps.Copy(all, some)
	}
	return all
}

func listBugs() map[string]configBug {
	return map[string]configBug{
		"sorted as one text": {check: "items are sorted by group and name", items: changeAll(func(_ *brokenConfig, all []config.Item, err error) ([]config.Item, error) {
			slices.SortFunc(all, func(a, b config.Item) int { return strings.Compare(a.String(), b.String()) })
			return all, err
		})},
		"something of its own": {check: "an empty store yields nothing", items: changeAll(func(_ *brokenConfig, all []config.Item, err error) ([]config.Item, error) {
			return append(all, config.Item{}), err
		})},
		"content as text": {check: "contents survive byte by byte", each: func(_ *brokenConfig, item config.Item) config.Item {
			item.Content = []byte(strings.ToValidUTF8(string(item.Content), "\ufffd"))
			return item
		}},
		"no line breaks at the end": {check: "contents survive byte by byte", each: func(_ *brokenConfig, item config.Item) config.Item {
			item.Content = bytes.TrimRight(item.Content, "\n")
			return item
		}},
		"one revision for all": {check: "a write changes the revision of its item alone", items: changeAll(func(_ *brokenConfig, all []config.Item, err error) ([]config.Item, error) {
			var sum strings.Builder
			for _, item := range all {
				sum.WriteString(item.Revision)
			}
			for i := range all {
				all[i].Revision = sum.String()
			}
			return all, err
		})},
		"one revision for ever": {check: "a write changes the revision of its item alone", each: func(_ *brokenConfig, item config.Item) config.Item {
			item.Revision = "1"
			return item
		}},
		"what is removed stays": {check: "what is removed is gone", items: changeAll(func(b *brokenConfig, all []config.Item, err error) ([]config.Item, error) {
			for _, item := range all {
				b.kept.Store(item.Key, item)
			}
			all = nil
			for _, item := range b.kept.Range {
				all = append(all, item.(config.Item))
			}
			slices.SortFunc(all, func(a, b config.Item) int { return a.Compare(b.Key) })
			return all, err
		})},
		"a cache is handed out": {check: "the content is the caller's", items: changeAll(func(b *brokenConfig, all []config.Item, err error) ([]config.Item, error) {
			kept, _ := b.kept.LoadOrStore("all", all)
			return kept.([]config.Item), err
		})},
		"contents lie side by side": {check: "the content is the caller's", items: changeAll(func(_ *brokenConfig, all []config.Item, err error) ([]config.Item, error) {
			var one []byte
			for _, item := range all {
				one = append(one, item.Content...)
			}
			for i := range all {
				n := len(all[i].Content)
				all[i].Content, one = one[:n], one[n:]
			}
			return all, err
		})},
		"nothing is told where all is read": {check: "a list ends where nobody reads on", items: func(ctx context.Context, b *brokenConfig) iter.Seq2[config.Item, error] {
			return func(yield func(config.Item, error) bool) {
				if b.calls.Add(1) > 1 {
					b.Config.Items(ctx)(yield)
				}
			}
		}},
		"goes on when cancelled": {check: "a cancelled context ends a question", items: func(ctx context.Context, b *brokenConfig) iter.Seq2[config.Item, error] {
			return b.Config.Items(context.WithoutCancel(ctx))
		}},
		"unreachable is empty": {check: "an unreachable system is unavailable", items: changeAll(func(_ *brokenConfig, all []config.Item, err error) ([]config.Item, error) {
			if errors.Is(err, config.ErrUnavailable) {
				err = nil
			}
			return all, err
		})},
		"one question at a time": {check: "questions may be asked at once", items: func(ctx context.Context, b *brokenConfig) iter.Seq2[config.Item, error] {
			return func(yield func(config.Item, error) bool) {
				defer b.calls.Add(-1)
				if b.calls.Add(1) > 1 {
					yield(config.Item{}, errOverlap)
					return
				}
				b.Config.Items(ctx)(yield)
			}
		}},
	}
}

func itemBugs() map[string]configBug {
	return map[string]configBug{
		"unknown is empty": {check: "an item that is not there is not found", item: func(ctx context.Context, b *brokenConfig, key config.Key) (config.Item, error) {
			item, err := b.Config.Item(ctx, key)
			if errors.Is(err, config.ErrNotFound) {
				err = nil
			}
			return item, err
		}},
		"an error without its key": {check: "an item that is not there is not found", item: func(ctx context.Context, b *brokenConfig, key config.Key) (config.Item, error) {
			item, err := b.Config.Item(ctx, key)
			return item, errors.Unwrap(err)
		}},
		"no group is the first folder": {check: "an item that is not there is not found", item: func(ctx context.Context, b *brokenConfig, key config.Key) (config.Item, error) {
			if group, name, ok := strings.Cut(key.Name, "/"); ok && key.Group == config.NoGroup {
				item, err := b.Config.Item(ctx, config.Key{Group: group, Name: name})
				item.Key = key
				return item, err
			}
			return b.Config.Item(ctx, key)
		}},
		"the first that begins so": {check: "a name is not a prefix", item: func(ctx context.Context, b *brokenConfig, key config.Key) (config.Item, error) {
			all, err := b.all(ctx)
			for _, item := range all {
				if item.Group == key.Group && strings.HasPrefix(item.Name, key.Name) {
					item.Key = key
					return item, nil
				}
			}
			return config.Item{}, err
		}},
		"unescapes names": {check: "odd names stay apart", item: func(ctx context.Context, b *brokenConfig, key config.Key) (config.Item, error) {
			key.Name = strings.ReplaceAll(key.Name, "%2F", "/")
			return b.Config.Item(ctx, key)
		}},
		"one without its time": {check: "one item is as it is in the list", item: func(ctx context.Context, b *brokenConfig, key config.Key) (config.Item, error) {
			item, err := b.Config.Item(ctx, key)
			item.Modified = time.Time{}
			return item, err
		}},
	}
}

func configWatchBugs() map[string]configBug {
	return map[string]configBug{
		"watches backwards": {check: "a watch tells the present state first", watch: changeConfigLists(func(_ *brokenConfig, list []config.Item) []config.Item {
			slices.Reverse(list)
			return list
		})},
		"tells once": {check: "a watch tells what comes, changes and goes", watch: afterEach(func(ctx context.Context, _ *brokenConfig, _ func([]config.Item, error) bool) bool {
			<-ctx.Done()
			return true
		})},
		"tells of no removal": {check: "a watch tells what comes, changes and goes", watch: changeConfigLists(func(b *brokenConfig, list []config.Item) []config.Item {
			if kept, ok := b.kept.Load("list"); ok && len(list) < len(kept.([]config.Item)) {
				return slices.Clone(kept.([]config.Item))
			}
			b.kept.Store("list", slices.Clone(list))
			return list
		})},
		"ends in silence": {check: "a watch ends with its context", watch: func(ctx context.Context, b *brokenConfig) iter.Seq2[[]config.Item, error] {
			return func(yield func([]config.Item, error) bool) {
				for list, err := range b.Config.Watch(ctx) {
					if err != nil || !yield(list, nil) {
						return
					}
				}
			}
		}},
		"leaves something running": {check: "a watch ends where nobody reads on", watch: func(ctx context.Context, b *brokenConfig) iter.Seq2[[]config.Item, error] {
			go func() { <-ctx.Done() }()
			return b.Config.Watch(ctx)
		}},
		"waits for what is unreachable": {check: "a watch of an unreachable system is unavailable", watch: func(ctx context.Context, b *brokenConfig) iter.Seq2[[]config.Item, error] {
			return func(yield func([]config.Item, error) bool) {
				for list, err := range b.Config.Watch(ctx) {
					if errors.Is(err, config.ErrUnavailable) {
						<-ctx.Done()
						return
					}
					if !yield(list, err) {
						return
					}
				}
			}
		}},
		"keeps what it yielded": {check: "the caller owns what a watch yields", watch: changeConfigLists(func(b *brokenConfig, list []config.Item) []config.Item {
			for i := range list {
				kept, _ := b.kept.LoadOrStore(list[i].Key, list[i].Content)
				list[i].Content = kept.([]byte)
			}
			return list
		})},
		"tells all the time": {check: "a watch yields at most once a second", watch: afterEach(func(ctx context.Context, b *brokenConfig, yield func([]config.Item, error) bool) bool {
			for range 20 {
				list, err := b.all(ctx)
				if err != nil || !yield(list, nil) {
					return false
				}
			}
			return true
		})},
		"one watch at a time": {check: "watches may run at once", watch: func(ctx context.Context, b *brokenConfig) iter.Seq2[[]config.Item, error] {
			return func(yield func([]config.Item, error) bool) {
				defer b.calls.Add(-1)
				if b.calls.Add(1) > 1 {
					yield(nil, errOverlap)
					return
				}
				b.Config.Watch(ctx)(yield)
			}
		}},
	}
}
