package render

import (
	"bufio"
	"io"
	"iter"
	"reflect"
	"sync"
)

// Column is a column of a table of Ts.
type Column[T any] struct {
	// Head is its heading, in capitals.
	Head string
	// Cell returns its text for an item; it need not be safe. An empty one is
	// shown as a dash where the column has a head.
	Cell func(T) Cell
	// Right aligns it to the right, for numbers.
	Right bool
	// Wide shows it in the Wide format alone.
	Wide bool
	// Drop is the order in which columns are given up on a terminal that is too
	// narrow: the highest goes first, 0 never.
	Drop int
}

// List is an answer of any number of items. As JSON, YAML and CSV an item is
// written by its encoding/json tags.
type List[T any] struct {
	Columns []Column[T]
	// Name returns what the Name format shows of an item.
	Name func(T) string
	// Eager writes each item at once where the format allows it, for items that
	// are waited for: others are gathered, which is faster.
	Eager bool
	// Items yields the items in the order in which they are written. It ends
	// with its first error.
	Items iter.Seq2[T, error]
}

// buffers are those of WriteList: an answer may be many short lists.
var buffers sync.Pool

// WriteList writes l and returns how many items it wrote. JSON, YAML, CSV and names
// are written while Items yields, a table when it is done. An error of Items is
// returned as it is, after what it yielded before was written and the JSON array
// closed: what stands on w is always well-formed, and n says how much of it
// there is; nothing at all where the error came first. Every other error is w's,
// or that of an item that has no JSON form. A Query gets the items as one array, and
// n counts its values. An empty list is a line of heads, []
// or nothing.
func WriteList[T any](w io.Writer, o Options, l List[T]) (n int, err error) {
	if o.Query != nil {
		return queryList(w, o, l)
	}
	b, ok := buffers.Get().(*bufio.Writer)
	if !ok {
		b = bufio.NewWriterSize(nil, 64<<10)
	}
	b.Reset(w)
	defer func() {
		b.Reset(nil)
		buffers.Put(b)
	}()
	switch o.Format {
	case JSON:
		n, err = writeItems(b, jsonLook, l)
	case YAML:
		n, err = writeItems(b, yamlLook, l)
	case CSV:
		n, err = writeItems(b, newCSV(reflect.TypeFor[T](), o).look(), l)
	case Name:
		n, err = writeNames(b, l)
	default:
		n, err = writeTable(b, o, l)
	}
	if flushed := b.Flush(); err == nil {
		err = flushed
	}
	return n, err
}

func writeTable[T any](w *bufio.Writer, o Options, l List[T]) (n int, err error) {
	g, columns := newGrid(l.Columns, o.Format == Wide)
	for item, itemErr := range l.Items {
		if itemErr != nil {
			err = itemErr
			break
		}
		for _, c := range columns {
			g.add(c.Cell(item))
		}
		n++
	}
	if n == 0 && err != nil {
		return 0, err
	}
	if written := g.write(w, o, ""); err == nil {
		err = written
	}
	return n, err
}

func writeNames[T any](w *bufio.Writer, l List[T]) (n int, err error) {
	for item, err := range l.Items {
		if err != nil {
			return n, err
		}
		if _, err := w.WriteString(Safe(l.Name(item)) + "\n"); err != nil {
			return n, err
		}
		if err := l.pace(w); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// pace writes out what was gathered, where that may not wait.
func (l *List[T]) pace(w *bufio.Writer) error {
	if !l.Eager {
		return nil
	}
	return w.Flush()
}

// look is how one of the formats for programs writes a list: each item's
// compact JSON is turned into text by layout, behind before or between.
type look struct {
	before, between, after string
	empty                  string
	layout                 func(out, compact []byte) []byte
}

func writeItems[T any](w *bufio.Writer, k look, l List[T]) (n int, err error) {
	var (
		enc  = newEncoder()
		item = new(T) // one for all: encoding/json would copy each otherwise
		out  []byte
	)
	for *item, err = range l.Items {
		if err != nil {
			break
		}
		var compact []byte
		if compact, err = enc.encode(item); err != nil {
			break
		}
		lead := k.between
		if n == 0 {
			lead = k.before
		}
		out = k.layout(append(out[:0], lead...), compact)
		if _, err = w.Write(out); err != nil {
			return n, err
		}
		if err = l.pace(w); err != nil {
			return n, err
		}
		n++
	}
	if n == 0 && err != nil {
		return 0, err
	}
	end := k.after
	if n == 0 {
		end = k.empty
	}
	if _, written := w.WriteString(end); err == nil {
		err = written
	}
	return n, err
}
