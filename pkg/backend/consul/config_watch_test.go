package consul

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/config"
)

// briskConfig opens the folder config/dev of o with a pace that tests can wait for.
func briskConfig(t *testing.T, o Options) *Config {
	t.Helper()
	c := openConfig(t, o, "config/dev")
	c.pace = pace{between: 20 * time.Millisecond, wait: 300 * time.Millisecond, spare: time.Second, request: 5 * time.Second}
	return c
}

// keysOf returns those of items with a blank between.
func keysOf(items []config.Item) string {
	var keys []string
	for i := range items {
		keys = append(keys, items[i].String())
	}
	return strings.Join(keys, " ")
}

// watchKeys watches until the keys are want, and returns those of each list; then
// is done after each of them.
func watchKeys(ctx context.Context, c *Config, want string, then func(keys string)) ([]string, error) {
	var told []string
	for list, err := range c.Watch(ctx) {
		if err != nil {
			return told, err
		}
		keys := keysOf(list)
		told = append(told, keys)
		if keys == want {
			return told, nil
		}
		then(keys)
	}
	return told, errors.New("the watch ended without an error")
}

func TestAWatchOfConfigurationIsOneBlockingQuestion(t *testing.T) {
	t.Parallel()
	f, o := newFake(t)
	f.set("config/dev/a", nil)
	told, err := watchKeys(within(t), briskConfig(t, o), "a b", func(string) { f.set("config/dev/b", nil) })
	if diff := cmp.Diff([]string{"a", "a b"}, told); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	want := []string{"GET /v1/kv/config/dev/?recurse=&stale=", "GET /v1/kv/config/dev/?index=13&recurse=&stale=&wait=300ms"}
	if diff := cmp.Diff(want, f.asked); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestWaitsThatEndWithoutAChangeAreNotTold(t *testing.T) {
	t.Parallel()
	f, o := newFake(t)
	f.set("config/dev/a", nil)
	c := briskConfig(t, o)
	c.pace.wait = time.Millisecond
	done := make(chan struct{})
	go func() {
		defer close(done)
		for f.questionsFor("index=") < 5 {
			<-time.After(time.Millisecond)
		}
		f.set("config/dev/b", nil)
	}()
	told, err := watchKeys(within(t), c, "a b", func(string) {})
	<-done
	if diff := cmp.Diff([]string{"a", "a b"}, told); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}

// indexed answers with one key after the other, each with the index that is said.
func indexed(answers ...[2]string) http.HandlerFunc {
	var n atomic.Int64
	return func(w http.ResponseWriter, _ *http.Request) {
		i := min(int(n.Add(1)), len(answers)) - 1
		w.Header().Set("X-Consul-Index", answers[i][0])
		say(w, `[{"Key":"config/dev/`+answers[i][1]+`","Value":"eA==","ModifyIndex":1}]`)
	}
}

func TestAnIndexThatGoesBackwardsIsAskedForAgain(t *testing.T) {
	t.Parallel()
	h := indexed([2]string{"100", "a"}, [2]string{"90", "of-one-behind"}, [2]string{"100", "a"}, [2]string{"110", "b"}, [2]string{"5", "restored"}, [2]string{"5", "restored"}, [2]string{"6", "end"})
	var asked []string
	o := serve(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		asked = append(asked, req.FormValue("index")) // one question at a time
		h(w, req)
	}))
	told, err := watchKeys(within(t), briskConfig(t, o), "end", func(string) {})
	if diff := cmp.Diff([]string{"a", "a", "b", "restored", "end"}, told); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	if diff := cmp.Diff([]string{"", "100", "", "100", "110", "", "5"}, asked); diff != "" {
		t.Errorf("indexes (-want +got)\n%s", diff)
	}
}

func TestAServerWithoutAnIndexIsAskedAgainAndAgain(t *testing.T) {
	t.Parallel()
	for _, none := range []string{"", "0", "x"} {
		o := serve(t, indexed([2]string{none, "a"}, [2]string{none, "a"}, [2]string{none, "b"}))
		told, err := watchKeys(within(t), briskConfig(t, o), "b", func(string) {})
		if diff := cmp.Diff([]string{"a", "a", "b"}, told); err != nil || diff != "" {
			t.Errorf("index %q: %v (-want +got)\n%s", none, err, diff)
		}
	}
}

func TestAProxyThatCutsLongQuestionsEndsNoWatchOfConfiguration(t *testing.T) {
	t.Parallel()
	f, _ := newFake(t)
	var cuts atomic.Int64
	o := serve(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.FormValue("index") != "" {
			if cuts.Add(1) == 9 {
				f.set("config/dev/a", nil)
			}
			panic(http.ErrAbortHandler)
		}
		f.ServeHTTP(w, req)
	}))
	told, err := watchKeys(within(t), briskConfig(t, o), "a", func(string) {})
	if diff := cmp.Diff([]string{"", "a"}, told); err != nil || diff != "" || cuts.Load() < 9 {
		t.Errorf("%v after %d cuts (-want +got)\n%s", err, cuts.Load(), diff)
	}
}

func TestASilentServerEndsAWatchOfConfigurationInTime(t *testing.T) {
	t.Parallel()
	f, _ := newFake(t)
	var silent atomic.Bool
	o := serve(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if silent.Load() {
			<-req.Context().Done()
			return
		}
		f.ServeHTTP(w, req)
	}))
	c := briskConfig(t, o)
	c.pace.wait, c.pace.spare, c.pace.request = 100*time.Millisecond, 50*time.Millisecond, 300*time.Millisecond
	start := time.Now()
	_, err := watchKeys(within(t), c, "never", func(string) { silent.Store(true) })
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	wantConfigError(t, err, config.ErrUnavailable, config.Key{}, "")
}

func TestADeniedListEndsAWatchOfConfiguration(t *testing.T) {
	t.Parallel()
	f, _ := newFake(t)
	var denied atomic.Bool
	o := serve(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if denied.Load() {
			http.Error(w, "Permission denied: lacks permission 'key:list'", http.StatusForbidden)
			return
		}
		f.ServeHTTP(w, req)
	}))
	_, err := watchKeys(within(t), briskConfig(t, o), "never", func(string) {
		denied.Store(true)
		f.set("config/dev/a", nil)
	})
	wantConfigError(t, err, config.ErrDenied, config.Key{}, "token")
}

func TestTheFirstQuestionOfAWatchHasTheTimeoutThatWasGiven(t *testing.T) {
	t.Parallel()
	o := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() }))
	o.Timeout = 50 * time.Millisecond
	start := time.Now()
	_, err := watchKeys(within(t), openConfig(t, o, ""), "never", func(string) {})
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	wantConfigError(t, err, config.ErrUnavailable, config.Key{}, "")
}
