// Package findings holds what govctl knows about each kind of finding: one page a
// code, for `govctl explain` and for the documentation.
package findings

import (
	"embed"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed *.md
var files embed.FS

// Page explains one code.
type Page struct {
	Code string
	// Summary is one sentence.
	Summary string
	// Sections are what it means, how it is found and what to do, in this order.
	Sections []Section
}

// Section is a part of a Page.
type Section struct {
	Title string
	// Text is Markdown: paragraphs and lists, in lines of at most 78 characters.
	Text string
}

// Codes returns the codes that have a page, sorted.
func Codes() []string {
	names, err := fs.Glob(files, "*.md")
	if err != nil {
		panic(err) // the pattern is ours
	}
	codes := make([]string, 0, len(names))
	for _, name := range names {
		codes = append(codes, strings.TrimSuffix(name, path.Ext(name)))
	}
	slices.Sort(codes)
	return codes
}

// Of returns the page on code, and whether there is one.
func Of(code string) (Page, bool) {
	if !slices.Contains(Codes(), code) {
		return Page{}, false
	}
	text, err := files.ReadFile(code + ".md")
	if err != nil {
		return Page{}, false
	}
	return parse(code, string(text)), true
}

// parse reads "# CODE", a sentence, and sections that each begin with "## ".
func parse(code, text string) Page {
	parts := strings.Split(text, "\n## ")
	_, summary, _ := strings.Cut(parts[0], "\n")
	p := Page{Code: code, Summary: strings.TrimSpace(summary)}
	for _, part := range parts[1:] {
		title, body, _ := strings.Cut(part, "\n")
		p.Sections = append(p.Sections, Section{Title: title, Text: strings.TrimSpace(body)})
	}
	return p
}
