package render

import (
	"bufio"
	"io"
	"reflect"
	"strings"
)

// Document is an answer of one value.
type Document struct {
	// Data is what JSON, YAML and CSV show, by its encoding/json tags.
	Data any
	// Name is what the Name format shows.
	Name string
	// Text writes the page for people.
	Text func(p *Page)
}

// WriteDocument writes d. Its errors are w's, that Data has no JSON form, or a
// *QueryError.
func WriteDocument(w io.Writer, o Options, d Document) error {
	if o.Query != nil {
		return newRuns(w, o).overJSON(d.Data)
	}
	b := bufio.NewWriter(w)
	switch o.Format {
	case JSON, YAML, CSV:
		compact, err := newEncoder().encode(d.Data)
		if err != nil {
			return err
		}
		_, err = w.Write(documentText(o, d.Data, compact))
		return err
	case Name:
		_, err := io.WriteString(w, Safe(d.Name)+"\n")
		return err
	default:
		p := &Page{w: b, options: o}
		d.Text(p)
		p.endFields()
		return b.Flush()
	}
}

// documentText returns compact, the JSON of data, in the format of o.
func documentText(o Options, data any, compact []byte) []byte {
	switch o.Format {
	case YAML:
		return appendYAML(nil, compact, 0)
	case CSV:
		return newCSV(reflect.TypeOf(data), o).row(nil, compact)
	default:
		return append(appendJSON(nil, compact, 0), '\n')
	}
}

// Page is a text for people: fields and lines, in sections. What it is
// given need not be safe. An error of the writer ends up in WriteDocument.
type Page struct {
	w       *bufio.Writer
	options Options
	indent  string
	fields  []field // those of the current group: their values are aligned
	begun   bool    // something is written
	gap     bool    // a section begins or has ended: a blank line comes next
}

type field struct {
	label string
	value Cell
}

// Field writes "label:  value", the value on one line. The values of fields that
// follow each other are aligned. An empty value is a dash.
func (p *Page) Field(label, value string, style Style) {
	if value == "" {
		value, style = "-", Dim
	}
	p.fields = append(p.fields, field{label: Safe(label) + ":", value: Cell{Text: Safe(value), Style: style}})
}

// Section writes the title, and two blanks further in what body writes, between
// blank lines. Sections nest.
func (p *Page) Section(title string, body func()) {
	p.endFields()
	p.gap = p.begun
	p.line(p.indent + Safe(title))
	outer := p.indent
	p.indent += "  "
	body()
	p.endFields()
	p.indent, p.gap = outer, true
}

// Text writes text as it is, line by line.
func (p *Page) Text(text string) {
	p.endFields()
	for line := range strings.Lines(text) {
		p.line(p.indent + Safe(strings.TrimRight(line, "\r\n")))
	}
}

// endFields writes the fields gathered so far.
func (p *Page) endFields() {
	widest := 0
	for _, f := range p.fields {
		widest = max(widest, width(f.label))
	}
	for _, f := range p.fields {
		line := appendBlanks([]byte(p.indent+f.label), widest-width(f.label)+gap)
		p.line(string(appendStyled(line, f.value.Text, f.value.Style, p.options.Color)))
	}
	p.fields = p.fields[:0]
}

func (p *Page) line(text string) {
	p.separate()
	_, _ = p.w.WriteString(strings.TrimRight(text, " ") + "\n") // w keeps its first error for Flush
}

// separate writes the blank line that is due.
func (p *Page) separate() {
	if p.gap {
		_ = p.w.WriteByte('\n') // w keeps its first error for Flush
	}
	p.begun, p.gap = true, false
}
