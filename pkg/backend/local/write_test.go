package local_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/go-cmp/cmp"

	"govctl/pkg/backend/local"
	"govctl/pkg/registry"
)

// register registers cart/1 and returns its revision.
func (f *fixture) register(t *testing.T, ttl time.Duration) string {
	t.Helper()
	if err := f.Register(t.Context(), registry.Instance{Service: "cart", ID: "1", Weight: 1}, ttl); err != nil {
		t.Fatal(err)
	}
	return f.instances(t, "cart")[0].Revision
}

func TestAHeartbeatTouchesTheTimeAlone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.register(t, 10*time.Second)
	before := f.read(t, "services/cart/1.json")
	f.advance(time.Hour)
	if err := f.Heartbeat(t.Context(), "cart", "1"); err != nil {
		t.Fatal(err)
	}
	f.advance(42 * time.Second)
	want := []registry.Check{{
		ID: "ttl", Kind: "ttl", Status: registry.Critical, Output: "no heartbeat for 42s (TTL 10s)", Updated: start().Add(time.Hour),
	}}
	if d := cmp.Diff(want, f.instances(t, "cart")[0].Checks); d != "" {
		t.Errorf("checks (-want +got):\n%s", d)
	}
	if after := f.read(t, "services/cart/1.json"); after != before {
		t.Errorf("the file changed (-before +after):\n%s", cmp.Diff(before, after))
	}
}

func TestBeforeTheFirstHeartbeatTheCheckHasNoTime(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.register(t, 10*time.Second)
	want := []registry.Check{{ID: "ttl", Kind: "ttl", Status: registry.Critical, Output: "no heartbeat yet (TTL 10s)"}}
	if d := cmp.Diff(want, f.instances(t, "cart")[0].Checks); d != "" {
		t.Errorf("checks (-want +got):\n%s", d)
	}
}

func TestForeignFieldsSurviveAndHealthByHandDoesNot(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.put(t, "services/cart/1.json", `{"health": "critical", "owner": {"team": ["a", 1e3]}, "revision": "41"}`)
	if got := f.register(t, 0); got != "42" {
		t.Errorf("revision %q; want the one after 41", got)
	}
	got := f.read(t, "services/cart/1.json")
	want := "{\n  \"service\": \"cart\",\n  \"id\": \"1\",\n  \"address\": \"\",\n  \"port\": 0,\n  \"weight\": 1,\n" +
		"  \"revision\": \"42\",\n  \"owner\": {\n    \"team\": [\n      \"a\",\n      1e3\n    ]\n  }\n}\n"
	if got != want {
		t.Errorf("the file (-want +got):\n%s", cmp.Diff(want, got))
	}
}

func TestNoRevisionComesBack(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var got []string
	for range 2 {
		got = append(got, f.register(t, 0), f.register(t, 0))
		if err := f.Deregister(t.Context(), "cart", "1"); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff([]string{"1", "2", "3", "4"}, got); d != "" {
		t.Errorf("revisions (-want +got):\n%s", d)
	}
}

func TestABrokenFileIsReplacedAndAForeignOneIsNot(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.put(t, "services/cart/1.json", `{"half": `)
	f.register(t, 0)
	text := `{"service": "Cart"}` // as a file system without letter case would show it
	f.put(t, "services/cart/1.json", text)
	err := f.Register(t.Context(), registry.Instance{Service: "cart", ID: "1"}, 0)
	if !errors.Is(err, registry.ErrInvalid) || f.read(t, "services/cart/1.json") != text {
		t.Errorf("Register over another's file: %v, and it is %s; want ErrInvalid and no change", err, f.read(t, "services/cart/1.json"))
	}
}

func TestWhatACrashLeftBehindIsClearedAway(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.put(t, "services/cart/.tmp", `{"half": `)
	f.put(t, ".revision", "")
	f.register(t, 0)
	want := []string{".", ".lock", ".revision", "services", "services/cart", "services/cart/1.json"}
	if d := cmp.Diff(want, names(t, f.root)); d != "" {
		t.Errorf("files after a write (-want +got):\n%s", d)
	}
	f.put(t, "services/cart/.tmp", `{"half": `)
	if err := f.Deregister(t.Context(), "cart", "1"); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want[:4], names(t, f.root)); d != "" {
		t.Errorf("files after the last instance went (-want +got):\n%s", d)
	}
}

// names returns all that stands below root, sorted.
func names(t *testing.T, root string) []string {
	t.Helper()
	var found []string
	for name := range modes(t, root) {
		found = append(found, name)
	}
	slices.Sort(found)
	return found
}

func TestAFailedWriteLeavesTheOldFileAndNothingElse(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.register(t, 0)
	f.put(t, "services/user/1.json/keep", "") // a folder where the file belongs
	f.put(t, "services/order/keep", "")
	if err := os.Symlink("keep", filepath.Join(f.root, "services/order/1.json")); err != nil {
		t.Fatal(err)
	}
	before := names(t, f.root)
	for _, in := range []registry.Instance{{Service: "user", ID: "1"}, {Service: "order", ID: "1"}, {Service: "new", ID: strings.Repeat("/", 90)}} {
		err := f.Register(t.Context(), in, 0)
		if _, ok := errors.AsType[*registry.Error](err); !ok {
			t.Errorf("Register(%.9s/%.9s): %v; want an error", in.Service, in.ID, err)
		}
	}
	if d := cmp.Diff(before, names(t, f.root)); d != "" {
		t.Errorf("files (-before +after):\n%s", d)
	}
}

func TestAServiceThatCouldNotBeRegisteredIsNotKnown(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.put(t, ".revision/in-the-way", "")
	err := f.Register(t.Context(), registry.Instance{Service: "cart", ID: "1"}, 0)
	names, _ := f.Services(t.Context())
	if !errors.Is(err, registry.ErrInvalid) || len(names) > 0 {
		t.Errorf("Register: %v, and the services are %q; want ErrInvalid and none", err, names)
	}
}

func TestAPersonsFileKeepsTheFolderOfAService(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.register(t, 0)
	f.put(t, "services/cart/README.md", "ours")
	if err := f.Deregister(t.Context(), "cart", "1"); err != nil {
		t.Fatal(err)
	}
	if got := f.instances(t, "cart"); len(got) != 0 || f.read(t, "services/cart/README.md") != "ours" {
		t.Errorf("instances = %v; want none, and the file kept", got)
	}
}

func TestWaitingForTheLockEndsWithTheContext(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.register(t, 0)
	lock := flock.New(filepath.Join(f.root, ".lock"))
	if err := lock.Lock(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err := f.Register(ctx, registry.Instance{Service: "cart", ID: "1"}, 0)
	want := "local " + f.root + `: service "cart": waiting for .lock: context deadline exceeded`
	if !errors.Is(err, context.DeadlineExceeded) || err.Error() != want {
		t.Errorf("error %v; want %s", err, want)
	}
	if err := f.Heartbeat(t.Context(), "cart", "1"); err != nil {
		t.Errorf("a heartbeat needs no lock: %v", err)
	}
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
	f.register(t, 0)
}

// writerVariable holds the root for a process that only registers.
const writerVariable = "GOVCTL_TEST_WRITER"

// rounds is how often each process registers.
const rounds = 25

func TestTwoProcessesLoseNoRegistration(t *testing.T) {
	t.Parallel()
	if root := os.Getenv(writerVariable); root != "" {
		write(t, root)
		return
	}
	f := newFixture(t)
	var writers []*exec.Cmd
	for range 2 {
		w := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
		w.Env = append(os.Environ(), writerVariable+"="+f.root)
		if err := w.Start(); err != nil {
			t.Fatal(err)
		}
		writers = append(writers, w)
	}
	for _, w := range writers {
		if err := w.Wait(); err != nil {
			t.Error(err)
		}
	}
	got := f.instances(t, "cart")
	if len(got) != 1 || got[0].Revision != "50" {
		t.Errorf("instances = %v; want one of revision 50, one for each registration", got)
	}
}

// write registers the same instance again and again.
func write(t *testing.T, root string) {
	r, err := local.OpenRegistry(local.Options{Root: root, Now: start})
	if err != nil {
		t.Fatal(err)
	}
	for range rounds {
		if err := r.Register(t.Context(), registry.Instance{Service: "cart", ID: "1"}, 0); err != nil {
			t.Fatal(err)
		}
	}
}
