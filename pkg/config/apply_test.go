package config_test

import (
	"errors"
	"reflect"
	"testing"

	"govctl/pkg/config"
)

func change(t *testing.T, path, before, after string) config.Change {
	t.Helper()
	p, err := config.ParsePath(path)
	if err != nil {
		t.Fatal(err)
	}
	c := config.Change{Path: p}
	if before != "" {
		c.Before = tree(t, before)
	}
	if after != "" {
		c.After = tree(t, after)
	}
	return c
}

func TestApplyMakesChanges(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, want string
		changes    []config.Change
	}{
		{`{"a": 1}`, `{"a":1}`, nil},
		{`{"a": {"b": 1.0, "c": 2}}`, `{"a":{"b":3,"c":2}}`, []config.Change{change(t, "a.b", "1", "3")}},
		{`{"b": 1, "c": 2}`, `{"c":2,"a":{}}`, []config.Change{change(t, "b", "1", ""), change(t, "a", "", "{}")}},
		{`[1, 2, 3]`, `[0,1,5,4]`, []config.Change{change(t, "[2]", "3", ""), change(t, "[1]", "2", "5"), change(t, "[3]", "", "4"), change(t, "[0]", "", "0")}},
		{`[1]`, `[1,2]`, []config.Change{change(t, "[7]", "", "2")}}, // as far as there is something before it
		{`[{"id": 1, "x": 1}, {"id": "2"}]`, `[{"id":1,"x":2},{"id":3}]`, []config.Change{
			change(t, "[id=3]", "", `{"id": 3}`), change(t, "[id=2]", `{"id": "2"}`, ""), change(t, "[id=1].x", "1", "2"),
		}},
		{`{"a": 1}`, `[]`, []config.Change{change(t, "", `{"a": 1}`, "[]")}},
		{`1`, `1`, []config.Change{{}}},
	} {
		from := tree(t, c.from)
		got, err := config.Apply(from, c.changes)
		if err != nil {
			t.Errorf("%s, %q: %v", c.from, told(t, c.changes), err)
			continue
		}
		if got := text(t, got); got != c.want {
			t.Errorf("%s becomes %s by %q, want %s", c.from, got, told(t, c.changes), c.want)
		}
		if !reflect.DeepEqual(from, tree(t, c.from)) {
			t.Errorf("Apply wrote to its argument: %s", text(t, from))
		}
	}
}

func TestARootCanBeAddedAndRemoved(t *testing.T) {
	t.Parallel()
	one := tree(t, "1")
	if got, err := config.Apply(nil, []config.Change{{After: one}}); got != one || err != nil {
		t.Errorf("added: %v, %v", got, err)
	}
	if got, err := config.Apply(one, []config.Change{{Before: one}}); got != nil || err != nil {
		t.Errorf("removed: %v, %v", got, err)
	}
}

func TestAChangeOfAnotherTreeIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, want string
		changes    []config.Change
	}{
		{`{"a": 1}`, "a is not what it was", []config.Change{change(t, "a", "2", "3")}},
		{`{"a": 1}`, "a is not what it was", []config.Change{change(t, "a", `"1"`, "3")}},
		{`{"a": 1}`, "b is not there", []config.Change{change(t, "b", "2", "3")}},
		{`{"a": 1}`, "[0] is not there", []config.Change{change(t, "[0]", "1", "3")}},
		{`[1]`, "a is not there", []config.Change{change(t, "a", "1", "3")}},
		{`[1]`, "[1] is not there", []config.Change{change(t, "[1].a", "1", "3")}},
		{`[{"id": 1}, {"id": 1.0}]`, "[id=1] is not there", []config.Change{change(t, "[id=1]", `{"id": 1}`, "")}},
		{`{"a": 1}`, "a has nothing inside", []config.Change{change(t, "a.b", "1", "3")}},
		{`{"a": 1}`, "a is there already", []config.Change{change(t, "a", "", "1")}},
		{`{}`, "a is there already", []config.Change{change(t, "a", "", "1"), change(t, "a", "", "1")}},
		{`[{"id": 1}]`, "[id=1] is there already", []config.Change{change(t, "[id=1]", "", "1")}},
		{`{"a": 1}`, "[0] cannot be there", []config.Change{change(t, "[0]", "", "1")}},
		{`[]`, "a cannot be there", []config.Change{change(t, "a", "", "1")}},
		{`1`, "the root is not what it was", []config.Change{change(t, "", "2", "1")}},
		{`1`, "the root has nothing inside", []config.Change{change(t, "a", "", "1")}},
		{`{"a": 1}`, "a is changed twice", []config.Change{change(t, "a", "1", "2"), change(t, "a", "1", "2")}},
		{`{"a": {}}`, "a is changed twice", []config.Change{change(t, "a", "{}", "2"), change(t, "a.b", "", "2")}},
		{`{"a": {}}`, "a is changed twice", []config.Change{change(t, "a.b", "", "2"), change(t, "a", "{}", "2")}},
		{`[{"id": 1}]`, "[id=1] is changed twice", []config.Change{change(t, "[0].id", "1", "2"), change(t, "[id=1].id", "1", "3")}},
	} {
		got, err := config.Apply(tree(t, c.from), c.changes)
		if !errors.Is(err, config.ErrUnfit) || got != nil || err.Error() != "the change does not fit: "+c.want {
			t.Errorf("%s, %q: %v, %v; want %s", c.from, told(t, c.changes), got, err, c.want)
		}
	}
	if _, err := config.Apply(nil, []config.Change{change(t, "a", "", "1")}); !errors.Is(err, config.ErrUnfit) {
		t.Errorf("in nothing: %v", err)
	}
}

// grow makes a tree of bytes, such that two of them often have something in
// common, and returns the bytes that are left.
func grow(data []byte, levels int) (config.Node, []byte) {
	if len(data) == 0 {
		return config.Node{Text: "null"}, nil
	}
	c := data[0]
	data = data[1:]
	scalars := []config.Node{
		{Kind: config.Number, Text: "1"},
		{Kind: config.Number, Text: "10e-1"},
		{Kind: config.Number, Text: "9007199254740993"},
		{Kind: config.String, Text: "1"},
		{Kind: config.String, Text: "a"},
		{Kind: config.Bool, Text: "true"},
		{Kind: config.Null, Text: "null"},
		{Kind: config.Time, Text: "1979-05-27"},
	}
	if levels == 0 || c%3 == 0 {
		return scalars[int(c/3)%len(scalars)], data
	}
	n := config.Node{Kind: config.List}
	if c%3 == 1 {
		n.Kind = config.Map
	}
	keys := []string{"name", "id", "x.y", "", "a", "key"}
	for i := range int(c/3) % 7 {
		if n.Kind == config.Map {
			if i == len(keys) {
				break
			}
			n.Keys = append(n.Keys, keys[(i+int(c/21))%len(keys)])
		}
		var v config.Node
		v, data = grow(data, levels-1)
		n.Nodes = append(n.Nodes, v)
	}
	return n, data
}

func FuzzApplyDiff(f *testing.F) {
	f.Add([]byte{}, byte(0))
	f.Add([]byte{17, 4, 3, 4, 9, 4, 0, 0, 17, 4, 0, 4, 3, 4, 12}, byte(1))
	f.Add([]byte{20, 0, 3, 6, 9, 12, 15, 20, 3, 0, 9, 6, 12, 15}, byte(2))
	f.Add([]byte("\x11\x07\x00\x03\x07\x09\x0c\x0b\x00\x00\x00\x11\x07\x09\x03\x07\x00\x0f"), byte(3))
	f.Fuzz(func(t *testing.T, data []byte, how byte) {
		o := config.Options{IgnoreOrder: how&1 != 0}
		if how&2 != 0 {
			o.IDs = []string{"x.y", "name.id"}
		}
		a, rest := grow(data, 6)
		b, _ := grow(rest, 6)
		changes := diffTrees(t, &a, &b, o)
		if again := config.Diff(&a, &b, o); !reflect.DeepEqual(again, changes) {
			t.Errorf("once %q, and then %q", told(t, changes), told(t, again))
		}
		for _, c := range changes {
			p, err := config.ParsePath(c.Path.String())
			if err != nil || !reflect.DeepEqual(p, c.Path) {
				t.Errorf("%#v is written %q and read as %#v, %v", c.Path, c.Path.String(), p, err)
			}
			if n, ok := a.At(c.Path); c.Before != nil && (!ok || n != c.Before) {
				t.Errorf("at %s stands %v, %v", c.Path, n, ok)
			}
		}
		if !config.Equal(&a, &b, o) != !config.Equal(&b, &a, o) {
			t.Error("Equal depends on the side")
		}
	})
}

func FuzzApplyDiffOfContents(f *testing.F) {
	f.Add("a: 1\nl: [x, {name: n, v: 1}]\n", "l:\n- {name: m}\n- {name: n, v: 2}\n", byte(0))
	f.Add(`{"a": 9007199254740993, "b": [1, 2, 3]}`, `{"b": [2, 3.0], "c": null, "a": 9007199254740992}`, byte(1))
	f.Add("a = 0x10\nt = 1979-05-27T07:32:00Z\n[[r]]\nid = 1\n", "a = 16\nt = 1979-05-27 07:32:00Z\n[[r]]\nid = 2\n", byte(2))
	f.Add("a.b=1\nc=2\n", "c: 2\na.b = 3\n\"x=\n", byte(3))
	f.Fuzz(func(t *testing.T, textA, textB string, format byte) {
		as := []config.Format{config.YAML, config.JSON, config.TOML, config.Properties}[format%4]
		a, errA := config.Parse([]byte(textA), as)
		b, errB := config.Parse([]byte(textB), as)
		if errA != nil || errB != nil {
			return
		}
		diffTrees(t, a, b, config.Options{IgnoreOrder: format >= 128})
	})
}
