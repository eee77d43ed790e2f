package cmd_test

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"

	"govctl/cmd"
	"govctl/internal/golden"
)

// govctl runs the command in this process, on a clock that stands still, with
// no settings but those of testdata, and returns what it printed and its status.
func govctl(t *testing.T, width int, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	var out, errOut bytes.Buffer
	dir, err := filepath.Abs("testdata/mesh")
	if err != nil {
		t.Fatal(err)
	}
	status = cmd.Main(cmd.Env{
		Args: args, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errOut, Width: width,
		Getenv:    func(string) string { return "" },
		Now:       now,
		Dir:       dir,
		ConfigDir: t.TempDir(), DataDir: t.TempDir(),
		Notify: context.WithCancel,
	})
	return strings.ReplaceAll(out.String(), dir, "DIR"), strings.ReplaceAll(errOut.String(), dir, "DIR"), status
}

// TestJSONShapes holds what programs read: a change of a golden file is a change
// of an interface.
func TestJSONShapes(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"services-ls":           {"services", "ls"},
		"services-instances":    {"services", "instances"},
		"services-get-service":  {"services", "get", "order"},
		"services-get-instance": {"services", "get", "order/order-1"},
		"services-diff":         {"services", "diff", "dev", "prod"},
	} {
		for _, format := range []string{"json", "yaml"} {
			t.Run(name+"."+format, func(t *testing.T) {
				t.Parallel()
				stdout, stderr, status := govctl(t, 0, append(args, "-o", format)...)
				if stderr != "" || status > 1 {
					t.Errorf("status %d, stderr %q", status, stderr)
				}
				golden.String(t, stdout)
			})
		}
	}
}

// TestScreens holds what people see, on a wide and on a narrow terminal.
func TestScreens(t *testing.T) {
	t.Parallel()
	for _, screen := range []struct {
		name  string
		width int
		args  []string
	}{
		{"services-ls", 100, []string{"services", "ls"}},
		{"services-ls-wide", 0, []string{"services", "ls", "-o", "wide"}},
		{"services-ls-narrow", 40, []string{"services", "ls"}},
		{"services-instances", 100, []string{"services", "instances"}},
		{"services-instances-wide", 0, []string{"services", "instances", "-o", "wide"}},
		{"services-instances-narrow", 60, []string{"services", "instances"}},
		{"services-get-service", 100, []string{"services", "get", "order"}},
		{"services-get-instance", 100, []string{"services", "get", "order/order-1"}},
		{"services-diff", 100, []string{"services", "diff", "dev", "prod"}},
		{"services-diff-equal", 100, []string{"services", "diff", "dev", "dev"}},
		{"explain", 100, []string{"explain", "wrong-server"}},
		{"explain-narrow", 40, []string{"explain", "wrong-server"}},
		{"help", 100, []string{"--help"}},
		{"help-services", 100, []string{"services", "--help"}},
		{"error-environment", 100, []string{"services", "ls", "-e", "prd"}},
		{"error-service", 100, []string{"services", "get", "ordr"}},
		{"error-flag", 100, []string{"services", "ls", "--fillter", "x"}},
		{"error-refused", 100, []string{"services", "ls", "-e", "consul://127.0.0.1:1"}},
	} {
		t.Run(screen.name, func(t *testing.T) {
			t.Parallel()
			stdout, stderr, status := govctl(t, screen.width, screen.args...)
			golden.String(t, "$ govctl "+strings.Join(screen.args, " ")+"\n"+stdout+"--- stderr, status "+string(rune('0'+status))+"\n"+stderr)
		})
	}
}
