package local_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/backend/local"
	"govctl/pkg/config"
)

func itemOf(group, name, content string) config.Item {
	return config.Item{Key: config.Key{Group: group, Name: name}, Content: []byte(content)}
}

func silent(int) {}

// filesIn returns what stands in a folder, by its path, without the names that begin
// with a dot.
func filesIn(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == dir || e.IsDir() && e.Name() != ".git" {
			return err
		}
		if e.IsDir() {
			return filepath.SkipDir
		}
		content, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		files[filepath.ToSlash(rel)] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func about(items string) string {
	return "{\n  \"govctlSnapshot\": 1,\n  \"environment\": \"dev\",\n  \"items\": " + items + "\n}\n"
}

func TestASnapshotIsAFolderThatIsReadAsItIs(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a", "b")
	items := []config.Item{
		itemOf("-", "motd", "hi"), itemOf("-", ".env", ""), itemOf("order", "a/b?.yaml", "a: 1\n"), itemOf("order", "bin", "\xff\x00"), itemOf("CON", "x", "1"),
	}
	var told []int
	if err := (local.Snapshot{Environment: "dev"}).Write(t.Context(), dir, items, func(n int) { told = append(told, n) }); err != nil {
		t.Fatal(err)
	}
	c, err := local.OpenConfig(local.Options{Root: dir})
	if err != nil {
		t.Fatal(err)
	}
	got := map[config.Key]string{}
	for i, err := range c.Items(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		got[i.Key] = string(i.Content)
	}
	want := map[config.Key]string{}
	for _, i := range items {
		want[i.Key] = string(i.Content)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("it is read as (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{1, 2, 3, 4, 5}, told); diff != "" {
		t.Errorf("progress is told (-want +got):\n%s", diff)
	}
	if s, err := local.ReadSnapshot(dir); err != nil || s != (local.Snapshot{Version: 1, Environment: "dev", Items: 5}) {
		t.Errorf("it says of itself %+v, %v", s, err)
	}
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if mode := info.Mode().Perm(); mode != 0o600 && mode != 0o700 || e.IsDir() != (mode == 0o700) {
			t.Errorf("%s has mode %v", path, mode)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestASnapshotReplacesTheOneBefore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, content := range map[string]string{".git/HEAD": "main", ".snapshot.new/config/x": "cut off", ".snapshot.old/y": "cut off"} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(content), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	dev := local.Snapshot{Environment: "dev"}
	for _, c := range []struct {
		items []config.Item
		want  map[string]string
	}{
		{[]config.Item{itemOf("a", "b", "1"), itemOf("c", "d", "2")}, map[string]string{"config/a/b": "1", "config/c/d": "2", "snapshot.json": about("2")}},
		{[]config.Item{itemOf("a", "b", "3"), itemOf("-", "c", "4")}, map[string]string{"config/a/b": "3", "config/c": "4", "snapshot.json": about("2")}},
		{nil, map[string]string{"snapshot.json": about("0")}},
		{[]config.Item{itemOf("a", "b", "5")}, map[string]string{"config/a/b": "5", "snapshot.json": about("1")}},
	} {
		if err := dev.Write(t.Context(), dir, c.items, silent); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, filesIn(t, dir)); diff != "" {
			t.Errorf("it holds (-want +got):\n%s", diff)
		}
	}
	if head, err := os.ReadFile(filepath.Join(dir, ".git", "HEAD")); err != nil || string(head) != "main" {
		t.Errorf(".git is %q, %v", head, err)
	}
}

func TestASnapshotThatFailsLeavesTheOneBefore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	dev := local.Snapshot{Environment: "dev"}
	if err := dev.Write(t.Context(), dir, []config.Item{itemOf("a", "b", "1")}, silent); err != nil {
		t.Fatal(err)
	}
	before := filesIn(t, dir)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx   context.Context
		items []config.Item
	}{
		"interrupted":              {cancelled, []config.Item{itemOf("a", "b", "2")}},
		"a name that is too long":  {t.Context(), []config.Item{itemOf("a", "b", "2"), itemOf("a", strings.Repeat("x", 300), "2")}},
		"an item that is a folder": {t.Context(), []config.Item{itemOf("-", "a", "2"), itemOf("a", "b", "2")}},
		"an item too large":        {t.Context(), []config.Item{itemOf("a", "b", strings.Repeat("x", 8<<20+1))}},
	} {
		if err := dev.Write(c.ctx, dir, c.items, silent); err == nil {
			t.Errorf("%s: no error", name)
		}
		if diff := cmp.Diff(before, filesIn(t, dir)); diff != "" {
			t.Errorf("%s: it holds (-want +got):\n%s", name, diff)
		}
	}
}

func TestASnapshotIsWrittenOverNothingElse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, content, want string }{
		"a folder that govctl keeps": {"config/a/b", "1", "not a snapshot: it has no snapshot.json"},
		"a file of somebody's":       {"README.md", "hi", "not a snapshot: it has no snapshot.json"},
		"another snapshot.json":      {"snapshot.json", "{}", "not a snapshot that can be read here: snapshot.json is of version 0"},
		"one of a later version":     {"snapshot.json", `{"govctlSnapshot": 2}`, "not a snapshot that can be read here: snapshot.json is of version 2"},
		"no JSON":                    {"snapshot.json", "x", "not a snapshot: snapshot.json: invalid character 'x' looking for beginning of value"},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, c.file)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(c.content), 0o600)); err != nil {
			t.Fatal(err)
		}
		err := local.Snapshot{Environment: "dev"}.Write(t.Context(), dir, nil, silent)
		_, readErr := local.ReadSnapshot(dir)
		for _, err := range []error{err, readErr} {
			if !errors.Is(err, local.ErrNoSnapshot) || err.Error() != c.want {
				t.Errorf("%s: %v; want %s", name, err, c.want)
			}
		}
		if diff := cmp.Diff(map[string]string{c.file: c.content}, filesIn(t, dir)); diff != "" {
			t.Errorf("%s: it holds (-want +got):\n%s", name, diff)
		}
	}
}

func TestAFolderThatLostItsItemsIsNoSnapshot(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	dev := local.Snapshot{Environment: "dev"}
	if err := dev.Write(t.Context(), dir, []config.Item{itemOf("a", "b", "1")}, silent); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "config")); err != nil {
		t.Fatal(err)
	}
	if _, err := local.ReadSnapshot(dir); !errors.Is(err, local.ErrNoSnapshot) {
		t.Errorf("it is read: %v", err)
	}
	if err := dev.Write(t.Context(), dir, []config.Item{itemOf("a", "b", "2")}, silent); err != nil {
		t.Errorf("it is not written anew: %v", err)
	}
	if _, err := local.ReadSnapshot(filepath.Join(dir, "nosuch")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("one that is not there: %v", err)
	}
}

// cutAfter does the first n steps of replacing the snapshot in dir by that in fresh,
// as one whose process dies then.
func cutAfter(t *testing.T, dir, fresh string, n int) {
	t.Helper()
	place := filepath.Join(dir, ".snapshot.new")
	if err := os.Rename(fresh, place); err != nil {
		t.Fatal(err)
	}
	for _, move := range [][2]string{
		{filepath.Join(dir, "snapshot.json"), filepath.Join(dir, ".snapshot.old.json")},
		{filepath.Join(dir, "config"), filepath.Join(dir, ".snapshot.old")},
		{filepath.Join(place, "config"), filepath.Join(dir, "config")},
		{filepath.Join(place, "snapshot.json"), filepath.Join(dir, "snapshot.json")},
	}[:n] {
		if err := os.Rename(move[0], move[1]); err != nil {
			t.Fatal(err)
		}
	}
}

func TestASnapshotThatWasCutOffIsOldOrNewAndNeverTakenForOne(t *testing.T) {
	t.Parallel()
	for n, want := range []string{0: "old", 1: "old", 2: "old", 3: "new", 4: "new"} {
		dir, fresh := filepath.Join(t.TempDir(), "s"), filepath.Join(t.TempDir(), "f")
		for folder, text := range map[string]string{dir: "old", fresh: "new"} {
			s := local.Snapshot{Environment: "dev", Incomplete: text == "old"}
			if err := s.Write(t.Context(), folder, []config.Item{itemOf("order", "app", text)}, silent); err != nil {
				t.Fatal(err)
			}
		}
		cutAfter(t, dir, fresh, n)
		_, err := local.ReadSnapshot(dir)
		if between := n > 0 && n < 4; between != errors.Is(err, local.ErrNoSnapshot) {
			t.Errorf("after %d steps it reads as a snapshot with %v", n, err)
		}
		// One that is interrupted at once ends what was cut off, and changes nothing else.
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := (local.Snapshot{Environment: "dev"}).Write(ctx, dir, []config.Item{itemOf("order", "app", "third")}, silent); !errors.Is(err, context.Canceled) {
			t.Errorf("after %d steps: %v", n, err)
		}
		s, err := local.ReadSnapshot(dir)
		if got := filesIn(t, dir)["config/order/app"]; err != nil || got != want || s.Incomplete != (want == "old") {
			t.Errorf("after %d steps there is %q, %+v, %v; want %s", n, got, s, err, want)
		}
	}
}
