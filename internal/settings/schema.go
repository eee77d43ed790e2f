package settings

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// hintShape shows the smallest file there is.
const hintShape = "the smallest one: environments: {dev: {registry: \"consul://127.0.0.1:8500\"}}"

const (
	maxEnvironments = 1000
	maxName         = 100 // bytes of an environment's name
)

// scalar is a setting that a flag or a variable may override.
type scalar struct {
	text string
	pos  Pos
}

// document is what a govctl.yaml holds. The keys of scalars are those of the
// file: default, output, timeout, color.
type document struct {
	scalars      map[string]scalar
	environments []Environment
	ignore       []Ignore
	protect      []Protect
	layers       []Layers
	schemas      []ItemSchema
}

func (p *parser) document(root *yaml.Node) (*document, error) {
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return nil, p.pos(1).at(hintShape, "the file is empty")
	}
	d := &document{scalars: map[string]scalar{}}
	set := func(e entry) error {
		text, err := p.text(e)
		d.scalars[e.key] = scalar{text: text, pos: p.posOf(e.value)}
		return err
	}
	environments := func(e entry) (err error) {
		d.environments, err = p.environments(e.value)
		return err
	}
	ignore := func(e entry) (err error) {
		d.ignore, err = p.ignores(e)
		return err
	}
	protect := func(e entry) (err error) {
		d.protect, err = p.protects(e)
		return err
	}
	layers := func(e entry) (err error) {
		d.layers, err = p.layers(e)
		return err
	}
	schemas := func(e entry) (err error) {
		d.schemas, err = p.schemas(e)
		return err
	}
	err := p.object(root, "the file", false, []field{
		{"default", set},
		{keyEnvironments, environments},
		{keyIgnore, ignore},
		{keyProtect, protect},
		{keyLayers, layers},
		{keySchemas, schemas},
		{"output", set},
		{"timeout", set},
		{"color", set},
	})
	if err != nil {
		return nil, err
	}
	return d, nil
}

func (p *parser) environments(n *yaml.Node) ([]Environment, error) {
	entries, err := p.entries(n, "environments", false)
	if err != nil {
		return nil, err
	}
	if len(entries) > maxEnvironments {
		return nil, entries[maxEnvironments].pos.at("", "environments has more than %d", maxEnvironments)
	}
	out := make([]Environment, 0, len(entries))
	for _, e := range entries {
		if why := wrongName(e.key); why != "" {
			return nil, e.pos.at("", "%s", why)
		}
		env, err := p.environment(e)
		if err != nil {
			return nil, err
		}
		out = append(out, env)
	}
	return out, nil
}

// CheckName returns an *Error where no environment can have the given name.
func CheckName(name string) error {
	if why := wrongName(name); why != "" {
		return mistake("a name is a word like dev or prod-eu", "%s", why)
	}
	return nil
}

// wrongName returns why an environment cannot have a name, or "": it could be
// taken for something else on a command line, as a URL, a file or a flag.
func wrongName(name string) string {
	odd := func(r rune) bool { return !unicode.IsPrint(r) || unicode.IsSpace(r) }
	switch {
	case strings.Contains(name, "://"), strings.HasPrefix(name, "file:"):
		return fmt.Sprintf("an environment cannot be named %s: that is a URL or a file on the command line", quote(name))
	case len(name) > maxName:
		return fmt.Sprintf("the name of an environment is longer than %d bytes", maxName)
	case name == "", !utf8.ValidString(name), strings.HasPrefix(name, "-"), strings.ContainsFunc(name, odd):
		return fmt.Sprintf("an environment cannot be named %s: a name has no blanks and does not begin with a dash", quote(name))
	}
	return ""
}

func (p *parser) environment(e entry) (Environment, error) {
	env := Environment{Name: e.key, Pos: e.pos}
	what := "environment " + quote(e.key)
	to := func(b **Backend) func(entry) error {
		return func(e entry) (err error) {
			*b, err = p.backend(e)
			return err
		}
	}
	err := p.object(e.value, what, false, []field{
		{roleRegistry, to(&env.Registry)},
		{roleConfig, to(&env.Config)},
		{roleTraces, to(&env.Traces)},
		{roleMetrics, to(&env.Metrics)},
		{"protected", func(e entry) (err error) {
			env.Protected, err = p.truth(e)
			return err
		}},
	})
	if err != nil {
		return Environment{}, err
	}
	if len(env.backends()) == 0 {
		return Environment{}, e.pos.at("", "%s has no back-end", what)
	}
	shareCredentials(env.backends())
	return env, nil
}

// backend reads a URL, or a mapping with one.
func (p *parser) backend(e entry) (*Backend, error) {
	n, err := p.follow(e.value)
	if err != nil {
		return nil, err
	}
	b := &Backend{Pos: p.posOf(e.value), folder: p.folder}
	if n.Kind != yaml.MappingNode {
		return b, p.url(b, e)
	}
	err = p.object(n, quote(e.key), true, []field{
		{"url", func(u entry) error {
			b.Pos = p.posOf(u.value)
			return p.url(b, entry{key: e.key, pos: u.pos, value: u.value})
		}},
		{"auth", func(a entry) error { return p.auth(b, a) }},
		{"tls", func(t entry) error { return p.tls(b, t) }},
	})
	switch {
	case err != nil:
		return nil, err
	case b.URL == nil:
		return nil, e.pos.at("", "%s has no url", quote(e.key))
	case b.URL.Scheme == "local" && (b.Auth != nil || b.TLS != TLS{}):
		return nil, e.pos.at("", "%s is a folder: it takes neither auth nor tls", quote(e.key))
	}
	return b, nil
}

func (p *parser) url(b *Backend, e entry) error {
	text, err := p.text(e)
	if err != nil {
		return err
	}
	u, err := parseURL(text, p.folder, p.home)
	if err != nil {
		hint := fmt.Sprintf("write %s: {url: …, auth: {token: {env: NAME}}}, or username and password in place of token", e.key)
		if !isClear(err) {
			hint = ""
		}
		return b.Pos.at(hint, "%s: %v", quote(e.key), err)
	}
	if hint, err := checkScheme(u); err != nil {
		return b.Pos.at(hint, "%s: %v", quote(e.key), err)
	}
	b.URL = u
	return nil
}

func (p *parser) tls(b *Backend, e entry) error {
	t := &b.TLS
	b.TLSPos = e.pos
	path := func(to *string) func(entry) error {
		return func(e entry) error {
			text, err := p.text(e)
			if err != nil {
				return err
			}
			*to, err = resolve(text, p.folder, p.home)
			if err != nil {
				return p.posOf(e.value).at("", "%s: %v", quote(e.key), err)
			}
			return nil
		}
	}
	err := p.object(e.value, `"tls"`, false, []field{
		{"ca", path(&t.CA)},
		{"cert", path(&t.Cert)},
		{"key", path(&t.Key)},
		{"serverName", func(e entry) (err error) {
			t.ServerName, err = p.text(e)
			return err
		}},
		{"insecure", func(e entry) (err error) {
			t.Insecure, err = p.truth(e)
			return err
		}},
	})
	if err == nil && (t.Cert == "") != (t.Key == "") {
		return e.pos.at("", `"tls" must have a cert and a key together`)
	}
	return err
}

// shareCredentials gives the credentials and TLS settings of a back-end to those
// of the same environment and server that have none: the same scheme and the
// same host list. What stands first wins. Then each scheme is made to say
// whether the back-end speaks TLS.
func shareCredentials(backends []*Backend) {
	for _, b := range backends {
		for _, from := range backends {
			if b.URL.Scheme == from.URL.Scheme && b.URL.Host == from.URL.Host && b.URL.Scheme != "local" {
				b.take(from)
			}
		}
	}
	for _, b := range backends {
		switch {
		case b.TLS == (TLS{}), b.URL.Scheme == "https", strings.HasSuffix(b.URL.Scheme, "+https"):
		case b.URL.Scheme == "http":
			b.URL.Scheme = "https"
		default:
			b.URL.Scheme += "+https"
		}
	}
}

// take fills in what b lacks.
func (b *Backend) take(from *Backend) {
	if b.Auth == nil {
		b.Auth = from.Auth
	}
	if b.TLS == (TLS{}) {
		b.TLS, b.TLSPos = from.TLS, from.TLSPos
	}
}
