package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBothSidesOfADiffCountAlike(t *testing.T) {
	t.Parallel()
	b := &bench{rounds: 1, dir: t.TempDir(), log: t.Output()}
	if err := b.build(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"json", "yaml"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			p, err := b.newPair(1000, format)
			if err != nil {
				t.Fatal(err)
			}
			sides := []side{p.ours(false), p.walk(), p.ours(true)}
			if _, err := b.contest(t.Context(), sides); err != nil {
				t.Error(err)
			}
			for i := range sides {
				for what := range sides[i].counts {
					sides[i].counts[what]--
				}
				if err := sides[i].check(t.Context()); err == nil {
					t.Errorf("%s passes where it counts differently", sides[i])
				}
			}
		})
	}
}

// answer is what a program says of two files that are not the same.
type answer struct {
	Status int
	Differ bool // it names the place
}

// TestNeighboursTakeTwoNumbersForOne pins a mistake of those that read numbers as
// floating point: it is the reason why govctl does not.
func TestNeighboursTakeTwoNumbersForOne(t *testing.T) {
	t.Parallel()
	b := &bench{dir: t.TempDir(), log: t.Output(), found: map[string]string{}}
	if err := b.build(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, n := range built() {
		if n.name != "dyff" && n.name != "jd" {
			continue
		}
		path, err := b.installed(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		b.found[n.name] = path
	}
	p := &pair{b: b, format: "json", dir: b.dir}
	for name, number := range map[string]string{"a": "9007199254740993", "b": "9007199254740992"} {
		if err := os.MkdirAll(filepath.Dir(p.file(name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p.file(name), []byte(`{"sequence": `+number+"}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ours := p.ours(false)
	programs := map[string][]string{
		"govctl": ours.args, "walk": p.walk().args,
		"dyff": {b.found["dyff"], "between", "--set-exit-code", p.file("a"), p.file("b")},
		"jd":   {b.found["jd"], p.file("a"), p.file("b")},
	}
	got := map[string]answer{}
	for name, args := range programs {
		got[name] = b.asked(t, args)
	}
	want := map[string]answer{"govctl": {1, true}, "walk": {}, "dyff": {}, "jd": {}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// asked runs a program and returns its answer.
func (b *bench) asked(t *testing.T, args []string) answer {
	t.Helper()
	for status := range 2 {
		out, wait, err := program{args: args, status: status}.output(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		if _, err := text.ReadFrom(out); err != nil {
			t.Fatal(err)
		}
		if err = wait(); err == nil {
			return answer{status, bytes.Contains(text.Bytes(), []byte("sequence"))}
		}
	}
	t.Fatalf("%s ends with neither 0 nor 1", args)
	return answer{}
}
