package config_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/config"
)

// shown returns a tree on one line: {a: number 1, b: [text "x"]}.
func shown(n *config.Node) string {
	switch n.Kind {
	case config.List:
		var all []string
		for i := range n.Nodes {
			all = append(all, shown(&n.Nodes[i]))
		}
		return "[" + strings.Join(all, ", ") + "]"
	case config.Map:
		var all []string
		for i := range n.Nodes {
			all = append(all, n.Keys[i]+": "+shown(&n.Nodes[i]))
		}
		return "{" + strings.Join(all, ", ") + "}"
	case config.String:
		return "text " + strconv.Quote(n.Text)
	case config.Null, config.Bool:
		return n.Text
	default:
		return n.Kind.String() + " " + n.Text
	}
}

// parsed returns the tree of content, or its error.
func parsed(f config.Format, content string) string {
	n, err := config.Parse([]byte(content), f)
	if err != nil {
		return err.Error()
	}
	return shown(n)
}

// reading is content, and the tree or the error that it is to give.
type reading struct{ content, want string }

func checkReadings(t *testing.T, f config.Format, readings []reading) {
	t.Helper()
	for _, r := range readings {
		if got := parsed(f, r.content); got != r.want {
			t.Errorf("%s of %q:\n got %s\nwant %s", f, r.content, got, r.want)
		}
	}
}

func TestC8JSONKeepsWhatIsWritten(t *testing.T) {
	t.Parallel()
	checkReadings(t, config.JSON, []reading{
		{`{"a": 9007199254740993, "b": 1e400, "c": -0, "d": 1.10, "e": "1.10", "f": 1E+2}`, `{a: number 9007199254740993, b: number 1e400, c: number -0, d: number 1.10, e: text "1.10", f: number 1E+2}`},
		{`[true, false, null, "", {}, []]`, `[true, false, null, text "", {}, []]`},
		{`{"z": 1, "a": {"z": 2}}`, `{z: number 1, a: {z: number 2}}`},
		{`"\u00e9\ud83d\ude00\n\/"`, `text "é😀\n/"`},
		{"\uFEFF{\"a\":\r\n 1}\r\n", `{a: number 1}`},
		{"", `null`},
		{" \n", `null`},
		{"{\"a\": 1,\n \"b\": 2,\n \"a\": 3}", `line 3, column 2: the key "a" is here twice, first at line 1, column 2`},
		{`{"a": 1, "\u0061": 2}`, `line 1, column 10: the key "a" is here twice, first at line 1, column 2`},
		{`{"a": {"b": 1}, "c": {"b": 1, "b": 2}}`, `line 1, column 31: the key "b" is here twice, first at line 1, column 23`},
		{"{\n // why\n\"a\": 1}", `line 2, column 2: JSON has no comments`},
		{`{"a": 1} # why`, `line 1, column 10: JSON has no comments`},
		{`{"a": 1,}`, `line 1, column 8: JSON has no comma after the last value`},
		{`[1, 2,` + "\n]", `line 1, column 6: JSON has no comma after the last value`},
		{`{"a": 1`, `line 1, column 8: the JSON ends too early`},
		{`{"a": 1} {}`, `line 1, column 10: something follows the JSON value`},
		{`{"a": 1}}`, `line 1, column 9: this is not JSON: invalid character '}' at start of value`},
		{`{a: 1}`, `line 1, column 2: this is not JSON: invalid character 'a' at start of value`},
		{`{1: 1}`, `line 1, column 2: this is not JSON: object member name must be a string`},
		{`{"a": hunter2}`, `line 1, column 7: this is not JSON: invalid character 'h' at start of value`},
		{`["\ud800 hunter2"]`, `line 1, column 3: this is not JSON: invalid surrogate pair`},
		{`["\q"]`, `line 1, column 3: this is not JSON: invalid escape sequence`},
		{"[\"a\tb\"]", `line 1, column 4: this is not JSON: invalid character '\t' in string (expecting non-control character)`},
		{`{"a": 01}`, `line 1, column 8: this is not JSON: invalid character '1' after object value (expecting ',' or '}')`},
		{`NaN`, `line 1, column 1: this is not JSON: invalid character 'N' at start of value`},
		{"{\"a\": \"\xff\"}", `line 1, column 8: this is not UTF-8`},
		{"{\"é\": \"\x00\"}", `line 1, column 9: a NUL byte stands here, this is no text`},
	})
}

func TestC8YAMLKeepsWhatIsWritten(t *testing.T) {
	t.Parallel()
	checkReadings(t, config.YAML, []reading{
		{"a: 9007199254740993\nb: 1e400\nc: -0\nd: 1.10\ne: \"1.10\"\n", `{a: number 9007199254740993, b: number 1e400, c: number -0, d: number 1.10, e: text "1.10"}`},
		{"[no, yes, on, y, 0o777, 0777, 0x1F, 12:30:45, 1_000, .inf, -.INF, .nan, 0b11, 2001-12-14, +.5, 1., ., +, 08]", `[text "no", text "yes", text "on", text "y", number 0o777, number 0777, number 0x1F, text "12:30:45", text "1_000", number .inf, number -.INF, number .nan, text "0b11", text "2001-12-14", number +.5, number 1., text ".", text "+", number 08]`},
		{"[~, null, '', \"\", True, FALSE, 'true', !!str 12, !!int \"12\", !!float 1, ! a]", `[null, null, text "", text "", true, false, text "true", text "12", number 12, number 1, text "a"]`},
		{"a:\nb: |\n  x\n  y\nc: >-\n  x\n  y\n", `{a: null, b: text "x\ny\n", c: text "x y"}`},
		{"base: &b {x: 1, y: 2}\none:\n  <<: *b\n  y: 3\ntwo: *b\n", `{base: {x: number 1, y: number 2}, one: {y: number 3, x: number 1}, two: {x: number 1, y: number 2}}`},
		{"one: {<<: [{a: 1, b: 1}, {b: 2, c: 2}], c: 3}", `{one: {c: number 3, a: number 1, b: number 1}}`},
		{"a: {<<: {b: 1}, <<: {c: 1}}", `line 1, column 17: the key "<<" is here twice, first at line 1, column 5`},
		{"a: {<<: 1}", `line 1, column 9: the key << wants a map, or a list of maps`},
		{"a: {\"<<\": 1}", `{a: {<<: number 1}}`},
		{"8080: a\ntrue: b\n~: c\n", `{8080: text "a", true: text "b", null: text "c"}`},
		{"8080: a\n\"8080\": b\n", `line 2, column 1: the key "8080" is here twice, first at line 1, column 1`},
		{"a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n", `line 5, column 3: the key "c" is here twice, first at line 3, column 3`},
		{"é: {a: 1, ü: 2, a: 3}", `line 1, column 19: the key "a" is here twice, first at line 1, column 6`},
		{"? [a, b]\n: c\n", `line 1, column 3: a list or a map is the key of a map: a key must be a single value`},
		{"&k a: 1\nb: *k\n*k : 2\n", `line 3, column 1: the key "a" is here twice, first at line 1, column 1`},
		{"", `null`},
		{"# nothing\n", `null`},
		{"---\n---\na: 1\n---\n", `{a: number 1}`},
		{"a: 1\n---\nb: 2\n", `line 3, column 1: a second YAML document begins here: an item holds one`},
		{"a: 1\n...\n", `{a: number 1}`},
		{"\uFEFFa: 1\r\nb: x\r\n", `{a: number 1, b: text "x"}`},
		{"a:\n\tb: 1\n", `line 2, column 1: a tab stands in the indentation: indent with blanks`},
		{"a:\tb\n", `{a: text "b"}`},
		{"a: *hunter2\n", `line 1: this is not YAML: a value begins with * but names no anchor`},
		{"a: &a [*a]\n", `line 1, column 8: an alias stands within what it stands for`},
		{"a: &a {<<: *a}\n", `line 1, column 12: an alias stands within what it stands for`},
		{"a: &a\n  b: {<<: *a}\n", `line 2, column 11: an alias stands within what it stands for`},
		{"a: !vault x\n", `line 1, column 4: this has a tag of its own (!…): what it means is not known here`},
		{"a: !!int x\n", `line 1, column 4: this is not the number that its tag says`},
		{"a: !!bool 1\n", `line 1, column 4: this is not what its tag says`},
		{"a: !!set {b}\n", `line 1, column 4: this has a tag of its own (!…): what it means is not known here`},
		{"a: !!binary aGk=\n", `line 1, column 4: this has a tag of its own (!…): what it means is not known here`},
		{"a: b: c\n", `line 1: this is not YAML: mapping values are not allowed in this context`},
		{"a: 1\n b: 2\n", `line 2: this is not YAML: mapping values are not allowed in this context`},
		{"a: 'b\n", `line 1: this is not YAML: found unexpected end of stream`},
		{"a: [1, 2\nb: 3\n", `line 1: this is not YAML: did not find expected ',' or ']'`},
		{"a: @x\n", `line 1: this is not YAML: found character that cannot start any token`},
		{"a: \x01\n", `line 1, column 4: a control character stands here`},
		{"a: \xff\n", `line 1, column 4: this is not UTF-8`},
		{"%YAML 1.1\n---\na: no\n", `{a: text "no"}`},
		{"a: {b: 1\n", `line 1: this is not YAML: did not find expected ',' or '}'`},
		{"- a\nb: 1\n", `line 2: this is not YAML: did not find expected '-' indicator`},
	})
}

func TestC8TOMLKeepsWhatIsWritten(t *testing.T) {
	t.Parallel()
	checkReadings(t, config.TOML, []reading{
		{"a = 9007199254740993\nb = 1e400\nc = -0\nd = 1.10\ne = \"1.10\"\nf = 1_000\ng = 0o777\nh = 0x1F\ni = -inf\nj = true", `{a: number 9007199254740993, b: number 1e400, c: number -0, d: number 1.10, e: text "1.10", f: number 1_000, g: number 0o777, h: number 0x1F, i: number -inf, j: true}`},
		{"a = 1979-05-27T07:32:00.10Z\nb = 1979-05-27 07:32:00\nc = 1979-05-27\nd = 07:32:00", `{a: time 1979-05-27T07:32:00.10Z, b: time 1979-05-27 07:32:00, c: time 1979-05-27, d: time 07:32:00}`},
		{"a = 1979-02-30", `line 1, column 5: there is no such date or time`},
		{"a.b.c = 1\na.b.d = 2\na.\"e.f\" = 3", `{a: {b: {c: number 1, d: number 2}, e.f: number 3}}`},
		{"[a.b]\nx = 1\n[a]\ny = 2\n[a.b.c]\nz = 3", `{a: {b: {x: number 1, c: {z: number 3}}, y: number 2}}`},
		{"[[a]]\nx = 1\n[[a.b]]\ny = 2\n[[a]]\nx = 3\n[a.c]\nz = 4", `{a: [{x: number 1, b: [{y: number 2}]}, {x: number 3, c: {z: number 4}}]}`},
		{"a = [1, [2, 'x'], {b = 1, c.d = 2}]\n", `{a: [number 1, [number 2, text "x"], {b: number 1, c: {d: number 2}}]}`},
		{"a = '''\nx\ny'''\nb = \"\"\"x\\\n  y\"\"\"", `{a: text "x\ny", b: text "xy"}`},
		{"", `{}`},
		{"# nothing\n", `{}`},
		{"\uFEFFa = 1\r\nb = 2\r\n", `{a: number 1, b: number 2}`},
		{"a = 1\nb = 2\na = 3", `line 3, column 1: the key "a" is here twice, first at line 1, column 1`},
		{"[a]\nx = 1\n[b]\n[a]", `line 4, column 2: the key "a" is here twice, first at line 1, column 2`},
		{"[a.b]\n[a]\n[a]", `line 3, column 2: the key "a" is here twice, first at line 2, column 2`},
		{"a.b = 1\n[a]", `line 2, column 2: the key "a" is here twice, first at line 1, column 1`},
		{"a = 1\na.b = 2", `line 2, column 1: the key "a" is here twice, first at line 1, column 1`},
		{"a = {b = 1}\n[a.c]", `line 2, column 2: the key "a" is here twice, first at line 1, column 1`},
		{"a = {b = 1, b = 2}", `line 1, column 13: the key "b" is here twice, first at line 1, column 6`},
		{"a = []\n[[a]]", `line 2, column 3: the key "a" is here twice, first at line 1, column 1`},
		{"[[a]]\n[a]", `line 2, column 2: the key "a" is here twice, first at line 1, column 3`},
		{"[a]\n[[a]]", `line 2, column 3: the key "a" is here twice, first at line 1, column 2`},
		{"[a.b]\n[a]\nb.c = 1", `line 3, column 1: the key "b" is here twice, first at line 1, column 4`},
		{"a = hunter2", `line 1, column 5: this is not TOML: unexpected character U+0068 'h' at start of value`},
		{"a = 01", `line 1, column 5: this is not TOML: integers cannot have leading zeroes`},
		{"a = ", `line 1, column 4: this is not TOML: expected value, not end of input`},
		{"a = 'b", `line 1, column 6: this is not TOML: unterminated literal string`},
		{"[a", `line 1, column 2: this is not TOML: expected ']' to close table name`},
		{"a = 1 b = 2", `line 1, column 7: this is not TOML: expected newline but got U+0062 'b'`},
		{"\tx = [\n  1,\n  {y = [2]}\n]", `{x: [number 1, {y: [number 2]}]}`},
	})
}

func TestC11PropertiesAsJavaReadsThem(t *testing.T) {
	t.Parallel()
	checkReadings(t, config.Properties, []reading{
		{"a=1\nb: 2\nc 3\nd = 4\ne\t:\t5\nf\ng=\n", `{a: text "1", b: text "2", c: text "3", d: text "4", e: text "5", f: text "", g: text ""}`},
		{"a = b = c\nd : e : f\ng  h  i \n", `{a: text "b = c", d: text "e : f", g: text "h  i "}`},
		{"app.pool.max=1\napp.pool=2\n", `{app.pool.max: text "1", app.pool: text "2"}`},
		{"# a=1\n ! b=2\n\n  c=3\n", `{c: text "3"}`},
		{"a\\ b\\=c\\:d=1\n\\#e=2\n", `{a b=c:d: text "1", #e: text "2"}`},
		{"a=x\\\n   y\\\n\tz\nb=1\\\\\nc=2", `{a: text "xyz", b: text "1\\", c: text "2"}`},
		{"a=x\\\r\n  y\r\nb=1\rc=2", `{a: text "xy", b: text "1", c: text "2"}`},
		{"a\\\n  b=1\nc\\\n  = 2\nd=\\\n  3\n", `{ab: text "1", c: text "2", d: text "3"}`},
		{"a=1\\\n\nb=2\n", `{a: text "1", b: text "2"}`},
		{"\\\n\n\\\n  a=1\n\\\n# b=2\n", `{a: text "1", #: text "b=2"}`},
		{"a=caf\\u00e9 \\uD83D\\uDE00 \\t\\n\\r\\f\\q\\\\\nb=é\n", `{a: text "café 😀 \t\n\r\fq\\", b: text "é"}`},
		{"\\u0061=1\n", `{a: text "1"}`},
		{"a=1\nb=2\n a : 3\n", `line 3, column 2: the key "a" is here twice, first at line 1, column 1`},
		{"a=1\n\\u0061=2\n", `line 2, column 1: the key "a" is here twice, first at line 1, column 1`},
		{"a=1\nb=\\u00g1\n", `line 2, column 3: \u wants four hexadecimal digits`},
		{"a=\\u12", `line 1, column 3: \u wants four hexadecimal digits`},
		{"a=\\ud83d x", `line 1, column 3: this is half of a character: the other \u is missing`},
		{"a=x\\", `{a: text "x"}`},
		{"=1\n", `{: text "1"}`},
		{"", `{}`},
		{"# a\n", `{}`},
		{"\uFEFFa=1", `{a: text "1"}`},
		{"a=\xe9", `line 1, column 3: this is not UTF-8`},
	})
}

func TestEveryErrorIsAParseError(t *testing.T) {
	t.Parallel()
	_, err := config.Parse([]byte("a: 1\na: 2\n"), config.YAML)
	got, _ := errors.AsType[*config.ParseError](err)
	if diff := cmp.Diff(&config.ParseError{Line: 2, Column: 1, Text: `the key "a" is here twice, first at line 1, column 1`}, got); diff != "" {
		t.Error(diff)
	}
}

func TestTextAndBinaryHaveNoStructure(t *testing.T) {
	t.Parallel()
	for _, f := range []config.Format{config.Text, config.Binary, "", "xml"} {
		if n, err := config.Parse([]byte("a: 1"), f); n != nil || !errors.Is(err, config.ErrUnstructured) {
			t.Errorf("%q: %v, %v", f, n, err)
		}
	}
}

// at returns where each value of content begins, as LINE:COLUMN, in the order of
// a walk.
func at(t *testing.T, f config.Format, content string) string {
	t.Helper()
	root, err := config.Parse([]byte(content), f)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	var walk func(n *config.Node)
	walk = func(n *config.Node) {
		all = append(all, fmt.Sprintf("%d:%d", n.Line, n.Column))
		for i := range n.Nodes {
			walk(&n.Nodes[i])
		}
	}
	walk(root)
	return strings.Join(all, " ")
}

func TestEachValueKnowsWhereItBegins(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		f             config.Format
		content, want string
	}{
		{config.JSON, "\uFEFF{\"é\": 1, \"a\":\n\t[\"x\\n\",true\r\n,{\"b\":null}] }", "1:1 1:8 2:2 2:3 2:9 3:2 3:7"},
		{config.YAML, "é: {ü: 1, a: b}\nc: &c\n  - x\n  - 'y'\nd: *c\n", "1:1 1:5 1:10 1:16 2:4 3:5 4:5 5:4 3:5 4:5"},
		{config.TOML, "a = 1\n\n[t.u]\nb = 'x' # y\nc = [1,\n 2]\nd = {e = true}\n[[l]]\n[[l]]\nf = 07:00:00\n", "1:1 1:5 3:2 3:4 4:5 0:0 5:6 6:2 7:5 7:10 8:3 8:3 9:3 10:5"},
		{config.Properties, "# x\né = 1\nb\\\n  c : \\\n x\n", "1:1 2:6 5:2"},
	} {
		if got := at(t, c.f, c.content); got != c.want {
			t.Errorf("%s of %q:\n got %s\nwant %s", c.f, c.content, got, c.want)
		}
	}
}

func TestALongLineOfManyCharactersCostsNoTime(t *testing.T) {
	t.Parallel()
	got := at(t, config.YAML, "é: ["+strings.Repeat("a, ", 3000)+"b]")
	if !strings.HasPrefix(got, "1:1 1:5 1:6 1:9 ") || !strings.HasSuffix(got, " 1:0") {
		t.Errorf("columns %.40s … %s", got, got[len(got)-10:])
	}
}

func TestNoErrorQuotesAValue(t *testing.T) {
	t.Parallel()
	const secret = "hunter2hunter2"
	for f, contents := range map[config.Format][]string{
		config.JSON:       {`{"a": %s}`, `{"a": "%s}`, `{"a": "\q%s"}`, `{"a": "\ud800%s"}`, `{"a": 1%s}`, `"%s" "%s"`, "[\"%s\t\"]"},
		config.YAML:       {"a: *%s", "a: '%s", "a: \"\\q%s\"", "a: !!int %s", "a: !x %s", "a: @%s", "a: %%%s", "a: %s: b", "a: {%s", "*%s", "a: %s\x01", "a: !<%s"},
		config.TOML:       {"a = %s", "a = '%s", "a = \"\\q%s\"", "a = 1%s", "a = 2001-01-01%s", "a = 07:00:00%s", "a = true%s", "a = \"%s\"%s"},
		config.Properties: {"a = \\u%s", "a = %s\\ud800"},
	} {
		for _, c := range contents {
			content := strings.ReplaceAll(c, "%s", secret)
			_, err := config.Parse([]byte(content), f)
			if _, ok := errors.AsType[*config.ParseError](err); !ok || strings.Contains(err.Error(), secret[:6]) {
				t.Errorf("%s of %q: %v", f, content, err)
			}
		}
	}
}

func TestALongKeyIsCutInAnError(t *testing.T) {
	t.Parallel()
	key := strings.Repeat("é", 10_000)
	_, err := config.Parse([]byte(key+"=1\n"+key+"=2\n"), config.Properties)
	if want := `line 2, column 1: the key "` + strings.Repeat("é", 31) + `…" is here twice, first at line 1, column 1`; fmt.Sprint(err) != want {
		t.Errorf("%v\nwant %s", err, want)
	}
}

func TestDuplicatesAreFoundAmongManyKeys(t *testing.T) {
	t.Parallel()
	for f, line := range map[config.Format]string{config.JSON: "%q: 1,\n", config.YAML: "%s: 1\n", config.TOML: "%s = 1\n", config.Properties: "%s=1\n"} {
		var b strings.Builder
		for i := range 5000 {
			fmt.Fprintf(&b, line, fmt.Sprintf("key%d", i))
		}
		fmt.Fprintf(&b, line, "key77")
		content := b.String()
		if f == config.JSON {
			content = "{" + strings.TrimSuffix(content, ",\n") + "}"
		}
		_, err := config.Parse([]byte(content), f)
		if want := `line 5001, column 1: the key "key77" is here twice, first at line 78, column 1`; fmt.Sprint(err) != want {
			t.Errorf("%s: %v, want %s", f, err, want)
		}
	}
}
