// Package cmd is govctl's command line: one file a command. It wires settings,
// back-ends and renderers together, and is the only package that knows cobra.
package cmd

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"govctl/internal/closest"
)

// Main runs govctl in env and returns its exit status.
func Main(env Env) int {
	ctx, stop := env.Notify(context.Background())
	defer stop()
	context.AfterFunc(ctx, stop) // who interrupts a second time is not kept waiting
	a := &app{Env: env}
	root := newRootCmd(a)
	if completes(env.Args) {
		plainFlagTexts(root)
	}
	root.SetArgs(env.Args)
	c, err := root.ExecuteContextC(ctx)
	if err != nil && !a.began {
		err = usageError{err}
	}
	return report(env.Stderr, orHelp(c, a.finish(err)))
}

// newRootCmd returns the command tree. Building it opens nothing.
func newRootCmd(a *app) *cobra.Command {
	root := group("govctl", "See and govern the microservices in your registries",
		newServicesCmd(a),
		newConfigCmd(a),
		newEnvCmd(a),
		newInitCmd(a),
		newApplyCmd(a),
		newHistoryCmd(a),
		newRollbackCmd(a),
		newRecoverCmd(a),
		newDoctorCmd(a),
		newExplainCmd(a),
		newDemoCmd(a),
		newVersionCmd(a),
		newCompletionCmd(a),
	)
	root.Long = "govctl shows what is registered in Consul and other registries, whether it lives,\nand what differs between environments."
	root.Example = "  govctl demo                      # a small real mesh to try it on\n" +
		"  govctl services ls\n" +
		"  govctl services ls -e consul://127.0.0.1:8500"
	root.AddGroup(
		&cobra.Group{ID: groupSee, Title: "What is registered, and is it alive?"},
		&cobra.Group{ID: groupCompare, Title: "What differs between environments?"},
		&cobra.Group{ID: groupChange, Title: "Who changed what?"},
		&cobra.Group{ID: groupSetup, Title: "Set up and check:"},
		&cobra.Group{ID: groupLearn, Title: "Learn:"},
	)
	a.setHelp(root)
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetIn(a.Stdin)
	root.SetOut(a.Stdout)
	root.SetErr(a.Stderr)
	root.SetFlagErrorFunc(flagError)
	a.flags.add(root)
	a.addCompletions(root)
	noteStart(a, root)
	return root
}

// The groups of the help page, as the questions that commands answer.
const (
	groupSee     = "see"
	groupCompare = "compare"
	groupChange  = "change"
	groupSetup   = "setup"
	groupLearn   = "learn"
)

// group returns a command that only holds others. Left to itself, cobra answers
// a mistyped subcommand with the help text and status 0.
func group(use, short string, subs ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{
		Use:   use,
		Short: short,
		Args:  noSuchCommand,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(subs...)
	return c
}

// noSuchCommand is the error of a group that was given a word that is none of
// its commands.
func noSuchCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
			names = append(names, sub.Aliases...)
		}
	}
	hint := suggest(args[0], names, fmt.Sprintf("`%s --help` lists the commands", c.CommandPath()))
	return withHint(fmt.Errorf("%s has no command %q", c.CommandPath(), args[0]), hint)
}

// atLeast refuses fewer arguments than n, and says what is wanted.
func atLeast(n int, wanted string) cobra.PositionalArgs { return between(n, math.MaxInt, wanted) }

// exactly refuses any other number of arguments than n, and says what is wanted.
func exactly(n int, wanted string) cobra.PositionalArgs { return between(n, n, wanted) }

// between refuses fewer arguments than least and more than most, and says what is
// wanted.
func between(least, most int, wanted string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if least <= len(args) && len(args) <= most {
			return nil
		}
		return withHint(fmt.Errorf("%s takes %s", c.CommandPath(), wanted), fmt.Sprintf("`%s --help` has examples", c.CommandPath()))
	}
}

// flagError explains a flag that c does not have, or a value that it refused.
func flagError(c *cobra.Command, err error) error {
	hint := fmt.Sprintf("`%s --help` lists the flags", c.CommandPath())
	if e, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		return invalidValue(e, hint)
	}
	if e, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		return withHint(fmt.Errorf("%s needs a value", dashed(e.GetSpecifiedName())), hint)
	}
	if e, ok := errors.AsType[*pflag.NotExistError](err); ok {
		var names []string
		add := func(f *pflag.Flag) { names = append(names, f.Name) }
		c.Flags().VisitAll(add)
		c.InheritedFlags().VisitAll(add)
		if near := closest.To(e.GetSpecifiedName(), names); near != "" {
			hint = fmt.Sprintf("did you mean %s?", dashed(near))
		}
		return withHint(fmt.Errorf("%s has no flag %s", c.CommandPath(), dashed(e.GetSpecifiedName())), hint)
	}
	return withHint(err, hint)
}

// dashed is the name of a flag as it is written: --env, -e.
func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// invalidValue explains a value that a flag refused.
func invalidValue(e *pflag.InvalidValueError, hint string) error {
	why := e.Unwrap()
	switch e.GetFlag().Value.Type() {
	case "format":
		formats := formatNames()
		if f, ok := e.GetFlag().Value.(reportFormat); ok {
			formats = f.names()
		}
		why, hint = errors.New("no such format"), didYouMean(e.GetValue(), formats, "it is one of "+strings.Join(formats, ", "))
	case "int":
		why = errors.New("not a number")
	case "bool":
		why = errors.New("neither true nor false")
	case "duration":
		why = errors.New("not a time: write it like 10s or 1m30s")
	}
	return withHint(fmt.Errorf("--%s %q: %w", e.GetFlag().Name, e.GetValue(), why), hint)
}

// noteStart makes every command note that it began: cobra's own errors share no
// type, and what fails before that is the caller's mistake.
func noteStart(a *app, c *cobra.Command) {
	if run := c.RunE; run != nil {
		c.RunE = func(c *cobra.Command, args []string) error {
			a.began = true
			return run(c, args)
		}
	}
	for _, sub := range c.Commands() {
		noteStart(a, sub)
	}
}
