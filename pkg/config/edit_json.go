package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// jsonWriter changes JSON. The libraries that edit it find values, but do not
// write as the document around them is written.
type jsonWriter struct {
	*editor
	d      *jsontext.Decoder
	unit   string // by which what is inside is indented, "" where all is on one line
	colon  string
	spaced bool
}

// layout finds where all stands in a text that Parse has read.
func (w *jsonWriter) layout() (*part, error) {
	w.colon = ": "
	if strings.TrimSpace(w.text) == "" {
		w.unit = "  "
		return &part{kind: Null}, nil
	}
	w.d = jsontext.NewDecoder(bytes.NewBufferString(w.text), jsontext.AllowDuplicateNames(true))
	root, err := w.value()
	if w.unit == "" && strings.Contains(strings.TrimSpace(w.text), "\n") {
		w.unit = "  "
	}
	return root, err
}

func (w *jsonWriter) value() (*part, error) {
	kind := w.d.PeekKind()
	if kind != '{' && kind != '[' {
		raw, err := w.d.ReadValue()
		end := int(w.d.InputOffset())
		p := &part{kind: String, start: end - len(raw), end: end}
		if kind == 'n' {
			p.kind = Null
		}
		return p, err
	}
	if _, err := w.d.ReadToken(); err != nil {
		return nil, err
	}
	p := &part{kind: List, start: int(w.d.InputOffset()) - 1}
	if kind == '{' {
		p.kind = Map
	}
	for k := w.d.PeekKind(); k != '}' && k != ']'; k = w.d.PeekKind() {
		if err := w.member(p); err != nil {
			return nil, err
		}
	}
	_, err := w.d.ReadToken()
	p.end = int(w.d.InputOffset())
	return p, err
}

// member reads the next member of p, and learns from it how the document is
// written.
func (w *jsonWriter) member(p *part) error {
	m := member{}
	keyEnd := 0
	if p.kind == Map {
		raw, err := w.d.ReadValue()
		if err != nil {
			return err
		}
		keyEnd = int(w.d.InputOffset())
		m.start = keyEnd - len(raw)
		key, err := jsontext.AppendUnquote(nil, raw)
		if err != nil {
			return err
		}
		m.key = string(key)
	}
	var err error
	if m.part, err = w.value(); err != nil {
		return err
	}
	if p.kind == List {
		m.start = m.part.start
	}
	if lead := w.text[p.start+1 : m.start]; len(p.members) == 0 && strings.Contains(lead, "\n") && w.unit == "" {
		w.unit = strings.TrimPrefix(lead[strings.LastIndexByte(lead, '\n')+1:], w.indentation(p.start))
	}
	if p.kind == Map && !w.spaced {
		if w.colon = w.text[keyEnd:m.part.start]; strings.ContainsAny(w.colon, "\r\n") {
			w.colon = ": "
		}
		w.spaced = true
	}
	p.members = append(p.members, m)
	return nil
}

func (w *jsonWriter) replace(p *part) error {
	if p.end == 0 { // there was nothing
		with, err := w.written(p.value, "")
		if w.text == "" {
			with += "\n"
		}
		w.cut(0, 0, with)
		return err
	}
	with, err := w.written(p.value, w.indent(p))
	w.cut(p.start, p.end, with)
	return err
}

// indent returns how the line is indented in which p begins.
func (w *jsonWriter) indent(p *part) string {
	if w.unit == "" {
		return ""
	}
	return w.indentation(p.start)
}

func (w *jsonWriter) rebuild(p *part) error {
	indent := w.indent(p)
	f := flowStyle{gap: w.gapOf()}
	inner := indent
	switch {
	case len(p.members) > 0 && !p.members[0].added:
		if w.unit != "" && w.startsLine(p.members[0].start) {
			inner = w.indentation(p.members[0].start)
		}
	case w.unit != "":
		inner = indent + w.unit
		f.lead, f.tail = w.lineEnd+inner, w.lineEnd+indent
	}
	f.write = func(m member) (string, error) {
		text, err := w.written(m.part.value, inner)
		if p.kind == List || err != nil {
			return text, err
		}
		key, err := w.quoted(m.key)
		return key + w.colon + text, err
	}
	return w.rebuildFlow(p, f)
}

// gapOf returns what stands after a comma on one line.
func (w *jsonWriter) gapOf() string { return w.colon[strings.IndexByte(w.colon, ':')+1:] }

func (w *jsonWriter) quoted(text string) (string, error) {
	b, err := appendJSONText(nil, text)
	return string(b), err
}

// written returns a value whose own line is indented as indent.
func (w *jsonWriter) written(n *Node, indent string) (string, error) {
	switch {
	case n.Kind == String:
		return w.quoted(n.Text)
	case n.Kind == Null:
		return "null", nil
	case n.Kind == Map && len(n.Nodes) == 0:
		return "{}", nil
	case n.Kind == List && len(n.Nodes) == 0:
		return "[]", nil
	case n.Kind == Map, n.Kind == List:
		return w.writtenInside(n, indent)
	case n.Kind != Time && json.Valid([]byte(n.Text)):
		return n.Text, nil
	}
	return "", errors.New("JSON has no form for this " + n.Kind.String())
}

func (w *jsonWriter) writtenInside(n *Node, indent string) (string, error) {
	inner := indent + w.unit
	lead, gap, tail := "", w.gapOf(), ""
	if w.unit != "" {
		lead, gap, tail = w.lineEnd+inner, w.lineEnd+inner, w.lineEnd+indent
	}
	texts := make([]string, 0, len(n.Nodes))
	for i := range n.Nodes {
		text, err := w.written(&n.Nodes[i], inner)
		if err != nil {
			return "", err
		}
		if n.Kind == Map {
			key, err := w.quoted(n.Keys[i])
			if err != nil {
				return "", err
			}
			text = key + w.colon + text
		}
		texts = append(texts, text)
	}
	brackets := "[]"
	if n.Kind == Map {
		brackets = "{}"
	}
	return brackets[:1] + lead + strings.Join(texts, ","+gap) + tail + brackets[1:], nil
}
