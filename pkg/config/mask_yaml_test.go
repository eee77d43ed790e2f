package config_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/config"
)

// hiding are contents of YAML with secrets, each with the word canary in it or a
// number of 90210, that stand where no name tells of them, or in odd layout.
func hiding() map[string]string {
	return map[string]string{
		"alias":                        "base: &p canary1\ndb: {password: *p}\n",
		"alias before its secret":      "db: {password: &p canary1}\nbase: *p\n",
		"alias of a quoted text":       "base: &p 'it''s canary'\npassword: *p\n",
		"alias of a number":            "base: &p 9021077\npin: *p\n",
		"alias of a map":               "base: &p {a: canary1, b: [canary2, 9021077]}\ncredentials: *p\n",
		"alias of a list":              "base: &p\n- canary1\n- canary2\ntokens: *p\n",
		"alias in a list":              "base: &p canary1\nsecrets: [a, *p]\n",
		"alias in a map of an alias":   "a: &a canary1\nb: &b {x: *a}\nc: {secret: *b}\n",
		"alias of name and value":      "base: &p canary1\nenv:\n- {name: DB_PASSWORD, value: *p}\n",
		"alias behind a flag":          "base: &p canary1\nargs: [--password, *p]\n",
		"alias of a block":             "base: &p |\n  canary1\n  canary2\nprivateKey: *p\n",
		"alias of a folded block":      "base: &p >-\n  canary1\n  canary2\nprivateKey: *p\n",
		"alias behind CJK":             "数据: {名: &p canary1}\n密码: *p\n",
		"merge key":                    "base: &b {value: canary1}\nsecret: {<<: *b, x: canary2}\n",
		"merge keys":                   "a: &a {x: canary1}\nb: &b {y: canary2}\nc: {password: {<<: [*a, *b]}}\n",
		"merge key with a secret":      "base: &b {password: canary1, x: 1}\nother: {<<: *b, y: 2}\n",
		"merge of a merge":             "a: &a {x: canary1}\nb: &b {<<: *a}\npassword: {<<: *b}\n",
		"far to the right":             "x: 'é" + strings.Repeat("x", 5000) + "'\nä: {l: [" + strings.Repeat("a, ", 2000) + "&p canary1]}\npassword: *p\n",
		"literal block":                "password: |\n  canary1\n  canary2\nx: 1\n",
		"folded block":                 "a:\n  token: >2-\n      canary1\n    canary2\n",
		"block in a list":              "passwords:\n- |\n  canary1\n- >\n  canary2\n",
		"block of a list of names":     "- name: TOKEN\n  value: |\n    canary1\n    canary2\n",
		"flow map":                     "{password: canary1, 'token' : \"canary2\", x: {secret : [canary3, {a: canary4}]}}\n",
		"flow map over lines":          "{\n  password: canary1,\n  token:\n    canary2,\n  secret: [\n    canary3,\n    canary4 ],\n}\n",
		"flow in a block":              "a: {b: {password: canary1}, c: [{token: canary2}]}\n",
		"several lines":                "password: canary1\n  canary2\n\n  canary3\nx: 1\n",
		"question mark":                "? password\n: canary1\n? token\n: - canary2\n",
		"tags":                         "password: !!str canary1\npin: !!int 9021077\n",
		"documents":                    "password: canary1\n---\ntoken: canary2\n---\nsecret: |\n  canary3\n...\n---\n{password: canary4}\n",
		"documents with aliases":       "base: &p canary1\npassword: *p\n---\nbase: &q 'canary2'\ndb: {password: *q}\n",
		"alias in what cannot be read": "base: &p canary1\nother: &o \"canary2\"\ndb:\n  password: *p\n  token: *o\nx: [\n",
	}
}

func TestYAMLHidesSecretsWhereverTheyStand(t *testing.T) {
	t.Parallel()
	m := newMasker()
	for name, content := range hiding() {
		item := config.Item{Key: config.Key{Group: "g", Name: "a.yaml"}, Content: []byte(content)}
		if len(seen(content)) == 0 {
			t.Errorf("%s holds no secrets", name)
		}
		shownIn := map[string]string{"MaskedContent": string(config.MaskedContent(item, m))}
		if _, err := config.Parse(item.Content, config.YAML); err == nil {
			shownIn["Masked"], shownIn["MaskedChange"] = shownMasked(t, item, m), shownChanges(t, item, m)
		} else if !strings.HasPrefix(name, "documents") && !strings.HasSuffix(name, "be read") {
			t.Errorf("%s: %v", name, err)
		}
		for way, out := range shownIn {
			if found := seen(out); found != nil {
				t.Errorf("%s: %s shows:\n%s", name, way, strings.Join(found, ""))
			}
		}
	}
}

func TestAnAliasedSecretIsMaskedInItsPlace(t *testing.T) {
	t.Parallel()
	m := newMasker()
	h := m.Hash
	for content, want := range map[string]string{
		"base: &p hunter2 # x\ndb:\n  password: *p\n":         "base: &p " + h("hunter2") + " # x\ndb:\n  password: " + h("hunter2") + "\n",
		"base: &b {x: hunter2, y: true}\ncredentials: *b\n":   "base: &b {x: " + h("hunter2") + ", y: true}\ncredentials: *b\n",
		"a: &a {x: 1}\nb: {<<: *a, password: hunter2}\n":      "a: &a {x: 1}\nb: {<<: *a, password: " + h("hunter2") + "}\n",
		"host: &h db.example.com\nurl: *h\npassword: hunter2": "host: &h db.example.com\nurl: *h\npassword: " + h("hunter2"),
		"ttl: &t 30m\ntoken: {ttl: *t}\n":                     "ttl: &t 30m\ntoken: {ttl: *t}\n",
	} {
		item := config.Item{Key: config.Key{Group: "g", Name: "a.yaml"}, Content: []byte(content)}
		if diff := cmp.Diff(want, string(config.MaskedContent(item, m))); diff != "" {
			t.Errorf("%q (-want +got)\n%s", content, diff)
		}
	}
}

func TestATruthValueIsNoSecretWhateverItsNameIs(t *testing.T) {
	t.Parallel()
	m := newMasker()
	h := m.Hash
	for name, c := range map[string]struct{ content, want string }{
		"a.yaml": {
			"cors: {credentials: true}\ntoken: {enabled: false, x: null, n: 1, y: yes}\npassword: 'true'\n",
			"cors: {credentials: true}\ntoken: {enabled: false, x: null, n: " + h("1") + ", y: " + h("yes") + "}\npassword: 'true'\n",
		},
		"a.json":       {`{"credentials": true, "tokens": [false, 0]}`, `{"credentials": true, "tokens": [false, "` + h("0") + `"]}`},
		"a.toml":       {"[credentials]\nuse = true\npin = 1\n", "[credentials]\nuse = true\npin = \"" + h("1") + "\"\n"},
		"a.properties": {"password=true\ntoken=True\ncors.credentials=false\n", "password=true\ntoken=" + h("True") + "\ncors.credentials=false\n"},
		"a.txt":        {"credentials: true\ntoken: hunter2\n", "credentials: true\ntoken: " + h("hunter2") + "\n"},
	} {
		item := config.Item{Key: config.Key{Group: "g", Name: name}, Content: []byte(c.content)}
		if diff := cmp.Diff(c.want, string(config.MaskedContent(item, m))); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
	a, b := parseYAML(t, "{credentials: true, password: false}"), parseYAML(t, "{credentials: false, password: hunter2}")
	var got []string
	for _, c := range config.Diff(a, b, config.Options{}) {
		c = config.MaskedChange(c, m)
		got = append(got, c.Path.String()+" "+c.Before.Text+" "+c.After.Text)
	}
	if diff := cmp.Diff([]string{"credentials true false", "password false " + h("hunter2")}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
