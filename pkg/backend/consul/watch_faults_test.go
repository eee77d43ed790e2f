package consul

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/registry"
)

// twoServers serves f at two addresses.
func twoServers(t *testing.T, f *fake) (first, second *httptest.Server, both Options) {
	t.Helper()
	first, second = httptest.NewServer(f), httptest.NewServer(f)
	t.Cleanup(first.Close)
	t.Cleanup(second.Close)
	hosts := first.Listener.Addr().String() + "," + second.Listener.Addr().String()
	return first, second, Options{URL: &url.URL{Scheme: "consul", Host: hosts}}
}

func TestOneOfTwoServersIsEnoughForAWatch(t *testing.T) {
	t.Parallel()
	for name, when := range map[string]string{"from the beginning": "", "from the first list on": "consul/consul"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, _ := newFake(t)
			first, _, both := twoServers(t, f)
			stop := func() {
				first.CloseClientConnections()
				first.Listener.Close() //nolint:errcheck // nobody listens any more
			}
			if when == "" {
				stop()
			}
			var once sync.Once
			err := watchUntil(within(t), brisk(t, both), nil, "cart/1 consul/consul", func(ids string) {
				once.Do(func() {
					if ids == when {
						stop()
					}
					f.put(cart("1"))
				})
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// unsteady is a server that is down at times.
type unsteady struct {
	http.Handler
	server *httptest.Server
	down   atomic.Bool
}

func newUnsteady(t *testing.T, h http.Handler) (*unsteady, Options) {
	t.Helper()
	u := &unsteady{Handler: h}
	u.server = httptest.NewServer(u)
	t.Cleanup(u.server.Close)
	return u, Options{URL: &url.URL{Scheme: "consul", Host: u.server.Listener.Addr().String()}}
}

func (u *unsteady) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if u.down.Load() {
		panic(http.ErrAbortHandler) // cuts the connection
	}
	u.Handler.ServeHTTP(w, req)
}

func TestARestartOfTheServerIsToldWithWhatWasMissed(t *testing.T) {
	t.Parallel()
	f, _ := newFake(t)
	f.mustRegister(cart("1"))
	u, o := newUnsteady(t, f)
	var told []string
	ctx, stop := context.WithCancel(within(t))
	defer stop()
	for e, err := range registry.Follow(ctx, brisk(t, o), []string{"cart"}, time.Now) {
		if errors.Is(err, context.Canceled) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		line := string(e.Kind)
		if e.Instance != nil {
			line += fmt.Sprintf(" %s missed=%t", e.Instance.ID, e.Missed)
		}
		told = append(told, line)
		switch e.Kind {
		case registry.Present:
			u.down.Store(true)
			u.server.CloseClientConnections()
		case registry.Away:
			f.put(cart("2"))
			u.down.Store(false)
		case registry.Back:
			told[len(told)-1] = fmt.Sprintf("back, missed %d", e.MissedEvents)
		default:
			stop()
		}
	}
	want := []string{"present 1 missed=false", "away", "back, missed 1", "appeared 2 missed=true"}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAProxyThatCutsLongQuestionsEndsNoWatch(t *testing.T) {
	t.Parallel()
	f, _ := newFake(t)
	var cuts atomic.Int64
	o := serve(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.FormValue("index") != "" {
			if cuts.Add(1) == 9 {
				f.put(cart("1"))
			}
			panic(http.ErrAbortHandler)
		}
		f.ServeHTTP(w, req)
	}))
	if err := watchUntil(within(t), brisk(t, o), []string{"cart"}, "cart/1", nil); err != nil || cuts.Load() < 9 {
		t.Errorf("%v after %d cuts", err, cuts.Load())
	}
}

func TestASilentServerEndsAWatchInTime(t *testing.T) {
	t.Parallel()
	if p := usualPace(); p.longest() <= p.wait*17/16 || p.longest()+p.between+p.request > 75*time.Second {
		t.Errorf("pace %+v: a silent server is to be given its wait and a sixteenth, and about a minute", p)
	}
	f, _ := newFake(t)
	var silent atomic.Bool
	o := serve(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if silent.Load() {
			<-req.Context().Done()
			return
		}
		f.ServeHTTP(w, req)
	}))
	r := brisk(t, o)
	r.pace.wait, r.pace.spare, r.pace.request = 100*time.Millisecond, 50*time.Millisecond, 300*time.Millisecond
	start := time.Now()
	err := watchUntil(within(t), r, nil, "never", func(string) { silent.Store(true) })
	took := time.Since(start)
	if _, ok := errors.AsType[*registry.Error](err); !ok || !errors.Is(err, registry.ErrUnavailable) || took > 5*time.Second {
		t.Errorf("%v after %v, want a *registry.Error that is %v soon", err, took, registry.ErrUnavailable)
	}
}

func TestAnErrorEndsAWatch(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		path   string
		status int
		kind   error
	}{
		"of a bell":     {"/v1/health/state/any", http.StatusForbidden, registry.ErrDenied},
		"of the list":   {pathNodes, http.StatusInternalServerError, registry.ErrUnavailable},
		"of no meaning": {pathNodes, http.StatusOK, registry.ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, _ := newFake(t)
			var broken atomic.Bool
			o := serve(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				if broken.Load() && req.URL.Path == tt.path {
					w.WriteHeader(tt.status)
					say(w, "<html>")
					return
				}
				f.ServeHTTP(w, req)
			}))
			err := watchUntil(within(t), brisk(t, o), nil, "never", func(string) {
				broken.Store(true)
				f.put(cart("1"))
			})
			if _, ok := errors.AsType[*registry.Error](err); !ok || !errors.Is(err, tt.kind) {
				t.Errorf("%v, want a *registry.Error that is %v", err, tt.kind)
			}
		})
	}
}
