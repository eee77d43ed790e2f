package configtest

import (
	"bytes"
	"context"
	"fmt"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/config"
)

func watcherChecks() []check {
	return []check{
		{"a watch tells the present state first", watchPresent},
		{"a watch tells what comes, changes and goes", watchComeAndGo},
		{"a watch ends with its context", watchEndsWithContext},
		{"a watch ends where nobody reads on", watchEndsUnread},
		{"a watch of an unreachable system is unavailable", watchUnreachable},
		{"the caller owns what a watch yields", watchOwned},
		{"a watch yields at most once a second", watchRate},
		{"watches may run at once", watchConcurrent},
	}
}

// patience is how long after it happened a watch may tell a change, on a busy
// machine, beside the harness's lag.
const patience = 8 * time.Second

// viewer reads a watch.
type viewer struct {
	h     Harness
	lists chan seen
	stop  context.CancelFunc
}

// seen is what a watch yielded.
type seen struct {
	list []config.Item
	err  error
}

// watch begins to watch s, until t or ctx ends.
func (h Harness) watch(ctx context.Context, t *testing.T, s config.Store) *viewer {
	t.Helper()
	w, err := config.As[config.Watcher](s, "watch")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(ctx)
	v := &viewer{h: h, lists: make(chan seen), stop: cancel}
	go func() {
		defer close(v.lists)
		for list, err := range w.Watch(ctx) {
			select {
			case v.lists <- seen{list, err}:
			case <-t.Context().Done():
				return
			}
		}
	}()
	t.Cleanup(cancel)
	return v
}

// next returns what the watch yields next; ok is false where it ended. Where it
// yields nothing in time, t fails and ends.
func (v *viewer) next(t *testing.T) (s seen, ok bool) {
	t.Helper()
	select {
	case s, ok = <-v.lists:
	case <-time.After(patience + v.h.Lag):
		t.Fatalf("the watch told nothing for %v", patience+v.h.Lag)
	}
	return s, ok
}

// await reads lists until wrong returns "" for one; otherwise it returns why there
// was none.
func (v *viewer) await(wrong func([]config.Item) string) string {
	over := time.After(patience + v.h.Lag)
	why := "no list came"
	for why != "" {
		select {
		case s, ok := <-v.lists:
			if !ok || s.err != nil {
				return fmt.Sprintf("the watch ended with %v; before: %s", s.err, why)
			}
			why = wrong(s.list)
		case <-over:
			return fmt.Sprintf("in %v the watch told nothing right: %s", patience+v.h.Lag, why)
		}
	}
	return ""
}

// until awaits exactly all, or ends t.
func (v *viewer) until(t *testing.T, all contents) {
	t.Helper()
	if why := v.await(func(list []config.Item) string { return differ(all, list) }); why != "" {
		t.Fatal(why)
	}
}

// watchPresent expects the first list to be what Items says.
func watchPresent(t *testing.T, h Harness) {
	s, _ := h.filled(t, plain(oddKeys()...))
	h.eventually(t, func() string {
		want, err := listed(t.Context(), s)
		if err != nil {
			return err.Error()
		}
		v := h.watch(t.Context(), t, s)
		defer v.stop()
		if got, ok := v.next(t); !ok || got.err != nil || cmp.Diff(want, got.list) != "" {
			return fmt.Sprintf("the watch began with %v (-listed +watched):\n%s", got.err, cmp.Diff(want, got.list))
		}
		return ""
	})
	empty, _ := h.New(t)
	h.watch(t.Context(), t, empty).until(t, contents{})
}

// watchComeAndGo also has the first of all come, and the last go.
func watchComeAndGo(t *testing.T, h Harness) {
	s, hand := h.New(t)
	v := h.watch(t.Context(), t, s)
	v.until(t, contents{})
	hand.Put(t, key("g/a"), []byte("1"))
	v.until(t, contents{"g/a": "1"})
	hand.Put(t, key("g/a"), []byte("2"))
	v.until(t, contents{"g/a": "2"})
	hand.Put(t, key("top"), []byte("1"))
	hand.Put(t, key("h/b/c"), []byte("1"))
	v.until(t, contents{"g/a": "2", "top": "1", "h/b/c": "1"})
	hand.Put(t, key("h/b/c"), []byte("2"))
	v.until(t, contents{"g/a": "2", "top": "1", "h/b/c": "2"})
	hand.Remove(t, key("h/b/c"))
	hand.Remove(t, key("top"))
	v.until(t, contents{"g/a": "2"})
	hand.Remove(t, key("g/a"))
	v.until(t, contents{})
	hand.Put(t, key("g/a"), []byte("2"))
	v.until(t, contents{"g/a": "2"})
}

func watchEndsWithContext(t *testing.T, h Harness) {
	s, _ := h.filled(t, plain("g/a"))
	v := h.watch(t.Context(), t, s)
	if first, ok := v.next(t); !ok || first.err != nil {
		t.Fatalf("the watch began with %v", first.err)
	}
	v.stop()
	v.wantEnd(t, context.Canceled)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	h.watch(over, t, s).wantEnd(t, context.Canceled)
}

// wantEnd expects the watch to yield an error that is sentinel, after lists that
// were under way, and then to end.
func (v *viewer) wantEnd(t *testing.T, sentinel error) {
	t.Helper()
	s, ok := v.next(t)
	for ok && s.err == nil {
		s, ok = v.next(t)
	}
	wantError(t, "Watch()", s.err, sentinel, config.Key{})
	if s, ok = v.next(t); ok {
		t.Errorf("after its error the watch yielded %v, %v", s.list, s.err)
	}
}

func watchUnreachable(t *testing.T, h Harness) {
	v := h.watch(t.Context(), t, h.Unreachable(t))
	s, ok := v.next(t)
	if !ok || s.err == nil {
		t.Fatalf("the watch began with %v", s.list)
	}
	wantError(t, "Watch()", s.err, config.ErrUnavailable, config.Key{})
	if s, ok = v.next(t); ok {
		t.Errorf("after its error the watch yielded %v, %v", s.list, s.err)
	}
}

// watchEndsUnread expects nothing to be left of a watch that nobody reads on,
// but for connections that are kept.
func watchEndsUnread(t *testing.T, h Harness) {
	s, _ := h.filled(t, plain("g/a"))
	w, err := config.As[config.Watcher](s, "watch")
	if err != nil {
		t.Fatal(err)
	}
	// What a goroutine starts bears its labels, too.
	pprof.Do(t.Context(), pprof.Labels("watch", t.Name()), func(ctx context.Context) {
		for _, err := range w.Watch(ctx) {
			if err != nil {
				t.Error(err)
			}
			break
		}
	})
	Harness{Lag: patience}.eventually(t, func() string { return left(t) })
}

// left returns the stacks of the goroutines that bear the label of t.
func left(t *testing.T) string {
	t.Helper()
	var all bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&all, 1); err != nil {
		t.Fatal(err)
	}
	var found strings.Builder
	for stack := range strings.SplitSeq(all.String(), "\n\n") {
		labelled := strings.Contains(stack, fmt.Sprintf("%q:%q", "watch", t.Name()))
		if labelled && !strings.Contains(stack, "net/http.(*persistConn)") {
			fmt.Fprintf(&found, "left over: %s\n", stack)
		}
	}
	return found.String()
}

func watchOwned(t *testing.T, h Harness) {
	s, hand := h.filled(t, plain("g/a"))
	v := h.watch(t.Context(), t, s)
	first, ok := v.next(t)
	if why := differ(plain("g/a"), first.list); !ok || first.err != nil || why != "" {
		t.Fatalf("the watch began with %v; %s", first.err, why)
	}
	spoil(first.list[0].Content)
	hand.Put(t, key("g/b"), []byte("of: g/b\n"))
	v.until(t, plain("g/a", "g/b"))
	h.wantContents(t, s, plain("g/a", "g/b"))
}

// watchRate expects a watch under constant change to keep its pace, and to tell
// all of it in the end.
func watchRate(t *testing.T, h Harness) {
	const span, most = 2500 * time.Millisecond, 4 // with one that was made before
	s, hand := h.New(t)
	v := h.watch(t.Context(), t, s)
	v.until(t, contents{})
	n, lists := 0, 0
	for over := time.After(span); over != nil; {
		select {
		case <-over:
			over = nil
		case <-v.lists:
			lists++
		case <-time.After(poll):
			n++
			hand.Put(t, key("g/a"), []byte(strconv.Itoa(n)))
		}
	}
	if lists > most {
		t.Errorf("the watch yielded %d lists in %v, want one a second", lists, span)
	}
	v.until(t, contents{"g/a": strconv.Itoa(n)})
}

func watchConcurrent(t *testing.T, h Harness) {
	s, hand := h.filled(t, plain("g/a"))
	var viewers [4]*viewer
	for i := range viewers {
		viewers[i] = h.watch(t.Context(), t, s)
	}
	hand.Put(t, key("g/b"), []byte("of: g/b\n"))
	var wrong [len(viewers)]string
	var reading sync.WaitGroup
	for i, v := range viewers {
		reading.Go(func() {
			wrong[i] = v.await(func(list []config.Item) string { return differ(plain("g/a", "g/b"), list) })
		})
	}
	reading.Wait()
	for _, why := range wrong {
		if why != "" {
			t.Error(why)
		}
	}
}
