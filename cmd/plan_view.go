package cmd

import (
	"fmt"
	"time"

	"govctl/internal/mask"
	"govctl/internal/render"
	"govctl/pkg/change"
	"govctl/pkg/config"
	"govctl/pkg/registry"
)

// planView is a plan, and what became of it. The JSON names are an interface.
type planView struct {
	ID          string `json:"id"`
	Environment string `json:"environment"`
	Backend     string `json:"backend"`
	// State is "planned", or that of the journal.
	State   string `json:"state"`
	Reverts string `json:"reverts,omitempty"`
	// File is where it was saved, and SHA256 the digest of that file.
	File   string `json:"file,omitempty"`
	SHA256 string `json:"sha256,omitempty"`
	// Batches is how many writes make it, of which the first ones stay made where a
	// later one is refused.
	Batches int `json:"batches"`
	// Rereads is true where the back-end cannot compare and write in one step.
	Rereads bool            `json:"rereads,omitempty"`
	Changes []plannedChange `json:"changes"`
	// From is the environment that it promotes from, and Decisions are all places where
	// the two differ.
	From      string     `json:"from,omitempty"`
	Decisions []decision `json:"decisions,omitzero"`

	alone []string // the items that are too large to go with others
}

// plannedChange is a change of a plan; its secrets are masked.
type plannedChange struct {
	// Space is "instances" where it is about an instance: the group of the Key is then
	// the service, and its name the id.
	Space change.Space `json:"space,omitempty"`
	config.Key
	// Kind is "created", "removed", "changed", or "replaced" where it has no inner
	// structure.
	Kind string `json:"kind"`
	Size int    `json:"size"`
	// Changes are the values inside that become others.
	Changes []config.Change `json:"changes"`
	// Fields are those of an instance that become others.
	Fields []registry.Change `json:"fields,omitempty"`
	// Loses is what no rollback brings back.
	Loses string          `json:"loses,omitempty"`
	From  change.Revision `json:"from,omitempty"`
	To    change.Revision `json:"to,omitempty"`
	Made  bool            `json:"made"`

	address string // of an instance
}

// keyOfChange returns what a change is about as people name it: the group of an
// instance is its service, and its name the id.
func keyOfChange(space change.Space, name string) config.Key {
	if space != change.Instances {
		return config.KeyOfChange(name)
	}
	service, id := registry.OfChange(name)
	return config.Key{Group: service, Name: id}
}

// statePlanned is what has not been applied.
const statePlanned = "planned"

func (a *app) viewOf(p *change.Plan, src configSource, m *mask.Masker) planView {
	v := planView{ID: p.ID, Environment: src.env, Backend: src.at, State: statePlanned, Reverts: p.Reverts, Changes: make([]plannedChange, len(p.Changes))}
	for i := range p.Changes {
		v.Changes[i] = plannedOf(&p.Changes[i], m)
		if src.planner != nil {
			v.Changes[i] = plannedInstance(src.planner, &p.Changes[i], m)
		}
	}
	return v
}

func plannedOf(c *change.Change, m *mask.Masker) plannedChange {
	d := config.DiffOfChange(c)
	out := plannedChange{Key: d.Key, Kind: "changed", Size: len(c.After), Changes: []config.Change{}, From: c.Expect}
	switch d.Kind {
	case config.OnlyA:
		out.Kind = "removed"
	case config.OnlyB:
		out.Kind = "created"
	case config.Whole, config.Unknown:
		out.Kind = "replaced"
	case config.Inside:
		for _, in := range d.Changes {
			out.Changes = append(out.Changes, config.MaskedChange(in, m))
		}
	}
	return out
}

// note takes in what became of the plan.
func (v *planView) note(r *change.Record) {
	v.State, v.Batches = string(r.State), r.Batches
	for i := range r.Changes {
		v.Changes[i].To, v.Changes[i].Made = r.Changes[i].To, r.Changes[i].Made
	}
}

// writePlan writes what is to be done, or, where it is for programs, was done.
func (a *app) writePlan(out render.Options, v planView) error {
	if !human(out.Format) {
		return render.WriteDocument(a.Stdout, out, render.Document{Data: v, Name: v.ID})
	}
	if len(v.Changes) == 0 {
		a.printf("nothing to change in %s\n", render.Safe(v.Environment))
		return nil
	}
	a.printf("Plan %s: %s to %s (%s)\n\n", v.ID, plural(len(v.Changes), "change"), render.Safe(v.Environment), render.Safe(v.Backend))
	var lines []render.Cell
	for i := range v.Changes {
		lines = append(lines, v.Changes[i].lines()...)
	}
	if err := render.WriteLines(a.Stdout, out, lines); err != nil {
		return err
	}
	a.printf("\n")
	if v.State == statePlanned {
		a.printf("%s", v.inBatches())
	}
	return nil
}

// inBatches says how it is written where that is not all at once.
func (v *planView) inBatches() string {
	text := ""
	if v.Batches > 1 {
		text = fmt.Sprintf("In %d batches: what the first ones made stays if a later one is refused.\n", v.Batches)
	}
	for _, name := range v.alone {
		text += fmt.Sprintf("%s is too large to go with others, and goes alone.\n", render.Safe(name))
	}
	if v.Rereads {
		text += "It cannot be compared and written in one step here: what is there is read just before, and just after.\n"
	}
	if text != "" {
		text += "\n"
	}
	return text
}

// lines tell a change: its item, and below it each value.
func (c *plannedChange) lines() []render.Cell {
	head := render.Cell{Text: "  " + c.String()}
	switch c.Kind {
	case "created":
		head.Text, head.Style = fmt.Sprintf("  + %s  created, %s", c.Key, render.Bytes(c.Size)), render.Good
	case "removed":
		head.Text, head.Style = fmt.Sprintf("  - %s  removed", c.Key), render.Bad
	case "replaced":
		head.Text, head.Style = fmt.Sprintf("  ~ %s  replaced as a whole, %s", c.Key, render.Bytes(c.Size)), render.Warn
	}
	if c.address != "" {
		head.Text = map[string]string{
			"created": fmt.Sprintf("  + %s  registered, %s", c.Key, c.address), "removed": fmt.Sprintf("  - %s  removed, was %s", c.Key, c.address),
		}[c.Kind]
	}
	lines := []render.Cell{head}
	if c.Loses != "" {
		lines = append(lines, render.Cell{Text: "    " + c.Loses, Style: render.Warn})
	}
	for _, f := range c.Fields {
		lines = append(lines, render.Cell{Text: "    " + f.Say(), Style: render.Warn})
	}
	for _, in := range c.Changes {
		lines = append(lines, render.Cell{Text: "    " + in.Say(), Style: render.Warn})
	}
	if c.Kind == "changed" && len(c.Changes)+len(c.Fields) == 0 {
		lines = append(lines, render.Cell{Text: "    no value changes: comments, order or layout", Style: render.Dim})
	}
	return lines
}

// maxTold is how many items are told one by one when a plan was applied.
const maxTold = 20

// writeOutcome tells what was made, and how to take it back.
func (a *app) writeOutcome(v *planView, took time.Duration) {
	made := 0
	for i := range v.Changes {
		c := &v.Changes[i]
		if !c.Made {
			continue
		}
		if made++; made <= maxTold {
			a.printf("✓ %s  %s\n", render.Safe(c.String()), render.Safe(c.outcome()))
		}
	}
	if made > maxTold {
		a.printf("✓ and %d more\n", made-maxTold)
	}
	switch {
	case made == len(v.Changes):
		a.printf("Applied as %s in %s. Undo: govctl rollback %s\n", v.ID, roughly(took), v.ID)
	case made > 0:
		a.printf("%d of %s made, as %s. Undo: govctl rollback %s\n", made, plural(len(v.Changes), "change"), v.ID, v.ID)
	}
}

// outcome says what stands there now.
func (c *plannedChange) outcome() string {
	switch {
	case c.Kind == "removed":
		return "removed, read back, gone"
	case c.To == change.Absent:
		return "written, and changed by another since"
	default:
		return fmt.Sprintf("at revision %.12s, read back, equal", c.To)
	}
}

// roughly rounds a time to what a person reads.
func roughly(d time.Duration) time.Duration {
	if d < time.Second {
		return d.Round(time.Millisecond)
	}
	return d.Round(100 * time.Millisecond)
}
