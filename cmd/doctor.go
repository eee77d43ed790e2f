package cmd

import (
	"cmp"
	"context"
	"fmt"
	"sync"

	"github.com/spf13/cobra"

	"govctl/internal/render"
	"govctl/internal/settings"
	"govctl/pkg/backend"
	"govctl/pkg/doctor"
)

// doctorOptions are what `doctor` may be told.
type doctorOptions struct {
	all    bool
	failOn string
}

func newDoctorCmd(a *app) *cobra.Command {
	var opts doctorOptions
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Check that each back-end can be reached and used",
		Long: "Ask each back-end of the environment, or of all, how it is: whether it answers and how fast,\n" +
			"its version, the servers of its cluster and their leader, who it takes us for, what may be\n" +
			"read and written (nothing is written to find out), what govctl can do there, its clock.\n\n" +
			"A failure is status 1. A back-end that does not answer, or whose cluster has no leader, is\n" +
			"4, and 3 where none answers at all. A warning alone is 0, unless --fail-on warn.",
		GroupID: groupSetup,
		Example: "  govctl doctor\n  govctl doctor --all -o wide\n  govctl doctor -e consul://127.0.0.1:8500 --fail-on warn",
		Args:    exactly(0, "no argument"),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.doctor(c.Context(), opts)
		},
	}
	flags := c.Flags()
	flags.BoolVar(&opts.all, "all", false, "check every environment")
	flags.StringVar(&opts.failOn, "fail-on", "fail", "the least `LEVEL` that is status 1: fail or warn")
	levels := []string{string(doctor.Fail), string(doctor.Warn)}
	_ = c.RegisterFlagCompletionFunc("fail-on", cobra.FixedCompletions(levels, cobra.ShellCompDirectiveNoFileComp)) // the flag exists
	return c
}

// checkup is what is known of one back-end. The JSON names are an interface.
type checkup struct {
	Environment string      `json:"environment"`
	Role        doctor.Role `json:"role"`
	URL         string      `json:"url"`
	// From is where the URL stands: "govctl.yaml:4".
	From string `json:"from,omitempty"`
	doctor.Report

	backend *settings.Backend
}

func (a *app) doctor(ctx context.Context, opts doctorOptions) error {
	out, err := a.output()
	if err != nil {
		return err
	}
	if f := opts.failOn; f != string(doctor.Fail) && f != string(doctor.Warn) {
		return usagef("--fail-on %q: it is fail or warn", f)
	}
	if opts.all && a.flags.env != "" {
		return usagef("--all and -e %s exclude each other", a.flags.env)
	}
	checkups, err := a.checkups(opts.all)
	if err != nil {
		return err
	}
	a.inspect(ctx, checkups)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	err = writeList(a.Stdout, out, render.List[checkup]{
		Columns: checkupColumns(opts.all),
		Name:    func(c checkup) string { return c.Environment + "/" + string(c.Role) },
		Items:   seq(checkups, nil),
	})
	if err == nil && human(out.Format) {
		err = a.writeDoctorVerdict(out, checkups)
	}
	if err != nil {
		return fmt.Errorf("check back-ends: %w", err)
	}
	return verdictOfDoctor(checkups, opts.failOn)
}

// checkups returns a checkup, not yet done, for each back-end of the chosen
// environment, or of all.
func (a *app) checkups(all bool) ([]checkup, error) {
	cfg, err := a.load()
	if err != nil {
		return nil, err
	}
	if !all {
		env, err := cfg.Environment("")
		if err != nil {
			return nil, err
		}
		return checkupsOf(env), nil
	}
	var checkups []checkup
	for i := range cfg.Environments {
		env, err := cfg.Environment(cfg.Environments[i].Name)
		if err != nil {
			c := checkup{Environment: cfg.Environments[i].Name, Role: doctor.Registry}
			c.unusable(err)
			checkups = append(checkups, c)
			continue
		}
		checkups = append(checkups, checkupsOf(env)...)
	}
	return checkups, nil
}

func checkupsOf(env *settings.Environment) []checkup {
	var checkups []checkup
	for _, part := range []struct {
		role    doctor.Role
		backend *settings.Backend
	}{
		{doctor.Registry, env.Registry}, {doctor.Config, env.Config}, {doctor.Traces, env.Traces}, {doctor.Metrics, env.Metrics},
	} {
		if b := part.backend; b != nil {
			checkups = append(checkups, checkup{Environment: env.Name, Role: part.role, URL: b.URL.String(), From: b.Pos.String(), backend: b})
		}
	}
	return checkups
}

// inspect does the checkups, all at once, bounded by --timeout.
func (a *app) inspect(ctx context.Context, checkups []checkup) {
	ctx, cancel := a.within(ctx)
	defer cancel()
	line := render.NewProgress(a.Stderr, a.StderrTTY && !a.flags.quiet, a.Now)
	defer line.Done()
	line.Update("asking " + plural(len(checkups), "back-end"))
	var group sync.WaitGroup
	for i := range checkups {
		if c := &checkups[i]; c.backend != nil {
			group.Go(func() { a.inspectOne(ctx, c) })
		}
	}
	group.Wait()
}

func (a *app) inspectOne(ctx context.Context, c *checkup) {
	t, err := a.target(ctx, a.cfg, c.backend)
	if err != nil {
		c.unusable(err)
		return
	}
	inspector, err := backend.OpenInspector(t)
	switch {
	case err != nil:
		c.unusable(withHint(err, schemeHint(c.backend.URL)))
	case inspector == nil:
		c.unspoken()
	default:
		c.Report = inspector.Inspect(ctx, c.Role)
	}
}

// unusable says that the settings are such that nobody could be asked.
func (c *checkup) unusable(err error) {
	c.blank()
	c.Find(doctor.Unusable, err.Error(), hintFor(err))
}

// unspoken says that nobody knows how to ask.
func (c *checkup) unspoken() {
	c.blank()
	c.Find(doctor.Unspoken, "this version of govctl does not speak to "+c.System, "")
}

// blank is the report of a back-end that was not asked.
func (c *checkup) blank() {
	c.Report = doctor.Report{Read: doctor.Unknown, Write: doctor.Unknown, Capabilities: []string{}, Findings: []doctor.Finding{}}
	if c.backend != nil {
		c.System = system(c.backend.URL)
	}
}

// hosts is where the back-end is by its URL, whoever answers.
func (c *checkup) hosts() string {
	if c.backend == nil {
		return ""
	}
	return cmp.Or(c.backend.URL.Host, c.backend.URL.Path)
}
