package cmd

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// helpWidth is how wide help is where there is no terminal.
const helpWidth = 80

// flagGroup is a part of the flags of a command, by what they are about.
type flagGroup struct {
	title string
	flags []string
}

// The groups of flags that not every help text shows.
const (
	titleOutput   = "Output:"
	titleBackends = "Back-ends:"
	titleGeneral  = "General:"
)

// flagGroups is where each flag of any command stands in a help text. A name
// means the same in all commands.
func flagGroups() []flagGroup {
	return []flagGroup{
		{"Select:", []string{"label", "health", "filter", "sort", "limit", "since", "all", "ignore-case", "instance"}},
		{"Watch:", []string{"watch", "interval", "threshold", "for", "exec"}},
		{"Compare:", []string{"id", "ignore", "ignore-order", "show-expected", "text", "rev"}},
		{"Secrets:", []string{"show-secrets", "force"}},
		{"Wait:", []string{"min-healthy", "truth"}},
		{"Probe:", []string{
			"kind", "status", "body", "probe-timeout", "retries", "concurrency", "slow", "follow", "insecure", "tls-ca",
			"tls-server-name", "allow-cidr", "explain",
		}},
		{"Demo:", []string{"tour"}},
		{"Write:", []string{"take", "prune", "baseline", "out", "plan-out", "digest", "protected", "revoke", "dry-run", "yes", "confirm", "message", "as", "file", "content", "rm", "to", "forward", "back"}},
		{titleOutput, []string{"output", "jq", "no-headers", "fail-on", "color", "quiet"}},
		{titleBackends, []string{"env", "dc", "namespace", "config", "timeout", "max-body", "max-stale"}},
		{titleGeneral, []string{"help"}},
	}
}

// irrelevant returns the titles of the groups that mean nothing to c: what only
// holds other commands, or asks nothing and nobody.
func irrelevant(c *cobra.Command) []string {
	switch {
	case c.HasParent() && c.HasAvailableSubCommands() && c.Use == c.Name(), c.Name() == "completion", c.Name() == "help":
		return []string{titleOutput, titleBackends}
	case c.Name() == "version", c.Name() == "explain":
		return []string{titleBackends}
	default:
		return nil
	}
}

// newHelpCmd replaces cobra's, which answers a mistyped command with status 0.
func newHelpCmd() *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND...]",
		Short:   "Show what a command does, and its flags",
		GroupID: groupLearn,
		Example: "  govctl help\n  govctl help services probe",
		RunE: func(c *cobra.Command, args []string) error {
			about, err := find(c.Root(), args)
			if err != nil {
				return err
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
		ValidArgsFunction: completeCommands,
	}
}

// find returns the command of root that words name.
func find(root *cobra.Command, words []string) (*cobra.Command, error) {
	c := root
	for _, word := range words {
		i := slices.IndexFunc(c.Commands(), func(sub *cobra.Command) bool { return sub.Name() == word || sub.HasAlias(word) })
		if i < 0 {
			return nil, usageError{noSuchCommand(c, []string{word})}
		}
		c = c.Commands()[i]
	}
	return c, nil
}

// completeCommands completes to the commands below the one that args name.
func completeCommands(c *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	about, err := find(c.Root(), args)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var offers []offer
	for _, sub := range about.Commands() {
		if sub.IsAvailableCommand() {
			offers = append(offers, offer{sub.Name(), sub.Short})
		}
	}
	return complete(offers, typed, nil), cobra.ShellCompDirectiveNoFileComp
}

// setHelp makes root and all below it explain themselves in a's width.
func (a *app) setHelp(root *cobra.Command) {
	width := cmp.Or(a.Width, helpWidth)
	root.SetHelpCommand(newHelpCmd())
	root.SetHelpFunc(func(c *cobra.Command, _ []string) {
		_, _ = io.WriteString(c.OutOrStdout(), reflow(cmp.Or(c.Long, c.Short), width)+"\n"+usage(c, width)) // where nobody reads it, nobody misses it
	})
	root.SetUsageFunc(func(c *cobra.Command) error {
		_, err := io.WriteString(c.OutOrStderr(), usage(c, width))
		return err
	})
}

// usage is what stands in a help text below the description.
func usage(c *cobra.Command, width int) string {
	var b strings.Builder
	b.WriteString("Usage:\n")
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "  %s COMMAND\n", c.CommandPath())
	} else {
		fmt.Fprintf(&b, "  %s\n", c.UseLine())
	}
	if len(c.Aliases) > 0 {
		fmt.Fprintf(&b, "\nAliases:\n  %s\n", c.NameAndAliases())
	}
	if c.HasExample() {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", c.Example)
	}
	if c.HasAvailableSubCommands() {
		writeCommands(&b, c)
	}
	writeFlags(&b, c, width)
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "\n`%s COMMAND --help` tells more of one.\n", c.CommandPath())
	}
	return b.String()
}

// writeCommands lists the commands below c, in its groups where it has some.
func writeCommands(b *strings.Builder, c *cobra.Command) {
	groups := c.Groups()
	if len(groups) == 0 {
		groups = []*cobra.Group{{Title: "Commands:"}}
	}
	pad := 0
	for _, sub := range c.Commands() {
		pad = max(pad, len(sub.Name()))
	}
	for _, g := range groups {
		title := "\n" + g.Title + "\n"
		for _, sub := range c.Commands() {
			if sub.GroupID == g.ID && (sub.IsAvailableCommand() || sub.Name() == "help") { // to cobra, help is not available
				fmt.Fprintf(b, "%s  %-*s  %s\n", title, pad, sub.Name(), sub.Short)
				title = ""
			}
		}
	}
}

// writeFlags lists the flags of c that mean something to it, group by group.
func writeFlags(b *strings.Builder, c *cobra.Command, width int) {
	hidden := irrelevant(c)
	var groups []flagGroup
	pad := 0
	for _, g := range flagGroups() {
		if slices.Contains(hidden, g.title) {
			continue
		}
		g.flags = slices.DeleteFunc(g.flags, func(name string) bool {
			f := c.Flag(name)
			return f == nil || f.Hidden
		})
		for _, name := range g.flags {
			pad = max(pad, utf8.RuneCountInString(flagHead(c.Flag(name))))
		}
		groups = append(groups, g)
	}
	for _, g := range groups {
		if len(g.flags) > 0 {
			fmt.Fprintf(b, "\n%s\n", g.title)
		}
		for _, name := range g.flags {
			f := c.Flag(name)
			lines := strings.Join(wrap(flagText(f), width-pad-2), "\n"+strings.Repeat(" ", pad+2))
			fmt.Fprintf(b, "%-*s  %s\n", pad, flagHead(f), lines)
		}
	}
}

// flagHead is how a flag is written: "  -e, --env ENV".
func flagHead(f *pflag.Flag) string {
	head := "      --" + f.Name
	if f.Shorthand != "" {
		head = "  -" + f.Shorthand + ", --" + f.Name
	}
	if value, _ := pflag.UnquoteUsage(f); value != "" {
		head += " " + value
	}
	return head
}

// flagText is what is said of a flag, with its default where it has one.
func flagText(f *pflag.Flag) string {
	_, text := pflag.UnquoteUsage(f)
	switch f.DefValue {
	case "", "0", "0s", "false", "[]":
		return text
	default:
		return text + " (default " + f.DefValue + ")"
	}
}

// reflow wraps the paragraphs of text anew. Lines that are indented stay as they
// are.
func reflow(text string, width int) string {
	var b strings.Builder
	paragraph := ""
	end := func() {
		if paragraph != "" {
			b.WriteString(strings.Join(wrap(paragraph, width), "\n") + "\n")
		}
		paragraph = ""
	}
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		if line != "" && line[0] != ' ' {
			paragraph += line + " "
			continue
		}
		end()
		b.WriteString(line + "\n")
	}
	end()
	return b.String()
}

// wrap returns the words of text in lines of at most width characters, where a
// single word is not longer.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
