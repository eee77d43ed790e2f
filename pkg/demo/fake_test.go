package demo

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"govctl/pkg/registry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is a registry in memory that keeps TTLs and remembers what it was told.
type memory struct {
	mu    sync.Mutex
	rows  map[string]*row // by id
	beats map[string]int
	fail  error // of every Register, Heartbeat and Deregister
	blind bool  // shows nothing
}

type row struct {
	in   registry.Instance
	ttl  time.Duration
	beat time.Time // zero before the first
}

var (
	_ registry.Registry  = (*memory)(nil)
	_ registry.Registrar = (*memory)(nil)
)

func newMemory() *memory { return &memory{rows: map[string]*row{}, beats: map[string]int{}} }

func (m *memory) Services(context.Context) ([]string, error) { panic("the mesh knows its services") }

func (m *memory) Instances(_ context.Context, service string) ([]registry.Instance, error) {
	all := slices.DeleteFunc(m.all(), func(in registry.Instance) bool { return in.Service != service })
	if len(all) == 0 {
		return nil, registry.ErrNotFound
	}
	return all, nil
}

func (m *memory) all() []registry.Instance {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := []registry.Instance{}
	for _, r := range m.rows {
		in := r.in
		in.Health = registry.Passing
		if r.ttl > 0 && time.Since(r.beat) > r.ttl {
			in.Health = registry.Critical
		}
		if !m.blind {
			all = append(all, in)
		}
	}
	slices.SortFunc(all, registry.Compare)
	return all
}

func (m *memory) Register(_ context.Context, in registry.Instance, ttl time.Duration) error {
	return m.do(func() { m.rows[in.ID] = &row{in: in, ttl: ttl} })
}

func (m *memory) Heartbeat(_ context.Context, _, id string) error {
	known := true
	err := m.do(func() {
		if known = m.rows[id] != nil; known {
			m.rows[id].beat = time.Now()
			m.beats[id]++
		}
	})
	if !known {
		return registry.ErrNotFound
	}
	return err
}

func (m *memory) Deregister(_ context.Context, _, id string) error {
	return m.do(func() { delete(m.rows, id) })
}

// set changes m from outside.
func (m *memory) set(f func(*memory)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f(m)
}

func (m *memory) do(f func()) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail == nil {
		f()
	}
	return m.fail
}

// start runs a mesh in environments of the given names, with a registry each.
func start(t *testing.T, names ...string) (*Mesh, map[string]*memory) {
	t.Helper()
	o, regs := Options{Now: time.Now}, map[string]*memory{}
	for _, name := range names {
		regs[name] = newMemory()
		o.Environments = append(o.Environments, Environment{Name: name, Registry: regs[name], Registrar: regs[name], TraceDir: t.TempDir()})
	}
	m, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(context.Background()); err != nil { // the test's own has ended
			t.Error(err)
		}
	})
	return m, regs
}
