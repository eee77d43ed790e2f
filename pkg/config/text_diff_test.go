package config_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"govctl/pkg/config"
)

// unified returns hunks as the program diff writes them.
func unified(hunks []config.Hunk) string {
	var b strings.Builder
	for _, h := range hunks {
		fmt.Fprintf(&b, "@@ -%d,%d +%d,%d @@\n", h.FromA, h.LinesA, h.FromB, h.LinesB)
		for _, l := range h.Lines {
			fmt.Fprintf(&b, "%c%s", l.Op, l.Text)
			if !strings.HasSuffix(l.Text, "\n") {
				b.WriteString("\n\\ No newline at end of file\n")
			}
		}
	}
	return b.String()
}

func TestTextsDifferLineByLine(t *testing.T) {
	t.Parallel()
	numbers := func(from, to int) string {
		var b strings.Builder
		for i := from; i <= to; i++ {
			fmt.Fprintln(&b, i)
		}
		return b.String()
	}
	for name, c := range map[string]struct{ a, b, want string }{
		"the same":      {"a\nb\n", "a\nb\n", ""},
		"nothing":       {"", "", ""},
		"all new":       {"", "a\nb", "@@ -0,0 +1,2 @@\n+a\n+b\n\\ No newline at end of file\n"},
		"all gone":      {"a\n", "", "@@ -1,1 +0,0 @@\n-a\n"},
		"end of line":   {"a\nb", "a\nb\n", "@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n"},
		"carriage":      {"a\r\n", "a\n", "@@ -1,1 +1,1 @@\n-a\r\n+a\n"},
		"three around":  {numbers(1, 9), numbers(1, 4) + "x\n" + numbers(6, 9), "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n"},
		"near":          {numbers(1, 8), "x\n" + numbers(2, 7) + "y\n", "@@ -1,8 +1,8 @@\n-1\n+x\n 2\n 3\n 4\n 5\n 6\n 7\n-8\n+y\n"},
		"far":           {numbers(1, 9), "x\n" + numbers(2, 8) + "y\n", "@@ -1,4 +1,4 @@\n-1\n+x\n 2\n 3\n 4\n@@ -6,4 +6,4 @@\n 6\n 7\n 8\n-9\n+y\n"},
		"added in turn": {numbers(1, 4), "1\n2\nx\ny\n3\n4\n", "@@ -1,4 +1,6 @@\n 1\n 2\n+x\n+y\n 3\n 4\n"},
	} {
		if got := unified(config.DiffText(c.a, c.b)); got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, c.want)
		}
	}
}

// FuzzDiffText holds hunks to what they say: put into the first text they make
// the second.
func FuzzDiffText(f *testing.F) {
	f.Add("a\nb\nc\n", "a\nx\nc\n")
	f.Add("a\nb\na\nb\na\nb", "b\na\nb\na\n")
	f.Add("\n\n\n\n\n\n\n\n\n", "\n\n")
	f.Add("", "x")
	f.Fuzz(func(t *testing.T, a, b string) {
		hunks := config.DiffText(a, b)
		if (a == b) != (len(hunks) == 0) {
			t.Fatalf("%q and %q: %d hunks", a, b, len(hunks))
		}
		rest := lineList(a)
		var got strings.Builder
		done := 0 // lines of a
		for _, h := range hunks {
			start := h.FromA - min(1, h.LinesA)
			for ; done < start; done++ {
				got.WriteString(rest[done])
			}
			if line := strings.Count(got.String(), "\n") + min(1, h.LinesB); line != h.FromB {
				t.Fatalf("%q and %q: a hunk begins at line %d of b, and says %d", a, b, line, h.FromB)
			}
			var inA, inB int
			for _, l := range h.Lines {
				if l.Op != '+' {
					if rest[done] != l.Text {
						t.Fatalf("%q and %q: line %d of a is not %q", a, b, done+1, l.Text)
					}
					done++
					inA++
				}
				if l.Op != '-' {
					got.WriteString(l.Text)
					inB++
				}
			}
			if inA != h.LinesA || inB != h.LinesB {
				t.Fatalf("%q and %q: a hunk of %d and %d lines says %d and %d", a, b, inA, inB, h.LinesA, h.LinesB)
			}
		}
		for ; done < len(rest); done++ {
			got.WriteString(rest[done])
		}
		if got.String() != b {
			t.Errorf("%q with the hunks is %q, want %q", a, got.String(), b)
		}
	})
}

func lineList(text string) (lines []string) {
	for l := range strings.Lines(text) {
		lines = append(lines, l)
	}
	return lines
}

func TestManyLinesAreComparedInTime(t *testing.T) {
	t.Parallel()
	for name, line := range map[string]func(i int) (a, b string){
		"all other":    func(i int) (string, string) { return fmt.Sprint("a", i), fmt.Sprint("b", i) },
		"all alike":    func(i int) (string, string) { return "x", []string{"x", "y"}[i%2] },
		"every second": func(i int) (string, string) { return fmt.Sprint(i), fmt.Sprint(i * (i % 2)) },
		"back to front": func(i int) (string, string) {
			return fmt.Sprint(i), fmt.Sprint(100_000 - i)
		},
		"few kinds": func(i int) (string, string) { return fmt.Sprint(i * i % 7), fmt.Sprint(i * i % 11) },
	} {
		var a, b strings.Builder
		for i := range 100_000 {
			inA, inB := line(i)
			a.WriteString(inA + "\n")
			b.WriteString(inB + "\n")
		}
		start := time.Now()
		hunks := config.DiffText(a.String(), b.String())
		if took := time.Since(start); len(hunks) == 0 || took > 2*time.Second { // a tenth, on a machine that is not busy
			t.Errorf("%s: %d hunks after %v", name, len(hunks), took)
		} else {
			t.Logf("%s: %d hunks after %v", name, len(hunks), took)
		}
	}
}
