package config

import (
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// yamlPart is what a part of YAML has beside.
type yamlPart struct {
	// mark is where its anchor and its tag begin, or it itself; head is where they
	// end, or what leads to it: a colon, a dash, nothing. anchor is "&name ".
	mark, head int
	anchor     string
	block      bool // its members stand in lines of their own
	flow       bool // it stands in brackets
	element    bool // a dash leads to it
	// indent is how far the members of a block are indented, outer how far the
	// block around it, -1 for none.
	indent, outer int
}

// yamlWriter changes YAML. The library tells where values begin; where they end
// is found here.
type yamlWriter struct {
	*editor
	lines []int // where they begin, as the library counts them
	odd   bool  // what was found cannot be
	at    yamlPlace
	// mapUnit and listUnit are how far maps and lists are indented within maps.
	mapUnit, listUnit int
}

// yamlPlace is a place in the text, from 1, its column in characters.
type yamlPlace struct{ line, column, offset int }

// layout finds where all stands in a text that Parse has read.
func (w *yamlWriter) layout() (*part, error) {
	w.mapUnit, w.listUnit = -1, -1
	root, err := yamlDocument([]byte(w.text))
	if err != nil {
		return nil, err
	}
	p := &part{kind: Null, start: -1, yaml: yamlPart{outer: -1}}
	if root != nil {
		w.lines = yamlLines(w.text)
		p = w.value(root, yamlPart{head: -1, outer: -1})
	}
	if w.odd {
		return nil, notInPlace(nil, "it is not certain where its values begin")
	}
	if w.mapUnit <= 0 {
		w.mapUnit = 2
	}
	if w.listUnit < 0 {
		w.listUnit = w.mapUnit
	}
	return p, nil
}

// yamlLines returns where the lines begin, as YAML 1.1 has them.
func yamlLines(text string) []int {
	starts := []int{0}
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\n':
		case text[i] == '\r' && !strings.HasPrefix(text[i:], "\r\n"):
		case strings.HasPrefix(text[i:], "\u0085"):
			i++
		case strings.HasPrefix(text[i:], "\u2028"), strings.HasPrefix(text[i:], "\u2029"):
			i += 2
		default:
			continue
		}
		starts = append(starts, i+1)
	}
	return starts
}

// place returns where a value begins. It is quick where they are asked for in the
// order in which they stand.
func (w *yamlWriter) place(y *yaml.Node) int {
	line := min(max(y.Line, 1), len(w.lines))
	if line != w.at.line || y.Column < w.at.column {
		w.at = yamlPlace{line, 1, w.lines[line-1]}
	}
	for w.at.column < y.Column && w.at.offset < len(w.text) {
		_, size := utf8.DecodeRuneInString(w.text[w.at.offset:])
		w.at.offset += size
		w.at.column++
	}
	return w.at.offset
}

// value notes a value to which in leads.
func (w *yamlWriter) value(y *yaml.Node, in yamlPart) *part {
	in.mark = w.place(y)
	if in.head > in.mark {
		w.odd = true
	}
	if in.head < 0 || w.odd {
		in.head = in.mark
	}
	p := &part{kind: String, yaml: in}
	p.start = w.afterMarks(y, p)
	switch y.Kind {
	case yaml.AliasNode:
		p.closed, p.end = "it stands where an alias is", in.mark+len(alias().FindString(w.text[in.mark:]))
	case yaml.MappingNode, yaml.SequenceNode:
		p.kind = List
		if y.Kind == yaml.MappingNode {
			p.kind = Map
		}
		if y.Style&yaml.FlowStyle != 0 {
			w.flow(y, p)
		} else {
			w.block(y, p)
		}
	default:
		w.scalar(y, p)
	}
	return p
}

// afterMarks goes past the anchor and the tag of a value to where it begins.
func (w *yamlWriter) afterMarks(y *yaml.Node, p *part) int {
	at := p.yaml.mark
	if y.Kind == yaml.AliasNode || y.Anchor == "" && y.Style&yaml.TaggedStyle == 0 {
		return at
	}
	if y.Anchor != "" {
		p.yaml.anchor = "&" + y.Anchor + " "
	}
	next := at
	for next < len(w.text) && (w.text[next] == '&' || w.text[next] == '!') {
		at = next + strings.IndexAny(w.text[next:]+" ", " \t\r\n,[]{}")
		if w.text[next] == '&' {
			at = next + len("&"+y.Anchor)
		}
		next = w.afterSpace(at)
	}
	p.yaml.head = at
	if empty := y.Kind == yaml.ScalarNode && y.Value == "" && (next == len(w.text) || !strings.ContainsRune(`"'|>`, rune(w.text[next]))); empty {
		return at
	}
	return next
}

// scalar finds where a scalar ends.
func (w *yamlWriter) scalar(y *yaml.Node, p *part) {
	text := w.text[p.start:]
	style := y.Style &^ yaml.TaggedStyle
	switch style {
	case yaml.DoubleQuotedStyle, yaml.SingleQuotedStyle:
		p.end = p.start + len(rawQuoted(text, text[:1]))
	case yaml.LiteralStyle, yaml.FoldedStyle:
		p.end = p.start + yamlBlockEnd(text, p.yaml.outer)
	default:
		if kind, _ := coreKind(y.Value); kind == Null {
			p.kind = Null
		}
		p.end = p.start + len(rawPlain(text, y.Value))
	}
}

// yamlBlockEnd returns how long a block scalar is, without the last end of line,
// that stands in a block with an indentation.
func yamlBlockEnd(text string, outer int) int {
	at := strings.IndexAny(text, "\r\n")
	if at < 0 {
		return len(text)
	}
	head, _, _ := strings.Cut(text[:at], "#")
	end, depth := at, -1
	if i := strings.IndexAny(head, "123456789"); i >= 0 {
		depth = max(outer, 0) + int(head[i]-'0')
	}
	for at < len(text) {
		at += len(lineEndOf(text[at:]))
		stop := len(text)
		if i := strings.IndexAny(text[at:], "\r\n"); i >= 0 {
			stop = at + i
		}
		line := text[at:stop]
		indent := leading(line, " ")
		switch empty := indent == len(line); {
		case !empty && depth < 0 && indent <= max(outer, 0) && (outer >= 0 || indent == 0):
			return end
		case !empty && depth < 0:
			depth, end = indent, stop
		case !empty && indent < depth:
			return end
		case !empty, strings.Contains(head, "+") && stop < len(text):
			end = stop
		}
		at = stop
	}
	return end
}

// yamlOdd is why a block that is written as few are stays as it is.
const yamlOdd = "its keys stand behind question marks"

// block notes what stands in lines of its own.
func (w *yamlWriter) block(y *yaml.Node, p *part) {
	p.yaml.block = true
	p.end = p.start
	inside := yamlPart{}
	for i := 0; i < len(y.Content); i++ {
		m := member{}
		v := y.Content[i]
		if p.kind == Map {
			key := w.value(v, yamlPart{head: -1})
			m.key, m.merge, m.start = yamlKey(v), v.Tag == "!!merge", key.yaml.mark
			i++
			v = y.Content[i]
			inside.head = w.afterSpace(key.end)
			if !strings.HasPrefix(w.text[inside.head:], ":") {
				p.fixed = yamlOdd
			}
		} else {
			m.start = w.afterSpace(p.end)
			inside.head, inside.element = m.start, true
			if !strings.HasPrefix(w.text[m.start:], "-") {
				p.fixed = yamlOdd
			}
		}
		inside.head++
		if len(p.members) == 0 {
			p.start = m.start
			p.yaml.indent = utf8.RuneCountInString(w.text[w.lineStart(m.start):m.start])
			w.learn(p)
		}
		inside.outer = p.yaml.indent
		m.part = w.value(v, inside)
		w.add(p, m)
	}
	if p.kind == Map && strings.HasPrefix(w.text[p.yaml.mark:], "?") {
		p.fixed = yamlOdd
	}
}

// add notes a member, which is behind the last one.
func (w *yamlWriter) add(p *part, m member) {
	w.odd = w.odd || m.start < p.end && len(p.members) > 0 || m.part.end < m.part.start || m.part.start < m.start
	p.end = m.part.end
	p.members = append(p.members, m)
}

// learn notes how far a block is indented in a map.
func (w *yamlWriter) learn(p *part) {
	if p.yaml.outer < 0 || p.yaml.element || !w.startsLine(p.start) {
		return
	}
	unit := &w.mapUnit
	if p.kind == List {
		unit = &w.listUnit
	}
	if *unit < 0 {
		*unit = p.yaml.indent - p.yaml.outer
	}
}

// yamlKey returns the text of a key.
func yamlKey(k *yaml.Node) string {
	if k.Kind == yaml.AliasNode {
		k = k.Alias
	}
	if k.Style == 0 {
		_, text := coreKind(k.Value)
		return text
	}
	return k.Value
}

// flow notes what stands in brackets.
func (w *yamlWriter) flow(y *yaml.Node, p *part) {
	if !strings.ContainsRune("[{", rune(w.text[p.start])) {
		p.fixed = "it is a pair without braces in a list"
	}
	p.end = p.start + 1
	inside := yamlPart{flow: true, outer: p.yaml.outer}
	for i := 0; i < len(y.Content); i++ {
		m := member{}
		v := y.Content[i]
		if p.kind == Map {
			key := w.value(v, yamlPart{head: -1, flow: true})
			m.key, m.merge, m.start = yamlKey(v), v.Tag == "!!merge", key.yaml.mark
			i++
			v = y.Content[i]
			inside.head = w.afterSpace(key.end) + 1
		} else {
			inside.head = -1
		}
		m.part = w.value(v, inside)
		if p.kind == List {
			m.start = m.part.yaml.mark
		}
		w.add(p, m)
	}
	if p.fixed != "" {
		return
	}
	p.end = w.afterSpace(p.end)
	if strings.HasPrefix(w.text[p.end:], ",") {
		p.end = w.afterSpace(p.end + 1)
	}
	if p.end == len(w.text) || !strings.ContainsRune("]}", rune(w.text[p.end])) {
		p.fixed = "it is not certain where it ends"
		return
	}
	p.end++
}
