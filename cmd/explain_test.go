package cmd

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"govctl/internal/findings"
	"govctl/pkg/doctor"
	"govctl/pkg/probe"
)

// TestEveryFindingIsExplained holds the pages to the codes that commands print:
// none is missing, and none is about a code that nothing prints.
func TestEveryFindingIsExplained(t *testing.T) {
	t.Parallel()
	codes := []string{"slow"}
	for _, truth := range probe.Truths() {
		if truth.Finding() || truth == probe.TruthUnprobeable {
			codes = append(codes, string(truth))
		}
	}
	for _, state := range probe.States() {
		if state != probe.Up {
			codes = append(codes, string(state))
		}
	}
	for _, code := range doctor.Codes() {
		codes = append(codes, string(code))
	}
	slices.Sort(codes)
	if diff := cmp.Diff(slices.Compact(codes), findings.Codes()); diff != "" {
		t.Errorf("codes and pages differ (-codes +pages):\n%s", diff)
	}
}

// TestDocsFindings keeps docs/findings.md equal to the pages; UPDATE=1 writes it
// anew.
func TestDocsFindings(t *testing.T) {
	t.Parallel()
	var want bytes.Buffer
	want.WriteString("# Findings\n\nWhat commands find wrong, by the code that they print. `govctl explain CODE` shows the same.\n")
	for _, code := range findings.Codes() {
		page, _ := findings.Of(code)
		want.WriteString("\n## " + code + "\n\n" + page.Summary + "\n")
		for _, s := range page.Sections {
			want.WriteString("\n**" + s.Title + ".**\n\n" + s.Text + "\n")
		}
	}
	path := filepath.Join("..", "docs", "findings.md")
	if os.Getenv("UPDATE") == "1" {
		if err := os.WriteFile(path, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want.Bytes()) {
		t.Errorf("%s is stale: run `make docs`", path)
	}
}
