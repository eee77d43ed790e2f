package changetest

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"govctl/pkg/change"
)

// Memory is a change.Store in memory, of which one or several can be open at once.
type Memory struct {
	mu      sync.Mutex
	index   uint64
	entries map[change.Key]stored
	limits  change.Limits
	now     func() time.Time
}

type stored struct {
	content          []byte
	created, changed uint64
}

// NewMemory returns an empty store with the clock now.
func NewMemory(limits change.Limits, now func() time.Time) *Memory {
	return &Memory{entries: map[change.Key]stored{}, limits: limits, now: now}
}

// About implements change.Store.
func (m *Memory) About(ctx context.Context) (change.About, error) {
	return change.About{Identity: "memory", Now: m.now(), Limits: m.limits}, ctx.Err()
}

// Read implements change.Store.
func (m *Memory) Read(ctx context.Context, keys []change.Key) ([]change.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]change.Entry, len(keys))
	for i, k := range keys {
		out[i] = m.entry(k)
	}
	return out, ctx.Err()
}

func (m *Memory) entry(k change.Key) change.Entry {
	e, ok := m.entries[k]
	if !ok {
		return change.Entry{Key: k}
	}
	return change.Entry{Key: k, Content: slices.Clone(e.content), Revision: revision(e.changed)}
}

func revision(index uint64) change.Revision { return change.Revision(strconv.FormatUint(index, 10)) }

// List implements change.Store.
func (m *Memory) List(ctx context.Context, prefix string) iter.Seq2[change.Entry, error] {
	return func(yield func(change.Entry, error) bool) {
		for _, e := range m.list(prefix) {
			if err := ctx.Err(); err != nil {
				yield(change.Entry{}, err)
				return
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

func (m *Memory) list(prefix string) []change.Entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	keys := slices.SortedFunc(maps.Keys(m.entries), func(a, b change.Key) int {
		return cmp.Compare(m.entries[a].created, m.entries[b].created)
	})
	var out []change.Entry
	for _, k := range keys {
		if k.Space == change.Records && strings.HasPrefix(k.Name, prefix) {
			out = append(out, m.entry(k))
		}
	}
	return out
}

// Swap implements change.Store.
func (m *Memory) Swap(ctx context.Context, ops []change.Op) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if slices.ContainsFunc(ops, func(o change.Op) bool { return len(o.Content) > m.limits.Value }) {
		return change.ErrTooLarge
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range ops {
		if have := m.entry(ops[i].Key).Revision; have != ops[i].Expect {
			return &change.ConflictError{Key: ops[i].Key, Expected: ops[i].Expect, Have: have}
		}
	}
	m.index++
	for i := range ops {
		o := &ops[i]
		if o.Remove {
			delete(m.entries, o.Key)
			continue
		}
		created := m.index
		if e, ok := m.entries[o.Key]; ok {
			created = e.created
		}
		m.entries[o.Key] = stored{slices.Clone(o.Content), created, m.index}
	}
	return nil
}

// Records returns the names of all records, sorted.
func (m *Memory) Records() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var names []string
	for k := range m.entries {
		if k.Space == change.Records {
			names = append(names, k.Name)
		}
	}
	slices.Sort(names)
	return names
}
