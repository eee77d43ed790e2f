package settings

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// The keys of an environment that name back-ends.
const (
	roleRegistry = "registry"
	roleConfig   = "config"
	roleTraces   = "traces"
	roleMetrics  = "metrics"
)

// known is a system that a URL may name, and what its back-ends are asked for.
type known struct {
	name  string
	roles []string
}

// systems returns those that a govctl.yaml may name. A file may be ahead of
// the program that reads it: whether this one can open a system is for whoever
// opens it to say.
func systems() []known {
	both := []string{roleRegistry, roleConfig}
	return []known{
		{"consul", both},
		{"local", both},
		{"nacos", both},
		{"jaeger", []string{roleTraces}},
		{"zipkin", []string{roleTraces}},
		{"tempo", []string{roleTraces}},
		{"prometheus", []string{roleMetrics}},
		{"eureka", []string{roleRegistry}},
		{"etcd", both},
		{"zookeeper", both},
	}
}

// schemes returns what the URL of a file may begin with: the systems by their
// name, then those that speak TLS.
func schemes() []string {
	var plain, secure []string
	for _, s := range systems() {
		plain = append(plain, s.name)
		if s.name != "local" {
			secure = append(secure, s.name+"+https")
		}
	}
	return slices.Concat(plain, secure)
}

// checkScheme refuses the URL of a system that nobody knows. The error is
// without a place; the hint may be "".
func checkScheme(u *url.URL) (hint string, err error) {
	known := schemes()
	switch {
	case slices.Contains(known, u.Scheme):
		return "", nil
	case u.Scheme == "http":
		hint = "if that is a Consul: consul://" + u.Host
	case u.Scheme == "https":
		hint = "if that is a Consul: consul+https://" + u.Host
	default:
		hint = "it is one of " + list(slices.DeleteFunc(slices.Clone(known), func(s string) bool { return strings.Contains(s, "+") }))
	}
	return hint, fmt.Errorf("unknown system %s%s", quote(u.Scheme), didYouMean(u.Scheme, known))
}

// Roles returns what an environment uses a back-end of the scheme for, as the
// keys of the file name it, the first one first; none where the scheme is not
// known.
func Roles(scheme string) []string {
	name, _, _ := strings.Cut(scheme, "+")
	for _, s := range systems() {
		if s.name == name {
			return s.roles
		}
	}
	return nil
}

// Draft is an environment that is to be added to a file: a URL for each thing
// that it has, "" for what it has not.
type Draft struct {
	Registry, Config, Traces, Metrics string
	Protected                         bool
}

// NewDraft makes an environment of what a person types: a URL, which goes where
// its system serves (consul, nacos and local as registry and as config), or
// ROLE=URL. Of two URLs of registries the first is the registry and the second
// the config. A Consul URL with a path is the config's folder, and its server
// the registry. The error is an *Error.
func NewDraft(words []string) (Draft, error) {
	var d Draft
	var bare []string
	for _, word := range words {
		role, text, ok := strings.Cut(word, "=")
		if !ok || strings.Contains(role, "://") {
			bare = append(bare, word)
			continue
		}
		to := d.of(role)
		if to == nil {
			return Draft{}, mistake("it is one of "+list(roleNames()), "%s is nothing that an environment has%s", quote(role), didYouMean(role, roleNames()))
		}
		if *to != "" {
			return Draft{}, mistake("name it once", "two URLs for %s", role)
		}
		*to = text
	}
	var stores []string
	for _, text := range bare {
		if err := d.place(text, &stores); err != nil {
			return Draft{}, err
		}
	}
	return d, d.store(stores)
}

func roleNames() []string { return []string{roleRegistry, roleConfig, roleTraces, roleMetrics} }

// of returns the URL that the environment has for a role, nil for no role.
func (d *Draft) of(role string) *string {
	switch role {
	case roleRegistry:
		return &d.Registry
	case roleConfig:
		return &d.Config
	case roleTraces:
		return &d.Traces
	case roleMetrics:
		return &d.Metrics
	}
	return nil
}

// place puts a URL where its system serves. One that serves as registry or
// config goes to stores: which of them it is depends on the others.
func (d *Draft) place(text string, stores *[]string) error {
	scheme, _, ok := strings.Cut(text, "://")
	if !ok { // not repeated: it may be a secret
		return mistake("write it like consul://127.0.0.1:8500, or registry=URL config=URL", "what stands after the name must be URLs")
	}
	roles := Roles(strings.ToLower(scheme))
	switch {
	case len(roles) == 0 || slices.Contains(roles, roleRegistry):
		*stores = append(*stores, text) // of an unknown system: the parser says so
		return nil
	case *d.of(roles[0]) != "":
		return errSeveral(roles[0])
	}
	*d.of(roles[0]) = text
	return nil
}

func errSeveral(role string) error {
	return mistake("say which is which: registry=URL config=URL traces=URL metrics=URL", "several URLs for %s", role)
}

// store fills in registry and config.
func (d *Draft) store(urls []string) error {
	switch {
	case len(urls) == 0:
		return nil
	case len(urls) > 2, len(urls) == 2 && (d.Registry != "" || d.Config != ""), d.Registry != "" && d.Config != "":
		return errSeveral("registry and config")
	case len(urls) == 2:
		d.Registry, d.Config = urls[0], urls[1]
	case d.Registry != "":
		d.Config = urls[0]
	case d.Config != "":
		d.Registry = urls[0]
	default:
		d.Registry = urls[0]
		if scheme, _, _ := strings.Cut(urls[0], "://"); slices.Contains(Roles(strings.ToLower(scheme)), roleConfig) {
			d.Registry, d.Config = withoutFolder(urls[0]), urls[0]
		}
	}
	return nil
}

// withoutFolder returns the server of a Consul URL whose path is a folder of
// its key-value store; any other URL as it is.
func withoutFolder(text string) string {
	scheme, rest, _ := strings.Cut(text, "://")
	server, path, _ := strings.Cut(rest, "/")
	if name, _, _ := strings.Cut(strings.ToLower(scheme), "+"); name != "consul" || strings.Contains(server, "?") || path == "" {
		return text
	}
	if _, query, ok := strings.Cut(path, "?"); ok {
		server += "?" + query
	}
	return scheme + "://" + server
}

// checked returns the draft as it is to be written into a file in folder, each
// URL read as the file's parser will. A relative folder counts from where the
// user stands; where that is another one it is made absolute.
func (d Draft) checked(in Inputs, folder string) (Draft, error) {
	home := in.Getenv("HOME")
	given := false
	for _, role := range roleNames() {
		to := d.of(role)
		if *to == "" {
			continue
		}
		given = true
		u, err := parseURL(*to, in.Dir, home)
		if err != nil {
			hint := ""
			if isClear(err) {
				hint = fmt.Sprintf("add it without, then write %s: {url: …, auth: {token: {env: NAME}}} into the file", role)
			}
			return Draft{}, mistake(hint, "%s: %v", quote(role), err)
		}
		if hint, err := checkScheme(u); err != nil {
			return Draft{}, mistake(hint, "%s: %v", quote(role), err)
		}
		if there, err := parseURL(*to, folder, home); u.Scheme == "local" && (err != nil || there.Path != u.Path) {
			*to = u.String()
		}
	}
	if !given {
		return Draft{}, mistake("write it like consul://127.0.0.1:8500", "an environment needs a URL")
	}
	return d, nil
}
