package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"govctl/internal/render"
	"govctl/pkg/registry"
)

func newServicesCmd(a *app) *cobra.Command {
	c := group("services", "See what is registered, and whether it lives",
		newServicesLsCmd(a),
		newServicesInstancesCmd(a),
		newServicesGetCmd(a),
		newServicesDiffCmd(a),
		newServicesProbeCmd(a),
		newServicesWatchCmd(a),
		newServicesWaitCmd(a),
		newServicesRegisterCmd(a),
		newServicesRmCmd(a),
	)
	c.Aliases = []string{"service", "svc"}
	c.GroupID = groupSee
	c.Example = "  govctl services ls\n  govctl services instances order --health critical\n  govctl services probe"
	return c
}

// selectFlags are the flags of a list that say which instances it is about.
type selectFlags struct {
	labels, health, filter string
	sort                   string
	limit                  int
}

// addSelection adds the flags that select.
func (f *selectFlags) addSelection(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVarP(&f.labels, "label", "l", "", "only instances with these `LABELS`: version=v2,zone!=a,canary")
	flags.StringVar(&f.health, "health", "", "only instances of this `HEALTH`: passing, warning, critical, maintenance, starting, unknown")
	flags.StringVar(&f.filter, "filter", "", "only instances for which `EXPR` holds, over the JSON fields: 'port == 8080 and \"eu\" in tags'")
	healths := make([]string, 0, len(registry.Healths()))
	for _, h := range registry.Healths() {
		healths = append(healths, string(h))
	}
	_ = c.RegisterFlagCompletionFunc("health", cobra.FixedCompletions(healths, cobra.ShellCompDirectiveNoFileComp)) // the flag exists
}

// add adds the flags of a list: those that select, and how it is shown.
func (f *selectFlags) add(c *cobra.Command, sortFields []string) {
	f.addSelection(c)
	flags := c.Flags()
	flags.StringVar(&f.sort, "sort", "", "sort by `FIELD` ("+strings.Join(sortFields, ", ")+"), -FIELD for descending")
	flags.IntVar(&f.limit, "limit", 0, "print at most `N` rows")
	_ = c.RegisterFlagCompletionFunc("sort", cobra.FixedCompletions(sortFields, cobra.ShellCompDirectiveNoFileComp)) // the flag exists
}

// selector returns what the flags select. It refuses a limit below 0, and a
// field that sortBy does.
func (f *selectFlags) selector(sortBy func(field string) error) (registry.Selector, error) {
	if f.limit < 0 {
		return registry.Selector{}, usagef("--limit %d: it is a number of rows, 0 for all", f.limit)
	}
	if f.sort != "" {
		if err := sortBy(f.sort); err != nil {
			return registry.Selector{}, fmt.Errorf("--sort %w", err)
		}
	}
	for _, one := range []struct{ flag, labels, health, filter string }{
		{"label", f.labels, "", ""}, {"health", "", f.health, ""}, {"filter", "", "", f.filter},
	} {
		if _, err := registry.ParseSelector(one.labels, one.health, one.filter); err != nil {
			return registry.Selector{}, fmt.Errorf("--%s %w", one.flag, err)
		}
	}
	return registry.ParseSelector(f.labels, f.health, f.filter)
}

// names returns the services that patterns pick, all of them where there is no
// pattern. A plain name that nobody registered is an error.
func names(ctx context.Context, src source, patterns []string) ([]string, error) {
	if slices.Contains(patterns, "") {
		return nil, errNameless()
	}
	if literal(patterns) {
		return slices.Compact(slices.Sorted(slices.Values(patterns))), nil // each is asked for anyway: no need for the list
	}
	all, err := src.registry.Services(ctx)
	if err != nil {
		return nil, err
	}
	return pick(src, all, patterns)
}

// errNameless is the error for the empty text as the name of a service, as an
// unset variable of a script makes it.
func errNameless() error {
	return withHint(usagef("the name of a service is empty"), "`govctl services ls` lists what is registered")
}

// literal reports whether patterns are names only, and at least one.
func literal(patterns []string) bool {
	return len(patterns) > 0 && !slices.ContainsFunc(patterns, registry.IsGlob)
}

// pick returns those of all that patterns pick; a plain name that is not among
// them is an error.
func pick(src source, all, patterns []string) ([]string, error) {
	if slices.Contains(patterns, "") {
		return nil, errNameless()
	}
	picked, missing, err := registry.Select(all, patterns)
	if err != nil {
		return nil, err
	}
	if len(missing) > 0 {
		return nil, notRegistered(src, missing[0], all)
	}
	return picked, nil
}

// notRegistered is the error for a service that nobody registered.
func notRegistered(src source, name string, all []string) error {
	return hintMissing(&registry.Error{Backend: src.at, Service: name, Err: registry.ErrNotFound}, name, all)
}

// hintMissing adds to err the closest of the names that are registered.
func hintMissing(err error, name string, all []string) error {
	if registry.IsGlob(name) {
		return withHint(err, "it takes one service: `govctl services instances` takes globs")
	}
	return withHint(err, suggest(name, all, "`govctl services ls` lists what is registered"))
}

// explainMissing adds the closest name to an error about a service that nobody
// registered.
func explainMissing(ctx context.Context, src source, err error) error {
	e, ok := errors.AsType[*registry.Error](err)
	if !ok || e.Service == "" || e.Hint != "" || !errors.Is(err, registry.ErrNotFound) {
		return err
	}
	all, listErr := src.registry.Services(ctx)
	if listErr != nil {
		all = nil // the hint is not worth a second error
	}
	return hintMissing(err, e.Service, all)
}

// progress passes items on and says on a terminal how many came so far, where it
// takes long.
func (a *app) progress(items iter.Seq2[registry.Instance, error]) iter.Seq2[registry.Instance, error] {
	return func(yield func(registry.Instance, error) bool) {
		line := render.NewProgress(a.Stderr, a.StderrTTY && !a.flags.quiet, a.Now)
		defer line.Done()
		n := 0
		for in, err := range items {
			if n++; n%100 == 0 {
				line.Update(fmt.Sprintf("%d instances so far, now %s", n, in.Service))
			}
			if !yield(in, err) {
				return
			}
		}
	}
}

// take returns at most n of items, all of them where n is 0.
func take[T any](items iter.Seq2[T, error], n int) iter.Seq2[T, error] {
	if n == 0 {
		return items
	}
	return func(yield func(T, error) bool) {
		left := n
		for item, err := range items {
			if !yield(item, err) || err != nil {
				return
			}
			if left--; left == 0 {
				return
			}
		}
	}
}

// collect returns the items up to the first error, and that error.
func collect[T any](items iter.Seq2[T, error]) ([]T, error) {
	list := []T{}
	for item, err := range items {
		if err != nil {
			return list, err
		}
		list = append(list, item)
	}
	return list, nil
}

// seq returns list as a sequence that ends with err, where that is not nil.
func seq[T any](list []T, err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, item := range list {
			if !yield(item, nil) {
				return
			}
		}
		if err != nil {
			var none T
			yield(none, err)
		}
	}
}

// writeList prints l. An error after the first row makes the answer partial; one
// before it means that there is none, and nothing is printed.
func writeList[T any](w io.Writer, o render.Options, l render.List[T]) error {
	n, err := render.WriteList(w, o, l)
	if err != nil && n > 0 {
		return partialError{err}
	}
	return err
}

// human reports whether the format is one that a person reads.
func human(f render.Format) bool { return f == "" || f == render.Table || f == render.Wide }
