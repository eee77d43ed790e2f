package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"govctl/pkg/demo"
)

// stop is one stop of the tour: a command, and why a person would run it.
type stop struct {
	why  string
	args []string
	// status is what the command ends with where all is as planted.
	status int
}

func tourStops() []stop {
	return []stop{
		{why: "What is registered, and what does the registry say of it?", args: []string{"services", "ls"}},
		{why: "One service whole: versions, weights, checks, what it offers.", args: []string{"services", "get", "payment"}},
		{why: "Pick by label, health or any field.", args: []string{"services", "instances", "--filter", `version == "v2" and weight == 20`}},
		{why: "What differs between two environments? (status 1: something does)", args: []string{"services", "diff", "dev", "prod"}, status: exitFinding},
		{why: "Scripts get names, JSON and YAML.", args: []string{"services", "instances", "--health", "critical", "-o", "name"}},
		{why: "The instances with a planted fault, as the registry sees them:", args: []string{"services", "instances", "-l", demo.MetaFault}},
		{why: "A registry repeats what an instance last said. Ask them all: who lives? (status 1: not all do)", args: []string{"services", "probe"}, status: exitFinding},
		{why: "One of them answers now and then. Ask it again and again:", args: []string{
			"services", "probe", "-l", demo.MetaFault + "=" + string(demo.FaultFlapping), "--watch", "--interval", "200ms", "--for", "4s",
		}, status: exitFinding},
		{why: "A deploy script waits for instances that answer.", args: []string{"services", "wait", "order", "--min-healthy", "2", "--truth", "--for", "30s"}},
		{why: "Configuration: what differs that nobody meant to? (status 1: something does)", args: []string{"config", "diff", "dev", "prod"}, status: exitFinding},
		{why: "Of three environments, which is the odd one out?", args: []string{"config", "diff", "dev", "test", "prod"}, status: exitFinding},
		{why: "What differs from test to prod is accepted as it is: from now on, what changes in test can go up.", args: []string{"config", "promote", "test", "prod", "--baseline", "--yes"}},
		{why: "A release is tried in test.", args: []string{"config", "set", "order/app.yaml", "retry.max=5", "http.timeout=5s", "-e", "test", "--yes"}},
		{why: "Meanwhile somebody changes a timeout in prod.", args: []string{"config", "set", "order/app.yaml", "http.timeout=6s", "-e", "prod", "--yes"}},
		{why: "Up it goes, unless both changed the same value (status 1): nobody's change is lost.", args: []string{"config", "promote", "test", "prod", "order"}, status: exitFinding},
		{why: "Somebody decides: that of test holds. All that is prod's own stays.", args: []string{"config", "promote", "test", "prod", "order", "--take", "A", "--yes", "-m", "the new release"}},
		{why: "That was not good. Back to what was there before:", args: []string{"rollback", lastPlan, "-e", "prod", "--yes"}},
		{why: "Who changed what in prod, and why?", args: []string{"history", "-e", "prod"}},
	}
}

// lastPlan stands in the commands of the tour for the plan that was applied last.
const lastPlan = "LAST"

// appliedPlan is how a command says how to take back what it did.
var appliedPlan = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`govctl rollback ([0-9a-f]{8})`) })

// named returns args with the plan in place of lastPlan that was told last in shown.
func named(args []string, shown string) []string {
	told := appliedPlan().FindAllStringSubmatch(shown, -1)
	named := slices.Clone(args)
	for i := range named {
		if named[i] == lastPlan && len(told) > 0 {
			named[i] = told[len(told)-1][1]
		}
	}
	return named
}

// demoTour runs the demo in a temporary folder, does the main jobs on it with
// the commands that a person would type, and ends. It is a finding where a
// planted fault is not in what was printed.
func (a *app) demoTour(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "govctl-tour-")
	if err != nil {
		return fmt.Errorf("start the tour: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	guided := &app{Env: a.tourEnv(ctx, dir)}
	m, err := guided.startDemo(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.close()) }()
	a.printf("A mesh of real HTTP and gRPC services is running on 127.0.0.1: %s.\n", strings.Join(demo.Services(), ", "))
	if err := a.tourOrder(ctx, m.mesh); err != nil {
		return err
	}
	shown, err := a.tourCommands(ctx, guided.Env)
	if err != nil {
		return err
	}
	return a.tourVerdict(m.mesh.Faults(), demo.Mistakes(), shown)
}

// tourEnv is the process's environment with folders of its own and no settings.
func (a *app) tourEnv(ctx context.Context, dir string) Env {
	env := a.Env
	env.Dir, env.ConfigDir, env.DataDir = dir, filepath.Join(dir, "config"), filepath.Join(dir, "data")
	env.Stdin = strings.NewReader("")
	env.Getenv = func(name string) string {
		if name == "NO_COLOR" || name == "TERM" {
			return a.Getenv(name)
		}
		return ""
	}
	env.Notify = func(context.Context) (context.Context, context.CancelFunc) { return context.WithCancel(ctx) }
	return env
}

// tourOrder places one order and shows the way that it took.
func (a *app) tourOrder(ctx context.Context, mesh *demo.Mesh) error {
	res, err := mesh.Order(ctx, "dev")
	if err != nil {
		return fmt.Errorf("place an order: %w", err)
	}
	hops := make([]string, 0, len(res.Hops))
	for _, h := range res.Hops {
		hops = append(hops, h.ID)
	}
	a.printf("An order went through %s (trace %s).\n", strings.Join(hops, ", "), res.TraceID)
	return nil
}

// tourCommands runs the commands and returns what they printed.
func (a *app) tourCommands(ctx context.Context, env Env) (shown string, err error) {
	var all bytes.Buffer
	env.Stdout = io.MultiWriter(a.Stdout, &all)
	for _, s := range tourStops() {
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		args := named(s.args, all.String())
		words := make([]string, 0, len(args))
		for _, arg := range args {
			words = append(words, shellQuote(arg))
		}
		a.printf("\n# %s\n$ govctl %s\n", s.why, strings.Join(words, " "))
		env.Args = args
		if status := Main(env); status != s.status {
			return "", fmt.Errorf("govctl %s ended with status %d, not %d", strings.Join(args, " "), status, s.status)
		}
	}
	return all.String(), nil
}

// tourVerdict says of each planted fault and each mistake whether it was shown, and
// what is really so. It is a finding where one was not, or where configuration was
// shown to differ that is meant to.
func (a *app) tourVerdict(faults []demo.Fault, mistakes []demo.Mistake, shown string) error {
	a.printf("\n")
	missed := 0
	tell := func(isShown bool, text string) {
		mark := "✓"
		if !isShown {
			mark, missed = "✗ not shown:", missed+1
		}
		a.printf("%s %s\n", mark, text)
	}
	for _, f := range faults {
		tell(showsFault(shown, f), f.Text())
	}
	for _, m := range mistakes {
		tell(showsMistake(shown, m), m.Text())
	}
	counted := plural(len(faults), "planted fault") + " and " + plural(len(mistakes), "mistake") + " in the configuration"
	if missed > 0 || len(faults) == 0 {
		a.printf("%d of %s not shown\n", missed, counted)
		return errFinding
	}
	if !strings.Contains(shown, ": "+plural(len(mistakes), "path")+" changed · ") {
		a.printf("more than the %s was shown to differ in the configuration\n", plural(len(mistakes), "mistake"))
		return errFinding
	}
	a.printf("%s shown. `govctl demo` keeps the mesh running for you to try more.\n", counted)
	return nil
}

// showsFault reports whether a line of shown has the faulty instance, the word for
// what is wrong with it, and the reason.
func showsFault(shown string, f demo.Fault) bool {
	for line := range strings.Lines(shown) {
		if strings.Contains(line, f.ID) && strings.Contains(line, f.Finding) && strings.Contains(line, f.Reason) {
			return true
		}
	}
	return false
}
