package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/config"
)

func TestPlaceholdersAreThoseOfSpringAndOfShells(t *testing.T) {
	t.Parallel()
	ref := func(name string, offset int) config.Placeholder {
		return config.Placeholder{Name: name, Offset: offset}
	}
	withDefault := func(p config.Placeholder) config.Placeholder {
		p.Default = true
		return p
	}
	kind := func(k config.PlaceholderKind, p config.Placeholder) config.Placeholder {
		p.Kind = k
		return p
	}
	for text, want := range map[string][]config.Placeholder{
		"":                       nil,
		"plain $x {y} }":         nil,
		"${a.b}":                 {ref("a.b", 0)},
		"x${a}y${b-c[0].d}z":     {ref("a", 1), ref("b-c[0].d", 6)},
		"${a:1}":                 {withDefault(ref("a", 0))},
		"${a:-1}":                {withDefault(ref("a", 0))},
		"${a:}":                  {withDefault(ref("a", 0))},
		"${a:b:c}":               {withDefault(ref("a", 0))},
		"${a:${b}}":              {withDefault(ref("a", 0)), ref("b", 4)},
		"${a:${b:${c}}}-${d}":    {withDefault(ref("a", 0)), withDefault(ref("b", 4)), ref("c", 8), ref("d", 15)},
		`${a:{"x":{}}}${b}`:      {withDefault(ref("a", 0)), ref("b", 13)},
		"${DB_HOST}${DB2:x}":     {kind(config.Variable, ref("DB_HOST", 0)), withDefault(kind(config.Variable, ref("DB2", 10)))},
		"${user.home}":           {kind(config.Variable, ref("user.home", 0))},
		"${user.url}":            {ref("user.url", 0)},
		"${random.int(10)}":      {kind(config.Variable, ref("random.int(10)", 0))},
		"${a.${b}}":              {kind(config.Expression, ref("a.${b}", 0)), ref("b", 4)},
		"${x + 1}${}":            {kind(config.Expression, ref("x + 1", 0)), kind(config.Expression, ref("", 8))},
		`$${a}\${b}$$${c}`:       nil,
		`${a:\${b}}${c}`:         {withDefault(ref("a", 0)), ref("c", 10)},
		"#{systemProperties.x}":  nil,
		"#{ '${a}'.split(',') }": {ref("a", 4)},
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			got, unclosed, _ := config.Placeholders(text)
			if diff := cmp.Diff(want, got); diff != "" || unclosed {
				t.Errorf("unclosed: %t (-want +got)\n%s", unclosed, diff)
			}
		})
	}
}

func TestAPlaceholderWithoutAnEndIsTold(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"${": 0, "a${b": 1, "${a}${b:${c}": 4, "${a:{}": 0, `${a:\${b}`: 0} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			if got, unclosed, at := config.Placeholders(text); !unclosed || at != want || len(got) != min(want/4, 1) {
				t.Errorf("%v, %t at %d; want one without an end at %d", got, unclosed, at, want)
			}
		})
	}
}

func TestPlaceholdersOfAHostileTextEndInTime(t *testing.T) {
	t.Parallel()
	for name, unit := range map[string]string{"open": "${", "nested": "${a:", "many": "${a}", "defaults": "${a:${b:", "escaped": "$${", "dollars": "$", "backslashes": `\`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			got, unclosed, _ := config.Placeholders("x" + strings.Repeat(unit, 3_000_000))
			if took := time.Since(start); took > 5*time.Second || len(got) > 10_000 || unclosed {
				t.Errorf("%d placeholders, unclosed %t, in %v", len(got), unclosed, took)
			}
		})
	}
}

// FuzzPlaceholders holds each one to what is written there.
func FuzzPlaceholders(f *testing.F) {
	for _, s := range []string{"${a.b:${C:-x}} $${d} \\${e} ${f", "${a:{}}", "#{${x}}", "${${${", "}{${}:"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		all, unclosed, offset := config.Placeholders(text)
		last := -1
		for _, p := range all {
			written := "${" + p.Name
			end := "}"
			if p.Default {
				end = ":"
			}
			if !strings.HasPrefix(text[p.Offset:], written+end) || p.Offset <= last {
				t.Errorf("%q: %+v after %d", text, p, last)
			}
			last = p.Offset
		}
		if unclosed && (!strings.HasPrefix(text[offset:], "${") || offset <= last) {
			t.Errorf("%q: unclosed at %d after %d", text, offset, last)
		}
		if plain := strings.NewReplacer("$", "", "{", "").Replace(text); len(plain) == len(text) && (len(all) > 0 || unclosed) {
			t.Errorf("%q: %v", text, all)
		}
	})
}
