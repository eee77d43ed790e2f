package render

import (
	"bufio"
	"bytes"
)

const (
	// gap is the number of blanks between columns.
	gap = 2
	// minText is how narrow a column becomes at most, unless it is the only
	// one.
	minText = 5
	// maxPad bounds the blanks that one very long cell costs in every other row
	// where nothing limits the width: 100 KiB of somebody's metadata would make
	// 5 GiB of blanks in 50,000 rows. A longer cell is whole, and moves what is
	// behind it in its own row.
	maxPad = 256
)

// grid lays out cells in columns. Tablewriter, which pads by display width too,
// takes some hundred times as long for 10,000 rows; text/tabwriter counts runes,
// so that a wide character moves everything behind it.
type grid struct {
	columns []gridColumn
	cells   []gridCell // row by row
}

type gridColumn struct {
	head    string
	right   bool
	drop    int
	hidden  bool
	natural int // columns of a terminal that its widest cell takes
	width   int // those it gets
}

type gridCell struct {
	text  string
	width int
	style Style
}

// newGrid returns the grid for columns, without those that wide alone has, and
// the columns that it shows.
func newGrid[T any](columns []Column[T], wide bool) (*grid, []Column[T]) {
	g := &grid{}
	shown := make([]Column[T], 0, len(columns))
	for _, c := range columns {
		if c.Wide && !wide {
			continue
		}
		shown = append(shown, c)
		g.columns = append(g.columns, gridColumn{head: c.Head, right: c.Right, drop: c.Drop})
	}
	return g, shown
}

// add appends the next cell of the current row. An empty one is a dash, so that
// every row has the same number of words; a column without a head is for
// remarks, and may be empty.
func (g *grid) add(c Cell) {
	col := &g.columns[len(g.cells)%len(g.columns)]
	text, style := Safe(c.Text), c.Style
	if text == "" && col.head != "" {
		text, style = "-", Dim
	}
	w := width(text)
	col.natural = max(col.natural, w)
	g.cells = append(g.cells, gridCell{text: text, width: w, style: style})
}

// write writes the grid with each line behind indent.
func (g *grid) write(w *bufio.Writer, o Options, indent string) error {
	if len(g.columns) == 0 {
		return nil
	}
	for i := range g.columns {
		col := &g.columns[i]
		if !o.NoHeaders {
			col.natural = max(col.natural, width(col.head))
		}
		col.width = col.natural
	}
	if o.Width > 0 {
		g.fit(max(o.Width-len(indent), 1))
	}
	line := []byte(nil)
	if !o.NoHeaders {
		heads := make([]gridCell, len(g.columns))
		for i, col := range g.columns {
			heads[i] = gridCell{text: col.head, width: width(col.head)}
		}
		line = g.appendRow(append(line, indent...), heads, o)
		if _, err := w.Write(line); err != nil {
			return err
		}
	}
	for n := len(g.columns); len(g.cells) >= n; g.cells = g.cells[n:] {
		line = g.appendRow(append(line[:0], indent...), g.cells[:n], o)
		if _, err := w.Write(line); err != nil {
			return err
		}
	}
	return nil
}

// appendRow appends a line of cells, without blanks at its end.
func (g *grid) appendRow(line []byte, cells []gridCell, o Options) []byte {
	first := true
	for i, cell := range cells {
		col := &g.columns[i]
		if col.hidden {
			continue
		}
		if !first {
			line = appendBlanks(line, gap)
		}
		first = false
		text, w := cell.text, cell.width
		room := col.width
		if o.Width == 0 {
			room = min(room, maxPad)
		} else if w > room {
			text, w = truncate(text, room)
		}
		if col.right {
			line = appendBlanks(line, room-w)
		}
		line = appendStyled(line, text, cell.style, o.Color)
		if !col.right {
			line = appendBlanks(line, room-w)
		}
	}
	return append(bytes.TrimRight(line, " "), '\n')
}

func appendBlanks(line []byte, n int) []byte {
	const blanks = "                                "
	for ; n > len(blanks); n -= len(blanks) {
		line = append(line, blanks...)
	}
	return append(line, blanks[:max(n, 0)]...)
}

// fit makes lines at most limit wide, as far as the columns that may not be
// given up allow it. One very long text shall not cost all other columns, so a
// column that takes more than half of the line is narrowed first; then columns
// are given up; then what is left is narrowed; and what room was won too much is
// given back.
func (g *grid) fit(limit int) {
	if g.total() <= limit {
		return
	}
	for i := range g.columns {
		col := &g.columns[i]
		col.width = min(col.width, max(limit/2, minText))
	}
	for g.total() > limit && g.giveUp() {
		continue
	}
	g.narrow(limit)
	g.widen(limit)
}

// widen gives columns the room that they want, as far as limit allows it.
func (g *grid) widen(limit int) {
	for i := range g.columns {
		if col := &g.columns[i]; !col.hidden {
			col.width += max(0, min(limit-g.total(), col.natural-col.width))
		}
	}
}

// total returns the width of the widest line.
func (g *grid) total() int {
	sum := -gap
	for i := range g.columns {
		if col := &g.columns[i]; !col.hidden {
			sum += col.width + gap
		}
	}
	return sum
}

// giveUp hides the column that is given up first, of equals the one further to
// the right, and never the last one. It reports whether there was one.
func (g *grid) giveUp() bool {
	var next *gridColumn
	for i := range g.columns {
		col := &g.columns[i]
		if !col.hidden && col.drop > 0 && (next == nil || col.drop >= next.drop) {
			next = col
		}
	}
	if next == nil || g.shown() == 1 {
		return false
	}
	next.hidden = true
	return true
}

func (g *grid) shown() int {
	n := 0
	for i := range g.columns {
		if !g.columns[i].hidden {
			n++
		}
	}
	return n
}

// narrow takes columns of a terminal from the widest column until the line fits
// or all are at their least.
func (g *grid) narrow(limit int) {
	least := minText
	if g.shown() == 1 {
		least = 1
	}
	for excess := g.total() - limit; excess > 0; excess-- {
		var widest *gridColumn
		for i := range g.columns {
			if col := &g.columns[i]; !col.hidden && (widest == nil || col.width > widest.width) {
				widest = col
			}
		}
		if widest == nil || widest.width <= least {
			return
		}
		widest.width--
	}
}
