package config_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/config"
)

// itemsOf returns items of "group/name" and content, in turn, as a store sorts them.
func itemsOf(pairs ...string) []config.Item {
	var items []config.Item
	for i := 0; i < len(pairs); i += 2 {
		group, name, grouped := strings.Cut(pairs[i], "/")
		if !grouped {
			group, name = config.NoGroup, group
		}
		items = append(items, config.Item{Key: config.Key{Group: group, Name: name}, Content: []byte(pairs[i+1])})
	}
	return items
}

// effective returns what is read, a line each.
func effective(t *testing.T, r config.Reading, names config.Names, items []config.Item) []string {
	t.Helper()
	layers, err := r.Layers(items, names)
	if err != nil {
		t.Fatal(err)
	}
	e, err := r.Consumer.Effective(layers)
	if err != nil {
		return []string{err.Error()}
	}
	text := func(n *config.Node) string {
		b, err := json.Marshal(n)
		if err != nil {
			t.Error(err)
		}
		return string(b)
	}
	var lines []string
	for _, v := range e.Values {
		line := fmt.Sprintf("%s = %s (%s)", v.Path, text(v.Value), v.Layer)
		for _, s := range v.Shadows {
			line += fmt.Sprintf(" > %s (%s)", text(s.Value), s.Layer)
		}
		lines = append(lines, line)
	}
	for _, u := range e.Unread {
		lines = append(lines, fmt.Sprintf("! %s: %v, broken %t", u.Key, u.Err, u.Broken()))
	}
	return lines
}

func TestMergeTakesTheStrongestOfEachValue(t *testing.T) {
	t.Parallel()
	r := config.Reading{Consumer: config.Merge, Patterns: []string{"common/*", "{service}/app.yaml", "{service}/app-{env}.yaml", "{service}/{instance}.yaml"}}
	items := itemsOf(
		"common/app.yaml", "db: {pool: {max: 10, min: 1}, url: a}\nlist: [1, 2]\ngone: {a: 1}\nplain: x\nkept: {}\nnone:\n",
		"common/flat.properties", "db.pool.max = 5\n",
		"common/notes.txt", "hello",
		"common/wrong.yaml", "a: [",
		"order/app.yaml", "db: {pool: {max: 20}}\nlist: [3]\ngone: null\nplain: {deep: 1, deeper: {}}\nbig: 9007199254740993\n",
		"order/app-prod.json", "{}",
		"order/app-prod.yaml", "db: {pool: {max: 30}}\nplain: y\n",
		"order/i-1.yaml", "db: {pool: {max: 40}}\n",
	)
	got := effective(t, r, config.Names{Service: "order", Env: "prod", Instance: "i-1"}, items)
	want := []string{
		`db.pool.max = 40 (order/i-1.yaml) > 30 (order/app-prod.yaml) > 20 (order/app.yaml) > 10 (common/app.yaml)`,
		`db.pool.min = 1 (common/app.yaml)`,
		`db.url = "a" (common/app.yaml)`,
		`list = [3] (order/app.yaml) > [1,2] (common/app.yaml)`,
		`gone = null (order/app.yaml) > {"a":1} (common/app.yaml)`,
		`plain = "y" (order/app-prod.yaml) > {"deep":1,"deeper":{}} (order/app.yaml)`,
		`kept = {} (common/app.yaml)`,
		`none = null (common/app.yaml)`,
		`db.pool.max = "5" (common/flat.properties)`,
		`big = 9007199254740993 (order/app.yaml)`,
		`! common/notes.txt: this has no keys with values, broken false`,
		`! common/wrong.yaml: line 1: this is not YAML: did not find expected node content, broken true`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAMapHidesWhatStoodInItsPlace(t *testing.T) {
	t.Parallel()
	r := config.Reading{Consumer: config.Merge, Patterns: []string{"a/*", "b/*", "c/*"}}
	items := itemsOf(
		"a/v.yaml", "db: zero",
		"a/w.yaml", "db: one",
		"a/x.yaml", "db: text\nmap: {one: 1, both: 2}\n",
		"b/x.yaml", "db: {url: u, user: v}\nmap: {two: 3, both: 4}\n",
		"c/x.yaml", "db: {url: w, user: z}\nmap: flat\n",
	)
	want := []string{
		`db.url = "w" (c/x.yaml) > "u" (b/x.yaml) > "text" (a/x.yaml) > "one" (a/w.yaml) > "zero" (a/v.yaml)`,
		`db.user = "z" (c/x.yaml) > "v" (b/x.yaml) > "text" (a/x.yaml) > "one" (a/w.yaml) > "zero" (a/v.yaml)`,
		`map = "flat" (c/x.yaml) > {"both":4,"two":3} (b/x.yaml) > {"one":1} (a/x.yaml)`,
	}
	if diff := cmp.Diff(want, effective(t, r, config.Names{}, items)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestALayerWithoutItsNameIsLeftOut(t *testing.T) {
	t.Parallel()
	r := config.Reading{Consumer: config.Merge, Patterns: []string{"{service}/{instance}.yaml", "{service}/{env}/*", "[a]*/{service}*"}}
	items := itemsOf("a[b/1.yaml", "", "a[b/2.yaml", "", "a/a[b?.yaml", "", "a/a[bc.yaml", "")
	layers, err := r.Layers(items, config.Names{Service: "a[b"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range layers {
		got = append(got, fmt.Sprintf("%s: %d items, lacks %q, would %d", l.Pattern, len(l.Items), l.Lacks, l.Would))
	}
	want := []string{
		`{service}/{instance}.yaml: 0 items, lacks "instance", would 2`,
		`{service}/{env}/*: 0 items, lacks "env", would 0`,
		`[a]*/{service}*: 2 items, lacks "", would 0`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	_, err = config.Reading{Patterns: []string{"a[/*"}}.Layers(items, config.Names{})
	if _, ok := errors.AsType[*config.GlobError](err); !ok {
		t.Errorf("a pattern that is none: %v", err)
	}
}

func TestGoMicroMergesAsMergoDoes(t *testing.T) {
	t.Parallel()
	r := config.Reading{Consumer: config.GoMicro, Patterns: []string{"common/*", "order/*"}}
	items := itemsOf(
		"common/db", `{"zero": 1, "off": true, "empty": "x", "gone": {"a": 1}, "list": [1], "scalar": "s", "blank": "", "nothing": null, "void": {}, "big": 9007199254740993, "money": 1.10}`,
		"common/skipped/below", "",
		"order/db", `{"zero": 0, "off": false, "empty": "", "gone": null, "list": [], "scalar": {"m": 1}, "blank": {"m": 2}, "nothing": {"m": 3}, "void": {"m": 4}, "dup": 1, "dup": 2}`,
		"order/db/pool", `{"max": 1e21}`,
		"order/routes", `[{"b": 1, "a": "é"}]`,
	)
	want := []string{
		`db.big = 9007199254740992 (common/db)`,
		`db.blank.m = 2 (order/db) > "" (common/db)`,
		`db.dup = 2 (order/db)`,
		`db.empty = "" (order/db) > "x" (common/db)`,
		`db.gone = null (order/db) > {"a":1} (common/db)`,
		`db.list = [] (order/db) > [1] (common/db)`,
		`db.money = 1.1 (common/db)`,
		`db.nothing.m = 3 (order/db) > null (common/db)`,
		`db.off = false (order/db) > true (common/db)`,
		`db.pool.max = 1e+21 (order/db/pool)`,
		`db.scalar = "s" (common/db) > {"m":1} (order/db)`,
		`db.void.m = 4 (order/db)`,
		`db.zero = 0 (order/db) > 1 (common/db)`,
		`routes = [{"a":"é","b":1}] (order/routes)`,
		`skipped = {} (common/skipped/below)`,
	}
	if diff := cmp.Diff(want, effective(t, r, config.Names{}, items)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestGoMicroReadsNothingWhereOneItemIsWrong(t *testing.T) {
	t.Parallel()
	good := []string{"micro/config/a", `{"b": 1, "list": []}`}
	cases := map[string]struct {
		more []string
		want string
	}{
		"a number":       {[]string{"micro/config/x", "1"}, "go-micro cannot read any of it: micro/config/x: this is a number, not an object or a list"},
		"no JSON":        {[]string{"micro/config/x.yaml", "a: 1"}, "go-micro cannot read any of it: micro/config/x.yaml: line 1, column 1: this is not JSON: invalid character 'a' at start of value"},
		"below a number": {[]string{"micro/config/a/b/c", "{}"}, "go-micro cannot read any of it: micro/config/a/b/c: it lies below a value that is no object, and the source panics"},
		"below a list":   {[]string{"micro/config/a/list/x", ""}, "go-micro cannot read any of it: micro/config/a/list/x: it lies below a value that is no object, and the source panics"},
		"in its place":   {[]string{"micro/config/a/b", `{"c": 2}`}, `a.b.c = 2 (micro/config/a/b) > 1 (micro/config/a)`},
		"a map by a map": {[]string{"micro/config/m", `{"n": {"x": 1, "y": 2}}`, "micro/config/m/n", `{"x": 3}`}, `m.n.x = 3 (micro/config/m/n) > 1 (micro/config/m) > {"y":2} (micro/config/m)`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			items := itemsOf(append(good, c.more...)...)
			got := effective(t, config.DefaultReading(items, ""), config.Names{Service: "any"}, items)
			if text := strings.Join(got, "\n"); !strings.Contains(text, c.want) || strings.HasPrefix(c.want, "go-micro") && text != c.want {
				t.Errorf("got %s\nwant %s", text, c.want)
			}
		})
	}
	got := effective(t, config.Reading{Consumer: config.GoMicro, Patterns: []string{"nobody/*"}}, config.Names{}, nil)
	if diff := cmp.Diff([]string{"go-micro cannot read any of it: no item is picked by nobody/*"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestSpringPutsFlatPropertiesAboveEachOther(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ items, want []string }{
		"keys": {
			[]string{"config/application/db/url", "a", "config/application/db/poolMax", "5", "config/application,prod/db/url", "b", "config/order/db/pool-max", "7", "config/order,prod/empty", "", "config/order,dev/x", "y", "config/user/x", "y"},
			[]string{
				`db.url = "b" (config/application,prod/db/url) > "a" (config/application/db/url)`,
				`db.pool-max = "7" (config/order/db/pool-max) > "5" (config/application/db/poolMax)`,
				`empty = "" (config/order,prod/empty)`,
			},
		},
		"yaml": {
			[]string{
				"config/application/data", "routes: [{name: a}, {name: b}]\nport: 010\non: no\nv: 1.10\nquoted: \"1.10\"\nempty: {}\nnone: []\nnil:\nd: 2001-12-14\n\"[x]\": 1\n",
				"config/application/other", "x",
				"config/order/data", "routes:\n  - name: c\nport: 8080\n",
			},
			[]string{
				`on = "false" (config/application/data)`,
				`v = "1.1" (config/application/data)`,
				`quoted = "1.10" (config/application/data)`,
				`none = "" (config/application/data)`,
				`nil = "" (config/application/data)`,
				`d = "2001-12-14" (config/application/data)`,
				`["[x]"] = "1" (config/application/data)`,
				`routes[0].name = "c" (config/order/data) > "a" (config/application/data) > "b" (config/application/data)`,
				`port = "8080" (config/order/data) > "8" (config/application/data)`,
				`! config/application/other: the properties are in the items called data, broken false`,
			},
		},
		"properties": {
			[]string{"config/application/data", "db.url=a\ndb.user=u\n", "config/order/data", "db.url=b\n", "config/order,prod/data", "a: [\n"},
			[]string{
				`db.user = "u" (config/application/data)`,
				`db.url = "b" (config/order/data) > "a" (config/application/data)`,
				`! config/order,prod/data: line 1: this is not YAML: did not find expected node content, broken true`,
			},
		},
		"a key called data": {
			[]string{"config/application/data", "plain", "config/application/more", "x"},
			[]string{`data = "plain" (config/application/data)`, `more = "x" (config/application/more)`},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			items := itemsOf(c.items...)
			got := effective(t, config.DefaultReading(items, ""), config.Names{Service: "order", Env: "prod"}, items)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestWhatHidesManyItemsIsFoundInTime holds that what thousands of items have below
// one path is told apart without going through all of it for each.
func TestWhatHidesManyItemsIsFoundInTime(t *testing.T) {
	t.Parallel()
	const n = 30_000
	pairs := make([]string, 0, 2*n+2)
	for i := range n {
		pairs = append(pairs, fmt.Sprintf("common/%06d.yaml", i), fmt.Sprintf("x: {k%d: 1}", i))
	}
	items := itemsOf(append(pairs, "order/app.yaml", "x: 1")...)
	layers, err := config.DefaultReading(items, "").Layers(items, config.Names{Service: "order"})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	e, err := config.Merge.Effective(layers)
	took := time.Since(start)
	if err != nil || len(e.Values) != 1 || len(e.Values[0].Shadows) != n || took > 5*time.Second {
		t.Errorf("%v, %d values, %v; want one that hides %d", took, len(e.Values), err, n)
	}
}
