package cmd

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"

	"govctl/internal/settings"
	"govctl/pkg/backend"
	"govctl/pkg/doctor"
)

// initTarget is one URL of `init`, and what its server has.
type initTarget struct {
	// name is the environment that the user gave it to, "" for none.
	name string
	// role is what it serves as: doctor.Registry for all that may hold a registry
	// or a configuration.
	role doctor.Role
	url  *url.URL
	// text is the URL as it is to be written.
	text    string
	backend *settings.Backend
	survey  doctor.Survey
	asked   bool // govctl speaks to it
}

// initTargets reads the words of the command line; here says whether the file
// will lie in the working directory, from which folders count.
func (a *app) initTargets(words []string, here bool) ([]*initTarget, error) {
	var targets []*initTarget
	for _, word := range words {
		t, err := a.initTarget(word, here)
		if err != nil {
			return nil, err
		}
		targets = append(targets, t)
	}
	if !slices.ContainsFunc(targets, func(t *initTarget) bool { return t.role == doctor.Registry }) {
		return nil, withHint(usagef("init needs the URL of a registry"), "govctl init "+defaultConsul+" "+strings.Join(words, " "))
	}
	if err := distribute(targets); err != nil {
		return nil, err
	}
	return targets, differ(targets)
}

// initTarget reads one word: URL or NAME=URL.
func (a *app) initTarget(word string, here bool) (*initTarget, error) {
	t := &initTarget{}
	text := word
	if name, rest, ok := strings.Cut(word, "="); ok && !strings.Contains(name, "://") {
		t.name, text = name, rest
		if err := settings.CheckName(name); err != nil {
			return nil, err
		}
	}
	if !settings.IsURL(text) {
		return nil, withHint(usagef("%q is no URL", text), "write it like "+defaultConsul+", or NAME="+defaultConsul)
	}
	env, err := a.cfg.Environment(text)
	if err != nil {
		return nil, err
	}
	t.backend, t.url, t.text = env.Registry, env.Registry.URL, env.Registry.URL.String()
	if here && t.system() == "local" {
		t.text = text // relative folders stay so
	}
	t.role, err = roleOf(t.url)
	return t, err
}

// differ refuses two registries of one name.
func differ(targets []*initTarget) error {
	seen := map[string]bool{}
	for _, t := range targets {
		if t.isNamed() && seen[t.name] {
			return withHint(usagef("two registries for %s", t.name), "write NAME=URL for each registry, each with a NAME of its own")
		}
		seen[t.name] = seen[t.name] || t.isNamed()
	}
	return nil
}

// roleOf returns what a back-end serves as by its system.
func roleOf(u *url.URL) (doctor.Role, error) {
	roles := settings.Roles(u.Scheme)
	if len(roles) == 0 {
		return "", withHint(usagef("no back-end is called %q", u.Scheme), schemeHint(u))
	}
	return doctor.Role(roles[0]), nil
}

// distribute gives names to several registries that have none.
func distribute(targets []*initTarget) error {
	names := []string{"dev", "test", "prod"}
	var nameless []*initTarget
	for _, t := range targets {
		if t.role == doctor.Registry && t.name == "" {
			nameless = append(nameless, t)
		}
	}
	named := slices.ContainsFunc(targets, (*initTarget).isNamed)
	if len(nameless) < 2 && !named {
		return nil
	}
	if named && len(nameless) > 0 || len(nameless) > len(names) {
		return withHint(usagef("it is not clear which environment %s is", nameless[len(nameless)-1].url), "write NAME=URL for each registry: dev=consul://…")
	}
	for i, t := range nameless {
		t.name = names[i]
	}
	return nil
}

// surveyAll asks all servers at once, bounded by --timeout. The first error
// counts: what is not known cannot be written down.
func (a *app) surveyAll(ctx context.Context, targets []*initTarget) error {
	ctx, cancel := a.within(ctx)
	defer cancel()
	errs := make([]error, len(targets))
	var group sync.WaitGroup
	for i, t := range targets {
		group.Go(func() { errs[i] = a.surveyOne(ctx, t) })
	}
	group.Wait()
	return cmp.Or(errs...)
}

func (a *app) surveyOne(ctx context.Context, t *initTarget) error {
	target, err := a.target(ctx, a.cfg, t.backend)
	if err != nil {
		return err
	}
	inspector, err := backend.OpenInspector(target)
	if err != nil {
		return usageError{err}
	}
	surveyor, ok := inspector.(doctor.Surveyor)
	if !ok {
		return nil
	}
	t.asked = true
	if t.survey, err = surveyor.Survey(ctx); err == nil {
		return nil
	}
	if report := surveyor.Inspect(ctx, t.role); len(report.Findings) > 0 {
		err = withHint(err, report.Findings[0].Hint)
	}
	return err
}

// propose makes a file of what is there.
func propose(targets []*initTarget) settings.Proposal {
	p := settings.Proposal{Head: []string{
		"Settings of govctl. Each environment names its registry, its configuration, its",
		"traces and metrics; -e NAME picks one, and `default` is the one without -e.",
		"Secrets never stand here: auth: {token: {env: NAME}}, {file: PATH} or {command: […]}.",
	}}
	for _, t := range targets {
		switch {
		case t.role != doctor.Registry:
		case t.name != "":
			p.Environments = append(p.Environments, t.alone(t.name))
		default:
			p.Environments = append(p.Environments, t.divided()...)
		}
	}
	for _, t := range targets {
		if t.role != doctor.Registry {
			t.join(p.Environments)
		}
	}
	for i := range p.Environments {
		remarkMissing(&p.Environments[i])
	}
	if !slices.ContainsFunc(targets, (*initTarget).isNamed) {
		p.Environments = append(p.Environments, missing(p.Environments)...)
	}
	p.Environments = inOrderOfPromotion(p.Environments)
	first := slices.IndexFunc(p.Environments, func(e settings.ProposedEnvironment) bool { return !e.Idle })
	p.Default = p.Environments[first].Name // there is one: a registry was named
	return p
}

// isNamed reports whether t is the registry of an environment with a name.
func (t *initTarget) isNamed() bool { return t.role == doctor.Registry && t.name != "" }

// join adds a source of traces or metrics to its environment, or to all.
func (t *initTarget) join(environments []settings.ProposedEnvironment) {
	for i := range environments {
		e := &environments[i]
		if t.name != "" && t.name != e.Name {
			continue
		}
		switch t.role {
		case doctor.Traces:
			e.Traces = cmp.Or(e.Traces, t.url.String())
			if t.asked {
				e.Notes = append(e.Notes, t.summary())
			}
		case doctor.Metrics:
			e.Metrics = cmp.Or(e.Metrics, t.url.String())
		case doctor.Registry, doctor.Config:
		}
	}
}

// everyoneHasAPlace refuses a source of traces or metrics that is in no
// environment of p.
func everyoneHasAPlace(targets []*initTarget, p settings.Proposal) error {
	var names []string
	for i := range p.Environments {
		if e := &p.Environments[i]; !e.Idle {
			names = append(names, e.Name)
		}
	}
	for _, t := range targets {
		text := t.url.String()
		if t.role != doctor.Registry && !slices.ContainsFunc(p.Environments, func(e settings.ProposedEnvironment) bool {
			return (t.name == "" || t.name == e.Name) && (e.Traces == text || e.Metrics == text)
		}) {
			return withHint(usagef("%s has no place in any environment", text), "write NAME=URL, once for each: here are "+strings.Join(names, ", "))
		}
	}
	return nil
}

// alone makes one environment of a registry.
func (t *initTarget) alone(name string) settings.ProposedEnvironment {
	e := t.environment(name)
	switch folder := strings.Trim(t.url.Path, "/"); {
	case t.system() != "consul":
		e.Config = t.text
	case folder != "":
		e.Config = t.at(folder)
	default:
		if found, ok := folders(t.survey.Folders)[name]; ok {
			e.Config = t.at(found)
		}
	}
	return e
}

// divided makes an environment of each folder of one registry that is named like
// one, and dev of the rest.
func (t *initTarget) divided() []settings.ProposedEnvironment {
	found := folders(t.survey.Folders)
	if t.system() != "consul" || strings.Trim(t.url.Path, "/") != "" || len(found) == 0 {
		return []settings.ProposedEnvironment{t.alone("dev")}
	}
	var out []settings.ProposedEnvironment
	for _, name := range slices.Sorted(maps.Keys(found)) {
		e := t.environment(name)
		e.Config = t.at(found[name])
		out = append(out, e)
	}
	return out
}

// environment begins one that has t's registry.
func (t *initTarget) environment(name string) settings.ProposedEnvironment {
	e := settings.ProposedEnvironment{Name: name, Like: t.backend}
	e.Registry = t.at("")
	e.Protected = name == "prod"
	if t.asked {
		e.Notes = append(e.Notes, t.summary()+datacenters(t.survey.Datacenters))
	}
	if e.Protected {
		e.Notes = append(e.Notes, "protected: a write asks for the name first")
	}
	return e
}

// summary is what the server has, in a clause.
func (t *initTarget) summary() string {
	return fmt.Sprintf("%s: %s", strings.TrimSpace(t.system()+" "+t.survey.Version), plural(len(t.survey.Services), "service"))
}

func datacenters(names []string) string {
	if len(names) < 2 {
		return ""
	}
	return "; datacenters " + strings.Join(names, ", ") + " (?dc=NAME behind the URL picks one)"
}

// remarkMissing says how to write what the environment lacks.
func remarkMissing(e *settings.ProposedEnvironment) {
	if u, err := url.Parse(e.Registry); err == nil && e.Config == "" {
		e.Missing = append(e.Missing, "config: "+u.JoinPath("config", e.Name).String()+"   (a folder of the key-value store)")
	}
	if e.Traces == "" {
		e.Missing = append(e.Missing, "traces: jaeger://HOST:16686")
	}
}

func (t *initTarget) system() string { return system(t.url) }

// at returns t's URL with another path, for a Consul; others as they are.
func (t *initTarget) at(folder string) string {
	if t.system() != "consul" {
		return t.text
	}
	u := *t.url
	u.Path, u.RawPath = "", ""
	if folder != "" {
		u.Path = "/" + folder
	}
	return u.String()
}

// folders returns the folder of each environment that has one: of the parents
// that have such folders the one with the most, then "config", then the first.
func folders(all []string) map[string]string {
	byParent := map[string]map[string]string{}
	for _, folder := range all {
		parent, leaf := path.Split(folder)
		name := canonical(leaf)
		if name == "" {
			continue
		}
		if byParent[parent] == nil {
			byParent[parent] = map[string]string{}
		}
		byParent[parent][name] = folder
	}
	best, found := "", map[string]string(nil)
	for _, parent := range slices.Sorted(maps.Keys(byParent)) {
		here := byParent[parent]
		if len(here) > len(found) || len(here) == len(found) && parent == "config/" && best != parent {
			best, found = parent, here
		}
	}
	return found
}

// canonical returns the name of the environment that a folder is named after, ""
// for none.
func canonical(folder string) string {
	switch name := strings.ToLower(folder); name {
	case "dev", "development":
		return "dev"
	case "test", "testing", "qa":
		return "test"
	case "prod", "production", "live":
		return "prod"
	case "stage", "staging", "uat", "preprod":
		return name
	}
	return ""
}

// missing returns, as comments, those of dev, test and prod that nothing was
// found for.
func missing(have []settings.ProposedEnvironment) []settings.ProposedEnvironment {
	var out []settings.ProposedEnvironment
	for _, name := range []string{"dev", "test", "prod"} {
		if slices.ContainsFunc(have, func(e settings.ProposedEnvironment) bool { return e.Name == name }) {
			continue
		}
		e := settings.ProposedEnvironment{Name: name, Idle: true}
		e.Registry, e.Config, e.Protected = "consul://HOST:8500", "consul://HOST:8500/config/"+name, name == "prod"
		out = append(out, e)
	}
	return out
}

// inOrderOfPromotion sorts dev first and prod last.
func inOrderOfPromotion(environments []settings.ProposedEnvironment) []settings.ProposedEnvironment {
	rank := func(name string) int {
		return slices.Index([]string{"prod", "", "test", "dev"}, name)
	}
	slices.SortStableFunc(environments, func(a, b settings.ProposedEnvironment) int {
		ra, rb := rank(a.Name), rank(b.Name)
		if ra < 0 {
			ra = 1
		}
		if rb < 0 {
			rb = 1
		}
		return cmp.Or(cmp.Compare(rb, ra), cmp.Compare(a.Name, b.Name))
	})
	return environments
}
