package render

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNothingInATableOfMarkdownHasAMeaning(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	err := WriteMarkdown(&out, []string{"ITEM", "file:a_b|c"}, [][]string{
		{"order/app.yaml", ""},
		{"<b>@all #1 *x* [y](https://z)", "a|b"},
		{"`tick`", `c:\`},
		{`\|`, " blank "},
		{"a\nb\x1b[2J\u202e", "`"},
	})
	want := "| ITEM | file&#58;a&#95;b&#124;c |\n" +
		"| --- | --- |\n" +
		"| `order/app.yaml` | |\n" +
		"| `<b>@all #1 *x* [y](https://z)` | <code>a&#124;b</code> |\n" +
		"| <code>&#96;tick&#96;</code> | `c:\\` |\n" +
		"| <code>&#92;&#124;</code> | <code> blank </code> |\n" +
		"| `a\\nb\\x1b[2J\\u202e` | <code>&#96;</code> |\n"
	if diff := cmp.Diff(want, out.String()); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}

// FuzzMarkdown holds that a cell stays one: a table has as many bars as it has cells,
// and a backtick only around them.
func FuzzMarkdown(f *testing.F) {
	for _, s := range []string{"a|b", "``", "`a", "\\|", "x\ny", "", " "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		code := MarkdownCode(s)
		ticks := strings.Count(code, "`")
		span := ticks == 2 && strings.HasPrefix(code, "`") && strings.HasSuffix(code, "`") && len(code) > 2
		html := ticks == 0 && strings.HasPrefix(code, "<code>") && strings.Count(code, "<") == 2
		if strings.ContainsAny(code, "|\n") || !span && !html && code != "" {
			t.Errorf("%q is %q", s, code)
		}
	})
}

func TestAnnotationsAreEscapedAsGitHubReadsThem(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	err := WriteAnnotations(&out, []Annotation{
		{Bad, "order/app.yaml a,b: 100%", "dev: 1, prod: 100%\n::error::x\r\x1b[2J"},
		{Warn, "t", "w"},
		{Dim, "t", "n"},
	})
	want := "::error title=order/app.yaml a%2Cb%3A 100%25::dev: 1, prod: 100%25\\n::error::x\\r\\x1b[2J\n::warning title=t::w\n::notice title=t::n\n"
	if diff := cmp.Diff(want, out.String()); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}

func TestLinesAreWholeSafeAndColoured(t *testing.T) {
	t.Parallel()
	lines := []Cell{{"-\ta  b \x1b[2J", Bad}, {" same ", Plain}, {"+new\n\r", Good}}
	for color, want := range map[bool]string{
		false: "-\ta  b \\x1b[2J\n same \n+new\\n\\r\n",
		true:  "\x1b[31m-\ta  b \\x1b[2J\x1b[0m\n same \n\x1b[32m+new\\n\\r\x1b[0m\n",
	} {
		var out bytes.Buffer
		err := WriteLines(&out, Options{Color: color, Width: 3}, lines)
		if diff := cmp.Diff(want, out.String()); err != nil || diff != "" {
			t.Errorf("%v (-want +got)\n%s", err, diff)
		}
	}
}
