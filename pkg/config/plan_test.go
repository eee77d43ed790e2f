package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/change"
)

func TestAChangeSaysWhatItDoesAndNoSecret(t *testing.T) {
	t.Parallel()
	key := Key{Group: NoGroup, Name: "app.yaml"}
	item := func(text string) *Item { return &Item{Key: key, Content: []byte(text), Revision: "7"} }
	for name, test := range map[string]struct {
		before *Item
		after  string
		want   []string
	}{
		"values": {
			item("a: 1\nb: \"2\"\npassword: hunter2\ngone: {x: [1]}\n"), "a: 2\nb: 2\npassword: other\nnew: \"\"\n",
			[]string{"a 1 → 2", "b 2 (text) → 2 (number)", "password •• → ••", `gone removed, was {"x":[1]}`, `new added: ""`},
		},
		"created":    {nil, "a: 1\n", []string{"created"}},
		"empty":      {nil, "", []string{"created"}},
		"formatting": {item("a: 1\n"), "# c\na: 1\n", []string{"no value changed"}},
		"unreadable": {item("a: ["), "a: 1\n", []string{"replaced"}},
		"long":       {item("a: 1\n"), "a: " + strings.Repeat("x", 99) + "\n", []string{"a 1 (number) → " + strings.Repeat("x", 59) + "… (text)"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, ok := NewChange(key, test.before, []byte(test.after))
			want := change.Change{Name: "-/app.yaml", After: []byte(test.after), Says: test.want}
			if test.before != nil {
				want.Expect, want.Before = "7", test.before.Content
			}
			if diff := cmp.Diff(want, c); diff != "" || !ok {
				t.Errorf("ok %t (-want +got)\n%s", ok, diff)
			}
		})
	}
}

func TestWhatIsThereAlreadyIsNoChange(t *testing.T) {
	t.Parallel()
	key := Key{Group: "order", Name: "app.yaml"}
	for name, before := range map[string]*Item{"text": {Key: key, Content: []byte("a: 1\n")}, "empty": {Key: key}} {
		if c, ok := NewChange(key, before, append([]byte{}, before.Content...)); ok {
			t.Errorf("%s: %v", name, c)
		}
	}
	if c, ok := NewChange(key, nil, nil); ok {
		t.Error(c)
	}
	if c, ok := NewChange(key, &Item{Key: key}, nil); !ok || c.Before == nil || c.After != nil {
		t.Errorf("the removal of an empty item is %v, %t", c, ok)
	}
	if got := KeyOfChange(key.ChangeName()); got != key {
		t.Error(got)
	}
}
