package cmd

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"govctl/internal/render"
	"govctl/pkg/registry"
)

func newServicesDiffCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "diff ENV ENV [GLOB...]",
		Short: "Compare the services of two environments",
		Long: "Compare which services two environments have, in how many instances, and in which\n" +
			"versions. Either side may be a URL. The status is 1 when something differs.",
		Example: "  govctl services diff dev prod\n  govctl services diff dev consul://127.0.0.1:8500 'pay*'",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) < 2 {
				return exactly(2, "two environments, and globs after them")(c, args)
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			return a.servicesDiff(c.Context(), args[0], args[1], args[2:])
		},
		ValidArgsFunction: a.completeSides,
	}
}

func (a *app) servicesDiff(ctx context.Context, nameA, nameB string, globs []string) error {
	const what = "compare services"
	opts, err := a.output()
	if err != nil {
		return err
	}
	left, err := a.open(ctx, nameA)
	if err != nil {
		return err
	}
	right, err := a.open(ctx, nameB)
	if err != nil {
		return err
	}
	ctx, cancel := a.within(ctx)
	defer cancel()
	rowsA, rowsB, err := a.both(ctx, left, right, globs)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	diffs := registry.Diff(rowsA, rowsB)
	if err := a.writeDiff(opts, diffs, left, right); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if human(opts.Format) {
		a.printf("%s\n", diffVerdict(diffs, rowsA, rowsB))
	}
	if len(diffs) > 0 {
		return errFinding
	}
	return nil
}

// side is what one of two registries has of the services that are compared.
type side struct {
	rows    []registry.Summary
	all     []string // the services that are registered
	missing []string // the plain names that are not among them
	err     error
}

// both counts the instances of two registries at the same time. What patterns
// pick need not be on both sides: that is a difference, not a mistake. A plain
// name that is on neither is one.
func (a *app) both(ctx context.Context, left, right source, patterns []string) (rowsA, rowsB []registry.Summary, err error) {
	var l, r side
	var wg sync.WaitGroup
	wg.Go(func() { l = a.countPicked(ctx, left, patterns) })
	wg.Go(func() { r = a.countPicked(ctx, right, patterns) })
	wg.Wait()
	for _, name := range l.missing {
		if slices.Contains(r.missing, name) && l.err == nil && r.err == nil {
			return nil, nil, notRegistered(left, name, slices.Concat(l.all, r.all))
		}
	}
	return l.rows, r.rows, cmp.Or(l.err, r.err)
}

func (a *app) countPicked(ctx context.Context, src source, patterns []string) (s side) {
	if s.all, s.err = src.registry.Services(ctx); s.err != nil {
		return s
	}
	picked, missing, err := registry.Select(s.all, patterns)
	if err != nil {
		return side{err: err}
	}
	s.missing = missing
	s.rows, s.err = a.count(ctx, src, picked, registry.Selector{})
	return s
}

// writeDiff prints the differences: for programs one value a service, for people
// one line for each thing that differs.
func (a *app) writeDiff(opts render.Options, diffs []registry.Difference, left, right source) error {
	if !human(opts.Format) {
		_, err := render.WriteList(a.Stdout, opts, render.List[registry.Difference]{
			Name:  func(d registry.Difference) string { return d.Service },
			Items: seq(diffs, nil),
		})
		return err
	}
	if len(diffs) == 0 {
		return nil // the verdict says it all
	}
	_, err := render.WriteList(a.Stdout, opts, render.List[diffLine]{
		Columns: diffColumns(left.env, right.env),
		Items:   seq(diffLines(diffs, left.env, right.env), nil),
	})
	return err
}

// diffLine is a line of the table: one thing that differs.
type diffLine struct{ service, what, a, b string }

// diffLines returns a line for each thing that differs.
func diffLines(diffs []registry.Difference, nameA, nameB string) []diffLine {
	var lines []diffLine
	for _, d := range diffs {
		for _, kind := range d.Kinds {
			l := diffLine{service: d.Service, what: string(kind), a: sideText(d.A, kind), b: sideText(d.B, kind)}
			switch kind {
			case registry.OnlyA:
				l.what = "only in " + nameA
			case registry.OnlyB:
				l.what = "only in " + nameB
			case registry.DiffersInCount, registry.DiffersInVersions, registry.DiffersInProtocols:
			}
			lines = append(lines, l)
		}
	}
	return lines
}

// sideText is what one side has where kind differs, "" for nothing.
func sideText(s *registry.Summary, kind registry.DifferenceKind) string {
	switch {
	case s == nil:
		return ""
	case kind == registry.DiffersInCount:
		return strconv.Itoa(s.Instances)
	case kind == registry.DiffersInVersions:
		return registry.CountsText(s.Versions)
	case kind == registry.DiffersInProtocols:
		return registry.CountsText(s.Protocols)
	case len(s.Versions) == 0:
		return plural(s.Instances, "instance")
	default:
		return plural(s.Instances, "instance") + ", " + registry.CountsText(s.Versions)
	}
}

func diffColumns(nameA, nameB string) []render.Column[diffLine] {
	return []render.Column[diffLine]{
		{Head: "SERVICE", Cell: func(l diffLine) render.Cell { return render.Cell{Text: l.service} }},
		{Head: "DIFFERS", Cell: func(l diffLine) render.Cell { return render.Cell{Text: l.what, Style: render.Warn} }},
		{Head: strings.ToUpper(nameA), Cell: func(l diffLine) render.Cell { return orDash(l.a) }},
		{Head: strings.ToUpper(nameB), Cell: func(l diffLine) render.Cell { return orDash(l.b) }},
	}
}

// diffVerdict is the last line of a comparison.
func diffVerdict(diffs []registry.Difference, rowsA, rowsB []registry.Summary) string {
	services := map[string]bool{}
	for _, rows := range [][]registry.Summary{rowsA, rowsB} {
		for i := range rows {
			services[rows[i].Service] = true
		}
	}
	total := plural(len(services), "service")
	if len(diffs) == 0 {
		return "no difference in " + total
	}
	return fmt.Sprintf("%d of %s differ", len(diffs), total)
}
