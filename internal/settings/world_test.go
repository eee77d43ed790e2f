package settings_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"govctl/internal/settings"
)

// world is a machine of its own: a folder tree and variables.
type world struct {
	t    *testing.T
	root string
	vars map[string]string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, root: t.TempDir(), vars: map[string]string{}}
	if err := os.MkdirAll(w.path("work"), 0o700); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) path(name string) string { return filepath.Join(w.root, name) }

func (w *world) write(name, text string) {
	w.t.Helper()
	path := w.path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) inputs() settings.Inputs {
	return settings.Inputs{
		Getenv: func(name string) string { return w.vars[name] },
		Dir:    w.path("work"), ConfigDir: w.path("config"), DataDir: w.path("data"),
	}
}

// in is inputs with another working directory.
func (w *world) in(folder string) settings.Inputs {
	in := w.inputs()
	in.Dir = w.path(folder)
	return in
}

func (w *world) load() *settings.Settings {
	w.t.Helper()
	s, err := settings.Load(w.inputs())
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *world) environment(name string) *settings.Environment {
	w.t.Helper()
	e, err := w.load().Environment(name)
	if err != nil {
		w.t.Fatal(err)
	}
	return e
}

// replaceWork puts the working directory in place of WORK.
func replaceWork(s string, w *world) string { return strings.ReplaceAll(s, "WORK", w.path("work")) }

// link makes name a link to a program of the system. (A program that a test
// writes itself may be busy while another test forks.)
func (w *world) link(name, program string) {
	w.t.Helper()
	path, err := exec.LookPath(program)
	if err == nil {
		err = os.Symlink(path, w.path(name))
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) symlink(name, to string) {
	w.t.Helper()
	if err := os.Symlink(to, w.path(name)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) fifo(name string) {
	w.t.Helper()
	if err := exec.CommandContext(w.t.Context(), "mkfifo", w.path(name)).Run(); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) read(name string) string {
	w.t.Helper()
	data, err := os.ReadFile(w.path(name))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(data)
}

func (w *world) exists(name string) bool {
	_, err := os.Stat(w.path(name))
	return err == nil
}
