package render

import (
	"bufio"
	"io"
	"math"
	"reflect"
	"strings"
)

// Stream writes items as they come, each at once: as JSON one object a line, as
// YAML one document, as CSV a row behind the heads, as names one name, else as a row
// of columns that grow with what they are given: nobody knows what is still to come.
// It belongs to one goroutine.
type Stream[T any] struct {
	w       io.Writer
	options Options
	columns []Column[T]
	name    func(T) string
	widths  []int
	csv     *csvRows
	query   *runs // nil without a Query
	table   *grid // that List began
}

// NewStream returns a Stream to w. Columns and name are as in List. Rows have no
// heads and no limit unless List begins with them: then all that a column says
// holds.
func NewStream[T any](w io.Writer, o Options, columns []Column[T], name func(T) string) *Stream[T] {
	s := &Stream[T]{
		w: w, options: o, columns: columns, name: name, widths: make([]int, len(columns)),
		csv: newCSV(reflect.TypeFor[T](), o),
	}
	if o.Query != nil {
		s.query = newRuns(w, o)
	}
	return s
}

// List writes the items that there are in the beginning: for people as a table
// with heads, which the rows to come go on with, else one by one.
func (s *Stream[T]) List(items []T) error {
	if f := s.options.Format; s.query != nil || f != "" && f != Table && f != Wide {
		for _, item := range items {
			if err := s.Write(item); err != nil {
				return err
			}
		}
		return nil
	}
	s.table, s.columns = newGrid(s.columns, s.options.Format == Wide)
	for _, item := range items {
		s.add(item)
	}
	b := bufio.NewWriter(s.w)
	if err := s.table.write(b, s.options, ""); err != nil {
		return err
	}
	return b.Flush()
}

func (s *Stream[T]) add(item T) {
	for _, c := range s.columns {
		s.table.add(c.Cell(item))
	}
}

// Measure makes the columns as wide as item needs, for items that may come.
func (s *Stream[T]) Measure(item T) {
	for i, c := range s.columns {
		s.measure(i, width(Safe(c.Cell(item).Text)))
	}
}

func (s *Stream[T]) measure(i, w int) { s.widths[i] = max(s.widths[i], min(w, maxPad)) }

// Write writes item with one system call, unless a Query makes much of it. Its
// errors are the writer's, that of an item that has no JSON form, or a *QueryError.
func (s *Stream[T]) Write(item T) error {
	if s.query != nil {
		return s.query.overJSON(&item)
	}
	var line []byte
	switch s.options.Format {
	case JSON, YAML, CSV:
		compact, err := newEncoder().encode(&item)
		if err != nil {
			return err
		}
		line = s.line(compact)
	case Name:
		line = append(line, Safe(s.name(item))+"\n"...)
	default:
		line = s.row(item)
	}
	_, err := s.w.Write(line)
	return err
}

// line returns the JSON of an item in the format that programs asked for.
func (s *Stream[T]) line(compact []byte) []byte {
	switch s.options.Format {
	case YAML:
		return appendYAML([]byte("---\n"), compact, 0)
	case CSV:
		return s.csv.row(nil, compact)
	default:
		return append(appendCompact(nil, compact), '\n')
	}
}

// row returns the cells of item, each as wide as the widest so far of its column.
func (s *Stream[T]) row(item T) []byte {
	if s.table != nil {
		return s.tableRow(item)
	}
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

// tableRow returns item as the next row of the table.
func (s *Stream[T]) tableRow(item T) []byte {
	g := s.table
	g.cells = g.cells[:0]
	s.add(item)
	limit := s.options.Width
	if limit == 0 {
		limit = math.MaxInt32
	}
	g.widen(limit)
	return g.appendRow(nil, g.cells, s.options)
}
