package cmd

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"govctl/internal/settings"
	"govctl/pkg/backend"
	"govctl/pkg/demo"
	"govctl/pkg/registry"
)

// demoCloseTime bounds how long a demo takes to deregister and stop.
const demoCloseTime = 5 * time.Second

func newDemoCmd(a *app) *cobra.Command {
	var tour bool
	c := &cobra.Command{
		Use:     "demo",
		Short:   "Run a small real mesh to try govctl on",
		GroupID: groupLearn,
		Long: "Run a small mesh of real HTTP and gRPC services on loopback, registered and configured in\n" +
			"environments dev, test and prod of its own, until it is interrupted. While it runs, govctl\n" +
			"finds it in any other terminal without settings. With -e it registers in that environment\n" +
			"instead, and writes no configuration.",
		Example: "  govctl demo\n  govctl demo --tour\n  govctl demo -e consul://127.0.0.1:8500",
		Args:    exactly(0, "no argument"),
		RunE: func(c *cobra.Command, _ []string) error {
			switch {
			case tour:
				return a.demoTour(c.Context())
			case c.Flags().Changed("env"):
				return a.demoIn(c.Context(), a.flags.env)
			default:
				return a.demoAtHome(c.Context())
			}
		},
	}
	c.Flags().BoolVar(&tour, "tour", false, "do the main jobs once, show them, and end")
	return c
}

// demoHome is the folder of the user's own demo, "" where there is no place
// for it.
func (e *Env) demoHome() string {
	if e.DataDir == "" {
		return ""
	}
	return filepath.Join(e.DataDir, "govctl", "demo")
}

// runningDemo returns the settings of the demo that runs, if one does.
func (a *app) runningDemo() (config string, ok bool) {
	home := a.demoHome()
	if home == "" {
		return "", false
	}
	return demo.Running(home)
}

// demoAtHome runs the demo in its own folder until ctx ends.
func (a *app) demoAtHome(ctx context.Context) error {
	m, err := a.startDemo(ctx)
	if err != nil {
		return err
	}
	prefix := "govctl "
	if cfg, err := settings.Load(a.inputs()); err != nil || cfg.File != m.config {
		prefix = "govctl --config " + shellQuote(m.config) + " "
	}
	a.printf("The demo runs: %s in dev, test and prod, on 127.0.0.1. Ctrl-C ends it.\nIn a second terminal:\n", strings.Join(demo.Services(), ", "))
	for _, line := range []string{
		"services ls", "services probe", "services watch", "services get order", "services diff dev prod", "config diff dev prod",
	} {
		a.printf("  %s%s\n", prefix, line)
	}
	a.writeFaults(m.mesh)
	for _, mistake := range demo.Mistakes() {
		a.printf("  %s\n", mistake.Text())
	}
	<-ctx.Done()
	return a.ended(ctx, m.close())
}

// writeFaults says what is wrong in the mesh on purpose.
func (a *app) writeFaults(mesh *demo.Mesh) {
	a.printf("Planted, for you to find:\n")
	for _, f := range mesh.Faults() {
		a.printf("  %s\n", f.Text())
	}
}

// ended says that the demo is gone, and returns the interrupt that ended it.
func (a *app) ended(ctx context.Context, err error) error {
	if err != nil {
		return fmt.Errorf("end the demo: %w", err)
	}
	a.say("the demo has ended: its instances are deregistered")
	return context.Cause(ctx)
}

// homeDemo is a demo in a folder of its own.
type homeDemo struct {
	mesh *demo.Mesh
	home *demo.Home
	// config is the settings file by which other processes find it.
	config string
}

// close stops the mesh and gives the folder back.
func (m *homeDemo) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), demoCloseTime)
	defer cancel()
	return errors.Join(m.mesh.Close(ctx), m.home.Close())
}

// startDemo claims the demo's folder, starts the mesh in it and publishes its
// settings.
func (a *app) startDemo(ctx context.Context) (*homeDemo, error) {
	dir := a.demoHome()
	if dir == "" {
		return nil, usagef("no folder for the demo: set XDG_DATA_HOME or HOME")
	}
	home, err := demo.Claim(ctx, dir, a.self())
	if _, running := errors.AsType[*demo.RunningError](err); running || errors.Is(err, demo.ErrForeign) {
		return nil, usageError{err}
	}
	if err != nil {
		return nil, fmt.Errorf("start the demo: %w", err)
	}
	m := &homeDemo{home: home}
	if err = writeDemoConfig(home); err == nil {
		m.mesh, err = a.startMesh(ctx, home)
	}
	if err != nil {
		return nil, fmt.Errorf("start the demo: %w", errors.Join(err, home.Close()))
	}
	if m.config, err = home.Publish(demoSettings(home)); err != nil {
		return nil, fmt.Errorf("start the demo: %w", errors.Join(err, m.close()))
	}
	return m, nil
}

// demoEnvironments are the environments of a demo in its own folder.
func demoEnvironments() []string { return []string{"dev", "test", "prod"} }

func (a *app) startMesh(ctx context.Context, home *demo.Home) (*demo.Mesh, error) {
	var environments []demo.Environment
	for _, name := range demoEnvironments() {
		r, err := backend.OpenRegistry(backend.Target{URL: localURL(home.Dir(name)), Now: a.Now, Notice: a.notices.add})
		if err != nil {
			return nil, err
		}
		env, err := demoEnvironment(name, r)
		if err != nil {
			return nil, err
		}
		env.TraceDir = filepath.Join(home.Dir(name), "traces")
		environments = append(environments, env)
	}
	return demo.Start(ctx, a.demoOptions(environments))
}

// demoOptions is how a mesh runs, wherever it registers.
func (a *app) demoOptions(environments []demo.Environment) demo.Options {
	return demo.Options{
		Environments: environments,
		RequestEvery: time.Second,
		Now:          a.Now,
		Log:          func(text string) { a.say("demo: %s", text) },
	}
}

// demoEnvironment makes an environment of the demo of a registry.
func demoEnvironment(name string, r registry.Registry) (demo.Environment, error) {
	registrar, err := registry.As[registry.Registrar](r, "register the demo")
	if err != nil {
		return demo.Environment{}, err
	}
	return demo.Environment{Name: name, Registry: r, Registrar: registrar}, nil
}

// localURL returns the URL of a local back-end in an absolute folder.
func localURL(dir string) *url.URL {
	return &url.URL{Scheme: "local", Path: filepath.ToSlash(dir)}
}

// self says which process this is, for whoever meets its lock.
func (a *app) self() string {
	return fmt.Sprintf("process %d, since %s", a.PID, a.Now().Format("2006-01-02 15:04:05"))
}

// demoIn runs the demo in somebody's registry until ctx ends.
func (a *app) demoIn(ctx context.Context, name string) error {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	env, err := cfg.Environment(name)
	if err != nil {
		return err
	}
	if env.Protected || env.Registry != nil && env.Registry.Protected {
		return withHint(usagef("environment %q is protected: the demo registers nothing there", env.Name), "without -e the demo has environments of its own")
	}
	src, err := a.open(ctx, name)
	if err != nil {
		return err
	}
	target, err := demoEnvironment(demoEnvironments()[0], src.registry)
	if err != nil {
		return err
	}
	opts := a.demoOptions([]demo.Environment{target})
	opts.Seed = a.self() // somebody else's demo may be registered there too
	mesh, err := demo.Start(ctx, opts)
	if err != nil {
		return fmt.Errorf("start the demo: %w", err)
	}
	a.printf("The demo runs in %s: %s. Ctrl-C ends it and takes its instances away.\n", place(src), strings.Join(demo.Services(), ", "))
	a.printf("In a second terminal:\n  govctl services ls -e %s\n", shellQuote(name))
	a.writeFaults(mesh)
	<-ctx.Done()
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), demoCloseTime)
	defer cancel()
	return a.ended(ctx, mesh.Close(closing))
}

// shellQuote returns s as one word of a POSIX shell.
func shellQuote(s string) string {
	plain := func(r rune) bool {
		return r == '/' || r == '.' || r == '-' || r == '_' || r == ':' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
