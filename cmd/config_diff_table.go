package cmd

import (
	"fmt"
	"strings"

	"govctl/internal/mask"
	"govctl/internal/render"
	"govctl/pkg/config"
)

// itemDifference is an item that differs. The JSON names are an interface.
type itemDifference struct {
	config.Key
	Kind config.ItemDiffKind `json:"kind"`
	// In is the side that has an item of which the other is unknown: A or B.
	In string `json:"in,omitempty"`
	// Expected is true where the item as a whole is meant to differ.
	Expected bool `json:"expected"`
	// Changes are the values that differ, ExpectedChanges those that are meant to.
	Changes         []config.Change `json:"changes"`
	ExpectedChanges []config.Change `json:"expectedChanges"`
	// ErrorA and ErrorB say why a side cannot be read.
	ErrorA string `json:"errorA,omitempty"`
	ErrorB string `json:"errorB,omitempty"`
}

// writeComparison writes what differs between two sides, and says by its error
// what it comes to.
func (a *app) writeComparison(out render.Options, sides []configSide, c config.Comparison, m *mask.Masker, showExpected bool) error {
	var list []*config.ItemDiff
	for i := range c.Items {
		if d := &c.Items[i]; isShown(d, showExpected) {
			list = append(list, d)
		}
	}
	var err error
	switch {
	case human(out.Format):
		if err = a.writeItemDifferences(out, list, sides, m, showExpected); err == nil {
			a.printf("%s\n", comparisonTotals(&c.Totals, sides, showExpected))
		}
	case out.Format == render.Name: // it shows no value that were to be masked
		err = writeList(a.Stdout, out, render.List[*config.ItemDiff]{
			Name:  func(d *config.ItemDiff) string { return d.Key.String() },
			Items: seq(list, nil),
		})
	default:
		err = writeList(a.Stdout, out, render.List[itemDifference]{Items: func(yield func(itemDifference, error) bool) {
			for _, d := range list {
				if !yield(differenceOf(d, m, showExpected), nil) {
					return
				}
			}
		}})
	}
	if err != nil {
		return err
	}
	return verdictOfTotals(&c.Totals)
}

func verdictOfTotals(t *config.Totals) error {
	return verdictOfDiff(t.Differ, t.Unparsed+t.UnknownA+t.UnknownB)
}

// isShown reports whether there is something to say of an item.
func isShown(d *config.ItemDiff, showExpected bool) bool {
	return d.Differs() || d.Kind == config.Unknown || showExpected
}

// differenceOf returns d with its secrets masked.
func differenceOf(d *config.ItemDiff, m *mask.Masker, showExpected bool) itemDifference {
	out := itemDifference{Key: d.Key, Kind: d.Kind, Expected: d.AllExpected, Changes: config.MaskedChanges(d.Changes, m), ExpectedChanges: []config.Change{}}
	if showExpected {
		out.ExpectedChanges = config.MaskedChanges(d.Expected, m)
	}
	if d.Kind == config.Unknown {
		if out.In = "A"; d.A == nil {
			out.In = "B"
		}
	}
	if d.ErrA != nil {
		out.ErrorA = d.ErrA.Error()
	}
	if d.ErrB != nil {
		out.ErrorB = d.ErrB.Error()
	}
	return out
}

// writeItemHead writes what an item is called and how it differs as a whole, and
// reports whether there is more to say of it.
func (a *app) writeItemHead(d *itemDifference, sides []configSide) (more bool) {
	text := ""
	switch d.Kind {
	case config.OnlyA:
		text = "  only in " + sides[0].env
	case config.OnlyB:
		text = "  only in " + sides[1].env
	case config.Unknown:
		has, other := sides[0].env, sides[1].env
		if d.In == "B" {
			has, other = other, has
		}
		text = fmt.Sprintf("  in %s, unknown in %s", has, other)
	case config.Whole:
		text, more = "  differs as a whole", true
	case config.Inside:
		more = true
	}
	a.printf("%s%s\n", render.Safe(d.String()+text), expectedMark(d.Expected))
	for i, text := range []string{d.ErrorA, d.ErrorB} {
		if text != "" {
			a.printf("  cannot be read in %s: %s\n", render.Safe(sides[i].env), render.Safe(text))
		}
	}
	if !more {
		a.printf("\n")
	}
	return more
}

// writeItemDifferences writes items, with their secrets masked.
func (a *app) writeItemDifferences(out render.Options, list []*config.ItemDiff, sides []configSide, m *mask.Masker, showExpected bool) error {
	for _, d := range list {
		row := differenceOf(d, m, showExpected)
		if err := a.writeItemDifference(out, &row, sides); err != nil {
			return err
		}
	}
	return nil
}

// writeItemDifference writes an item, and below it a line for each value.
func (a *app) writeItemDifference(out render.Options, d *itemDifference, sides []configSide) error {
	if !a.writeItemHead(d, sides) {
		return nil
	}
	lines := make([][2]render.Cell, 0, len(d.Changes)+len(d.ExpectedChanges))
	for _, c := range d.Changes {
		lines = append(lines, [2]render.Cell{{Text: "  " + pathText(c.Path)}, {Text: changeText(c, sides), Style: render.Warn}})
	}
	for _, c := range d.ExpectedChanges {
		lines = append(lines, [2]render.Cell{{Text: "  " + pathText(c.Path), Style: render.Dim}, {Text: changeText(c, sides) + expectedMark(true), Style: render.Dim}})
	}
	_, err := render.WriteList(a.Stdout, render.Options{NoHeaders: true, Color: out.Color}, render.List[[2]render.Cell]{
		Columns: []render.Column[[2]render.Cell]{
			{Cell: func(l [2]render.Cell) render.Cell { return l[0] }},
			{Cell: func(l [2]render.Cell) render.Cell { return l[1] }},
		},
		Items: seq(lines, nil),
	})
	a.printf("\n")
	return err
}

func expectedMark(expected bool) string {
	if expected {
		return "  (expected)"
	}
	return ""
}

// pathText names the root, which has no path.
func pathText(p config.Path) string {
	if len(p) == 0 {
		return "(all of it)"
	}
	return p.String()
}

// changeText is "10 → 20", with the kinds where they differ.
func changeText(c config.Change, sides []configSide) string {
	switch {
	case c.After == nil:
		return "only in " + sides[0].env + ": " + shown(c.Before, false)
	case c.Before == nil:
		return "only in " + sides[1].env + ": " + shown(c.After, false)
	case c.Retyped():
		return fmt.Sprintf("%s (%s) → %s (%s)", shown(c.Before, true), c.Before.Kind, shown(c.After, true), c.After.Kind)
	default:
		return shown(c.Before, false) + " → " + shown(c.After, false)
	}
}

// comparisonTotals is the last line of a comparison.
func comparisonTotals(t *config.Totals, sides []configSide, showExpected bool) string {
	items := plural(t.Items-t.UnknownA-t.UnknownB, "item")
	text := "no difference in " + items
	switch {
	case t.Differ == 1:
		text = "1 of " + items + " differs"
	case t.Differ > 1:
		text = fmt.Sprintf("%d of %s differ", t.Differ, items)
	}
	var parts []string
	add := func(n int, noun, after string) {
		if n > 0 {
			parts = append(parts, plural(n, noun)+after)
		}
	}
	add(t.Changed, "path", " changed")
	add(t.PathsOnlyA, "path", " only in "+sides[0].env)
	add(t.PathsOnlyB, "path", " only in "+sides[1].env)
	add(t.OnlyA, "item", " only in "+sides[0].env)
	add(t.OnlyB, "item", " only in "+sides[1].env)
	add(t.Whole, "item", " as a whole")
	if len(parts) > 0 {
		text += ": " + strings.Join(parts, ", ")
	}
	if t.Expected > 0 {
		text += " · " + plural(t.Expected, "expected difference")
		if !showExpected {
			text += " (--show-expected)"
		}
	}
	if t.UnknownA > 0 {
		text += " · " + plural(t.UnknownA, "item") + " unknown in " + sides[1].env
	}
	if t.UnknownB > 0 {
		text += " · " + plural(t.UnknownB, "item") + " unknown in " + sides[0].env
	}
	if t.Unparsed > 0 {
		text += " · " + plural(t.Unparsed, "item") + " cannot be read"
	}
	return render.Safe(text)
}
