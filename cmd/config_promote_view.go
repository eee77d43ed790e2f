package cmd

import (
	"context"
	"fmt"
	"strings"

	"govctl/internal/mask"
	"govctl/internal/render"
	"govctl/pkg/config"
)

// stateNoted is of what changed nothing in B, but what is agreed.
const stateNoted = "noted"

// decision is what becomes of a place where two environments differ.
type decision struct {
	config.Key
	Path config.Path `json:"path"`
	// Whole is true where it is about the item as a whole; Why then says why it is not
	// merged by path.
	Whole bool        `json:"whole,omitempty"`
	Fate  config.Fate `json:"fate"`
	// Took is the side that somebody decided for, A or B.
	Took  config.Side `json:"took,omitempty"`
	Moves bool        `json:"moves"`
	// A and B are what stands there, left out where nothing does, and of items as a
	// whole. Secrets are masked.
	A   *config.Node `json:"a,omitempty"`
	B   *config.Node `json:"b,omitempty"`
	Why string       `json:"why,omitempty"`
}

// decisionsOf returns the places where an item differs.
func decisionsOf(i *config.PromotedItem, m *mask.Masker) []decision {
	all := make([]decision, len(i.Points))
	for j := range i.Points {
		p := &i.Points[j]
		masked := config.MaskedChange(config.Change{Path: p.Path, Before: p.A, After: p.B}, m)
		all[j] = decision{
			Key: i.Key, Path: masked.Path, Whole: i.Whole, Fate: i.Becomes(j), Took: p.Took, Moves: i.Moves(j), A: masked.Before, B: masked.After,
		}
		if i.Whole {
			all[j].A, all[j].B = nil, nil
		}
		if i.Why != nil {
			all[j].Why = i.Why.Error()
		}
	}
	return all
}

// viewOfPromotion is viewOf of a promotion, with all places where A and B differ.
func (a *app) viewOfPromotion(ctx context.Context, p *promotion, e *execution) (planView, error) {
	view := a.viewOf(p.plan, p.to(), e.masker)
	if err := a.noteBatches(ctx, p.stores[1], p.plan, &view); err != nil {
		return view, err
	}
	view.From, view.Decisions = p.from().env, []decision{}
	for i := range p.Items {
		view.Decisions = append(view.Decisions, decisionsOf(&p.Items[i], e.masker)...)
	}
	return view, nil
}

// writePromoted writes a promotion for programs.
func (a *app) writePromoted(ctx context.Context, p *promotion, e *execution, state string) error {
	view, err := a.viewOfPromotion(ctx, p, e)
	if err != nil {
		return err
	}
	view.State = state
	return a.writePlan(e.out, view)
}

// writePromotion writes what becomes of B for a person: item by item, and what it
// comes to.
func (a *app) writePromotion(p *promotion, e *execution) error {
	to := render.Safe(fmt.Sprintf("%s (%s), from %s", p.to().env, p.to().at, p.from().env))
	if n := len(p.plan.Changes); n > 0 {
		a.printf("Plan %s: %s to %s\n\n", p.plan.ID, plural(n, "change"), to)
	} else {
		a.printf("nothing goes up to %s\n\n", to)
	}
	for i := range p.Items {
		if err := a.writePromotedItem(p, &p.Items[i], e); err != nil {
			return err
		}
	}
	a.writePromotionTotals(p)
	return nil
}

// isTold tells whether a person is told of a place by itself: not of what is as it
// was accepted.
func isTold(f config.Fate) bool { return f != config.Accepted }

// writePromotedItem writes an item, unless all of it is as it was accepted or meant.
func (a *app) writePromotedItem(p *promotion, i *config.PromotedItem, e *execution) error {
	all := decisionsOf(i, e.masker)
	told := false
	for _, d := range all {
		told = told || isTold(d.Fate) && d.Fate != config.Expected && d.Fate != config.Protected
	}
	if !told {
		return nil
	}
	if i.Whole {
		return a.writeWholeItem(p, i, &all[0], e)
	}
	lines := []render.Cell{{Text: "  " + i.String()}}
	if i.Why != nil {
		lines = append(lines, render.Cell{Text: "    it cannot be merged by path: " + i.Why.Error(), Style: render.Warn})
	}
	if err := render.WriteLines(a.Stdout, e.out, lines); err != nil {
		return err
	}
	var rows [][3]render.Cell
	for j := range all {
		if d := &all[j]; isTold(d.Fate) {
			rows = append(rows, p.row(d))
		}
	}
	column := func(i int) render.Column[[3]render.Cell] {
		return render.Column[[3]render.Cell]{Cell: func(l [3]render.Cell) render.Cell { return l[i] }}
	}
	_, err := render.WriteList(a.Stdout, render.Options{NoHeaders: true, Color: e.out.Color}, render.List[[3]render.Cell]{
		Columns: []render.Column[[3]render.Cell]{column(0), column(1), column(2)}, Items: seq(rows, nil),
	})
	a.printf("\n")
	return err
}

// row is a place as a person sees it: where, what, and why.
func (p *promotion) row(d *decision) [3]render.Cell {
	mark, style, why := p.verdict(d)
	return [3]render.Cell{
		{Text: "    " + mark + " " + pathText(d.Path), Style: style},
		{Text: values(d), Style: style},
		{Text: why, Style: style},
	}
}

// maxShown is how many characters are shown of a value.
const maxShown = 40

// values are what stands there in A and in B.
func values(d *decision) string {
	one := func(n *config.Node) string {
		if n == nil {
			return "-"
		}
		text := strings.Join(strings.Fields(shown(n, d.A != nil && d.B != nil && d.A.Kind != d.B.Kind)), " ")
		if long := []rune(text); len(long) > maxShown {
			text = string(long[:maxShown-1]) + "…"
		}
		return text
	}
	switch d.Fate {
	case config.Up:
		if d.B == nil {
			return "added: " + one(d.A)
		}
		return one(d.B) + " → " + one(d.A)
	case config.Kept, config.Gone:
		return one(d.B)
	case config.Expected, config.Protected:
		return ""
	default:
		return one(d.A) + " | " + one(d.B)
	}
}

// verdict is how a place is marked, and what is said of it.
func (p *promotion) verdict(d *decision) (mark string, style render.Style, why string) {
	from, to := p.from().env, p.to().env
	switch d.Fate {
	case config.Up:
		return "↑", render.Good, takenFrom(d, from)
	case config.Gone:
		if d.Moves {
			return "-", render.Bad, "removed: gone from " + from
		}
		return "-", render.Warn, "gone from " + from + "  (--prune removes it)"
	case config.Kept:
		if d.Took == config.SideB {
			return "=", render.Plain, "kept: " + to + " was taken"
		}
		return "=", render.Plain, "kept: changed only in " + to
	case config.Conflict:
		return "!", render.Bad, "conflict: " + from + " | " + to + "  (--take A|B)"
	case config.Unrelated:
		return "?", render.Warn, "unrelated: " + from + " | " + to
	case config.Unmerged:
		if d.Took == config.SideA {
			return "?", render.Warn, "stays: it cannot be taken"
		}
		return "?", render.Warn, "moves only with the whole item  (--take A)"
	case config.Unseen:
		return "?", render.Warn, "not known: not everything may be read"
	case config.Protected:
		return "·", render.Dim, "protected"
	case config.Expected:
		return "·", render.Dim, "expected to differ"
	default:
		return "=", render.Dim, "accepted difference"
	}
}

func takenFrom(d *decision, from string) string {
	if d.Took == config.SideA {
		return "taken from " + from
	}
	return ""
}

// writeWholeItem writes an item that is there on one side only, or is not merged by
// path: its lines, where it replaces another.
func (a *app) writeWholeItem(p *promotion, i *config.PromotedItem, d *decision, e *execution) error {
	mark, style, why := p.verdict(d)
	text := why
	switch {
	case i.Change != nil && i.B == nil:
		mark, text = "+", fmt.Sprintf("created, %s", render.Bytes(len(i.Change.After)))
	case i.Change != nil && i.A != nil:
		text = strings.TrimSpace("replaced as a whole  " + why)
	}
	lines := []render.Cell{{Text: fmt.Sprintf("  %s %s  %s", mark, i.Key, text), Style: style}}
	if i.Why != nil {
		lines = append(lines, render.Cell{Text: "    it cannot be merged by path: " + i.Why.Error(), Style: render.Warn})
	}
	for _, path := range i.Without {
		lines = append(lines, render.Cell{Text: "    without " + path.String() + ", which is expected to differ or protected", Style: render.Warn})
	}
	if i.A != nil && i.B != nil {
		sides := []configSide{p.sides[1], p.sides[0]}
		for _, line := range textOf(&config.ItemDiff{Key: i.Key, A: i.B, B: i.A}, sides, e.masker) {
			line.Text = "    " + line.Text
			lines = append(lines, line)
		}
	}
	if err := render.WriteLines(a.Stdout, e.out, lines); err != nil {
		return err
	}
	a.printf("\n")
	return nil
}

// writePromotionTotals writes how much goes up, is kept, and waits, and what to do.
func (a *app) writePromotionTotals(p *promotion) {
	tally := p.Tally()
	var parts []string
	for _, one := range []struct {
		fate  config.Fate
		words string
	}{
		{config.Up, "up"},
		{config.Gone, "gone"},
		{config.Kept, "kept"},
		{config.Conflict, "in conflict"},
		{config.Unrelated, "unrelated"},
		{config.Unmerged, "not merged"},
		{config.Unseen, "not known"},
		{config.Accepted, "accepted as different"},
		{config.Expected, "expected to differ"},
		{config.Protected, "protected"},
	} {
		if n := tally[one.fate]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, one.words))
		}
	}
	if len(parts) > 0 {
		a.printf("%s\n", strings.Join(parts, " · "))
	}
	if tally[config.Unrelated] > 0 {
		a.say("hint: nothing was agreed yet about what is unrelated: --baseline accepts it as it is, --take A brings it to %s", p.to().env)
	}
	switch open := p.open(); {
	case open == 1:
		a.printf("1 conflict: nothing will be written until it is decided.\n")
	case open > 1:
		a.printf("%d conflicts: nothing will be written until they are decided.\n", open)
	}
}
