package config_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"govctl/pkg/config"
)

// tree returns what stands in JSON.
func tree(t testing.TB, text string) *config.Node {
	t.Helper()
	n, err := config.Parse([]byte(text), config.JSON)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return n
}

func text(t testing.TB, n *config.Node) string {
	t.Helper()
	b, err := n.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// told returns changes as lines: "path: before → after".
func told(t testing.TB, changes []config.Change) []string {
	t.Helper()
	lines := []string{}
	for _, c := range changes {
		sides := [2]string{"-", "-"}
		for i, n := range []*config.Node{c.Before, c.After} {
			if n != nil {
				sides[i] = text(t, n)
			}
		}
		lines = append(lines, c.Path.String()+": "+sides[0]+" → "+sides[1])
	}
	return lines
}

// diff compares two trees in JSON, and fails where Equal or Apply say otherwise.
func diff(t testing.TB, a, b string, o config.Options) []string {
	t.Helper()
	return told(t, diffTrees(t, tree(t, a), tree(t, b), o))
}

func diffTrees(t testing.TB, a, b *config.Node, o config.Options) []config.Change {
	t.Helper()
	changes := config.Diff(a, b, o)
	if equal := config.Equal(a, b, o); equal != (len(changes) == 0) {
		t.Errorf("Equal says %v, Diff %v", equal, told(t, changes))
	}
	got, err := config.Apply(a, changes)
	if err != nil {
		t.Errorf("Apply: %v", err)
	} else if !config.Equal(got, b, o) {
		t.Errorf("apply(diff(a, b), a) is not b but differs in %v", told(t, config.Diff(b, got, o)))
	}
	return changes
}

// differs checks a table of trees and of how they differ.
func differs(t *testing.T, o config.Options, cases [][]string) {
	t.Helper()
	for _, c := range cases {
		if got := diff(t, c[0], c[1], o); !reflect.DeepEqual(got, c[2:]) {
			t.Errorf("%s and %s differ in\n%q, want\n%q", c[0], c[1], got, c[2:])
		}
	}
}

func TestDiffTellsPathByPath(t *testing.T) {
	t.Parallel()
	differs(t, config.Options{}, [][]string{
		{`{"a": 1, "b": {"c": [true, null]}}`, `{ "b" : {"c": [true, null]}, "a": 1 }`},
		{`{"db": {"max": 10, "min": 1}}`, `{"db": {"min": 1, "max": 20}}`, `db.max: 10 → 20`},
		{`{"port": "8080"}`, `{"port": 8080}`, `port: "8080" → 8080`},
		{`{"a": null}`, `{}`, `a: null → -`},
		{`{}`, `{"a": null, "b": {"c": 1}}`, `a: - → null`, `b: - → {"c":1}`},
		{`{"z": 1, "a": 2, "m": 3}`, `{"a": 3, "n": 4, "b": 5}`, `z: 1 → -`, `a: 2 → 3`, `m: 3 → -`, `n: - → 4`, `b: - → 5`},
		{`{"a": {"b": 1}}`, `{"a": [1]}`, `a: {"b":1} → [1]`},
		{`{"a": {}}`, `{"a": []}`, `a: {} → []`},
		{`1`, `{"a": 1}`, `: 1 → {"a":1}`},
		{`{"a": true}`, `{"a": false}`, `a: true → false`},
		{`{"a": ""}`, `{"a": null}`, `a: "" → null`},
	})
}

func TestTheOrderOfManyKeysIsNoDifference(t *testing.T) {
	t.Parallel()
	var pairs []string
	for i := range 40 {
		pairs = append(pairs, fmt.Sprintf(`"k%d": %d`, i, i))
	}
	a := "{" + strings.Join(pairs, ",") + "}"
	slices.Reverse(pairs)
	b := "{" + strings.Join(append(pairs[1:], `"k39": 0, "new": 1`), ",") + "}"
	if got, want := diff(t, a, b, config.Options{}), []string{"k39: 39 → 0", "new: - → 1"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNumbersAreEqualWhenTheirValueIsExactlyTheSame(t *testing.T) {
	t.Parallel()
	huge := strings.Repeat("9", 100_000)
	for _, c := range []struct {
		a, b  string
		equal bool
	}{
		{"9007199254740993", "9007199254740992", false}, // what dyff and jd take for equal
		{"1.10", "1.1", true},
		{"1.1", "11e-1", true},
		{"0.1", "0.10000000000000000001", false},
		{"1e400", "1e401", false},
		{"1e400", "10E+399", true},
		{"-0", "0", true},
		{"-0.0e5", "0", true},
		{"-1", "1", false},
		{"1000", "1e3", true},
		{"1e999999999", "1e999999998", false},
		{"1e999999999", "0.1e1000000000", true},
		{"1e-999999999", "1e999999999", false},
		{"1e1000000000000000000000000", "1e1000000000000000000000000", true},
		{"1e1000000000000000000000000", "1e1000000000000000000000001", false},
		{"0e1000000000000000000000000", "0", true},
		{huge, huge + ".0", true},
		{huge, huge[1:] + "8", false},
		{"10e9223372036854775807", "1e-9223372036854775808", false},
		{"0x1F", "31", true},
		{"0o17", "15", true},
		{"0b101", "5", true},
		{"-0x10", "-16", true},
		{"1_000", "1000", true},
		{"+5", "5", true},
		{"0777", "777", true},
		{".5", "0.5", true},
		{"5.", "5", true},
		{".inf", "+Inf", true},
		{"-.inf", "inf", false},
		{".NaN", "nan", true},
		{"0.001", "1e-3", true},
		{"123.456", "123456e-3", true},
		{"1e-50", "10e-51", true},
	} {
		a, b := &config.Node{Kind: config.Number, Text: c.a}, &config.Node{Kind: config.Number, Text: c.b}
		if changes := diffTrees(t, a, b, config.Options{}); (len(changes) == 0) != c.equal {
			t.Errorf("%.40s and %.40s: equal is %v", c.a, c.b, !c.equal)
		}
	}
}

func TestTimesAreEqualHoweverTheirPartsAreDivided(t *testing.T) {
	t.Parallel()
	a := &config.Node{Kind: config.Time, Text: "1979-05-27T07:32:00Z"}
	b := &config.Node{Kind: config.Time, Text: "1979-05-27 07:32:00z"}
	if changes := diffTrees(t, a, b, config.Options{}); len(changes) > 0 {
		t.Errorf("they differ in %q", told(t, changes))
	}
	b.Text = "1979-05-27T07:32:01Z"
	if changes := diffTrees(t, a, b, config.Options{}); len(changes) != 1 {
		t.Errorf("another second is no difference: %q", told(t, changes))
	}
}

func TestOneOfAListRemovedAtTheHeadIsOneLine(t *testing.T) {
	t.Parallel()
	var scalars, objects, named []string
	for i := range 1000 {
		scalars = append(scalars, fmt.Sprint(i%7))
		objects = append(objects, fmt.Sprintf(`{"host": "h%d", "port": 80}`, i/2))
		named = append(named, fmt.Sprintf(`{"name": "n%d", "port": 80}`, i))
	}
	for name, list := range map[string][]string{"[0]": scalars[1:], "[1]": objects, "[name=n0]": named} {
		a, b := "["+strings.Join(list, ",")+"]", "["+strings.Join(list[1:], ",")+"]"
		want := []string{name + ": " + text(t, tree(t, list[0])) + " → -"}
		if got := diff(t, a, b, config.Options{}); !reflect.DeepEqual(got, want) {
			t.Errorf("removed at the head: %d lines, %q; want %q", len(got), got[:min(3, len(got))], want)
		}
	}
}

func TestObjectsOfAListAreMatchedByIdentity(t *testing.T) {
	t.Parallel()
	differs(t, config.Options{}, [][]string{
		{
			`[{"name": "a", "t": 1}, {"name": "b", "t": 2}, {"name": "c"}]`, `[{"name": "d"}, {"name": "b", "t": 3}, {"t": 1, "name": "a"}]`,
			`[name=b].t: 2 → 3`, `[name=c]: {"name":"c"} → -`, `[name=d]: - → {"name":"d"}`,
		},
		{`[{"id": 1}, {"id": 2}]`, `[{"id": 2.0}, {"id": 1}]`},
		{`[{"id": 1}, {"id": 2}]`, `[{"id": "2"}, {"id": 1}]`, `[id=2].id: 2 → "2"`},
		{`[{"id": 1, "name": "x"}, {"id": 2, "name": "x"}]`, `[{"id": 2, "name": "x"}, {"id": 1, "name": "y"}]`, `[id=1].name: "x" → "y"`},
		{`[]`, `[{"key": "k"}]`, `[key=k]: - → {"key":"k"}`},
		{`[{"key": "k"}]`, `[]`, `[key=k]: {"key":"k"} → -`},
		// No identity: one has none, is no object, or has that of another.
		{`[{"name": "a"}, {"x": 1}]`, `[{"x": 1}, {"name": "a"}]`, `[0]: {"name":"a"} → -`, `[1]: - → {"name":"a"}`},
		{`[{"name": "a"}, 1]`, `[{"name": "a"}, 2]`, `[1]: 1 → 2`},
		{`[{"name": "a"}, {"name": "a"}]`, `[{"name": "a"}, {"name": "b"}]`, `[1].name: "a" → "b"`},
		{`[{"name": null}]`, `[{"name": []}]`, `[0].name: null → []`},
		{`[{"name": null, "x": 1}]`, `[{"name": null, "x": 2}]`, `[0].x: 1 → 2`},
	})
	differs(t, config.Options{IDs: []string{"metadata.name", "port"}}, [][]string{
		{
			`[{"metadata": {"name": "a"}, "x": 1}, {"metadata": {"name": "b"}}]`, `[{"metadata": {"name": "b"}}, {"metadata": {"name": "a"}, "x": 2}]`,
			`[metadata.name=a].x: 1 → 2`,
		},
		{`[{"port": 1, "x": 1}, {"port": 2}]`, `[{"port": 2}, {"port": 1, "x": 2}]`, `[port=1].x: 1 → 2`},
		{`[{"name": "a"}]`, `[{"name": "b"}]`, `[0].name: "a" → "b"`},
	})
	differs(t, config.Options{IDs: []string{}}, [][]string{
		{`[{"name": "a"}]`, `[{"name": "b"}]`, `[0].name: "a" → "b"`},
	})
}

func TestOtherListsAreMatchedByTheirElements(t *testing.T) {
	t.Parallel()
	differs(t, config.Options{}, [][]string{
		{`[1, 2, 3, 4]`, `[1, 3, 4, 5]`, `[1]: 2 → -`, `[3]: - → 5`},
		{`[1, 2, 3]`, `[1, 9, 3]`, `[1]: 2 → 9`},
		{`[1, 2, 3]`, `[3, 1, 2]`, `[0]: - → 3`, `[2]: 3 → -`},
		{`[1, 1, 2, 1, 1, 3]`, `[1, 2, 1, 3, 3]`, `[1]: 1 → -`, `[4]: 1 → 3`},
		{`[{"h": 1}, {"h": 2, "p": 1}]`, `[{"h": 0}, {"h": 1}, {"h": 2, "p": 2}]`, `[0]: - → {"h":0}`, `[1].p: 1 → 2`},
		{`[[1, 2], [3]]`, `[[1], [3]]`, `[0][1]: 2 → -`},
		{`[1.0, "1"]`, `[1, "1"]`},
		{`[1]`, `["1"]`, `[0]: 1 → "1"`},
		{`[0, 1, 5, 5, 7, 2]`, `[3, 5, 5, 7, 4]`, `[0]: 0 → 3`, `[1]: 1 → -`, `[5]: 2 → 4`},
		{`[5, 6]`, `[1, 5, 2, 6, 3]`, `[0]: - → 1`, `[2]: - → 2`, `[4]: - → 3`},
	})
}

func TestOrderCanBeIgnored(t *testing.T) {
	t.Parallel()
	differs(t, config.Options{IgnoreOrder: true}, [][]string{
		{`{"l": [1, 2, 3, 2]}`, `{"l": [2, 3, 2, 1.0]}`},
		{`[1, 2, 2]`, `[2, 1, 1]`, `[2]: 2 → 1`},
		{`[[1, 2], [3, 4]]`, `[[4, 3], [2, 1]]`},
		{`[1, 2, 3]`, `[3]`, `[0]: 1 → -`, `[1]: 2 → -`},
		{`[3]`, `[1, 2, 3]`, `[0]: - → 1`, `[1]: - → 2`},
		{`[{"a": 1, "b": 1}, 5]`, `[5, {"a": 1, "b": 2}]`, `[0].b: 1 → 2`},
		{`["1"]`, `[1]`, `[0]: "1" → 1`},
	})
	if got := diff(t, `[1, 2]`, `[2, 1]`, config.Options{}); len(got) == 0 {
		t.Error("order is no difference even where nobody ignores it")
	}
}

func TestBigListsDifferInNoTime(t *testing.T) {
	t.Parallel()
	const n = 100_000
	lists := map[string]func(i int) (a, b string){
		"all others":       func(i int) (string, string) { return fmt.Sprint(i), fmt.Sprint(n + i) },
		"reversed":         func(i int) (string, string) { return fmt.Sprint(i), fmt.Sprint(n - i) },
		"few values":       func(i int) (string, string) { return fmt.Sprint(i % 3), fmt.Sprint(i % 5) },
		"random by halves": func(i int) (string, string) { return fmt.Sprint(i * i % 9973), fmt.Sprint(i * i % 9967) },
	}
	for name, of := range lists {
		a, b := &config.Node{Kind: config.List}, &config.Node{Kind: config.List}
		for i := range n {
			x, y := of(i)
			a.Nodes = append(a.Nodes, config.Node{Kind: config.Number, Text: x})
			b.Nodes = append(b.Nodes, config.Node{Kind: config.Number, Text: y})
		}
		for _, o := range []config.Options{{}, {IgnoreOrder: true}} {
			if changes := diffTrees(t, a, b, o); len(changes) == 0 || len(changes) > 2*n {
				t.Errorf("%s: %d changes", name, len(changes))
			}
		}
	}
}

func TestTwoOfManyThatAreAlikeAreFound(t *testing.T) {
	t.Parallel()
	const first, second = 10_000, 20_001
	list := func(without ...int) string {
		var s []string
		for i := range 30_000 {
			if !slices.Contains(without, i) {
				s = append(s, fmt.Sprint(i%2))
			}
		}
		return "[" + strings.Join(s, ",") + "]"
	}
	for name, two := range map[string][2]string{
		"both removed":       {list(), list(first, second)},
		"both added":         {list(first, second), list()},
		"the first is moved": {list(first), list(second)},
		"and back":           {list(second), list(first)},
	} {
		if got := diff(t, two[0], two[1], config.Options{}); len(got) != 2 {
			t.Errorf("%s: %d lines, want 2", name, len(got))
		}
	}
}

func TestElementsOfOneNameAreNotMatchedByIt(t *testing.T) {
	t.Parallel()
	names := func(last string) string {
		var s []string
		for i := range 40 {
			s = append(s, fmt.Sprintf(`{"name": "n%d"}`, i))
		}
		return "[" + strings.Join(s, ",") + `, {"name": "` + last + `"}]`
	}
	if got, want := diff(t, names("n0"), names("n40"), config.Options{}), []string{`[40].name: "n0" → "n40"`}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// deep returns a value within 10,000 lists and maps of one element.
func deep(value string) *config.Node {
	n := config.Node{Kind: config.Number, Text: value}
	for i := range 10_000 {
		if i%2 == 0 {
			n = config.Node{Kind: config.Map, Keys: []string{"k"}, Nodes: []config.Node{n}}
		} else {
			n = config.Node{Kind: config.List, Nodes: []config.Node{n}}
		}
	}
	return &n
}

func TestDeepTreesAreToldUpToALimit(t *testing.T) {
	t.Parallel()
	for _, o := range []config.Options{{}, {IgnoreOrder: true}} {
		changes := diffTrees(t, deep("1"), deep("2"), o)
		if len(changes) != 1 || len(changes[0].Path) != 64 {
			t.Errorf("%d changes, the first of them %d steps down", len(changes), len(changes[0].Path))
		}
		if changes := diffTrees(t, deep("1"), deep("1.0"), o); len(changes) > 0 {
			t.Error("the same differs")
		}
	}
}

func TestNothingDiffersFromNothing(t *testing.T) {
	t.Parallel()
	one := tree(t, "1")
	for _, c := range []struct {
		a, b *config.Node
		want []string
	}{
		{nil, nil, []string{}},
		{nil, one, []string{": - → 1"}},
		{one, nil, []string{": 1 → -"}},
	} {
		if got := told(t, diffTrees(t, c.a, c.b, config.Options{})); !reflect.DeepEqual(got, c.want) {
			t.Errorf("Diff(%v, %v) = %q, want %q", c.a, c.b, got, c.want)
		}
	}
}

func TestChangesInJSON(t *testing.T) {
	t.Parallel()
	changes := config.Diff(
		tree(t, `{"port": "<8080>", "n": 9007199254740993, "gone": null}`),
		tree(t, `{"port": 8080, "n": 9007199254740992, "new": {"a.b": ["é", true, 1e400]}}`), config.Options{})
	changes = append(changes, config.Change{After: &config.Node{Kind: config.Number, Text: "0x1f"}})
	got, err := json.Marshal(changes)
	want := `[{"path":"port","before":"\u003c8080\u003e","after":8080,"kinds":["text","number"]},` +
		`{"path":"n","before":9007199254740993,"after":9007199254740992},{"path":"gone","before":null},` +
		`{"path":"new","after":{"a.b":["é",true,1e400]}},{"path":"","after":"0x1f"}]`
	if string(got) != want || err != nil {
		t.Errorf("got\n%s, %v, want\n%s", got, err, want)
	}
}
