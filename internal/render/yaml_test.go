package render

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

func TestYAMLKeepsOrderDigitsAndTypes(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`{"b":9007199254740993,"a":1.10}`:       "b: 9007199254740993\na: 1.10\n",
		`1e5`:                                   "1.0e+5\n",
		`-1.5E-7`:                               "-1.5e-7\n",
		`[true,false,null,{},[]]`:               "- true\n- false\n- null\n- {}\n- []\n",
		`[[1,[2]],{"a":{"b":[{"c":1,"d":2}]}}]`: "- - 1\n  - - 2\n- a:\n    b:\n      - c: 1\n        d: 2\n",
		`["y","No","ON","nullx","v1.2","/a/b","x:"]`:                             "- \"y\"\n- \"No\"\n- \"ON\"\n- nullx\n- v1.2\n- /a/b\n- 'x:'\n",
		`["consul:8500","a#b","a b","-","10.0.0.1"]`:                             "- consul:8500\n- a#b\n- a b\n- \"-\"\n- \"10.0.0.1\"\n",
		`["\ud83d\ude00\/","\u0000\udb40\udc41"]`:                                "- \"\\U0001F600/\"\n- \"\\0\\U000E0041\"\n",
		`["a\u0301\"\u0301\n\\\u202e","东"]`:                                      "- \"a\u0301\\\"\\u0301\\n\\\\\\u202e\"\n- \"东\"\n",
		`["n","yes","Off","12:30:45","0o777","1_000","2001-12-14","=","<<","~"]`: "- \"n\"\n- \"yes\"\n- \"Off\"\n- \"12:30:45\"\n- \"0o777\"\n- \"1_000\"\n- \"2001-12-14\"\n- \"=\"\n- \"<<\"\n- \"~\"\n",
		`{"` + strings.Repeat("k", 200) + `":{"a":1}}`:                           "? " + strings.Repeat("k", 200) + "\n: a: 1\n",
	} {
		if diff := cmp.Diff(want, string(appendYAML(nil, []byte(in), 0))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", in, diff)
		}
	}
}

// FuzzFormats holds both formats to what they claim: they are read back as the
// value that was written, keys in order, and nothing in them moves a cursor.
func FuzzFormats(f *testing.F) {
	for _, text := range foreign() {
		seed, err := json.Marshal(map[string]any{text[0]: []string{text[0], text[1]}})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(seed)
	}
	f.Add([]byte(`{"a":{"b":[[],{},[1e400,-0,0.10,123456789012345678901]],"no":null},"12:30":"=","<<":"~"}`))
	f.Add([]byte(`["0o17","0x1F","1_000",".inf","---","...","? a",": b","- c","#","!t","&a","*a","%d","@","` + "`" + `","a: b","a #b","|",">",""," x "]`))
	f.Add([]byte(`{"` + strings.Repeat("é ", 700) + `":[{"a":1,"b":2}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if !json.Valid(text) || nested(text) > 1000 {
			return // YAML's parser has a limit of its own
		}
		compact, err := newEncoder().encode(json.RawMessage(text))
		if err != nil {
			t.Fatal(err)
		}
		asJSON, asYAML := appendJSON(nil, compact, 0), appendYAML(nil, compact, 0)
		for _, out := range [][]byte{asJSON, asYAML} {
			if r := unsafeIn(strings.ReplaceAll(string(out), "\n", "")); r != 0 {
				t.Errorf("%U in %q", r, out)
			}
		}
		if diff := cmp.Diff(decodeJSON(t, compact), decodeJSON(t, asJSON)); diff != "" {
			t.Errorf("JSON (-want +got):\n%s", diff)
		}
		if duplicates(t, compact) {
			return // YAML allows none
		}
		var node yaml.Node
		if err := yaml.Unmarshal(asYAML, &node); err != nil {
			t.Fatalf("%v in\n%s", err, asYAML)
		}
		if diff := cmp.Diff(decodeJSON(t, compact), fromYAML(t, node.Content[0])); diff != "" {
			t.Errorf("YAML (-want +got):\n%s\n%s", diff, asYAML)
		}
	})
}

// nested returns an upper bound of the depth of text.
func nested(text []byte) int { return bytes.Count(text, []byte("[")) + bytes.Count(text, []byte("{")) }

// member is a key and its value: objects are compared as lists of these.
type member struct {
	Key   string
	Value any
}

// decodeJSON returns text as nested slices of values and members; numbers as
// canonical JSON text.
func decodeJSON(t *testing.T, text []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return decodeNext(t, d)
}

func decodeNext(t *testing.T, d *json.Decoder) any {
	t.Helper()
	token, err := d.Token()
	if err != nil {
		t.Fatal(err)
	}
	switch token := token.(type) {
	case json.Number:
		return number(token.String())
	case json.Delim:
		if token == '[' {
			list := []any{}
			for d.More() {
				list = append(list, decodeNext(t, d))
			}
			_, _ = d.Token()
			return list
		}
		object := []member{}
		for d.More() {
			key, _ := d.Token()
			object = append(object, member{Key: key.(string), Value: decodeNext(t, d)})
		}
		_, _ = d.Token()
		return object
	default:
		return token
	}
}

// number is the text of a number, as the YAML writer may have changed it: with
// a point and a sign in the exponent.
type number string

func (n number) Equal(m number) bool { return n.plain() == m.plain() }

func (n number) plain() string {
	mantissa, exponent, found := strings.Cut(strings.ToLower(string(n)), "e")
	if !found {
		return mantissa
	}
	return strings.TrimSuffix(mantissa, ".0") + "e" + strings.TrimPrefix(exponent, "+")
}

func duplicates(t *testing.T, compact []byte) bool {
	t.Helper()
	var walk func(v any) bool
	walk = func(v any) bool {
		switch v := v.(type) {
		case []any:
			return slices.ContainsFunc(v, walk)
		case []member:
			seen := map[string]bool{}
			for _, m := range v {
				if seen[m.Key] || walk(m.Value) {
					return true
				}
				seen[m.Key] = true
			}
		}
		return false
	}
	return walk(decodeJSON(t, compact))
}

func fromYAML(t *testing.T, n *yaml.Node) any {
	t.Helper()
	switch n.Kind {
	case yaml.SequenceNode:
		list := []any{}
		for _, c := range n.Content {
			list = append(list, fromYAML(t, c))
		}
		return list
	case yaml.MappingNode:
		object := []member{}
		for i := 0; i < len(n.Content); i += 2 {
			if tag := n.Content[i].ShortTag(); tag != "!!str" {
				t.Errorf("key %q is read as %s", n.Content[i].Value, tag)
			}
			object = append(object, member{Key: n.Content[i].Value, Value: fromYAML(t, n.Content[i+1])})
		}
		return object
	default:
	}
	switch tag := n.ShortTag(); tag {
	case "!!str":
		if n.Style == 0 && strings.ContainsAny(n.Value[:1], "-0123456789") {
			return number(n.Value) // yaml.v3 takes a number that no float64 holds for a string
		}
		return n.Value
	case "!!int", "!!float":
		return number(n.Value)
	case "!!bool":
		return n.Value == "true"
	case "!!null":
		return nil
	default:
		t.Fatalf("%q is read as %s", n.Value, tag)
		return nil
	}
}
