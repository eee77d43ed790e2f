package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// row is one line of the table. One without a goal only informs.
type row struct {
	what, ours, neighbour, ratio, goal string
	met                                bool
}

// add adds a row, and says it at once: the whole takes a while.
func (b *bench) add(r row) {
	b.rows = append(b.rows, r)
	_, _ = fmt.Fprintf(b.log, "bench: %s: %s (%s), goal %s: %s\n", r.what, r.ours, r.neighbour, r.orNone(), r.verdict())
}

// orNone returns the goal, or a word for none.
func (r *row) orNone() string { return cmp.Or(r.goal, "none") }

// verdict says whether the goal is met.
func (r *row) verdict() string {
	switch {
	case r.goal == "":
		return ""
	case r.met:
		return "yes"
	default:
		return "**no**"
	}
}

// report returns the table as Markdown.
func (b *bench) report(machine string) string {
	var text strings.Builder
	fmt.Fprintf(&text, "Made by `make bench` (%s). Each figure is the median of %d runs (of %d for the cold starts), the sides\n", machine, b.rounds, coldRounds)
	text.WriteString("taking turns: only the ratios mean anything on another machine.")
	if len(b.missing) > 0 {
		fmt.Fprintf(&text, " Left out, as they are not there: %s.", strings.Join(b.missing, ", "))
	}
	text.WriteString("\n\n")
	text.WriteString("| workload | govctl | neighbour | ratio | goal | met |\n|---|---|---|---|---|---|\n")
	for _, r := range b.rows {
		fmt.Fprintf(&text, "| %s | %s | %s | %s | %s | %s |\n", r.what, r.ours, r.neighbour, r.ratio, r.orNone(), r.verdict())
	}
	return text.String()
}

// The table stands between these lines of docs/performance.md.
const (
	beginMarker = "<!-- bench:begin -->\n"
	endMarker   = "<!-- bench:end -->\n"
)

// writeBetweenMarkers replaces what stands between the markers in the file at
// path; a file that has none gets them at its end.
func writeBetweenMarkers(path, text string) error {
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if len(old) == 0 {
		old = []byte("# Performance\n\n")
	}
	return os.WriteFile(path, []byte(replaceBetweenMarkers(string(old), text)), 0o644)
}

func replaceBetweenMarkers(old, text string) string {
	before, rest, found := strings.Cut(old, beginMarker)
	_, after, closed := strings.Cut(rest, endMarker)
	if !found || !closed {
		before, after = strings.TrimRight(old, "\n")+"\n\n", ""
	}
	return before + beginMarker + text + endMarker + after
}

// discard reads r to its end and returns how many bytes it had.
func discard(r io.Reader) (int64, error) { return io.Copy(io.Discard, r) }
