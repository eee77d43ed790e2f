package config

import (
	"bytes"
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"govctl/internal/mask"
)

// MaskedContent returns the content of an item with its secrets masked: those
// that Masked finds, each in its place, and those in comments; all other bytes
// stay. Where that cannot be done (a key is a secret) it is the masked values as
// JSON; what does not parse or has no structure is masked as text.
func MaskedContent(i Item, m *mask.Masker) []byte {
	content := bytes.TrimPrefix(i.Content, []byte(byteOrderMark))
	n, _ := i.parse()
	if n == nil {
		return []byte(m.Text(string(i.Content)))
	}
	format, _ := Detect(i.Declared, i.Name, i.Content)
	masked := Masked(n, m)
	if out, ok := spliced(string(content), format, n, masked); ok {
		if format != JSON {
			out = comments(out, m)
		}
		return append(i.Content[:len(i.Content)-len(content):len(i.Content)-len(content)], out...)
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(masked); err != nil {
		return []byte(m.Text(string(i.Content)))
	}
	return out.Bytes()
}

// edit is one value in a text that something else is written for.
type edit struct {
	start, end int
	with       string
}

// spliced returns text, which parses as before, so changed that it parses as
// after; false where that cannot be done.
func spliced(text string, f Format, before, after *Node) (string, bool) {
	_, out, ok := splices(text, f, before, after)
	return out, ok
}

// splices is spliced, and returns what was changed, in order.
func splices(text string, f Format, before, after *Node) (made []edit, out string, ok bool) {
	s := splicer{text: text, format: f, starts: lineStarts(text)}
	if !s.walk(before, after) {
		return nil, "", false
	}
	slices.SortStableFunc(s.edits, func(a, b edit) int { return cmp.Compare(a.start, b.start) })
	var b strings.Builder
	done := 0
	for _, e := range s.edits {
		if e.start < done { // what an alias repeats
			continue
		}
		made = append(made, e)
		b.WriteString(text[done:e.start] + e.with)
		done = e.end
	}
	b.WriteString(text[done:])
	n, err := Parse([]byte(b.String()), f)
	return made, b.String(), err == nil && sameTexts(n, after)
}

// sameTexts tells whether two trees are the same but for kinds of scalars.
func sameTexts(a, b *Node) bool {
	inside := func(n *Node) bool { return n.Kind == List || n.Kind == Map }
	if len(a.Nodes) != len(b.Nodes) || inside(a) != inside(b) || inside(a) && a.Kind != b.Kind || !slices.Equal(a.Keys, b.Keys) {
		return false
	}
	for i := range a.Nodes {
		if !sameTexts(&a.Nodes[i], &b.Nodes[i]) {
			return false
		}
	}
	return inside(a) || a.Text == b.Text
}

func lineStarts(text string) []int {
	starts := []int{0}
	for i := range len(text) {
		if text[i] == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}

// splicer finds where values stand in a text.
type splicer struct {
	text   string
	format Format
	starts []int // of the lines
	edits  []edit
}

// walk notes an edit for each scalar that differs; false where its place in the
// text is not certain.
func (s *splicer) walk(before, after *Node) bool {
	for i := range before.Nodes {
		if !s.walk(&before.Nodes[i], &after.Nodes[i]) {
			return false
		}
	}
	if before.Text == after.Text {
		return true
	}
	start, raw := s.place(before)
	with, ok := s.written(raw, before.Text, after.Text)
	if raw == "" || !ok {
		return false
	}
	s.edits = append(s.edits, edit{start, start + len(raw), with})
	return true
}

// place returns where a scalar stands, and how it is written; "" where that is not
// certain.
func (s *splicer) place(n *Node) (start int, raw string) {
	if n.Column == 0 || n.Line < 1 || n.Line > len(s.starts) {
		return 0, ""
	}
	start = s.starts[n.Line-1] + n.Column - 1
	if start >= len(s.text) {
		return 0, ""
	}
	start += len(s.text[start:]) - len(s.afterMarks(s.text[start:]))
	if start == len(s.text) {
		return 0, ""
	}
	return start, s.raw(s.text[start:], n)
}

var marks = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(?:[&!]\S*[ \t]+)+`) })

var alias = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\*[^\s,\[\]{}]+`) })

// afterMarks returns text without the anchor and the tag that YAML has before a value.
func (s *splicer) afterMarks(text string) string {
	if s.format != YAML {
		return text
	}
	return text[len(marks().FindString(text)):]
}

// raw returns the value that text begins with, as it is written; "" where that
// cannot be told.
func (s *splicer) raw(text string, n *Node) string {
	switch {
	case s.format == Properties:
		return rawProperty(text)
	case s.format == YAML && (text[0] == '|' || text[0] == '>'):
		return rawBlock(text)
	case s.format == TOML && (strings.HasPrefix(text, `"""`) || strings.HasPrefix(text, "'''")):
		return rawQuoted(text, text[:3])
	case text[0] == '"' || text[0] == '\'' && s.format != JSON:
		return rawQuoted(text, text[:1])
	case s.format == YAML && text[0] == '*':
		return alias().FindString(text)
	case s.format == YAML:
		return rawPlain(text, n.Text)
	case strings.HasPrefix(text, n.Text):
		return n.Text
	}
	return ""
}

// rawPlain returns a scalar of YAML without quotes, which may have several lines.
func rawPlain(text, value string) string {
	at := 0
	for value != "" {
		if at < len(text) && text[at] == value[0] {
			at, value = at+1, value[1:]
			continue
		}
		folded, space := max(leading(value, "\n"), leading(value[:1], " ")), leading(text[at:], " \t\r\n")
		if folded == 0 || space == 0 || !strings.Contains(text[at:at+space], "\n") {
			return ""
		}
		at, value = at+space, value[folded:]
	}
	return text[:at]
}

// rawQuoted returns a text in quotes. In single ones nothing is escaped, but two
// of YAML stand for one.
func rawQuoted(text, quote string) string {
	for i := len(quote); i < len(text); i++ {
		switch {
		case text[i] == '\\' && quote[0] == '"':
			i++
		case quote == "'" && strings.HasPrefix(text[i:], "''"):
			i++
		case strings.HasPrefix(text[i:], quote):
			end := i + len(quote)
			for len(quote) == 3 && end < len(text) && text[end] == quote[0] {
				end++ // up to two quotes may belong to the text
			}
			return text[:end]
		}
	}
	return ""
}

// rawProperty returns a value up to the end of its last line.
func rawProperty(text string) string {
	for i := 0; i < len(text); i++ {
		switch {
		case continuation(text[i:]) > 0:
			i += continuation(text[i:]) - 1
		case text[i] == '\\':
			i++
		case text[i] == '\r' || text[i] == '\n':
			return text[:i]
		}
	}
	return text
}

// rawBlock returns a block scalar: its first line, and those that are indented as
// far as the next one, without the end of the last one.
func rawBlock(text string) string {
	end := -1
	depth := 0
	at := 0
	for line := range strings.Lines(text) {
		content := strings.TrimLeft(line, " ")
		switch {
		case at == 0:
			end = len(strings.TrimRight(line, "\r\n"))
		case strings.TrimSpace(line) == "":
		case depth == 0:
			depth = len(line) - len(content)
			end = at + len(strings.TrimRight(line, "\r\n"))
		case len(line)-len(content) < depth:
			return text[:end]
		default:
			end = at + len(strings.TrimRight(line, "\r\n"))
		}
		at += len(line)
	}
	return text[:max(end, 0)]
}

// written returns how after is written in place of raw, which is before.
func (s *splicer) written(raw, before, after string) (string, bool) {
	switch {
	case raw == "":
		return "", false
	case s.format == Properties:
		return strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\f", `\f`).Replace(after), true
	case s.format == YAML && raw[0] == '|':
		if out, ok := writtenBlock(raw, before, after); ok {
			return out, true
		}
	case raw == before && s.format == YAML && isBare(after):
		return after, true
	case len(raw) == len(before)+2 && raw[1:len(raw)-1] == before && !strings.ContainsAny(after, "\"'\\\n\r\t"):
		return raw[:1] + after + raw[:1], true // nothing is escaped, in either kind of quotes
	case s.format == YAML && isBare(after):
		return after, true
	}
	quoted, err := appendJSONText(nil, after)
	return string(quoted), err == nil
}

// isBare tells of what YAML needs no quotes for, wherever it stands.
func isBare(text string) bool {
	return strings.HasPrefix(text, mask.Marker) && !strings.ContainsAny(text, ":#,[]{}\n\r\t\"'\\") ||
		text != "" && unicode.IsLetter(rune(text[0]|0x20)) && text[0] < utf8.RuneSelf &&
			!strings.ContainsAny(text, "#,[]{}\n\r\t\"'\\") && !strings.Contains(text, ": ") && !strings.HasSuffix(text, ":") && !strings.HasSuffix(text, " ")
}

// writtenBlock writes a literal block scalar again, line by line.
func writtenBlock(raw, before, after string) (string, bool) {
	head, body, ok := strings.Cut(raw, "\n")
	first, _, _ := strings.Cut(strings.TrimLeft(body, "\r\n"), "\n")
	indent := first[:len(first)-len(strings.TrimLeft(first, " "))]
	if !ok || after == "" || strings.HasSuffix(before, "\n") && !strings.HasSuffix(after, "\n") || after[0] == ' ' || after[0] == '\n' {
		return "", false
	}
	var b strings.Builder
	b.WriteString(head)
	for line := range strings.Lines(strings.TrimRight(after, "\n")) {
		b.WriteString("\n")
		if line = strings.TrimRight(line, "\n"); line != "" {
			b.WriteString(indent + line)
		}
	}
	return b.String(), true
}

// comments masks what stands in comments: each run of lines that are comments as
// one text, and what follows a # on other lines.
func comments(text string, m *mask.Masker) string {
	var b, run strings.Builder
	end := func() {
		b.WriteString(m.Text(run.String()))
		run.Reset()
	}
	for line := range strings.Lines(text) {
		trimmed := strings.TrimLeft(line, " \t")
		if trimmed != "" && (trimmed[0] == '#' || trimmed[0] == '!') {
			run.WriteString(line)
			continue
		}
		end()
		i := strings.Index(line, " #")
		if i < 0 {
			b.WriteString(line)
			continue
		}
		b.WriteString(line[:i] + m.Text(line[i:]))
	}
	end()
	return b.String()
}
