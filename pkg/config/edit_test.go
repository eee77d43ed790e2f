package config_test

import (
	"errors"
	"strings"
	"testing"

	"govctl/pkg/config"
)

// edited makes edits that are written "path=JSON", and "-path" for a removal;
// its result is the content, or the error.
func edited(t testing.TB, f config.Format, content string, edits ...string) string {
	t.Helper()
	out, err := config.EditContent([]byte(content), f, editsOf(t, edits...)...)
	if err != nil {
		if out != nil {
			t.Errorf("%q: an error has the content %q beside", content, out)
		}
		return "error: " + err.Error()
	}
	return string(out)
}

func editsOf(t testing.TB, texts ...string) []config.Edit {
	t.Helper()
	var edits []config.Edit
	for _, text := range texts {
		var edit config.Edit
		at, removed := strings.CutPrefix(text, "-")
		if !removed {
			i := strings.LastIndex(text, ":=")
			at, edit.Value = text[:i], tree(t, text[i+2:])
		}
		var err error
		if edit.Path, err = config.ParsePath(at); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		edits = append(edits, edit)
	}
	return edits
}

// editing is content, edits, and what they are to make of it.
type editing struct {
	content string
	edits   []string
	want    string
}

func checkEdits(t *testing.T, f config.Format, table []editing) {
	t.Helper()
	for _, c := range table {
		if got := edited(t, f, c.content, c.edits...); got != c.want {
			t.Errorf("%s %q with %q:\n got %q\nwant %q", f, c.content, c.edits, got, c.want)
		}
	}
}

func TestEditsOfYAMLLeaveEveryOtherByte(t *testing.T) {
	t.Parallel()
	checkEdits(t, config.YAML, []editing{
		{"a: 1\nb:   2   # two\nc: 3", []string{"b:=5"}, "a: 1\nb:   5   # two\nc: 3"},
		{"设置:\r\n  # 注\t释\r\n  名: 值 # 旁注\r\n  n: 1\r\n", []string{"设置.名:=\"新\"", "设置.n:=2"}, "设置:\r\n  # 注\t释\r\n  名: 新 # 旁注\r\n  n: 2\r\n"},
		{"\uFEFFa: 日本\t# x\n", []string{"a:=1"}, "\uFEFFa: 1\t# x\n"},
		{"a: 'x'\nb: \"y\"\nc: z\n", []string{`a:="it's"`, `b:="q\"\n"`, `c:="no"`}, "a: 'it''s'\nb: \"q\\\"\\n\"\nc: \"no\"\n"},
		{"a: x\n", []string{`a:="8080"`}, "a: \"8080\"\n"},
		{"a: \"8080\"\n", []string{`a:=8080`}, "a: 8080\n"},
		{"a: x\n", []string{`a:="x: y # z"`}, "a: \"x: y # z\"\n"},
		{"a: x\n", []string{`a:=null`}, "a: null\n"},
		{"a:\nb: # c\nc: ~\n", []string{"a:=1", "b:=2", "c:=3"}, "a: 1\nb: 2 # c\nc: 3\n"},
		{"a: |\n  x\n  y\n# c\nb: 1\n", []string{`a:="p\nq\n"`}, "a: |\n  p\n  q\n# c\nb: 1\n"},
		{"a: |-  # why\n    x\nb: 1\n", []string{`a:="p\nq"`}, "a: |- # why\n    p\n    q\nb: 1\n"},
		{"a: >\n  x\n  y\nb: 1\n", []string{`a:="p\nq\n"`}, "a: >\n  p\n\n  q\nb: 1\n"},
		{"a: >\n  x\n  y\n\n\nb: 1\n", []string{`a:=1`}, "a: 1\n\n\nb: 1\n"},
		{"a: |\nb: 1\n", []string{`a:="x"`}, "a: |-\n  x\nb: 1\n"},
		{"a: |+\n  x\n\nb: 1\n", []string{`-b`, "c:=1"}, "a: |+\n  x\n\nc: 1\n"},
		{"a: | # why\n  x\nb: 1\n", []string{`a:=1`}, "a: 1 # why\nb: 1\n"},
		{"a: one\n  two\nb: 1\n", []string{`a:="x"`}, "a: x\nb: 1\n"},
		{"a: {b: 1, c: [x, 'y']} # f\n", []string{"a.b:=2", `a.c[1]:="z"`, "a.c[2]:=3", `a.d:={"e":[1]}`}, "a: {b: 2, c: [x, 'z', 3], d: {e: [1]}} # f\n"},
		{"a: [\n  1, # one\n  2, # two\n  3 # three\n]\n", []string{"-a[1]", "a[2]:=4"}, "a: [\n  1, # one\n  3, # three\n  4\n]\n"},
		{"a: [1, 2, 3]\n", []string{"-a[0]", "-a[1]"}, "a: [2]\n"},
		{"a: [1, 2]\n", []string{"-a[0]", "-a[0]"}, "a: []\n"},
		{"a:\n  b: 1 # c\nd: 1\n", []string{"a.e:=2"}, "a:\n  b: 1 # c\n  e: 2\nd: 1\n"},
		{"a:\n  b: 1", []string{"a.e:=2"}, "a:\n  b: 1\n  e: 2"},
		{"a:\n    b:\n        c: 1\n", []string{"x.y.z:=1"}, "a:\n    b:\n        c: 1\nx:\n    \"y\":\n        z: 1\n"},
		{"a:\n- 1\n", []string{`b:=[1,{"c":2,"d":[]},[3]]`}, "a:\n- 1\nb:\n- 1\n- c: 2\n  d: []\n- - 3\n"},
		{"a:\n  b: 1\n  # end\nc: 2\n", []string{"-a.b"}, "a: {}\n  # end\nc: 2\n"},
		{"a: # c\n  b: 1\nc: 2\n", []string{"-a.b"}, "a: {} # c\nc: 2\n"},
		{"a: &x\n  b: 1\nc: 2\n", []string{"-a.b"}, "a: &x {}\nc: 2\n"},
		{"a: 1\n", []string{"-a"}, "{}\n"},
		{"a: 1\nb: 2", []string{"-b"}, "a: 1"},
		{"a: 1\nb: 2\n", []string{"-b", "-a", "c:=3"}, "c: 3\n"},
		{"a: 1 # x\n# y\nb: 2\nc: 3\n", []string{"-a", "-b", "d:=4"}, "# y\nc: 3\nd: 4\n"},
		{"a:\n  b: 1", []string{"-a.b", "c:=1"}, "a: {}\nc: 1"},
		{"- name: x # n\n  t: 1\n- name: y\n  t: 2\n", []string{"-[0].name", "[name=y].t:=3"}, "- t: 1\n- name: y\n  t: 3\n"},
		{"- name: x\n  # how long\n  t: 1\n", []string{"-[0].name"}, "-\n  # how long\n  t: 1\n"},
		{"routes:\n  - name: a\n    t: 1\n  - name: b\n    t: 2 # two\n", []string{"routes[name=b].t:=3", `routes[2]:={"name":"c","t":4}`, "-routes[name=a]"}, "routes:\n  - name: b\n    t: 3 # two\n  - name: c\n    t: 4\n"},
		{"- 1 # one\n-  2\n-\n", []string{"[0]:={\"a\":1}", `[1]:={"b":1,"c":2}`, "[2]:=[1]"}, "- # one\n  a: 1\n-  b: 1\n   c: 2\n- - 1\n"},
		{"a: 5 # five\nb: 1\n", []string{`a:={"x":1,"y":{"z":2}}`}, "a: # five\n  x: 1\n  \"y\":\n    z: 2\nb: 1\n"},
		{"a:\n  x: 1\n  y: 2\nb: 1\n", []string{`a:={"z":[1]}`}, "a:\n  z:\n    - 1\nb: 1\n"},
		{"a:\n  x: 1\nb: 1\n", []string{`a:=[1,2]`}, "a:\n  - 1\n  - 2\nb: 1\n"},
		{"a:\n  x: 1\nb: 1\n", []string{`a:=7`}, "a: 7\nb: 1\n"},
		{"", []string{"a.b:=1"}, "a:\n  b: 1\n"},
		{"# only\n", []string{"a:=[]"}, "# only\na: []\n"},
		{"# only", []string{"a:=1"}, "# only\na: 1\n"},
		{"---\n", []string{"a:=1"}, "---\na: 1\n"},
		{"--- # x\na: 1\n...\n", []string{"a:=2", "b:=3"}, "--- # x\na: 2\nb: 3\n...\n"},
		{"a: null\n", []string{"a.b:=1"}, "a:\n  b: 1\n"},
		{"a: {}\n", []string{"a.b:=1"}, "a: {b: 1}\n"},
		{"x: &x 5\ny: &y 6\nz: *x\n", []string{"y:=7", "z:=8"}, "x: &x 5\ny: &y 7\nz: 8\n"},
		{"base: &b\n  t: 1\n  u: 2\np:\n  <<: *b\n  u: 3\n", []string{"p.t:=5"}, "base: &b\n  t: 1\n  u: 2\np:\n  <<: *b\n  u: 3\n  t: 5\n"},
		{"a: !!str 12\nb: !!int \"5\"\n", []string{"a:=13", "b:=6"}, "a: 13\nb: 6\n"},
		{"\"a b\": 1\n'c': 2\n", []string{`["a b"]:=2`, "c:=3", `["d: e"]:=4`, `["true"]:=5`, `["8080"]:=6`, `["no"]:=7`}, "\"a b\": 2\n'c': 3\n\"d: e\": 4\ntrue: 5\n8080: 6\n\"no\": 7\n"},
		{"a: 1\n", []string{"b.c:=1", "b.d:=2", "-b.c", "b.e[0]:=3"}, "a: 1\nb:\n  d: 2\n  e:\n    - 3\n"},
		{"a: 1.10\n", []string{"a:=1.1"}, "a: 1.1\n"},
		{"a: 0x1F\nb: yes\n", []string{`b:="yes"`}, "a: 0x1F\nb: yes\n"},
		{"a: 1\n", []string{`b:="x\ny\n"`, `c:="x\n  \ny"`}, "a: 1\nb: |\n  x\n  y\nc: |-\n  x\n    \n  y\n"},
	})
}

func TestEditsOfYAMLFollowTheStyleAround(t *testing.T) {
	t.Parallel()
	checkEdits(t, config.YAML, []editing{
		{"spec:\n  containers:\n  - name: web\n    env:\n    - name: A\n      value: \"1\" # one\n  # end\n", []string{`spec.containers[name=web].env[name=A].value:="2"`, `spec.containers[0].env[1]:={"name":"B","value":"x"}`, `spec.containers[1]:={"name":"db","args":["-v"]}`}, "spec:\n  containers:\n  - name: web\n    env:\n    - name: A\n      value: \"2\" # one\n    - name: B\n      value: x\n  - name: db\n    args:\n    - -v\n  # end\n"},
		{"a:\r\n  b: 1\r\nc: 1\r\n", []string{`a.d:={"e":["x"]}`, `f:="p\nq"`}, "a:\r\n  b: 1\r\n  d:\r\n    e:\r\n      - x\r\nc: 1\r\nf: |-\r\n  p\r\n  q\r\n"},
		{"- |\n  x\n- - |\n    y\n  - z\n", []string{`[0]:="p\nq\n"`, `[1][0]:="r\n"`, `[1][2]:="s"`}, "- |\n  p\n  q\n- - |\n    r\n  - z\n  - s\n"},
		{"a:   'x'\t# c\nb :  1\n", []string{`a:="y"`, `b:=2`}, "a:   'y'\t# c\nb :  2\n"},
		{"a: {b: 1, # one\n    c: 2} # end\n", []string{`a.b:=3`, `a.d:=4`}, "a: {b: 3, # one\n    c: 2,\n    d: 4} # end\n"},
		{"? a\n: b\n", []string{`a:="c"`}, "? a\n: c\n"},
		{"x: [a: 1]\n", []string{`x[0].a:=2`}, "x: [a: 2]\n"},
		{"a: \"\\u00e9\"\n", []string{`b:="é"`}, "a: \"\\u00e9\"\nb: é\n"},
		{"a: &x 1 # c\nb: 2\n", []string{`a:={"c":1}`}, "a: &x # c\n  c: 1\nb: 2\n"},
		{"a: x\u2028  y\nb: 1 # c\n", []string{"b:=2"}, "a: x\u2028  y\nb: 2 # c\n"},
	})
}

func TestEditsOfYAMLThatWouldChangeMoreAreRefused(t *testing.T) {
	t.Parallel()
	checkEdits(t, config.YAML, []editing{
		{"a: &x 5\nb: *x\n", []string{"a:=6"}, "error: b cannot be changed in place: it would change otherwise than asked, as where an anchor stands for several values"},
		{"a: &x {b: 1}\nc: *x\n", []string{"c.b:=6"}, "error: c.b cannot be changed in place: it stands where an alias is"},
		{"a: &x {b: {c: 1}}\nd: {<<: *x}\n", []string{"d.b.c:=6"}, "error: d.b.c cannot be changed in place: it comes from a merge key (<<)"},
		{"a: &x {b: 1}\nd: {<<: *x}\n", []string{"-d.b"}, "error: d.b cannot be changed in place: it comes from a merge key (<<)"},
		{"a: &x\n  b: 1\nd: *x\n", []string{"-a"}, "error: the document cannot be changed in place: the result does not parse: line 1: this is not YAML: a value begins with * but names no anchor"},
		{"? a\n: b\n", []string{"c:=1"}, "error: c cannot be changed in place: its keys stand behind question marks"},
		{"a: 1\n---\nb: 2\n", []string{"a:=2"}, "error: line 3, column 1: a second YAML document begins here: an item holds one"},
		{"a: 1\n", []string{"a.b:=2"}, "error: the change does not fit: a has nothing inside"},
		{"a: [1]\n", []string{"a[2]:=2"}, "error: the change does not fit: a[2] is not there, nor is it the next one"},
		{"a: [1]\n", []string{"a.b:=2"}, "error: the change does not fit: a is a list"},
		{"a: 1\n", []string{"-b"}, "error: the change does not fit: b is not there to be removed"},
		{"a: [{name: x}, {name: x}]\n", []string{"a[name=x].b:=1"}, "error: the change does not fit: a[name=x] is not there, or several times"},
		{"a: 1\n", []string{"b[1]:=1"}, "error: the change does not fit: b[1] is not there"},
	})
}

func TestEditsOfJSONLeaveEveryOtherByte(t *testing.T) {
	t.Parallel()
	checkEdits(t, config.JSON, []editing{
		{`{"a":1,"b":[1,2],"c":{}}`, []string{"a:=2", "b[2]:=3", "c.d:=4", `e:={"f":[1]}`}, `{"a":2,"b":[1,2,3],"c":{"d":4},"e":{"f":[1]}}`},
		{"{\r\n\t\"名\": \"值\", \r\n\t\"b\": {\r\n\t\t\"c\": 1\r\n\t}\r\n}", []string{`名:="新\""`, "b.d:={\"e\":1}"}, "{\r\n\t\"名\": \"新\\\"\", \r\n\t\"b\": {\r\n\t\t\"c\": 1,\r\n\t\t\"d\": {\r\n\t\t\t\"e\": 1\r\n\t\t}\r\n\t}\r\n}"},
		{"\uFEFF{ \"a\": 1e400 }\n", []string{"a:=9007199254740993"}, "\uFEFF{ \"a\": 9007199254740993 }\n"},
		{"", []string{"a.b:=1"}, "{\n  \"a\": {\n    \"b\": 1\n  }\n}\n"},
		{" \n", []string{"a:=1"}, "{\n  \"a\": 1\n} \n"},
		{"{}\n", []string{"a:=1"}, "{\"a\": 1}\n"},
		{"null", []string{"a:=1"}, "{\"a\": 1}"},
		{"{\n    \"a\": {},\n    \"b\": []\n}\n", []string{"a.x:=1", "b[0]:=2", "b[1]:=3"}, "{\n    \"a\": {\n        \"x\": 1\n    },\n    \"b\": [\n        2,\n        3\n    ]\n}\n"},
		{`{"a": 1, "b": 2, "c": 3}`, []string{"-a", "-c"}, `{"b": 2}`},
		{`{"a": 1, "b": 2, "c": 3}`, []string{"-b", "-c", "d:=4"}, `{"a": 1, "d": 4}`},
		{`{"a": 1, "b": 2}`, []string{"-a", "-b"}, `{}`},
		{`{"a": 1, "b": 2}`, []string{"-a", "-b", "c:=1"}, `{"c": 1}`},
		{"[\n  1,\n  2\n]", []string{"-[0]", "[1]:=3"}, "[\n  2,\n  3\n]"},
		{`{"a": [{"name": "x", "t": 1}, {"name": "y", "t": 2}]}`, []string{"a[name=y].t:=3", "-a[name=x]"}, `{"a": [{"name": "y", "t": 3}]}`},
		{`{"\u0061": "\u00e9"}`, []string{`b:="é"`}, `{"\u0061": "\u00e9", "b": "é"}`},
		{`[1,2]`, []string{"[2]:=3"}, `[1,2,3]`},
		{`"x"`, []string{":=5"}, `5`},
	})
}

func TestEditsOfTOMLLeaveEveryOtherByte(t *testing.T) {
	t.Parallel()
	checkEdits(t, config.TOML, []editing{
		{"a = 1 # one\nb='x'\nc = \"\"\"\nx\n\"\"\"\n", []string{"a:=2", `b:="y"`, `c:="p\nq"`}, "a = 2 # one\nb='y'\nc = \"\"\"\np\nq\"\"\"\n"},
		{"名 = 1\n", []string{"a:=2"}, "error: line 1, column 1: this is not TOML: invalid character at start of key: U+00E5 'å'"},
		{"\"名\" = '值' # 注\r\nb = 1\r\n", []string{`名:="it's"`, "c:=2"}, "\"名\" = \"it's\" # 注\r\nb = 1\r\nc = 2\r\n"},
		{"", []string{"a.b:=1"}, "a.b = 1\n"},
		{"# only", []string{"a:=1"}, "# only\na = 1"},
		{"# top\n\n# of t\n[t]\nx = 1\n", []string{"a:=1", "b:=2"}, "# top\n\na = 1\nb = 2\n\n# of t\n[t]\nx = 1\n"},
		{"[t]\n  x = 1 # one\n\n[u]\ny = 2", []string{"t.z:=3", "u.z.w:=4", "u.v:=[1]"}, "[t]\n  x = 1 # one\n  z = 3\n\n[u]\ny = 2\nz.w = 4\nv = [1]"},
		{"[t]\n\n[u]\n", []string{"t.a:=1"}, "[t]\na = 1\n\n[u]\n"},
		{"a.b = 1\na.c = 2\nd = 3\n", []string{"a.e:=4", "-a.b"}, "a.c = 2\na.e = 4\nd = 3\n"},
		{"a.b = 1\nd = 3\n", []string{"-a.b"}, "a = {}\nd = 3\n"},
		{"d = 1\na.b = 1", []string{"-a.b"}, "d = 1\na = {}"},
		{"[a.b]\nx = 1\n", []string{"a.y:=2", "a.z:=3"}, "[a]\ny = 2\nz = 3\n\n[a.b]\nx = 1\n"},
		{"[a.b] # c\nx = 1\n", []string{"-a.b"}, "[a] # c\n"},
		{"[a]\nx = 1\n# of b\n[a.b]\ny = 1\n[c]\n", []string{"-a"}, "# of b\n[c]\n"},
		{"[a]\nx = 1\n", []string{"-a.x"}, "[a]\n"},
		{"p = { x = 1, y = [ 1, 2 ] }\n", []string{"p.x:=2", "p.y[2]:=3", `p.z:={"q":{"r":1},"s":2}`}, "p = { x = 2, y = [ 1, 2, 3 ], z = { q = { r = 1 }, s = 2 } }\n"},
		{"p = {x = 1, y = 2}\n", []string{"-p.x"}, "p = {y = 2}\n"},
		{"p = {x = 1}\n", []string{"-p.x"}, "p = {}\n"},
		{"a = [\n  1, # one\n  2, # two\n]\n", []string{"a[2]:=3", "-a[0]"}, "a = [\n  2, # two\n  3,\n]\n"},
		{"[[r]]\nname = \"a\"\n[r.sub]\nx = 1\n\n[[r]]\nname = \"b\"\n\n[z]\n", []string{`r[name=b].t:=1`, "r[0].sub.y:=2", `r[2]:={"name":"c","m":{"k":1}}`}, "[[r]]\nname = \"a\"\n[r.sub]\nx = 1\ny = 2\n\n[[r]]\nname = \"b\"\nt = 1\n\n[[r]]\nname = \"c\"\nm.k = 1\n\n[z]\n"},
		{"[[r]]\nname = \"a\"\n[[r]]\nname = \"b\"\n", []string{"-r[0]"}, "[[r]]\nname = \"b\"\n"},
		{"[[r]]\nname = \"a\"\n", []string{"-r[0]"}, "error: r cannot be changed in place: the last of its tables would go, and an empty list of them cannot be written"},
		{"[t]\nx = 1\n", []string{"t:=5"}, "error: t cannot be changed in place: it stands as a table in lines of its own: change what is in it"},
		{"a = 1\n", []string{"a:=null"}, "error: a cannot be changed in place: TOML has no null"},
		{"a = 1\n", []string{`["b c"]:=1`, `a:="x\ty"`}, "a = \"x\\ty\"\n\"b c\" = 1\n"},
	})
}

func TestEditsOfPropertiesLeaveEveryOtherByte(t *testing.T) {
	t.Parallel()
	checkEdits(t, config.Properties, []editing{
		{"# c\na.b=1\r\nc : 2\r\n", []string{"a.b:=5", `c:="x y"`, `d.e:="z"`}, "# c\na.b=5\r\nc : x y\r\nd.e : z\r\n"},
		{"a b\nc\n", []string{`a:="x"`, `c:="y"`}, "a x\nc y\n"},
		{"c\n", []string{`c:="y"`}, "c=y\n"},
		{"a = x\\\n   y\nb = 1\n", []string{`a:="z"`}, "a = z\nb = 1\n"},
		{"a = x\\\n   y\nb = 1\n", []string{"-a"}, "b = 1\n"},
		{"a=1\nb=2", []string{"-b"}, "a=1"},
		{"a=1\nb=2", []string{`c:="3"`}, "a=1\nb=2\nc=3"},
		{"a=\\u00e9\n", []string{`b:="ü😀"`}, "a=\\u00e9\nb=\\u00FC\\uD83D\\uDE00\n"},
		{"a=é\n", []string{`b:="ü"`}, "a=é\nb=ü\n"},
		{"", []string{`["a b"]:=" x\\\n"`}, "a\\ b=\\ x\\\\\\n\n"},
		{"# only", []string{`a:="1"`}, "# only\na=1"},
		{"a=1\n", []string{"-a"}, ""},
		{"a=1\n", []string{`b[0].c:="2"`}, "a=1\nb[0].c=2\n"},
		{"a=1\n", []string{`b:=[1]`}, "error: b cannot be changed in place: properties hold nothing but text"},
		{"a=\xe9\n", []string{`b:="2"`}, "error: line 1, column 3: this is not UTF-8"},
	})
}

func TestEditsOfTextAreRefused(t *testing.T) {
	t.Parallel()
	if _, err := config.EditContent([]byte("x"), config.Text); !errors.Is(err, config.ErrUnstructured) {
		t.Errorf("the error is %v", err)
	}
}
