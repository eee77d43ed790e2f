package cmd

import (
	"fmt"
	"net"
	"strconv"
	"time"

	"govctl/internal/render"
	"govctl/pkg/probe"
	"govctl/pkg/registry"
)

func probeColumns(explain bool) []render.Column[probe.Observation] {
	plain := func(of func(*probe.Observation) string) func(probe.Observation) render.Cell {
		return func(o probe.Observation) render.Cell { return orDash(of(&o)) }
	}
	columns := []render.Column[probe.Observation]{
		{Head: "SERVICE", Drop: 3, Cell: plain(func(o *probe.Observation) string { return o.Service })},
		{Head: "INSTANCE", Cell: plain(func(o *probe.Observation) string { return o.ID })},
		{Head: "ADDRESS", Drop: 4, Cell: plain(addressOf)},
		{Head: "HEALTH", Drop: 1, Cell: func(o probe.Observation) render.Cell {
			return render.Cell{Text: string(o.Health), Style: healthStyle(o.Health)}
		}},
		{Head: "RESULT", Cell: resultCell},
		{Head: "LATENCY", Drop: 2, Right: true, Cell: latencyCell},
		{Head: "TRUTH", Cell: truthCell},
		{Head: "PROBE", Drop: 6, Wide: !explain, Cell: plain(func(o *probe.Observation) string { return probeText(&o.Probe) })},
		{Head: "WHY", Drop: 7, Wide: !explain, Cell: plain(func(o *probe.Observation) string { return o.Probe.Why })},
		{Head: "CERTIFICATE", Drop: 8, Wide: true, Cell: plain(certificateText)},
	}
	return columns
}

// addressOf is where o was registered.
func addressOf(o *probe.Observation) string {
	in := registry.Instance{Address: o.Address, Port: o.Port}
	return in.HostPort()
}

// askedAt is where o was asked.
func askedAt(o *probe.Observation) string {
	if o.Probe.Port != 0 {
		return net.JoinHostPort(o.Address, strconv.Itoa(o.Probe.Port))
	}
	return addressOf(o)
}

func resultCell(o probe.Observation) render.Cell {
	style := render.Plain
	switch o.Result.Outcome {
	case probe.Failed:
		style = render.Bad
	case probe.Unprobeable:
		style = render.Warn
	case probe.OK:
	}
	return render.Cell{Text: string(o.Result.Outcome) + "  " + o.Result.Text(), Style: style}
}

func latencyCell(o probe.Observation) render.Cell {
	if o.Result.LatencySeconds == 0 {
		return orDash("")
	}
	cell := render.Cell{Text: milliseconds(o.Result.LatencySeconds)}
	if o.Slow {
		cell.Style = render.Warn
	}
	return cell
}

func milliseconds(seconds float64) string {
	return strconv.FormatFloat(seconds*1000, 'f', 1, 64) + "ms"
}

func truthCell(o probe.Observation) render.Cell {
	cell := render.Cell{Text: o.Truth.Words()}
	switch {
	case o.Truth.Finding():
		cell.Style = render.Bad
	case o.Slow:
		cell.Text, cell.Style = cell.Text+", slow", render.Warn
	case o.Truth == probe.TruthUnprobeable:
		cell.Style = render.Warn
	case o.Truth == probe.Drained || o.Truth == probe.Pending:
		cell.Style = render.Dim
	}
	return cell
}

func certificateText(o *probe.Observation) string {
	c := o.Result.Certificate
	if c == nil {
		return ""
	}
	return fmt.Sprintf("%s, %d days left, by %s, %s", c.Subject, c.DaysLeft, c.Issuer, c.Protocol)
}

// maxRemarks is how many instances are explained below a table: after that, the
// table says it all.
const maxRemarks = 20

// writeProbeVerdict explains below the table what is not as it should be, and ends
// with how many there are of which kind.
func (a *app) writeProbeVerdict(out render.Options, r *round, took time.Duration) error {
	var notable []probe.Observation
	for i := range r.seen {
		if o := &r.seen[i]; o.Truth.Finding() || o.Slow || o.Truth == probe.TruthUnprobeable {
			notable = append(notable, *o)
		}
	}
	a.printf("\n")
	checks := checksOf(r.instances)
	_, err := render.WriteList(a.Stdout, render.Options{NoHeaders: true, Color: out.Color}, render.List[probe.Observation]{
		Columns: []render.Column[probe.Observation]{
			{Cell: func(o probe.Observation) render.Cell { return remarkWord(&o) }},
			{Cell: func(o probe.Observation) render.Cell { return render.Cell{Text: o.ID} }},
			{Cell: func(o probe.Observation) render.Cell {
				return render.Cell{Text: remark(&o, checks[observationName(o)])}
			}},
		},
		Items: seq(notable[:min(len(notable), maxRemarks)], nil),
	})
	if more := len(notable) - maxRemarks; more > 0 {
		a.printf("… and %d more\n", more)
	}
	if len(notable) > 0 {
		a.printf("\n")
	}
	a.printf("%s\n", probeTotals(r, took))
	if len(notable) > 0 {
		a.say("hint: `govctl explain %s`", remarkWord(&notable[0]).Text)
	}
	return err
}

// probeTotals is the last line: how many were asked, and how they stand.
func probeTotals(r *round, took time.Duration) string {
	n, all := r.tally.Total(), len(r.instances)
	asked := plural(n, "instance")
	switch {
	case all == 0:
		return "no instance to ask in " + place(r.src)
	case n == 0:
		return "none of " + plural(all, "instance") + " asked"
	case n < all:
		asked = fmt.Sprintf("%d of %s", n, plural(all, "instance"))
	}
	return fmt.Sprintf("%s asked in %s: %s", asked, seconds(took), r.tally.Text())
}

// seconds returns d as "1.02s".
func seconds(d time.Duration) string {
	return strconv.FormatFloat(max(0, d.Seconds()), 'f', 2, 64) + "s"
}

func remarkWord(o *probe.Observation) render.Cell {
	if o.Truth.Finding() {
		return render.Cell{Text: string(o.Truth), Style: render.Bad}
	}
	if o.Slow {
		return render.Cell{Text: "slow", Style: render.Warn}
	}
	return render.Cell{Text: string(o.Truth), Style: render.Warn}
}

// checksOf returns the first critical check of each instance, by its name.
func checksOf(instances []registry.Instance) map[string]*registry.Check {
	worst := map[string]*registry.Check{}
	for i := range instances {
		for j := range instances[i].Checks {
			if c := &instances[i].Checks[j]; c.Status == registry.Critical {
				worst[instanceName(instances[i])] = c
				break
			}
		}
	}
	return worst
}

// remark says in a clause what is so with o; critical is its critical check, or
// nil.
func remark(o *probe.Observation, critical *registry.Check) string {
	why := "the registry says " + string(o.Health)
	if critical != nil {
		why = fmt.Sprintf("its registry check %q is critical", critical.ID)
		if critical.Output != "" {
			why += " (" + critical.Output + ")"
		}
	}
	switch {
	case o.Truth == probe.Ghost:
		return "answers, but " + why
	case o.Truth == probe.Down:
		return failure(o) + ", and " + why
	case o.Truth == probe.Zombie:
		return failure(o) + ", but the registry says " + string(o.Health)
	case o.Truth == probe.TruthUnprobeable && o.Result.Outcome == probe.OK:
		return "answers, but " + why + ", and does not tell what it asks"
	case o.Slow:
		return fmt.Sprintf("answers, but takes %s", milliseconds(o.Result.LatencySeconds))
	default:
		return "could not be asked: " + o.Result.Reason
	}
}

// failure says what a failed probe met.
func failure(o *probe.Observation) string {
	switch {
	case o.Result.Phase == probe.Connect && o.Result.Reason == "refused":
		return "nobody listens on " + askedAt(o)
	case o.Result.Phase == probe.Status:
		return "says " + o.Result.Reason
	default:
		return fmt.Sprintf("%s (%s)", o.Result.Text(), askedAt(o))
	}
}
