package cmd

import (
	"fmt"
	"strings"

	"govctl/internal/mask"
	"govctl/internal/render"
	"govctl/pkg/config"
)

// matrixRow is a value that is not the same on all sides. The JSON names are an
// interface.
type matrixRow struct {
	config.Key
	Path config.Path `json:"path"`
	// Values are by environment; null where it is not there.
	Values   []*config.Node `json:"values"`
	Expected bool           `json:"expected"`
	// Errors say, by environment, why an item cannot be read.
	Errors []string `json:"errors,omitempty"`

	same []int
	// contents stand for what differs as a whole: its size and a hash.
	contents []string
}

// writeMatrix writes what differs between three sides or more: one row a path, one
// column an environment.
func (a *app) writeMatrix(out render.Options, sides []configSide, o config.CompareOptions, m *mask.Masker, showExpected bool) error {
	all := make([][]config.Item, len(sides))
	for i := range sides {
		all[i] = sides[i].items
	}
	var rows []matrixRow
	differ, expected, unread := 0, 0, 0
	for _, r := range config.Matrix(all, o) {
		if r.Errs != nil {
			unread++
		}
		if r.Expected {
			expected++
		} else {
			differ++
		}
		if !r.Expected || showExpected {
			rows = append(rows, matrixRowOf(&r, m))
		}
	}
	if human(out.Format) {
		out.Width = 0 // two values that are cut may look the same
	}
	err := writeList(a.Stdout, out, render.List[matrixRow]{
		Columns: matrixColumns(sides),
		Name:    func(r matrixRow) string { return r.String() + " " + r.Path.String() },
		Items:   seq(rows, nil),
	})
	if err != nil {
		return err
	}
	if human(out.Format) {
		a.printf("\n%s\n", matrixTotals(differ, expected, unread, showExpected))
	}
	return verdictOfDiff(differ > 0, unread > 0)
}

// matrixRowOf returns r with its secrets masked.
func matrixRowOf(r *config.Row, m *mask.Masker) matrixRow {
	row := matrixRow{Key: r.Key, Path: r.Path, Expected: r.Expected, same: r.Same, Values: make([]*config.Node, len(r.Values))}
	for i, v := range r.Values {
		switch {
		case v == nil:
		case r.Whole:
			row.Values[i] = &config.Node{Kind: config.String, Text: m.Text(v.Text)}
			row.contents = append(row.contents, render.Bytes(len(v.Text))+" "+m.Hash(v.Text))
			continue
		default:
			row.Values[i] = config.MaskedChange(config.Change{Path: r.Path, After: v}, m).After
		}
		row.contents = append(row.contents, "")
	}
	for _, err := range r.Errs {
		text := ""
		if err != nil {
			text = err.Error()
		}
		row.Errors = append(row.Errors, text)
	}
	return row
}

func matrixTotals(differ, expected, unread int, showExpected bool) string {
	text := plural(differ, "path") + " differ"
	switch differ {
	case 0:
		text = "no difference"
	case 1:
		text = "1 path differs"
	}
	if expected > 0 {
		text += " · " + plural(expected, "expected difference")
		if !showExpected {
			text += " (--show-expected)"
		}
	}
	if unread > 0 {
		text += " · " + plural(unread, "item") + " cannot be read"
	}
	return text
}

func matrixColumns(sides []configSide) []render.Column[matrixRow] {
	columns := []render.Column[matrixRow]{
		{Head: "ITEM", Cell: func(r matrixRow) render.Cell { return render.Cell{Text: r.String()} }},
		{Head: "PATH", Cell: func(r matrixRow) render.Cell { return render.Cell{Text: pathText(r.Path)} }},
	}
	for i := range sides {
		columns = append(columns, render.Column[matrixRow]{
			Head: strings.ToUpper(render.Safe(sides[i].env)),
			Cell: func(r matrixRow) render.Cell { return matrixCell(&r, i, sides) },
		})
	}
	return columns
}

// matrixCell is the value of one side; "=" where the one to its left has the same,
// "=dev" where one further away has.
func matrixCell(r *matrixRow, side int, sides []configSide) render.Cell {
	style := render.Plain
	if r.Expected {
		style = render.Dim
	}
	switch same := r.same[side]; {
	case len(r.Errors) > 0 && r.Errors[side] != "":
		return render.Cell{Text: "cannot be read: " + r.Errors[side], Style: render.Bad}
	case r.Values[side] == nil:
		return render.Cell{}
	case same == side && r.contents[side] != "":
		return render.Cell{Text: r.contents[side], Style: style}
	case same == side:
		return render.Cell{Text: shown(r.Values[side], kindsDiffer(r.Values)), Style: style}
	case same == side-1 || r.same[side-1] == same:
		return render.Cell{Text: "=", Style: render.Dim}
	default:
		return render.Cell{Text: fmt.Sprintf("=%s", sides[same].env), Style: style}
	}
}

// kindsDiffer reports whether values, but for those that are not there, are of
// several kinds.
func kindsDiffer(values []*config.Node) bool {
	var first *config.Node
	for _, v := range values {
		if first == nil {
			first = v
		}
		if v != nil && v.Kind != first.Kind {
			return true
		}
	}
	return false
}
