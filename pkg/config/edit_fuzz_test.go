package config_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"govctl/pkg/config"
)

// places returns the paths of all values of a tree but the root.
func places(n *config.Node, path config.Path) []config.Path {
	var all []config.Path
	for i := range n.Nodes {
		step := config.Step{List: true, Index: i}
		if n.Kind == config.Map {
			step = config.Step{Key: n.Keys[i], Flat: n.Flat}
		}
		at := append(slices.Clone(path), step)
		all = append(append(all, at), places(&n.Nodes[i], at)...)
	}
	return all
}

// newValue returns a value that the format has a form for.
func newValue(r *rand.Rand, f config.Format, depth int) *config.Node {
	texts := []string{"", "x", "no", "8080", "true", "日本", "it's", `say "x"`, "a: b # c", " x ", "x\ny\n", "x\n\n  y", "\tx\\", "<<", "-", "*a", "&a", "!t", "[", "{a}", "é\u2028", "#", "null", "'''", `"""`, "a=b", "\r\n", "x\u0007"}
	word := texts[r.IntN(len(texts))]
	kinds := 4
	if depth < 3 && f != config.Properties {
		kinds = 7
	}
	switch r.IntN(kinds) {
	case 0:
		return &config.Node{Kind: config.Number, Text: []string{"5", "1.10", "-3", "9007199254740993"}[r.IntN(4)]}
	case 1:
		return &config.Node{Kind: config.Bool, Text: "true"}
	case 4:
		n := &config.Node{Kind: config.List}
		for range r.IntN(3) {
			n.Nodes = append(n.Nodes, *newValue(r, f, depth+1))
		}
		return n
	case 5, 6:
		n := &config.Node{Kind: config.Map}
		for range r.IntN(3) {
			if key := texts[r.IntN(len(texts))]; !slices.Contains(n.Keys, key) {
				n.Keys, n.Nodes = append(n.Keys, key), append(n.Nodes, *newValue(r, f, depth+1))
			}
		}
		return n
	default:
		return &config.Node{Kind: config.String, Text: word}
	}
}

// someEdit returns an edit of a tree, and the Change that it is.
func someEdit(r *rand.Rand, f config.Format, root *config.Node) (config.Edit, config.Change) {
	all := places(root, nil)
	var at config.Path
	if len(all) > 0 {
		at = all[r.IntN(len(all))]
	}
	before, _ := root.At(at)
	value := newValue(r, f, 0)
	if f == config.Properties {
		value = &config.Node{Kind: config.String, Text: value.Text}
	}
	switch {
	case (before.Kind == config.Map || before.Kind == config.List) && r.IntN(2) == 0:
		step := config.Step{Key: fmt.Sprint("new", r.IntN(100), []string{"", " x", ".y", "é"}[r.IntN(4)]), Flat: root.Flat}
		if before.Kind == config.List {
			step = config.Step{List: true, Index: len(before.Nodes)}
		}
		at = append(slices.Clone(at), step)
		if _, there := root.At(at); !there {
			return config.Edit{Path: at, Value: value}, config.Change{Path: at, After: value}
		}
		before, _ = root.At(at)
	case len(at) > 0 && r.IntN(3) == 0:
		return config.Edit{Path: at}, config.Change{Path: at, Before: before}
	}
	if len(at) == 0 && f != config.JSON && f != config.YAML {
		value = root
	}
	return config.Edit{Path: at, Value: value}, config.Change{Path: at, Before: before, After: value}
}

// holdsEdit fails t where an edit breaks a promise of EditContent. It returns the
// result, nil where the edit was refused.
func holdsEdit(t *testing.T, f config.Format, content []byte, root *config.Node, edit config.Edit, change config.Change) []byte {
	t.Helper()
	before := slices.Clone(content)
	out, err := config.EditContent(content, f, edit)
	if !slices.Equal(before, content) {
		t.Errorf("%s %q was written to", f, before)
	}
	what := fmt.Sprintf("%s %q with %q := %v", f, content, edit.Path, change.After)
	if err != nil {
		if !errors.Is(err, config.ErrNotInPlace) && !errors.Is(err, config.ErrUnfit) {
			t.Errorf("%s: %v", what, err)
		}
		return nil
	}
	want, err := config.Apply(root, []config.Change{change})
	if err != nil {
		t.Fatalf("%s: Apply: %v", what, err)
	}
	got, err := config.Parse(out, f)
	if err != nil || !config.Equal(want, got, config.Options{IDs: []string{}}) {
		t.Fatalf("%s:\n got %q, %v", what, out, err)
	}
	parent := root
	if len(edit.Path) > 0 {
		parent, _ = root.At(edit.Path[:len(edit.Path)-1])
	}
	leavesTheRest(t, f, content, out, change, parent)
	return out
}

// leavesTheRest fails t where an edit touched more than it had to: what adds keeps
// every byte, what removes writes none, and a scalar in the place of another is one
// range in which no comment (#Q) stands.
func leavesTheRest(t *testing.T, f config.Format, before, after []byte, change config.Change, parent *config.Node) {
	t.Helper()
	scalar := func(n *config.Node) bool { return n != nil && n.Kind != config.Map && n.Kind != config.List }
	ok := true
	switch {
	case change.Before == nil:
		blanks := strings.NewReplacer(" ", "", "\t", "", "\r", "", "\n", "")
		ok = isWithin(before, after) || parent.Kind == config.Null || len(parent.Nodes) == 0 && isWithin([]byte(blanks.Replace(string(before))), after)
	case change.After == nil:
		ok = isWithin(after, before) || len(parent.Nodes) == 1
	case scalar(change.Before) && scalar(change.After):
		start, end := 0, 0
		for start < min(len(before), len(after)) && before[start] == after[start] {
			start++
		}
		for end < min(len(before), len(after))-start && before[len(before)-1-end] == after[len(after)-1-end] {
			end++
		}
		comment := strings.Contains(string(before[start:len(before)-end]), "#Q") && !strings.Contains(change.Before.Text, "#")
		ok = !comment && len(after)-end-start <= 6*len(change.After.Text)+40
	}
	if !ok {
		t.Errorf("%s %q with %q := %v touches more than it has to: %q", f, before, change.Path, change.After, after)
	}
}

// isWithin tells whether all bytes of a stand in b, in their order.
func isWithin(a, b []byte) bool {
	at := 0
	for i := 0; i < len(b) && at < len(a); i++ {
		if a[at] == b[i] {
			at++
		}
	}
	return at == len(a)
}

// fuzzEdit makes up to eight edits one after the other, and then all at once.
func fuzzEdit(t *testing.T, f config.Format, content string, seed uint64) (made, refused int) {
	t.Helper()
	root, err := config.Parse([]byte(content), f)
	if err != nil || len(content) > 4096 {
		return 0, 0
	}
	r := rand.New(rand.NewPCG(seed, 1))
	now, edits := []byte(content), []config.Edit{}
	for range 8 {
		edit, change := someEdit(r, f, root)
		out := holdsEdit(t, f, now, root, edit, change)
		if out == nil {
			refused++
			continue
		}
		made++
		now, edits = out, append(edits, edit)
		if root, err = config.Parse(now, f); err != nil {
			t.Fatal(err)
		}
	}
	once, err := config.EditContent([]byte(content), f, edits...)
	if err != nil {
		if !errors.Is(err, config.ErrNotInPlace) {
			t.Errorf("%s %q with %v at once: %v", f, content, edits, err)
		}
		return made, refused
	}
	got, err := config.Parse(once, f)
	if err != nil || !config.Equal(root, got, config.Options{IDs: []string{}}) {
		t.Errorf("%s %q at once:\n got %q\nwant %q", f, content, once, now)
	}
	return made, refused
}

func editSeeds() map[config.Format][]string {
	return map[config.Format][]string{
		config.YAML: {
			"", "#Q\n", "a: 1\nb:\n  c: x #Q\n  d:\n  - 1\n  - {e: 2}\nf: |\n  x\n  y\n\ng: >-\n  z", "- a\n- b: 1\n  c: 2\n- - x\n", "a: &x {b: 1}\nc: {<<: *x}\nd: *x\n",
			"{a: [1, 'x', \"y\"], b: {}}", "---\na:\r\n  b: '日本'\r\n...\r\n", "? a\n: b\n", "a: x\n  y\nb: !!str 5\n\"k\": 'v'\n", "[a: 1, b]", "a:\n\n  - #Q\n    b: 1\n  -\n", "\uFEFFa: |+\n x\n\n",
		},
		config.JSON: {"", "{}", `{"a":1,"b":[1,{"c":null}]}`, "{\n  \"a\": {},\n  \"b\": [\n    1,\n    2\n  ]\n}\n", "[]", "\uFEFF[1, \"日本\"]", " 5 "},
		config.TOML: {
			"", "a = 1\nb.c = 2 #Q\n", "#Q\n[a]\nb = [1, 2]\n[a.c]\nd = 'x'\n[[e]]\nf = 1\n[[e]]\n[e.g]\nh = \"\"\"\nx\"\"\"", "[a.b]\nc = {d = 1, e.f = 2}\n[a]\ng = 1979-05-27\r\n", "a = [\n 1, #Q\n 2,\n]",
		},
		config.Properties: {"", "a=1\nb : 2\nc d\\\n  e\n", "#Q\r\na.b=\\u00e9\r\n!y", "a\nb=\n\\ c=é", "a=1\\"},
	}
}

func fuzzEdits(f *testing.F, format config.Format) {
	f.Helper()
	for i, s := range editSeeds()[format] {
		f.Add(s, uint64(i))
	}
	f.Fuzz(func(t *testing.T, content string, seed uint64) { fuzzEdit(t, format, content, seed) })
}

func FuzzEditYAML(f *testing.F)       { fuzzEdits(f, config.YAML) }
func FuzzEditJSON(f *testing.F)       { fuzzEdits(f, config.JSON) }
func FuzzEditTOML(f *testing.F)       { fuzzEdits(f, config.TOML) }
func FuzzEditProperties(f *testing.F) { fuzzEdits(f, config.Properties) }

// TestRandomEditsAreMade holds also that few of them are refused: an editor that
// refuses all breaks no promise.
func TestRandomEditsAreMade(t *testing.T) {
	t.Parallel()
	for format, contents := range editSeeds() {
		made, refused := 0, 0
		for seed := range uint64(60) {
			for _, content := range contents {
				m, r := fuzzEdit(t, format, content, seed)
				made, refused = made+m, refused+r
			}
		}
		t.Logf("%s: %d edits made, %d refused", format, made, refused)
		if refused*5 > made {
			t.Errorf("%s: %d edits were made, and %d refused", format, made, refused)
		}
	}
}
