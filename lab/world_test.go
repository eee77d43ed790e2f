package lab

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"govctl/pkg/registry"

	"govctl/lab/server"
)

// world is a handful of services at one agent that change at random, the same
// way in every run.
type world struct {
	t         *testing.T
	api       *server.API
	random    *rand.Rand
	instances map[string]server.Service // by ID
	started   int                       // instances so far
}

// newWorld starts n instances at c.
func newWorld(t *testing.T, c *server.Consul, seed uint64, n int) *world {
	t.Helper()
	w := &world{t: t, api: c.API, random: rand.New(rand.NewPCG(seed, seed)), instances: map[string]server.Service{}}
	for range n {
		w.start()
	}
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// any returns one of the instances.
func (w *world) any() server.Service {
	ids := slices.Sorted(maps.Keys(w.instances))
	return w.instances[ids[w.random.IntN(len(ids))]]
}

// register registers an instance of the given version, port and colour.
func (w *world) register(id, name, version string, port int, color string) {
	w.t.Helper()
	record := server.Record{Version: version, Metadata: map[string]string{"protocol": "http", "color": color}}
	s := server.Service{
		ID: id, Name: name, Address: "127.0.0.1", Port: port, Tags: append(record.Tags(), "lab"),
		Meta: map[string]string{"version": version, "color": color}, Check: passing(),
	}
	w.instances[id] = s
	w.must(w.api.Register(w.t.Context(), s))
}

// again registers s again, with what the arguments say; the zero value leaves it
// as it is.
func (w *world) again(s *server.Service, version string, port int, color string) {
	w.t.Helper()
	w.register(s.ID, s.Name, cmp.Or(version, s.Meta["version"]), cmp.Or(port, s.Port), cmp.Or(color, s.Meta["color"]))
}

func (w *world) start() {
	w.t.Helper()
	w.started++
	name := []string{"cart", "order", "payment", "user"}[w.random.IntN(4)]
	w.register(fmt.Sprintf("%s-%03d", name, w.started), name, "v1", 1000+w.random.IntN(60000), "blue")
}

func (w *world) end(id string) {
	w.t.Helper()
	delete(w.instances, id)
	w.must(w.api.Deregister(w.t.Context(), id))
}

// change changes one thing.
func (w *world) change() {
	w.t.Helper()
	if len(w.instances) < 4 {
		w.start()
		return
	}
	s, n := w.any(), w.random.IntN(1000)
	ctx := w.t.Context()
	switch w.random.IntN(12) {
	case 0:
		w.start()
	case 1:
		w.end(s.ID)
	case 2: // another process takes its place
		w.end(s.ID)
		w.start()
	case 3: // it is restarted, and forgets that it was drained
		w.end(s.ID)
		w.again(&s, "", 1000+n, "")
	case 4:
		w.again(&s, "", 0, "color "+strconv.Itoa(n))
	case 5:
		w.again(&s, "v"+strconv.Itoa(n), 0, "")
	case 6:
		w.again(&s, "", 1000+n, "")
	case 7:
		w.must(w.api.DrainService(ctx, s.ID, "deploy "+strconv.Itoa(n)))
	case 8:
		w.must(w.api.UndrainService(ctx, s.ID))
	default:
		w.must(w.api.Tell(ctx, s.ID, []string{server.Pass, server.Warn, server.Fail}[n%3]))
	}
}

// fold is the instances that the events of a watch come to, by service and ID.
type fold map[string]registry.Instance

// take takes one event in. The error says why it cannot have happened.
func (f fold) take(e *registry.Event) error {
	if e.Instance == nil {
		return nil
	}
	name := e.Instance.Service + "/" + e.Instance.ID
	was, known := f[name]
	if isNew := e.Kind == registry.Present || e.Kind == registry.Appeared; isNew == known {
		return fmt.Errorf("%s is %s, and was known: %t", name, e.Kind, known)
	}
	switch e.Kind {
	case registry.Left:
		if changes := registry.Differences(&was, e.Instance); len(changes) > 0 {
			return fmt.Errorf("%s left as what it was not: %v", name, changes)
		}
		delete(f, name)
		return nil
	case registry.Changed:
		if got, want := fmt.Sprint(e.Changes), fmt.Sprint(registry.Differences(&was, e.Instance)); got != want {
			return fmt.Errorf("%s changed %s, and said %s", name, want, got)
		}
	default:
	}
	f[name] = *e.Instance
	return nil
}

// differs returns an error unless f is list, but for what a watch does not tell.
func (f fold) differs(list []registry.Instance) error {
	if len(list) != len(f) {
		return fmt.Errorf("%d instances by the events, %d by the list", len(f), len(list))
	}
	for i := range list {
		name := list[i].Service + "/" + list[i].ID
		in, ok := f[name]
		if changes := registry.Differences(&in, &list[i]); !ok || len(changes) > 0 {
			return fmt.Errorf("%s: known %t, event to list: %v", name, ok, changes)
		}
	}
	return nil
}
