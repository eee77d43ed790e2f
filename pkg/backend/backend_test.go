package backend

import (
	"errors"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"govctl/pkg/config"
)

func target(t *testing.T, raw string) Target {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return Target{URL: u, Now: time.Now}
}

func TestConfigurationIsOpenedByTheScheme(t *testing.T) {
	t.Parallel()
	folder := "local://" + filepath.ToSlash(t.TempDir())
	for _, raw := range []string{folder, "consul://127.0.0.1:1/config/dev", "consul+https://127.0.0.1:1"} {
		s, err := OpenConfig(target(t, raw))
		if _, watches := s.(config.Watcher); err != nil || !watches {
			t.Errorf("OpenConfig(%s) = %T, %v; want a store that can be watched", raw, s, err)
		}
	}
	s, err := OpenConfig(target(t, folder))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Item(t.Context(), config.Key{Group: "order", Name: "app.yaml"}); !errors.Is(err, config.ErrNotFound) {
		t.Errorf("Item in an empty folder: %v; want not found", err)
	}
}

func TestAURLThatHoldsNoConfigurationIsRefused(t *testing.T) {
	t.Parallel()
	for raw, says := range map[string]string{
		"jaeger://127.0.0.1:1":              `no configuration in "jaeger://": a URL starts with one of consul, consul+https, local`,
		"nope://127.0.0.1:1":                `no configuration in "nope://"`,
		"consul://127.0.0.1:1?token=secret": "CONSUL_HTTP_TOKEN",
		"local:relative":                    "absolute",
	} {
		_, err := OpenConfig(target(t, raw))
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "secret") {
			t.Errorf("OpenConfig(%s): %v; want %q", raw, err, says)
		}
	}
}
