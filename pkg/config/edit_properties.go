package config

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// propertiesWriter changes properties. The library at hand only reads them.
type propertiesWriter struct {
	*editor
	separator string // between a key and its value
	escapes   bool   // the file is ASCII, so that it reads the same as Latin-1
}

// layout finds where all stands in a text that Parse has read.
func (w *propertiesWriter) layout() (*part, error) {
	w.separator = "="
	w.escapes = strings.IndexFunc(w.text, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
	root := &part{kind: Map, end: len(w.text)}
	for p := (propertiesParser{text: w.text}); p.next(); {
		m := member{start: p.at, part: &part{kind: String}}
		var err error
		if m.key, err = p.word(true); err != nil {
			return nil, err
		}
		keyEnd := p.at
		p.separator()
		m.part.start = p.at
		if separator := w.text[keyEnd:p.at]; separator != "" && !strings.Contains(separator, `\`) {
			w.separator = separator
		}
		if _, err = p.word(false); err != nil {
			return nil, err
		}
		m.part.end = p.at
		if keyEnd == m.part.start {
			m.part.kind = Null // it has neither separator nor value
		}
		root.members = append(root.members, m)
	}
	return root, nil
}

func (w *propertiesWriter) replace(p *part) error {
	with := w.escaped(p.value.Text, false)
	if p.kind == Null {
		with = w.separator + with
	}
	w.cut(p.start, p.end, with)
	return nil
}

func (w *propertiesWriter) rebuild(p *part) error {
	stay, added := p.split()
	for _, m := range p.members {
		if m.gone {
			w.cutLines(m.start, m.part.end)
		}
	}
	after := len(w.text)
	if len(stay) > 0 {
		after = stay[len(stay)-1].part.end
	}
	for _, m := range added {
		separator := w.separator
		if m.key == "" && strings.Trim(separator, blanks) == "" {
			separator = "="
		}
		w.addEntry(after, w.escaped(m.key, true)+separator+w.escaped(m.part.value.Text, false))
	}
	return nil
}

// addEntry writes a line after that of an offset, as the last one where that is
// the end of the text.
func (w *propertiesWriter) addEntry(after int, line string) {
	if ended := after == len(w.text) && (w.text == "" || strings.ContainsRune("\r\n", rune(w.text[after-1]))); ended {
		w.cut(after, after, line+w.lineEnd)
		return
	}
	w.addLines(after, line)
}

// escaped writes a key or a value so that it is read as it is.
func (w *propertiesWriter) escaped(text string, key bool) string {
	var b strings.Builder
	for i, r := range text {
		special := `\` + "\n\r"
		if i == 0 {
			special += blanks + "=:"
		}
		if key {
			special += blanks + "=:#!"
		}
		switch {
		case strings.ContainsRune(special, r):
			b.WriteString(`\` + propertyEscape(r))
		case r == '\t' || r == '\f':
			b.WriteString(`\` + propertyEscape(r))
		case r < ' ' || r == 0x7f || w.escapes && r >= utf8.RuneSelf:
			for _, half := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&b, `\u%04X`, half)
			}
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// propertyEscape returns what stands after a \ for a character.
func propertyEscape(r rune) string {
	switch r {
	case '\n':
		return "n"
	case '\r':
		return "r"
	case '\t':
		return "t"
	case '\f':
		return "f"
	}
	return string(r)
}
