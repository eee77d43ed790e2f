package findings

import (
	"strings"
	"testing"
)

// TestEveryPageHasItsParts holds the pages to one form.
func TestEveryPageHasItsParts(t *testing.T) {
	t.Parallel()
	titles := []string{"What it means", "How it is found", "What to do"}
	for _, code := range Codes() {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			p, ok := Of(code)
			if !ok || p.Code != code || !strings.HasSuffix(p.Summary, ".") || strings.Contains(p.Summary, "\n") || len(p.Sections) != len(titles) {
				t.Fatalf("%+v; want one sentence and %d sections", p, len(titles))
			}
			for i, s := range p.Sections {
				if s.Title != titles[i] || s.Text == "" {
					t.Errorf("section %d is %+v; want %q", i, s, titles[i])
				}
				for line := range strings.Lines(s.Text) {
					if len(line) > 79 {
						t.Errorf("a line is too long: %q", line)
					}
				}
			}
		})
	}
}

func TestWhatIsNoCodeHasNoPage(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"", "zombi", "../findings", "zombie.md"} {
		if p, ok := Of(code); ok {
			t.Errorf("Of(%q) is %+v; want none", code, p)
		}
	}
}
