package local_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"govctl/pkg/backend/local"
	"govctl/pkg/registry"
	"govctl/pkg/registry/registrytest"
)

// start is when the clocks of these tests begin.
func start() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC) }

// clock is a time that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// notices collects what a registry says beside its answers.
type notices struct {
	mu   sync.Mutex
	said []registry.Notice
}

func (n *notices) add(one registry.Notice) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.said = append(n.said, one)
}

// fixture is a registry in a folder of its own.
type fixture struct {
	*local.Registry
	root string
	clock
	notices
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	f := &fixture{root: filepath.Join(t.TempDir(), "root"), clock: clock{now: start()}}
	r, err := local.OpenRegistry(local.Options{Root: f.root, Now: f.Now, Notice: f.add})
	if err != nil {
		t.Fatal(err)
	}
	f.Registry = r
	return f
}

// put writes a file by hand, as a person would.
func (f *fixture) put(t *testing.T, name, text string) {
	t.Helper()
	f.putAt(t, filepath.Join(f.root, name), text)
}

// putAt is put for a file anywhere.
func (f *fixture) putAt(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(name, start(), start()); err != nil {
		t.Fatal(err)
	}
}

// read returns the content of a file.
func (f *fixture) read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(f.root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// instances returns those of service, which must be known.
func (f *fixture) instances(t *testing.T, service string) []registry.Instance {
	t.Helper()
	got, err := f.Instances(t.Context(), service)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// harness is local as the contract sees it.
func harness() registrytest.Harness {
	return registrytest.Harness{
		New: registrytest.ViaRegistrar(func(t *testing.T) registry.Registry { return newFixture(t) }),
		Unreachable: func(t *testing.T) registry.Registry {
			f := newFixture(t)
			if err := os.WriteFile(f.root, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			return f
		},
		Advance: func(_ *testing.T, r registry.Registry, d time.Duration) { r.(*fixture).advance(d) },
	}
}

func TestLocalKeepsTheContract(t *testing.T) {
	t.Parallel()
	registrytest.Test(t, harness())
}
