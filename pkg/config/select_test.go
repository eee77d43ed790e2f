package config

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// itemsOf returns an item for each key, "-/" before those without a group.
func itemsOf(keys ...string) []Item {
	var items []Item
	for _, k := range keys {
		group, name, _ := strings.Cut(k, "/")
		items = append(items, Item{Key: Key{Group: group, Name: name}})
	}
	return items
}

// keysOf returns the keys as itemsOf takes them.
func keysOf(items []Item) []string {
	keys := []string{}
	for i := range items {
		keys = append(keys, items[i].Group+"/"+items[i].Name)
	}
	return keys
}

func TestPatternsPickByGroupByNameAndByBoth(t *testing.T) {
	t.Parallel()
	items := itemsOf("-/README", "-/app.yaml", "order/app.yaml", "order/db/pool.json", "payment/app.yaml", "payment/a[1]*.yaml", "payment-eu/limits.json", "größe/日本.yaml")
	tests := []struct {
		patterns        string
		picked, missing []string
	}{
		{"", keysOf(items), nil},
		{"payment", []string{"payment/app.yaml", "payment/a[1]*.yaml"}, nil},
		{"app.yaml", []string{"-/app.yaml", "order/app.yaml", "payment/app.yaml"}, nil},
		{"order/app.yaml", []string{"order/app.yaml"}, nil},
		{"-/app.yaml", []string{"-/app.yaml"}, nil},
		{"-", []string{"-/README", "-/app.yaml"}, nil},
		{"?", []string{}, nil},
		{"-/*", []string{"-/README", "-/app.yaml"}, nil},
		{"*", keysOf(items), nil},
		{"payment*", []string{"payment/app.yaml", "payment/a[1]*.yaml", "payment-eu/limits.json"}, nil},
		{"payment/*", []string{"payment/app.yaml", "payment/a[1]*.yaml"}, nil},
		{"*/app.yaml", []string{"-/app.yaml", "order/app.yaml", "payment/app.yaml"}, nil},
		{"order/*.json", []string{"order/db/pool.json"}, nil},
		{"*.json", []string{"order/db/pool.json", "payment-eu/limits.json"}, nil},
		{"db/pool.json", []string{}, []string{"db/pool.json"}},
		{"a[1]*.yaml", []string{"payment/a[1]*.yaml"}, nil},
		{`a\[1\]\*.yaml`, []string{"payment/a[1]*.yaml"}, nil},
		{"??.yaml", []string{"größe/日本.yaml"}, nil},
		{"gr[öo]*", []string{"größe/日本.yaml"}, nil},
		{"absent order absent/x nothing*", []string{"order/app.yaml", "order/db/pool.json"}, []string{"absent", "absent/x"}},
	}
	for _, tt := range tests {
		t.Run(tt.patterns, func(t *testing.T) {
			t.Parallel()
			picked, missing, err := Pick(items, strings.Fields(tt.patterns))
			if diff := cmp.Diff([2][]string{tt.picked, tt.missing}, [2][]string{keysOf(picked), missing}); err != nil || diff != "" {
				t.Errorf("%v (-want +got)\n%s", err, diff)
			}
		})
	}
}

func TestAPatternThatIsNoGlobIsRefused(t *testing.T) {
	t.Parallel()
	for _, items := range [][]Item{nil, itemsOf("order/app.yaml")} {
		for _, p := range []string{"[", "order/[", `app\`} {
			_, _, err := Pick(items, []string{p})
			if e, ok := errors.AsType[*GlobError](err); !ok || e.Pattern != p || e.Hint == "" {
				t.Errorf("Pick(%q): %v; want a *GlobError with a hint", p, err)
			}
		}
	}
}

func TestAKeyFindsItsItemOrAllOfItsName(t *testing.T) {
	t.Parallel()
	items := itemsOf("-/app.yaml", "-/order/x", "order/app.yaml", "order/x", "payment/app.yaml", "payment/db.json", "order/a*")
	for key, want := range map[string][]string{
		"app.yaml":         {"-/app.yaml"},
		"-/app.yaml":       {"-/app.yaml"},
		"order/app.yaml":   {"order/app.yaml"},
		"db.json":          {"payment/db.json"},
		"x":                {"order/x"},
		"order/x":          {"-/order/x", "order/x"},
		"order":            {},
		"a*":               {"order/a*"},
		"*":                {},
		"payment/app.json": {},
		"":                 {},
	} {
		if diff := cmp.Diff(want, keysOf(Find(items, key))); diff != "" {
			t.Errorf("Find(%q) (-want +got)\n%s", key, diff)
		}
	}
	if diff := cmp.Diff([]string{"order/app.yaml", "payment/app.yaml"}, keysOf(Find(items[1:], "app.yaml"))); diff != "" {
		t.Errorf("a name in two groups (-want +got)\n%s", diff)
	}
}
