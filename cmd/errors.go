package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"govctl/internal/closest"
	"govctl/internal/render"
	"govctl/internal/settings"
	"govctl/pkg/change"
	"govctl/pkg/config"
	"govctl/pkg/registry"
)

// The exit statuses, the same in every format.
const (
	exitOK          = 0
	exitFinding     = 1   // a command that judges found something
	exitUsage       = 2   // mend the command or the settings; nothing was attempted
	exitFailure     = 3   // attempted and failed; nothing was printed
	exitPartial     = 4   // something is missing; what there is was printed
	exitConflict    = 5   // someone else changed it; nothing of theirs was overwritten
	exitInterrupted = 130 // as a shell reports SIGINT
)

// errFinding ends a command whose answer, already printed, is "no".
var errFinding = errors.New("finding")

// errIncomplete ends a command that printed all that it was given, where the
// notices on stderr have said what is missing.
var errIncomplete = errors.New("incomplete answer")

// usageError is a mistake of the caller's, found before anything was attempted.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// usagef returns a usageError.
func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// partialError is a failure after some of the answer was printed.
type partialError struct{ error }

func (e partialError) Unwrap() error { return e.error }

// hintError adds what to do about an error.
type hintError struct {
	error
	hint string
}

func (e hintError) Unwrap() error { return e.error }

// withHint adds hint to err, where there is one.
func withHint(err error, hint string) error {
	if err == nil || hint == "" {
		return err
	}
	return hintError{err, hint}
}

// orHint adds hint to err unless it has one.
func orHint(err error, hint string) error {
	if hintFor(err) != "" {
		return err
	}
	return withHint(err, hint)
}

// suggest returns a hint that names the one of names that is closest to what was
// typed, or otherwise where none is close.
func suggest(typed string, names []string, otherwise string) string {
	if near := closest.To(typed, names); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return otherwise
}

// didYouMean returns hint with the one of names before it that is closest to
// what was typed, where one is.
func didYouMean(typed string, names []string, hint string) string {
	if near := closest.To(typed, names); near != "" {
		return fmt.Sprintf("did you mean %q? %s", near, hint)
	}
	return hint
}

// statusOf returns the exit status of a command that ended with err.
func statusOf(err error) int {
	_, selector := errors.AsType[*registry.SelectorError](err)
	_, glob := errors.AsType[*config.GlobError](err)
	_, setting := errors.AsType[*settings.Error](err)
	_, usage := errors.AsType[usageError](err)
	_, partial := errors.AsType[partialError](err)
	query, _ := errors.AsType[*render.QueryError](err)
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case usage, selector, setting, glob, errors.Is(err, registry.ErrUnsupported), errors.Is(err, config.ErrUnsupported), isNoPlan(err):
		return exitUsage
	case errors.Is(err, change.ErrConflict):
		return exitConflict
	case errors.Is(err, errFinding):
		return exitFinding
	case partial, isHalfWritten(err), query != nil && query.Partial, errors.Is(err, errIncomplete):
		return exitPartial
	default:
		return exitFailure
	}
}

// isNoPlan reports whether nothing was attempted, as a plan cannot be applied.
func isNoPlan(err error) bool {
	return errors.Is(err, change.ErrPlan) || errors.Is(err, change.ErrElsewhere) || errors.Is(err, change.ErrTooLarge) || errors.Is(err, change.ErrReserved)
}

// isHalfWritten reports whether a part was written, or it is not known what was.
func isHalfWritten(err error) bool {
	partial, ok := errors.AsType[*change.PartialError](err)
	return ok && len(partial.Made) > 0 || errors.Is(err, change.ErrUnknown) ||
		errors.Is(err, change.ErrUnjournalled) || errors.Is(err, change.ErrOverwritten)
}

// report writes err for a person, in one line and a hint, and returns the
// status for a script.
func report(w io.Writer, err error) int {
	status := statusOf(err)
	text := ""
	switch {
	case status == exitOK, errors.Is(err, errFinding), errors.Is(err, errIncomplete):
	case status == exitInterrupted:
		text = "govctl: interrupted\n"
	default:
		text = fmt.Sprintf("govctl: %s\n", oneLine(err.Error()))
		if hint := hintFor(err); hint != "" {
			text += fmt.Sprintf("hint: %s\n", oneLine(hint))
		}
	}
	_, _ = io.WriteString(w, text) // where stderr is gone, the status is left
	return status
}

// orHelp adds to a mistake of the user's that nobody has a hint for where there
// are examples: of a settings file, or of c.
func orHelp(c *cobra.Command, err error) error {
	if statusOf(err) != exitUsage {
		return err
	}
	if _, ok := errors.AsType[*settings.Error](err); ok {
		return orHint(err, "`govctl init local://. --dry-run` shows a settings file that works")
	}
	return orHint(err, fmt.Sprintf("`%s --help` has examples", c.CommandPath()))
}

// oneLine makes s safe for a terminal: errors quote foreign text.
func oneLine(s string) string { return render.Safe(strings.TrimSpace(s)) }

// hintFor returns what to do about err, or "".
func hintFor(err error) string {
	if e, ok := errors.AsType[hintError](err); ok {
		return e.hint
	}
	if e, ok := errors.AsType[*registry.SelectorError](err); ok {
		return didYouMean(e.Word, e.Among, e.Hint)
	}
	if e, ok := errors.AsType[*config.GlobError](err); ok {
		return e.Hint
	}
	if e, ok := errors.AsType[*settings.Error](err); ok {
		return e.Hint
	}
	return hintOfWrite(err)
}

// hintOfWrite is hintFor of what became of a plan.
func hintOfWrite(err error) string {
	store, _ := errors.AsType[*change.Error](err)
	busy, isBusy := errors.AsType[*change.BusyError](err)
	refused, isRefused := errors.AsType[*change.RefusedError](err)
	switch {
	case isRefused && refused.Conflicts[0].Holder != "":
		return "nothing was changed: whoever holds the lock may be at work there; --force writes all the same"
	case isBusy && busy.Lapsed:
		return fmt.Sprintf("`govctl recover %s --back` takes back what was made of it", busy.ID)
	case isBusy:
		return "wait until it is done: `govctl history` shows it"
	case errors.Is(err, change.ErrUnknown), errors.Is(err, change.ErrUnjournalled):
		return "`govctl recover` lists what was cut off, and ends it"
	case errors.Is(err, change.ErrElsewhere), errors.Is(err, change.ErrConflict):
		return "nothing of others was overwritten: run it again to plan anew"
	case store != nil:
		return store.Hint
	}
	return ""
}
