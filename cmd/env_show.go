package cmd

import (
	"strings"

	"github.com/spf13/cobra"

	"govctl/internal/render"
	"govctl/internal/settings"
)

// envDetail is the answer of `govctl env show`. The JSON names are an interface.
type envDetail struct {
	Name      string           `json:"name"`
	Current   bool             `json:"current"`
	Protected bool             `json:"protected"`
	From      string           `json:"from,omitempty"`
	Backends  []envBackend     `json:"backends"`
	Settings  []settings.Value `json:"settings"`
	File      envFile          `json:"file"`
}

// envBackend is a back-end and where each part of it stands.
type envBackend struct {
	Role      string      `json:"role"`
	URL       string      `json:"url"`
	Protected bool        `json:"protected"`
	From      string      `json:"from,omitempty"`
	Auth      []envSecret `json:"auth,omitempty"`
	TLS       *envTLS     `json:"tls,omitempty"`
}

// envSecret says where a secret is to be found, never what it is.
type envSecret struct {
	Name   string `json:"name"`
	Source string `json:"source"`
	From   string `json:"from,omitempty"`
}

// envTLS is how TLS is spoken to a back-end.
type envTLS struct {
	CA         string `json:"ca,omitempty"`
	Cert       string `json:"cert,omitempty"`
	Key        string `json:"key,omitempty"`
	ServerName string `json:"serverName,omitempty"`
	Insecure   bool   `json:"insecure,omitempty"`
	From       string `json:"from,omitempty"`
}

// envFile is the settings' file and how far it is believed.
type envFile struct {
	Path   string          `json:"path,omitempty"`
	Source settings.Source `json:"source"`
	Trust  settings.Trust  `json:"trust"`
}

func newEnvShowCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "show [NAME]",
		Short: "Show one environment and where each setting comes from",
		Long: "Show an environment (without NAME the one that is asked where -e names none), every setting\n" +
			"with who said so, and which file was used. Of a secret it shows where it is to be found. Nothing\n" +
			"is connected to.",
		Example:           "  govctl env show\n  govctl env show prod -o json",
		Args:              between(0, 1, "one environment, or none"),
		RunE:              func(_ *cobra.Command, args []string) error { return a.envShow(strings.Join(args, "")) },
		ValidArgsFunction: a.completeEnvironment,
	}
}

func (a *app) envShow(name string) error {
	opts, err := a.output()
	if err != nil {
		return err
	}
	env, err := a.cfg.Environment(name)
	if err != nil {
		return err
	}
	d := a.envDetailOf(env)
	return render.WriteDocument(a.Stdout, opts, render.Document{Data: d, Name: d.Name, Text: d.write})
}

func (a *app) envDetailOf(e *settings.Environment) envDetail {
	d := envDetail{
		Name: e.Name, Protected: e.Protected, From: e.From(),
		Backends: []envBackend{}, Settings: a.cfg.Values(),
		File: envFile{Path: a.cfg.File, Source: a.cfg.Source, Trust: a.cfg.Trust},
	}
	if current, err := a.cfg.Environment(""); err == nil {
		d.Current = current.Name == e.Name
	}
	for _, of := range []struct {
		role string
		b    *settings.Backend
	}{{"registry", e.Registry}, {"config", e.Config}, {"traces", e.Traces}, {"metrics", e.Metrics}} {
		if of.b != nil {
			d.Backends = append(d.Backends, envBackendOf(of.role, of.b))
		}
	}
	return d
}

func envBackendOf(role string, b *settings.Backend) envBackend {
	out := envBackend{Role: role, URL: urlText(b), Protected: b.Protected, From: b.Pos.String()}
	if b.Auth != nil {
		for _, s := range []struct {
			name   string
			secret settings.Secret
		}{{"token", b.Auth.Token}, {"username", b.Auth.Username}, {"password", b.Auth.Password}} {
			if source := s.secret.String(); source != "none" {
				out.Auth = append(out.Auth, envSecret{s.name, source, s.secret.Pos().String()})
			}
		}
	}
	if t := b.TLS; t != (settings.TLS{}) {
		out.TLS = &envTLS{t.CA, t.Cert, t.Key, t.ServerName, t.Insecure, b.TLSPos.String()}
	}
	return out
}

// write writes the page for people.
func (d envDetail) write(p *render.Page) {
	p.Field("Environment", d.Name, render.Plain)
	p.Field("Current", yesNo(d.Current), render.Plain)
	p.Field("Protected", yesNo(d.Protected), protectedStyle(d.Protected))
	known(p, "From", d.From)
	for _, b := range d.Backends {
		p.Section(b.Role, func() { b.write(p) })
	}
	p.Section("settings", func() {
		for _, v := range d.Settings {
			p.Field(v.Name, strings.TrimSpace(v.Value+" "+brackets(v.From)), render.Plain)
		}
		text, style := trustText(d.File.Trust)
		p.Field("trust", text, style)
	})
}

func (b envBackend) write(p *render.Page) {
	p.Field("URL", strings.TrimSpace(b.URL+" "+brackets(b.From)), render.Plain)
	if b.Protected {
		p.Field("Protected", "yes", protectedStyle(true))
	}
	for _, s := range b.Auth {
		p.Field(strings.ToUpper(s.Name[:1])+s.Name[1:], strings.TrimSpace(s.Source+" "+brackets(s.From)), render.Plain)
	}
	if b.TLS != nil {
		b.TLS.write(p)
	}
}

func (t *envTLS) write(p *render.Page) {
	known(p, "CA", t.CA)
	known(p, "Certificate", t.Cert)
	known(p, "Key", t.Key)
	known(p, "Server name", t.ServerName)
	if t.Insecure {
		p.Field("Insecure", "any certificate is accepted", render.Bad)
	}
	known(p, "TLS from", t.From)
}

// brackets is where something comes from, in brackets; "" for nowhere.
func brackets(from string) string {
	if from == "" {
		return ""
	}
	return "(" + from + ")"
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func protectedStyle(protected bool) render.Style {
	if protected {
		return render.Warn
	}
	return render.Plain
}

// trustText says what the file may do.
func trustText(t settings.Trust) (text string, style render.Style) {
	const may = "no command is run, and no credential sent to a server that your own file does not name (`govctl env trust`)"
	switch t {
	case settings.TrustGiven:
		return "trusted as it is now", render.Good
	case settings.TrustChanged:
		return "changed since you trusted it; " + may, render.Warn
	case settings.TrustNone:
		return "not trusted: " + may, render.Warn
	case settings.TrustOwn:
	}
	return "your own word", render.Plain
}
