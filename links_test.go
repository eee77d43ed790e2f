package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestLinksLeadSomewhere follows each link of our pages to a file, and to the
// heading in it where one is named. Links to other sites are not followed.
func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	pages := markdown(t)
	for page, text := range pages {
		for _, link := range links(text) {
			if strings.Contains(link, "://") {
				continue
			}
			file, heading, _ := strings.Cut(link, "#")
			target := page
			if file != "" {
				target = filepath.Join(filepath.Dir(page), filepath.FromSlash(file))
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %s leads nowhere", page, link)
				continue
			}
			if heading != "" && !anchors(pages[target])[heading] {
				t.Errorf("%s: %s has no such heading", page, link)
			}
		}
	}
}

// markdown returns the pages of this module by their path.
func markdown(t *testing.T) map[string]string {
	t.Helper()
	pages := map[string]string{}
	err := filepath.WalkDir(".", func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && (strings.HasPrefix(e.Name(), ".") && path != "." || e.Name() == "testdata"):
			return filepath.SkipDir
		case filepath.Ext(path) != ".md":
			return nil
		}
		text, err := os.ReadFile(path)
		pages[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

// links returns the targets of the links in text, those in code left out.
func links(text string) []string {
	var out []string
	code := regexp.MustCompile("(?s)```.*?```|`[^`\n]*`")
	for _, m := range regexp.MustCompile(`\]\(([^)\s]+)\)`).FindAllStringSubmatch(code.ReplaceAllString(text, ""), -1) {
		out = append(out, m[1])
	}
	return out
}

// anchors returns the names of the headings in text, as GitHub makes them.
func anchors(text string) map[string]bool {
	out := map[string]bool{}
	odd := regexp.MustCompile(`[^\pL\pN _-]`)
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(text, -1) {
		out[strings.ReplaceAll(odd.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-")] = true
	}
	return out
}

func TestALinkIsSeenAndItsHeadingToo(t *testing.T) {
	t.Parallel()
	text := "# A b: `c`\n[x](a.md#b) ![y](z.svg) `[no](code.md)`\n```\n[no](block.md)\n```\n"
	if got := strings.Join(links(text), " "); got != "a.md#b z.svg" {
		t.Errorf("links %q", got)
	}
	if !anchors(text)["a-b-c"] {
		t.Errorf("anchors %v", anchors(text))
	}
}
