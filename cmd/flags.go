package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"govctl/internal/render"
	"govctl/internal/settings"
)

// globalFlags are those that every command has.
type globalFlags struct {
	config, env string
	dc, ns      string
	output      render.Format
	jq          string
	query       *render.Query // what jq says, nil for nothing
	timeout     time.Duration
	color       string
	noHeaders   bool
	quiet       bool
	maxBody     byteSize
	maxStale    time.Duration
	set         *pflag.FlagSet
}

// given returns those flags that settings may hold too, where they were given.
func (f *globalFlags) given() settings.Flags {
	of := func(name string) *string {
		if f.set == nil || !f.set.Changed(name) {
			return nil
		}
		text := f.set.Lookup(name).Value.String()
		return &text
	}
	return settings.Flags{Config: of("config"), Env: of("env"), Output: of("output"), Timeout: of("timeout"), Color: of("color")}
}

func (f *globalFlags) add(root *cobra.Command) {
	f.maxBody = 256 << 20
	flags := root.PersistentFlags()
	f.set = flags
	flags.StringVar(&f.config, "config", "", "read the settings from `FILE`")
	flags.StringVarP(&f.env, "env", "e", "", "the `ENV` to ask: a name of the settings, or a URL")
	flags.StringVar(&f.dc, "dc", "", "ask for datacenter `NAME`, where the back-end has them")
	flags.StringVarP(&f.ns, "namespace", "n", "", "ask for namespace `NAME`, where the back-end has them")
	flags.VarP(&f.output, "output", "o", "print as table, wide, json, yaml, csv or name")
	flags.StringVar(&f.jq, "jq", "", "print what the jq expression `EXPR` makes of the JSON, strings as they are")
	flags.DurationVar(&f.timeout, "timeout", settings.DefaultTimeout, "`TIME` that all questions to back-ends may take, retries included")
	flags.StringVar(&f.color, "color", "auto", "use colour `WHEN`: auto, always or never")
	flags.BoolVar(&f.noHeaders, "no-headers", false, "leave out the header line")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "say nothing on stderr but errors and warnings")
	flags.Var(&f.maxBody, "max-body", "refuse an answer above `SIZE`")
	flags.DurationVar(&f.maxStale, "max-stale", 30*time.Second, "warn of answers older than `TIME`")
	root.PersistentPreRunE = func(c *cobra.Command, _ []string) error { return f.compile(c.Context()) }
	complete := func(name string, values ...string) {
		_ = root.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)) // the flag exists: it was just added
	}
	complete("output", formatNames()...)
	complete("color", "auto", "always", "never")
}

// addReport gives c an -o that takes the formats of reports as well.
func (f *globalFlags) addReport(c *cobra.Command) {
	c.Flags().VarP(reportFormat{&f.output}, "output", "o", "print as table, wide, json, yaml, csv, name, markdown or github")
	_ = c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(reportFormat{}.names(), cobra.ShellCompDirectiveNoFileComp)) // the flag exists: it was just added
}

// reportFormat is a format of a report, as a flag.
type reportFormat struct{ *render.Format }

// Set implements pflag.Value.
func (f reportFormat) Set(s string) error {
	if slices.Contains(render.Reports(), render.Format(s)) {
		*f.Format = render.Format(s)
		return nil
	}
	return f.Format.Set(s)
}

// names returns what it takes.
func (reportFormat) names() []string {
	return append(formatNames(), string(render.Markdown), string(render.GitHub))
}

// compile makes a query of --jq, which implies JSON, and refuses what else is
// wrong with the flags. It runs before any command, so that a mistake is found
// before anything is asked.
func (f *globalFlags) compile(ctx context.Context) error {
	if f.maxStale < 0 {
		return withHint(fmt.Errorf("--max-stale %s: it is a time, not below 0", f.maxStale), "write it like 30s")
	}
	if !f.set.Changed("jq") {
		return nil
	}
	if f.output != "" && f.output != render.JSON {
		return withHint(fmt.Errorf("--jq works on JSON, and -o is %s", f.output.String()), "leave out -o")
	}
	query, err := render.NewQuery(ctx, f.jq)
	if err != nil {
		return withHint(fmt.Errorf("--jq %q: %w", f.jq, err), "it is an expression of jq, such as '.[].service'")
	}
	f.query, f.output = query, render.JSON
	return nil
}

func formatNames() []string {
	names := make([]string, 0, len(render.Formats()))
	for _, f := range render.Formats() {
		names = append(names, string(f))
	}
	return names
}

// byteSize is a number of bytes as a flag: 1048576, 512KiB, 64MiB, 1GiB.
type byteSize int64

// Set implements pflag.Value.
func (b *byteSize) Set(s string) error {
	digits := strings.TrimRight(s, "KMGiB")
	shift, ok := map[string]int{"": 0, "B": 0, "KiB": 10, "MiB": 20, "GiB": 30}[strings.TrimPrefix(s, digits)]
	n, err := strconv.ParseInt(digits, 10, 32)
	if err != nil || !ok || n <= 0 {
		return errors.New("not a size: write it like 64MiB")
	}
	*b = byteSize(n << shift)
	return nil
}

// String implements pflag.Value.
func (b *byteSize) String() string {
	if *b%(1<<20) == 0 {
		return fmt.Sprintf("%dMiB", *b>>20)
	}
	return strconv.FormatInt(int64(*b), 10)
}

// Type implements pflag.Value.
func (b *byteSize) Type() string { return "size" }
