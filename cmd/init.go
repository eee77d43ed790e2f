package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"govctl/internal/render"
	"govctl/internal/settings"
)

// defaultConsul is what init offers where nobody says another server.
const defaultConsul = "consul://127.0.0.1:8500"

// initOptions are what `init` may be told.
type initOptions struct {
	out    string
	dryRun bool
}

func newInitCmd(a *app) *cobra.Command {
	var opts initOptions
	c := &cobra.Command{
		Use:   "init [[ENV=]URL...]",
		Short: "Write a govctl.yaml from what the servers have",
		Long: "Ask the servers what they have (services, folders of configuration, datacenters) and write a\n" +
			"commented govctl.yaml for dev, test and prod. A file that is there already is never touched.\n\n" +
			"Folders that are named after an environment, such as config/dev and config/prod, become that\n" +
			"environment's configuration. Several registries are dev, test and prod in this order, or what\n" +
			"stands before their URL. Without a URL the server is CONSUL_HTTP_ADDR, or it is asked for on a\n" +
			"terminal. Secrets are not written: the file says which variable or file holds them.",
		GroupID: groupSetup,
		Example: "  govctl init consul://127.0.0.1:8500\n" +
			"  govctl init consul://127.0.0.1:8500 jaeger://127.0.0.1:16686 --dry-run\n" +
			"  govctl init dev=local://registry/dev prod=local://registry/prod --out govctl.local.yaml",
		RunE: func(c *cobra.Command, args []string) error {
			return a.init(c.Context(), opts, args)
		},
	}
	flags := c.Flags()
	flags.StringVar(&opts.out, "out", "govctl.yaml", "write `FILE`")
	flags.BoolVar(&opts.dryRun, "dry-run", false, "print the file and write nothing")
	return c
}

func (a *app) init(ctx context.Context, opts initOptions, args []string) error {
	out, err := a.output()
	if err != nil {
		return err
	}
	if opts.out == "" || strings.HasSuffix(opts.out, "/") {
		return withHint(usagef("--out %q names no file", opts.out), "--out "+filepath.Join(opts.out, "govctl.yaml"))
	}
	path := filepath.Clean(opts.out)
	if !opts.dryRun {
		if err := settings.Absent(a.inputs(), path); err != nil {
			return err
		}
	}
	if args, err = a.serversToAsk(ctx, args); err != nil {
		return err
	}
	targets, err := a.initTargets(args, filepath.Dir(path) == ".")
	if err != nil {
		return err
	}
	if err := a.surveyAll(ctx, targets); err != nil {
		return fmt.Errorf("ask what is there: %w", a.hinted(err))
	}
	p := propose(targets)
	if err := everyoneHasAPlace(targets, p); err != nil {
		return err
	}
	if opts.dryRun {
		_, err := io.WriteString(a.Stdout, p.Text())
		return err
	}
	if err := settings.Create(ctx, a.inputs(), path, p); err != nil {
		if settings.Absent(a.inputs(), path) != nil {
			return err // it is there, by somebody else or not trusted
		}
		return orHint(err, "name another file by --out FILE; nothing was written")
	}
	err = writeList(a.Stdout, out, render.List[initRow]{
		Columns: initColumns(),
		Name:    func(r initRow) string { return r.Environment },
		Items:   seq(initRows(p), nil),
	})
	with := ""
	if path != "govctl.yaml" {
		with = " --config " + shellQuote(path)
	}
	a.say("wrote %s; next: `govctl services ls%s`, `govctl doctor%s`", path, with, with)
	return err
}

// serversToAsk returns args, or where there are none what the user has said
// elsewhere or says now.
func (a *app) serversToAsk(ctx context.Context, args []string) ([]string, error) {
	if len(args) > 0 {
		return args, nil
	}
	switch u, err := a.cfg.ConsulURL(); {
	case err != nil:
		return nil, err
	case u != nil:
		return []string{u.String()}, nil
	}
	if !a.StdinTTY || !a.StderrTTY {
		return nil, withHint(usagef("init needs the URL of a registry, as nobody can be asked here"), "govctl init "+defaultConsul)
	}
	line, err := a.answer(ctx, "Which registry? ["+defaultConsul+"]")
	switch {
	case errors.Is(err, context.Canceled):
		return nil, err
	case err != nil:
		return nil, withHint(usagef("init needs the URL of a registry, and there was no answer"), "govctl init "+defaultConsul)
	}
	if fields := strings.Fields(line); len(fields) > 0 {
		return fields, nil
	}
	return []string{defaultConsul}, nil
}

// initRow is one environment that was written. The JSON names are an interface.
type initRow struct {
	Environment string `json:"environment"`
	Registry    string `json:"registry,omitempty"`
	Config      string `json:"config,omitempty"`
	Traces      string `json:"traces,omitempty"`
	Metrics     string `json:"metrics,omitempty"`
	Protected   bool   `json:"protected"`
}

func initRows(p settings.Proposal) []initRow {
	var rows []initRow
	for i := range p.Environments {
		if e := &p.Environments[i]; !e.Idle {
			rows = append(rows, initRow{e.Name, e.Registry, e.Config, e.Traces, e.Metrics, e.Protected})
		}
	}
	return rows
}

func initColumns() []render.Column[initRow] {
	text := func(of func(*initRow) string) func(initRow) render.Cell {
		return func(r initRow) render.Cell { return orDash(of(&r)) }
	}
	return []render.Column[initRow]{
		{Head: "ENV", Cell: text(func(r *initRow) string { return r.Environment })},
		{Head: "REGISTRY", Cell: text(func(r *initRow) string { return r.Registry })},
		{Head: "CONFIG", Drop: 1, Cell: text(func(r *initRow) string { return r.Config })},
		{Head: "TRACES", Drop: 2, Cell: text(func(r *initRow) string { return r.Traces })},
	}
}
