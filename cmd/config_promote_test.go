package cmd_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWhatIsDecidedCountsWhereNobodyDecidesTheRest(t *testing.T) {
	t.Parallel()
	dir := repo(t, "environments:\n  a: {config: local://a}\n  b: {config: local://b}\n")
	write := func(env, text string) {
		folder := filepath.Join(dir, env, "config", "order")
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "app.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a", "x: 1\ny: 1\n")
	write("b", "x: 1\ny: 1\n")
	if out, status := atTerminal(t, dir, strings.NewReader(""), context.WithCancel, "config promote a b --baseline --yes"); status != 0 {
		t.Fatalf("status %d\n%s", status, out)
	}
	write("a", "x: 2\ny: 2\n")
	write("b", "x: 3\ny: 3\n")
	out, status := atTerminal(t, dir, strings.NewReader("a\n"), context.WithCancel, "config promote a b --color never")
	const want = "    ↑ x  3 → 2  taken from a\n    ! y  2 | 3  conflict: a | b  (--take A|B)\n\n1 up · 1 in conflict\n"
	if status != 1 || !strings.Contains(out, want) {
		t.Errorf("status %d, want 1 and\n%sin\n%s", status, want, out)
	}
}
