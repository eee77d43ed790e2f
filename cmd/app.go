package cmd

import (
	"fmt"
	"slices"
	"sync"

	"govctl/internal/render"
	"govctl/internal/settings"
	"govctl/pkg/registry"
)

// app is what every command shares: the environment, the flags, the settings,
// and how to reach a registry. It is built once per process, or once per test.
type app struct {
	Env
	flags   globalFlags
	notices notices
	// began is true from when a command runs: an error before is a usage error.
	began bool
	// cfg is the settings once load has read them.
	cfg *settings.Settings
	// asked is where the registries that were opened stand in the settings, by
	// the name that their errors bear.
	asked map[string]settings.Pos
}

// load reads the settings, once, and says on stderr what there is to say of
// them.
func (a *app) load() (*settings.Settings, error) {
	if a.cfg != nil {
		return a.cfg, nil
	}
	cfg, err := settings.Load(a.inputs())
	if err != nil {
		return nil, err
	}
	for _, note := range cfg.Notes {
		a.say("%s", note)
	}
	a.cfg = cfg
	return cfg, nil
}

// inputs is what the settings are made of.
func (a *app) inputs() settings.Inputs {
	return settings.Inputs{
		Flags:       a.flags.given(),
		Getenv:      a.Getenv,
		Dir:         a.Dir,
		ConfigDir:   a.ConfigDir,
		DataDir:     a.DataDir,
		DemoRunning: a.runningDemo,
	}
}

// say writes a line about the answer to stderr, unless the user wants quiet.
func (a *app) say(format string, args ...any) {
	if !a.flags.quiet {
		_, _ = fmt.Fprintln(a.Stderr, render.Safe(fmt.Sprintf(format, args...)))
	}
}

// output returns how to print: flags, then variables, then the file.
func (a *app) output() (render.Options, error) {
	cfg, err := a.load()
	if err != nil {
		return render.Options{}, err
	}
	o := render.Options{Format: a.flags.output, Query: a.flags.query, NoHeaders: a.flags.noHeaders, Width: a.Width, Color: a.colored(cfg.Color)}
	if o.Format == "" && cfg.Output != "" {
		if err := o.Format.Set(cfg.Output); err != nil {
			return render.Options{}, usagef("%s: %w", cfg.OutputFrom, err)
		}
	}
	return o, nil
}

// colored decides whether stdout gets colour: https://no-color.org for auto.
func (a *app) colored(when settings.Color) bool {
	switch when {
	case settings.Always:
		return true
	case settings.Never:
		return false
	default:
		return a.StdoutTTY && a.Getenv("NO_COLOR") == "" && a.Getenv("TERM") != "dumb"
	}
}

// finish says what the back-ends noticed, and returns how the command ended in
// all: err, or errIncomplete where nothing is wrong but something is missing.
func (a *app) finish(err error) error {
	incomplete := false
	err = a.hinted(err)
	for _, n := range a.notices.all() {
		_, _ = fmt.Fprintf(a.Stderr, "govctl: warning: %s\n", render.Safe(n.Text))
		if n.Hint != "" && hintFor(err) == "" { // one hint is enough
			_, _ = fmt.Fprintf(a.Stderr, "hint: %s\n", render.Safe(n.Hint))
		}
		incomplete = incomplete || n.Incomplete
	}
	if err == nil && incomplete {
		return errIncomplete
	}
	return err
}

// notices collects what back-ends say beside their answers.
type notices struct {
	mu    sync.Mutex
	seen  []registry.Notice
	known map[registry.Notice]bool // of seen
}

func (n *notices) add(notice registry.Notice) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.known[notice] {
		return
	}
	if n.known == nil {
		n.known = map[registry.Notice]bool{}
	}
	n.known[notice] = true
	n.seen = append(n.seen, notice)
}

func (n *notices) all() []registry.Notice {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.seen)
}
