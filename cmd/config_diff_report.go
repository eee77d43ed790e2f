package cmd

import (
	"fmt"
	"strings"

	"govctl/internal/mask"
	"govctl/internal/render"
	"govctl/pkg/config"
)

// writeReport writes what differs between any number of sides for other people: one
// row, or one annotation, a path.
func (a *app) writeReport(out render.Options, sides []configSide, o config.CompareOptions, m *mask.Masker, showExpected bool) error {
	rows, totals := matrixOf(sides, o, m, showExpected)
	var err error
	switch {
	case out.Format == render.GitHub:
		err = render.WriteAnnotations(a.Stdout, annotationsOf(rows, sides))
	case len(rows) > 0:
		err = a.writeMarkdown(rows, sides)
	}
	if err != nil {
		return err
	}
	a.printf("%s\n", totals.text(showExpected))
	return totals.verdict()
}

func (a *app) writeMarkdown(rows []matrixRow, sides []configSide) error {
	heads := []string{"item", "path"}
	for i := range sides {
		heads = append(heads, sides[i].env)
	}
	cells := make([][]string, 0, len(rows))
	for i := range rows {
		r := &rows[i]
		line := []string{r.String(), r.Path.String()}
		for side := range sides {
			line = append(line, r.text(side))
		}
		cells = append(cells, line)
	}
	err := render.WriteMarkdown(a.Stdout, heads, cells)
	a.printf("\n")
	return err
}

// text is what a side has there, "" for nothing.
func (r *matrixRow) text(side int) string {
	switch {
	case r.Unknown != nil && r.Unknown[side]:
		return "unknown"
	case r.Errors != nil && r.Errors[side] != "":
		return "cannot be read: " + r.Errors[side]
	case r.Values[side] == nil:
		return ""
	default:
		return r.value(side)
	}
}

// annotationsOf returns an annotation for each row: an error for what differs, a
// warning for what is unknown, a notice for what is meant to differ.
func annotationsOf(rows []matrixRow, sides []configSide) []render.Annotation {
	var all []render.Annotation
	for i := range rows {
		r := &rows[i]
		var parts []string
		for side := range sides {
			text := r.text(side)
			if text == "" {
				text = "not there"
			}
			parts = append(parts, sides[side].env+": "+text)
		}
		level := render.Warn
		switch {
		case r.Expected:
			level = render.Dim
		case r.differs:
			level = render.Bad
		}
		all = append(all, render.Annotation{
			Level: level, Title: strings.TrimSpace(fmt.Sprintf("%s %s", r.Key, r.Path)), Text: strings.Join(parts, ", "),
		})
	}
	return all
}
