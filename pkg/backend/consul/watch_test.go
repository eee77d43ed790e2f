package consul

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/registry"
)

// brisk opens o with a pace that tests can wait for.
func brisk(t *testing.T, o Options) *Registry {
	t.Helper()
	r := open(t, o)
	r.pace = pace{between: 20 * time.Millisecond, wait: 300 * time.Millisecond, spare: time.Second, request: 5 * time.Second}
	return r
}

// within bounds what a test waits for.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// put registers reg, as an agent would be told to, while f is asked.
func (f *fake) put(reg registration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mustRegister(reg)
}

// questionsFor counts what f was asked for with uri in it.
func (f *fake) questionsFor(uri string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, q := range f.asked {
		if strings.Contains(q, uri) {
			n++
		}
	}
	return n
}

// ids returns service/id of each instance.
func ids(list []registry.Instance) string {
	var all []string
	for i := range list {
		all = append(all, list[i].Service+"/"+list[i].ID)
	}
	return strings.Join(all, " ")
}

// watchUntil watches until the ids are want; the error is that of the watch, or
// nil. Each list is told to seen, which may be nil.
func watchUntil(ctx context.Context, r *Registry, services []string, want string, seen func(string)) error {
	for list, err := range r.Watch(ctx, services) {
		if err != nil {
			return err
		}
		if seen != nil {
			seen(ids(list))
		}
		if ids(list) == want {
			return nil
		}
	}
	return errors.New("the watch ended without an error")
}

// cart is a registration of an instance without a check.
func cart(id string) registration {
	return registration{ID: id, Name: "cart", Address: "10.0.0.1", Port: 80}
}

func TestAWatchAsksFewerThanFiveTimesASecond(t *testing.T) {
	t.Parallel()
	for name, services := range map[string][]string{"all": nil, "one": {"consul"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, _ := newFake(t)
			// Everything changes all the time.
			o := serve(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				f.mu.Lock()
				for _, table := range []string{tableServices, tableChecks, tableNodes} {
					f.touch(table)
				}
				f.mu.Unlock()
				f.ServeHTTP(w, req)
			}))
			start, lists := time.Now(), 0
			for _, err := range open(t, o).Watch(within(t), services) {
				if lists++; err != nil || lists == 4 {
					break
				}
			}
			// The first of each kind is free.
			asked, took := f.questionsFor("")-4, time.Since(start)
			if lists != 4 || float64(asked) > 4.2*took.Seconds() || took < 2900*time.Millisecond {
				t.Errorf("%d lists and %d questions in %v, want 4, one and at most 4 a second", lists, asked, took)
			}
		})
	}
}

func TestAWatchSeesWhatItsQuestionsDoNotName(t *testing.T) {
	t.Parallel()
	f, o := newFake(t)
	r := brisk(t, o)
	step := 0
	for list, err := range r.Watch(within(t), nil) {
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case step == 0 && ids(list) == "consul/consul":
			f.put(registration{ID: "1", Name: "cart", Check: &ttlCheck{TTL: "1m"}})
		case step == 1 && ids(list) == "cart/1 consul/consul":
			if err := r.Heartbeat(t.Context(), "cart", "1"); err != nil {
				t.Fatal(err)
			}
		case step == 2 && list[0].Health == registry.Passing:
			f.mu.Lock()
			f.nodes = append(f.nodes, map[string]any{"Node": "n1", "CheckID": nodeMaintenance, "Status": "critical"})
			f.touch(tableChecks)
			f.mu.Unlock()
		case step == 3 && list[0].Health == registry.Maintenance:
			f.mu.Lock()
			f.touch(tableNodes)
			f.mu.Unlock()
		case step == 4:
			return
		default:
			continue
		}
		step++
	}
}

func TestHeartbeatsThatChangeNothingWakeNobody(t *testing.T) {
	t.Parallel()
	f, o := newFake(t)
	f.mustRegister(registration{ID: "1", Name: "cart", Check: &ttlCheck{TTL: "1m"}})
	f.services["1"].check = "passing"
	r := brisk(t, o)
	var once sync.Once
	var beats sync.WaitGroup
	err := watchUntil(within(t), r, []string{"cart"}, "cart/1 cart/2", func(string) {
		once.Do(func() {
			beats.Go(func() {
				for range 50 {
					if err := r.Heartbeat(t.Context(), "cart", "1"); err != nil {
						t.Error(err)
					}
				}
				f.put(cart("2"))
			})
		})
	})
	beats.Wait()
	if asked := f.questionsFor("/v1/health/service/cart"); err != nil || asked != 2 {
		t.Errorf("%v, asked for the service %d times; want 2", err, asked)
	}
}

// reindexed serves h with another index, as f says, in each answer to a bell.
func reindexed(h http.Handler, f func(req *http.Request) string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if !strings.Contains(req.URL.RawQuery, "filter=") {
			h.ServeHTTP(w, req)
			return
		}
		rec := httptest.NewRecorder()
		index := f(req)
		req.URL.RawQuery = strings.ReplaceAll(req.URL.RawQuery, "index=", "was=")
		req.Form = nil
		h.ServeHTTP(rec, req)
		maps.Copy(w.Header(), rec.Header())
		w.Header().Del("X-Consul-Index")
		if index != "" {
			w.Header().Set("X-Consul-Index", index)
		}
		say(w, rec.Body.String())
	})
}

func TestAnIndexThatIsNoneStartsOver(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		indexes []string // of the answers to one bell, the last again and again
		want    []string // the index of each question
	}{
		"back":    {[]string{"100", "40", "40", "60", "60"}, []string{"", "100", "", "40", "60"}},
		"zero":    {[]string{"100", "0", "0", "60", "60"}, []string{"", "100", "", "", "60"}},
		"missing": {[]string{"100", "", "", "60", "60"}, []string{"", "100", "", "", "60"}},
		"strange": {[]string{"100", "-7", "1e3", "60", "60"}, []string{"", "100", "", "", "60"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, _ := newFake(t)
			var mu sync.Mutex
			var got []string
			enough := make(chan struct{})
			o := serve(t, reindexed(f, func(req *http.Request) string {
				if req.URL.Path != "/v1/catalog/services" {
					return "7"
				}
				mu.Lock()
				defer mu.Unlock()
				n := len(got)
				if n == len(tt.want) {
					close(enough)
				}
				got = append(got, strings.Join(req.URL.Query()["index"], ","))
				return tt.indexes[min(n, len(tt.indexes)-1)]
			}))
			r := brisk(t, o)
			ctx, cancel := context.WithCancel(within(t))
			go func() { <-enough; cancel() }()
			start := time.Now()
			if err := watchUntil(ctx, r, nil, "never", nil); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			// One after the other, none sooner than its time.
			if least := r.pace.between * time.Duration(len(tt.want)-1); time.Since(start) < least {
				t.Errorf("%d questions in %v, want at least %v", len(tt.want), time.Since(start), least)
			}
			mu.Lock()
			defer mu.Unlock()
			if diff := cmp.Diff(tt.want, got[:len(tt.want)]); diff != "" {
				t.Errorf("asked with these indexes (-want +got)\n%s", diff)
			}
		})
	}
}

func TestAServerWithoutIndexesIsAskedAgainAndAgain(t *testing.T) {
	t.Parallel()
	f, _ := newFake(t)
	o := serve(t, reindexed(f, func(*http.Request) string { return "" }))
	err := watchUntil(within(t), brisk(t, o), []string{"cart"}, "cart/1", func(string) { f.put(cart("1")) })
	if err != nil {
		t.Error(err)
	}
}

func TestAnOlderAnswerThanTheRingIsAskedForAgain(t *testing.T) {
	t.Parallel()
	f, _ := newFake(t)
	var asked atomic.Int64
	o := serve(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		// Its first three lists come from a server that does not know of the cart.
		if req.URL.Path == pathNodes && asked.Add(1) <= 3 {
			w.Header().Set("X-Consul-Index", "9")
			say(w, `[{"Node":"n1","Services":[{"ID":"consul","Service":"consul"}]}]`)
			return
		}
		f.ServeHTTP(w, req)
	}))
	f.mustRegister(cart("1"))
	if err := watchUntil(within(t), brisk(t, o), nil, "cart/1 consul/consul", nil); err != nil || asked.Load() != 4 {
		t.Errorf("%v, asked %d times; want 4", err, asked.Load())
	}
}

func TestAFollowerIsAskedOnceMore(t *testing.T) {
	t.Parallel()
	f, _ := newFake(t)
	var lists atomic.Int64
	o := serve(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if strings.HasPrefix(req.URL.Path, "/v1/health/service/") {
			n := lists.Add(1)
			w.Header().Set("X-Consul-LastContact", "12")
			if n == 1 {
				say(w, "[]") // it is behind
				return
			}
			say(w, fmt.Sprintf(`[{"Node":{"Node":"n1"},"Service":{"ID":"%d","Service":"cart"}}]`, n))
			return
		}
		f.ServeHTTP(w, req)
	}))
	r := brisk(t, o)
	ctx, cancel := context.WithTimeout(within(t), 10*r.pace.between)
	defer cancel()
	var seen []string
	err := watchUntil(ctx, r, []string{"cart"}, "never", func(ids string) { seen = append(seen, ids) })
	if diff := cmp.Diff([]string{"", "cart/2"}, seen); !errors.Is(err, context.DeadlineExceeded) || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}

func TestWhereTheOneQuestionIsRefusedServicesAreAskedFor(t *testing.T) {
	t.Parallel()
	f, _ := newFake(t)
	var refused atomic.Int64
	o := serve(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == pathNodes {
			refused.Add(1)
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		f.ServeHTTP(w, req)
	}))
	err := watchUntil(within(t), brisk(t, o), nil, "cart/1 consul/consul", func(string) { f.put(cart("1")) })
	if err != nil || refused.Load() != 1 {
		t.Errorf("%v, asked %d times for all; want 1", err, refused.Load())
	}
}

func TestAllAtOnceIsWhatEachServiceSays(t *testing.T) {
	t.Parallel()
	f, o := mesh(t)
	f.nodes = append(f.nodes, map[string]any{"Node": "n1", "CheckID": "disk", "Name": "Disk", "Status": "warning", "Output": "full"})
	r := open(t, o)
	var got, want []registry.Instance
	for list, err := range r.Watch(within(t), nil) {
		if err != nil {
			t.Fatal(err)
		}
		got = list
		break
	}
	for _, service := range []string{"a\x1b[31mb", "consul", "order", "user"} {
		list, err := r.Instances(t.Context(), service)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, list...)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-each +all)\n%s", diff)
	}
}

func TestTwoNodesWithOneIDAreWatchedApart(t *testing.T) {
	t.Parallel()
	node := func(name, id string) string {
		return fmt.Sprintf(`{"Node":%q,"Services":[{"ID":%q,"Service":"cart"},{"ID":"1","Service":"x"}],"Checks":[]}`, name, id)
	}
	o := serve(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("X-Consul-Index", "7")
		if req.URL.Path == pathNodes {
			say(w, "["+node("n2", "b")+","+node("n1", "b")+","+node("n3", "a")+"]")
		}
	}))
	want := "cart/a cart/b@n1 cart/b@n2 x/1@n1 x/1@n2 x/1@n3"
	var got string
	if err := watchUntil(within(t), brisk(t, o), nil, want, func(ids string) { got = ids }); err != nil {
		t.Errorf("%v, last %q, want %q", err, got, want)
	}
}

func TestANodeMayHoldMoreThanAnElement(t *testing.T) {
	t.Parallel()
	o := serve(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("X-Consul-Index", "7")
		if req.URL.Path != pathNodes {
			return
		}
		say(w, `[{"Node":"n1","Services":[{"ID":"0","Service":"cart"}`)
		for range 20 { // 20 MiB
			say(w, `,{"ID":"1","Service":"cart","Meta":{"x":"`+strings.Repeat("x", 1<<20)+`"}}`)
		}
		say(w, "]}]")
	}))
	for list, err := range open(t, o).Watch(within(t), nil) {
		if err != nil || len(list) != 21 {
			t.Errorf("%d instances, %v; want 21", len(list), err)
		}
		break
	}
}
