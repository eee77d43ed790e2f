package config

import (
	"errors"
	"fmt"
	"strings"
)

// yamlScalar returns a scalar on one line: in the quotes that old has, where it
// can stand in them, else without, else in quotes.
func yamlScalar(n *Node, old string, flow bool) (string, error) {
	if n.Kind != String {
		if yamlReads(n.Text, n, flow) {
			return n.Text, nil
		}
		return "", errors.New("YAML has no form for this " + n.Kind.String())
	}
	single := "'" + strings.ReplaceAll(n.Text, "'", "''") + "'"
	double := yamlQuoted(n.Text)
	forms := []string{n.Text, double}
	switch {
	case strings.HasPrefix(old, `"`):
		forms = []string{double}
	case strings.HasPrefix(old, "'"):
		forms = []string{single, double}
	}
	for _, form := range forms {
		if _, differs := YAML11(n.Text); form == n.Text && differs {
			continue
		}
		if yamlReads(form, n, flow) {
			return form, nil
		}
	}
	return "", errors.New("YAML has no form for this text")
}

// yamlReads tells whether a form on one line is read as n.
func yamlReads(form string, n *Node, flow bool) bool {
	if strings.ContainsAny(form, "\r\n\u0085\u2028\u2029\uFEFF") {
		return false
	}
	text := "- " + form + "\n"
	if flow {
		text = "[" + form + ", 1]\n"
	}
	got, err := Parse([]byte(text), YAML)
	if err != nil || got.Kind != List || len(got.Nodes) != len("1")+leading(text, "[") {
		return false
	}
	return got.Nodes[0].Kind == n.Kind && got.Nodes[0].Text == n.Text
}

// yamlQuoted returns a text in double quotes.
func yamlQuoted(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case isControl(r), r == 0x85, r == 0x2028, r == 0x2029, r == 0xFEFF:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// yamlKeyText returns a key, in quotes where it needs them.
func yamlKeyText(key string, flow bool) (string, error) {
	for _, form := range []string{key, yamlQuoted(key)} {
		if strings.ContainsAny(form, "\r\n\u0085\u2028\u2029\uFEFF") {
			continue
		}
		if _, differs := YAML11(key); differs && form == key {
			continue
		}
		text := form + ": 0\n"
		if flow {
			text = "{" + form + ": 0}\n"
		}
		got, err := Parse([]byte(text), YAML)
		if err == nil && got.Kind == Map && len(got.Keys) == 1 && got.Keys[0] == key && got.Nodes[0].Text == "0" {
			return form, nil
		}
	}
	return "", errors.New("YAML has no form for this key")
}

// flowText returns a value on one line.
func (w *yamlWriter) flowText(v *Node, old string) (string, error) {
	if v.Kind != Map && v.Kind != List {
		return yamlScalar(v, old, true)
	}
	texts := make([]string, 0, len(v.Nodes))
	for i := range v.Nodes {
		key := ""
		if v.Kind == Map {
			key = v.Keys[i]
		}
		text, err := w.flowMember(v.Kind, key, &v.Nodes[i])
		if err != nil {
			return "", err
		}
		texts = append(texts, text)
	}
	brackets := "[]"
	if v.Kind == Map {
		brackets = "{}"
	}
	return brackets[:1] + strings.Join(texts, ", ") + brackets[1:], nil
}

// flowMember returns a member of a list or a map in brackets.
func (w *yamlWriter) flowMember(kind Kind, key string, v *Node) (string, error) {
	text, err := w.flowText(v, "")
	if kind == List || err != nil {
		return text, err
	}
	key, err = yamlKeyText(key, true)
	return key + ": " + text, err
}

// valueLines returns the lines of a value that has its own.
func (w *yamlWriter) valueLines(v *Node, indent int) ([]string, error) {
	if len(v.Nodes) == 0 {
		if v.Kind == Map || v.Kind == List {
			text, err := w.flowText(v, "")
			return []string{text}, err
		}
		text, err := yamlScalar(v, "", false)
		return []string{text}, err
	}
	var lines []string
	for i := range v.Nodes {
		key := ""
		if v.Kind == Map {
			key = v.Keys[i]
		}
		more, err := w.memberLines(v.Kind, key, &v.Nodes[i], indent)
		if err != nil {
			return nil, err
		}
		lines = append(lines, more...)
	}
	return lines, nil
}

// memberLines returns the lines of a member of a block.
func (w *yamlWriter) memberLines(kind Kind, key string, v *Node, indent int) ([]string, error) {
	lead := strings.Repeat(" ", indent)
	if kind == List {
		lead += "-"
	} else {
		text, err := yamlKeyText(key, false)
		if err != nil {
			return nil, err
		}
		lead += text + ":"
	}
	if len(v.Nodes) > 0 {
		inner := indent + w.unitOf(v)
		if kind == List {
			inner = indent + 2
		}
		lines, err := w.valueLines(v, inner)
		if err != nil {
			return nil, err
		}
		if kind == List {
			lines[0] = lead + " " + lines[0][inner:]
			return lines, nil
		}
		return append([]string{lead}, lines...), nil
	}
	if text, ok := w.blockText(v, "", indent+w.mapUnit); ok {
		return []string{lead + " " + text}, nil
	}
	lines, err := w.valueLines(v, 0)
	if err != nil {
		return nil, err
	}
	return []string{lead + " " + lines[0]}, nil
}

// blockText returns a text of several lines as a block scalar: with > where old
// is one, else with |. False where it is to be written, or was, on one line.
func (w *yamlWriter) blockText(v *Node, old string, indent int) (string, bool) {
	body := strings.TrimRight(v.Text, "\n")
	quoted := strings.HasPrefix(old, `"`) || strings.HasPrefix(old, "'")
	if v.Kind != String || quoted || body == "" || !isYAMLBlock(old) && !strings.Contains(body, "\n") {
		return "", false
	}
	head, lines := "|", strings.Split(body, "\n")
	if strings.HasPrefix(old, ">") {
		head, lines = ">", foldedLines(body)
	}
	form := w.blockLines(head, old, lines, v.Text[len(body):], indent)
	if !yamlReadsBlock(form, v.Text) && head == ">" {
		form = w.blockLines("|", old, strings.Split(body, "\n"), v.Text[len(body):], indent)
	}
	return form, yamlReadsBlock(form, v.Text)
}

// blockLines writes a block scalar that ends in so many ends of lines.
func (w *yamlWriter) blockLines(head, old string, lines []string, ends string, indent int) string {
	var b strings.Builder
	b.WriteString(head)
	switch len(ends) {
	case 0:
		b.WriteByte('-')
	case 1:
	default:
		b.WriteByte('+')
	}
	if isYAMLBlock(old) {
		b.WriteString(yamlHeadComment(old))
	}
	for _, line := range lines {
		b.WriteString(w.lineEnd)
		if line != "" {
			b.WriteString(strings.Repeat(" ", indent) + line)
		}
	}
	if len(ends) > 1 {
		b.WriteString(strings.Repeat(w.lineEnd, len(ends)-1))
	}
	return b.String()
}

// isYAMLBlock tells of how a scalar is written, or the value that begins so.
func isYAMLBlock(raw string) bool { return strings.HasPrefix(raw, "|") || strings.HasPrefix(raw, ">") }

// yamlHeadComment returns the comment behind the | of a block scalar, with a blank
// before it, "" where there is none.
func yamlHeadComment(raw string) string {
	first := raw[:strings.IndexAny(raw+"\n", "\r\n")]
	if i := strings.Index(first, " #"); i > 0 {
		return first[i:]
	}
	return ""
}

// yamlReadsBlock tells whether a block scalar is read as a text.
func yamlReadsBlock(form, text string) bool {
	got, err := Parse([]byte("- "+form+"\n"), YAML)
	return err == nil && len(got.Nodes) == 1 && got.Nodes[0].Text == text
}

// foldedLines returns the lines that are read as those of body in a folded block:
// one more end of line between two of them.
func foldedLines(body string) []string {
	var lines []string
	for i, line := range strings.Split(body, "\n") {
		if i > 0 && line != "" {
			lines = append(lines, "")
		}
		lines = append(lines, line)
	}
	return lines
}
