package config_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/pelletier/go-toml/v2"
	"go.yaml.in/yaml/v3"

	"govctl/pkg/config"
)

// wellFormed fails t where a tree or an error breaks a promise of Parse.
func wellFormed(t *testing.T, f config.Format, content string) (*config.Node, error) {
	t.Helper()
	start := time.Now()
	n, err := config.Parse([]byte(content), f)
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("%s of %q took %v", f, content, took)
	}
	if err != nil {
		e, ok := errors.AsType[*config.ParseError](err)
		lines := 1 + strings.Count(content, "\n")
		if !ok || n != nil || e.Line < 1 || e.Column < 0 || e.Column > len(content)+1 || f != config.YAML && e.Line > lines || strings.ContainsRune(e.Text, '\n') {
			t.Errorf("%s of %q: %v with %v", f, content, err, n)
		}
		return nil, err
	}
	var walk func(n *config.Node)
	walk = func(n *config.Node) {
		seen := map[string]bool{}
		for _, k := range n.Keys {
			if seen[k] {
				t.Errorf("%s of %q: key %q is there twice", f, content, k)
			}
			seen[k] = true
		}
		if n.Kind == config.Map && len(n.Keys) != len(n.Nodes) || n.Kind != config.Map && n.Keys != nil || n.Kind < config.List && n.Nodes != nil {
			t.Errorf("%s of %q: a %s with %d keys and %d values", f, content, n.Kind, len(n.Keys), len(n.Nodes))
		}
		for i := range n.Nodes {
			walk(&n.Nodes[i])
		}
	}
	walk(n)
	return n, nil
}

// FuzzParseJSON holds Parse to encoding/json, and a YAML reader to the same tree.
func FuzzParseJSON(f *testing.F) {
	for _, s := range []string{
		"", "null", `{"a": [1, -0, 1e400, 1.10, "x\u00e9\n", true, null, {}]}`, `{"a":1,"a":2}`, "{\"a\": // x\n1}", `[1,]`, "\uFEFF[]", `{"<<": {"a": 1}}`, `["\ud800"]`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := wellFormed(t, config.JSON, s)
		text := strings.TrimPrefix(s, "\uFEFF")
		if err == nil && strings.TrimSpace(text) != "" && !json.Valid([]byte(text)) {
			t.Errorf("%q is no JSON", s)
		}
		if err != nil || strings.ContainsFunc(s, notInYAML) || strings.Contains(s, `\u`) || strings.Contains(s, `\/`) {
			return
		}
		compact, err := json.Marshal(json.RawMessage(text))
		if err != nil || len(compact) > 500 { // YAML bounds keys, and where they end
			return
		}
		if got := parsed(config.YAML, string(compact)); got != shown(n) {
			t.Errorf("%s:\nas YAML %s\nas JSON %s", compact, got, shown(n))
		}
	})
}

// notInYAML tells of characters that YAML 1.1, which the library scans, takes for
// ends of lines, or refuses.
func notInYAML(r rune) bool {
	return r == '\t' || r == '\u0085' || r == '\u2028' || r == '\u2029' || r == '\uFEFF' || r > ' ' && unicode.IsControl(r) || r >= 0xFFFE
}

func FuzzParseYAML(f *testing.F) {
	for _, s := range []string{
		"", "a: 1\n", "a: &x {b: 1}\nc: {<<: *x}\nd: *x", "- a\n-\n  - b", "a: |\n  x\nb: >-\n  y\n", "? a\n: b", "--- 1\n--- 2", "%YAML 1.1\n---\n!!str a", "a: &a [*a]",
		"a: 'x\n\n y'", "{a: [1, 2], 'b': !!int \"3\"}", "# x\n\n# y\na: 1 # z\n", "\xff", "a:\n\t- b",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if _, err := wellFormed(t, config.YAML, s); err != nil {
			return
		}
		var n yaml.Node
		if err := yaml.Unmarshal([]byte(s), &n); err != nil {
			t.Errorf("%q is no YAML: %v", s, err)
		}
	})
}

// FuzzParseTOML holds Parse to the decoder of the library, but for numbers that
// are too large for it.
func FuzzParseTOML(f *testing.F) {
	for _, s := range []string{
		"", "a = 1\n", "[a.b]\nc = 'x'\n[a]\nd = 2", "[[a]]\nb = 1\n[[a]]\n[a.c]\n", "a.b = 1\na.c = 2\n[a]", "a = {b = 1, c.d = [2]}\na.e = 1", "a = 1979-05-27T07:32:00Z", "a = 1979-02-30",
		"a = 1_000\nb = 0xFF\nc = 1e400\nd = nan", "a = \"\"\"x\\\n  y\"\"\"", "a = []\n[[a]]", "\"\" = 1\n'' = 2", "[a]\n[a.b]\n[a]",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		_, err := wellFormed(t, config.TOML, s)
		if strings.HasPrefix(s, "\uFEFF") || strings.ContainsRune(s, 0) {
			return
		}
		var into map[string]any
		wantErr := toml.Unmarshal([]byte(s), &into)
		if tooLarge := wantErr != nil && (strings.Contains(wantErr.Error(), "too large") || strings.Contains(wantErr.Error(), "out of range")); tooLarge {
			return
		}
		if (err == nil) != (wantErr == nil) {
			t.Errorf("%q: %v; the library says %v", s, err, wantErr)
		}
	})
}

// asProperties writes a text so that Parse reads it as it was.
func asProperties(s string, key bool) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\\', i == 0 && strings.ContainsRune(" \t\f=:", r), key && strings.ContainsRune(" \t\f=:#!", r):
			b.WriteString(`\` + map[rune]string{'\t': "t", '\f': "f"}[r])
			if r != '\t' && r != '\f' {
				b.WriteRune(r)
			}
		case r == 0, r > 0x7f && r < 0xffff:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// FuzzParseProperties reads what it was given, and then (C11) what it wrote of
// that, which is the same.
func FuzzParseProperties(f *testing.F) {
	for _, s := range []string{"", "a=1", "a: 1\\\n  2\nb c\n", "# x\n!y\n\\\n\n z\\=\\u00e9\\ud83d\\ude00=1", "a=1\na=2", "a=\\u12", "a\\", "=\r:\r\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := wellFormed(t, config.Properties, s)
		if err != nil {
			return
		}
		var again strings.Builder
		for i, k := range n.Keys {
			separator := []string{" ", "=", " : "}[i%3]
			if k == "" {
				separator = "="
			}
			again.WriteString(asProperties(k, true) + separator + asProperties(n.Nodes[i].Text, false) + "\n")
		}
		if got := parsed(config.Properties, again.String()); got != shown(n) {
			t.Errorf("%q:\nread  %s\nagain %s", s, shown(n), got)
		}
	})
}
