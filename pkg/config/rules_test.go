package config_test

import (
	"errors"
	"testing"

	"govctl/pkg/config"
)

func TestRulesFitValuesByKeyAndPath(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		key, path string // of the rule
		item      config.Key
		at        string
		want      bool
	}{
		{"", "", config.Key{Group: "-", Name: "x"}, "a.b", true},
		{"payment/*", "", config.Key{Group: "payment", Name: "app.yaml"}, "", true},
		{"payment/*", "", config.Key{Group: "payment", Name: "sub/app.yaml"}, "", true},
		{"payment/*", "", config.Key{Group: "order", Name: "payment/x"}, "", false},
		{"*/app.yaml", "", config.Key{Group: "-", Name: "app.yaml"}, "", true},
		{"payment", "", config.Key{Group: "payment", Name: "app.yaml"}, "", true},
		{"app.*", "", config.Key{Group: "payment", Name: "app.yaml"}, "", true},
		{"app.*", "", config.Key{Group: "payment", Name: "my-app.yaml"}, "", false},
		{"?", "", config.Key{Group: "-", Name: "app.yaml"}, "", false},
		{"*.datasource.url", "", config.Key{Group: "-", Name: "order.datasource.url"}, "", true},

		{"", "limits.*", config.Key{}, "limits.qps", true},
		{"", "limits.*", config.Key{}, "limits.qps.max", true}, // inside of what fits
		{"", "limits.*", config.Key{}, "limits", false},
		{"", "limits.*", config.Key{}, "my.limits.qps", false},
		{"", "limits", config.Key{}, "limits.qps", true},
		{"", "limits", config.Key{}, "limits2", false},
		{"", "*.datasource.url", config.Key{}, "spring.datasource.url", true},
		{"", "*.datasource.url", config.Key{}, `["spring.datasource.url"]`, true},
		{"", "*.datasource.url", config.Key{}, "a.spring.datasource.url", false},
		{"", "**.datasource.url", config.Key{}, "a.spring.datasource.url", true},
		{"", "**.url", config.Key{}, "url", true},
		{"", "**.url", config.Key{}, "a.url", true},
		{"", "**.a.**.b", config.Key{}, "x.a.a.y.c.b", true},
		{"", "**.a.**.b", config.Key{}, "x.b.y.a.c", false},
		{"", "a.**", config.Key{}, "a", true},
		{"", "**", config.Key{}, "", true},
		{"", "*", config.Key{}, "", false},
		{"", "pass*", config.Key{}, "password", true},
		{"", "pass*", config.Key{}, "p.password", false},
		{"", "p?.x", config.Key{}, "pä.x", true},
		{"", "p*.x", config.Key{}, "p/q.x", true},
		{"", `["*"].x`, config.Key{}, `a.x`, false},
		{"", `["*"].x`, config.Key{}, `["*"].x`, true},
		{"", `["a.b"].c`, config.Key{}, `a["b.c"]`, true},
		{"", `["a/b"]`, config.Key{}, `a/b`, true},
		{"", "routes[*].timeout", config.Key{}, "routes[name=a].timeout", true},
		{"", "routes[*].timeout", config.Key{}, "routes[7].timeout", true},
		{"", "routes[*].timeout", config.Key{}, "routes.a.timeout", false},
		{"", "routes.*.timeout", config.Key{}, "routes[7].timeout", true},
		{"", "routes[name=check*]", config.Key{}, "routes[name=checkout].timeout", true},
		{"", "routes[name=check*]", config.Key{}, "routes[id=checkout]", false},
		{"", "routes[name=check*]", config.Key{}, "routes[name=refund]", false},
		{"", `routes[name="a*"]`, config.Key{}, "routes[name=ab]", false},
		{"", "routes[7]", config.Key{}, "routes[7]", true},
		{"", "routes[7]", config.Key{}, `routes.7`, false},
		{"order", "a", config.Key{Group: "user", Name: "x"}, "a", false},
	} {
		rules, err := config.NewRules(config.Rule{Key: "none"}, config.Rule{Key: c.key, Path: c.path})
		if err != nil {
			t.Fatal(err)
		}
		p, err := config.ParsePath(c.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := rules.Match(c.item, p); got != c.want {
			t.Errorf("{%s %s} fits %s of %s: %v, want %v", c.key, c.path, c.at, c.item, got, c.want)
		}
	}
}

func TestNoRulesFitNothing(t *testing.T) {
	t.Parallel()
	if config.Rules(nil).Match(config.Key{Group: "a", Name: "b"}, nil) {
		t.Error("a rule that is not there fits")
	}
}

func TestWhatIsNoRuleIsRefused(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]config.Rule{
		`"[": not a glob: syntax error in pattern`:                                 {Key: "["},
		`"a..b": not a path: a key is missing; an empty one is [""]`:               {Path: "a..b"},
		`"a[?]": not a path: brackets hold a number, a quoted key or "name=value"`: {Path: "a[?]"},
	} {
		_, err := config.NewRules(r)
		e, ok := errors.AsType[*config.GlobError](err)
		if !ok || e.Error() != want || e.Hint == "" {
			t.Errorf("%v: %v, want %s and a hint", r, err, want)
		}
	}
}
