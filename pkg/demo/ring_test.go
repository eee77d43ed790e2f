package demo

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// contents returns the files of dir.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out[e.Name()] = string(data)
		if info, err := e.Info(); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: %v, %v; want mode 0600", e.Name(), info.Mode(), err)
		}
	}
	return out
}

func TestTheRingKeepsThreeFilesBelowTheBound(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "traces")
	r, err := newRing(dir, 8)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		lines []string
		want  map[string]string
	}{
		{[]string{"aaa\n", "bbb\n"}, map[string]string{"demo-1.jsonl": "aaa\nbbb\n"}},
		{[]string{"c\n", "ddddd\n"}, map[string]string{"demo-1.jsonl": "aaa\nbbb\n", "demo-2.jsonl": "c\nddddd\n"}},
		{[]string{"eeeeeee\n", "f\n"}, map[string]string{"demo-1.jsonl": "f\n", "demo-2.jsonl": "c\nddddd\n", "demo-3.jsonl": "eeeeeee\n"}},
	} {
		for _, l := range step.lines {
			if err := r.write([]byte(l)); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(step.want, contents(t, dir)); diff != "" {
			t.Error(diff)
		}
	}
	if err := r.write([]byte("too long\n")); err == nil {
		t.Error("a line above the bound was written")
	}
	if err := r.close(); err != nil {
		t.Error(err)
	}
	if err := r.write([]byte("g\n")); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("write after close: %v", err)
	}
	if _, err := newRing(dir, 8); err != nil {
		t.Error(err)
	}
	if left := contents(t, dir); len(left) != 0 {
		t.Errorf("the next ring left %v", left)
	}
}

func TestTheRingRemovesAFileThatSomebodyReadsAndDoesNotCutIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r, err := newRing(dir, 4)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.close() }()
	if err := r.write([]byte("aaa\n")); err != nil {
		t.Fatal(err)
	}
	reader, err := os.Open(filepath.Join(dir, "demo-1.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Close() }()
	for range ringFiles {
		if err := r.write([]byte("bbb\n")); err != nil {
			t.Fatal(err)
		}
	}
	got := make([]byte, 4)
	if _, err := reader.Read(got); err != nil || string(got) != "aaa\n" {
		t.Errorf("the reader got %q, %v", got, err)
	}
}
