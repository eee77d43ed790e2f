package lab

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"govctl/pkg/change"
)

func TestManyKeysAreReadAsFewAre(t *testing.T) {
	t.Parallel()
	folder := "config/" + unique("many") + "/"
	content := map[string]string{"top.yaml": "n: 0\n", "grüße/é.yaml": "n: 1\n", "grüße/è.yaml": "n: 2\n"}
	keys := []change.Key{{Space: change.Items, Name: "-/top.yaml"}, {Space: change.Items, Name: "grüße/é.yaml"}, {Space: change.Items, Name: "grüße/è.yaml"}}
	for i := range 1000 {
		name := fmt.Sprintf("grüße/%c-%03d.yaml", []rune("éè")[i%2], i)
		keys = append(keys, change.Key{Space: change.Items, Name: name})
		if i%3 > 0 {
			content[name] = fmt.Sprintf("n: %d\n", i)
		}
	}
	keys = append(keys, change.Key{Space: change.Records, Name: "plan/0a0b0c0d"})
	fillKV(t, shared.acl, folder, content)
	token, _ := secretToken(t, key(folder, "write")+key("govctl/", "write"))
	c := openChanges(t, shared.acl.Address, folder, token)
	for _, some := range [][]change.Key{keys, keys[1:], keys[3:1003]} { // they have in common the folder, a group, and half a letter
		many, err := c.Read(t.Context(), some)
		if err != nil {
			t.Fatal(err)
		}
		var few []change.Entry
		for part := range slices.Chunk(some, 50) {
			entries, err := c.Read(t.Context(), part)
			if err != nil {
				t.Fatal(err)
			}
			few = append(few, entries...)
		}
		same := func(a, b []byte) bool { return string(a) == string(b) }
		if diff := cmp.Diff(few, many, cmp.Comparer(same)); diff != "" {
			t.Error(diff)
		}
	}
	blind, _ := secretToken(t, key(folder, "write")+key(folder+"grüße/é-100", "deny")+key("govctl/", "write"))
	entries, err := openChanges(t, shared.acl.Address, folder, blind).Read(t.Context(), keys)
	if !errors.Is(err, change.ErrDenied) {
		t.Errorf("what may not be read is told as %d entries, %v", len(entries), err)
	}
}
