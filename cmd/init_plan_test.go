package cmd

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"govctl/internal/settings"
	"govctl/pkg/doctor"
)

func TestFoldersNamedAfterEnvironmentsAreFound(t *testing.T) {
	t.Parallel()
	for have, want := range map[string]map[string]string{
		"":                        nil,
		"micro micro/config":      nil,
		"config/dev":              {"dev": "config/dev"},
		"dev prod":                {"dev": "dev", "prod": "prod"},
		"config/Production qa":    {"prod": "config/Production"},
		"a/dev a/test config/dev": {"dev": "a/dev", "test": "a/test"},
		"a/dev config/dev":        {"dev": "config/dev"},
		"config/dev b/dev":        {"dev": "config/dev"},
		"x/staging x/dev x/other": {"staging": "x/staging", "dev": "x/dev"},
	} {
		t.Run(have, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(want, folders(strings.Fields(have))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// surveyed is a Consul that was asked.
func surveyed(t *testing.T, text string, s doctor.Survey) *initTarget {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	b := &settings.Backend{URL: u, Auth: &settings.Auth{Token: settings.Secret{Env: "CONSUL_HTTP_TOKEN"}}, TLS: settings.TLS{CA: "/etc/ca.pem"}}
	return &initTarget{role: doctor.Registry, url: u, text: text, backend: b, survey: s, asked: true}
}

// TestAProposalIsReadBackAsItIsMeant also plants names that would break out of a
// comment or a value.
func TestAProposalIsReadBackAsItIsMeant(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	target := surveyed(t, "consul+https://127.0.0.1:8501?dc=eu", doctor.Survey{
		Version: "1.14\n.11\x1b[31m", Services: []string{"a", "b"}, Datacenters: []string{"dc1", "x\ny: z"},
		Folders: []string{"config/dev", "config/staging", "config/prod"},
	})
	in := settings.Inputs{Dir: dir, ConfigDir: t.TempDir()}
	if err := settings.Create(t.Context(), in, "govctl.yaml", propose([]*initTarget{target})); err != nil {
		t.Fatal(err)
	}
	cfg, err := settings.Load(in)
	if err != nil {
		t.Fatal(err)
	}
	type row struct{ Name, Registry, Config, Token, CA string }
	var got []row
	for _, e := range cfg.Environments {
		got = append(got, row{e.Name, e.Registry.URL.String(), e.Config.URL.String(), e.Config.Auth.Token.String(), e.Config.TLS.CA})
	}
	const server = "consul+https://127.0.0.1:8501"
	want := []row{
		{"dev", server + "?dc=eu", server + "/config/dev?dc=eu", "{env: CONSUL_HTTP_TOKEN}", "/etc/ca.pem"},
		{"staging", server + "?dc=eu", server + "/config/staging?dc=eu", "{env: CONSUL_HTTP_TOKEN}", "/etc/ca.pem"},
		{"prod", server + "?dc=eu", server + "/config/prod?dc=eu", "{env: CONSUL_HTTP_TOKEN}", "/etc/ca.pem"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if cfg.Trust != settings.TrustGiven || cfg.Default != "dev" || !cfg.Environments[2].Protected {
		t.Errorf("trust %s, default %s, %+v; want the file trusted, dev, and prod protected", cfg.Trust, cfg.Default, cfg.Environments[2])
	}
}
