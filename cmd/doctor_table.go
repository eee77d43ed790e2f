package cmd

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"govctl/internal/render"
	"govctl/pkg/doctor"
)

// checkupColumns are those of doctor's table; across is whether it is about
// several environments.
func checkupColumns(across bool) []render.Column[checkup] {
	text := func(of func(*checkup) string) func(checkup) render.Cell {
		return func(c checkup) render.Cell { return orDash(of(&c)) }
	}
	columns := []render.Column[checkup]{
		{Head: "ROLE", Cell: text(func(c *checkup) string { return string(c.Role) })},
		{Head: "SYSTEM", Cell: text(func(c *checkup) string { return strings.TrimSpace(c.System + " " + c.Version) })},
		{Head: "SERVER", Cell: text(func(c *checkup) string { return cmp.Or(c.Server, c.hosts()) })},
		{Head: "STATE", Cell: checkupCell},
		{Head: "LATENCY", Right: true, Cell: text(func(c *checkup) string { return latency(c.LatencySeconds) })},
		{Head: "PLACE", Drop: 3, Cell: text(func(c *checkup) string { return c.Place })},
		{Head: "READ", Drop: 1, Cell: func(c checkup) render.Cell { return accessCell(c.Read) }},
		{Head: "WRITE", Drop: 1, Cell: func(c checkup) render.Cell { return accessCell(c.Write) }},
		{Head: "IDENTITY", Drop: 2, Cell: text(func(c *checkup) string { return c.Identity })},
		{Head: "CAPABILITIES", Drop: 6, Wide: true, Cell: text(func(c *checkup) string { return strings.Join(c.Capabilities, ",") })},
		{Head: "API", Drop: 7, Wide: true, Cell: text(func(c *checkup) string { return c.Generation })},
		{Head: "CLOCK", Drop: 8, Wide: true, Right: true, Cell: text(func(c *checkup) string { return signed(c.ClockSkewSeconds) })},
		{Head: "STALE", Drop: 9, Wide: true, Right: true, Cell: text(func(c *checkup) string { return age(c.StaleSeconds) })},
		{Head: "FROM", Drop: 10, Wide: true, Cell: text(func(c *checkup) string { return c.From })},
	}
	if !across {
		return columns
	}
	environment := render.Column[checkup]{Head: "ENV", Cell: text(func(c *checkup) string { return c.Environment })}
	return append([]render.Column[checkup]{environment}, columns...)
}

// checkupCell is the mark and the word for the worst that was found.
func checkupCell(c checkup) render.Cell {
	var t doctor.Tally
	t.Add(&c.Report)
	return levelCell(t.Worst())
}

// levelCell is the mark and the word for a level, "" for none.
func levelCell(l doctor.Level) render.Cell {
	switch l {
	case doctor.Fail:
		return render.Cell{Text: "✗ fail", Style: render.Bad}
	case doctor.Inconclusive:
		return render.Cell{Text: "? unknown", Style: render.Bad}
	case doctor.Warn:
		return render.Cell{Text: "! warn", Style: render.Warn}
	}
	return render.Cell{Text: "✓ ok", Style: render.Good}
}

func accessCell(a doctor.Access) render.Cell {
	switch a {
	case doctor.Yes:
		return render.Cell{Text: "yes"}
	case doctor.Some:
		return render.Cell{Text: "some", Style: render.Warn}
	case doctor.No:
		return render.Cell{Text: "no", Style: render.Warn}
	case doctor.Unknown:
	}
	return orDash("")
}

// latency shows a time above 0; "" where there is none.
func latency(seconds float64) string {
	if seconds == 0 {
		return ""
	}
	return milliseconds(seconds)
}

// signed shows a time that may be below 0; "" where it is not known.
func signed(seconds *float64) string {
	if seconds == nil {
		return ""
	}
	return fmt.Sprintf("%+gs", *seconds)
}

func age(seconds *float64) string {
	if seconds == nil {
		return ""
	}
	return time.Duration(*seconds * float64(time.Second)).Round(time.Millisecond).String()
}

// writeDoctorVerdict writes below the table the servers of each cluster, what is
// wrong and what to do about it, and last what it comes to.
func (a *app) writeDoctorVerdict(out render.Options, checkups []checkup) error {
	if err := a.writeClusters(out, checkups); err != nil {
		return err
	}
	if len(checkups) > 0 {
		if err := a.writeFindings(out, checkups); err != nil {
			return err
		}
	}
	t := tallyOf(checkups)
	a.printf("\n%s\n", doctorTotals(t))
	if hint := hintExplain(checkups); hint != "" && !noneAnswered(t) { // else the error has it
		a.say("hint: %s", hint)
	}
	return nil
}

// hintExplain says where more is said of the first finding; "" where there is
// none.
func hintExplain(checkups []checkup) string {
	for i := range checkups {
		if f := checkups[i].Findings; len(f) > 0 {
			return fmt.Sprintf("`govctl explain %s`", f[0].Code)
		}
	}
	return ""
}

// noneAnswered reports whether the command ends with the error that says so.
func noneAnswered(t *doctor.Tally) bool { return t.Worst() == doctor.Inconclusive && t.Reached == 0 }

// writeClusters writes the servers of each cluster that has more than one, once
// where several back-ends belong to it.
func (a *app) writeClusters(out render.Options, checkups []checkup) error {
	written := map[string]bool{}
	for i := range checkups {
		c := &checkups[i]
		key := fmt.Sprint(c.Members)
		if len(c.Members) < 2 || written[key] {
			continue
		}
		written[key] = true
		a.printf("\n")
		_, err := render.WriteList(a.Stdout, out, render.List[doctor.Member]{Columns: memberColumns(c.System), Items: seq(c.Members, nil)})
		if err != nil {
			return err
		}
	}
	return nil
}

func memberColumns(system string) []render.Column[doctor.Member] {
	return []render.Column[doctor.Member]{
		{Head: strings.ToUpper(system) + " SERVER", Cell: func(m doctor.Member) render.Cell { return render.Cell{Text: m.Name} }},
		{Head: "ADDRESS", Cell: func(m doctor.Member) render.Cell { return render.Cell{Text: m.Address} }},
		{Head: "STATE", Cell: func(m doctor.Member) render.Cell {
			if m.Healthy {
				return render.Cell{Text: m.State}
			}
			return render.Cell{Text: m.State, Style: render.Bad}
		}},
		{Head: "LEADER", Cell: func(m doctor.Member) render.Cell {
			if m.Leader {
				return render.Cell{Text: "leader"}
			}
			return orDash("")
		}},
		{Head: "VERSION", Drop: 1, Cell: func(m doctor.Member) render.Cell { return orDash(m.Version) }},
	}
}

// remarkOn is a finding, and about what it is.
type remarkOn struct {
	*doctor.Finding
	about string
}

// writeFindings writes each finding once, with the hint below it.
func (a *app) writeFindings(out render.Options, checkups []checkup) error {
	name := func(c *checkup) string { return c.Environment }
	if checkups[0].Environment == checkups[len(checkups)-1].Environment {
		name = func(*checkup) string { return "" } // there is but one
	}
	var remarks []remarkOn
	for i := range checkups {
		c := &checkups[i]
		for j := range c.Findings {
			remarks = append(remarks, remarkOn{&c.Findings[j], strings.TrimSpace(name(c) + " " + string(c.Role))})
		}
	}
	lines := remarkLines(together(remarks), out.Width)
	if len(lines) == 0 {
		return nil
	}
	a.printf("\n")
	_, err := render.WriteList(a.Stdout, render.Options{NoHeaders: true, Color: out.Color}, render.List[[2]render.Cell]{
		Columns: []render.Column[[2]render.Cell]{
			{Cell: func(l [2]render.Cell) render.Cell { return l[0] }},
			{Cell: func(l [2]render.Cell) render.Cell { return l[1] }},
		},
		Items: seq(lines, nil),
	})
	return err
}

// remarkLines are the codes of remarks and, beside them, their texts and hints in
// lines that make rows of at most width characters; 0 is no limit.
func remarkLines(remarks []remarkOn, width int) [][2]render.Cell {
	const gap = 2 // between the columns
	widest := 0
	for _, r := range remarks {
		widest = max(widest, utf8.RuneCountInString(findingCell(r.Finding).Text))
	}
	var lines [][2]render.Cell
	add := func(head render.Cell, text string) {
		texts := []string{text}
		if width > 0 {
			texts = wrap(text, max(width-gap-widest, minText))
		}
		for _, line := range texts {
			lines = append(lines, [2]render.Cell{head, {Text: line}})
			head = render.Cell{}
		}
	}
	for _, r := range remarks {
		add(findingCell(r.Finding), r.about+": "+r.Text)
		if r.Hint != "" {
			add(render.Cell{}, "hint: "+r.Hint)
		}
	}
	return lines
}

// findingCell is the mark of how bad f is, and its code.
func findingCell(f *doctor.Finding) render.Cell {
	level := levelCell(f.Level)
	mark, _, _ := strings.Cut(level.Text, " ")
	return render.Cell{Text: mark + " " + string(f.Code), Style: level.Style}
}

// together makes one remark of those that say the same about several back-ends,
// which are then mostly one server.
func together(remarks []remarkOn) []remarkOn {
	var out []remarkOn
	at := map[doctor.Finding]int{}
	for _, r := range remarks {
		if i, ok := at[*r.Finding]; ok {
			out[i].about += ", " + r.about
			continue
		}
		at[*r.Finding] = len(out)
		out = append(out, r)
	}
	return out
}

// tallyOf counts all that was found.
func tallyOf(checkups []checkup) *doctor.Tally {
	t := new(doctor.Tally)
	for i := range checkups {
		t.Add(&checkups[i].Report)
	}
	return t
}

// doctorTotals is the last line.
func doctorTotals(t *doctor.Tally) string {
	parts := []string{}
	for _, part := range []struct {
		n    int
		noun string
	}{{t.Failures, "failure"}, {t.Missing, "unknown"}, {t.Warnings, "warning"}} {
		switch {
		case part.n == 0:
		case part.noun == "unknown":
			parts = append(parts, strconv.Itoa(part.n)+" unknown")
		default:
			parts = append(parts, plural(part.n, part.noun))
		}
	}
	if len(parts) == 0 {
		parts = []string{"all is well"}
	}
	return fmt.Sprintf("%s checked, %d answered: %s", plural(t.Reports, "back-end"), t.Reached, strings.Join(parts, ", "))
}

// verdictOfDoctor is how the command ends.
func verdictOfDoctor(checkups []checkup, failOn string) error {
	t := tallyOf(checkups)
	switch worst := t.Worst(); {
	case worst == doctor.Fail, worst == doctor.Warn && failOn == string(doctor.Warn):
		return errFinding
	case noneAnswered(t):
		return withHint(errors.New("check back-ends: none answered"), hintExplain(checkups))
	case worst == doctor.Inconclusive:
		return errIncomplete
	}
	return nil
}
