package cmd

import (
	"cmp"
	"context"
	"iter"
	"strings"

	"github.com/spf13/cobra"

	"govctl/internal/render"
	"govctl/pkg/registry"
)

func newServicesInstancesCmd(a *app) *cobra.Command {
	var sel selectFlags
	var watch listWatchFlags
	c := &cobra.Command{
		Use:     "instances [SERVICE...]",
		Aliases: []string{"instance", "inst"},
		Short:   "List the instances of some services, or of all",
		Long: "List the instances of the services that are named, by globs too, or of all.\n\n" +
			"-l selects by metadata, --filter by an expression over the fields of -o json;\n" +
			"-o wide adds metadata and checks.\n\n" +
			watchHelp,
		Example: "  govctl services instances order\n  govctl services instances -l version=v2,zone!=a\n" +
			"  govctl services instances --filter 'health != \"passing\" and port == 8080' -o json\n" +
			"  govctl services instances order -w --for 5m",
		RunE: func(c *cobra.Command, args []string) error {
			if err := watch.check(c); err != nil {
				return err
			}
			if watch.on {
				return a.servicesInstancesWatch(c.Context(), sel, watch.length, args)
			}
			return a.servicesInstances(c.Context(), sel, args)
		},
		ValidArgsFunction: a.completeServices,
	}
	sel.add(c, registry.SortFields())
	watch.add(c)
	return c
}

func (a *app) servicesInstances(ctx context.Context, flags selectFlags, patterns []string) error {
	sel, err := flags.selector(func(field string) error { return registry.Sort(nil, field) })
	if err != nil {
		return err
	}
	return a.ask(ctx, "list instances", func(ctx context.Context, opts render.Options, src source) error {
		found, err := instances(ctx, src, patterns)
		if err != nil {
			return err
		}
		if human(opts.Format) || !a.StdoutTTY { // what streams to a terminal shows by itself how far it is
			found = a.progress(found)
		}
		items := registry.Filter(found, sel)
		if flags.sort != "" {
			items = sorted(items, flags.sort)
		}
		var counter registry.Counter
		err = writeList(a.Stdout, opts, render.List[registry.Instance]{
			Columns: instanceColumns(a),
			Name:    instanceName,
			Items:   counting(take(items, flags.limit), &counter),
		})
		if err == nil && human(opts.Format) {
			a.sayTotals(counter.Summaries(), src)
		}
		return explainMissing(ctx, src, err)
	})
}

// instances returns the instances of the services that patterns pick.
func instances(ctx context.Context, src source, patterns []string) (iter.Seq2[registry.Instance, error], error) {
	services, err := names(ctx, src, patterns)
	if err != nil {
		return nil, err
	}
	if literal(patterns) {
		return registry.List(ctx, src.registry, services), nil
	}
	return registry.ListKnown(ctx, src.registry, services), nil
}

// sorted reads items whole and returns them sorted by field; an error still comes
// last.
func sorted(items iter.Seq2[registry.Instance, error], field string) iter.Seq2[registry.Instance, error] {
	list, err := collect(items)
	return seq(list, cmp.Or(err, registry.Sort(list, field)))
}

// counting counts the items that pass through it.
func counting(items iter.Seq2[registry.Instance, error], counter *registry.Counter) iter.Seq2[registry.Instance, error] {
	return func(yield func(registry.Instance, error) bool) {
		for in, err := range items {
			if err == nil {
				counter.Add(&in)
			}
			if !yield(in, err) {
				return
			}
		}
	}
}

// instanceName is how commands name an instance, and take it.
func instanceName(in registry.Instance) string { return in.Service + "/" + in.ID }

func instanceColumns(a *app) []render.Column[registry.Instance] {
	text := func(of func(*registry.Instance) string) func(registry.Instance) render.Cell {
		return func(in registry.Instance) render.Cell { return orDash(of(&in)) }
	}
	return []render.Column[registry.Instance]{
		{Head: "SERVICE", Cell: text(func(in *registry.Instance) string { return in.Service })},
		{Head: "ID", Cell: text(func(in *registry.Instance) string { return in.ID })},
		{Head: "ADDRESS", Cell: text((*registry.Instance).HostPort)},
		{Head: "HEALTH", Cell: func(in registry.Instance) render.Cell {
			return render.Cell{Text: string(in.Health), Style: healthStyle(in.Health)}
		}},
		{Head: "VERSION", Drop: 1, Cell: text(func(in *registry.Instance) string { return in.Version })},
		{Head: "WEIGHT", Drop: 4, Right: true, Cell: text(func(in *registry.Instance) string { return render.Number(in.Weight) })},
		{Head: "ZONE", Drop: 3, Cell: text(func(in *registry.Instance) string { return in.Zone })},
		{Head: "TAGS", Drop: 6, Cell: text(func(in *registry.Instance) string { return strings.Join(in.Tags, ",") })},
		{Head: "SINCE", Drop: 5, Cell: text(func(in *registry.Instance) string { return a.ago(in.Since) })},
		{Head: "METADATA", Drop: 8, Wide: true, Cell: text(metadataText)},
		{Head: "CHECKS", Drop: 7, Wide: true, Cell: text(checksText)},
	}
}

// metadataText returns the metadata as key=value pairs, sorted by key.
func metadataText(in *registry.Instance) string {
	pairs := make([]string, 0, len(in.Metadata))
	for _, k := range in.MetadataKeys() {
		pairs = append(pairs, k+"="+in.Metadata[k])
	}
	return strings.Join(pairs, ", ")
}

// checksText returns the checks with their status.
func checksText(in *registry.Instance) string {
	checks := make([]string, 0, len(in.Checks))
	for _, c := range in.Checks {
		checks = append(checks, c.ID+"="+string(c.Status))
	}
	return strings.Join(checks, ",")
}
