package settings_test

import (
	"errors"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"govctl/internal/settings"
)

func maskKey(t *testing.T, in settings.Inputs) string {
	t.Helper()
	key, err := settings.MaskKey(in)
	if err != nil || len(key) != 32 {
		t.Errorf("MaskKey = %x, %v", key, err)
	}
	return string(key)
}

func TestTheMaskKeyIsMadeOnceAndIsTheUsersAlone(t *testing.T) {
	t.Parallel()
	for range 20 {
		w := newWorld(t)
		keys := make([]string, 8)
		start := make(chan struct{})
		var wg sync.WaitGroup
		for i := range keys {
			wg.Go(func() {
				<-start
				keys[i] = maskKey(t, w.inputs())
			})
		}
		close(start)
		wg.Wait()
		for _, key := range keys {
			if key != keys[0] {
				t.Errorf("one got %x, another %x", keys[0], key)
			}
		}
		got := []string{w.left("data"), w.left("data/govctl")}
		if diff := cmp.Diff([]string{"govctl drwx------", "mask.key -rw-------"}, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}

func TestWithoutADataFolderTheMaskKeyIsOfThisProcess(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.inputs()
	in.DataDir = ""
	if a, b := maskKey(t, in), maskKey(t, in); a == b {
		t.Errorf("%x twice", a)
	}
	w.write("data", "")
	if a, b := maskKey(t, w.inputs()), maskKey(t, w.inputs()); a == b {
		t.Errorf("with a file in place of the folder: %x twice", a)
	}
}

// TestWhatIsNoMaskKeyIsAMistake is reliability's S5: no link is followed.
func TestWhatIsNoMaskKeyIsAMistake(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		plant func(w *world)
		want  string
	}{
		"a link": {func(w *world) { w.symlink("data/govctl/mask.key", "../../secret") }, "this is a link, or no file"},
		"short":  {func(w *world) { w.write("data/govctl/mask.key", "x") }, "this is no key of 32 bytes"},
		"long":   {func(w *world) { w.write("data/govctl/mask.key", strings.Repeat("x", 33)) }, "this is no key of 32 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.write("secret", strings.Repeat("s", 32))
			if err := os.MkdirAll(w.path("data/govctl"), 0o700); err != nil {
				t.Fatal(err)
			}
			c.plant(w)
			key, err := settings.MaskKey(w.inputs())
			e, ok := errors.AsType[*settings.Error](err)
			if want := w.path("data/govctl/mask.key") + ": " + c.want; !ok || e.Msg != want || key != nil {
				t.Errorf("MaskKey = %x, %v; want %s", key, err, want)
			}
		})
	}
}
