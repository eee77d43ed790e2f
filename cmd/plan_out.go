package cmd

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"govctl/internal/render"
	"govctl/internal/settings"
	"govctl/pkg/change"
	"govctl/pkg/config"
)

// savePlan writes a plan to the file of --plan-out, and says how to apply it. The
// store gets the key of its digests where it has none, and nothing else.
func (a *app) savePlan(ctx context.Context, src configSource, s change.Store, plan *change.Plan, e *execution) error {
	path := a.pathOf(e.planOut)
	what := "save the plan in " + e.planOut
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return withHint(usagef("%s: there is something already", what), "name a file that is not there")
	}
	limited, cancel := a.within(ctx)
	defer cancel()
	saved, err := a.seal(limited, src, s, plan, e)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	file, err := saved.Encode()
	if err == nil {
		err = writePlanFile(path, file)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	sum := sha256.Sum256(file)
	view := a.viewOf(plan, src, e.masker)
	view.File, view.SHA256 = e.planOut, hex.EncodeToString(sum[:])
	if err := a.writePlan(e.out, view); err != nil || !human(e.out.Format) {
		return err
	}
	a.printf("Saved in %s; nothing was changed. Apply just this:\n", render.Safe(e.planOut))
	a.printf("  govctl apply %s --digest %s\n", render.Safe(shellQuote(e.planOut)), view.SHA256)
	return nil
}

// seal returns a plan as it can be saved.
func (a *app) seal(ctx context.Context, src configSource, s change.Store, plan *change.Plan, e *execution) (*change.Saved, error) {
	d, err := change.MakeDigester(ctx, s)
	if err != nil {
		return nil, err
	}
	about, err := s.About(ctx) // it may have got its name just now
	if err != nil {
		return nil, err
	}
	if err := plan.Check(about.Limits); err != nil {
		return nil, err
	}
	sources := func() ([]config.Source, error) {
		items, err := collect(src.store.Items(ctx))
		all := make([]config.Source, len(items), len(items)+len(e.sources))
		for i := range items {
			all[i].Item = items[i]
		}
		return append(all, e.sources...), err
	}
	changes, err := config.Seal(plan, d, config.References{Given: e.given, Sources: sources})
	if bare, ok := errors.AsType[*config.UnsavableError](err); ok {
		hint := "leave out --plan-out; `config set` also takes it as PATH=@env:NAME or PATH=@file:FILE"
		if bare.Masked {
			hint = "`govctl config get --show-secrets` shows the secrets themselves"
		}
		return nil, withHint(usageError{err}, hint)
	}
	return &change.Saved{
		ID: plan.ID, Environment: plan.Environment, Identity: about.Identity, Made: plan.Made, By: e.options.By, Why: e.why,
		Command: e.command.CommandPath(), Reverts: plan.Reverts, Changes: changes, Notes: plan.Notes,
	}, err
}

// writePlanFile writes a file that is not there yet, for nobody else to read.
func writePlanFile(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return usageError{err}
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		_ = os.Remove(path) // the first error is the one to tell
	}
	return err
}

// outside is where a plan that was saved finds what is not in its own environment.
func (a *app) outside() change.Outside {
	return change.Outside{
		Value: func(o change.Origin) ([]byte, error) {
			value := "@file:" + o.File
			if o.Env != "" {
				value = "@env:" + o.Env
			}
			text, _, err := a.referred(value)
			return []byte(text), err
		},
		Store: func(ctx context.Context, environment string) (change.Store, error) {
			if settings.IsURL(environment) || isFiles(environment) {
				return nil, usagef("%s: what a plan takes a secret from is an environment of the settings", environment)
			}
			src, err := a.openConfig(ctx, environment)
			if err != nil {
				return nil, err
			}
			return a.openChanges(src)
		},
	}
}
