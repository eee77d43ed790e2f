package local_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/backend/local"
	"govctl/pkg/config"
	"govctl/pkg/registry"
)

// wantOnly expects c to list these keys alone, and to say that each of left is left
// out, with why.
func (c *configs) wantOnly(t *testing.T, keys []string, left ...[2]string) {
	t.Helper()
	got := []string{}
	for item, err := range c.Items(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, item.String())
	}
	var want []registry.Notice
	for _, l := range left {
		want = append(want, registry.Notice{Text: "local " + c.root + `: "config/` + l[0] + `" left out: ` + l[1], Incomplete: true})
	}
	if diff := cmp.Diff(keys, got); diff != "" {
		t.Errorf("keys (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(want, c.said); diff != "" {
		t.Errorf("notices (-want +got)\n%s", diff)
	}
}

func TestAnItemTellsItsFile(t *testing.T) {
	t.Parallel()
	c := newConfigs(t)
	want := config.Item{
		Key: config.Key{Group: "order", Name: "db/pool.yaml"}, Content: []byte("max: 1\n"),
		Revision: "df9a9d9aec050b8810ddf933764aca6608065ea397c29567ab464b3062a03cd4", // sha256sum's
		Modified: start(),
	}
	c.Put(t, want.Key, want.Content)
	if err := os.Chtimes(c.fileOf(want.Key), start(), start()); err != nil {
		t.Fatal(err)
	}
	got, err := c.Item(t.Context(), want.Key)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}

func TestWhatIsNoItemIsLeftOutAndHarmsNoOther(t *testing.T) {
	t.Parallel()
	c := newConfigs(t)
	outside := filepath.Join(t.TempDir(), "secret.yaml")
	c.put(t, outside, []byte("secret"))
	in := func(name string) string { return filepath.Join(c.root, "config", name) }
	for _, file := range []string{
		"top.yaml", ".hidden", "order/app.yaml", "order/.app.yaml.swp", ".git/config", "order/sub/app.yaml",
		"-/app.yaml", "a%2fb/x", "order/a%zz", "order/%61pp.yaml",
	} {
		c.put(t, in(file), []byte("x"))
	}
	for _, link := range []string{"order/linked.yaml", "linked.yaml"} {
		if err := os.Symlink(outside, in(link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("order", in("payment")); err != nil {
		t.Fatal(err)
	}
	c.put(t, in("order/fits"), make([]byte, 8<<20))
	c.put(t, in("order/large"), make([]byte, 8<<20+1))
	c.wantOnly(t, []string{"top.yaml", "order/app.yaml", "order/fits"},
		[2]string{"-", `"-" stands for no group`},
		[2]string{"a%2fb", `the file of the name "a/b" must be called "a%2Fb"`},
		[2]string{"linked.yaml", `"linked.yaml" is a symbolic link, not a file`},
		[2]string{"payment", `"payment" is a symbolic link, not a file`},
		[2]string{"order/%61pp.yaml", `the file of the name "app.yaml" must be called "app.yaml"`},
		[2]string{"order/a%zz", "a percent sign that begins no %XX in a file name"},
		[2]string{"order/large", `"large" is larger than 8388608 bytes`},
		[2]string{"order/linked.yaml", `"linked.yaml" is a symbolic link, not a file`},
		[2]string{"order/sub", `"sub" is a folder, not a file`},
	)
}

func TestAnItemThatIsNoFileIsInvalid(t *testing.T) {
	t.Parallel()
	c := newConfigs(t)
	outside := t.TempDir()
	c.put(t, filepath.Join(outside, "a"), []byte("secret"))
	c.Put(t, config.Key{Group: "order", Name: "a"}, nil)
	for link, target := range map[string]string{"order/file": filepath.Join(outside, "a"), "linked": outside, "order/gone": "nowhere"} {
		if err := os.Symlink(target, filepath.Join(c.root, "config", link)); err != nil {
			t.Fatal(err)
		}
	}
	c.put(t, filepath.Join(c.root, "config", "order", "large"), make([]byte, 8<<20+1))
	for _, k := range []config.Key{{Group: "order", Name: "file"}, {Group: "linked", Name: "a"}, {Group: config.NoGroup, Name: "linked"}, {Group: "order", Name: "gone"}, {Group: "order", Name: "large"}} {
		got, err := c.Item(t.Context(), k)
		if !errors.Is(err, config.ErrInvalid) || len(got.Content) > 0 {
			t.Errorf("Item(%q) = %q, %v; want none, ErrInvalid", k, got.Content, err)
		}
	}
}

func TestKeysThatNobodyCanHaveWrittenAreNotFound(t *testing.T) {
	t.Parallel()
	c := newConfigs(t)
	c.Put(t, config.Key{Group: "order", Name: "a"}, nil)
	for _, k := range []config.Key{
		{},
		{Group: "order"},
		{Group: "", Name: "a"},
		{Group: "\xff", Name: "a"},
		{Group: "order", Name: "\xff"},
		{Group: "order", Name: strings.Repeat("n", 300)},
		{Group: "..", Name: "config/order/a"},
		{Group: "order", Name: "../order/a"},
	} {
		if _, err := c.Item(t.Context(), k); !errors.Is(err, config.ErrNotFound) {
			t.Errorf("Item(%q): %v; want not found", k, err)
		}
	}
}

func TestReadingConfigurationMakesNothing(t *testing.T) {
	t.Parallel()
	c := newConfigs(t)
	c.wantOnly(t, []string{})
	if _, err := c.Item(t.Context(), config.Key{Group: "order", Name: "a"}); !errors.Is(err, config.ErrNotFound) {
		t.Errorf("Item: %v; want not found", err)
	}
	for _, err := range c.Watch(t.Context()) {
		if err != nil {
			t.Error(err)
		}
		break
	}
	if _, err := os.Lstat(c.root); !os.IsNotExist(err) {
		t.Errorf("the root is there: %v", err)
	}
}

func TestARootThatIsNotAbsoluteIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := local.OpenConfig(local.Options{Root: "mesh"}); err == nil || !strings.Contains(err.Error(), "absolute") {
		t.Errorf("%v; want that the path must be absolute", err)
	}
}

func TestAWatchHearsOfTheFolderAndSaysOnceWhatIsLeftOut(t *testing.T) {
	t.Parallel()
	c := newConfigs(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	lists := 0
	for list, err := range c.Watch(ctx) {
		if err != nil || lists > 20 {
			t.Fatalf("%d lists, the last %v, %v", lists, list, err)
		}
		lists++
		switch len(list) {
		case 0:
			c.Put(t, config.Key{Group: "order", Name: "a"}, []byte("1"))
			c.put(t, filepath.Join(c.root, "config", "order", "sub", "x"), nil)
		case 1:
			c.Put(t, config.Key{Group: config.NoGroup, Name: "b"}, []byte("1"))
		case 2: // the whole folder is another
			if err := os.Rename(filepath.Join(c.root, "config"), filepath.Join(c.root, "old")); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"a", "b", "c"} {
				c.Put(t, config.Key{Group: "order", Name: name}, []byte("1"))
			}
		}
		if len(list) == 3 {
			break
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.said) != 1 || !strings.Contains(c.said[0].Text, "order/sub") {
		t.Errorf("said %v, want once that order/sub is left out", c.said)
	}
}
