package local

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/change"
)

// openWrites returns what writes to the folder at root.
func openWrites(t *testing.T, root string) *Changes {
	t.Helper()
	c, err := OpenChanges(Options{Root: root, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func itemKey(name string) change.Key { return change.Key{Space: change.Items, Name: name} }

// tree returns what the files below root hold, but for the lock, by their paths.
func tree(t *testing.T, root string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(root, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name() == lockName {
			return err
		}
		content, err := os.ReadFile(path)
		name, _ := filepath.Rel(root, path)
		out[name] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// plant writes files below a new folder, and returns it.
func plant(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func encoded(t *testing.T, writes ...write) string {
	t.Helper()
	text, err := json.Marshal(writes)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestAPlantedRedoWritesNothingButWhatPlansDo(t *testing.T) {
	t.Parallel()
	good := write{Folders: []string{"config", "order"}, Name: "a.yaml", Content: []byte("evil")}
	for name, text := range map[string]string{
		"git's own settings": encoded(t, good, write{Folders: []string{".git"}, Name: "config", Expect: revisionOf([]byte("mine")), Content: []byte("evil")}),
		"the settings":       encoded(t, good, write{Name: "govctl.yaml", Expect: revisionOf([]byte("mine")), Content: []byte("evil")}),
		"the root":           encoded(t, good, write{Folders: []string{"."}, Name: "govctl.yaml", Expect: revisionOf([]byte("mine")), Content: []byte("evil")}),
		"above":              encoded(t, good, write{Folders: []string{"config", ".."}, Name: "govctl.yaml", Expect: revisionOf([]byte("mine")), Content: []byte("evil")}),
		"far above":          encoded(t, good, write{Folders: []string{"config", "../../.."}, Name: "x", Content: []byte("evil")}),
		"in its name":        encoded(t, good, write{Folders: []string{"config"}, Name: "../govctl.yaml", Expect: revisionOf([]byte("mine")), Content: []byte("evil")}),
		"absolute":           encoded(t, good, write{Folders: []string{"/etc"}, Name: "passwd", Content: []byte("evil")}),
		"below one":          encoded(t, good, write{Folders: []string{"config", "/etc"}, Name: "passwd", Content: []byte("evil")}),
		"hidden":             encoded(t, good, write{Folders: []string{"config"}, Name: ".gitattributes", Content: []byte("evil")}),
		"removal":            encoded(t, good, write{Name: "govctl.yaml", Expect: revisionOf([]byte("mine")), Remove: true}),
		"above services":     encoded(t, good, write{Folders: []string{"services", ".."}, Name: "govctl.yaml", Expect: revisionOf([]byte("mine")), Content: []byte("evil")}),
		"hidden in services": encoded(t, good, write{Folders: []string{"services", "a"}, Name: ".b.json", Content: []byte("evil")}),
		"traces":             encoded(t, good, write{Folders: []string{"traces"}, Name: "b.jsonl", Content: []byte("evil")}),
		"no JSON":            "config/order/a.yaml: evil",
		"huge":               "[" + strings.Repeat(" ", 2*maxSwapBytes),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := plant(t, map[string]string{".redo": text, ".git/config": "mine", "govctl.yaml": "mine", "config/order/b.yaml": "mine"})
			before := tree(t, root)
			c := openWrites(t, root)
			if err := c.Swap(t.Context(), []change.Op{{Key: itemKey("order/c.yaml"), Content: []byte("x")}}); !errors.Is(err, change.ErrInvalid) || !strings.Contains(err.Error(), ".redo") {
				t.Errorf("swap ended with %v", err)
			}
			if _, err := c.Read(t.Context(), []change.Key{itemKey("order/b.yaml")}); !errors.Is(err, change.ErrInvalid) {
				t.Errorf("read ended with %v", err)
			}
			if diff := cmp.Diff(before, tree(t, root)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatAPersonWroteSinceACrashStays(t *testing.T) {
	t.Parallel()
	was := revisionOf([]byte("old"))
	root := plant(t, map[string]string{
		"config/order/1.yaml": "new", "config/order/2.yaml": "by hand", "config/order/3.yaml": "old", "config/order/4.yaml": "by hand",
		".redo": encoded(
			t,
			write{Folders: []string{"config", "order"}, Name: "1.yaml", Expect: was, Content: []byte("new")},
			write{Folders: []string{"config", "order"}, Name: "2.yaml", Expect: was, Content: []byte("new")},
			write{Folders: []string{"config", "order"}, Name: "3.yaml", Expect: was, Content: []byte("new")},
			write{Folders: []string{"config", "order"}, Name: "4.yaml", Content: []byte("created")},
			write{Folders: []string{"config", "order"}, Name: "5.yaml", Content: []byte("created")},
			write{Folders: []string{"config", "order"}, Name: "6.yaml", Expect: was, Remove: true},
		),
	})
	if _, err := openWrites(t, root).Read(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"config/order/1.yaml": "new", "config/order/2.yaml": "by hand", "config/order/3.yaml": "new",
		"config/order/4.yaml": "by hand", "config/order/5.yaml": "created",
	}
	if diff := cmp.Diff(want, tree(t, root)); diff != "" {
		t.Error(diff)
	}
}

func TestAReadingMakesNoFolder(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "none")
	c := openWrites(t, root)
	entries, err := c.Read(t.Context(), []change.Key{itemKey("order/a.yaml")})
	if want := []change.Entry{{Key: itemKey("order/a.yaml")}}; err != nil || !cmp.Equal(entries, want) {
		t.Errorf("read gave %v, %v", entries, err)
	}
	if records, err := change.Journal(t.Context(), c); len(records) > 0 || err != nil {
		t.Errorf("the journal is %v, %v", records, err)
	}
	if _, err := os.Lstat(root); !os.IsNotExist(err) {
		t.Errorf("the folder is there: %v", err)
	}
}

func TestPlantedLinksAreNotWrittenThrough(t *testing.T) {
	t.Parallel()
	for _, link := range []string{"config", "config/order", "config/order/a.yaml", "config/order/.tmp", "journal", "journal/plan", "journal/plan/0a0b0c0d", ".redo", ".revision", ".lock", ".tmp"} {
		t.Run(link, func(t *testing.T) {
			t.Parallel()
			outside := plant(t, map[string]string{"order/a.yaml": "mine", "plan/x": "mine", "a.yaml": "mine"})
			before := tree(t, outside)
			root := t.TempDir()
			at := filepath.Join(root, link)
			if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(filepath.Join(outside, "a.yaml"), at); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(filepath.Base(link), ".") && link != "journal/plan/0a0b0c0d" { // a folder
				if err := errors.Join(os.Remove(at), os.Symlink(outside, at)); err != nil {
					t.Fatal(err)
				}
			}
			// Whether it is refused or done beside the link, nothing outside is touched.
			_ = openWrites(t, root).Swap(t.Context(), []change.Op{
				{Key: itemKey("order/a.yaml"), Content: []byte("evil")},
				{Key: change.Key{Space: change.Records, Name: "plan/0a0b0c0d"}, Content: []byte("evil")},
			})
			if diff := cmp.Diff(before, tree(t, outside)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAFullDiskLeavesWhatStoodThere(t *testing.T) {
	t.Parallel()
	root := plant(t, map[string]string{"config/order/a.yaml": "old", "config/order/b.yaml": "old"})
	before := tree(t, root)
	c := openWrites(t, root)
	// A folder with something in it where the temporary file goes: nothing can be
	// written there, as on a full disk, and root is no exception.
	for _, folder := range []string{".", "config/order"} {
		full := filepath.Join(root, folder, tempName)
		if err := os.MkdirAll(filepath.Join(full, "x"), 0o700); err != nil {
			t.Fatal(err)
		}
		for _, ops := range [][]change.Op{
			{{Key: itemKey("order/a.yaml"), Expect: change.Revision(revisionOf([]byte("old"))), Content: []byte("new")}},
			{
				{Key: itemKey("order/a.yaml"), Expect: change.Revision(revisionOf([]byte("old"))), Content: []byte("new")},
				{Key: itemKey("order/b.yaml"), Expect: change.Revision(revisionOf([]byte("old"))), Remove: true},
			},
		} {
			if folder == "." && len(ops) == 1 {
				continue // it needs nothing there
			}
			if err := c.Swap(t.Context(), ops); !errors.Is(err, change.ErrUnavailable) {
				t.Errorf("%d changes, and nothing fits into %s: %v", len(ops), folder, err)
			}
			if diff := cmp.Diff(before, tree(t, root)); diff != "" {
				t.Errorf("%d changes, and nothing fits into %s: %s", len(ops), folder, diff)
			}
		}
		if err := os.RemoveAll(full); err != nil {
			t.Fatal(err)
		}
	}
}

func TestADiskThatFillsUpInTheMiddleIsNotCalledUntouched(t *testing.T) {
	t.Parallel()
	root := plant(t, map[string]string{"config/a/1.yaml": "old", "config/b/2.yaml": "old"})
	full := filepath.Join(root, "config/b", tempName)
	if err := os.MkdirAll(filepath.Join(full, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	c := openWrites(t, root)
	was := change.Revision(revisionOf([]byte("old")))
	err := c.Swap(t.Context(), []change.Op{
		{Key: itemKey("a/1.yaml"), Expect: was, Content: []byte("new")},
		{Key: itemKey("b/2.yaml"), Expect: was, Content: []byte("new")},
	})
	if !errors.Is(err, change.ErrUnknown) {
		t.Errorf("it ended with %v", err)
	}
	if err := os.RemoveAll(full); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"config/a/1.yaml": "new", "config/b/2.yaml": "new"}, tree(t, root)); diff != "" {
		t.Errorf("once there is room: %s", diff)
	}
}

func TestManyWritersOfOneFolderLoseNothing(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	const writers, rounds = 4, 50
	names := []string{"order/a", "order/b", "user/c"}
	var all sync.WaitGroup
	for range writers {
		c := openWrites(t, root) // each has a lock of its own, as processes do
		all.Go(func() {
			for won := 0; won < rounds; {
				entries, err := c.Read(t.Context(), []change.Key{itemKey(names[0]), itemKey(names[1]), itemKey(names[2])})
				if err != nil {
					t.Error(err)
					return
				}
				ops := make([]change.Op, len(entries))
				for i, e := range entries {
					if !bytes.Equal(e.Content, entries[0].Content) {
						t.Errorf("%s is %q, and %s is %q", e.Key, e.Content, entries[0].Key, entries[0].Content)
					}
					ops[i] = change.Op{Key: e.Key, Expect: e.Revision, Content: append(slices.Clone(e.Content), 'x')}
				}
				switch err := c.Swap(t.Context(), ops); {
				case err == nil:
					won++
				case !errors.Is(err, change.ErrConflict):
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	want := map[string]string{}
	for _, name := range names {
		want["config/"+name] = strings.Repeat("x", writers*rounds)
	}
	if got := tree(t, root); !maps.Equal(got, want) {
		t.Errorf("there is %s", fmt.Sprint(got))
	}
}
