package demo

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/config"
)

// itemsOf returns the configuration of an environment.
func itemsOf(t *testing.T, environment string) []config.Item {
	t.Helper()
	items, err := Items(environment)
	if err != nil {
		t.Fatal(err)
	}
	return items
}

// compareWith compares two environments where rules say what is meant.
func compareWith(t *testing.T, rules []config.Rule, a, b string) config.Comparison {
	t.Helper()
	expected, err := config.NewRules(rules...)
	if err != nil {
		t.Fatal(err)
	}
	return config.Compare(itemsOf(t, a), itemsOf(t, b), config.CompareOptions{Expected: expected})
}

// changesIn returns what differs and is not meant to, a line each.
func changesIn(c config.Comparison) []string {
	lines := []string{}
	for _, item := range c.Items {
		if item.Kind != config.Inside && item.Differs() {
			lines = append(lines, fmt.Sprint(item.Key, " ", item.Kind))
		}
		for _, change := range item.Changes {
			lines = append(lines, fmt.Sprintf("%s %s: %s %s, %s %s", item.Key, change.Path,
				change.Before.Kind, change.Before.Text, change.After.Kind, change.After.Text))
		}
	}
	return lines
}

func TestEveryServiceHasConfigurationInEveryEnvironment(t *testing.T) {
	t.Parallel()
	everywhere := []string{
		"common/logging.yaml", "common/tracing.properties", "gateway/app.yaml", "gateway/routes.json", "inventory/app.toml",
		"order/app.yaml", "order/events.properties", "payment/app.json", "user/app.properties",
	}
	dev := slices.Insert(slices.Clone(everywhere), 3, "gateway/debug.yaml")
	got := map[string][]string{}
	for _, environment := range []string{"dev", "test", "prod", "anything else"} {
		for _, item := range itemsOf(t, environment) {
			got[environment] = append(got[environment], item.String())
			format, guessed := config.Detect("", item.Name, item.Content)
			if n, err := config.Parse(item.Content, format); err != nil || n == nil || guessed {
				t.Errorf("%s in %s: %s (guessed: %t): %v", item.Key, environment, format, guessed, err)
			}
		}
	}
	if diff := cmp.Diff(map[string][]string{"dev": dev, "test": everywhere, "prod": everywhere, "anything else": dev}, got); diff != "" {
		t.Error(diff)
	}
}

func TestOnlyThePlantedMistakesAreNotMeant(t *testing.T) {
	t.Parallel()
	mistakes := []string{
		"gateway/app.yaml server.port: number 8080, text 8080",
		"payment/app.json charge.timeout: text 3s, text 300ms",
	}
	for _, tt := range []struct {
		a, b   string
		totals config.Totals
		want   []string
	}{
		{"dev", "prod", config.Totals{Items: 10, Differ: 2, Changed: 2, Expected: 21}, mistakes},
		{"test", "prod", config.Totals{Items: 9, Differ: 2, Changed: 2, Expected: 20}, mistakes},
		{"dev", "test", config.Totals{Items: 10, Expected: 21}, []string{}},
	} {
		t.Run(tt.a+" "+tt.b, func(t *testing.T) {
			t.Parallel()
			c := compareWith(t, MeantToDiffer(), tt.a, tt.b)
			if diff := cmp.Diff(tt.want, changesIn(c)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.totals, c.Totals); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheMistakesAreToldAsTheyStand(t *testing.T) {
	t.Parallel()
	want := []string{
		`gateway/app.yaml in prod: server.port is "8080", elsewhere 8080: it is text, and a reader that wants a number does not start`,
		"payment/app.json in prod: charge.timeout is 300ms, elsewhere 3s: charges are given up while the bank still books them",
	}
	var got []string
	for _, m := range Mistakes() {
		got = append(got, m.Text())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEveryRuleOfWhatIsMeantIsNeeded(t *testing.T) {
	t.Parallel()
	all := MeantToDiffer()
	for i, rule := range all {
		t.Run(rule.Key+rule.Path, func(t *testing.T) {
			t.Parallel()
			others := slices.Delete(slices.Clone(all), i, i+1)
			if got := changesIn(compareWith(t, others, "dev", "prod")); len(got) <= len(Mistakes()) {
				t.Errorf("without %+v nothing more differs: %q", rule, got)
			}
		})
	}
}

func TestEverySecretIsAFakeAndNoTwoEnvironmentsShareOne(t *testing.T) {
	t.Parallel()
	where := map[string]string{}
	for _, environment := range []string{"dev", "test", "prod"} {
		found := 0
		for _, item := range itemsOf(t, environment) {
			for word := range strings.FieldsFuncSeq(string(item.Content), func(r rune) bool { return r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
				if !strings.HasPrefix(word, "FAKE-") {
					continue
				}
				if other := where[word]; other != "" {
					t.Errorf("%s is in %s and in %s", word, other, environment)
				}
				where[word] = environment
				found++
			}
		}
		if found != 8 {
			t.Errorf("%d secrets in %s, want 8", found, environment)
		}
	}
}
