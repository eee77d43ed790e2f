package change

import (
	"context"
	"errors"
	"iter"
	"slices"
)

// beside is a journal, and what it is told of that lies in another system.
type beside struct {
	journal Store
	other   Keeper
	space   Space
}

// Beside returns a store of the records of journal and of one space of another
// system. Nothing is written to both at once, so that it swaps key by key.
func Beside(journal Store, other Keeper, space Space) Store {
	return &beside{journal: journal, other: other, space: space}
}

// About implements Store: the clock is that of the journal.
func (b *beside) About(ctx context.Context) (About, error) {
	about, err := b.journal.About(ctx)
	if err != nil {
		return About{}, err
	}
	other, err := b.other.About(ctx)
	if err != nil {
		return About{}, err
	}
	about.Identity += " beside " + other.Identity
	about.Unnamed = about.Unnamed || other.Unnamed
	about.Limits = Limits{Ops: 1, Bytes: min(about.Limits.Bytes, other.Limits.Bytes), Value: min(about.Limits.Value, other.Limits.Value)}
	about.Rereads = other.Rereads
	return about, nil
}

// Read implements Store.
func (b *beside) Read(ctx context.Context, keys []Key) ([]Entry, error) {
	var parts [2][]Key // of the journal, and of the other
	for _, k := range keys {
		side := b.sideOf(k)
		parts[side] = append(parts[side], k)
	}
	var found [2][]Entry
	for side, from := range [2]Keeper{b.journal, b.other} {
		if len(parts[side]) == 0 {
			continue
		}
		var err error
		if found[side], err = from.Read(ctx, parts[side]); err != nil {
			return nil, err
		}
	}
	entries := make([]Entry, len(keys))
	for i, k := range keys {
		side := b.sideOf(k)
		entries[i], found[side] = found[side][0], found[side][1:]
	}
	return entries, nil
}

// sideOf returns 1 for what the other system holds, 0 for the rest.
func (b *beside) sideOf(k Key) int {
	if k.Space == b.space {
		return 1
	}
	return 0
}

// List implements Store.
func (b *beside) List(ctx context.Context, prefix string) iter.Seq2[Entry, error] {
	return b.journal.List(ctx, prefix)
}

var errMixed = errors.New("a swap that is of two systems")

// Swap implements Store.
func (b *beside) Swap(ctx context.Context, ops []Op) error {
	there := func(o Op) bool { return o.Key.Space == b.space }
	switch {
	case !slices.ContainsFunc(ops, there):
		return b.journal.Swap(ctx, ops)
	case len(ops) > 1:
		return errMixed
	}
	return b.other.Swap(ctx, ops)
}
