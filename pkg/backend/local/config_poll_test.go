package local

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"

	"govctl/pkg/registry"
)

func TestWhereTheSystemTellsNothingConfigurationIsRead(t *testing.T) {
	t.Parallel()
	var said []string
	c, err := OpenConfig(Options{Root: t.TempDir(), Notice: func(n registry.Notice) { said = append(said, n.Text) }})
	if err != nil {
		t.Fatal(err)
	}
	c.notify = func() (*fsnotify.Watcher, error) { return nil, errors.New("too many listeners") }
	folder := filepath.Join(c.store.root, configFolder, "order")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	lists := 0
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for list, err := range c.Watch(ctx) {
		if err != nil || lists > 10 {
			t.Fatalf("%d lists, the last %v, %v", lists, list, err)
		}
		if lists++; len(list) == 1 {
			break
		}
		if err := os.WriteFile(filepath.Join(folder, "app.yaml"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if len(said) != 1 || !strings.Contains(said[0], "read once a second") {
		t.Errorf("said %q, want once that files are read", said)
	}
}
