package render

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// foreign has one text of every kind that a stranger may register (reliability
// of the terminal), and how it is shown.
func foreign() map[string][2]string {
	marks := strings.Repeat("\u0301", 1000)
	return map[string][2]string{
		"plain":         {"order-11f2 (v1.9.2)", "order-11f2 (v1.9.2)"},
		"nul":           {"a\x00b", `a\x00b`},
		"lines":         {"a\r\nb\tc", `a\r\nb\tc`},
		"backspace":     {"ok\b\bno", `ok\x08\x08no`},
		"bell":          {"\a", `\x07`},
		"csi":           {"\x1b[2J\x1b[31mred", `\x1b[2J\x1b[31mred`},
		"osc 0":         {"\x1b]0;title\a", `\x1b]0;title\x07`},
		"osc 8":         {"\x1b]8;;http://x\x1b\\y\x1b]8;;\x1b\\", `\x1b]8;;http://x\x1b\y\x1b]8;;\x1b\`},
		"osc 52":        {"\x1b]52;c;cm0=\a", `\x1b]52;c;cm0=\x07`},
		"osc 1337":      {"\x1b]1337;File=:\a", `\x1b]1337;File=:\x07`},
		"dcs":           {"\x1bPq#0\x1b\\", `\x1bPq#0\x1b\`},
		"apc":           {"\x1b_Gx\x1b\\", `\x1b_Gx\x1b\`},
		"del":           {"a\x7f", `a\x7f`},
		"c1":            {"\u009b31m\u0085\u0090", `\u009b31m\u0085\u0090`},
		"c1 as bytes":   {"\x9b31m", `\x9b31m`},
		"bidi":          {"a\u202eb\u2066c\u200f\u061c", `a\u202eb\u2066c\u200f\u061c`},
		"zero width":    {"a\u200bb\u200d\u2060\ufeff\u00ad", `a\u200bb\u200d\u2060\ufeff\u00ad`},
		"ignorable":     {"\u3164x\u115f\ufe0f\u034f", `\u3164x\u115f\ufe0f\u034f`},
		"separators":    {"a\u2028b\u2029c\u00a0d\u3000", `a\u2028b\u2029c\u00a0d\u3000`},
		"tags":          {"a\U000e0041", `a\U000e0041`},
		"private":       {"\ue000\U0010fffd", `\ue000\U0010fffd`},
		"noncharacter":  {"\uffff\U0001fffe", `\uffff\U0001fffe`},
		"bad utf-8":     {"\xff\xc3(\xed\xa0\x80", `\xff\xc3(\xed\xa0\x80`},
		"replacement":   {"\ufffd", "\ufffd"},
		"wide":          {"东区 서울 👍", "东区 서울 👍"},
		"accents":       {"e\u0301a\u0323\u0302", "e\u0301a\u0323\u0302"},
		"leading mark":  {"\u0301a", `\u0301a`},
		"1,000 marks":   {"e" + marks + "x", "e" + marks[:8] + strings.Repeat(`\u0301`, 4) + "(+992)x"},
		"marks at end":  {"e" + marks[:18], "e" + marks[:8] + strings.Repeat(`\u0301`, 4) + "(+1)"},
		"joined emoji":  {"👩\u200d🚒", `👩\u200d🚒`},
		"right to left": {"שלום", "שלום"},
		"quotes":        {`a"b\"{[,:]}\`, `a"b\"{[,:]}\`},
		"windows path":  {`C:\new`, `C:\new`},
	}
}

// unsafeIn returns the first rune of text that may not reach a terminal, or 0.
// It is written otherwise than Safe: by what is forbidden, not what is allowed.
func unsafeIn(text string) rune {
	for i, r := range text {
		_, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1, r < ' ', r >= 0x7f && r < 0xa0,
			unicode.In(r, unicode.C, unicode.Zl, unicode.Zp),
			!unicode.IsGraphic(r):
			return r
		}
	}
	return 0
}

func TestSafeShowsWhatATerminalWouldObey(t *testing.T) {
	t.Parallel()
	for name, text := range foreign() {
		if got := Safe(text[0]); got != text[1] {
			t.Errorf("%s: Safe(%q) = %q, want %q", name, text[0], got, text[1])
		}
	}
}

// Not parallel: other tests' allocations would count.
func TestSafeLeavesPlainTextWithoutACopy(t *testing.T) {
	name := strings.Repeat("order → ", 20)
	if n := testing.AllocsPerRun(100, func() { name = Safe(name) }); n != 0 {
		t.Errorf("Safe allocates %v times", n)
	}
}

func TestTruncateNeverHalvesACharacter(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"order":      {"…", "o…", "or…", "ord…", "order", "order"},
		"东区x":        {"…", "…", "东…", "东…", "东区x", "东区x"},
		"e\u0301tat": {"…", "e\u0301…", "e\u0301t…", "e\u0301tat"},
	} {
		got := make([]string, 0, len(want))
		for limit := 1; limit <= len(want); limit++ {
			cut, w := truncate(text, limit)
			if w != uniseg.StringWidth(cut) || w > limit {
				t.Errorf("truncate(%q, %d) = %q, %d columns", text, limit, cut, w)
			}
			got = append(got, cut)
		}
		if !slices.Equal(got, want) {
			t.Errorf("truncate(%q, 1…) = %q, want %q", text, got, want)
		}
	}
}

func FuzzSafe(f *testing.F) {
	for _, text := range foreign() {
		f.Add(text[0])
	}
	f.Add("old → new")
	f.Fuzz(func(t *testing.T, text string) {
		got := Safe(text)
		if r := unsafeIn(got); r != 0 {
			t.Errorf("Safe(%q) = %q holds %U", text, got, r)
		}
		run := 0
		for _, r := range got {
			if run++; !unicode.Is(unicode.M, r) {
				run = 0
			}
			if run > maxMarks {
				t.Fatalf("Safe(%q) = %q has %d marks in a row", text, got, run)
			}
		}
		if w := width(got); w != uniseg.StringWidth(got) {
			t.Errorf("%q is said to take %d columns, and takes %d", got, w, uniseg.StringWidth(got))
		}
		if again := Safe(got); again != got {
			t.Errorf("Safe of %q is %q: what is safe is not left alone", got, again)
		}
	})
}
