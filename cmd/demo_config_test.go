package cmd

import (
	"bytes"
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/backend"
	"govctl/pkg/config"
	"govctl/pkg/demo"
)

// demoConfigured is a folder for data in which a demo runs that has configuration
// and no services.
func demoConfigured(t *testing.T) (data string) {
	t.Helper()
	data = t.TempDir()
	home, err := demo.Claim(t.Context(), (&Env{DataDir: data}).demoHome(), "a test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := home.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := writeDemoConfig(home); err != nil {
		t.Fatal(err)
	}
	if _, err := home.Publish(demoSettings(home)); err != nil {
		t.Fatal(err)
	}
	return data
}

// besideDemo runs govctl without settings, beside the demo in data.
func besideDemo(t *testing.T, data string, args ...string) (out string, status int) {
	t.Helper()
	var both bytes.Buffer
	status = Main(Env{
		Args: args, Stdin: strings.NewReader(""), Stdout: &both, Stderr: &both,
		Getenv: func(string) string { return "" },
		Now:    time.Now, Dir: t.TempDir(), ConfigDir: t.TempDir(), DataDir: data,
		Notify: context.WithCancel,
	})
	return both.String(), status
}

func TestTheDemosConfigurationIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	data := demoConfigured(t)
	for _, env := range demoEnvironments() {
		store, err := backend.OpenConfig(backend.Target{URL: localURL(filepath.Join(data, "govctl", "demo", env)), Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		read, err := collect(store.Items(t.Context()))
		if err != nil {
			t.Fatal(err)
		}
		for i := range read {
			read[i] = config.Item{Key: read[i].Key, Content: read[i].Content}
		}
		written, err := demo.Items(env)
		if diff := cmp.Diff(written, read); diff != "" || err != nil {
			t.Errorf("%s: %v (-written +read)\n%s", env, err, diff)
		}
	}
}

// demoQuestions are the commands that read configuration, each in every format.
func demoQuestions(t *testing.T) [][]string {
	t.Helper()
	questions := [][]string{
		{"config", "grep", "--all", "."},
		{"config", "grep", "--all", "-i", "fake"},
		{"config", "diff", "dev", "prod"},
		{"config", "diff", "dev", "prod", "--show-expected"},
		{"config", "diff", "dev", "test", "prod", "--show-expected"},
		{"config", "promote", "test", "prod"},
		{"config", "promote", "dev", "prod", "--take", "A", "--prune", "--dry-run"},
		{"config", "get", "order/app.yaml", "database"},
		{"config", "get", "payment/app.json", "providers"},
	}
	for _, env := range demoEnvironments() {
		questions = append(questions, []string{"config", "ls", "-e", env}, []string{"config", "check", "-e", env})
		for _, service := range demo.Services() {
			questions = append(questions, []string{"config", "effective", service, "-e", env})
		}
		items, err := demo.Items(env)
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range items {
			questions = append(questions, []string{"config", "get", item.String(), "-e", env})
		}
	}
	all := [][]string{
		{"config", "diff", "dev", "prod", "--show-expected", "--text"},
		{"config", "diff", "dev", "prod", "--show-expected", "-o", "markdown"},
		{"config", "diff", "dev", "prod", "--show-expected", "-o", "github"},
		{"config", "diff", "dev", "test", "prod", "--show-expected", "-o", "markdown"},
	}
	for _, q := range questions {
		for _, format := range []string{"table", "wide", "json", "yaml", "csv", "name"} {
			all = append(all, append(slices.Clip(q), "-o", format))
		}
	}
	return all
}

func TestNoSecretOfTheDemoIsPrinted(t *testing.T) {
	t.Parallel()
	data := demoConfigured(t)
	for _, args := range demoQuestions(t) {
		out, status := besideDemo(t, data, args...)
		if strings.Contains(out, "FAKE") || status > 1 {
			t.Errorf("govctl %s: status %d\n%s", strings.Join(args, " "), status, out)
		}
	}
	// Where a secret is asked for, it is there: what looks for it finds it.
	out, status := besideDemo(t, data, "config", "get", "order/app.yaml", "--show-secrets", "--force")
	if status != 0 || !strings.Contains(out, "FAKE-order-dev-pw-19") {
		t.Errorf("--show-secrets: status %d\n%s", status, out)
	}
}
