package config_test

import (
	"fmt"
	"strings"
	"testing"

	"govctl/pkg/config"
)

// beside are contents with a secret that no name above it tells of, and the end of
// each: that of another one, so that only what is secret changes.
func beside() map[string]string {
	return map[string]string{
		"name and value":             `{"main": {"name": "DB_PASSWORD", "value": "%s"}}`,
		"name and value, in words":   `{"api": {"key": "key", "Value": ["%s"]}}`,
		"a list that is no set":      `{"a": [{"name": "DB_PASSWORD", "value": "%s"}, {"name": "DB_PASSWORD", "value": 1}]}`,
		"behind a flag":              `{"run": ["--password", "%s"]}`,
		"a Secret of Kubernetes":     `{"items": [{"kind": "Secret", "data": {"x": "%s"}}]}`,
		"a Secret of Kubernetes too": `{"a": {"kind": "Secret", "stringData": {"x": "%s"}}}`,
	}
}

func TestWhatIsSecretByItsNeighboursIsMaskedWhereverItIsShown(t *testing.T) {
	t.Parallel()
	m := newMasker()
	for name, content := range beside() {
		of := func(secret string) []config.Item { return itemsOf("order/app.json", fmt.Sprintf(content, secret)) }
		a, b := of("canary1"), of("canary2")
		shown := ""
		for _, d := range config.Compare(a, b, config.CompareOptions{}).Items {
			for _, c := range config.MaskedChanges(d.Changes, m) {
				shown += fmt.Sprint(c.Path, asJSON(t, c.Before), asJSON(t, c.After))
			}
		}
		for _, c := range config.Consumers() {
			layers, err := config.Reading{Consumer: c, Patterns: []string{"*"}}.Layers(a, config.Names{})
			if err != nil {
				t.Fatal(err)
			}
			e, err := c.Effective(layers)
			if err != nil || len(e.Values) == 0 {
				t.Fatalf("%s by %s: %d values, %v", name, c, len(e.Values), err)
			}
			for _, v := range e.Values {
				shown += fmt.Sprint(c, v.Path, asJSON(t, config.MaskedChange(config.Change{Path: v.Path, After: v.Value}, m).After))
			}
		}
		if found := seen(shown); shown == "" || len(found) > 0 {
			t.Errorf("%s: %q is seen in %s", name, found, shown)
		}
	}
}

func asJSON(t *testing.T, n *config.Node) string {
	t.Helper()
	b, err := n.MarshalJSON()
	if err != nil {
		t.Error(err)
	}
	return string(b)
}

func TestWhatAnAliasHidesIsMaskedInThePropertiesOfSpring(t *testing.T) {
	t.Parallel()
	layers, err := config.Reading{Consumer: config.Spring, Patterns: []string{"order/*"}}.Layers(itemsOf("order/a.yaml", "base: &p canary1\npassword: *p\n"), config.Names{})
	if err != nil {
		t.Fatal(err)
	}
	e, err := config.Spring.Effective(layers)
	if err != nil {
		t.Fatal(err)
	}
	shown := ""
	for _, v := range e.Values {
		shown += asJSON(t, config.MaskedChange(config.Change{Path: v.Path, After: v.Value}, newMasker()).After)
	}
	if found := seen(shown); len(e.Values) != 2 || len(found) > 0 {
		t.Errorf("%d values, %q is seen", len(e.Values), found)
	}
}

func TestAKeyThatIsASecretIsNotQuoted(t *testing.T) {
	t.Parallel()
	const token = "ghp_abcdefghijklmnopqrstuvwxyz0123canary"
	for f, content := range map[config.Format]string{
		config.JSON: `{"%[1]s": 1, "%[1]s": 2}`, config.YAML: "%[1]s: 1\n%[1]s: 2\n", config.TOML: "%[1]s = 1\n%[1]s = 2\n", config.Properties: "%[1]s=1\n%[1]s=2\n",
	} {
		_, err := config.Parse(fmt.Appendf(nil, content, token), f)
		if err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", f, err)
		}
	}
}
