package cmd

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"govctl/pkg/config"
	"govctl/pkg/demo"
)

// writeDemoConfig writes the configuration of the demo's environments where the
// local back-end of each finds it: every key is the name of its file. Nobody knows
// of the files before the demo's settings are published, so nobody sees them half
// written; they go with the demo's folder.
func writeDemoConfig(home *demo.Home) error {
	for _, name := range demoEnvironments() {
		items, err := demo.Items(name)
		if err != nil {
			return err
		}
		for _, item := range items {
			dir := filepath.Join(home.Dir(name), "config", item.Group)
			if err := os.MkdirAll(dir, 0o700); err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(dir, item.Name), item.Content, 0o600); err != nil {
				return err
			}
		}
	}
	return nil
}

// demoSettings is the govctl.yaml of a demo.
func demoSettings(home *demo.Home) string {
	var b strings.Builder
	b.WriteString("# the running demo's own; it goes when the demo ends\ndefault: dev\nenvironments:\n")
	for _, name := range demoEnvironments() {
		at := localURL(home.Dir(name))
		fmt.Fprintf(&b, "  %s: {registry: %q, config: %q}\n", name, at, at)
	}
	b.WriteString("ignore:\n")
	for _, r := range demo.MeantToDiffer() {
		b.WriteString("  - " + ignoreRule(r) + "\n")
	}
	return b.String()
}

// ignoreRule writes r as a rule of `ignore`, which may not have an empty part.
func ignoreRule(r config.Rule) string {
	switch {
	case r.Key == "":
		return fmt.Sprintf("{path: %q}", r.Path)
	case r.Path == "":
		return fmt.Sprintf("{key: %q}", r.Key)
	default:
		return fmt.Sprintf("{key: %q, path: %q}", r.Key, r.Path)
	}
}

// showsMistake reports whether a line of shown has the path and both values.
func showsMistake(shown string, m demo.Mistake) bool {
	for line := range strings.Lines(shown) {
		if strings.Contains(line, m.Path) && strings.Contains(line, m.Value) && strings.Contains(line, m.Others) {
			return true
		}
	}
	return false
}
