package cmd

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// TestEveryFlagHasOneGroup holds the table of flags to the commands: a flag that
// it lacks would be in no help text.
func TestEveryFlagHasOneGroup(t *testing.T) {
	t.Parallel()
	var table, flags []string
	for _, g := range flagGroups() {
		table = append(table, g.flags...)
	}
	slices.Sort(table)
	walk(newRootCmd(&app{}), func(c *cobra.Command) {
		c.InitDefaultHelpFlag()
		c.NonInheritedFlags().VisitAll(func(f *pflag.Flag) {
			if !slices.Contains(table, f.Name) {
				t.Errorf("--%s of %s is in no group: add it to the table in help.go", f.Name, c.CommandPath())
			}
			flags = append(flags, f.Name)
		})
	})
	for i, name := range table {
		if !slices.Contains(flags, name) {
			t.Errorf("no command has --%s: take it out of the table in help.go", name)
		}
		if i > 0 && table[i-1] == name {
			t.Errorf("--%s is in two groups", name)
		}
	}
}

func TestHelpFitsTheTerminal(t *testing.T) {
	t.Parallel()
	for _, width := range []int{0, 76, 120} {
		var out bytes.Buffer
		root := newRootCmd(&app{Env: Env{Stdout: &out, Width: width}})
		root.InitDefaultHelpCmd()
		widest, most := 0, width
		if width == 0 {
			most = 80
		}
		walk(root, func(c *cobra.Command) {
			out.Reset()
			if err := c.Help(); err != nil {
				t.Fatal(err)
			}
			longest := 0
			for line := range strings.Lines(out.String()) {
				line = strings.TrimSuffix(line, "\n")
				if !strings.HasPrefix(line, "  ") || strings.HasPrefix(line, "    ") { // neither a command line nor a list of the description's
					longest = max(longest, utf8.RuneCountInString(line))
				}
			}
			if longest > most {
				t.Errorf("%s --help takes %d columns of %d", c.CommandPath(), longest, most)
			}
			widest = max(widest, longest)
		})
		if widest < most-5 {
			t.Errorf("help takes %d columns where it has %d", widest, most)
		}
	}
}
