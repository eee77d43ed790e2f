package local_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/registry"
)

// told is what a watch yielded: service/id=health of each instance.
type told struct {
	text string
	err  error
}

// follow watches services and returns what it is told, until t ends.
func (f *fixture) follow(t *testing.T, services ...string) <-chan told {
	t.Helper()
	lists := make(chan told)
	go func() {
		defer close(lists)
		for list, err := range f.Watch(t.Context(), services) {
			var all []string
			for i := range list {
				all = append(all, list[i].Service+"/"+list[i].ID+"="+string(list[i].Health))
			}
			select {
			case lists <- told{strings.Join(all, " "), err}:
			case <-t.Context().Done():
				return
			}
		}
	}()
	return lists
}

// wantTold expects the next list to come soon, and to be want in the end.
func wantTold(t *testing.T, lists <-chan told, want string) {
	t.Helper()
	var last told
	for over := time.After(15 * time.Second); ; {
		select {
		case last = <-lists:
			if last.text == want && last.err == nil {
				return
			}
		case <-over:
			t.Fatalf("told %q, %v in the end; want %q", last.text, last.err, want)
		}
	}
}

// wantQuiet expects nothing to be told for longer than a watch takes to tell.
func wantQuiet(t *testing.T, lists <-chan told) {
	t.Helper()
	select {
	case got := <-lists:
		t.Errorf("told %q, %v; want nothing", got.text, got.err)
	case <-time.After(2500 * time.Millisecond):
	}
}

func (f *fixture) remove(t *testing.T, name string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(f.root, name)); err != nil {
		t.Fatal(err)
	}
}

func TestAWatchSeesWhatPeopleDoToFiles(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	lists := f.follow(t)
	wantTold(t, lists, "") // there is not even a root
	f.put(t, "services/cart/1.json", "{}")
	wantTold(t, lists, "cart/1=passing")
	f.put(t, "services/cart/1.json", `{"health":"warning"}`) // in place
	wantTold(t, lists, "cart/1=warning")
	f.put(t, "services/order/2.json", "{}")
	wantTold(t, lists, "cart/1=warning order/2=passing")
	f.remove(t, "services/order")
	wantTold(t, lists, "cart/1=warning")
	f.put(t, "services/order/3.json", "{}") // the same folder anew
	wantTold(t, lists, "cart/1=warning order/3=passing")
	f.put(t, "services/order/3.json", `{"health":"critical"}`)
	wantTold(t, lists, "cart/1=warning order/3=critical")
}

func TestAWatchOutlivesItsFolder(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.put(t, "services/cart/1.json", "{}")
	lists := f.follow(t, "cart")
	wantTold(t, lists, "cart/1=passing")
	away := f.root + "-away"
	if err := os.Rename(f.root, away); err != nil { // no event tells of that
		t.Fatal(err)
	}
	wantTold(t, lists, "")
	f.put(t, "services/cart/2.json", "{}")
	wantTold(t, lists, "cart/2=passing")
	f.remove(t, ".")
	if err := os.Rename(away, f.root); err != nil {
		t.Fatal(err)
	}
	wantTold(t, lists, "cart/1=passing")
}

func TestOnlyWhatMattersWakesAWatch(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, id := range []string{"1", "2"} {
		if err := f.Register(t.Context(), registry.Instance{Service: "cart", ID: id}, time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	beat := func(id string) {
		if err := f.Heartbeat(t.Context(), "cart", id); err != nil {
			t.Fatal(err)
		}
	}
	beat("1")
	lists := f.follow(t)
	wantTold(t, lists, "cart/1=passing cart/2=critical")
	f.advance(40 * time.Second)
	beat("1")
	f.put(t, "services/cart/.tmp", "{}")
	wantQuiet(t, lists)
	f.advance(40 * time.Second) // 80 seconds since the first beat, 40 since the last
	wantQuiet(t, lists)
	f.advance(21 * time.Second)
	wantTold(t, lists, "cart/1=critical cart/2=critical")
	beat("2")
	wantTold(t, lists, "cart/1=critical cart/2=passing")
	beat("1")
	wantTold(t, lists, "cart/1=passing cart/2=passing")
}

func TestAFileThatBecomesUnreadableWakesAWatch(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.put(t, "services/cart/1.json", "{}")
	lists := f.follow(t)
	wantTold(t, lists, "cart/1=passing")
	if err := os.Chmod(filepath.Join(f.root, "services/cart/1.json"), 0o600); err != nil {
		t.Fatal(err)
	}
	wantTold(t, lists, "cart/1=passing")
}

func TestAWatchFollowsNoLinks(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	outside := t.TempDir()
	f.putAt(t, filepath.Join(outside, "9.json"), "{}")
	f.put(t, "services/cart/1.json", "{}")
	f.link(t, outside, "services/order")
	lists := f.follow(t)
	wantTold(t, lists, "cart/1=passing")
	f.putAt(t, filepath.Join(outside, "8.json"), "{}")
	wantQuiet(t, lists)
	f.put(t, "services/cart/2.json", "{}")
	wantTold(t, lists, "cart/1=passing cart/2=passing")
	if f.notices.mu.Lock(); len(f.said) != 1 { // once, not with each list
		t.Errorf("said %v, want the link named once", f.said)
	}
	f.notices.mu.Unlock()
}

func TestFollowToldByFilesAddsUp(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.put(t, "services/cart/1.json", "{}")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var got []string
	for e, err := range registry.Follow(ctx, f, nil, f.Now) {
		if err != nil {
			break
		}
		got = append(got, string(e.Kind)+" "+e.Instance.ID)
		switch e.Kind {
		case registry.Present:
			f.put(t, "services/cart/1.json", `{"port":1}`)
		case registry.Changed:
			f.remove(t, "services/cart/1.json")
		default:
			cancel()
		}
	}
	if diff := cmp.Diff([]string{"present 1", "changed 1", "left 1"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
