package cmd

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"govctl/internal/findings"
	"govctl/pkg/config"
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
	for _, code := range config.Codes() {
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

func TestATextIsFittedBetweenWords(t *testing.T) {
	t.Parallel()
	const text = "one two three\nfour\n\n- five six\n  seven\n- eight\n\nnine\n"
	for width, want := range map[int]string{
		0:  text,
		-2: text,
		13: text,
		9:  "one two three four\n\n- five six seven\n- eight\n\nnine\n", // not below the least
	} {
		if diff := cmp.Diff(want, fitted(text, width)); diff != "" {
			t.Errorf("%d (-want +got)\n%s", width, diff)
		}
	}
	const long = "the words of a paragraph go on\nbehind its lines\n\n- those of a list are\n  indented as `it` is"
	want := "the words of a paragraph\ngo on behind its lines\n\n- those of a list are\n  indented as `it` is"
	if diff := cmp.Diff(want, fitted(long, 25)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestWhatDoctorFindsIsBrokenBetweenWords(t *testing.T) {
	t.Parallel()
	remarks := []remarkOn{
		{&doctor.Finding{Code: "no-leader", Level: doctor.Fail, Text: "the cluster has  no leader and answers nothing", Hint: "start more of its servers"}, "registry"},
		{&doctor.Finding{Code: "old", Level: doctor.Warn, Text: "it is old"}, "config"},
	}
	for width, want := range map[int][][2]string{
		0: {
			{"✗ no-leader", "registry: the cluster has  no leader and answers nothing"},
			{"", "hint: start more of its servers"},
			{"! old", "config: it is old"},
		},
		40: {
			{"✗ no-leader", "registry: the cluster has"},
			{"", "no leader and answers"},
			{"", "nothing"},
			{"", "hint: start more of its"},
			{"", "servers"},
			{"! old", "config: it is old"},
		},
	} {
		var got [][2]string
		for _, line := range remarkLines(remarks, width) {
			got = append(got, [2]string{line[0].Text, line[1].Text})
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d (-want +got)\n%s", width, diff)
		}
	}
}
