package cmd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"govctl/internal/render"
	"govctl/internal/settings"
)

func newEnvCmd(a *app) *cobra.Command {
	c := group("env", "See and change the environments of govctl.yaml",
		newEnvLsCmd(a),
		newEnvShowCmd(a),
		newEnvUseCmd(a),
		newEnvAddCmd(a),
		newEnvRmCmd(a),
		newEnvTrustCmd(a),
	)
	c.Aliases = []string{"environment", "environments"}
	c.GroupID = groupSetup
	c.Long = "See and change the environments of govctl.yaml. None of these commands connects to anything,\n" +
		"and those that change the file keep its comments and everything else in it as it is."
	c.Example = "  govctl env ls\n  govctl env add prod consul://127.0.0.1:8500 --protected\n  govctl env use prod"
	return c
}

// editFlags are the flags of a command that changes govctl.yaml.
type editFlags struct {
	yes, dryRun bool
}

func (f *editFlags) addDryRun(c *cobra.Command) {
	c.Flags().BoolVar(&f.dryRun, "dry-run", false, "print the lines that would change, and write nothing")
}

func (f *editFlags) addYes(c *cobra.Command) {
	c.Flags().BoolVar(&f.yes, "yes", false, "do not ask")
}

// write writes an edit and says done, or prints it where that is all that is
// wanted.
func (a *app) write(ctx context.Context, e *settings.Edit, dryRun bool, done string) error {
	if dryRun {
		return a.printDiff(e)
	}
	err := e.Write(ctx)
	switch {
	case errors.Is(err, settings.ErrChanged):
		return withHint(err, "nothing was written: run it again")
	case err != nil:
		return err
	}
	a.printf("%s\n", render.Safe(e.File+": "+done))
	return nil
}

// printDiff prints the lines of an edit, with the file above them.
func (a *app) printDiff(e *settings.Edit) error {
	lines := []string{e.File}
	if !e.Changes() {
		lines = append(lines, "nothing to change")
	}
	lines = append(lines, e.Diff()...)
	for i := range lines {
		lines[i] = render.Safe(lines[i])
	}
	_, err := fmt.Fprintln(a.Stdout, strings.Join(lines, "\n"))
	return err
}

// confirm asks a question on the terminal, or where there is none wants --yes.
// An answer that is no yes is an error.
func (a *app) confirm(ctx context.Context, question, what string) error {
	if !a.StdinTTY || !a.StderrTTY {
		return withHint(usagef("%s: there is no terminal to ask on", what), "--yes says yes beforehand")
	}
	text, err := a.answer(ctx, question+" [y/N]")
	switch text = strings.ToLower(strings.TrimSpace(text)); {
	case errors.Is(err, context.Canceled):
		return err
	case text == "y", text == "yes":
		return nil
	}
	return withHint(usagef("%s: not confirmed, nothing was changed", what), "y or yes is a yes")
}

// answer asks a question on the terminal and returns the line that is typed. It
// does not wait longer than ctx; io.EOF is an end without any answer.
func (a *app) answer(ctx context.Context, question string) (string, error) {
	_, _ = fmt.Fprint(a.Stderr, render.Safe(question)+" ")
	type answer struct {
		line string
		err  error
	}
	typed := make(chan answer, 1)
	go func() {
		line, err := bufio.NewReader(a.Stdin).ReadString('\n')
		if line != "" {
			err = nil
		}
		typed <- answer{line, err}
	}()
	select {
	case got := <-typed:
		if got.err != nil {
			_, _ = fmt.Fprintln(a.Stderr) // what is said next begins a line
		}
		return got.line, got.err
	case <-ctx.Done():
		_, _ = fmt.Fprintln(a.Stderr)
		return "", context.Cause(ctx)
	}
}

// sayOverride says what beats the file's new default, where something else does.
func (a *app) sayOverride(cfg *settings.Settings, name string) {
	for _, v := range cfg.Values() {
		if v.Name == "env" && v.Value != name && (v.From == "--env" || v.From == "GOVCTL_ENV") {
			a.say("%s still says %s here", v.From, v.Value)
		}
	}
}
