package config_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"govctl/pkg/config"
)

// side returns items of "group/name" and content in turn.
func side(pairs ...string) []config.Item {
	var items []config.Item
	for i := 0; i < len(pairs); i += 2 {
		group, name, _ := strings.Cut(pairs[i], "/")
		items = append(items, config.Item{Key: config.Key{Group: group, Name: name}, Content: []byte(pairs[i+1])})
	}
	return items
}

func rules(t *testing.T, rules ...config.Rule) config.Rules {
	t.Helper()
	rs, err := config.NewRules(rules...)
	if err != nil {
		t.Fatal(err)
	}
	return rs
}

// lines returns items as lines, with "(expected)" behind what is meant.
func lines(t *testing.T, items []config.ItemDiff) []string {
	t.Helper()
	var all []string
	for _, d := range items {
		mark := ""
		if d.AllExpected {
			mark = " (expected)"
		}
		all = append(all, fmt.Sprintf("%s %s %t %t%s", d.Key, d.Kind, d.A != nil, d.B != nil, mark))
		for _, err := range []error{d.ErrA, d.ErrB} {
			if err != nil {
				all = append(all, "  "+err.Error())
			}
		}
		for _, l := range told(t, d.Changes) {
			all = append(all, "  "+l)
		}
		for _, l := range told(t, d.Expected) {
			all = append(all, "  "+l+" (expected)")
		}
	}
	return all
}

func TestCompareTellsWhatDiffersBetweenTwoSides(t *testing.T) {
	t.Parallel()
	a := side(
		"-/banner.txt", "hello\n",
		"-/layout.yaml", "a: 1\nb: [x]\n",
		"-/same.json", `{"broken": `,
		"order/app.yaml", "db: {url: dev, pool: 10}\nport: \"8080\"\nold: 1\n",
		"order/broken.json", `{"a": 1}`,
		"order/meant.yaml", "db: {url: dev}\n",
		"payment/limits", `{"daily": 9007199254740993}`,
		"test/inside.yaml", "x: 1\ny: 1\n",
		"user/a.bin", "\x00a",
		"user/gone.yaml", "x: 1\n",
		"user/meant.txt", "dev",
	)
	b := side(
		"-/banner.txt", "hello",
		"-/layout.yaml", "# the same\nb:\n  - x\na: 1.0\n",
		"-/same.json", `{"broken": `,
		"order/app.yaml", "port: 8080\ndb: {pool: 20, url: prod}\nnew: [1]\n",
		"order/broken.json", `{"a": 1, "a": 2}`,
		"order/meant.yaml", "db: {url: prod}\n",
		"order/only.yaml", "",
		"payment/limits", "daily: 9007199254740992\n",
		"test/inside.yaml", "x: 2\ny: 1\n",
		"test/meant.yaml", "x: 1\n",
		"user/a.bin", "\x00b",
		"user/meant.txt", "prod",
	)
	got := config.Compare(a, b, config.CompareOptions{Expected: rules(t, config.Rule{Path: "db.url"}, config.Rule{Key: "test"}, config.Rule{Key: "user/meant.txt"})})
	want := []string{
		"banner.txt whole true true",
		"order/app.yaml inside true true",
		"  db.pool: 10 → 20", `  port: "8080" → 8080`, "  old: 1 → -", "  new: - → [1]", `  db.url: "dev" → "prod" (expected)`,
		"order/broken.json whole true true",
		`  line 1, column 10: the key "a" is here twice, first at line 1, column 2`,
		"order/meant.yaml inside true true", `  db.url: "dev" → "prod" (expected)`,
		"order/only.yaml onlyB false true",
		"payment/limits inside true true", "  daily: 9007199254740993 → 9007199254740992",
		"test/inside.yaml inside true true", "  x: 1 → 2 (expected)",
		"test/meant.yaml onlyB false true (expected)",
		"user/a.bin whole true true",
		"user/gone.yaml onlyA true false",
		"user/meant.txt whole true true (expected)",
	}
	if got := lines(t, got.Items); !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	wantTotals := config.Totals{
		Items: 13, Differ: 7, OnlyA: 1, OnlyB: 1, Whole: 3,
		Changed: 3, PathsOnlyA: 1, PathsOnlyB: 1, Expected: 5, Unparsed: 1,
	}
	if got.Totals != wantTotals {
		t.Errorf("totals are %+v, want %+v", got.Totals, wantTotals)
	}
}

// TestManyItemsComeInTheirOrder: they are compared at once, and the long ones take
// longer than those behind them.
func TestManyItemsComeInTheirOrder(t *testing.T) {
	t.Parallel()
	var a, b []config.Item
	var want []string
	for i := range 100 {
		name := fmt.Sprintf("a/x%03d.json", i)
		rest := strings.Repeat(`"same", `, 3000*(1-i%4%2))
		a = append(a, side(name, fmt.Sprintf(`{"v": 0, "rest": [%s 1]}`, rest))...)
		b = append(b, side(name, fmt.Sprintf(`{"v": %d, "rest": [%s 1]}`, i%4, rest))...)
		if i%4 > 0 {
			want = append(want, name+" inside true true", fmt.Sprintf("  v: 0 → %d", i%4))
		}
	}
	c := config.Compare(a, b, config.CompareOptions{})
	if got := lines(t, c.Items); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if want := (config.Totals{Items: 100, Differ: 75, Changed: 75}); c.Totals != want {
		t.Errorf("got %+v, want %+v", c.Totals, want)
	}
}

func TestTheSameOnBothSidesIsNoDifference(t *testing.T) {
	t.Parallel()
	a := side("a/x.yaml", "a: 1", "b/y.txt", "")
	for _, c := range []struct{ a, b []config.Item }{{a, a}, {nil, nil}, {side("a/x", `{"a": [1, 2]}`), side("a/x", `{"a": [2, 1]}`)}} {
		got := config.Compare(c.a, c.b, config.CompareOptions{Options: config.Options{IgnoreOrder: true}})
		if want := (config.Comparison{Items: []config.ItemDiff{}, Totals: config.Totals{Items: len(c.a)}}); !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}

// rowsOf returns rows as lines: "key path: value | value | value".
func rowsOf(t *testing.T, rows []config.Row) []string {
	t.Helper()
	var all []string
	for _, r := range rows {
		cells := make([]string, len(r.Values))
		for i, v := range r.Values {
			switch {
			case r.Same[i] < i:
				cells[i] = fmt.Sprintf("=%d", r.Same[i])
			case v == nil:
				cells[i] = "-"
			default:
				cells[i] = text(t, v)
			}
			if r.Unknown != nil && r.Unknown[i] {
				cells[i] = "?"
			}
			if r.Errs != nil && r.Errs[i] != nil {
				cells[i] += " !"
			}
		}
		l := r.Key.String() + " " + r.Path.String() + ": " + strings.Join(cells, " | ")
		if r.Whole {
			l += " (whole)"
		}
		if r.Expected {
			l += " (expected)"
		}
		all = append(all, l)
	}
	return all
}

func TestAMatrixHasARowForEachValueThatDiffers(t *testing.T) {
	t.Parallel()
	sides := [][]config.Item{
		side(
			"-/all.yaml", "same: 1",
			"-/banner.txt", "dev",
			"-/layout.json", `{"a": 1}`,
			"order/app.yaml", "db: {pool: 10, url: dev}\nretry: 3\nroutes: [{name: a, t: 1}, {name: b}]\nl: [1, 2, 3]\nm: [1]\nn: [1]\nk: x\n",
			"order/broken.json", `{}`,
			"order/dev.yaml", "x: 1",
		),
		side(
			"-/all.yaml", "same: 1",
			"-/banner.txt", "test",
			"-/layout.json", `{ "a": 1.0 }`,
			"order/app.yaml", "retry: 5\nroutes: [{name: b}, {name: a, t: 1}]\nl: [1, 9, 3]\nm: [1]\nn: [2]\nk: {y: 1}\n",
			"order/both.yaml", "x: {y: 1, z: 1}",
			"order/broken.json", `{`,
		),
		side(
			"-/all.yaml", "same: 1",
			"-/banner.txt", "dev",
			"-/layout.json", `{"a": 1}`,
			"order/app.yaml", "retry: 3.0\ndb: {pool: 20, url: prod}\nroutes: [{name: a, t: 2}, {name: c}, {name: b}]\nl: [1, 2, 3]\nm: [2, 1]\nn: [2, 1]\nk: x\n",
			"order/both.yaml", "x: {z: 2, y: 1}",
		),
	}
	got := rowsOf(t, config.Matrix(sides, config.CompareOptions{Expected: rules(t, config.Rule{Path: "db.url"})}))
	want := []string{
		`banner.txt : "dev" | "test" | =0 (whole)`,
		`order/app.yaml db.pool: 10 | - | 20`,
		`order/app.yaml db.url: "dev" | - | "prod" (expected)`,
		`order/app.yaml retry: 3 | 5 | =0`,
		`order/app.yaml routes[name=a].t: 1 | =0 | 2`,
		`order/app.yaml routes[name=c]: - | =0 | {"name":"c"}`,
		`order/app.yaml l[1]: 2 | 9 | =0`,
		`order/app.yaml m[0]: - | =0 | 2`,
		`order/app.yaml n: [1] | [2] | [2,1]`,
		`order/app.yaml k: "x" | {"y":1} | =0`,
		`order/both.yaml x.y: - | 1 | =1`,
		`order/both.yaml x.z: - | 1 | 2`,
		`order/broken.json : "{}" | "{" ! | - (whole)`,
		`order/dev.yaml : "x: 1" | - | =1 (whole)`,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestAMatrixOfTheSameIsEmpty(t *testing.T) {
	t.Parallel()
	a := side("a/x", `{"a": [1, [2]]}`)
	b := side("a/x", `{"a": [[2.0], 1]}`)
	got := config.Matrix([][]config.Item{a, b, a}, config.CompareOptions{Options: config.Options{IgnoreOrder: true}})
	if got == nil || len(got) != 0 {
		t.Errorf("got %v, want an empty list", rowsOf(t, got))
	}
	if got := rowsOf(t, config.Matrix([][]config.Item{a, b}, config.CompareOptions{})); !reflect.DeepEqual(got, []string{`a/x a[0]: 1 | -`, `a/x a[1]: - | 1`}) {
		t.Errorf("order is no difference even where nobody ignores it: %q", got)
	}
}

func TestDeepValuesOfAMatrixAreToldUpToALimit(t *testing.T) {
	t.Parallel()
	deep := func(value string) []config.Item {
		return side("a/x.json", strings.Repeat(`{"a":`, 500)+value+strings.Repeat("}", 500))
	}
	rows := config.Matrix([][]config.Item{deep("1"), deep("2")}, config.CompareOptions{})
	if len(rows) != 1 || len(rows[0].Path) != 64 {
		t.Errorf("%d rows, the first of them %d steps down", len(rows), len(rows[0].Path))
	}
}

func TestTwoSidesOfAMatrixDifferWhereDiffSaysSo(t *testing.T) {
	t.Parallel()
	a := side("a/x.json", `{"a": {"b": 1, "c": [{"id": 1, "v": true}]}, "d": null, "e": "1"}`)
	b := side("a/x.json", `{"a": {"b": 2, "c": [{"id": 2}, {"id": 1, "v": false}]}, "f": null, "e": 1}`)
	var paths, rows []string
	for _, c := range config.Compare(a, b, config.CompareOptions{}).Items[0].Changes {
		paths = append(paths, c.Path.String())
	}
	for _, r := range config.Matrix([][]config.Item{a, b}, config.CompareOptions{}) {
		rows = append(rows, r.Path.String())
	}
	want := []string{"a.b", "a.c[id=1].v", "a.c[id=2]", "d", "e", "f"}
	if !reflect.DeepEqual(paths, want) || !reflect.DeepEqual(rows, want) {
		t.Errorf("Compare says %q, Matrix %q, want %q", paths, rows, want)
	}
}

func TestWhatASideMayHideIsUnknownAndNoDifference(t *testing.T) {
	t.Parallel()
	a := side("order/app.yaml", "db: {pool: 10, url: dev}\n", "order/meant.yaml", "x: 1", "order/only.yaml", "x: 1")
	b := side("order/app.yaml", "db: {pool: 20, url: dev}\n", "order/other.yaml", "x: 1")
	meant := rules(t, config.Rule{Key: "order/meant.yaml"})
	for name, c := range map[string]struct {
		partial []bool
		want    []string
		totals  config.Totals
	}{
		"none": {
			nil,
			[]string{"order/app.yaml inside true true", "  db.pool: 10 → 20", "order/meant.yaml onlyA true false (expected)", "order/only.yaml onlyA true false", "order/other.yaml onlyB false true"},
			config.Totals{Items: 4, Differ: 3, OnlyA: 1, OnlyB: 1, Changed: 1, Expected: 1},
		},
		"the second": {
			[]bool{false, true},
			[]string{"order/app.yaml inside true true", "  db.pool: 10 → 20", "order/meant.yaml onlyA true false (expected)", "order/only.yaml unknown true false", "order/other.yaml onlyB false true"},
			config.Totals{Items: 4, Differ: 2, OnlyB: 1, UnknownA: 1, Changed: 1, Expected: 1},
		},
		"the first": {
			[]bool{true},
			[]string{"order/app.yaml inside true true", "  db.pool: 10 → 20", "order/meant.yaml onlyA true false (expected)", "order/only.yaml onlyA true false", "order/other.yaml unknown false true"},
			config.Totals{Items: 4, Differ: 2, OnlyA: 1, UnknownB: 1, Changed: 1, Expected: 1},
		},
	} {
		got := config.Compare(a, b, config.CompareOptions{Expected: meant, Partial: c.partial})
		if lines := lines(t, got.Items); !reflect.DeepEqual(lines, c.want) || got.Totals != c.totals {
			t.Errorf("%s: %+v\n%s\nwant %+v\n%s", name, got.Totals, strings.Join(lines, "\n"), c.totals, strings.Join(c.want, "\n"))
		}
	}
}

func TestAMatrixComparesTheSidesThatAreKnown(t *testing.T) {
	t.Parallel()
	sides := [][]config.Item{
		side("a/all.yaml", "x: 1", "a/differ.yaml", "{x: 1, y: 1}", "a/first.yaml", "x: 1"),
		side("a/all.yaml", "x: 1", "a/broken.json", "{"),
		side("a/all.yaml", "x: 1", "a/broken.json", "{}", "a/differ.yaml", "{x: 2, y: 1}", "a/same.yaml", "x: 1"),
		side("a/all.yaml", "x: 1", "a/broken.json", "{}", "a/differ.yaml", "{x: 2, y: 1}", "a/same.yaml", "x: 1"),
	}
	rows := config.Matrix(sides, config.CompareOptions{Partial: []bool{true, true}})
	want := []string{
		`a/broken.json : ? | "{" ! | "{}" | =2 (whole)`,
		`a/differ.yaml x: 1 | ? | 2 | =2`,
		`a/first.yaml : "x: 1" | ? | - | =2 (whole)`,
		`a/same.yaml : ? | ? | "x: 1" | =2 (whole)`,
	}
	if got := rowsOf(t, rows); !reflect.DeepEqual(got, want) {
		t.Fatalf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for i, want := range []bool{true, true, true, false} {
		if got := rows[i].Differs(); got != want || rows[i].MayBeSame() == want {
			t.Errorf("%s differs: %t, want %t", rows[i].Key, got, want)
		}
	}
}

// FuzzTwoSidesOfAMatrix holds that Compare and Matrix tell the same of two sides, in
// the same order, whatever stands in them and whatever is meant to differ.
func FuzzTwoSidesOfAMatrix(f *testing.F) {
	for _, seed := range [][2]string{
		{`{"a": [1, 2, 3], "b": {"c": 1}}`, `{"a": [2, 3, 4, 5], "b": []}`},
		{`[]`, `[{"name": "x"}]`},
		{`{`, `{}`},
		{``, `null`},
		{`{"l": [{"id": 1, "v": [1]}, {"id": 2}]}`, `{"l": [{"id": 2}, {"id": 1, "v": [2, 1]}]}`},
		{`[[1], [2, 3]]`, `[[2, 3], [1, 4], 5]`},
		{`{"a": ["x", "y", "z"]}`, `{"a": ["z"]}`},
		{`{"a": [[[]]]}`, `{"a": [[[1]], []]}`},
	} {
		f.Add(seed[0], seed[1], "a", false)
		f.Add(seed[0], seed[1], "*[1]", true)
	}
	f.Fuzz(func(t *testing.T, textA, textB, meant string, ignoreOrder bool) {
		a := side("a/both.json", textA, "a/only.json", textA, "b/other.yaml", textB)
		b := side("a/both.json", textB, "b/only.json", textB, "b/other.yaml", textA)
		o := config.CompareOptions{Options: config.Options{IgnoreOrder: ignoreOrder}}
		var err error
		if o.Expected, err = config.NewRules(config.Rule{Path: meant}); err != nil {
			return
		}
		var want, got []string
		tell := func(to *[]string, k config.Key, p config.Path, before, after *config.Node, expected bool) {
			*to = append(*to, fmt.Sprintf("%s %s: %s → %s %t", k, p, orNone(t, before), orNone(t, after), expected))
		}
		comparison := config.Compare(a, b, o)
		for _, d := range comparison.Items {
			for _, c := range d.Changes {
				tell(&want, d.Key, c.Path, c.Before, c.After, false)
			}
			for _, c := range d.Expected {
				tell(&want, d.Key, c.Path, c.Before, c.After, true)
			}
			if d.Kind != config.Inside {
				tell(&want, d.Key, nil, wholeOf(d.A), wholeOf(d.B), d.AllExpected)
			}
		}
		expected, differ, unread := 0, 0, 0
		for _, r := range config.Matrix([][]config.Item{a, b}, o) {
			tell(&got, r.Key, r.Path, r.Values[0], r.Values[1], r.Expected)
			if r.Expected {
				expected++
			}
			if r.Differs() {
				differ++
			}
			if r.Errs != nil {
				unread++
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("of %q and %q Matrix tells\n%s\nCompare\n%s", textA, textB, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		c := comparison.Totals
		if all := c.Changed + c.PathsOnlyA + c.PathsOnlyB + c.OnlyA + c.OnlyB + c.Whole; differ != all || expected != c.Expected || unread != c.Unparsed {
			t.Errorf("of %q and %q Matrix counts %d, %d expected, %d unread; Compare %+v", textA, textB, differ, expected, unread, c)
		}
	})
}

func wholeOf(i *config.Item) *config.Node {
	if i == nil {
		return nil
	}
	return &config.Node{Kind: config.String, Text: string(i.Content)}
}

func orNone(t *testing.T, n *config.Node) string {
	t.Helper()
	if n == nil {
		return "-"
	}
	return text(t, n)
}
