package cmd

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// TestDocs keeps what is generated equal to what the commands say of themselves:
// docs/commands, docs/man and completions. UPDATE=1 writes it anew.
func TestDocs(t *testing.T) {
	t.Parallel()
	for dir, want := range map[string]map[string][]byte{
		filepath.Join("..", "docs", "commands"): commandPages(t),
		filepath.Join("..", "docs", "man"):      manPages(t),
		filepath.Join("..", "completions"):      completionScripts(t),
	} {
		if os.Getenv("UPDATE") == "1" {
			writePages(t, dir, want)
		}
		have, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range have {
			if want[e.Name()] == nil {
				t.Errorf("%s is the page of no command: run `make docs`", filepath.Join(dir, e.Name()))
			}
		}
		for name, text := range want {
			if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !bytes.Equal(got, text) {
				t.Errorf("%s is stale: run `make docs`", filepath.Join(dir, name))
			}
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

// pages visits all commands but help and returns what write makes of each, by
// its name with the given ending.
func pages(t *testing.T, ending string, write func(*cobra.Command, io.Writer) error) map[string][]byte {
	t.Helper()
	pages := map[string][]byte{}
	root := newRootCmd(&app{})
	root.DisableAutoGenTag = true
	walk(root, func(c *cobra.Command) {
		if c.Name() == "help" { // --help says the same
			return
		}
		var page bytes.Buffer
		if err := write(c, &page); err != nil {
			t.Fatal(err)
		}
		pages[c.CommandPath()+ending] = page.Bytes()
	})
	return pages
}

// commandPages returns a page of Markdown for each command.
func commandPages(t *testing.T) map[string][]byte {
	t.Helper()
	named := map[string][]byte{}
	for name, page := range pages(t, ".md", doc.GenMarkdown) {
		named[strings.ReplaceAll(name, " ", "_")] = page
	}
	return named
}

// manPages returns a page of the manual for each command, of a fixed date: the same
// commands have the same pages.
func manPages(t *testing.T) map[string][]byte {
	t.Helper()
	date := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	named := map[string][]byte{}
	for name, page := range pages(t, ".1", func(c *cobra.Command, w io.Writer) error {
		c.Long = strings.ReplaceAll(c.Long, "\n  ", "\n      ") // lists, which a page would run together
		return doc.GenMan(c, &doc.GenManHeader{Section: "1", Date: &date, Source: "govctl", Manual: "govctl"}, w)
	}) {
		named[strings.ReplaceAll(name, " ", "-")] = page
	}
	return named
}

// completionScripts returns the completion script of each shell, under the name
// by which the shell finds it.
func completionScripts(t *testing.T) map[string][]byte {
	t.Helper()
	scripts := map[string][]byte{}
	for shell, name := range map[string]string{"bash": "govctl.bash", "zsh": "_govctl", "fish": "govctl.fish", "powershell": "govctl.ps1"} {
		script, err := completionScript(newRootCmd(&app{}), shell)
		if err != nil {
			t.Fatal(err)
		}
		scripts[name] = script
	}
	if len(scripts) != len(shells()) {
		t.Errorf("%d scripts of %d shells", len(scripts), len(shells()))
	}
	return scripts
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
