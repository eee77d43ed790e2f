package render

import (
	"bufio"
	"io"
	"strings"
)

// WriteLines writes each cell as a line, whose end is its own: nothing is cut off. A
// tab stays one.
func WriteLines(w io.Writer, o Options, lines []Cell) error {
	b := bufio.NewWriter(w)
	var line []byte
	for _, l := range lines {
		line = append(appendStyled(line[:0], safeLine(l.Text), l.Style, o.Color), '\n')
		if _, err := b.Write(line); err != nil {
			return err
		}
	}
	return b.Flush()
}

// safeLine is Safe of a line that may have tabs.
func safeLine(text string) string {
	parts := strings.Split(text, "\t")
	for i := range parts {
		parts[i] = Safe(parts[i])
	}
	return strings.Join(parts, "\t")
}
