package cmd

import (
	"cmp"
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"govctl/internal/render"
	"govctl/internal/settings"
	"govctl/pkg/registry"
)

func newServicesLsCmd(a *app) *cobra.Command {
	var sel selectFlags
	var watch listWatchFlags
	c := &cobra.Command{
		Use:     "ls [GLOB...]",
		Aliases: []string{"list"},
		Short:   "List the services with their instances, health and versions",
		Long: "List the services with their instances, health and versions.\n\n" +
			"Where a system can count by itself it is asked once; versions that stand only in an\n" +
			"instance's metadata are then missing, and -o wide fetches each service to show them.\n\n" +
			watchHelp,
		Example: "  govctl services ls\n  govctl services ls 'pay*' -o wide\n  govctl services ls --health critical -o name\n  govctl services ls 'pay*' -w",
		RunE: func(c *cobra.Command, args []string) error {
			if err := watch.check(c); err != nil {
				return err
			}
			if watch.on {
				return a.servicesLsWatch(c.Context(), sel, watch.length, args)
			}
			return a.servicesLs(c.Context(), sel, args)
		},
		ValidArgsFunction: a.completeServices,
	}
	sel.add(c, registry.SummarySortFields())
	watch.add(c)
	return c
}

func (a *app) servicesLs(ctx context.Context, flags selectFlags, patterns []string) error {
	sel, err := flags.selector(func(field string) error { return registry.SortSummaries(nil, field) })
	if err != nil {
		return err
	}
	return a.ask(ctx, "list services", func(ctx context.Context, opts render.Options, src source) error {
		rows, err := a.summaries(ctx, src, sel, patterns, opts.Format == render.Wide)
		if flags.sort != "" {
			err = cmp.Or(err, registry.SortSummaries(rows, flags.sort))
		}
		err = writeList(a.Stdout, opts, render.List[registry.Summary]{
			Columns: summaryColumns(src),
			Name:    func(s registry.Summary) string { return s.Service },
			Items:   take(seq(rows, err), flags.limit),
		})
		if err == nil && human(opts.Format) {
			a.sayTotals(rows, src)
		}
		return err
	})
}

// sayTotals says below a list what it adds up to, and where there is nothing at
// all to see, how to see something.
func (a *app) sayTotals(rows []registry.Summary, src source) {
	a.say("%s", totals(rows, src))
	if len(rows) == 0 {
		a.sayNothingHere(noServicesYet)
	}
}

const noServicesYet = "`govctl demo` runs a mesh to look at; -e consul://HOST:PORT names a registry"

// sayNothingHere says how to see something: to somebody who has no settings yet,
// first; where the back-end has said why there is nothing, that is enough.
func (a *app) sayNothingHere(first string) {
	switch {
	case len(a.notices.all()) > 0:
	case a.cfg.Source == settings.SourceDefault && a.flags.env == "":
		a.say("hint: %s", first)
	default:
		a.say("hint: `govctl doctor` says whether this is the right place")
	}
}

// summaries returns a row for each service that patterns and sel pick. The
// registry's own count serves where nothing needs to be known of single
// instances.
func (a *app) summaries(ctx context.Context, src source, sel registry.Selector, patterns []string, whole bool) ([]registry.Summary, error) {
	if s, ok := src.registry.(registry.Summarizer); ok && sel.IsZero() && !whole {
		rows, err := s.Summaries(ctx)
		if err != nil {
			return nil, err
		}
		return pickSummaries(src, rows, patterns)
	}
	services, err := src.registry.Services(ctx)
	if err != nil {
		return nil, err
	}
	if services, err = pick(src, services, patterns); err != nil {
		return nil, err
	}
	return a.count(ctx, src, services, sel)
}

// pickSummaries returns the rows of the services that patterns pick.
func pickSummaries(src source, rows []registry.Summary, patterns []string) ([]registry.Summary, error) {
	all := make([]string, 0, len(rows))
	for i := range rows {
		all = append(all, rows[i].Service)
	}
	picked, err := pick(src, all, patterns)
	if err != nil {
		return nil, err
	}
	kept := rows[:0]
	for i := range rows {
		if len(picked) > 0 && rows[i].Service == picked[0] { // both are sorted
			kept, picked = append(kept, rows[i]), picked[1:]
		}
	}
	return kept, nil
}

// count lists the instances of services that sel picks and counts them. With an
// error it returns what it had counted before.
func (a *app) count(ctx context.Context, src source, services []string, sel registry.Selector) ([]registry.Summary, error) {
	var counter registry.Counter
	for in, err := range registry.Filter(a.progress(registry.ListKnown(ctx, src.registry, services)), sel) {
		if err != nil {
			return counter.Summaries(), err
		}
		counter.Add(&in)
	}
	return counter.Summaries(), nil
}

func summaryColumns(src source) []render.Column[registry.Summary] {
	return []render.Column[registry.Summary]{
		{Head: "SERVICE", Cell: func(s registry.Summary) render.Cell { return render.Cell{Text: s.Service} }},
		{Head: "INSTANCES", Right: true, Cell: func(s registry.Summary) render.Cell { return render.Cell{Text: strconv.Itoa(s.Instances)} }},
		{Head: "HEALTH", Cell: healthCell},
		{Head: "VERSIONS", Drop: 2, Cell: func(s registry.Summary) render.Cell { return countsCell(s.Versions) }},
		{Head: "PROTOCOLS", Drop: 3, Cell: func(s registry.Summary) render.Cell { return countsCell(s.Protocols) }},
		{Head: "BACKEND", Drop: 4, Wide: true, Cell: func(registry.Summary) render.Cell { return render.Cell{Text: src.at} }},
	}
}

// countsCell shows counts, or "-" where there are none.
func countsCell(counts []registry.Count) render.Cell { return orDash(registry.CountsText(counts)) }

// orDash returns a cell with text, or with "-" where there is none.
func orDash(text string) render.Cell {
	if text == "" {
		return render.Cell{Text: "-", Style: render.Dim}
	}
	return render.Cell{Text: text}
}

// healthCell draws a service's health: a bar, and the counts in words.
func healthCell(s registry.Summary) render.Cell {
	parts := make([]render.Part, 0, len(registry.Healths()))
	for _, h := range registry.Healths() {
		parts = append(parts, render.Part{N: s.Of(h), Glyph: glyph(h), Word: h.Word(), Style: healthStyle(h)})
	}
	return render.Bar(parts)
}

// glyph is the block that stands for an instance of health h in a bar.
func glyph(h registry.Health) rune {
	switch h {
	case registry.Passing:
		return '█'
	case registry.Warning:
		return '▓'
	case registry.Critical:
		return '▒'
	default:
		return '░'
	}
}

// healthStyle is the style of one instance's health.
func healthStyle(h registry.Health) render.Style {
	switch h {
	case registry.Critical:
		return render.Bad
	case registry.Warning, registry.Unknown:
		return render.Warn
	case registry.Maintenance, registry.Starting:
		return render.Dim
	default:
		return render.Plain
	}
}

// totals is the line below a list of services.
func totals(rows []registry.Summary, src source) string {
	var all registry.Summary
	for i := range rows {
		for _, h := range registry.Healths() {
			all.Add(h, rows[i].Of(h))
		}
	}
	return fmt.Sprintf("%s, %s%s · %s", plural(len(rows), "service"), plural(all.Instances, "instance"), of(all), place(src))
}

// of says how many instances have which health, with a colon before it.
func of(s registry.Summary) string {
	if s.Instances == 0 {
		return ""
	}
	return ": " + s.HealthText()
}

// place names the environment and its back-end.
func place(src source) string {
	if settings.IsURL(src.env) {
		return src.at
	}
	return fmt.Sprintf("%s (%s)", src.env, src.at)
}

// plural returns "1 service" or "2 services".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
