package local_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"govctl/pkg/backend/local"
	"govctl/pkg/config"
	"govctl/pkg/config/configtest"
)

// configs is a store in a folder of its own, and a hand that writes its files.
type configs struct {
	*local.Config
	root string
	notices
}

func newConfigs(t testing.TB) *configs {
	t.Helper()
	c := &configs{root: filepath.Join(t.TempDir(), "root")}
	s, err := local.OpenConfig(local.Options{Root: c.root, Notice: c.add})
	if err != nil {
		t.Fatal(err)
	}
	c.Config = s
	return c
}

// fileOf returns the file of an item: what is written of it by hand is all that
// needs to be escaped in the names of these tests.
func (c *configs) fileOf(key config.Key) string {
	escape := strings.NewReplacer("%", "%25", "/", "%2F", "?", "%3F").Replace
	odd := map[string]string{"..": "%2E%2E", ".": "%2E", "con": "%63on", "aux.txt": "%61ux.txt"}
	parts := []string{c.root, "config"}
	for _, name := range []string{key.Group, key.Name} {
		switch {
		case odd[name] != "":
			parts = append(parts, odd[name])
		case name != config.NoGroup:
			parts = append(parts, escape(name))
		}
	}
	return filepath.Join(parts...)
}

func (c *configs) Put(t *testing.T, key config.Key, content []byte) {
	t.Helper()
	c.put(t, c.fileOf(key), content)
}

func (c *configs) put(t *testing.T, file string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func (c *configs) Remove(t *testing.T, key config.Key) {
	t.Helper()
	if err := os.Remove(c.fileOf(key)); err != nil {
		t.Fatal(err)
	}
}

func configHarness() configtest.Harness {
	return configtest.Harness{
		New: func(t *testing.T) (config.Store, configtest.Hand) {
			t.Helper()
			c := newConfigs(t)
			return c.Config, c
		},
		Unreachable: func(t *testing.T) config.Store {
			t.Helper()
			c := newConfigs(t)
			if err := os.WriteFile(c.root, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			return c.Config
		},
	}
}

func TestLocalKeepsTheContractOfConfig(t *testing.T) {
	t.Parallel()
	configtest.Test(t, configHarness())
}
