package cmd

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"govctl/internal/mask"
	"govctl/internal/render"
	"govctl/pkg/config"
	"govctl/pkg/registry"
)

func newConfigWatchCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "watch [GLOB...]",
		Short: "Tell what changes in the configuration, as it happens",
		Long: "Tell which items of configuration are added (+), removed (-) or changed (~), a line for each\n" +
			"value, until interrupted. An item that was written again and means the same is told, too. A\n" +
			"store that goes away is waited for, and what happened meanwhile is told when it is back:\n" +
			"several changes of one item in a second, or while it was away, are one.\n\n" +
			"Nothing is left out that the settings ignore: that is about two environments. Secrets are\n" +
			"masked: another hash is another secret. With -o json the items that are there come first, as\n" +
			"events \"present\": folding the events gives the list at any time.",
		Example: "  govctl config watch\n  govctl config watch 'order/*' -o json",
		RunE: func(c *cobra.Command, args []string) error {
			return a.configWatch(c.Context(), args)
		},
		ValidArgsFunction: a.completeKeys,
	}
}

// itemEvent is an event with its secrets masked, and no content. The JSON names
// are an interface.
type itemEvent struct {
	At   time.Time        `json:"at"`
	Kind config.EventKind `json:"event"`
	// The item is as it is now, or where it was removed as it was last; nil where the
	// store is away or back.
	*itemRow
	// Changes are nil but for items that changed.
	Changes []config.Change `json:"changes,omitzero"`
	Whole   bool            `json:"whole,omitempty"`
	// Error says why it cannot be read.
	Error string `json:"error,omitempty"`
	// Withheld is true where the item may be there still, and hidden from the token.
	Withheld bool   `json:"withheld,omitempty"`
	Missed   bool   `json:"missed,omitempty"`
	Reason   string `json:"reason,omitempty"`
	// AwaySeconds and MissedEvents are of a store that is back.
	AwaySeconds  float64 `json:"awaySeconds,omitempty"`
	MissedEvents int     `json:"missedEvents,omitempty"`

	same bool
}

func (a *app) configWatch(ctx context.Context, patterns []string) error {
	const what = "watch configuration"
	out, err := a.output()
	if err != nil {
		return err
	}
	if _, _, err := config.Pick(nil, patterns); err != nil {
		return err
	}
	m, err := a.masker()
	if err != nil {
		return err
	}
	src, err := a.openConfig(ctx, "")
	if err != nil {
		return err
	}
	w, err := config.As[config.Watcher](src.store, what)
	if err != nil {
		return err
	}
	a.say("watching %s in %s; Ctrl-C ends it", watchedItems(patterns), src.place())
	tell := a.itemTeller(out)
	for e, err := range config.Follow(ctx, w, config.FollowOptions{Patterns: patterns}, a.Now) {
		if err == nil {
			event := itemEventOf(&e, m)
			event.Withheld = e.Kind == config.Removed && src.lacks.Load()
			err = tell(&event)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	return nil
}

func watchedItems(patterns []string) string {
	if len(patterns) == 0 {
		return "all items"
	}
	return strings.Join(patterns, ", ")
}

// itemEventOf returns e as it may be shown.
func itemEventOf(e *config.Event, m *mask.Masker) itemEvent {
	event := itemEvent{
		At: e.At.UTC(), Kind: e.Kind, Whole: e.Whole, Missed: e.Missed, Reason: e.Reason,
		AwaySeconds: e.Gone.Seconds(), MissedEvents: e.MissedEvents, same: e.Same,
	}
	if e.Item != nil {
		row := rowOf(e.Item, m)
		event.itemRow = &row
	}
	if e.Kind == config.Changed {
		event.Changes = make([]config.Change, 0, len(e.Changes))
	}
	for _, c := range e.Changes {
		event.Changes = append(event.Changes, config.MaskedChange(c, m))
	}
	if e.Err != nil {
		event.Error = e.Err.Error()
	}
	return event
}

// name is what an event is about.
func (e *itemEvent) name() string {
	if e.itemRow == nil {
		return string(e.Kind)
	}
	return e.String()
}

// itemTeller returns what writes an event: for programs as it is, for people as a
// line for each value, and nothing of what was there.
func (a *app) itemTeller(out render.Options) func(*itemEvent) error {
	if !human(out.Format) || out.Query != nil {
		stream := render.NewStream(a.Stdout, out, nil, func(e itemEvent) string { return e.name() })
		return func(e *itemEvent) error { return stream.Write(*e) }
	}
	stream := render.NewStream(a.Stdout, out, a.itemLineColumns(), func(l itemLine) string { return l.name() })
	return func(e *itemEvent) error {
		if e.Kind == config.Present {
			stream.Measure(itemLine{itemEvent: e})
			return nil
		}
		for _, text := range e.texts() {
			if err := stream.Write(itemLine{e, text}); err != nil {
				return err
			}
		}
		return nil
	}
}

// itemLine is a line about an event.
type itemLine struct {
	*itemEvent
	text string
}

func (a *app) itemLineColumns() []render.Column[itemLine] {
	return []render.Column[itemLine]{
		{Cell: func(l itemLine) render.Cell {
			return render.Cell{Text: l.At.In(a.Now().Location()).Format(time.TimeOnly), Style: render.Dim}
		}},
		{Cell: func(l itemLine) render.Cell { return render.Cell{Text: l.mark(), Style: l.style()} }},
		{Cell: func(l itemLine) render.Cell {
			if l.itemRow == nil {
				return render.Cell{Text: "store"}
			}
			return render.Cell{Text: l.name()}
		}},
		{Cell: func(l itemLine) render.Cell { return render.Cell{Text: l.text, Style: l.style()} }},
	}
}

// mark is one character for the kind of an event.
func (e *itemEvent) mark() string {
	switch {
	case e.itemRow == nil:
		return "…"
	case e.Kind == config.Added:
		return "+"
	case e.Kind == config.Removed:
		return "-"
	case e.Error != "":
		return "!"
	}
	return "~"
}

func (e *itemEvent) style() render.Style {
	switch {
	case e.Kind == config.Away || e.Error != "":
		return render.Bad
	case e.Kind == config.Removed || e.Kind == config.Back:
		return render.Warn
	}
	return render.Plain
}

// texts say in words what happened, a line for each value.
func (e *itemEvent) texts() []string {
	var texts []string
	switch e.Kind {
	case config.Present:
	case config.Added:
		texts = []string{fmt.Sprintf("%s, %s%s", e.Format, render.Bytes(e.Size), e.broken())}
	case config.Removed:
		texts = []string{"gone"}
		if e.Withheld {
			texts[0] = "gone, or withheld from this token"
		}
	case config.Changed:
		texts = e.changed()
	case config.Away:
		texts = []string{"away: " + e.Reason}
	case config.Back:
		texts = []string{backText(&registry.Event{AwaySeconds: e.AwaySeconds, MissedEvents: e.MissedEvents})}
	}
	if e.Missed {
		for i := range texts {
			texts[i] += "  (missed)"
		}
	}
	return texts
}

func (e *itemEvent) changed() []string {
	switch {
	case e.same:
		return []string{"written again, with the same content"}
	case e.Whole:
		return []string{"changed as a whole, now " + render.Bytes(e.Size) + e.broken()}
	case len(e.Changes) == 0:
		return []string{"written again, and no value changed"}
	}
	texts := make([]string, 0, len(e.Changes))
	for _, c := range e.Changes {
		texts = append(texts, pathText(c.Path)+" "+valueText(c))
	}
	return texts
}

func (e *itemEvent) broken() string {
	if e.Error == "" {
		return ""
	}
	return "; cannot be read: " + e.Error
}

// valueText is "10 → 20", with the kinds where they differ.
func valueText(c config.Change) string {
	switch {
	case c.Before == nil:
		return "added: " + shown(c.After, false)
	case c.After == nil:
		return "removed, was " + shown(c.Before, false)
	}
	return changeText(c, nil)
}
