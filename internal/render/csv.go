package render

import (
	"bytes"
	"encoding"
	"encoding/csv"
	"encoding/json"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// formulas are the characters with which a spreadsheet takes a cell for a
// formula, also in full width (OWASP, CSV injection). The tab and the ends of
// lines that do so too are escaped in any case.
const formulas = "=+-@＝＋－＠"

// soleColumn is the head where an item is no object.
const soleColumn = "value"

// csvRows turns items into lines of RFC 4180, but for the end of a line, which is
// a line feed alone.
type csvRows struct {
	keys   []string // nil until they are known: what the first item has
	headed bool     // the heads are written, or not wanted
	line   bytes.Buffer
	writer *csv.Writer // to line
}

// newCSV returns the rows for items of type t: a column for each JSON key that
// they may have.
func newCSV(t reflect.Type, o Options) *csvRows {
	c := &csvRows{keys: keysOf(t), headed: o.NoHeaders}
	c.writer = csv.NewWriter(&c.line)
	return c
}

// look is how a list is written.
func (c *csvRows) look() look {
	heads := string(c.heads(nil))
	return look{before: heads, empty: heads, layout: c.row}
}

// heads appends the line of heads, once, if they are known and wanted.
func (c *csvRows) heads(out []byte) []byte {
	if c.headed || c.keys == nil {
		return out
	}
	c.headed = true
	heads := make([]string, len(c.keys))
	for i, key := range c.keys {
		heads[i] = csvText(key)
	}
	return c.record(out, heads)
}

// row appends the line of compact, which is valid JSON without blanks, and the
// heads before the first.
func (c *csvRows) row(out, compact []byte) []byte {
	keys, values := membersOf(compact)
	if c.keys == nil {
		c.keys = keys
	}
	out = c.heads(out)
	cells := make([]string, len(c.keys))
	for i, key := range c.keys {
		cells[i] = csvCell(values[key])
	}
	return c.record(out, cells)
}

// record appends a line.
func (c *csvRows) record(out []byte, cells []string) []byte {
	c.line.Reset()
	_ = c.writer.Write(cells) // a buffer has no errors
	c.writer.Flush()
	return append(out, c.line.Bytes()...)
}

// membersOf returns the keys of an object, in order, and its values. Anything
// else is the value of soleColumn.
func membersOf(compact []byte) (keys []string, values map[string]jsontext.Value) {
	values = map[string]jsontext.Value{}
	d := jsontext.NewDecoder(bytes.NewReader(compact), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if d.PeekKind() != '{' {
		return []string{soleColumn}, map[string]jsontext.Value{soleColumn: compact}
	}
	_, err := d.ReadToken()
	for err == nil && d.PeekKind() == '"' {
		var name jsontext.Token
		var value jsontext.Value
		if name, err = d.ReadToken(); err != nil {
			break // cannot be: it is valid
		}
		key := name.String()
		if value, err = d.ReadValue(); err == nil {
			keys = append(keys, key)
			values[key] = bytes.Clone(value)
		}
	}
	return keys, values
}

// csvCell returns a value as a cell: a string as it is, null and what is missing
// as nothing, lists and objects as JSON.
func csvCell(v jsontext.Value) string {
	if len(v) == 0 {
		return ""
	}
	switch v.Kind() {
	case 'n':
		return ""
	case '"':
		var text string
		_ = json.Unmarshal(v, &text) // it is valid
		return csvText(text)
	default:
		return string(appendCompact(nil, v))
	}
}

// csvText makes s safe for terminals, and for spreadsheets: what they would take
// for a formula gets an apostrophe before it.
func csvText(s string) string {
	s = Safe(s)
	if s != "" && strings.ContainsRune(formulas, []rune(s)[0]) {
		return "'" + s
	}
	return s
}

// keysOf returns the JSON keys of a struct, in their order; nil for other types,
// and those that write their JSON themselves.
func keysOf(t reflect.Type) []string {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil || t.Kind() != reflect.Struct || writesItself(t) {
		return nil
	}
	keys := []string{}
	for field := range t.Fields() {
		tag := field.Tag.Get("json")
		name, _, _ := strings.Cut(tag, ",")
		switch {
		case tag == "-":
		case field.Anonymous && name == "":
			keys = append(keys, keysOf(field.Type)...)
		case field.IsExported() && name == "":
			keys = append(keys, field.Name)
		case field.IsExported():
			keys = append(keys, name)
		}
	}
	return keys
}

func writesItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[json.Marshaler]()) || p.Implements(reflect.TypeFor[encoding.TextMarshaler]())
}
