package registry_test

import (
	"errors"
	"strings"
	"testing"

	"govctl/pkg/registry"
)

func order() *registry.Instance {
	return &registry.Instance{
		Service: "order", ID: "order-1", Address: "10.0.0.1", Port: 8080, Health: registry.Critical,
		Version: "v2", Protocol: "http", Weight: 1.5, Tags: []string{"eu", "canary"},
		Metadata: map[string]string{"zone": "a", "canary": ""},
		Checks:   []registry.Check{{ID: "ttl", Status: registry.Critical, Output: "expired"}},
	}
}

func TestSelectorMatches(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		labels, health, filter string
		want                   bool
	}{
		{"", "", "", true},
		{"zone=a", "", "", true},
		{"zone==a", "", "", true},
		{"zone=b", "", "", false},
		{"zone!=b", "", "", true},
		{"zone!=a", "", "", false},
		{"missing!=a", "", "", true},
		{"canary", "", "", true},
		{"missing", "", "", false},
		{"!missing", "", "", true},
		{"!zone", "", "", false},
		{"version=v2", "", "", true}, // a field that some systems keep outside of metadata
		{"zone=a,version=v1", "", "", false},
		{" zone = a , canary ", "", "", true},
		{"", "critical", "", true},
		{"", "passing,critical", "", true},
		{"", "passing", "", false},
		{"", "", `health == "critical"`, true},
		{"", "", `port == 8080 and "eu" in tags`, true},
		{"", "", `metadata.zone == "b"`, false},
		{"", "", `metadata.none != "b"`, true},
		{"", "", `weight == 1.5`, true},
		{"", "", `any checks as c { c.output matches "exp" }`, true},
		{"", "", `tags is empty`, false},
		{"zone=a", "critical", `port == 1`, false},
	} {
		s, err := registry.ParseSelector(c.labels, c.health, c.filter)
		if err != nil {
			t.Errorf("ParseSelector(%q, %q, %q): %v", c.labels, c.health, c.filter, err)
			continue
		}
		if got, err := s.Match(order()); got != c.want || err != nil {
			t.Errorf("(%q, %q, %q) matches: %v, %v; want %v", c.labels, c.health, c.filter, got, err, c.want)
		}
	}
}

func TestWrongSelectorsAreRefusedBeforeAnythingIsAsked(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ labels, health, filter, why, hint string }{
		{"=a", "", "", "is not KEY=VALUE", "zone!=a"},
		{"a,,b", "", "", "is not KEY=VALUE", ""},
		{"a b", "", "", "is not KEY=VALUE", ""},
		{"", "sick", "", "not a health", "one of passing, warning"},
		{"", "", `port > 1`, "not an expression from character 6 on", "metadata.zone"},
		{"", "", `prot == 1`, `no field "prot"`, "service, id, address, port"},
		// go-bexpr alone would find these only on the right instance
		{"", "", `health != "x" or prot == 1`, `no field "prot"`, ""},
		{"", "", `not (health == "x" and prot == 1)`, `no field "prot"`, ""},
		{"", "", `any prots as p { p.id == "" }`, `no field "prots"`, ""},
		{"", "", `port contains 1`, "neither a list nor a text", "metadata.zone"},
		{"", "", `any checks as c { c.idd == "" }`, `no field "checks.0.idd"`, "metadata.zone"},
		{"", "", `port matches "a"`, "no text", "metadata.zone"},
		{"", "", `weight == "x"`, `"x" is not a number`, "metadata.zone"},
		{"", "", `version matches "("`, "not a regular expression: missing closing )", "metadata.zone"},
		{"", "", `since == "2026"`, "no single value", "metadata.zone"},
	} {
		_, err := registry.ParseSelector(c.labels, c.health, c.filter)
		e, ok := errors.AsType[*registry.SelectorError](err)
		if !ok || !strings.Contains(e.Error(), c.why) || !strings.Contains(e.Hint, c.hint) || strings.Contains(e.Error(), "\n") {
			t.Errorf("ParseSelector(%q, %q, %q) = %v (hint %q); want one line with %q", c.labels, c.health, c.filter, err, hintOf(e), c.why)
		}
	}
}

func hintOf(e *registry.SelectorError) string {
	if e == nil {
		return ""
	}
	return e.Hint
}

func FuzzParseSelector(f *testing.F) {
	f.Add("version=v2,zone!=a,canary", "critical", `health == "critical" and metadata.zone == "a"`)
	f.Add("!a", "", `any checks as c { c.id == "x" }`)
	f.Add(",", ",", "((")
	f.Fuzz(func(t *testing.T, labels, health, filter string) {
		s, err := registry.ParseSelector(labels, health, filter)
		if err != nil {
			if _, ok := errors.AsType[*registry.SelectorError](err); !ok {
				t.Errorf("%v is no *SelectorError", err)
			}
			return
		}
		_, _ = s.Match(order()) // must not panic
	})
}
