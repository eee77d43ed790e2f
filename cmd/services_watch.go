package cmd

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"govctl/internal/render"
	"govctl/pkg/registry"
)

func newServicesWatchCmd(a *app) *cobra.Command {
	var command string
	c := &cobra.Command{
		Use:   "watch [SERVICE...]",
		Short: "Tell what appears, leaves or changes, as it happens",
		Long: "Tell what appears (+), leaves (-) or changes (~, and ! where its health does) among the\n" +
			"instances of the services that are named, by globs too, or of all, until interrupted. A\n" +
			"registry that goes away is waited for, and what happened meanwhile is told when it is back.\n\n" +
			"With -o json the instances that are there come first, as events \"present\": folding the\n" +
			"events gives the list at any time. --exec runs a program for each event but those, one\n" +
			"after the other and without a shell: its words are split at blanks, and what happened\n" +
			"stands in GOVCTL_EVENT, GOVCTL_EVENT_SERVICE, _ID, _ADDRESS, _PORT, _HEALTH, _VERSION,\n" +
			"_CHANGES, _MISSED and _AT.",
		Example: "  govctl services watch\n  govctl services watch order 'pay*' -o json\n" +
			"  govctl services watch order --exec './notify.sh order'",
		RunE: func(c *cobra.Command, args []string) error {
			return a.servicesWatch(c.Context(), command, args)
		},
		ValidArgsFunction: a.completeServices,
	}
	c.Flags().StringVar(&command, "exec", "", "run `CMD` for each event, with what happened in its environment")
	return c
}

func (a *app) servicesWatch(ctx context.Context, command string, patterns []string) error {
	const what = "watch services"
	out, err := a.output()
	if err != nil {
		return err
	}
	run, err := a.eventRunner(command)
	if err != nil {
		return err
	}
	picks, err := picker(patterns)
	if err != nil {
		return err
	}
	src, err := a.open(ctx, "")
	if err != nil {
		return err
	}
	w, err := registry.As[registry.Watcher](src.registry, what)
	if err != nil {
		return err
	}
	a.sayWatching(patterns, src)
	stream := render.NewStream(a.Stdout, out, eventColumns(a), eventName)
	for e, err := range registry.Follow(ctx, w, watched(patterns), a.Now) {
		switch {
		case err != nil:
		case e.Instance != nil && !picks(e.Instance.Service):
		case e.Kind == registry.Present && human(out.Format):
			stream.Measure(e)
		default:
			err = stream.Write(e)
			run(ctx, &e)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	return nil
}

// watched returns the services to watch for patterns, nil for all: those that a
// glob will pick are not known before they appear.
func watched(patterns []string) []string {
	if literal(patterns) {
		return patterns
	}
	return nil
}

// sayWatching says what a command watches that goes on until it is interrupted.
func (a *app) sayWatching(patterns []string, src source) {
	a.say("watching %s in %s; Ctrl-C ends it", watchedText(patterns), place(src))
}

func watchedText(patterns []string) string {
	if len(patterns) == 0 {
		return "all services"
	}
	return strings.Join(patterns, ", ")
}

// picker returns what tells whether patterns pick a service.
func picker(patterns []string) (func(service string) bool, error) {
	if _, _, err := registry.Select([]string{""}, patterns); err != nil {
		return nil, err
	}
	return func(service string) bool {
		picked, _, err := registry.Select([]string{service}, patterns)
		return err == nil && len(picked) == 1
	}, nil
}

// eventName names what an event is about.
func eventName(e registry.Event) string {
	if e.Instance == nil {
		return string(e.Kind)
	}
	return instanceName(*e.Instance)
}

func eventColumns(a *app) []render.Column[registry.Event] {
	return []render.Column[registry.Event]{
		{Cell: func(e registry.Event) render.Cell {
			return render.Cell{Text: e.At.In(a.Now().Location()).Format(time.TimeOnly), Style: render.Dim}
		}},
		{Cell: func(e registry.Event) render.Cell { return render.Cell{Text: eventMark(&e), Style: eventStyle(&e)} }},
		{Cell: func(e registry.Event) render.Cell {
			if e.Instance == nil {
				return render.Cell{Text: "registry"}
			}
			return render.Cell{Text: eventName(e)}
		}},
		{Cell: func(e registry.Event) render.Cell { return render.Cell{Text: eventText(&e), Style: eventStyle(&e)} }},
	}
}

// eventMark is one character for the kind of an event.
func eventMark(e *registry.Event) string {
	switch e.Kind {
	case registry.Present:
		return "="
	case registry.Appeared:
		return "+"
	case registry.Left:
		return "-"
	case registry.Changed:
		if _, ok := changeOf(e, "health"); ok {
			return "!"
		}
		return "~"
	default:
		return "…"
	}
}

func eventStyle(e *registry.Event) render.Style {
	switch {
	case e.Kind == registry.Away:
		return render.Bad
	case e.Kind == registry.Left || e.Kind == registry.Back:
		return render.Warn
	case eventMark(e) == "!":
		return healthStyle(e.Instance.Health)
	default:
		return render.Plain
	}
}

func changeOf(e *registry.Event, field string) (registry.Change, bool) {
	for _, c := range e.Changes {
		if c.Field == field {
			return c, true
		}
	}
	return registry.Change{}, false
}

// eventText says in words what happened.
func eventText(e *registry.Event) string {
	text := ""
	switch e.Kind {
	case registry.Present, registry.Appeared:
		text = instanceText(e.Instance)
	case registry.Left:
		text = "gone, was " + string(e.Instance.Health)
	case registry.Changed:
		text = changesText(e)
	case registry.Away:
		text = "away: " + e.Reason
	case registry.Back:
		text = backText(e)
	}
	if e.Missed {
		text += "  (missed)"
	}
	return text
}

func instanceText(in *registry.Instance) string {
	parts := []string{in.HostPort()}
	if in.Version != "" {
		parts = append(parts, in.Version)
	}
	return strings.Join(append(parts, string(in.Health)), "  ")
}

// changesText says what changed, the health first, and what the check said that
// changed it.
func changesText(e *registry.Event) string {
	var parts []string
	if h, ok := changeOf(e, "health"); ok {
		parts = append(parts, h.Before+" → "+h.After+checkOutput(e))
	}
	for _, c := range e.Changes {
		if c.Field == "health" || strings.HasPrefix(c.Field, "checks.") && len(parts) > 0 {
			continue // the checks are why the health changed
		}
		parts = append(parts, fmt.Sprintf("%s %s → %s", c.Field, orNone(c.Before), orNone(c.After)))
	}
	return strings.Join(parts, ", ")
}

func orNone(value string) string {
	if value == "" {
		return "(none)"
	}
	return value
}

// checkOutput is what the check said whose status changed, in parentheses.
func checkOutput(e *registry.Event) string {
	for i := range e.Instance.Checks {
		c := &e.Instance.Checks[i]
		if _, changed := changeOf(e, "checks."+c.ID); changed && c.Output != "" && c.Status != registry.Passing {
			return "  (" + strings.TrimSpace(c.Output) + ")"
		}
	}
	return ""
}

func backText(e *registry.Event) string {
	away := time.Duration(e.AwaySeconds * float64(time.Second)).Round(time.Second)
	if e.MissedEvents == 0 {
		return fmt.Sprintf("was away %s; missed nothing (lists compared)", away)
	}
	return fmt.Sprintf("was away %s; missed %s", away, plural(e.MissedEvents, "event"))
}
