package config_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"govctl/internal/golden"
	"govctl/internal/mask"
	"govctl/pkg/config"
)

// corpus returns the items of testdata/mask. Each of their secrets has the word
// canary in it, or is a number that begins with 9021077 or 9021078.
func corpus(t *testing.T) []config.Item {
	t.Helper()
	names, err := filepath.Glob("testdata/mask/*.*")
	if err != nil || len(names) != 6 {
		t.Fatalf("%v, %v", names, err)
	}
	var items []config.Item
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, config.Item{Key: config.Key{Group: config.NoGroup, Name: filepath.Base(name)}, Content: content})
	}
	return items
}

// canaries finds what must not be seen, in plain, in base64 at each of its three
// offsets, in hex, and the escapes of URLs.
var canaries = func() *regexp.Regexp {
	parts := []string{"canary", "%63%61%6e", "goes on", "second", "over lines", "90210", hex.EncodeToString([]byte("canary"))}
	for i := range 3 {
		encoded := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat(" ", i) + "canary"))
		parts = append(parts, encoded[i+1:7])
	}
	return regexp.MustCompile("(?i)" + strings.Join(parts, "|"))
}()

func seen(text string) []string {
	var found []string
	for line := range strings.Lines(text) {
		if canaries.MatchString(line) {
			found = append(found, line)
		}
	}
	return found
}

func newMasker() *mask.Masker { return mask.New([]byte("a key for tests")) }

func TestNoSecretOfTheCorpusIsSeen(t *testing.T) {
	t.Parallel()
	m := newMasker()
	for _, item := range corpus(t) {
		text := string(item.Content)
		if len(seen(text)) == 0 {
			t.Errorf("%s holds no secrets", item.Name)
		}
		for way, out := range map[string]string{
			"Text": m.Text(text), "MaskedContent": string(config.MaskedContent(item, m)),
			"Text of CRLF": m.Text(strings.ReplaceAll(text, "\n", "\r\n")),
			"Masked":       shownMasked(t, item, m), "MaskedChange": shownChanges(t, item, m),
		} {
			if found := seen(out); found != nil {
				t.Errorf("%s of %s shows:\n%s", way, item.Name, strings.Join(found, ""))
			}
		}
	}
}

func read(t *testing.T, item config.Item) *config.Node {
	t.Helper()
	format, _ := config.Detect(item.Declared, item.Name, item.Content)
	if format == config.Text {
		return nil
	}
	n, err := config.Parse(item.Content, format)
	if err != nil {
		t.Fatalf("%s: %v", item.Name, err)
	}
	return n
}

func shownMasked(t *testing.T, item config.Item, m *mask.Masker) string {
	t.Helper()
	n := read(t, item)
	if n == nil {
		return ""
	}
	before := shown(n)
	masked := shown(config.Masked(n, m))
	if shown(n) != before {
		t.Errorf("%s: Masked changed its argument", item.Name)
	}
	return masked
}

// shownChanges shows each value of an item as if it were another on the other
// side, and as if it were missing there.
func shownChanges(t *testing.T, item config.Item, m *mask.Masker) string {
	t.Helper()
	n := read(t, item)
	if n == nil {
		return ""
	}
	var out strings.Builder
	for _, other := range []string{"{}", "[]"} {
		o, err := config.Parse([]byte(other), config.JSON)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range config.Diff(n, o, config.Options{}) {
			writeChange(t, &out, config.MaskedChange(c, m))
		}
	}
	for _, ids := range [][]string{nil, {}} {
		for _, c := range config.Diff(n, altered(n), config.Options{IDs: ids}) {
			writeChange(t, &out, config.MaskedChange(c, m))
		}
	}
	return out.String()
}

func writeChange(t *testing.T, out *strings.Builder, c config.Change) {
	t.Helper()
	text, err := c.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	out.Write(append(text, '\n'))
}

// altered returns n with another text in each scalar that is not an identity.
func altered(n *config.Node) *config.Node {
	c := *n
	c.Nodes = slices.Clone(n.Nodes)
	for i := range c.Nodes {
		if n.Kind == config.Map && slices.Contains([]string{"name", "id", "key"}, n.Keys[i]) {
			continue
		}
		c.Nodes[i] = *altered(&n.Nodes[i])
	}
	if c.Kind == config.String {
		c.Text += "xxxx"
		if body := strings.TrimRight(n.Text, "="); body != n.Text && !strings.Contains(body, " ") {
			c.Text = "xxxx" + n.Text
		}
	}
	if c.Kind == config.Number {
		c.Text += "1"
	}
	return &c
}

// TestMaskedContentKeepsTheRest shows what becomes of content of each format.
func TestMaskedContentKeepsTheRest(t *testing.T) {
	t.Parallel()
	m := newMasker()
	var out strings.Builder
	for _, item := range corpus(t) {
		out.WriteString("==> " + item.Name + "\n" + string(config.MaskedContent(item, m)))
	}
	golden.String(t, out.String())
}

func parseYAML(t *testing.T, content string) *config.Node {
	t.Helper()
	n, err := config.Parse([]byte(content), config.YAML)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestManyChangesAreMaskedAsEachOfThem: they are masked at once, and what was seen
// of keys before is remembered.
func TestManyChangesAreMaskedAsEachOfThem(t *testing.T) {
	t.Parallel()
	m := newMasker()
	document := func(kind string) *config.Node {
		var text strings.Builder
		for i := range 1000 {
			fmt.Fprintf(&text, "s%d: {password: p%[2]s, port: %[1]d%[2]s, sk-0123456789abcdef%[3]d: %[2]s, args: [--token, t%[2]s], list: [{name: password, value: v%[2]s}]}\n", i, kind, i%10)
		}
		return parseYAML(t, text.String())
	}
	changes := config.Diff(document("a"), document("b"), config.Options{})
	got := config.MaskedChanges(changes, m)
	if len(got) != 5000 || len(changes) != 5000 {
		t.Fatalf("%d changes, and masked %d", len(changes), len(got))
	}
	for i, c := range changes {
		if diff := cmp.Diff(config.MaskedChange(c, m), got[i]); diff != "" {
			t.Fatalf("%s: alone and among others it is masked differently:\n%s", c.Path, diff)
		}
	}
}

func TestAMaskedChangeShowsThatASecretChangedAndWhereItIs(t *testing.T) {
	t.Parallel()
	m := newMasker()
	a := parseYAML(t, `{password: a, port: 80, pin: 1, env: [{name: TOKEN, value: a}, {name: MODE, value: x}], users: [{name: bob}], url: "http://u:a@h"}`)
	b := parseYAML(t, `{password: b, port: 81, pin: "1", env: [{name: TOKEN, value: b}, {name: MODE, value: y}], users: [{name: ghp_0123456789abcdefghij}], url: "http://u:b@h"}`)
	var got []string
	for _, ids := range [][]string{nil, {}} {
		for _, c := range config.Diff(a, b, config.Options{IDs: ids}) {
			c = config.MaskedChange(c, m)
			line := c.Path.String()
			for _, n := range []*config.Node{c.Before, c.After} {
				if n == nil {
					line += " -"
				} else {
					line += " " + shown(n)
				}
			}
			got = append(got, line)
		}
	}
	h := m.Hash
	first := []string{
		`password text "` + h("a") + `" text "` + h("b") + `"`, "port number 80 number 81", "pin number " + h("1") + ` text "` + h("1") + `"`,
	}
	last := `url text "http://u:` + h("a") + `@h" text "http://u:` + h("b") + `@h"`
	token := h("ghp_0123456789abcdefghij")
	want := slices.Concat(first, []string{
		`env[name=TOKEN].value text "` + h("a") + `" text "` + h("b") + `"`, `env[name=MODE].value text "x" text "y"`,
		`users[name=bob] {name: text "bob"} -`, "users[name=" + token + `] - {name: text "` + token + `"}`, last,
	}, first, []string{
		`env[0].value text "` + h("a") + `" text "` + h("b") + `"`, `env[1].value text "` + h("x") + `" text "` + h("y") + `"`,
		`users[0].name text "bob" text "` + token + `"`, last,
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestMaskedTreesDifferWhereSecretsDo(t *testing.T) {
	t.Parallel()
	m := newMasker()
	same := `{db: {password: "a", x: 1}, credentials: {user: u, pin: 1}}`
	for content, equal := range map[string]bool{
		same: true,
		`{db: {password: "b", x: 1}, credentials: {user: u, pin: 1}}`:    false,
		`{db: {password: "a", x: 1}, credentials: {user: v, pin: 1}}`:    false,
		`{db: {password: "a", x: 1}, credentials: {user: u, pin: 2}}`:    false,
		`{db: {password: "a", x: 1}, credentials: {user: u, pin: "1"}}`:  false,
		`{credentials: {pin: 1, user: u}, db: {x: 1, "password": 'a' }}`: true,
	} {
		a, b := config.Masked(parseYAML(t, same), m), config.Masked(parseYAML(t, content), m)
		if got := config.Equal(a, b, config.Options{}); got != equal {
			t.Errorf("%s: equal %v: %s, %s", content, got, shown(a), shown(b))
		}
	}
	if config.Masked(nil, m) != nil {
		t.Error("of nothing something is left")
	}
}

func TestContentWhoseSecretsHaveNoPlaceIsShownAsJSON(t *testing.T) {
	t.Parallel()
	m := newMasker()
	for content, want := range map[string]string{
		"a_token: &a hunter2\npassword: *a\nb: {<<: [], x: 1}\n": "a_token: &a " + m.Hash("hunter2") + "\npassword: " + m.Hash("hunter2") + "\nb: {<<: [], x: 1}\n",
		"ghp_0123456789abcdefghij: 1\nurl: a&b\n":                "{\n  \"" + m.Hash("ghp_0123456789abcdefghij") + "\": 1,\n  \"url\": \"a&b\"\n}\n",
		"password: a: b\n":              "password: " + m.Hash("a: b") + "\n",
		"\uFEFFpassword: a\r\nx: 1\r\n": "\uFEFFpassword: " + m.Hash("a") + "\r\nx: 1\r\n",
	} {
		item := config.Item{Key: config.Key{Group: config.NoGroup, Name: "a.yaml"}, Content: []byte(content)}
		if got := string(config.MaskedContent(item, m)); got != want {
			t.Errorf("%q became %q, want %q", content, got, want)
		}
		if string(item.Content) != content {
			t.Errorf("the content was changed: %q", item.Content)
		}
	}
}
