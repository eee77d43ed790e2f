package render

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// WriteMarkdown writes a table as GitHub and GitLab read it, with a line of heads.
// Heads and cells are foreign text: they are shown as code, in which nothing has a
// meaning, neither HTML nor the name of a person.
func WriteMarkdown(w io.Writer, heads []string, rows [][]string) error {
	b := bufio.NewWriter(w)
	line := func(cells []string, text func(string) string) {
		for _, c := range cells {
			_, _ = b.WriteString(strings.TrimRight("| "+text(c), " ") + " ") // b keeps its first error for Flush
		}
		_, _ = b.WriteString("|\n")
	}
	line(heads, entities)
	line(heads, func(string) string { return "---" })
	for _, cells := range rows {
		line(cells, MarkdownCode)
	}
	return b.Flush()
}

// MarkdownCode returns text as code in a table of Markdown, "" for none.
func MarkdownCode(text string) string {
	text = Safe(text)
	switch {
	case text == "":
		return ""
	case strings.ContainsAny(text, "`|") || strings.Trim(text, " ") != text:
		return "<code>" + entities(text) + "</code>" // those end a span, or the cell, whatever stands before them
	default:
		return "`" + text + "`"
	}
}

// entities writes everything in text that may have a meaning, in Markdown or HTML, as
// a number.
func entities(text string) string {
	var b strings.Builder
	for _, r := range Safe(text) {
		if strings.ContainsRune("&<>|`*_~\\[]()!#@$:\"'", r) {
			fmt.Fprintf(&b, "&#%d;", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
