package cmd

import (
	"fmt"
	"slices"
	"strings"

	"govctl/internal/mask"
	"govctl/internal/render"
	"govctl/internal/settings"
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
	// Unknown is, by environment, whether it may be there without being shown.
	Unknown []bool `json:"unknown,omitempty"`
	// Errors say, by environment, why an item cannot be read.
	Errors []string `json:"errors,omitempty"`

	same    []int
	differs bool
	// contents stand for what differs as a whole: its size and a hash.
	contents []string
}

// matrixTotals count rows.
type matrixTotals struct{ differ, expected, unknown, unread int }

// matrixOf returns the rows to show of what differs between sides, and counts all.
func matrixOf(sides []configSide, o config.CompareOptions, m *mask.Masker, showExpected bool) (rows []matrixRow, t matrixTotals) {
	all := make([][]config.Item, len(sides))
	for i := range sides {
		all[i] = sides[i].items
	}
	for _, r := range config.Matrix(all, o) {
		if r.Errs != nil {
			t.unread++
		}
		switch {
		case r.Expected:
			t.expected++
		case r.Differs():
			t.differ++
		default:
			t.unknown++
		}
		if !r.Expected || showExpected {
			rows = append(rows, matrixRowOf(&r, all, m))
		}
	}
	return rows, t
}

// writeMatrix writes what differs between three sides or more: one row a path, one
// column an environment.
func (a *app) writeMatrix(out render.Options, sides []configSide, o config.CompareOptions, m *mask.Masker, showExpected bool) error {
	rows, totals := matrixOf(sides, o, m, showExpected)
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
		a.printf("\n%s\n", totals.text(showExpected))
	}
	return totals.verdict()
}

// matrixRowOf returns a row of what sides have with its secrets masked.
func matrixRowOf(r *config.Row, sides [][]config.Item, m *mask.Masker) matrixRow {
	path := config.MaskedChange(config.Change{Path: r.Path}, m).Path
	row := matrixRow{Key: r.Key, Path: path, Expected: r.Expected, Unknown: r.Unknown, same: r.Same, differs: r.Differs(), Values: make([]*config.Node, len(r.Values))}
	for i, v := range r.Values {
		switch {
		case v == nil:
		case r.Whole:
			at, _ := slices.BinarySearchFunc(sides[i], r.Key, func(item config.Item, k config.Key) int { return item.Compare(k) })
			row.Values[i] = &config.Node{Kind: config.String, Text: string(config.MaskedContent(sides[i][at], m))}
			row.contents = append(row.contents, contentOf([]byte(v.Text), m))
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

func (t matrixTotals) verdict() error { return verdictOfDiff(t.differ, t.unread+t.unknown) }

// contentOf stands for a content: its size and a hash.
func contentOf(content []byte, m *mask.Masker) string {
	return render.Bytes(len(content)) + " " + m.Hash(string(content))
}

// text is the last line of a matrix.
func (t matrixTotals) text(showExpected bool) string {
	text := plural(t.differ, "path") + " differ"
	switch t.differ {
	case 0:
		text = "no difference"
	case 1:
		text = "1 path differs"
	}
	if t.expected > 0 {
		text += " · " + plural(t.expected, "expected difference")
		if !showExpected {
			text += " (--show-expected)"
		}
	}
	if t.unknown > 0 {
		text += " · " + plural(t.unknown, "item") + " unknown"
	}
	if t.unread > 0 {
		text += " · " + plural(t.unread, "item") + " cannot be read"
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
			Head: sides[i].head(),
			Cell: func(r matrixRow) render.Cell { return matrixCell(&r, i, sides) },
		})
	}
	return columns
}

// head is what a column of a side is called: in capitals, but for a path or a URL.
func (s *configSide) head() string {
	if settings.IsURL(s.env) || isFiles(s.env) {
		return render.Safe(s.env)
	}
	return strings.ToUpper(render.Safe(s.env))
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
	case r.Unknown != nil && r.Unknown[side]:
		return render.Cell{Text: "unknown", Style: render.Warn}
	case r.Values[side] == nil:
		return render.Cell{}
	case same == side:
		return render.Cell{Text: r.value(side), Style: style}
	case same == side-1 || r.same[side-1] == same:
		return render.Cell{Text: "=", Style: render.Dim}
	default:
		return render.Cell{Text: fmt.Sprintf("=%s", sides[same].env), Style: style}
	}
}

// value is what a side has there, as people read it.
func (r *matrixRow) value(side int) string {
	if r.contents[side] != "" {
		return r.contents[side]
	}
	return shown(r.Values[side], kindsDiffer(r.Values))
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
