package registrytest

import (
	"bytes"
	"context"
	"fmt"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/registry"
)

func watchEndsWithContext(t *testing.T, h Harness) {
	r := h.New(t, inst("cart", "1"))
	for _, services := range [][]string{nil, {"cart"}} {
		v := h.watch(t, r, services)
		if s, ok := v.next(t); !ok || s.err != nil {
			t.Fatalf("the watch began with %v", s.err)
		}
		v.stop()
		v.wantEnd(t, context.Canceled)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	h.watchUntil(over, t, r, nil).wantEnd(t, context.Canceled)
}

// wantEnd expects the watch to yield an error that is sentinel, after lists that
// were under way, and then to end.
func (v *viewer) wantEnd(t *testing.T, sentinel error) {
	t.Helper()
	s, ok := v.next(t)
	for ok && s.err == nil {
		s, ok = v.next(t)
	}
	wantError(t, "Watch()", s.err, sentinel, "")
	if s, ok = v.next(t); ok {
		t.Errorf("after its error the watch yielded %v, %v", s.list, s.err)
	}
}

func watchUnreachable(t *testing.T, h Harness) {
	v := h.watch(t, h.Unreachable(t), nil)
	s, ok := v.next(t)
	if !ok || s.err == nil {
		t.Fatalf("the watch began with %v", s.list)
	}
	wantError(t, "Watch()", s.err, registry.ErrUnavailable, "")
	if s, ok = v.next(t); ok {
		t.Errorf("after its error the watch yielded %v, %v", s.list, s.err)
	}
}

// watchEndsUnread expects nothing to be left of a watch that nobody reads on,
// but for connections that are kept.
func watchEndsUnread(t *testing.T, h Harness) {
	r := h.New(t, inst("cart", "1"))
	w, err := registry.As[registry.Watcher](r, "watch")
	if err != nil {
		t.Fatal(err)
	}
	// What a goroutine starts bears its labels, too.
	pprof.Do(t.Context(), pprof.Labels("watch", t.Name()), func(ctx context.Context) {
		for _, err := range w.Watch(ctx, nil) {
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
	r, w := empty(t, h)
	register(t, w, full("cart", "1"), 0)
	v := h.watch(t, r, nil)
	v.until(t, func(list []registry.Instance) string {
		if len(list) != 1 {
			return fmt.Sprintf("it yielded %q, want cart/1", idsOf(list))
		}
		spoil(&list[0])
		return ""
	})
	register(t, w, inst("order", "2"), 0)
	v.until(t, func(list []registry.Instance) string {
		if len(list) != 2 {
			return fmt.Sprintf("it yielded %q, want cart/1 and order/2", idsOf(list))
		}
		return h.differ(full("cart", "1"), list[0])
	})
	if got, err := r.Instances(t.Context(), "cart"); err != nil || len(got) != 1 || h.differ(full("cart", "1"), got[0]) != "" {
		t.Errorf("Instances(cart) = %+v, %v; want what was registered", got, err)
	}
}

// watchRate expects a watch under constant change to keep its pace, and to tell
// all of it in the end.
func watchRate(t *testing.T, h Harness) {
	const span, most = 2500 * time.Millisecond, 4 // with one that was made before
	r, w := empty(t, h)
	v := h.watch(t, r, nil)
	v.untilIDs(t)
	in := inst("cart", "1")
	register(t, w, in, 0)
	lists := 0
	for over := time.After(span); over != nil; {
		select {
		case <-over:
			over = nil
		case <-v.lists:
			lists++
		case <-time.After(poll):
			in.Port++
			if err := w.Register(t.Context(), in, 0); err != nil {
				t.Fatal(err)
			}
		}
	}
	if lists > most {
		t.Errorf("the watch yielded %d lists in %v, want one a second", lists, span)
	}
	v.until(t, func(list []registry.Instance) string {
		if len(list) != 1 {
			return fmt.Sprintf("it yielded %q, want cart/1", idsOf(list))
		}
		return cmp.Diff(in.Port, list[0].Port)
	})
}
