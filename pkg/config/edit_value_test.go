package config_test

import (
	"testing"

	"govctl/pkg/config"
)

func TestAValueOfTheCommandLineKeepsTheKindThatStandsThere(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text    string
		format  config.Format
		present string // in JSON, "" for nothing
		want    string
	}{
		{"5", config.YAML, "", "number 5"},
		{"5", config.YAML, "1", "number 5"},
		{"5", config.YAML, `"8080"`, `text "5"`},
		{`"5"`, config.YAML, "1", `text "5"`},
		{`"5"`, config.YAML, `"1"`, `text "5"`},
		{"true", config.JSON, "", "true"},
		{"true", config.JSON, `"no"`, `text "true"`},
		{"null", config.YAML, "1", "null"},
		{"null", config.YAML, `"x"`, `text "null"`},
		{"0x1F", config.YAML, "31", "number 0x1F"},
		{"0x1F", config.YAML, "", `text "0x1F"`},
		{"007", config.YAML, "", `text "007"`},
		{"9007199254740993", config.JSON, "", "number 9007199254740993"},
		{"1.10", config.JSON, "null", "number 1.10"},
		{"30s", config.TOML, "5", `text "30s"`},
		{"yes", config.YAML, "true", `text "yes"`},
		{`{"a": [1]}`, config.YAML, "", "{a: [number 1]}"},
		{`{"a": [1]}`, config.YAML, `"x"`, `text "{\"a\": [1]}"`},
		{`[1, 2`, config.YAML, "", `text "[1, 2"`},
		{`[]`, config.YAML, `{"a": 1}`, `[]`},
		{"", config.YAML, "", `text ""`},
		{" ", config.YAML, "1", `text " "`},
		{"5", config.Properties, "", `text "5"`},
		{`"5"`, config.Properties, `"1"`, `text "\"5\""`},
		{`{"a": 1}`, config.Text, "", `text "{\"a\": 1}"`},
	} {
		var present *config.Node
		if c.present != "" {
			present = tree(t, c.present)
		}
		if got := shown(config.ParseValue(c.text, c.format, present)); got != c.want {
			t.Errorf("%q as %s in the place of %s is %s, want %s", c.text, c.format, c.present, got, c.want)
		}
	}
	time := &config.Node{Kind: config.Time, Text: "1979-05-27"}
	for text, want := range map[string]string{"1980-01-01T07:32:00Z": "time 1980-01-01T07:32:00Z", "soon": `text "soon"`, "1980-02-30": `text "1980-02-30"`} {
		if got := shown(config.ParseValue(text, config.TOML, time)); got != want {
			t.Errorf("%q in the place of a time is %s, want %s", text, got, want)
		}
	}
}
