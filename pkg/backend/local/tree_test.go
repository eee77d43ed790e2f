package local_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/backend/local"
	"govctl/pkg/config"
	"govctl/pkg/registry"
)

// plant writes files below a new folder, by their names from there, and returns it.
func plant(t *testing.T, files map[string]string) string {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// gathered is what a store of files tells: its items as "key declared content", and
// its notices.
type gathered struct {
	Single        bool
	Items, Notice []string
}

func gather(t *testing.T, path string) (g gathered) {
	t.Helper()
	s, single, err := local.OpenFiles(local.Options{Root: path, Notice: func(n registry.Notice) {
		g.Notice = append(g.Notice, fmt.Sprint(strings.ReplaceAll(n.Text, path, "PATH"), " ", n.Incomplete))
	}})
	if err != nil {
		t.Fatal(err)
	}
	g.Single = single
	for item, err := range s.Items(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		again, err := s.Item(t.Context(), item.Key)
		if diff := cmp.Diff(item, again); err != nil || diff != "" || item.Revision == "" || item.Modified.IsZero() {
			t.Errorf("%s alone: %v (-in the list +alone)\n%s", item.Key, err, diff)
		}
		g.Items = append(g.Items, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", item.Group, item.Name, item.Declared, item.Content)))
	}
	return g
}

func TestAFolderOfGitIsReadAsItLies(t *testing.T) {
	t.Parallel()
	root := plant(t, map[string]string{
		"order/app.yaml": "1", "order/db/pool.yaml": "2", "order/db-x.yaml": "3", "order-v2/app.yaml": "4", "README.md": "5", "a%2Fb/100%.yaml": "6",
		".git/config": "x", ".env": "x", "order/.hidden/app.yaml": "x", "-/app.yaml": "x", "order/db/-/app.yaml": "7",
	})
	outside := plant(t, map[string]string{"secret.yaml": "s"})
	for link, to := range map[string]string{"linked": outside, "order/link.yaml": filepath.Join(outside, "secret.yaml"), "order/inside.yaml": "app.yaml"} {
		if err := os.Symlink(to, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(root, "order/pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "order/large"), make([]byte, 8<<20+1), 0o600); err != nil {
		t.Fatal(err)
	}
	want := gathered{
		Items: []string{
			"- README.md  5", "a%2Fb 100%.yaml  6", "order app.yaml  1", "order db-x.yaml  3", "order db/-/app.yaml  7",
			"order db/pool.yaml  2", "order-v2 app.yaml  4",
		},
		Notice: []string{
			`file PATH: "-" left out: "-" stands for no group true`,
			`file PATH: "linked" left out: "linked" is a symbolic link, not a file true`,
			`file PATH: "order/inside.yaml" left out: "inside.yaml" is a symbolic link, not a file true`,
			`file PATH: "order/link.yaml" left out: "link.yaml" is a symbolic link, not a file true`,
			`file PATH: "order/pipe" left out: "pipe" is a device, pipe or socket, not a file true`,
			`file PATH: "order/large" left out: "order/large" is larger than 8388608 bytes true`,
		},
	}
	got := gather(t, root)
	got.Notice = slicesUnique(got.Notice)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// slicesUnique keeps the first of each.
func slicesUnique(all []string) (once []string) {
	seen := map[string]bool{}
	for _, s := range all {
		if !seen[s] {
			once = append(once, s)
		}
		seen[s] = true
	}
	return once
}

func TestAFolderThatGovctlWroteIsReadAsLocal(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"config alone":    {map[string]string{"config/order/db%2Fpool.yaml": "1", "config/top.yaml": "2"}, []string{"- top.yaml  2", "order db/pool.yaml  1"}},
		"all folders":     {map[string]string{"config/order/app.yaml": "1", "services/order/1.json": "{}", "journal/1": "", "traces/x.jsonl": "", ".revision": "1"}, []string{"order app.yaml  1"}},
		"a foreign file":  {map[string]string{"config/order/app.yaml": "1", "README.md": "2"}, []string{"- README.md  2", "config order/app.yaml  1"}},
		"another folder":  {map[string]string{"config/order/app.yaml": "1", "payment/app.yaml": "2"}, []string{"config order/app.yaml  1", "payment app.yaml  2"}},
		"a file's name":   {map[string]string{"config": "1"}, []string{"- config  1"}},
		"services, plain": {map[string]string{"services/order.yaml": "1"}, []string{"services order.yaml  1"}},
	} {
		if diff := cmp.Diff(gathered{Items: c.want}, gather(t, plant(t, c.files))); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

func TestAFileIsOneItemInTheFormatOfItsOwnName(t *testing.T) {
	t.Parallel()
	root := plant(t, map[string]string{"app.properties": "a: 1", "dev.conf": `{"a": 1}`, "raw": "\x00"})
	for name, format := range map[string]config.Format{"app.properties": config.Properties, "dev.conf": config.JSON, "raw": config.Binary} {
		s, single, err := local.OpenFiles(local.Options{Root: filepath.Join(root, name)})
		if err != nil || !single {
			t.Fatal(single, err)
		}
		for item, err := range s.Items(t.Context()) {
			if want := (config.Key{Group: config.NoGroup, Name: name}); err != nil || item.Key != want || item.Declared != format {
				t.Errorf("%s is %s in %s, %v; want %s", name, item.Key, item.Declared, err, format)
			}
		}
	}
	if err := os.Symlink(filepath.Join(root, "dev.conf"), filepath.Join(root, "current")); err != nil {
		t.Fatal(err)
	}
	if got := gather(t, filepath.Join(root, "current")); len(got.Items) != 1 || !got.Single {
		t.Errorf("a link that was named itself: %+v", got)
	}
}

func TestFilesThatCannotBeReadAreErrors(t *testing.T) {
	t.Parallel()
	root := plant(t, map[string]string{"large": strings.Repeat("x", 8<<20+1), "order/app.yaml": "1"})
	if err := syscall.Mkfifo(filepath.Join(root, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]error{"none": config.ErrNotFound, "order/app.yaml/x": config.ErrUnavailable, "pipe": config.ErrInvalid, "large": config.ErrInvalid} {
		path := filepath.Join(root, name)
		s, _, err := local.OpenFiles(local.Options{Root: path})
		if err == nil {
			_, err = s.Item(t.Context(), config.Key{Group: config.NoGroup, Name: name})
		}
		if e, ok := errors.AsType[*config.Error](err); !ok || !errors.Is(err, want) || e.Backend != "file "+path {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
	s, _, err := local.OpenFiles(local.Options{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []config.Key{{Group: "order", Name: "none"}, {Group: "order", Name: "../large"}, {Group: "..", Name: "x"}, {Group: "-", Name: "order"}} {
		if item, err := s.Item(t.Context(), key); !errors.Is(err, config.ErrNotFound) {
			t.Errorf("%v: %v, %v; want not found", key, item, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range s.Items(ctx) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("interrupted: %v", err)
		}
	}
}
