package cmd

import (
	"fmt"
	"strings"

	"govctl/internal/mask"
	"govctl/internal/render"
	"govctl/pkg/config"
)

// writeTexts writes the lines that differ of each item that does, with its secrets
// masked, and says by its error what it comes to.
func (a *app) writeTexts(out render.Options, sides []configSide, c config.Comparison, m *mask.Masker, showExpected bool) error {
	for i := range c.Items {
		d := &c.Items[i]
		if !isShown(d, showExpected) {
			continue
		}
		row := differenceOf(d, m, showExpected)
		if !a.writeItemHead(&row, sides) {
			continue
		}
		if err := render.WriteLines(a.Stdout, out, textOf(d, sides, m)); err != nil {
			return err
		}
		a.printf("\n")
	}
	a.printf("%s\n", comparisonTotals(&c.Totals, sides, showExpected))
	return verdictOfTotals(&c.Totals)
}

// textOf returns the lines of a unified diff.
func textOf(d *config.ItemDiff, sides []configSide, m *mask.Masker) []render.Cell {
	for _, item := range []*config.Item{d.A, d.B} {
		if format, _ := config.Detect(item.Declared, item.Name, item.Content); format == config.Binary {
			return []render.Cell{{Text: fmt.Sprintf("binary: %s and %s", contentOf(d.A.Content, m), contentOf(d.B.Content, m))}}
		}
	}
	hunks := config.DiffText(string(config.MaskedContent(*d.A, m)), string(config.MaskedContent(*d.B, m)))
	lines := []render.Cell{{Text: "--- " + sides[0].env + " " + d.Key.String(), Style: render.Bad}, {Text: "+++ " + sides[1].env + " " + d.Key.String(), Style: render.Good}}
	for _, h := range hunks {
		lines = append(lines, render.Cell{Text: fmt.Sprintf("@@ -%s +%s @@", rangeOf(h.FromA, h.LinesA), rangeOf(h.FromB, h.LinesB)), Style: render.Dim})
		for _, l := range h.Lines {
			lines = append(lines, lineOf(l)...)
		}
	}
	return lines
}

// rangeOf is how unified diffs write a number of lines.
func rangeOf(from, lines int) string {
	if lines == 1 {
		return fmt.Sprint(from)
	}
	return fmt.Sprintf("%d,%d", from, lines)
}

// lineOf returns a line, and a second one where the first has no end.
func lineOf(l config.TextLine) []render.Cell {
	style := render.Plain
	switch l.Op {
	case '-':
		style = render.Bad
	case '+':
		style = render.Good
	}
	text, ended := strings.CutSuffix(l.Text, "\n")
	cells := []render.Cell{{Text: string(l.Op) + text, Style: style}}
	if !ended {
		cells = append(cells, render.Cell{Text: `\ No newline at end of file`, Style: render.Dim})
	}
	return cells
}
