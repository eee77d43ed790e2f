package cmd

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"govctl/internal/render"
	"govctl/pkg/registry"
)

// watchHelp is what the help of a list says of -w.
const watchHelp = "-w prints the list and then, until interrupted, each row again that changes; one that is gone,\n" +
	"or is selected no more, says so. For programs a row is a value of its own: with -o json an object\n" +
	"a line, which has \"gone\": true."

// listWatchFlags are those of a list that goes on.
type listWatchFlags struct {
	on     bool
	length time.Duration
}

func (f *listWatchFlags) add(c *cobra.Command) {
	flags := c.Flags()
	flags.BoolVarP(&f.on, "watch", "w", false, "print the list, and then each row again that changes")
	flags.DurationVar(&f.length, "for", 0, "with --watch: end after `TIME` (default: when interrupted)")
}

// check refuses flags that have a meaning with --watch alone, or none with it.
func (f *listWatchFlags) check(c *cobra.Command) error {
	if f.on && c.Flags().Changed("limit") {
		return withHint(usagef("--limit has no meaning with --watch"), "name services, or select with -l, --health or --filter")
	}
	return checkWatch(c, f.on, f.length, "for")
}

// checkWatch refuses the flags called names without --watch, and a length that is
// none.
func checkWatch(c *cobra.Command, on bool, length time.Duration, names ...string) error {
	for _, name := range names {
		if c.Flags().Changed(name) && !on {
			return withHint(usagef("--%s needs --watch", name), "add -w to go on after the first answer")
		}
	}
	if length < 0 {
		return usagef("--for %s: it is a time above 0", length)
	}
	return nil
}

// instanceRow is a row of `services instances --watch`, and summaryRow of
// `services ls --watch`. What is gone is as it was last; of a service nothing is
// left to count. The JSON names are an interface.
type (
	instanceRow struct {
		registry.Instance
		Gone bool `json:"gone,omitempty"`
	}
	summaryRow struct {
		registry.Summary
		Gone bool `json:"gone,omitempty"`
	}
)

func (a *app) servicesLsWatch(ctx context.Context, flags selectFlags, length time.Duration, patterns []string) error {
	sel, err := flags.selector(func(field string) error { return registry.SortSummaries(nil, field) })
	if err != nil {
		return err
	}
	w := &listWatch[summaryRow]{app: a, sel: sel, changed: summaryRows, first: func(list []registry.Instance) ([]summaryRow, error) {
		rows := registry.Summarize(list)
		if flags.sort != "" {
			err = registry.SortSummaries(rows, flags.sort)
		}
		return mapped(rows, func(s registry.Summary) summaryRow { return summaryRow{Summary: s} }), err
	}}
	return w.follow(ctx, "list services", length, patterns, func(out render.Options, src source) *render.Stream[summaryRow] {
		columns := rowColumns(summaryColumns(src), func(r summaryRow) (registry.Summary, bool) { return r.Summary, r.Gone })
		return render.NewStream(a.Stdout, out, columns, func(r summaryRow) string { return r.Service })
	})
}

func (a *app) servicesInstancesWatch(ctx context.Context, flags selectFlags, length time.Duration, patterns []string) error {
	sel, err := flags.selector(func(field string) error { return registry.Sort(nil, field) })
	if err != nil {
		return err
	}
	w := &listWatch[instanceRow]{app: a, sel: sel, changed: instanceRows, first: func(list []registry.Instance) ([]instanceRow, error) {
		rows := slices.Clone(list)
		if flags.sort != "" {
			err = registry.Sort(rows, flags.sort)
		}
		return mapped(rows, func(in registry.Instance) instanceRow { return instanceRow{Instance: in} }), err
	}}
	return w.follow(ctx, "list instances", length, patterns, func(out render.Options, _ source) *render.Stream[instanceRow] {
		columns := rowColumns(instanceColumns(a), func(r instanceRow) (registry.Instance, bool) { return r.Instance, r.Gone })
		return render.NewStream(a.Stdout, out, columns, func(r instanceRow) string { return instanceName(r.Instance) })
	})
}

// listWatch is a list that goes on.
type listWatch[T any] struct {
	app *app
	sel registry.Selector
	// first returns the rows of the first list, in their order.
	first func([]registry.Instance) ([]T, error)
	// changed returns a row for each that differs between two lists, which are
	// sorted.
	changed func(before, after []registry.Instance) []T

	picks  func(service string) bool
	stream *render.Stream[T]
	begun  bool
	shown  []registry.Instance // as selected from the last list
}

// follow prints the list and what changes, for so long, 0 being until ctx ends,
// which is an error.
func (w *listWatch[T]) follow(
	ctx context.Context, what string, length time.Duration, patterns []string, begin func(render.Options, source) *render.Stream[T],
) error {
	out, err := w.app.output()
	if err != nil {
		return err
	}
	if w.picks, err = picker(patterns); err != nil {
		return err
	}
	src, err := w.app.open(ctx, "")
	if err != nil {
		return err
	}
	watcher, err := registry.As[registry.Watcher](src.registry, what)
	if err != nil {
		return err
	}
	w.app.sayWatching(patterns, src)
	w.stream = begin(out, src)
	limited, cancel := during(ctx, length)
	defer cancel()
	err = w.run(limited, watcher, watched(patterns))
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil && limited.Err() == nil:
		return fmt.Errorf("%s: %w", what, err)
	case !w.begun:
		return fmt.Errorf("%s: %s did not answer in time", what, src.at)
	}
	return nil
}

// run prints until ctx ends, or something fails.
func (w *listWatch[T]) run(ctx context.Context, watcher registry.Watcher, services []string) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	noted := noting{watcher, func(list []registry.Instance) {
		if err := w.take(list); err != nil {
			stop(err)
		}
	}}
	said := render.NewStream(w.app.Stderr, render.Options{}, eventColumns(w.app), eventName)
	for e, err := range registry.Follow(ctx, noted, services, w.app.Now) {
		if err != nil {
			return cmp.Or(context.Cause(ctx), err)
		}
		if e.Instance == nil { // the registry itself went away or came back
			_ = said.Write(e) // where stderr is gone, the list goes on
		}
	}
	return nil
}

// take prints what is another in list than before.
func (w *listWatch[T]) take(list []registry.Instance) error {
	var selected []registry.Instance
	for i := range list {
		ok, err := w.sel.Match(&list[i])
		if err != nil {
			return err
		}
		if ok && w.picks(list[i].Service) {
			selected = append(selected, list[i])
		}
	}
	before := w.shown
	w.shown = selected
	if !w.begun {
		w.begun = true
		rows, err := w.first(selected)
		return cmp.Or(err, w.stream.List(rows))
	}
	for _, row := range w.changed(before, selected) {
		if err := w.stream.Write(row); err != nil {
			return err
		}
	}
	return nil
}

// noting is a Watcher whose lists are handed to note, each when those who watch
// have taken it.
type noting struct {
	registry.Watcher
	note func([]registry.Instance)
}

// Watch implements registry.Watcher.
func (n noting) Watch(ctx context.Context, services []string) iter.Seq2[[]registry.Instance, error] {
	return func(yield func([]registry.Instance, error) bool) {
		for list, err := range n.Watcher.Watch(ctx, services) {
			if !yield(list, err) {
				return
			}
			if err == nil {
				n.note(list)
			}
		}
	}
}

// instanceRows returns a row for each instance that differs.
func instanceRows(before, after []registry.Instance) []instanceRow {
	return mapped(registry.Events(before, after), func(e registry.Event) instanceRow {
		return instanceRow{Instance: *e.Instance, Gone: e.Kind == registry.Left}
	})
}

// summaryRows returns a row for each service that differs, by name.
func summaryRows(before, after []registry.Instance) []summaryRow {
	known := map[string]registry.Summary{}
	for _, s := range registry.Summarize(before) {
		known[s.Service] = s
	}
	var rows []summaryRow
	for _, s := range registry.Summarize(after) {
		if !reflect.DeepEqual(known[s.Service], s) {
			rows = append(rows, summaryRow{Summary: s})
		}
		delete(known, s.Service)
	}
	for name := range known {
		none := registry.Summary{Service: name, Versions: []registry.Count{}, Protocols: []registry.Count{}}
		rows = append(rows, summaryRow{Summary: none, Gone: true})
	}
	slices.SortFunc(rows, func(a, b summaryRow) int { return cmp.Compare(a.Service, b.Service) })
	return rows
}

// rowColumns makes columns of T of those of U, which of tells, with its being
// gone in place of a health.
func rowColumns[T, U any](columns []render.Column[U], of func(T) (item U, gone bool)) []render.Column[T] {
	return mapped(columns, func(c render.Column[U]) render.Column[T] {
		return render.Column[T]{Head: c.Head, Right: c.Right, Wide: c.Wide, Drop: c.Drop, Cell: func(row T) render.Cell {
			item, gone := of(row)
			if gone && c.Head == "HEALTH" {
				return render.Cell{Text: "gone", Style: render.Warn}
			}
			return c.Cell(item)
		}}
	})
}

// mapped returns what to makes of each item.
func mapped[T, U any](items []T, to func(T) U) []U {
	all := make([]U, len(items))
	for i, item := range items {
		all[i] = to(item)
	}
	return all
}
