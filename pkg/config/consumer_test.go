package config_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/config"
)

func TestAConsumerSaysWhatItChokesOn(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, content string }{
		{"a.json", `{"a": 1}`},
		{"a.json", `[1]`},
		{"a.json", ` {"a": 1, "a": 2} `},
		{"a", "null"},
		{"a", ""},
		{"a", "true"},
		{"a", "8080"},
		{"a", `"s3cret"`},
		{"a.json", `{"a": 1e400}`},
		{"a.yaml", "a: s3cret"},
		{"a.json", `{"a": s3cret}`},
		{"a.txt", "s3cret"},
		{"a.bin", "\x00"},
	}
	var got []string
	for _, c := range cases {
		item := config.Item{Key: config.Key{Group: "g", Name: c.name}, Content: []byte(c.content)}
		line := fmt.Sprintf("%q", c.content)
		for _, consumer := range config.Consumers() {
			line += fmt.Sprintf(" | %v", consumer.Accepts(item))
		}
		got = append(got, line)
	}
	want := []string{
		`"{\"a\": 1}" | <nil> | <nil> | <nil>`,
		`"[1]" | this has no keys with values | <nil> | this has no keys with values`,
		`" {\"a\": 1, \"a\": 2} " | line 1, column 11: the key "a" is here twice, first at line 1, column 3 | <nil> | line 1, column 11: the key "a" is here twice, first at line 1, column 3`,
		`"null" | this has no keys with values | <nil> | this has no keys with values`,
		`"" | <nil> | <nil> | <nil>`,
		`"true" | this has no keys with values | this is a bool, not an object or a list | this has no keys with values`,
		`"8080" | this has no keys with values | this is a number, not an object or a list | this has no keys with values`,
		`"\"s3cret\"" | this has no keys with values | this is a text, not an object or a list | this has no keys with values`,
		`"{\"a\": 1e400}" | <nil> | this holds a number that is too large | <nil>`,
		`"a: s3cret" | <nil> | line 1, column 1: this is not JSON: invalid character 'a' at start of value | <nil>`,
		`"{\"a\": s3cret}" | line 1, column 7: this is not JSON: invalid character 's' at start of value | line 1, column 7: this is not JSON: invalid character 's' at start of value | line 1, column 7: this is not JSON: invalid character 's' at start of value`,
		`"s3cret" | this has no keys with values | line 1, column 1: this is not JSON: invalid character 's' at start of value | this has no keys with values`,
		`"\x00" | this has no keys with values | line 1, column 1: a NUL byte stands here, this is no text | this has no keys with values`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("content | merge | go-micro | spring (-want +got)\n%s", diff)
	}
}

func TestWhatAStoreHoldsSaysHowItIsRead(t *testing.T) {
	t.Parallel()
	goMicro := config.Reading{Consumer: config.GoMicro, Patterns: []string{"*"}}
	spring := config.Reading{Consumer: config.Spring, Patterns: []string{"application/*", "application,{env}/*", "{service}/*", "{service},{env}/*"}}
	groups := config.Reading{Consumer: config.Merge, Patterns: []string{"common/*", "{service}/*"}}
	cases := map[string]struct {
		folder, group, name string
		want                config.Reading
	}{
		"go-micro's prefix":         {"", "micro", "config/db", config.Reading{Consumer: config.GoMicro, Patterns: []string{"micro/config/*"}}},
		"below micro":               {"micro/", "config", "db", config.Reading{Consumer: config.GoMicro, Patterns: []string{"config/*"}}},
		"go-micro's own folder":     {"/micro/config", "db", "main", goMicro},
		"micro without config":      {"", "micro", "db", groups},
		"micro elsewhere":           {"config/dev", "micro", "config/db", groups},
		"spring's folder":           {"config", "application", "data", spring},
		"spring, profile alone":     {"config", "application,prod", "db/url", spring},
		"spring in the whole store": {"", "config", "application/data", config.Reading{Consumer: config.Spring, Patterns: []string{"config/application/*", "config/application,{env}/*", "config/{service}/*", "config/{service},{env}/*"}}},
		"an item called so":         {"config", config.NoGroup, "application", groups},
		"groups":                    {"config/dev", "order", "app.yaml", groups},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			items := []config.Item{{Key: config.Key{Group: "a", Name: "b"}}, {Key: config.Key{Group: c.group, Name: c.name}}}
			if diff := cmp.Diff(c.want, config.DefaultReading(items, c.folder)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
