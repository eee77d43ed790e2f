package config

import (
	"errors"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// tomlStyle is how a value of TOML is written.
type tomlStyle uint8

const (
	tomlInline tomlStyle = iota // behind the = of a key
	tomlHeader                  // a table with a header, an element of [[tables]], or the root
	tomlPath                    // a table that only stands in the headers of others
	tomlDots                    // a table that only stands in dotted keys
	tomlTables                  // the list of [[tables]]
)

// tomlPart is what a part of TOML has beside.
type tomlPart struct {
	style tomlStyle
	// name is how its path is written: in its header, or before the last dot of a
	// key.
	name string
	// start is where the line of its header begins, or its first dotted key; end is
	// where the last key ends that stands in it, or its header, as head.
	start, head, end int
	keys             bool // keys stand in it
}

// tomlWriter changes TOML, by the places that the library tells.
type tomlWriter struct {
	*editor
	unstable.Parser
}

// layout finds where all stands in a text that Parse has read.
func (w *tomlWriter) layout() (*part, error) {
	root := &part{kind: Map, toml: tomlPart{style: tomlHeader}}
	table := root
	w.Reset([]byte(w.text))
	for w.NextExpression() {
		e := w.Expression()
		if e.Kind == unstable.KeyValue {
			w.keyValue(table, e)
			continue
		}
		table = w.header(root, e)
	}
	return root, w.Error()
}

// header returns the table that a header begins.
func (w *tomlWriter) header(root *part, e *unstable.Node) *part {
	keys := tomlKeys(e)
	first, last := keys[0], keys[len(keys)-1]
	line := tomlPart{style: tomlHeader, start: w.lineStart(first.start), head: last.end + strings.IndexByte(w.text[last.end:], ']') + 1}
	if e.Kind == unstable.ArrayTable {
		line.head++
	}
	line.end = line.head
	table := root
	for _, k := range keys[:len(keys)-1] {
		table = w.table(table, k, tomlPart{style: tomlPath, name: w.text[first.start:k.end], start: line.start})
		if n := len(table.members); table.toml.style == tomlTables && n > 0 {
			table = table.members[n-1].part
		}
	}
	line.name = w.text[first.start:last.end]
	if e.Kind != unstable.ArrayTable {
		t := w.table(table, last, line)
		t.toml = line
		return t
	}
	list := w.table(table, last, tomlPart{style: tomlTables, name: line.name, start: line.start})
	list.kind = List
	element := &part{kind: Map, toml: line}
	list.members = append(list.members, member{start: line.start, part: element})
	return element
}

// tomlKey is a part of a dotted key, and where it stands.
type tomlPlace struct {
	key        string
	start, end int
}

func tomlKeys(e *unstable.Node) []tomlPlace {
	var keys []tomlPlace
	for it := e.Key(); it.Next(); {
		raw := it.Node().Raw
		keys = append(keys, tomlPlace{string(it.Node().Data), int(raw.Offset), int(raw.Offset + raw.Length)})
	}
	return keys
}

// table returns the value of a key, which is made where it is not there.
func (w *tomlWriter) table(p *part, k tomlPlace, as tomlPart) *part {
	if m := p.member(Step{Key: k.key}); m != nil {
		return m.part
	}
	t := &part{kind: Map, toml: as}
	p.members = append(p.members, member{key: k.key, start: k.start, part: t})
	return t
}

// keyValue notes a key with its value in a table, or in one in braces.
func (w *tomlWriter) keyValue(table *part, e *unstable.Node) {
	keys := tomlKeys(e)
	first, last := keys[0], keys[len(keys)-1]
	value := w.value(e.Value(), w.afterSpace(last.end+strings.IndexByte(w.text[last.end:], '=')+1))
	inBraces := table.toml.style == tomlInline
	note := func(p *part) {
		p.toml.end, p.toml.keys = value.end, true
		if inBraces && len(keys) > 1 {
			p.fixed = "dotted keys stand in these braces"
		}
	}
	note(table)
	for _, k := range keys[:len(keys)-1] {
		table = w.table(table, k, tomlPart{style: tomlDots, name: w.text[first.start:k.end], start: first.start})
		note(table)
	}
	table.members = append(table.members, member{key: last.key, start: first.start, part: value})
}

// value notes a value that begins at an offset.
func (w *tomlWriter) value(v *unstable.Node, start int) *part {
	p := &part{kind: String, start: start}
	switch v.Kind {
	case unstable.Array:
		p.kind, p.end = List, start+1
		for it := v.Children(); it.Next(); {
			element := w.value(it.Node(), w.afterComma(p.end))
			p.members = append(p.members, member{start: element.start, part: element})
			p.end = element.end
		}
		p.end = w.afterComma(p.end) + 1
	case unstable.InlineTable:
		p.kind, p.end = Map, start+1
		for it := v.Children(); it.Next(); {
			w.keyValue(p, it.Node())
			p.end = p.toml.end
		}
		p.end = w.afterComma(p.end) + 1
	default:
		p.end = start + int(v.Raw.Length)
	}
	return p
}

// afterComma goes on to the next element in brackets, or to the closing one.
func (w *tomlWriter) afterComma(at int) int {
	at = w.afterSpace(at)
	if at < len(w.text) && w.text[at] == ',' {
		at = w.afterSpace(at + 1)
	}
	return at
}

// isTable tells whether p stands in lines of its own.
func (p *part) isTable() bool { return p.toml.style != tomlInline }

func (w *tomlWriter) replace(p *part) error {
	if p.isTable() {
		return errors.New("it stands as a table in lines of its own: change what is in it")
	}
	with, err := tomlWritten(p.value, w.text[p.start:p.end], w.lineEnd)
	w.cut(p.start, p.end, with)
	return err
}

func (w *tomlWriter) rebuild(p *part) error {
	stay, added := p.split()
	switch {
	case p.toml.style == tomlTables && len(stay)+len(added) == 0:
		return errors.New("the last of its tables would go, and an empty list of them cannot be written")
	case p.toml.style == tomlInline:
		return w.rebuildInline(p)
	case len(stay) == 0 && len(added) == 0 && w.refill(p):
		return nil
	}
	for _, m := range p.members {
		if !m.gone {
			continue
		}
		for _, l := range w.lines(m) {
			w.cutLines(l.start, l.end)
		}
	}
	for _, m := range added {
		if err := w.add(p, m); err != nil {
			return err
		}
	}
	return nil
}

func (w *tomlWriter) rebuildInline(p *part) error {
	return w.rebuildFlow(p, flowStyle{comments: true, gap: " ", write: func(m member) (string, error) {
		if p.kind == List {
			return tomlWritten(m.part.value, "", w.lineEnd)
		}
		return w.entry(m)
	}})
}

// refill writes what stays of a table that has neither header nor keys any more;
// false where it has a header.
func (w *tomlWriter) refill(p *part) bool {
	var with string
	switch p.toml.style {
	case tomlDots:
		with = p.toml.name + " = {}"
	case tomlPath:
		with = "[" + p.toml.name + "]"
	default:
		return false
	}
	var lines []edit
	for _, m := range p.members {
		lines = append(lines, w.lines(m)...)
	}
	for _, l := range lines[1:] {
		w.cutLines(l.start, l.end)
	}
	w.cut(lines[0].start, lines[0].end, with)
	return true
}

// lines returns from where to where a member stands, in one or several ranges.
func (w *tomlWriter) lines(m member) []edit {
	t := m.part.toml
	if t.style == tomlInline {
		return []edit{{start: m.start, end: m.part.end}}
	}
	var all []edit
	if t.style == tomlHeader {
		all = append(all, edit{start: t.start + leading(w.text[t.start:], " \t"), end: t.head})
		if below, _ := w.nextLine(t.head); below < t.end {
			all = append(all, edit{start: below, end: t.end})
		}
	}
	for _, inside := range m.part.members {
		if own := t.style == tomlHeader && t.start <= inside.start && inside.start < t.end; !inside.added && !own {
			all = append(all, w.lines(inside)...)
		}
	}
	return all
}

// add writes a new member of a table.
func (w *tomlWriter) add(p *part, m member) error {
	if p.toml.style == tomlTables {
		return w.addTable(p, m.part.value)
	}
	entry, err := w.entry(m)
	if err != nil {
		return err
	}
	switch {
	case p.toml.style == tomlDots:
		at := p.toml.start
		w.addLines(p.toml.end, w.text[w.lineStart(at):at]+p.toml.name+"."+entry)
	case p.toml.style == tomlPath:
		at := w.aboveComments(p.toml.start)
		header := ""
		if m.part == p.firstAdded() {
			header = "[" + p.toml.name + "]" + w.lineEnd
		}
		if m.part == p.members[len(p.members)-1].part {
			entry += w.lineEnd
		}
		w.cut(at, at, header+entry+w.lineEnd)
	case p == w.root && !p.toml.keys:
		w.addFirst(p, m, entry)
	default:
		w.addLines(p.toml.end, w.indentOf(p)+entry)
	}
	return nil
}

// firstAdded returns the first new member.
func (p *part) firstAdded() *part {
	for _, m := range p.members {
		if m.added {
			return m.part
		}
	}
	return nil
}

// addFirst writes a key of a document that has none before its first header.
func (w *tomlWriter) addFirst(root *part, m member, entry string) {
	at := len(w.text)
	if first := root.members[0]; !first.added {
		at = w.aboveComments(first.part.toml.start)
		if m.part == root.members[len(root.members)-1].part {
			entry += w.lineEnd
		}
	} else if at > 0 && !strings.HasSuffix(w.text, "\n") {
		w.cut(at, at, w.lineEnd+entry)
		return
	}
	w.cut(at, at, entry+w.lineEnd)
}

// aboveComments returns where the comments begin that stand directly above a line.
func (w *tomlWriter) aboveComments(line int) int {
	for line > 0 {
		above := w.lineStart(line - 1)
		if !strings.HasPrefix(strings.TrimLeft(w.text[above:line], " \t"), "#") {
			break
		}
		line = above
	}
	return line
}

// indentOf returns the indentation of the keys of a table, or of its header.
func (w *tomlWriter) indentOf(p *part) string {
	for _, m := range p.members {
		if !m.added && (m.part.toml.style == tomlInline || m.part.toml.style == tomlDots) {
			return w.indentation(m.start)
		}
	}
	if p == w.root {
		return ""
	}
	line := w.text[p.toml.start:]
	return line[:leading(line, " \t")]
}

// addTable writes a new element of [[tables]].
func (w *tomlWriter) addTable(list *part, v *Node) error {
	if v.Kind != Map {
		return errors.New("its elements are tables, and the new one is none")
	}
	lines := []string{"", "[[" + list.toml.name + "]]"}
	for i := range v.Nodes {
		entry, err := w.entry(member{key: v.Keys[i], part: &part{value: &v.Nodes[i]}})
		if err != nil {
			return err
		}
		lines = append(lines, entry)
	}
	w.addLines(list.lastEnd(), strings.Join(lines, w.lineEnd))
	return nil
}

// lastEnd returns where all that stands in a table ends.
func (p *part) lastEnd() int {
	end := max(p.end, p.toml.end)
	for _, m := range p.members {
		end = max(end, m.part.lastEnd())
	}
	return end
}
