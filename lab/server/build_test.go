package server

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// lines collects what concurrent builds say.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// tiny returns a build of a program with the given source text.
func tiny(t *testing.T, text string, log io.Writer) build {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"go.mod":       "module lab\n\nrequire example.com/tiny v1.2.3\n\nreplace example.com/tiny => ./tiny\n",
		"tiny/go.mod":  "module example.com/tiny\n",
		"tiny/main.go": text,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return build{name: "tiny", command: "example.com/tiny", source: dir, log: log}
}

func TestTwoBuildsAtOnceBuildOnce(t *testing.T) {
	t.Parallel()
	var log lines
	b, cache := tiny(t, "package main\n\nfunc main() {}\n", &log), t.TempDir()
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			path, err := b.cached(t.Context(), cache)
			if want := filepath.Join(cache, "tiny-1.2.3", "tiny"); err != nil || path != want {
				t.Errorf("cached = %q, %v; want %q", path, err, want)
			}
		})
	}
	wg.Wait()
	if n := strings.Count(log.text.String(), "built tiny"); n != 1 {
		t.Errorf("built %d times, want once:\n%s", n, log.text.String())
	}
}

func TestABuildThatFailsLeavesNothingAndSaysWhy(t *testing.T) {
	t.Parallel()
	b, cache := tiny(t, "package main\n\nfunc main() { undefined() }\n", io.Discard), t.TempDir()
	if _, err := b.cached(t.Context(), cache); err == nil || !strings.Contains(err.Error(), "undefined: undefined") {
		t.Errorf("cached: %v; want the compiler's words", err)
	}
	left, err := filepath.Glob(filepath.Join(cache, "*", "tiny*"))
	if err != nil || len(left) != 1 || !strings.HasSuffix(left[0], ".lock") {
		t.Errorf("left behind: %v, %v; want the lock alone", left, err)
	}
}

func TestAProgramIsToldItsVersion(t *testing.T) {
	t.Parallel()
	b := tiny(t, "package main\n\nvar version string\n\nfunc main() { print(version) }\n", io.Discard)
	b.versionVar = "main.version"
	path, err := b.cached(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if said, err := exec.CommandContext(t.Context(), path).CombinedOutput(); err != nil || string(said) != "v1.2.3" {
		t.Errorf("it says %q, %v; want v1.2.3", said, err)
	}
}

func TestTheVersionIsReadFromTheModuleThatBuilds(t *testing.T) {
	t.Parallel()
	b := build{command: "example.com/x", source: t.TempDir()}
	text := "module lab\n\ntool example.com/x\n\nrequire (\n\texample.com/x/y v0.1.0 // indirect\n\texample.com/x v1.2.3 // indirect\n)\n"
	if err := os.WriteFile(filepath.Join(b.source, "go.mod"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := b.version(); err != nil || got != "1.2.3" {
		t.Errorf("version = %q, %v; want 1.2.3", got, err)
	}
	b.command, b.module = "example.com/x/y/cmd", "example.com/x/y"
	if got, err := b.version(); err != nil || got != "0.1.0" {
		t.Errorf("version of a command in its module = %q, %v; want 0.1.0", got, err)
	}
	b.module = "example.com/z"
	if got, err := b.version(); err == nil {
		t.Errorf("version of a module that is not there = %q; want an error", got)
	}
}
