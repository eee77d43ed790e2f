package config_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"govctl/internal/mask"
	"govctl/pkg/config"
)

// sortedItems makes items of their contents by GROUP/KEY, sorted.
func sortedItems(contents map[string]string) []config.Item {
	var items []config.Item
	for key, content := range contents {
		group, name, ok := strings.Cut(key, "/")
		if !ok {
			group, name = config.NoGroup, key
		}
		items = append(items, config.Item{Key: config.Key{Group: group, Name: name}, Content: []byte(content)})
	}
	slices.SortFunc(items, func(a, b config.Item) int { return a.Compare(b.Key) })
	return items
}

// checkup checks all items.
func checkup(t *testing.T, contents map[string]string, o config.CheckOptions) config.Checkup {
	t.Helper()
	items := sortedItems(contents)
	if o.Masker == nil {
		o.Masker = mask.New([]byte("key"))
	}
	if o.Readings == nil {
		o.Readings = []config.Reading{config.DefaultReading(items, "")}
	}
	c, err := config.Check(t.Context(), items, items, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// findingsOf returns the findings of c, one a line.
func findingsOf(c config.Checkup) string {
	var b strings.Builder
	for _, f := range c.Findings {
		fmt.Fprintf(&b, "%s:%d:%d %s %s %s: %s\n", f.Key, f.Line, f.Column, f.Path, f.Level, f.Code, f.Text)
	}
	return b.String()
}

func TestCheckFindsWhatIsWrongWithAnItem(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		items map[string]string
		want  string
	}{
		"all is well": {map[string]string{"a/x.yaml": "a: 1\n", "a/y.json": "{}", "a/z.txt": "${no} matter", "a/bin": "\x00••"}, ""},
		"unparsable": {
			map[string]string{"a/x.json": "{\"a\": 1,}", "a/y.yaml": "a: 1\na: 2\n", "b/z.toml": "a =", "c/w.yaml": "\xff"},
			`a/x.json:1:8  fail unparsable: JSON has no comma after the last value
a/y.yaml:2:1  fail unparsable: the key "a" is here twice, first at line 1, column 1
b/z.toml:1:3  fail unparsable: this is not TOML: expected value, not end of input
c/w.yaml:1:1  fail unparsable: this is not UTF-8
`,
		},
		"mask marker": {
			map[string]string{"a/x.yaml": "db:\n  password: ••3f9a\n  token: ••aaaa\n", "a/y.txt": "pw ••1234"},
			`a/x.yaml:2:13  fail mask-marker: masked secrets were written back, 2 from here on: they are lost
a/y.txt:1:4  fail mask-marker: a masked secret was written back here: it is lost
`,
		},
		"old YAML": {
			map[string]string{"a/x.yaml": "a: no\nb: [0o777, 12:30:45]\nc: \"no\"\nd: 1.10\ne: 2001-12-14\nf: ~\n", "a/y.json": `{"a": "no"}`},
			`a/x.yaml:1:4 a warn yaml-1.1: no is text, and bool false in YAML 1.1: quote it, or write what is meant
a/x.yaml:2:5 b[0] warn yaml-1.1: 0o777 is number, and text in YAML 1.1: quote it, or write what is meant
a/x.yaml:2:12 b[1] warn yaml-1.1: 12:30:45 is text, and number 45045 in YAML 1.1: quote it, or write what is meant
a/x.yaml:5:4 e warn yaml-1.1: 2001-12-14 is text, and time 2001-12-14 in YAML 1.1: quote it, or write what is meant
`,
		},
		"old YAML of a secret": {
			map[string]string{"a/x.yaml": "password: 0123456\n"},
			"a/x.yaml:1:11 password warn yaml-1.1: is number, and another number in YAML 1.1: quote it, or write what is meant\n",
		},
		"one value by two aliases is one finding": {
			map[string]string{"a/x.yaml": "a: &a [no]\nb: *a\nc: *a\n"},
			`a/x.yaml:1:8 a[0] warn yaml-1.1: no is text, and bool false in YAML 1.1: quote it, or write what is meant
a/x.yaml:1:8 b[0] warn yaml-1.1: no is text, and bool false in YAML 1.1: quote it, or write what is meant
a/x.yaml:1:8 c[0] warn yaml-1.1: no is text, and bool false in YAML 1.1: quote it, or write what is meant
`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, findingsOf(checkup(t, c.items, config.CheckOptions{}))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestCheckResolvesPlaceholdersWhereTheServiceReads(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		items map[string]string
		want  string
	}{
		"in the item": {map[string]string{"a/x.yaml": "b: {c: 1}\nd: ${b.c}/${b}\n", "a/y.properties": "b.c=1\nd=${b.c}\n"}, ""},
		"loosely":     {map[string]string{"a/x.yaml": "maxOpen: 1\nd: ${max-open}\n"}, ""},
		"in another item of the group, or of all": {
			map[string]string{"a/x.yaml": "d: ${e} ${f} ${g} ${l[0].m}\n", "a/y.toml": "e = 1\n", "common/z.json": `{"f": 2, "l": [{"m": 1}]}`, "top.yaml": "g: 3\n"}, "",
		},
		"a default, a variable, an escape": {map[string]string{"a/x.yaml": "d: ${no.such:1} ${HOME} $${no.such} \\${no.such} ${no:${HOME:x}}\n"}, ""},
		"in no item": {
			map[string]string{"a/x.yaml": "d: ${no.such}\n"},
			"a/x.yaml:1:4 d fail unresolved: ${no.such} names nothing that is read together with this item\n",
		},
		"in a default": {
			map[string]string{"a/x.yaml": "d: ${a:${no.such}}\n"},
			"a/x.yaml:1:4 d fail unresolved: ${no.such} names nothing that is read together with this item\n",
		},
		"of another service": {
			map[string]string{"a/x.yaml": "d: ${e}\n", "b/y.yaml": "e: 1\n"},
			"a/x.yaml:1:4 d fail unresolved: ${e} names nothing that is read together with this item\n",
		},
		"of another service that has placeholders, too": {
			map[string]string{"a/x.yaml": "d: ${e}\n", "b/y.yaml": "e: 1\nf: ${d}\n"},
			`a/x.yaml:1:4 d fail unresolved: ${e} names nothing that is read together with this item
b/y.yaml:2:4 f fail unresolved: ${d} names nothing that is read together with this item
`,
		},
		"what is common may name what a service has": {map[string]string{"common/x.yaml": "d: ${e}\n", "b/y.yaml": "e: 1\n"}, ""},
		"Spring's folders": {
			map[string]string{"config/application/data.yaml": "a: 1\n", "config/order,prod/data.yaml": "b: ${a} ${c} ${d}\n", "config/order/data.yaml": "c: 1\n", "config/user/data.yaml": "d: 1\n"},
			"config/order,prod/data.yaml:1:4 b fail unresolved: ${d} names nothing that is read together with this item\n",
		},
		"unclosed": {
			map[string]string{"a/x.yaml": "d: ${no.such\n"},
			"a/x.yaml:1:4 d warn unclosed: a placeholder begins with ${ and has no end\n",
		},
		"itself": {
			map[string]string{"a/x.yaml": "d: ${d:1}\n"},
			"a/x.yaml:1:4 d fail unresolved: its placeholders never come to an end: d → d\n",
		},
		"a circle, and what leads into it": {
			map[string]string{"a/x.yaml": "a: ${b}\nb: x${c}\nc: ${a}\nd: ${a}\ne: 1\nf: ${e}\n"},
			`a/x.yaml:1:4 a fail unresolved: its placeholders never come to an end: a → b → c → a
a/x.yaml:2:4 b fail unresolved: its placeholders never come to an end: b → c → a → b
a/x.yaml:3:4 c fail unresolved: its placeholders never come to an end: c → a → b → c
`,
		},
		"a circle through two items": {
			map[string]string{"a/x.yaml": "p: ${q}\n", "common/y.yaml": "q: ${p}\n"},
			`a/x.yaml:1:4 p fail unresolved: its placeholders never come to an end: p → common/y.yaml q → p
common/y.yaml:1:4 q fail unresolved: its placeholders never come to an end: q → a/x.yaml p → q
`,
		},
		"no circle where the item has a value of its own": {
			map[string]string{"a/x.yaml": "a: ${b}\nb: 1\n", "common/y.yaml": "b: ${c}\nc: ${b:1}\n"},
			`common/y.yaml:1:4 b fail unresolved: its placeholders never come to an end: b → c → b
common/y.yaml:2:4 c fail unresolved: its placeholders never come to an end: c → b → c
`,
		},
		"a part of a secret": {
			map[string]string{"a/x.yaml": "password: hunter${zwei}drei\n"},
			"a/x.yaml:1:11 password fail unresolved: a placeholder in this secret names nothing that is read together with this item\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, findingsOf(checkup(t, c.items, config.CheckOptions{}))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestCheckSaysWhatBreaksAConsumer(t *testing.T) {
	t.Parallel()
	got := findingsOf(checkup(t, map[string]string{
		"micro/config/order":        `{"a": 1}`,
		"micro/config/empty":        "",
		"micro/config/list":         "[1]",
		"micro/config/list/deep/it": `{}`,
		"micro/config/scalar":       `42`,
		"micro/config/text":         "hello: world\n",
		"micro/other":               "1",
		"order/app.yaml":            "a: 1\n",
	}, config.CheckOptions{}))
	const fails = "fail breaks-consumer: go-micro's Consul source fails as a whole, for every service that reads micro/config/: "
	want := "micro/config/list/deep/it:0:0  " + fails + "it lies below a value that is no object, and the source panics\n" +
		"micro/config/scalar:0:0  " + fails + "this is a number, not an object or a list\n" +
		"micro/config/text:1:1  " + fails + "this is not JSON: invalid character 'h' at start of value\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestCheckKnowsWhatServicesReadByGoMicro(t *testing.T) {
	t.Parallel()
	got := findingsOf(checkup(t, map[string]string{
		"order/db":       `{"max": 1}`,
		"order/db/max/x": `{}`,
		"order/db/max/y": `{}`,
		"order/port":     "8080",
		"user/port":      "{}",
		"other.txt":      "8080",
	}, config.CheckOptions{Readings: []config.Reading{{Consumer: config.GoMicro, Patterns: []string{"{service}/*"}}}}))
	const fails = "fail breaks-consumer: go-micro's Consul source fails as a whole, for every service that reads {service}/: "
	want := "order/db/max/x:0:0  " + fails + "it lies below a value that is no object, and the source panics\n" +
		"order/db/max/y:0:0  " + fails + "it lies below a value that is no object, and the source panics\n" +
		"order/port:0:0  " + fails + "this is a number, not an object or a list\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAPlaceholderIsAVariableToGoMicro(t *testing.T) {
	t.Parallel()
	got := checkup(t, map[string]string{"micro/config/order": `{"a": "${no_such} ${x:1}"}`}, config.CheckOptions{})
	if diff := cmp.Diff(config.Checkup{Items: 1, Well: 1, Variables: 1}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestCheckHoldsItemsToTheirSchemas(t *testing.T) {
	t.Parallel()
	got := checkup(t, map[string]string{
		"order/app.yaml": "port: \"8080\"\nlevel: loud\ndb: {password: hunter2, retries: 9007199254740993}\n",
		"order/a.txt":    "text",
		"order/b.yaml":   ": :\n- ]",
		"user/app.yaml":  "port: \"8080\"\n",
	}, config.CheckOptions{Schemas: []config.ItemSchema{
		{Key: "order/*", Schema: newSchema(t, "{properties: {port: {type: integer}, level: {enum: [info]}}, required: [name]}")},
		{Key: "order/app.yaml", Schema: newSchema(t, "properties: {db: {properties: {password: {const: hunter3, type: integer}, retries: {maximum: 9007199254740992}}}}")},
	}})
	want := `order/a.txt:0:0  fail schema: has a schema, but is text and has no values to check
order/app.yaml:1:1  fail schema: lacks the key "name"
order/app.yaml:1:7 port fail schema: is string, and must be integer
order/app.yaml:2:8 level fail schema: is none of the values that are allowed: "info"
order/app.yaml:3:16 db.password fail schema: is not the one value that is allowed
order/app.yaml:3:16 db.password fail schema: is string, and must be integer
order/app.yaml:3:34 db.retries fail schema: is above the maximum 9007199254740992
order/b.yaml:1:0  fail unparsable: this is not YAML: did not find expected key
`
	if diff := cmp.Diff(want, findingsOf(got)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	got.Findings = nil
	if diff := cmp.Diff(config.Checkup{Items: 4, Well: 1, Failures: 8}, got); diff != "" {
		t.Errorf("totals (-want +got)\n%s", diff)
	}
}

func TestCheckCountsWhatItDoesNotCheck(t *testing.T) {
	t.Parallel()
	got := checkup(t, map[string]string{"a/x.yaml": "a: ${HOME}/${USER}\nb: ${PATH:x}\nc: no\n", "a/y.yaml": "a: 1\n"}, config.CheckOptions{})
	got.Findings = nil
	if diff := cmp.Diff(config.Checkup{Items: 2, Well: 1, Warnings: 1, Variables: 2}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestCheckOfSomeItemsLooksIntoTheOthersForNames(t *testing.T) {
	t.Parallel()
	items := sortedItems(map[string]string{"a/x.yaml": "a: ${b}${c}\n", "a/y.yaml": "b: no\n"})
	got, err := config.Check(t.Context(), items[:1], items, config.CheckOptions{Masker: mask.New(nil), Readings: []config.Reading{config.DefaultReading(items, "")}})
	want := "a/x.yaml:1:4 a fail unresolved: ${c} names nothing that is read together with this item\n"
	if err != nil || findingsOf(got) != want || got.Items != 1 {
		t.Errorf("%s of %d, %v; want %s", findingsOf(got), got.Items, err, want)
	}
}

func TestWhatMayStandInAWithheldItemIsNoError(t *testing.T) {
	t.Parallel()
	got := checkup(t, map[string]string{"a/x.yaml": "a: ${b}${c}${x}\nx: 1\n"}, config.CheckOptions{Partial: true})
	if diff := cmp.Diff(config.Checkup{Items: 1, Well: 1, Unknown: 2}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestCheckEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	items := sortedItems(map[string]string{"a/x.yaml": "a: 1\n"})
	if _, err := config.Check(ctx, items, items, config.CheckOptions{Masker: mask.New(nil)}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v; want that it was cancelled", err)
	}
}

// hostileItems are contents that ask for more than they are worth; want is the code
// that must be among the findings, "" for none.
func hostileItems() map[string]struct{ content, want string } {
	deep := strings.Repeat("[", 900)
	return map[string]struct{ content, want string }{
		"levels.yaml":       {strings.Repeat("[", 200_000) + strings.Repeat("]", 200_000), "unparsable"},
		"levels.json":       {strings.Repeat("[", 200_000) + strings.Repeat("]", 200_000), "unparsable"},
		"line.yaml":         {"a: " + strings.Repeat("x", 10<<20), ""},
		"line.json":         {`{"a": "` + strings.Repeat("x${", 3<<20) + `"}`, ""},
		"line.properties":   {"a=" + strings.Repeat("${b}", 2<<20), "unresolved"},
		"utf8.json":         {"{\"a\": \"\xff\"}", "unparsable"},
		"bomb.yaml":         {bombs()[0].content, "unparsable"},
		"loop.yaml":         {"a: &a\n  b: &b {<<: *a}\n", "unparsable"},
		"duplicate.json":    {`{"a": 1, "a": 2}`, "unparsable"},
		"warnings.yaml":     {strings.Repeat("- no\n", 300_000), "yaml-1.1"},
		"placeholders.json": {deep + strings.Repeat(`"${a}",`, 300_000) + "1" + strings.Repeat("]", 900), "unresolved"},
		"long key.json":     {`{"` + strings.Repeat("k", 1<<20) + `": [` + strings.Repeat(`"${k}",`, 300_000) + "1]}", "unresolved"},
		"chain.properties":  {grown("a0=${a0}\n", 200_000, func(i int) string { return fmt.Sprintf("a%d=${a%d}\n", i, i-1) }), "unresolved"},
		"fan.properties":    {grown("", 60, func(i int) string { return fmt.Sprintf("a%d=${a%d}${a%d}\n", i, i+1, i+1) }) + "a61=1\n", ""},
		"circle.properties": {grown("", 9_000, func(i int) string { return fmt.Sprintf("a%d=${a%d}\n", i, i%9_000+1) }), "unresolved"},
		"marker.txt":        {strings.Repeat("••3f9a", 1<<20), "mask-marker"},
		"names.properties": {grown("", 20, func(i int) string {
			return fmt.Sprintf("k%d=%s\n", i, grown("", 5_000, func(j int) string { return fmt.Sprintf("${a%d}", j) }))
		}), "unresolved"},
		"everything.properties": {grown("", 9_000, func(i int) string { return fmt.Sprintf("k%d=${a%d}${HOME}${b:${c}}${\n", i, i) }), "unresolved"},
	}
}

func TestCheckOfHostileItemsEndsInTimeAndMemory(t *testing.T) {
	t.Parallel()
	for name, c := range hostileItems() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			got := checkup(t, map[string]string{"a/" + name: c.content, "b/good.yaml": "a: no\n"}, config.CheckOptions{
				Schemas: []config.ItemSchema{{Key: "*", Schema: newSchema(t, "{additionalProperties: {maxLength: 100000000}, items: {uniqueItems: true}}")}},
			})
			took := time.Since(start)
			codes := map[config.Code]bool{}
			size := 0
			for _, f := range got.Findings {
				codes[f.Code] = codes[f.Code] || f.Group == "a"
				size += len(f.Text) + len(f.Path)
			}
			if took > 20*time.Second || c.want != "" && !codes[config.Code(c.want)] || size > 20<<20 || len(got.Findings) > 5_000 {
				t.Errorf("%v, %d findings of %d bytes with the codes %v; want %q", took, len(got.Findings), size, codes, c.want)
			}
			if last := got.Findings[len(got.Findings)-1]; last.Group != "b" || last.Code != config.OldYAML {
				t.Errorf("the last finding is %+v; want that of the item beside it", last)
			}
		})
	}
	runtime.GC()
}
