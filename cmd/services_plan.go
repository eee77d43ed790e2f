package cmd

import (
	"context"
	"fmt"
	"sync/atomic"

	"govctl/internal/mask"
	"govctl/pkg/backend"
	"govctl/pkg/change"
	"govctl/pkg/config"
	"govctl/pkg/registry"
)

// openInstances returns what writes the instances of the chosen environment. Their
// journal is that of its configuration, else it lies with its registry.
func (a *app) openInstances(ctx context.Context) (configSource, error) {
	cfg, err := a.load()
	if err != nil {
		return configSource{}, err
	}
	env, err := cfg.Environment("")
	if err != nil {
		return configSource{}, err
	}
	if env.Registry == nil {
		return configSource{}, withHint(usagef("environment %q has no registry", env.Name), "`govctl env add` adds one; -e picks another environment")
	}
	t, err := a.target(ctx, cfg, env.Registry)
	if err != nil {
		return configSource{}, err
	}
	src := configSource{
		env: env.Name, at: whereIs(env.Registry.URL), lacks: new(atomic.Bool), target: t, protected: env.Protected || env.Registry.Protected,
	}
	if src.planner, err = backend.OpenInstances(t); err != nil {
		return configSource{}, withHint(usageError{err}, schemeHint(env.Registry.URL))
	}
	a.note(src.at, env.Registry.Pos)
	kept := t
	if env.Config != nil {
		if kept, err = a.target(ctx, cfg, env.Config); err != nil {
			return configSource{}, err
		}
		src.protected = src.protected || env.Config.Protected
	}
	whole, isStore := src.planner.(change.Store)
	if isStore && kept.URL.String() == t.URL.String() {
		src.changes = whole // one folder holds both, and swaps them together
		return src, nil
	}
	journal, err := backend.OpenChanges(kept)
	if err != nil {
		return configSource{}, withHint(usageError{err}, schemeHint(kept.URL))
	}
	src.changes = change.Beside(journal, src.planner, change.Instances)
	return src, nil
}

// keepsNoConfig reports whether the chosen environment has a registry alone.
func (a *app) keepsNoConfig() bool {
	cfg, err := a.load()
	if err != nil {
		return false
	}
	env, err := cfg.Environment("")
	return err == nil && env.Config == nil && env.Registry != nil
}

// isOfInstances reports whether a plan changed instances.
func isOfInstances(r *change.Record) bool {
	return len(r.Changes) > 0 && r.Changes[0].Space == change.Instances
}

// says tells what c does, for the journal.
func (s configSource) says(c *change.Change) []string {
	if s.planner != nil {
		return registry.Says(s.planner, c)
	}
	return config.Says(c)
}

// plannedInstance is plannedOf of an instance.
func plannedInstance(p registry.Planner, c *change.Change, m *mask.Masker) plannedChange {
	out := plannedChange{Space: c.Space, Key: keyOfChange(c.Space, c.Name), Kind: "changed", Size: len(c.After), Changes: []config.Change{}, From: c.Expect}
	fields, known := registry.FieldsOf(p, c)
	switch {
	case c.Before == nil:
		out.Kind, out.address = "created", registeredAt(p, c, c.After)
	case c.After == nil:
		out.Kind, out.address, out.Loses = "removed", registeredAt(p, c, c.Before), p.Losses(c.Before)
	case !known:
		out.Kind = "replaced"
	}
	for _, f := range fields {
		out.Fields = append(out.Fields, f.Masked(m))
	}
	return out
}

// registeredAt returns the address of what content registers, "" where nobody can read
// it.
func registeredAt(p registry.Planner, c *change.Change, content []byte) string {
	r, err := p.Registration(c.Key(), content)
	if err != nil {
		return ""
	}
	return orNone(r.HostPort())
}

// standing returns what stands at instances.
func (a *app) standing(ctx context.Context, src configSource, keys []change.Key) ([]change.Entry, error) {
	ctx, cancel := a.within(ctx)
	defer cancel()
	entries, err := src.planner.Read(ctx, keys)
	if err != nil {
		return nil, fmt.Errorf("read what is registered: %w", err)
	}
	return entries, nil
}
