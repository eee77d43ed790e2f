package cmd_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"govctl/cmd"
)

// atTerminal runs govctl in a folder, as if a person sat in front of it who
// types what stdin holds.
func atTerminal(t *testing.T, dir string, stdin io.Reader, notify func(context.Context) (context.Context, context.CancelFunc), words string) (out string, status int) {
	t.Helper()
	var both bytes.Buffer
	status = cmd.Main(cmd.Env{
		Args: strings.Fields(words), Stdin: stdin, Stdout: &both, Stderr: &both,
		StdinTTY: true, StdoutTTY: true, StderrTTY: true, Width: 200,
		Getenv: func(string) string { return "" },
		Now:    now,
		Dir:    dir, ConfigDir: filepath.Join(dir, "config"),
		Notify: notify,
	})
	return both.String(), status
}

// repo returns a folder with a govctl.yaml.
func repo(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "govctl.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

const twoEnvironments = "default: a\nenvironments:\n  a: {registry: local://a}\n  b: {registry: local://b}\n"

func TestOnATerminalItIsAsked(t *testing.T) {
	t.Parallel()
	const gone = "default: a\nenvironments:\n  a: {registry: local://a}\n"
	for typed, want := range map[string]struct {
		status int
		out    string
		left   string
	}{
		"y\n":   {0, "remove b from ./govctl.yaml? [y/N] ./govctl.yaml: removed b\n", gone},
		"YES\n": {0, "remove b from ./govctl.yaml? [y/N] ./govctl.yaml: removed b\n", gone},
		"\n":    {2, "remove b from ./govctl.yaml? [y/N] govctl: remove b: not confirmed, nothing was changed\nhint: y or yes is a yes\n", twoEnvironments},
		"yo\n":  {2, "remove b from ./govctl.yaml? [y/N] govctl: remove b: not confirmed, nothing was changed\nhint: y or yes is a yes\n", twoEnvironments},
		"":      {2, "remove b from ./govctl.yaml? [y/N] \ngovctl: remove b: not confirmed, nothing was changed\nhint: y or yes is a yes\n", twoEnvironments},
	} {
		t.Run(typed, func(t *testing.T) {
			t.Parallel()
			dir := repo(t, twoEnvironments)
			out, status := atTerminal(t, dir, strings.NewReader(typed), context.WithCancel, "env rm b")
			left, err := os.ReadFile(filepath.Join(dir, "govctl.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]any{want.status, want.out, want.left}, []any{status, out, string(left)}); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestAQuestionCanBeInterrupted has a person who types nothing and presses Ctrl-C.
func TestAQuestionCanBeInterrupted(t *testing.T) {
	t.Parallel()
	pressed := func(ctx context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		return ctx, cancel
	}
	for words, want := range map[string]string{
		"env trust":        "./govctl.yaml wants nothing that needs trust\ntrust ./govctl.yaml? [y/N] \ngovctl: interrupted\n",
		"init --out other": "Which registry? [consul://127.0.0.1:8500] \ngovctl: interrupted\n",
	} {
		t.Run(words, func(t *testing.T) {
			t.Parallel()
			read, write := io.Pipe()
			defer func() { _ = write.Close() }()
			dir := repo(t, twoEnvironments)
			out, status := atTerminal(t, dir, read, pressed, words)
			if out != want || status != 130 {
				t.Errorf("status %d, %q, want %q", status, out, want)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
				t.Errorf("%v, %v were written", left, err)
			}
		})
	}
}

func TestInitAsksForARegistry(t *testing.T) {
	t.Parallel()
	const asked = "Which registry? [consul://127.0.0.1:8500] "
	for typed, want := range map[string]string{
		"dev=local://a":                  "dev\n",
		"dev=local://a prod=local://b\n": "dev\nprod\n",
		"":                               asked + "\ngovctl: init needs the URL of a registry, and there was no answer\nhint: govctl init consul://127.0.0.1:8500\n",
	} {
		t.Run(typed, func(t *testing.T) {
			t.Parallel()
			out, status := atTerminal(t, t.TempDir(), strings.NewReader(typed), context.WithCancel, "init -q -o name")
			if typed != "" {
				want = asked + want
			}
			if out != want || (status == 0) != (typed != "") {
				t.Errorf("status %d, %q, want %q", status, out, want)
			}
		})
	}
}

// TestWhatAFileSaysCannotSteerTheTerminal holds it for names, which a stranger
// chose.
func TestWhatAFileSaysCannotSteerTheTerminal(t *testing.T) {
	t.Parallel()
	dir := repo(t, "environments:\n  dev:\n    registry: {url: \"consul://a/%1b\", auth: {token: {command: [\"a\\e[31m\", \"b\\nc\"]}}}\n"+
		"    traces: {url: \"jaeger://j\", auth: {token: {file: \"x\\u202e\"}}}\n  # \u202e\n  other: {registry: \"local://x\\u202e\"}\n")
	for _, words := range []string{"env trust --yes", "env ls", "env show dev", "env show dev -o json", "env rm other --dry-run"} {
		out, status := atTerminal(t, dir, strings.NewReader(""), context.WithCancel, words+" --color never")
		if strings.ContainsAny(out, "\x1b\u202e") || status != 0 {
			t.Errorf("%s: status %d, %q", words, status, out)
		}
	}
}

// TestANarrowTerminalKeepsWhatMattersMost gives up where things stand and what
// is measured before what is protected.
func TestANarrowTerminalKeepsWhatMattersMost(t *testing.T) {
	t.Parallel()
	dir := repo(t, "environments:\n  prod: {registry: consul://r, config: consul://c, traces: jaeger://t, metrics: prometheus://m, protected: true}\n")
	const want = "   NAME  PROTECTED  REGISTRY    CONFIG\n*  prod  yes        consul://r  consul://c\n"
	var out bytes.Buffer
	status := cmd.Main(cmd.Env{
		Args: []string{"env", "ls", "--color", "never"}, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, StdoutTTY: true, Width: 50,
		Getenv: func(string) string { return "" }, Now: now, Dir: dir, Notify: context.WithCancel,
	})
	if out.String() != want || status != 0 {
		t.Errorf("status %d, %q, want %q", status, out.String(), want)
	}
}
