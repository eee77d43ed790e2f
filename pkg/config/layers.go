package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Names are what stands for {service}, {env} and {instance} in a pattern; "" is one
// that is not known.
type Names struct{ Service, Env, Instance string }

// Layer is what one pattern of a Reading picks.
type Layer struct {
	// Pattern is as the Reading has it.
	Pattern string
	// Items are sorted by Key.Compare, and may be none.
	Items []Item
	// Lacks is the name that the pattern has and nobody told, "instance"; Items is
	// then empty, and Would is how many the pattern picks for any such name.
	Lacks string
	Would int

	prefix string // what all its items begin with, up to a slash
}

// Layers returns a layer for each pattern, picked from all items of a store. The
// error is a *GlobError.
func (r Reading) Layers(items []Item, names Names) ([]Layer, error) {
	layers := make([]Layer, 0, len(r.Patterns))
	for _, pattern := range r.Patterns {
		l := Layer{Pattern: pattern}
		for _, n := range []struct{ name, value string }{{"service", names.Service}, {"env", names.Env}, {"instance", names.Instance}} {
			hole, with := "{"+n.name+"}", globEscaper.Replace(n.value)
			if n.value == "" && strings.Contains(pattern, hole) {
				l.Lacks, with = n.name, "*"
			}
			pattern = strings.ReplaceAll(pattern, hole, with)
		}
		picked, _, err := Pick(items, []string{pattern})
		if err != nil {
			return nil, err
		}
		if l.prefix = literal(pattern); l.Lacks == "" {
			l.Items = picked
		} else {
			l.Would = len(picked)
		}
		layers = append(layers, l)
	}
	return layers, nil
}

var globEscaper = strings.NewReplacer(`*`, `\*`, `?`, `\?`, `[`, `\[`, `\`, `\\`)

// literal returns what every text that a glob fits begins with, up to the last
// slash of it.
func literal(glob string) string {
	var b strings.Builder
	escaped := false
	for _, r := range glob {
		if !escaped && strings.ContainsRune("*?[", r) {
			break
		}
		if escaped = r == '\\' && !escaped; !escaped {
			b.WriteRune(r)
		}
	}
	text := b.String()
	return text[:strings.LastIndexByte(text, '/')+1]
}

// below returns what an item of the layer is called below its prefix.
func (l *Layer) below(item *Item) string { return strings.TrimPrefix(item.String(), l.prefix) }

// Effective is the document that a service reads.
type Effective struct {
	// Values are those that Scalars yields, but lists are one value each. The order
	// is that of the layers and of what stands in them.
	Values []EffectiveValue
	// Unread are items of the layers that add nothing, each once.
	Unread []Unread
}

// EffectiveValue is a value, and the item that it comes from.
type EffectiveValue struct {
	Path  Path
	Value *Node
	Layer Key
	// Shadows are what other items have there, the one that would hold if this did
	// not first.
	Shadows []Shadow
}

// Shadow is a value that does not hold, as another item has one in its place.
type Shadow struct {
	Layer Key   `json:"layer"`
	Value *Node `json:"value"`
}

// Unread is an item that adds nothing. Err is a *ParseError, or says why that is
// nothing wrong.
type Unread struct {
	Key Key
	Err error
}

// RefusedError means that a consumer cannot read anything, as there is an item.
type RefusedError struct {
	Consumer Consumer
	Key      Key // the zero Key where it is that there is none
	Err      error
}

// Error returns "go-micro cannot read any of it: ITEM: WHY".
func (e *RefusedError) Error() string {
	if e.Key == (Key{}) {
		return fmt.Sprintf("%s cannot read any of it: %v", e.Consumer, e.Err)
	}
	return fmt.Sprintf("%s cannot read any of it: %s: %v", e.Consumer, e.Key, e.Err)
}

// Unwrap returns the cause.
func (e *RefusedError) Unwrap() error { return e.Err }

// Effective merges layers, the weakest first, as c does. The error is a
// *RefusedError. Of go-micro a layer is a source that strips its prefix.
func (c Consumer) Effective(layers []Layer) (Effective, error) {
	switch c {
	case GoMicro:
		root, err := goMicroTree(layers)
		if err != nil {
			return Effective{}, err
		}
		return Effective{Values: root.values(nil, nil)}, nil
	case Spring:
		return springProperties(layers), nil
	default:
		return mergeItems(layers), nil
	}
}

// mergeItems is Merge.
func mergeItems(layers []Layer) Effective {
	var e Effective
	root := &branch{kids: map[string]*branch{}}
	for i := range layers {
		for j := range layers[i].Items {
			item := &layers[i].Items[j]
			n, err := item.keyed()
			if err != nil {
				e.unread(item.Key, err)
			} else if n.Kind == Map {
				root = root.merge(grow(n, &origin{item.Key, i, j}), never)
			}
		}
	}
	e.Values = root.values(nil, nil)
	return e
}

func (e *Effective) unread(k Key, err error) {
	if !slices.ContainsFunc(e.Unread, func(u Unread) bool { return u.Key == k }) {
		e.Unread = append(e.Unread, Unread{k, err})
	}
}

// Broken reports whether the item cannot be read, and a service should have it.
func (u Unread) Broken() bool {
	_, broken := errors.AsType[*ParseError](u.Err)
	return broken
}
