package config

import (
	"bytes"
	"fmt"
	"strings"

	"govctl/internal/mask"
	"govctl/pkg/change"
)

// ChangeName returns what a change.Change calls the item: "group/name", also where
// there is no group.
func (k Key) ChangeName() string { return k.Group + "/" + k.Name }

// KeyOfChange returns the item of a change by its name.
func KeyOfChange(name string) Key {
	group, rest, _ := strings.Cut(name, "/")
	return Key{Group: group, Name: rest}
}

// NewChange returns the write that makes after the content of the item key, nil for
// none. Before is what stands there, nil for nothing. Where both are the same ok is
// false: there is nothing to write.
func NewChange(key Key, before *Item, after []byte) (c change.Change, ok bool) {
	c = change.Change{Name: key.ChangeName(), After: after}
	if before != nil {
		c.Expect = change.Revision(before.Revision)
		c.Before = append([]byte{}, before.Content...) // not nil, where it is empty
	}
	if (c.Before == nil) == (after == nil) && bytes.Equal(c.Before, after) {
		return c, false
	}
	c.Says = Says(&c)
	return c, true
}

// DiffOfChange compares what stands before and after a change; the kinds are those
// of Compare.
func DiffOfChange(c *change.Change) ItemDiff {
	key := KeyOfChange(c.Name)
	side := func(content []byte) []Item {
		if content == nil {
			return nil
		}
		return []Item{{Key: key, Content: content}}
	}
	for _, d := range Compare(side(c.Before), side(c.After), CompareOptions{}).Items {
		return d
	}
	return ItemDiff{Key: key, Kind: Inside} // no value is another one
}

// Bounds of what the journal says of one change: lines, and characters of a value.
const (
	maxSays  = 20
	maxValue = 60
)

// Says tells what a change does, for a journal that others read: secrets are masked
// without a hash.
func Says(c *change.Change) []string {
	d := DiffOfChange(c)
	switch {
	case d.Kind == OnlyA:
		return []string{"removed"}
	case d.Kind == OnlyB:
		return []string{"created"}
	case d.Kind != Inside:
		return []string{"replaced"}
	case len(d.Changes) == 0:
		return []string{"no value changed"}
	}
	var lines []string
	for i, change := range d.Changes {
		if i == maxSays {
			return append(lines, fmt.Sprintf("and %d more", len(d.Changes)-maxSays))
		}
		lines = append(lines, MaskedChange(change, mask.Blank()).Say())
	}
	return lines
}

// Say tells a change in a line: "db.pool.max 10 → 20".
func (c Change) Say() string {
	path := c.Path.String()
	if path == "" {
		path = "all of it"
	}
	switch {
	case c.After == nil:
		return fmt.Sprintf("%s removed, was %s", path, brief(c.Before))
	case c.Before == nil:
		return fmt.Sprintf("%s added: %s", path, brief(c.After))
	case c.Retyped():
		return fmt.Sprintf("%s %s (%s) → %s (%s)", path, brief(c.Before), c.Before.Kind, brief(c.After), c.After.Kind)
	default:
		return fmt.Sprintf("%s %s → %s", path, brief(c.Before), brief(c.After))
	}
}

// brief is a value in a few characters of one line.
func brief(n *Node) string {
	text := n.Text
	if n.Kind == Map || n.Kind == List {
		if all, err := n.MarshalJSON(); err == nil {
			text = string(all)
		}
	}
	text = strings.Join(strings.Fields(text), " ")
	if short := []rune(text); len(short) > maxValue {
		text = string(short[:maxValue-1]) + "…"
	}
	if text == "" {
		text = `""`
	}
	return text
}
