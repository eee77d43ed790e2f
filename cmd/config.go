package cmd

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/spf13/cobra"

	"govctl/internal/mask"
	"govctl/internal/render"
	"govctl/internal/settings"
	"govctl/pkg/backend"
	"govctl/pkg/change"
	"govctl/pkg/config"
	"govctl/pkg/registry"
)

func newConfigCmd(a *app) *cobra.Command {
	c := group("config", "See, compare and change configuration across environments",
		newConfigLsCmd(a),
		newConfigGetCmd(a),
		newConfigGrepCmd(a),
		newConfigDiffCmd(a),
		newConfigCheckCmd(a),
		newConfigEffectiveCmd(a),
		newConfigWatchCmd(a),
		newConfigPromoteCmd(a),
		newConfigSetCmd(a),
		newConfigEditCmd(a),
		newConfigCpCmd(a),
		newConfigMvCmd(a),
		newConfigRmCmd(a),
		newConfigHistoryCmd(a),
		newConfigRollbackCmd(a),
		newConfigSnapshotCmd(a),
		newConfigRestoreCmd(a),
	)
	c.Aliases = []string{"cfg"}
	c.GroupID = groupCompare
	c.Example = "  govctl config ls\n  govctl config diff dev prod"
	return c
}

// configSource is a store of configuration to ask, and how to name it.
type configSource struct {
	store config.Store
	// env is the environment's name; at is the back-end, as "consul
	// 127.0.0.1:8500/config/dev".
	env, at string
	// lacks is true once its answer is known to be incomplete.
	lacks *atomic.Bool
	// single is true of a file, which has no key of its own.
	single bool
	// folder is where the store lies in its system, "" where it is all of it.
	folder string
	// target is the back-end, with a nil URL for files; a write to a protected one
	// is confirmed by name.
	target    backend.Target
	protected bool
	// planner and changes are those of instances, where it is not about items.
	planner registry.Planner
	changes change.Store
}

// noticing returns what takes the notices of one store, and remembers in lacks that
// its answer is known to be incomplete.
func (a *app) noticing(lacks *atomic.Bool) func(registry.Notice) {
	return func(n registry.Notice) {
		if n.Incomplete {
			lacks.Store(true)
		}
		a.notices.add(n)
	}
}

// openConfig returns the configuration of the environment with the given name or
// URL, or of the chosen one where name is "".
func (a *app) openConfig(ctx context.Context, name string) (configSource, error) {
	cfg, err := a.load()
	if err != nil {
		return configSource{}, err
	}
	if word := cmp.Or(name, cfg.Default); isFiles(word) {
		return a.openFiles(word)
	}
	env, err := cfg.Environment(name)
	if err != nil {
		return configSource{}, err
	}
	b := env.Config
	if b == nil {
		return configSource{}, withHint(usagef("environment %q has no config", env.Name), "name it in govctl.yaml: config: consul://HOST:8500/config/"+env.Name)
	}
	t, err := a.target(ctx, cfg, b)
	if err != nil {
		return configSource{}, err
	}
	lacks := new(atomic.Bool)
	t.Notice = a.noticing(lacks)
	store, err := backend.OpenConfig(t)
	if err != nil {
		return configSource{}, withHint(usageError{err}, schemeHint(b.URL))
	}
	src := configSource{store: store, env: env.Name, at: whereIs(b.URL), lacks: lacks, target: t, protected: b.Protected}
	if b.URL.Host != "" {
		src.at += b.URL.Path
		src.folder = b.URL.Path
	}
	a.note(whereIs(b.URL), b.Pos)
	return src, nil
}

// place names the environment and its back-end.
func (s configSource) place() string {
	if settings.IsURL(s.env) || isFiles(s.env) {
		return s.at
	}
	return fmt.Sprintf("%s (%s)", s.env, s.at)
}

// askConfig asks the chosen environment's configuration for its items: it hands
// them to do, and says in an error what was attempted.
func (a *app) askConfig(ctx context.Context, what string, do func(render.Options, configSource, []config.Item) error) error {
	opts, err := a.output()
	if err != nil {
		return err
	}
	src, err := a.openConfig(ctx, "")
	if err != nil {
		return err
	}
	ctx, cancel := a.within(ctx)
	defer cancel()
	items, err := collect(src.store.Items(ctx))
	if err == nil {
		err = do(opts, src, items)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// pickItems returns those of items that patterns pick; a plain name that is not
// among them is an error.
func pickItems(src configSource, items []config.Item, patterns []string) ([]config.Item, error) {
	picked, missing, err := config.Pick(items, patterns)
	if err != nil {
		return nil, err
	}
	if len(missing) > 0 {
		return nil, noItem(src, missing[0], items)
	}
	return picked, nil
}

// noItem is the error for an item that is not there.
func noItem(src configSource, name string, items []config.Item) error {
	names := make([]string, 0, 3*len(items))
	for i := range items {
		names = append(names, items[i].String(), items[i].Name, items[i].Group)
	}
	slices.Sort(names)
	err := fmt.Errorf("%s: %s: %w", src.at, name, config.ErrNotFound)
	return withHint(err, suggest(name, slices.Compact(names), "`govctl config ls` lists what there is"))
}

// masker returns what masks secrets.
func (a *app) masker() (*mask.Masker, error) {
	key, err := settings.MaskKey(a.inputs())
	if err != nil {
		return nil, err
	}
	return mask.New(key), nil
}
