package settings_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"govctl/internal/settings"
)

func TestSchemasLieBesideTheSettings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("work/govctl.yaml", "environments: {dev: {registry: consul://a}}\nschemas:\n"+
		"  - {key: \"order/*\", schema: schemas/order.json}\n  - key: user.yaml\n    schema: ../user.yaml\n")
	w.write("work/schemas/order.json", "{}")
	s, err := settings.Load(w.inputs())
	if err != nil {
		t.Fatal(err)
	}
	for i := range s.Schemas {
		s.Schemas[i].Pos.File = filepath.Base(s.Schemas[i].Pos.File)
	}
	work := filepath.Dir(s.Schemas[0].Path)
	want := []settings.ItemSchema{
		{Key: "order/*", Name: "schemas/order.json", Path: filepath.Join(work, "order.json"), Pos: settings.Pos{File: "govctl.yaml", Line: 3}},
		{Key: "user.yaml", Name: "../user.yaml", Path: filepath.Join(work, "..", "..", "user.yaml"), Pos: settings.Pos{File: "govctl.yaml", Line: 5}},
	}
	if diff := cmp.Diff(want, s.Schemas); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if data, err := s.Schemas[0].Read(); string(data) != "{}" || err != nil {
		t.Errorf("%q, %v; want {}", data, err)
	}
	const missing = `govctl.yaml:5: schema "../user.yaml": no such file`
	if _, err := s.Schemas[1].Read(); err == nil || err.Error() != missing {
		t.Errorf("%v; want %s", err, missing)
	}
}

// TestASchemaIsARegularFileOfSomeSize has what reading would not end with, or be
// waited for.
func TestASchemaIsARegularFileOfSomeSize(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pipe, large, full := filepath.Join(dir, "pipe"), filepath.Join(dir, "large"), filepath.Join(dir, "full")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, size := range map[string]int{large: 1<<20 + 1, full: 1 << 20} {
		if err := os.WriteFile(path, []byte(strings.Repeat("x", size)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{
		pipe:        "this is not a regular file",
		dir:         "this is not a regular file",
		"/dev/zero": "this is not a regular file",
		large:       "the file is larger than 1 MiB",
		full:        "",
	} {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			data, err := settings.ItemSchema{Name: "a", Path: path, Pos: settings.Pos{File: "govctl.yaml", Line: 1}}.Read()
			switch {
			case want == "" && err == nil && len(data) == 1<<20:
			case want == "" || err == nil || err.Error() != `govctl.yaml:1: schema "a": `+want:
				t.Errorf("%d bytes, %v; want %s", len(data), err, want)
			}
		})
	}
}
