package config

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// GlobError says that a pattern is no glob: the caller's fault, not the store's.
type GlobError struct {
	Pattern, Why string
	// Hint says what would be right.
	Hint string
}

// Error returns what is wrong, in one line.
func (e *GlobError) Error() string { return fmt.Sprintf("%q: %s", e.Pattern, e.Why) }

// Pick returns those of items that patterns pick, in their order; no patterns
// pick all. A pattern with a slash is about "group/name", one without about the
// group or the name, and where that is the whole group or name of an item it is
// no glob. Globs are those of path.Match, but that a slash is like any other
// character: "payment/*" is all of that group. A pattern without glob characters
// that picks nothing is returned in missing. The error is a *GlobError.
func Pick(items []Item, patterns []string) (picked []Item, missing []string, err error) {
	if len(patterns) == 0 {
		return items, nil, nil
	}
	chosen := make([]bool, len(items))
	for _, p := range patterns {
		found, err := choose(items, p, chosen)
		if err != nil {
			return nil, nil, err
		}
		if !found && !IsGlob(p) {
			missing = append(missing, p)
		}
	}
	for i := range items {
		if chosen[i] {
			picked = append(picked, items[i])
		}
	}
	return picked, missing, nil
}

// choose marks what pattern picks and reports whether there was something.
func choose(items []Item, pattern string, chosen []bool) (found bool, err error) {
	for i := range items {
		if slices.Contains(items[i].words(pattern), pattern) {
			chosen[i], found = true, true
		}
	}
	if found || !IsGlob(pattern) {
		return found, nil
	}
	flat := flatten(pattern)
	if _, err := path.Match(flat, ""); err != nil {
		return false, &GlobError{Pattern: pattern, Why: "not a glob: " + err.Error(), Hint: "* is any text, ? any one character, [ab] one of those; quote it for the shell"}
	}
	for i := range items {
		for _, word := range items[i].words(pattern) {
			if ok, _ := path.Match(flat, flatten(word)); ok && word != NoGroup { // that pattern is a glob, the first question told
				chosen[i], found = true, true
			}
		}
	}
	return found, nil
}

// IsGlob reports whether pattern has a character that globs treat specially.
func IsGlob(pattern string) bool { return strings.ContainsAny(pattern, `*?[\`) }

// words returns what of k a pattern is about.
func (k Key) words(pattern string) []string {
	if !strings.Contains(pattern, "/") {
		return []string{k.Group, k.Name}
	}
	return []string{k.Group + "/" + k.Name, k.String()}
}

// flatten has path.Match take slashes for characters like others.
func flatten(text string) string { return strings.ReplaceAll(text, "/", "\x00") }

// Find returns the items that key names. That is the one of this very
// Key.String, or of "-/name" where it has no group; else, of a key without a
// slash, every item of that name, whatever its group.
func Find(items []Item, key string) []Item {
	named := func(fits func(Key) bool) []Item {
		var found []Item
		for _, item := range items {
			if fits(item.Key) {
				found = append(found, item)
			}
		}
		return found
	}
	if found := named(func(k Key) bool { return k.String() == key || k.Group+"/"+k.Name == key }); len(found) > 0 {
		return found
	}
	return named(func(k Key) bool { return k.Name == key && !strings.Contains(key, "/") })
}

// ParseKey reads "group/name", or a name alone, as the key of an item that is to be
// written.
func ParseKey(text string) (Key, error) {
	group, name, grouped := strings.Cut(text, "/")
	if !grouped {
		group, name = NoGroup, text
	}
	switch {
	case group == "" || name == "" || strings.HasSuffix(name, "/"):
		return Key{}, fmt.Errorf("%q is no key: a group or a name is missing", text)
	case grouped && group == NoGroup:
		return Key{}, fmt.Errorf("%q is no key: %q stands for no group", text, NoGroup)
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
		return Key{}, fmt.Errorf("%q is no key: it has characters that nobody can see", text)
	}
	return Key{Group: group, Name: name}, nil
}
