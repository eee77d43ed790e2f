package configtest

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"govctl/pkg/config"
)

// key returns that of "group/name", or of "name" without a group.
func key(text string) config.Key {
	group, name, grouped := strings.Cut(text, "/")
	if !grouped {
		group, name = config.NoGroup, text
	}
	return config.Key{Group: group, Name: name}
}

// contents are by their keys, as key takes them.
type contents map[string]string

// plain returns one short content for each key.
func plain(keys ...string) contents {
	all := contents{}
	for _, k := range keys {
		all[k] = "of: " + k + "\n"
	}
	return all
}

// filled returns a store that holds exactly all, and the hand that wrote it.
func (h Harness) filled(t *testing.T, all contents) (config.Store, Hand) {
	t.Helper()
	s, hand := h.New(t)
	for k, content := range all {
		hand.Put(t, key(k), []byte(content))
	}
	h.wantContents(t, s, all)
	return s, hand
}

// anyBytes returns every byte there is, n times.
func anyBytes(n int) string {
	one := make([]byte, 256)
	for i := range one {
		one[i] = byte(i)
	}
	return string(bytes.Repeat(one, n))
}

// oddKeys returns keys that every system takes, and that are easily taken for
// another on their way through a URL or a path.
func oddKeys() []string {
	return []string{
		"a", "a%2Fb", "a+b", "a?recurse=true", "a#b", "größe.yaml", "日本",
		"g/a", "g/a.b-c_d", "g/a/b", "g/a/b/c.yaml", "g/A", "g/a b", "g/a%20b", "g/größe-日本.json", "g/..", "g/x/../y", "g/.", "g/" + strings.Repeat("n", 200),
		"größe/日本.yaml", "g+h/a", "g.yaml/a", "%67/a", "-g/a", "con/aux.txt",
	}
}

// inOrder returns the keys of all as a store lists them.
func inOrder(all contents) []config.Key {
	keys := []config.Key{}
	for k := range all {
		keys = append(keys, key(k))
	}
	slices.SortFunc(keys, config.Key.Compare)
	return keys
}
