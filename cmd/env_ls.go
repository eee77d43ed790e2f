package cmd

import (
	"strings"

	"github.com/spf13/cobra"

	"govctl/internal/render"
	"govctl/internal/settings"
)

// envRow is an environment in `govctl env ls`. The JSON names are an interface.
type envRow struct {
	Name      string `json:"name"`
	Current   bool   `json:"current"`
	Protected bool   `json:"protected"`
	Registry  string `json:"registry,omitempty"`
	Config    string `json:"config,omitempty"`
	Traces    string `json:"traces,omitempty"`
	Metrics   string `json:"metrics,omitempty"`
	From      string `json:"from"`
	Error     string `json:"error,omitempty"`
}

func newEnvLsCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "ls",
		Aliases: []string{"list"},
		Short:   "List the environments and where they stand",
		Long: "List the environments with their back-ends and where each stands. A star marks the one that\n" +
			"is asked where -e names none. Nothing is connected to.",
		Example: "  govctl env ls\n  govctl env ls -o name",
		Args:    exactly(0, "no argument"),
		RunE:    func(*cobra.Command, []string) error { return a.envLs() },
	}
}

func (a *app) envLs() error {
	opts, err := a.output()
	if err != nil {
		return err
	}
	rows, current := []envRow{}, false
	for i := range a.cfg.Environments {
		row := envRowOf(&a.cfg.Environments[i], a.cfg.Default)
		rows, current = append(rows, row), current || row.Current
	}
	err = writeList(a.Stdout, opts, render.List[envRow]{
		Columns: envColumns(),
		Name:    func(r envRow) string { return r.Name },
		Items:   seq(rows, nil),
	})
	if err == nil && human(opts.Format) && !current {
		a.sayNoneCurrent()
	}
	return err
}

// sayNoneCurrent says why no environment is marked.
func (a *app) sayNoneCurrent() {
	if a.cfg.Default == "" {
		a.say("none is the default: -e is required, or `govctl env use NAME`")
		return
	}
	a.say("the one that is asked is none of these: %s (%s)", a.cfg.Default, a.cfg.Values()[0].From)
}

func envRowOf(e *settings.Environment, current string) envRow {
	row := envRow{
		Name: e.Name, Current: e.Name == current, Protected: e.Protected, From: e.From(),
		Registry: urlText(e.Registry), Config: urlText(e.Config), Traces: urlText(e.Traces), Metrics: urlText(e.Metrics),
	}
	if err := e.Err(); err != nil {
		row.Error = err.Error()
	}
	return row
}

// urlText is a back-end's URL, which never holds a secret; "" for none.
func urlText(b *settings.Backend) string {
	if b == nil {
		return ""
	}
	return b.URL.String()
}

func envColumns() []render.Column[envRow] {
	text := func(of func(envRow) string) func(envRow) render.Cell {
		return func(r envRow) render.Cell { return orDash(of(r)) }
	}
	return []render.Column[envRow]{
		{Cell: func(r envRow) render.Cell {
			return render.Cell{Text: strings.Repeat("*", count(r.Current)), Style: render.Good}
		}},
		{Head: "NAME", Cell: text(func(r envRow) string { return r.Name })},
		{Head: "PROTECTED", Drop: 2, Cell: func(r envRow) render.Cell {
			if r.Protected {
				return render.Cell{Text: "yes", Style: render.Warn}
			}
			return orDash("")
		}},
		{Head: "REGISTRY", Cell: func(r envRow) render.Cell {
			if r.Error != "" {
				return render.Cell{Text: "broken: " + r.Error, Style: render.Bad}
			}
			return orDash(r.Registry)
		}},
		{Head: "CONFIG", Drop: 1, Cell: text(func(r envRow) string { return r.Config })},
		{Head: "TRACES", Drop: 3, Cell: text(func(r envRow) string { return r.Traces })},
		{Head: "METRICS", Drop: 4, Cell: text(func(r envRow) string { return r.Metrics })},
		{Head: "FROM", Drop: 5, Cell: text(func(r envRow) string { return r.From })},
	}
}

// count is 1 for true.
func count(b bool) int {
	if b {
		return 1
	}
	return 0
}
