package cmd

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"govctl/internal/findings"
	"govctl/internal/render"
)

// explanation is the answer of `govctl explain`. The JSON names are an interface.
type explanation struct {
	Code    string `json:"code"`
	Summary string `json:"summary"`
	Means   string `json:"means"`
	Found   string `json:"found"`
	Do      string `json:"do"`
}

func newExplainCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "explain [CODE]",
		Short: "Say what a finding means and what to do about it",
		Long: "Say what a finding means, how it is found, and what to do about it. The code is the word that\n" +
			"a command prints before the finding; without one all codes are listed.",
		GroupID: groupLearn,
		Example: "  govctl explain\n  govctl explain zombie\n  govctl explain no-leader -o json",
		Args:    between(0, 1, "one code, or none"),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return findings.Codes(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			out, err := a.output()
			if err != nil {
				return err
			}
			if len(args) == 0 {
				return a.listFindings(out)
			}
			return a.explain(out, strings.ToLower(args[0]))
		},
	}
}

func (a *app) explain(out render.Options, code string) error {
	page, ok := findings.Of(code)
	if !ok {
		err := usagef("there is no finding %q", code)
		return withHint(err, suggest(code, findings.Codes(), "`govctl explain` lists them"))
	}
	return render.WriteDocument(a.Stdout, out, render.Document{
		Data: explained(page),
		Name: page.Code,
		Text: func(p *render.Page) {
			p.Text(fitted(page.Code+": "+page.Summary, out.Width))
			for _, s := range page.Sections {
				p.Section(s.Title, func() { p.Text(fitted(s.Text, out.Width-2)) }) // which it is indented by
			}
		},
	})
}

// minText is how narrow a text becomes at most.
const minText = 20

// fitted returns paragraphs and lists of Markdown in lines of at most width
// characters, broken between words; as they are where they fit, or width is not
// above 0: nothing limits it.
func fitted(text string, width int) string {
	tooLong := func(line string) bool { return utf8.RuneCountInString(line) > width }
	if width <= 0 || !slices.ContainsFunc(strings.Split(text, "\n"), tooLong) {
		return text
	}
	var lines []string
	item, indent := "", ""
	end := func() {
		if item != "" {
			lines = append(lines, strings.Join(wrap(item, max(width-len(indent), minText)), "\n"+indent))
		}
		item, indent = "", ""
	}
	for line := range strings.SplitSeq(text, "\n") {
		switch {
		case line == "":
			end()
			lines = append(lines, "")
			continue
		case strings.HasPrefix(line, "- "):
			end()
			indent = "  "
		}
		item += line + " "
	}
	end()
	return strings.Join(lines, "\n")
}

func explained(p findings.Page) explanation {
	return explanation{Code: p.Code, Summary: p.Summary, Means: p.Sections[0].Text, Found: p.Sections[1].Text, Do: p.Sections[2].Text}
}

func (a *app) listFindings(out render.Options) error {
	var list []explanation
	for _, code := range findings.Codes() {
		page, _ := findings.Of(code)
		list = append(list, explained(page))
	}
	return writeList(a.Stdout, out, render.List[explanation]{
		Columns: []render.Column[explanation]{
			{Head: "CODE", Cell: func(e explanation) render.Cell { return render.Cell{Text: e.Code} }},
			{Head: "MEANING", Cell: func(e explanation) render.Cell { return render.Cell{Text: e.Summary} }},
		},
		Name:  func(e explanation) string { return e.Code },
		Items: seq(list, nil),
	})
}
