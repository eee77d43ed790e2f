package cmd

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"govctl/internal/mask"
	"govctl/internal/render"
	"govctl/internal/settings"
	"govctl/pkg/config"
)

func newConfigEffectiveCmd(a *app) *cobra.Command {
	instance := ""
	c := &cobra.Command{
		Use:   "effective SERVICE",
		Short: "Show the configuration that a service really reads",
		Long: "Show every value of the configuration that a service reads, merged from its layers as the\n" +
			"library does that it reads them with: the item that the value comes from, and what other items\n" +
			"have there that does not hold; -o wide shows all of those. `layers` in govctl.yaml says which\n" +
			"items are read, and how; else what the store holds does: go-micro's micro/config, Spring\n" +
			"Cloud's config/application, or a group \"common\" below the one called as the service.\n\n" +
			"An item that cannot be read is named, and the status is 4. Where the service could read nothing\n" +
			"at all, as go-micro's with one value that is not an object or a list, nothing is shown, and the\n" +
			"status is 3. Secrets are masked.",
		Example: "  govctl config effective order\n  govctl config effective order -e prod -o wide\n  govctl config effective order --instance order-1 -o json",
		Args:    exactly(1, "a service"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.configEffective(c.Context(), config.Names{Service: args[0], Instance: instance})
		},
		ValidArgsFunction: a.completeConfigured,
	}
	c.Flags().StringVar(&instance, "instance", "", "the instance `ID` for layers with {instance}")
	_ = c.RegisterFlagCompletionFunc("instance", a.completeInstanceOf) // the flag exists
	return c
}

// effectiveRow is a value that holds. The JSON names are an interface.
type effectiveRow struct {
	Path  config.Path  `json:"path"`
	Value *config.Node `json:"value"`
	Kind  string       `json:"kind"`
	Layer config.Key   `json:"layer"`
	// Shadows are never nil, the one that would hold without Layer first.
	Shadows []config.Shadow `json:"shadows"`
}

func (a *app) configEffective(ctx context.Context, names config.Names) error {
	if names.Service == "" {
		return withHint(usagef("a service has a name"), "govctl config effective SERVICE")
	}
	m, err := a.masker()
	if err != nil {
		return err
	}
	what := "read configuration as " + names.Service + " does"
	return a.askConfig(ctx, what, func(out render.Options, src configSource, items []config.Item) error {
		if !settings.IsURL(src.env) {
			names.Env = src.env
		}
		reading, whence := a.readingOf(names.Service, src, items)
		layers, err := reading.Layers(items, names)
		if err != nil {
			return err
		}
		if countItems(layers) == 0 {
			return noLayers(src, names.Service, items, layers)
		}
		a.say("layers by %s (%s), weakest first: %s", whence, reading.Consumer, layersText(layers))
		if names.Instance != "" && !slices.ContainsFunc(layers, func(l config.Layer) bool { return strings.Contains(l.Pattern, "{instance}") }) {
			a.say("no layer has {instance}: --instance changes nothing")
		}
		a.sayNotItsOwn(names.Service, items, layers)
		e, err := reading.Consumer.Effective(layers)
		if err != nil {
			return withHint(err, "`govctl config check` finds all that is wrong with items")
		}
		return a.writeEffective(out, src, reading.Consumer, e, m)
	})
}

// readingOf returns how a service reads a store, and who says so.
func (a *app) readingOf(service string, src configSource, items []config.Item) (r config.Reading, whence string) {
	if l, ok := a.cfg.LayersOf(service); ok {
		return config.Reading{Consumer: config.Consumer(l.Consumer), Patterns: l.Items}, l.Pos.String()
	}
	return config.DefaultReading(items, src.folder), "what the store holds"
}

func countItems(layers []config.Layer) int {
	n := 0
	for i := range layers {
		n += len(layers[i].Items)
	}
	return n
}

// layersText says how many items each layer has.
func layersText(layers []config.Layer) string {
	texts := make([]string, 0, len(layers))
	for i := range layers {
		l := &layers[i]
		said := plural(len(l.Items), "item")
		switch l.Lacks {
		case "":
		case "instance":
			said = "left out without --instance, which picks from " + plural(l.Would, "item")
		default:
			said = "left out, as the environment has no name"
		}
		texts = append(texts, fmt.Sprintf("%s (%s)", l.Pattern, said))
	}
	return strings.Join(texts, ", ")
}

// noLayers is the error for a service that no item is for.
func noLayers(src configSource, service string, items []config.Item, layers []config.Layer) error {
	patterns := make([]string, 0, len(layers))
	for i := range layers {
		patterns = append(patterns, layers[i].Pattern)
	}
	err := fmt.Errorf("%s: no item for %s: %w", src.at, service, config.ErrNotFound)
	return withHint(err, suggest(service, groupsOf(items), "no item fits "+strings.Join(patterns, ", ")+"; `layers` in govctl.yaml says what services read"))
}

// groupsOf returns the groups of items, sorted.
func groupsOf(items []config.Item) []string {
	var groups []string
	for i := range items {
		if g := items[i].Group; g != config.NoGroup {
			groups = append(groups, g)
		}
	}
	slices.Sort(groups)
	return slices.Compact(groups)
}

// sayNotItsOwn says where all that a service reads is what others read too: its
// name may be wrong.
func (a *app) sayNotItsOwn(service string, items []config.Item, layers []config.Layer) {
	own := slices.DeleteFunc(slices.Clone(layers), func(l config.Layer) bool { return !strings.Contains(l.Pattern, "{service}") })
	if len(own) > 0 && countItems(own) == 0 {
		a.say("no item is of %s itself: %s", service, suggest(service, groupsOf(items), "`govctl config ls` lists what there is"))
	}
}

func (a *app) writeEffective(out render.Options, src configSource, consumer config.Consumer, e config.Effective, m *mask.Masker) error {
	rows := make([]effectiveRow, 0, len(e.Values))
	from := map[config.Key]bool{}
	variables := 0
	for i := range e.Values {
		rows = append(rows, effectiveRowOf(&e.Values[i], m))
		from[e.Values[i].Layer] = true
		if consumer == config.GoMicro && variable.MatchString(shown(e.Values[i].Value, false)) {
			variables++
		}
	}
	err := writeList(a.Stdout, out, render.List[effectiveRow]{
		Columns: effectiveColumns(out.Format == render.Wide),
		Name:    func(r effectiveRow) string { return pathText(r.Path) },
		Items:   seq(rows, nil),
	})
	if err != nil {
		return err
	}
	if variables > 0 {
		a.say("in %s ${NAME} stands for a variable of the service's own environment", plural(variables, "value"))
	}
	err = a.sayUnread(e.Unread)
	if human(out.Format) {
		a.say("%s from %s · %s", plural(len(rows), "value"), plural(len(from), "item"), src.place())
	}
	return err
}

// variable is what go-micro replaces, wherever it stands.
var variable = regexp.MustCompile(`\$\{[A-Za-z0-9_]+\}`)

// effectiveRowOf returns a value with its secrets, and those it hides, masked.
func effectiveRowOf(v *config.EffectiveValue, m *mask.Masker) effectiveRow {
	c := config.MaskedChange(config.Change{Path: v.Path, After: v.Value}, m)
	r := effectiveRow{Path: c.Path, Value: c.After, Kind: v.Value.Kind.String(), Layer: v.Layer, Shadows: []config.Shadow{}}
	for _, s := range v.Shadows {
		hidden := config.MaskedChange(config.Change{Path: v.Path, Before: s.Value}, m)
		r.Shadows = append(r.Shadows, config.Shadow{Layer: s.Layer, Value: hidden.Before})
	}
	return r
}

// sayUnread names the items that add nothing; the error says whether one is broken.
func (a *app) sayUnread(unread []config.Unread) error {
	var err error
	for _, u := range unread {
		if !u.Broken() {
			a.say("%s is left out: %v", u.Key, u.Err)
			continue
		}
		a.say("%s cannot be read: %v", u.Key, u.Err)
		err = errIncomplete
	}
	return err
}

// effectiveColumns are those of values that hold; all is whether each value that
// one hides is shown.
func effectiveColumns(all bool) []render.Column[effectiveRow] {
	return []render.Column[effectiveRow]{
		{Head: "PATH", Cell: func(r effectiveRow) render.Cell { return render.Cell{Text: pathText(r.Path)} }},
		{Head: "VALUE", Cell: func(r effectiveRow) render.Cell { return render.Cell{Text: shown(r.Value, false)} }},
		{Head: "LAYER", Drop: 2, Cell: func(r effectiveRow) render.Cell { return render.Cell{Text: r.Layer.String()} }},
		{Head: "SHADOWS", Drop: 1, Cell: func(r effectiveRow) render.Cell {
			shadows, more := r.Shadows, ""
			if !all && len(shadows) > 1 {
				more = fmt.Sprintf(" +%d", len(shadows)-1)
				shadows = shadows[:1]
			}
			texts := make([]string, 0, len(shadows))
			for _, s := range shadows {
				texts = append(texts, fmt.Sprintf("%s: %s", s.Layer, shown(s.Value, false)))
			}
			cell := orDash(strings.Join(texts, ", ") + more)
			cell.Style = render.Dim
			return cell
		}},
	}
}

// completeConfigured completes to the groups of the configuration, which services
// are called by.
func (a *app) completeConfigured(c *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ctx, cancel := context.WithTimeout(c.Context(), completeTime)
	defer cancel()
	var groups []offer
	for _, o := range a.silently().keyOffers(ctx, "") {
		group, _, grouped := strings.Cut(o.Name, "/")
		if grouped && (len(groups) == 0 || groups[len(groups)-1].Name != group) {
			groups = append(groups, offer{Name: group})
		}
	}
	return complete(groups, typed, nil), cobra.ShellCompDirectiveNoFileComp
}

// completeInstanceOf completes to the instances of the service that stands on the
// command line, where the environment has a registry.
func (a *app) completeInstanceOf(c *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ctx, cancel := context.WithTimeout(c.Context(), completeTime)
	defer cancel()
	src, _ := a.silently().serviceOffers(ctx, "")
	if src.registry == nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var ids []offer
	for _, o := range instanceOffers(ctx, src, args[0]) {
		ids = append(ids, offer{strings.TrimPrefix(o.Name, args[0]+"/"), o.About})
	}
	return complete(ids, typed, nil), cobra.ShellCompDirectiveNoFileComp
}
