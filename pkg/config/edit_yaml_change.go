package config

import (
	"strings"
)

func (w *yamlWriter) replace(p *part) error {
	if p.start < 0 {
		return w.fill(p)
	}
	v := p.value
	if len(v.Nodes) > 0 && !p.yaml.flow {
		return w.replaceByBlock(p, v)
	}
	if v.Kind == Map || v.Kind == List || p.yaml.flow {
		with, err := w.flowText(v, w.text[p.start:p.end])
		w.inline(p, with)
		return err
	}
	if lines, ok := w.blockText(v, w.text[p.start:p.end], w.scalarIndent(p)); ok && !p.yaml.block {
		w.inline(p, lines)
		return nil
	}
	with, err := yamlScalar(v, w.text[p.start:p.end], false)
	w.inline(p, with)
	return err
}

// scalarIndent returns how far the lines of a block scalar are indented: as they
// are, or as a block there would be.
func (w *yamlWriter) scalarIndent(p *part) int {
	raw := w.text[p.start:p.end]
	if isYAMLBlock(raw) {
		for line := range strings.Lines(raw[strings.IndexAny(raw+"\n", "\r\n"):]) {
			if strings.TrimSpace(line) != "" {
				return leading(line, " ")
			}
		}
	}
	return max(p.yaml.outer, 0) + w.mapUnit
}

// fill writes the whole of an empty document.
func (w *yamlWriter) fill(p *part) error {
	lines, err := w.valueLines(p.value, 0)
	if err != nil {
		return err
	}
	end := len(w.text)
	if end > 0 && !strings.ContainsRune("\r\n", rune(w.text[end-1])) {
		w.cut(end, end, w.lineEnd)
	}
	w.cut(end, end, strings.Join(lines, w.lineEnd)+w.lineEnd)
	return nil
}

// isBelow tells whether a block begins in a line below what leads to it.
func (w *yamlWriter) isBelow(p *part) bool {
	return p.yaml.block && strings.ContainsAny(w.text[p.yaml.head:p.start], "\r\n")
}

// inline writes what stands in the line of what leads to it.
func (w *yamlWriter) inline(p *part, with string) {
	if w.isBelow(p) {
		w.cut(p.yaml.head, p.yaml.head, " "+with)
		w.cutLines(p.start, p.end)
		return
	}
	at := p.yaml.mark
	with = p.yaml.anchor + with
	if raw := w.text[p.start:p.end]; isYAMLBlock(raw) && !isYAMLBlock(with) {
		with += yamlHeadComment(raw)
	}
	if at > 0 && strings.ContainsRune(":-", rune(w.text[at-1])) {
		with = " " + with
	}
	w.cut(at, p.end, with)
}

// replaceByBlock writes a map or a list in lines of its own.
func (w *yamlWriter) replaceByBlock(p *part, v *Node) error {
	y := p.yaml
	if y.element && !y.block && y.anchor == "" && w.compact(p) {
		lines, err := w.valueLines(v, w.columnOf(p))
		w.inline(p, strings.TrimLeft(strings.Join(lines, w.lineEnd), " "))
		return err
	}
	lines, err := w.valueLines(v, w.blockIndent(p, v))
	if err != nil {
		return err
	}
	text := strings.Join(lines, w.lineEnd)
	switch {
	case w.isBelow(p):
		w.cut(w.lineStart(p.start), p.end, text)
	case y.block:
		w.cut(p.start, p.end, strings.TrimLeft(text, " "))
	case y.outer < 0 && w.startsLine(y.mark) && y.anchor == "":
		w.cut(y.mark, p.end, text)
	default:
		start := len(strings.TrimRight(w.text[:y.mark], " \t"))
		anchor := strings.TrimRight(y.anchor, " ")
		if anchor != "" {
			anchor = " " + anchor
		}
		w.cut(start, p.end, anchor)
		stop := w.lineStop(p.end)
		w.cut(stop, stop, w.lineEnd+text)
	}
	return nil
}

// blockIndent returns how far the members are indented of what is written as a
// block in place of p.
func (w *yamlWriter) blockIndent(p *part, v *Node) int {
	y := p.yaml
	switch {
	case y.outer < 0:
		return y.indent
	case y.block && (y.element || p.kind == v.Kind):
		return y.indent
	case y.element:
		return y.outer + max(w.mapUnit, 2)
	}
	return y.outer + w.unitOf(v)
}

// compact tells whether a block can begin in the line of its dash.
func (w *yamlWriter) compact(p *part) bool {
	return strings.TrimSpace(w.text[p.end:w.lineStop(p.end)]) == "" && !strings.ContainsAny(w.text[p.yaml.head:p.start], "\r\n")
}

// columnOf returns how far an element is indented that stands behind its dash.
func (w *yamlWriter) columnOf(p *part) int {
	return p.yaml.outer + 1 + max(1, p.yaml.mark-p.yaml.head)
}

func (w *yamlWriter) unitOf(v *Node) int {
	if v.Kind == List {
		return w.listUnit
	}
	return w.mapUnit
}

func (w *yamlWriter) rebuild(p *part) error {
	stay, added := p.split()
	if !p.yaml.block {
		return w.rebuildFlow(p, flowStyle{comments: true, gap: " ", write: func(m member) (string, error) {
			return w.flowMember(p.kind, m.key, m.part.value)
		}})
	}
	if len(stay) == 0 {
		p.value = &Node{Kind: p.kind}
		for _, m := range added {
			p.value.Nodes = append(p.value.Nodes, *m.part.value)
			if p.kind == Map {
				p.value.Keys = append(p.value.Keys, m.key)
			}
		}
		return w.replace(p)
	}
	w.cutBlock(p, stay[0])
	for _, m := range added {
		lines, err := w.memberLines(p.kind, m.key, m.part.value, p.yaml.indent)
		if err != nil {
			return err
		}
		w.addLines(stay[len(stay)-1].part.end, strings.Join(lines, w.lineEnd))
	}
	return nil
}

// cutBlock takes out the members of a block that are gone, of which the first
// may stand behind a dash.
func (w *yamlWriter) cutBlock(p *part, first member) {
	members := p.members
	if !w.startsLine(p.start) && members[0].gone {
		gone := 1
		for members[gone].gone {
			gone++
		}
		if !w.commented(members[:gone+1]) {
			w.cut(p.start, first.start, "")
			members = members[gone:]
		} else {
			start := len(strings.TrimRight(w.text[:p.start], " \t"))
			w.cut(start, w.lineStop(members[0].part.end), "")
			members = members[1:]
		}
	}
	for _, m := range members {
		if m.gone {
			w.cutLines(m.start, m.part.end)
		}
	}
}

// commented tells whether a comment stands in a line of its own between members.
func (w *yamlWriter) commented(members []member) bool {
	for i, next := range members[1:] {
		below, _ := w.nextLine(members[i].part.end)
		if below < next.start && strings.TrimSpace(w.text[below:next.start]) != "" {
			return true
		}
	}
	return false
}
