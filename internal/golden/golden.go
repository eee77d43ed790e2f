// Package golden compares what a test got with a file in its testdata folder.
// Run with UPDATE=1 in the environment, tests rewrite the files instead; what
// changed is then for a person to read in the diff. It is a variable and no
// flag because a flag would have to be known to every package of a test run.
package golden

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Equal fails t unless got is what testdata/<name of the test>.golden holds. A
// subtest's file lies in a folder of its parent's name. There is one file a test.
func Equal(t testing.TB, got []byte) {
	t.Helper()
	String(t, string(got))
}

// String is Equal for a string.
func String(t testing.TB, got string) {
	t.Helper()
	update := os.Getenv("UPDATE") == "1"
	if err := check(path("testdata", t.Name()), got, update); err != nil {
		t.Error(err)
	}
}

// path returns the golden file of a test. What might not stand in a file's name
// on some system is percent-encoded, so that no two tests share a file.
func path(dir, test string) string {
	var b strings.Builder
	for i := range len(test) {
		switch c := test[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9',
			c == '/', c == '_', c == '-', c == '.' && i > 0 && test[i-1] != '/' && test[i-1] != '.':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02x", c)
		}
	}
	return filepath.Join(dir, filepath.FromSlash(b.String())+".golden")
}

// check compares got with the file, or writes it there.
func check(file, got string, update bool) error {
	if update {
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			return err
		}
		return os.WriteFile(file, []byte(got), 0o600)
	}
	want, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is missing: run with UPDATE=1 to write it; got:\n%s", file, got)
	}
	if err != nil {
		return err
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		return fmt.Errorf("%s differs (-want +got); run with UPDATE=1 if it is right now:\n%s", file, diff)
	}
	return nil
}
