package cmd

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"govctl/internal/render"
	"govctl/internal/settings"
	"govctl/pkg/config"
)

func newConfigCheckCmd(a *app) *cobra.Command {
	failOn := ""
	c := &cobra.Command{
		Use:   "check [GLOB...]",
		Short: "Find what is wrong with the items of configuration",
		Long: "Check that every item is what its format says, fits its JSON Schema where `schemas` in\n" +
			"govctl.yaml names one, that its placeholders ${…} name something which is read together with\n" +
			"it, that no masked secret was written back, and that none breaks its readers: go-micro's\n" +
			"Consul source reads nothing at all where one value is not a JSON object or list. What a reader\n" +
			"of YAML 1.1 takes for something else (no, 0o777, 12:30:45) is a warning.\n\n" +
			"Placeholders in UPPER_CASE are variables of the process that reads: they are counted. No\n" +
			"finding shows a secret. A failure is status 1, a warning alone 0, unless --fail-on warn; 4 where\n" +
			"all is well but the store withheld something.",
		Example: "  govctl config check\n  govctl config check 'order/*' -e prod --fail-on warn\n  govctl config check -o json",
		RunE: func(c *cobra.Command, args []string) error {
			return a.configCheck(c.Context(), failOn, args)
		},
		ValidArgsFunction: a.completeKeys,
	}
	c.Flags().StringVar(&failOn, "fail-on", failOnFail, "the least `LEVEL` that is status 1: fail or warn")
	_ = c.RegisterFlagCompletionFunc("fail-on", cobra.FixedCompletions([]string{failOnFail, failOnWarn}, cobra.ShellCompDirectiveNoFileComp)) // the flag exists
	return c
}

// The values of --fail-on.
const (
	failOnFail = "fail"
	failOnWarn = "warn"
)

func (a *app) configCheck(ctx context.Context, failOn string, patterns []string) error {
	if failOn != failOnFail && failOn != failOnWarn {
		return usagef("--fail-on %q: it is fail or warn", failOn)
	}
	m, err := a.masker()
	if err != nil {
		return err
	}
	cfg, err := a.load()
	if err != nil {
		return err
	}
	schemas, err := readSchemas(cfg)
	if err != nil {
		return err
	}
	return a.askConfig(ctx, "check configuration", func(out render.Options, src configSource, items []config.Item) error {
		picked, err := pickItems(src, items, patterns)
		if err != nil {
			return err
		}
		found, err := config.Check(ctx, picked, items, config.CheckOptions{
			Schemas: schemas, Readings: readingsOf(cfg, src, items), Partial: src.lacks.Load(), Masker: m,
		})
		if err != nil {
			return err
		}
		if err := a.writeCheckup(out, src, found); err != nil {
			return err
		}
		if human(out.Format) {
			a.saySchemasOfNothing(cfg, items)
			a.sayNoItems(items)
		}
		return verdictOfCheck(found, failOn)
	})
}

// readSchemas reads what the settings name, each file once. The error says where it
// is named.
func readSchemas(cfg *settings.Settings) ([]config.ItemSchema, error) {
	read := map[string]*config.Schema{}
	all := make([]config.ItemSchema, 0, len(cfg.Schemas))
	for _, s := range cfg.Schemas {
		if read[s.Path] == nil {
			content, err := s.Read()
			if err != nil {
				return nil, err
			}
			format := config.JSON
			if ext := path.Ext(s.Path); ext == ".yaml" || ext == ".yml" {
				format = config.YAML
			}
			if read[s.Path], err = config.NewSchema(content, format); err != nil {
				return nil, s.Wrong(err.Error())
			}
		}
		all = append(all, config.ItemSchema{Key: s.Key, Schema: read[s.Path]})
	}
	return all, nil
}

// readingsOf returns how services read a store: as the settings say, and as the
// store's content does for services that they say nothing of.
func readingsOf(cfg *settings.Settings, src configSource, items []config.Item) []config.Reading {
	var all []config.Reading
	for _, l := range cfg.Layers {
		all = append(all, config.Reading{Consumer: config.Consumer(l.Consumer), Patterns: l.Items})
		if l.Service == "*" {
			return all
		}
	}
	return append(all, config.DefaultReading(items, src.folder))
}

// saySchemasOfNothing names rules that no item fits: a schema that holds for
// nothing finds nothing.
func (a *app) saySchemasOfNothing(cfg *settings.Settings, items []config.Item) {
	for _, s := range cfg.Schemas {
		if picked, _, err := config.Pick(items, []string{s.Key}); err == nil && len(picked) == 0 {
			a.say("%s: no item fits %q: its schema checks nothing here", s.Pos, s.Key)
		}
	}
}

func (a *app) writeCheckup(out render.Options, src configSource, found config.Checkup) error {
	list := found.Findings
	if out.Format == render.Name { // each item once
		list = slices.CompactFunc(slices.Clone(list), func(x, y config.Finding) bool { return x.Key == y.Key })
	}
	if human(out.Format) && len(list) == 0 {
		a.printf("%s\n", checkTotals(src, found))
		return nil
	}
	out.Width = 0 // a message that is cut is none
	err := writeList(a.Stdout, out, render.List[config.Finding]{
		Columns: problemColumns(),
		Name:    func(f config.Finding) string { return f.String() },
		Items:   seq(list, nil),
	})
	if err == nil && human(out.Format) {
		a.printf("\n%s\n", checkTotals(src, found))
		a.say("hint: `govctl explain %s`", list[0].Code)
	}
	return err
}

// problemColumns are those of the table of findings.
func problemColumns() []render.Column[config.Finding] {
	position := func(f config.Finding) string {
		switch {
		case f.Line == 0:
			return ""
		case f.Column == 0:
			return strconv.Itoa(f.Line)
		}
		return fmt.Sprintf("%d:%d", f.Line, f.Column)
	}
	return []render.Column[config.Finding]{
		{Head: "ITEM", Cell: func(f config.Finding) render.Cell { return render.Cell{Text: f.String()} }},
		{Head: "LINE", Cell: func(f config.Finding) render.Cell { return orDash(position(f)) }},
		{Head: "PATH", Cell: func(f config.Finding) render.Cell { return orDash(f.Path) }},
		{Head: "CODE", Cell: func(f config.Finding) render.Cell {
			if f.Level == config.LevelWarn {
				return render.Cell{Text: "! " + string(f.Code), Style: render.Warn}
			}
			return render.Cell{Text: "✗ " + string(f.Code), Style: render.Bad}
		}},
		{Head: "MESSAGE", Cell: func(f config.Finding) render.Cell { return render.Cell{Text: f.Text} }},
	}
}

// checkTotals is the last line.
func checkTotals(src configSource, found config.Checkup) string {
	text := plural(found.Items, "item") + " checked: all is well"
	switch {
	case found.Items == 0:
		text = "no item to check"
	case found.Failures+found.Warnings > 0:
		var parts []string
		if found.Failures > 0 {
			parts = append(parts, plural(found.Failures, "failure"))
		}
		if found.Warnings > 0 {
			parts = append(parts, plural(found.Warnings, "warning"))
		}
		verb := "are"
		if found.Well == 1 {
			verb = "is"
		}
		text = fmt.Sprintf("%d of %s %s well: %s", found.Well, plural(found.Items, "item"), verb, strings.Join(parts, ", "))
	}
	if found.Variables > 0 {
		text += fmt.Sprintf(" · %s of the process, not checked", plural(found.Variables, "variable"))
	}
	if found.Unknown > 0 {
		text += fmt.Sprintf(" · %s may name what was withheld", plural(found.Unknown, "placeholder"))
	}
	return render.Safe(text + " · " + src.place())
}

// verdictOfCheck is how the command ends.
func verdictOfCheck(found config.Checkup, failOn string) error {
	if found.Failures > 0 || failOn == failOnWarn && found.Warnings > 0 {
		return errFinding
	}
	return nil
}
