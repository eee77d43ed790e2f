// Package backend opens back-ends by the scheme of their URL. Its table is the
// only list of what govctl can speak to.
package backend

import (
	"crypto/tls"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"govctl/pkg/backend/consul"
	"govctl/pkg/backend/jaeger"
	"govctl/pkg/backend/local"
	"govctl/pkg/change"
	"govctl/pkg/config"
	"govctl/pkg/doctor"
	"govctl/pkg/registry"
)

// Target is a back-end to open, and what it takes to speak to it.
type Target struct {
	URL *url.URL
	// Datacenter and Namespace go before what URL says of them; "" leaves that as
	// it is.
	Datacenter, Namespace string
	// Variables says that the back-end stands in no file, so that its system's own
	// variables, such as CONSUL_HTTP_TOKEN, count: hints then name them.
	Variables bool
	// Token is sent to the URL's own hosts and nowhere else.
	Token string
	// TLS is nil for the system's roots.
	TLS *tls.Config
	// Timeout bounds each question of a watch; 0 is the back-end's default.
	Timeout time.Duration
	// MaxBody bounds a decoded answer, in bytes; 0 is the default of 256 MiB.
	MaxBody int64
	// MaxStale is how old an answer may be before a Notice says so; 0 is the
	// back-end's default.
	MaxStale time.Duration
	// Notice is called with what is said beside an answer, concurrently.
	Notice func(registry.Notice)
	// Now is the clock.
	Now func() time.Time
}

// scheme is one line of the table: what URLs begin with, and who opens them as
// what; nil where the system is no such thing.
type scheme struct {
	name          string
	openRegistry  func(Target) (registry.Registry, error)
	openConfig    func(Target) (config.Store, error)
	openChanges   func(Target) (change.Store, error)
	openInspector func(Target) (doctor.Inspector, error)
}

func schemes() []scheme {
	return []scheme{
		{"consul", openConsul, configConsul, changesConsul, inspectConsul},
		{"consul+https", openConsul, configConsul, changesConsul, inspectConsul},
		{"jaeger", nil, nil, nil, inspectJaeger},
		{"jaeger+https", nil, nil, nil, inspectJaeger},
		{"local", openLocal, configLocal, changesLocal, inspectLocal},
	}
}

// Schemes returns the URL schemes that can be opened, sorted.
func Schemes() []string {
	return schemesThat(func(scheme) bool { return true })
}

func schemesThat(can func(scheme) bool) []string {
	var names []string
	for _, s := range schemes() {
		if can(s) {
			names = append(names, s.name)
		}
	}
	slices.Sort(names)
	return names
}

// OpenRegistry returns the registry that t names, without connecting to it. An
// error means that the URL is wrong.
func OpenRegistry(t Target) (registry.Registry, error) {
	for _, s := range schemes() {
		if s.name == t.URL.Scheme && s.openRegistry != nil {
			return s.openRegistry(t)
		}
	}
	isOne := func(s scheme) bool { return s.openRegistry != nil }
	return nil, fmt.Errorf("no registry for %q: a URL starts with one of %s", t.URL.Scheme+"://", strings.Join(schemesThat(isOne), ", "))
}

// OpenConfig returns the store of configuration that t names, without connecting to
// it. An error means that the URL is wrong.
func OpenConfig(t Target) (config.Store, error) {
	for _, s := range schemes() {
		if s.name == t.URL.Scheme && s.openConfig != nil {
			return s.openConfig(t)
		}
	}
	isOne := func(s scheme) bool { return s.openConfig != nil }
	return nil, fmt.Errorf("no configuration in %q: a URL starts with one of %s", t.URL.Scheme+"://", strings.Join(schemesThat(isOne), ", "))
}

// OpenChanges returns what writes to the configuration that t names, without
// connecting to it. An error means that the URL is wrong.
func OpenChanges(t Target) (change.Store, error) {
	for _, s := range schemes() {
		if s.name == t.URL.Scheme && s.openChanges != nil {
			return s.openChanges(t)
		}
	}
	isOne := func(s scheme) bool { return s.openChanges != nil }
	return nil, fmt.Errorf("nothing can be written to %q: a URL starts with one of %s", t.URL.Scheme+"://", strings.Join(schemesThat(isOne), ", "))
}

// OpenInstances returns what writes the instances of the registry that t names,
// without connecting to it. An error means that the URL is wrong.
func OpenInstances(t Target) (registry.Planner, error) {
	switch t.URL.Scheme {
	case "local":
		o, err := localOptions(t)
		if err != nil {
			return nil, err
		}
		return local.OpenChanges(o)
	case "consul", "consul+https":
		return consul.OpenInstances(consulOptions(t))
	}
	return nil, fmt.Errorf("no instance can be written to %q", t.URL.Scheme+"://")
}

// OpenFiles returns the configuration in a folder or a file, which single tells; path
// is absolute. It is for the command line alone, which no settings can name: the
// folders that govctl itself keeps are local://. The error is a *config.Error.
func OpenFiles(path string, notice func(registry.Notice)) (s config.Store, single bool, err error) {
	return local.OpenFiles(local.Options{Root: path, Notice: notice})
}

// OpenInspector returns what can say how the back-end is that t names, without
// connecting to it; nil where govctl does not speak to such a system. An error
// means that the URL is wrong.
func OpenInspector(t Target) (doctor.Inspector, error) {
	for _, s := range schemes() {
		if s.name == t.URL.Scheme {
			return s.openInspector(t)
		}
	}
	return nil, nil
}

func openConsul(t Target) (registry.Registry, error) { return consul.OpenRegistry(consulOptions(t)) }

func configConsul(t Target) (config.Store, error) { return consul.OpenConfig(consulOptions(t)) }

func changesConsul(t Target) (change.Store, error) { return consul.OpenChanges(consulOptions(t)) }

func inspectConsul(t Target) (doctor.Inspector, error) {
	return consul.OpenInspector(consulOptions(t))
}

func consulOptions(t Target) consul.Options {
	return consul.Options{
		URL: t.URL, Datacenter: t.Datacenter, Namespace: t.Namespace,
		Variables: t.Variables, Token: t.Token, TLS: t.TLS, Timeout: t.Timeout, MaxBody: t.MaxBody, MaxStale: t.MaxStale, Notice: t.Notice, Now: t.Now,
	}
}

func inspectJaeger(t Target) (doctor.Inspector, error) {
	return jaeger.Open(jaeger.Options{URL: t.URL, Token: t.Token, TLS: t.TLS, MaxBody: t.MaxBody, Now: t.Now})
}

func openLocal(t Target) (registry.Registry, error) {
	o, err := localOptions(t)
	if err != nil {
		return nil, err
	}
	return local.OpenRegistry(o)
}

func configLocal(t Target) (config.Store, error) {
	o, err := localOptions(t)
	if err != nil {
		return nil, err
	}
	return local.OpenConfig(o)
}

func changesLocal(t Target) (change.Store, error) {
	o, err := localOptions(t)
	if err != nil {
		return nil, err
	}
	return local.OpenChanges(o)
}

func inspectLocal(t Target) (doctor.Inspector, error) {
	o, err := localOptions(t)
	if err != nil {
		return nil, err
	}
	return local.OpenInspector(o)
}

func localOptions(t Target) (local.Options, error) {
	switch {
	case t.Datacenter != "":
		return local.Options{}, fmt.Errorf("datacenter %q: local:// has no datacenters", t.Datacenter)
	case t.Namespace != "":
		return local.Options{}, fmt.Errorf("namespace %q: local:// has no namespaces", t.Namespace)
	}
	root := filepath.FromSlash(t.URL.Host + t.URL.Path)
	if !filepath.IsAbs(root) {
		return local.Options{}, fmt.Errorf("%s: the folder must be an absolute path: local:///PATH", t.URL)
	}
	return local.Options{Root: root, Now: t.Now, Notice: t.Notice}, nil
}
