package config_test

import (
	"reflect"
	"testing"

	"govctl/pkg/config"
)

func key(k string) config.Step { return config.Step{Key: k} }

func index(i int) config.Step { return config.Step{List: true, Index: i} }

func by(key, id string) config.Step { return config.Step{List: true, By: key, Key: id} }

func TestPathsAreWrittenAndRead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		path config.Path
	}{
		{"", nil},
		{"db.pool.max", config.Path{key("db"), key("pool"), key("max")}},
		{"routes[name=checkout].timeout", config.Path{key("routes"), by("name", "checkout"), key("timeout")}},
		{"list[2]", config.Path{key("list"), index(2)}},
		{"[0][1]", config.Path{index(0), index(1)}},
		{`a["x.y"].b`, config.Path{key("a"), key("x.y"), key("b")}},
		{`["x.y"]["a b"]`, config.Path{key("x.y"), key("a b")}},
		{`[""].a`, config.Path{key(""), key("a")}},
		{`["tab\t"]["\"\\"]["[0]"]["a=b"]`, config.Path{key("tab\t"), key(`"\`), key("[0]"), key("a=b")}},
		{`["\xff"]["\u202e"]["�"]`, config.Path{key("\xff"), key("\u202e"), key("\ufffd")}},
		{"2.größe./x-y_z", config.Path{key("2"), key("größe"), key("/x-y_z")}},
		{`[metadata.name="a]b"]`, config.Path{by("metadata.name", "a]b")}},
		{`["a=b"=""]`, config.Path{by("a=b", "")}},
		{`[2=3]`, config.Path{by("2", "3")}},
	} {
		if got := c.path.String(); got != c.text {
			t.Errorf("%#v is written %q, want %q", c.path, got, c.text)
		}
		if got, err := config.ParsePath(c.text); err != nil || !reflect.DeepEqual(got, c.path) {
			t.Errorf("ParsePath(%q) = %#v, %v; want %#v", c.text, got, err, c.path)
		}
	}
}

func TestWhatIsNoPathIsRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		".a":          `at character 1: a key is missing; an empty one is [""]`,
		"a..b":        `at character 2: a key is missing; an empty one is [""]`,
		"a.":          `at character 2: a key is missing; an empty one is [""]`,
		"ä b":         `at character 1: a key with such characters is quoted: ["ä b"]`,
		"a[":          `at character 2: a "]" is missing`,
		"a[2":         `at character 2: a "]" is missing`,
		"a[2]b":       `at character 5: a "." or "[" is missing`,
		"a[-1]":       `at character 2: brackets hold a number, a quoted key or "name=value"`,
		"a[01]":       `at character 2: brackets hold a number, a quoted key or "name=value"`,
		"a[*]":        `at character 2: brackets hold a number, a quoted key or "name=value"`,
		"a[name]":     `at character 2: brackets hold a number, a quoted key or "name=value"`,
		"a[x=]":       `at character 2: it is quoted: ""`,
		`a[""="x"]`:   `at character 2: an element is found by a key, and that is empty`,
		`a["x"`:       `at character 2: a "]" is missing`,
		`a["x"="y"`:   `at character 2: a "]" is missing`,
		`a["x`:        `at character 2: a quote has no end, or an escape is none`,
		`a["\q"]`:     `at character 2: a quote has no end, or an escape is none`,
		"a[name=x y]": `at character 2: it is quoted: "x y"`,
	} {
		got, err := config.ParsePath(text)
		if err == nil || err.Error() != want {
			t.Errorf("ParsePath(%q) = %#v, %v; want %q", text, got, err, want)
		}
	}
}

func TestAPathLeadsToAValue(t *testing.T) {
	t.Parallel()
	root := tree(t, `{"db": {"x.y": 1}, "list": [1, [2, 3]], "routes": [{"name": "a"}, {"name": 2.0}, {"name": "twice", "n": 1}, {"name": "twice"}, 4],
		"pods": [{"metadata": {"name": "p"}, "ip": "i"}]}`)
	for path, want := range map[string]string{
		`db["x.y"]`:                   "1",
		"list[1][0]":                  "2",
		"routes[name=a]":              `{"name":"a"}`,
		"routes[name=2].name":         "2.0",
		"routes[4]":                   "4",
		"pods[metadata.name=p].ip":    `"i"`,
		"routes[name=twice]":          "",
		"routes[name=b]":              "",
		"list[2]":                     "",
		"db[0]":                       "",
		"list.a":                      "",
		"routes[name=a].name.further": "",
		"none":                        "",
	} {
		p, err := config.ParsePath(path)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if n, ok := root.At(p); ok {
			got = text(t, n)
		}
		if got != want {
			t.Errorf("at %s stands %q, want %q", path, got, want)
		}
	}
	if n, ok := root.At(nil); n != root || !ok {
		t.Errorf("at the root stands %v, %v", n, ok)
	}
}

func FuzzParsePath(f *testing.F) {
	for _, seed := range []string{"", "a.b", `a["x.y"].b`, "l[2][name=x]", `["\xff"]`, `["a=b"="]"]`, "a.[", "[1=2=3]"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := config.ParsePath(text)
		if err != nil {
			return
		}
		again, err := config.ParsePath(p.String())
		if err != nil || !reflect.DeepEqual(again, p) {
			t.Errorf("%q is %#v, written %q and read as %#v, %v", text, p, p.String(), again, err)
		}
	})
}

func TestAKeyOfPropertiesIsShownAsItIsAndFound(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"plain":        "plain",
		"db.pool.max":  "db.pool.max",
		"list[0].name": "list[0].name",
		"map[a=b].c":   "map[a=b].c",
		"..":           `[".."]`,
		"a b":          `["a b"]`,
		"":             `[""]`,
		"\u202e.x":     `["\u202e.x"]`,
		"a[":           `["a["]`,
	} {
		path := config.Path{{Key: name, Flat: true}}
		if got := path.String(); got != want {
			t.Errorf("%q is shown as %s, want %s", name, got, want)
		}
		for _, rule := range []string{want, config.Path{{Key: name}}.String()} {
			if rs := rules(t, config.Rule{Path: rule}); !rs.Match(config.Key{}, path) || rs.Match(config.Key{}, config.Path{key("other")}) {
				t.Errorf("the rule %s does not fit the key %q, or fits another", rule, name)
			}
		}
	}
	a, b := side("a/x.properties", "db.pool.max=1\n"), side("a/x.properties", "db.pool.max=2\nlist[0].a=1\n")
	want := []string{"a/x.properties inside true true", `  db.pool.max: "1" → "2"`, `  list[0].a: - → "1" (expected)`}
	o := config.CompareOptions{Expected: rules(t, config.Rule{Path: "list[*].a"})}
	if got := lines(t, config.Compare(a, b, o).Items); !reflect.DeepEqual(got, want) {
		t.Errorf("Compare says %q, want %q", got, want)
	}
	rows := []string{`a/x.properties db.pool.max: "1" | "2"`, `a/x.properties list[0].a: - | "1" (expected)`}
	if got := rowsOf(t, config.Matrix([][]config.Item{a, b}, o)); !reflect.DeepEqual(got, rows) {
		t.Errorf("Matrix says %q, want %q", got, rows)
	}
	root, err := config.Parse(b[0].Content, config.Properties)
	if err != nil {
		t.Fatal(err)
	}
	var scalars []string
	for p := range config.Scalars(root) {
		scalars = append(scalars, p.String())
	}
	if want := []string{"db.pool.max", "list[0].a"}; !reflect.DeepEqual(scalars, want) {
		t.Errorf("Scalars are %q, want %q", scalars, want)
	}
}
