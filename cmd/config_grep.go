package cmd

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"govctl/internal/mask"
	"govctl/internal/render"
	"govctl/pkg/config"
)

// configGrepOptions are what `config grep` may be told.
type configGrepOptions struct {
	all, ignoreCase bool
}

func newConfigGrepCmd(a *app) *cobra.Command {
	var opts configGrepOptions
	c := &cobra.Command{
		Use:   "grep PATTERN [GLOB...]",
		Short: "Search keys, paths and values of the configuration",
		Long: "Search the keys of items, and the paths and values inside them, for a regular expression (RE2),\n" +
			"in one environment or in all. Items that have no structure are searched line by line. Secrets\n" +
			"are masked before they are searched: nobody finds one by guessing. The status is 0 whatever is\n" +
			"found.",
		Example: "  govctl config grep timeout\n  govctl config grep --all 'postgres://' -o json\n  govctl config grep -i pool 'order/*'",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return exactly(1, "a pattern, and globs after it")(c, args)
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			return a.configGrep(c.Context(), opts, args[0], args[1:])
		},
		ValidArgsFunction: a.completeSearched,
	}
	c.Flags().BoolVar(&opts.all, "all", false, "search every environment")
	c.Flags().BoolVarP(&opts.ignoreCase, "ignore-case", "i", false, "upper case is the same as lower case")
	return c
}

// hit is a place where the pattern was found. The JSON names are an interface.
type hit struct {
	Environment string `json:"environment"`
	config.Key
	// Path leads to the value; "" where the key was found, or the item has no
	// structure: then Line says where.
	Path string `json:"path,omitempty"`
	Line int    `json:"line,omitempty"`
	// Value is the value, or the line; its secrets are masked.
	Value string `json:"value,omitempty"`
}

func (a *app) configGrep(ctx context.Context, opts configGrepOptions, pattern string, globs []string) error {
	const what = "search configuration"
	out, err := a.output()
	if err != nil {
		return err
	}
	if opts.ignoreCase {
		pattern = "(?i)" + pattern
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return withHint(usagef("pattern: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: ")), "a backslash makes a special character plain: 'a\\.b'")
	}
	m, err := a.masker()
	if err != nil {
		return err
	}
	names, err := a.searched(opts.all)
	if err != nil {
		return err
	}
	sides, err := a.openSides(ctx, names)
	if err != nil {
		return err
	}
	if err := a.fetchSides(ctx, sides, globs); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	s := &search{re: re, masker: m}
	for i := range sides {
		for j := range sides[i].items {
			s.item(sides[i].env, &sides[i].items[j])
		}
	}
	err = writeList(a.Stdout, out, render.List[hit]{
		Columns: hitColumns(len(sides) > 1),
		Name:    func(h hit) string { return strings.TrimSpace(h.String() + " " + h.Path) },
		Items:   seq(s.hits, nil),
	})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if human(out.Format) {
		a.say("%s in %s", plural(len(s.hits), "hit"), plural(s.items, "item"))
	}
	return nil
}

// searched returns the environments that are searched: the chosen one, or all that
// have a configuration.
func (a *app) searched(all bool) ([]string, error) {
	cfg, err := a.load()
	if err != nil || !all {
		return []string{""}, err
	}
	if a.flags.env != "" {
		return nil, withHint(usagef("--all and -e %s exclude each other", a.flags.env), "leave one of them out")
	}
	var names []string
	for i := range cfg.Environments {
		if e := &cfg.Environments[i]; e.Config != nil {
			names = append(names, e.Name)
		}
	}
	if len(names) == 0 {
		return nil, withHint(usagef("no environment has a config"), "`govctl env ls` lists them")
	}
	return names, nil
}

// search gathers what is found.
type search struct {
	re     *regexp.Regexp
	masker *mask.Masker
	items  int
	hits   []hit
}

// item searches one item.
func (s *search) item(env string, item *config.Item) {
	s.items++
	if s.re.MatchString(item.String()) {
		s.hits = append(s.hits, hit{Environment: env, Key: item.Key})
	}
	format, _ := config.Detect(item.Declared, item.Name, item.Content)
	if format == config.Binary {
		return
	}
	root, err := config.Parse(item.Content, format)
	if err != nil {
		s.lines(env, item)
		return
	}
	for path, n := range config.Scalars(config.Masked(root, s.masker)) {
		if text := path.String(); s.re.MatchString(text) || s.re.MatchString(n.Text) {
			s.hits = append(s.hits, hit{Environment: env, Key: item.Key, Path: text, Value: n.Text})
		}
	}
}

// lines searches an item that has no structure, or none that can be read.
func (s *search) lines(env string, item *config.Item) {
	number := 0
	for line := range strings.Lines(string(config.MaskedContent(*item, s.masker))) {
		number++
		if line = strings.TrimRight(line, "\r\n"); s.re.MatchString(line) {
			s.hits = append(s.hits, hit{Environment: env, Key: item.Key, Line: number, Value: line})
		}
	}
}

// hitColumns are those of what was found; across is whether several environments
// were searched.
func hitColumns(across bool) []render.Column[hit] {
	text := func(of func(*hit) string) func(hit) render.Cell {
		return func(h hit) render.Cell { return orDash(of(&h)) }
	}
	columns := []render.Column[hit]{
		{Head: "ITEM", Cell: text(func(h *hit) string { return h.String() })},
		{Head: "PATH", Cell: text(func(h *hit) string {
			if h.Line > 0 {
				return fmt.Sprintf("line %d", h.Line)
			}
			return h.Path
		})},
		{Head: "VALUE", Cell: text(func(h *hit) string { return h.Value })},
	}
	if !across {
		return columns
	}
	environment := render.Column[hit]{Head: "ENV", Cell: text(func(h *hit) string { return h.Environment })}
	return append([]render.Column[hit]{environment}, columns...)
}
