package cmd

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// TestDocs keeps docs/commands equal to what the commands say of themselves;
// UPDATE=1 writes it anew.
func TestDocs(t *testing.T) {
	t.Parallel()
	dir := filepath.Join("..", "docs", "commands")
	want := map[string][]byte{}
	addPages(t, newRootCmd(&app{}), want)
	if os.Getenv("UPDATE") == "1" {
		writePages(t, dir, want)
	}
	have, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range have {
		if want[e.Name()] == nil {
			t.Errorf("%s is the page of no command: run `make docs`", e.Name())
		}
	}
	for name, text := range want {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !bytes.Equal(got, text) {
			t.Errorf("%s is stale: run `make docs`", name)
		}
	}
}

// TestEveryCommandHelps holds every command to a short text and an example.
func TestEveryCommandHelps(t *testing.T) {
	t.Parallel()
	walk(newRootCmd(&app{}), func(c *cobra.Command) {
		if c.Short == "" || len(c.Short) > 60 || strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: Short is %q; want one phrase below 60 characters", c.CommandPath(), c.Short)
		}
		if c.Example == "" {
			t.Errorf("%s has no example", c.CommandPath())
		}
	})
}

func walk(c *cobra.Command, visit func(*cobra.Command)) {
	visit(c)
	for _, sub := range c.Commands() {
		walk(sub, visit)
	}
}

func addPages(t *testing.T, root *cobra.Command, pages map[string][]byte) {
	t.Helper()
	root.DisableAutoGenTag = true
	walk(root, func(c *cobra.Command) {
		if c.Name() == "help" { // cobra's own, on every level
			return
		}
		var page bytes.Buffer
		if err := doc.GenMarkdown(c, &page); err != nil {
			t.Fatal(err)
		}
		pages[strings.ReplaceAll(c.CommandPath(), " ", "_")+".md"] = page.Bytes()
	})
}

func writePages(t *testing.T, dir string, pages map[string][]byte) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range pages {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
