package cmd

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"govctl/internal/render"
	"govctl/pkg/registry"
)

// eventRunner returns what runs command for an event: nothing for "".
func (a *app) eventRunner(command string) (func(context.Context, *registry.Event), error) {
	words := strings.Fields(command)
	if len(words) == 0 {
		return func(context.Context, *registry.Event) {}, nil
	}
	program, err := exec.LookPath(words[0])
	if err != nil {
		return nil, usagef("--exec %q: no such program", words[0])
	}
	return func(ctx context.Context, e *registry.Event) {
		if e.Kind == registry.Present {
			return
		}
		if err := a.runFor(ctx, e, program, words[1:]); err != nil && ctx.Err() == nil {
			_, _ = fmt.Fprintf(a.Stderr, "govctl: warning: %s for %q: %s\n", render.Safe(words[0]), eventName(*e), render.Safe(err.Error()))
		}
	}, nil
}

// runFor runs program to its end, or as long as --timeout lets it. What it prints
// goes to stderr: stdout is the list of events.
func (a *app) runFor(ctx context.Context, e *registry.Event, program string, args []string) error {
	ctx, cancel := context.WithTimeout(ctx, a.cfg.Timeout)
	defer cancel()
	c := exec.CommandContext(ctx, program, args...) //nolint:gosec // the user named it
	c.Env = append(a.Environ(), eventVariables(e)...)
	c.Stdout, c.Stderr = a.Stderr, a.Stderr
	c.WaitDelay = time.Second
	err := c.Run()
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("killed after %s (--timeout)", a.cfg.Timeout)
	}
	return err
}

// eventVariables are the fields of e, for the environment of a program. No value
// can be the name of another, and a NUL, which no variable can hold, is made
// visible.
func eventVariables(e *registry.Event) []string {
	all := []string{"GOVCTL_EVENT=" + string(e.Kind)}
	add := func(name, value string) {
		all = append(all, "GOVCTL_EVENT_"+name+"="+strings.ReplaceAll(value, "\x00", `\x00`))
	}
	add("AT", e.At.UTC().Format(time.RFC3339))
	add("MISSED", strconv.FormatBool(e.Missed))
	if in := e.Instance; in != nil {
		add("SERVICE", in.Service)
		add("ID", in.ID)
		add("ADDRESS", in.Address)
		add("PORT", strconv.Itoa(in.Port))
		add("HEALTH", string(in.Health))
		add("VERSION", in.Version)
		changes := make([]string, 0, len(e.Changes))
		for _, c := range e.Changes {
			changes = append(changes, fmt.Sprintf("%s %s → %s", c.Field, orNone(c.Before), orNone(c.After)))
		}
		add("CHANGES", strings.Join(changes, "\n"))
	}
	if e.Reason != "" {
		add("REASON", e.Reason)
	}
	return all
}
