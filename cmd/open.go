package cmd

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"govctl/internal/httpx"
	"govctl/internal/render"
	"govctl/internal/settings"
	"govctl/pkg/backend"
	"govctl/pkg/config"
	"govctl/pkg/doctor"
	"govctl/pkg/registry"
)

// source is a registry to ask, and how to name it.
type source struct {
	registry registry.Registry
	// env is the environment's name; at is the back-end, as "consul
	// 127.0.0.1:8500".
	env, at string
	// hosts are the servers of its URL, separated by commas; "" for a folder.
	hosts string
}

// open returns the registry of the environment with the given name or URL, or
// of the chosen one where name is "".
func (a *app) open(ctx context.Context, name string) (source, error) {
	cfg, err := a.load()
	if err != nil {
		return source{}, err
	}
	env, err := cfg.Environment(name)
	if err != nil {
		return source{}, err
	}
	if env.Registry == nil {
		return source{}, withHint(usagef("environment %q has no registry", env.Name), "`govctl env add` adds one; -e picks another environment")
	}
	r, err := a.openRegistry(ctx, cfg, env.Registry)
	if err != nil {
		return source{}, err
	}
	src := source{registry: r, env: env.Name, at: whereIs(env.Registry.URL), hosts: env.Registry.URL.Host}
	a.note(src.at, env.Registry.Pos)
	return src, nil
}

// note remembers where the back-end called at stands in the settings.
func (a *app) note(at string, pos settings.Pos) {
	if a.asked == nil {
		a.asked = map[string]settings.Pos{}
	}
	a.asked[at] = pos
}

// hinted adds to an error of a back-end what the user can do about it, where
// nobody has said that yet.
func (a *app) hinted(err error) error {
	at, hint := "", ""
	if e, ok := errors.AsType[*registry.Error](err); ok {
		at, hint = e.Backend, e.Hint
	}
	if e, ok := errors.AsType[*config.Error](err); ok {
		at, hint = e.Backend, e.Hint
	}
	if hint == "" || hintFor(err) != "" {
		return err
	}
	if pos := a.placeOf(at); !pos.IsZero() {
		return withHint(err, fmt.Sprintf("%s (see %s)", hint, pos))
	}
	return withHint(err, hint)
}

// placeOf returns where the back-end called at stands in the settings. Of several
// servers an error names one, or none: where one back-end was asked, it is that.
func (a *app) placeOf(at string) settings.Pos {
	if len(a.asked) == 1 {
		for _, pos := range a.asked {
			return pos
		}
	}
	return a.asked[at]
}

// whereIs names a back-end as its errors do: "consul 127.0.0.1:8500", "local
// /data/dev".
func whereIs(u *url.URL) string { return system(u) + " " + cmp.Or(u.Host, u.Path) }

// system is the name of the system that u names: its scheme, without what that
// says about TLS.
func system(u *url.URL) string {
	name, _, _ := strings.Cut(u.Scheme, "+")
	return name
}

// ask asks the chosen environment's registry: it opens it, hands it to do with a
// context that --timeout bounds, and says in an error what was attempted.
func (a *app) ask(ctx context.Context, what string, do func(context.Context, render.Options, source) error) error {
	opts, err := a.output()
	if err != nil {
		return err
	}
	src, err := a.open(ctx, "")
	if err != nil {
		return err
	}
	ctx, cancel := a.within(ctx)
	defer cancel()
	if err := do(ctx, opts, src); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func (a *app) openRegistry(ctx context.Context, cfg *settings.Settings, b *settings.Backend) (registry.Registry, error) {
	t, err := a.target(ctx, cfg, b)
	if err != nil {
		return nil, err
	}
	r, err := backend.OpenRegistry(t)
	if err != nil {
		return nil, withHint(usageError{err}, schemeHint(b.URL))
	}
	return r, nil
}

// target returns what it takes to speak to b. Its secrets are resolved here.
func (a *app) target(ctx context.Context, cfg *settings.Settings, b *settings.Backend) (backend.Target, error) {
	creds, err := cfg.Credentials(ctx, b)
	if err != nil {
		return backend.Target{}, err
	}
	tlsConfig, err := tlsOf(b.TLS)
	if err != nil {
		return backend.Target{}, withHint(usageError{err}, tlsHint(b))
	}
	return backend.Target{
		URL:        b.URL,
		Datacenter: a.flags.dc,
		Namespace:  a.flags.ns,
		Variables:  b.Pos.IsZero(),
		Token:      creds.Token,
		TLS:        tlsConfig,
		Timeout:    cfg.Timeout,
		MaxBody:    int64(a.flags.maxBody),
		MaxStale:   a.flags.maxStale,
		Notice:     a.notices.add,
		Now:        a.Now,
	}, nil
}

// schemeHint says what was most likely meant by a URL that no back-end takes.
func schemeHint(u *url.URL) string {
	roles := settings.Roles(u.Scheme)
	switch {
	case len(roles) > 0 && roles[0] != string(doctor.Registry):
		return fmt.Sprintf("%s has %s and no services: in govctl.yaml it stands as `%s`, beside a registry", system(u), roles[0], roles[0])
	case u.Scheme == "local":
		return "leave out --dc and -n"
	case slices.Contains(backend.Schemes(), u.Scheme):
		return "write it like consul://127.0.0.1:8500?dc=dc1"
	case len(roles) > 0:
		return "this version of govctl does not speak to " + system(u) + " yet"
	case u.Scheme == "http":
		return fmt.Sprintf("if that is a Consul: consul://%s", u.Host)
	case u.Scheme == "https":
		return fmt.Sprintf("if that is a Consul: consul+https://%s", u.Host)
	default:
		return suggest(u.Scheme, backend.Schemes(), "write it like consul://127.0.0.1:8500")
	}
}

// tlsHint says where the files are named that TLS needs.
func tlsHint(b *settings.Backend) string {
	if b.TLSPos.IsZero() {
		return "CONSUL_CACERT, CONSUL_CLIENT_CERT and CONSUL_CLIENT_KEY say which files"
	}
	return fmt.Sprintf("`tls` at %s says which file", b.TLSPos)
}

func tlsOf(t settings.TLS) (*tls.Config, error) {
	if t == (settings.TLS{}) {
		return nil, nil
	}
	return httpx.TLSConfig(httpx.TLSFiles{CA: t.CA, Cert: t.Cert, Key: t.Key, ServerName: t.ServerName, Insecure: t.Insecure})
}

// within returns a context that bounds a command's questions by --timeout.
func (a *app) within(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, a.cfg.Timeout)
}
