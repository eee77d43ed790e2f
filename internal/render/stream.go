package render

import (
	"io"
	"strings"
)

// Stream writes items as they come, each at once: as JSON one object a line, as
// YAML one document, as names one name, else as a row. The rows have no heads, and
// their columns grow with what they are given: nobody knows what is still to come.
// It belongs to one goroutine.
type Stream[T any] struct {
	w       io.Writer
	options Options
	columns []Column[T]
	name    func(T) string
	widths  []int
}

// NewStream returns a Stream to w. Columns and name are as in List; what a column
// says of its head and of narrow terminals has no meaning here.
func NewStream[T any](w io.Writer, o Options, columns []Column[T], name func(T) string) *Stream[T] {
	return &Stream[T]{w: w, options: o, columns: columns, name: name, widths: make([]int, len(columns))}
}

// Measure makes the columns as wide as item needs, for items that may come.
func (s *Stream[T]) Measure(item T) {
	for i, c := range s.columns {
		s.measure(i, width(Safe(c.Cell(item).Text)))
	}
}

func (s *Stream[T]) measure(i, w int) { s.widths[i] = max(s.widths[i], min(w, maxPad)) }

// Write writes item with one system call. Its errors are the writer's, or that of
// an item that has no JSON form.
func (s *Stream[T]) Write(item T) error {
	var line []byte
	switch s.options.Format {
	case JSON, YAML:
		compact, err := newEncoder().encode(&item)
		if err != nil {
			return err
		}
		if s.options.Format == JSON {
			line = append(appendCompact(line, compact), '\n')
		} else {
			line = appendYAML(append(line, "---\n"...), compact, 0)
		}
	case Name:
		line = append(line, Safe(s.name(item))+"\n"...)
	default:
		line = s.row(item)
	}
	_, err := s.w.Write(line)
	return err
}

// row returns the cells of item, each as wide as the widest so far of its column.
func (s *Stream[T]) row(item T) []byte {
	var line []byte
	for i, c := range s.columns {
		cell := c.Cell(item)
		text := Safe(cell.Text)
		w := width(text)
		s.measure(i, w)
		if i > 0 {
			line = appendBlanks(line, gap)
		}
		if c.Right {
			line = appendBlanks(line, s.widths[i]-w)
		}
		line = appendStyled(line, text, cell.Style, s.options.Color)
		if !c.Right && i < len(s.columns)-1 {
			line = appendBlanks(line, s.widths[i]-w)
		}
	}
	return append([]byte(strings.TrimRight(string(line), " ")), '\n')
}
