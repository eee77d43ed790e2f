package config_test

import (
	"strings"
	"testing"

	"govctl/pkg/config"
)

func TestTheStoreNamesTheFormatElseTheSuffixElseItIsGuessed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		declared      config.Format
		name, content string
		want          config.Format
		guessed       bool
	}{
		{config.JSON, "app.yaml", "a: 1", config.JSON, false},
		{config.Text, "app.yaml", "a: 1", config.Text, false},
		{"", "app.yaml", "{}", config.YAML, false},
		{"", "a/b/APP.YML", "{}", config.YAML, false},
		{"", "app.json", "a: 1", config.JSON, false},
		{"", "app.toml", "", config.TOML, false},
		{"", "app.properties", "", config.Properties, false},
		{"", "readme.txt", "a: 1", config.Text, false},

		{"", "app.yaml", "a: \x00", config.Binary, false},
		{config.JSON, "app", "\x00", config.Binary, false},
		{"", "app.yaml", "a: \xff", config.YAML, false},
		{"", "readme.txt", "\xff", config.Binary, false},
		{"", "app", "\xff\xfe", config.Binary, false},
		{config.Binary, "app", "text", config.Binary, false},

		{"", "app", `{"a": 1}`, config.JSON, true},
		{"", "app", ` [1, 2]`, config.JSON, true},
		{"", "app", `{"a": 1, "a": 2}`, config.Text, true},
		{"", "app", "a:\n  b: 1\n", config.YAML, true},
		{"", "app.conf", "- name: a\n- name: b\n", config.YAML, true},
		{"", "app", "# limits\n[pool]\nmax = 10\n", config.TOML, true},
		{"", "app", "name = \"x\"\n", config.TOML, true},
		{"", "app", "# limits\npool.max=10\npool.name = x y\n", config.Properties, true},
		{"", "app", "max = 10\n", config.Properties, true},

		{"", "app", "", config.Text, true},
		{"", "app", "8080", config.Text, true},
		{"", "app", "true", config.Text, true},
		{"", "app", `"quoted"`, config.Text, true},
		{"", "app", "localhost:8080", config.Text, true},
		{"", "app", "http://10.0.0.1:8080/a?b=c", config.Text, true},
		{"", "app", "user:password@tcp(db:3306)/orders?parseTime=true", config.Text, true},
		{"", "app", "c2VjcmV0Cg==", config.Text, true},
		{"", "app", "Dear all: this is a letter", config.Text, true},
		{"", "app", "- milk\n- bread\n", config.Text, true},
		{"", "app", "<a b=\"c\">\n</a>", config.Text, true},
		{"", "app", "-----BEGIN CERTIFICATE-----\nMII=\n", config.Text, true},
		{"", "app", "a: " + strings.Repeat("x", 1<<20), config.Text, true},
	} {
		if got, guessed := config.Detect(c.declared, c.name, []byte(c.content)); got != c.want || guessed != c.guessed {
			t.Errorf("Detect(%q, %q, %.60q) = %q, %v; want %q, %v", c.declared, c.name, c.content, got, guessed, c.want, c.guessed)
		}
	}
}
