package local

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"

	"govctl/pkg/registry"
)

func TestWhereTheSystemTellsNothingFilesAreRead(t *testing.T) {
	t.Parallel()
	for name, notify := range map[string]func() (*fsnotify.Watcher, error){
		"no listener": func() (*fsnotify.Watcher, error) { return nil, errors.New("too many listeners") },
		"no folder": func() (*fsnotify.Watcher, error) {
			w, err := fsnotify.NewWatcher()
			if err == nil {
				err = w.Close() // nothing can be added
			}
			return w, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			var said []string
			r, err := OpenRegistry(Options{Root: t.TempDir(), Now: time.Now, Notice: func(n registry.Notice) {
				mu.Lock()
				defer mu.Unlock()
				said = append(said, n.Text)
			}})
			if err != nil {
				t.Fatal(err)
			}
			r.notify = notify
			if err := r.Register(t.Context(), registry.Instance{Service: "cart", ID: "1"}, 0); err != nil {
				t.Fatal(err)
			}
			lists := 0
			for list, err := range r.Watch(t.Context(), nil) {
				if err != nil || lists > 10 {
					t.Fatalf("%d lists, the last %v, %v", lists, list, err)
				}
				if lists++; len(list) == 2 {
					break
				}
				if err := os.WriteFile(filepath.Join(r.store.root, servicesFolder, "cart", "2.json"), []byte("{}"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			if len(said) != 1 || !strings.Contains(said[0], "read once a second") {
				t.Errorf("said %q, want once that files are read", said)
			}
		})
	}
}
