package demo

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/registry"
)

func listenOn(t *testing.T, port int) (net.Listener, error) {
	t.Helper()
	return (&net.ListenConfig{}).Listen(t.Context(), "tcp", net.JoinHostPort(loopback, strconv.Itoa(port)))
}

// pair is an environment of two instances that do not listen: order-ok, and
// order-ghost with the fault critical.
func pair(reg *memory, log func(string)) *env {
	e := &env{Environment: Environment{Name: "dev", Registry: reg, Registrar: reg}, log: log, callable: map[string]bool{}}
	for id, s := range map[string]spec{"order-ok": {service: order}, "order-ghost": {service: order, fault: FaultCritical}} {
		e.units = append(e.units, &unit{spec: s, env: e, in: s.instance("dev", id)})
		e.callable[id] = true
	}
	return e
}

// healths returns what reg shows, by id.
func healths(reg *memory) map[string]registry.Health {
	out := map[string]registry.Health{}
	for _, in := range reg.all() {
		out[in.ID] = in.Health
	}
	return out
}

func TestHeartbeatsKeepInstancesPassingAndNotTheGhost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reg := newMemory()
		var said []string
		e := pair(reg, func(s string) { said = append(said, s) })
		if err := e.join(t.Context(), 9*time.Second); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go e.keep(ctx, 3*time.Second)
		after := func(d time.Duration, want map[string]registry.Health) {
			t.Helper()
			<-time.After(d)
			synctest.Wait()
			if diff := cmp.Diff(want, healths(reg)); diff != "" {
				t.Error(diff)
			}
		}
		well := map[string]registry.Health{"order-ok": registry.Passing, "order-ghost": registry.Critical}
		after(time.Minute, well)
		if diff := cmp.Diff(map[string]int{"order-ok": 21}, reg.beats); diff != "" {
			t.Error(diff)
		}

		reg.set(func(m *memory) { m.fail = registry.ErrUnavailable }) // for many rounds, and told once
		after(time.Minute, map[string]registry.Health{"order-ok": registry.Critical, "order-ghost": registry.Critical})
		reg.set(func(m *memory) {
			m.fail = nil
			clear(m.rows) // a registry that was started afresh
		})
		after(4*time.Second, well)
		if diff := cmp.Diff([]string{"heartbeats in dev: unavailable", "heartbeats in dev: works again"}, said); diff != "" {
			t.Error(diff)
		}

		for _, u := range e.units {
			if err := u.leave(ctx); err != nil {
				t.Error(err)
			}
		}
		after(time.Minute, map[string]registry.Health{})
	})
}

func TestAnInstanceThatIsNotReachedIsReplacedOnce(t *testing.T) {
	t.Parallel()
	away := &refusal{status: 503, text: "away", unreached: true}
	no := &refusal{status: 402, text: "no money"}
	for _, c := range []struct {
		name    string
		answers []error
		asked   int
		want    error
	}{
		{"the first answers", []error{nil}, 1, nil},
		{"the second answers", []error{away, nil}, 2, nil},
		{"neither is reached", []error{away, away, nil}, 2, away},
		{"an answer is an answer", []error{no, nil}, 1, no},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			reg := newMemory()
			e := &env{Environment: Environment{Registry: reg, Registrar: reg}, callable: map[string]bool{}}
			for _, id := range []string{"a", "b", "c"} {
				reg.rows[id] = &row{in: registry.Instance{Service: order, ID: id, Weight: 1}}
				e.callable[id] = true
			}
			asked := map[string]bool{}
			err := e.reach(t.Context(), order, func(_ context.Context, in *registry.Instance) error {
				asked[in.ID] = true
				answer := c.answers[0]
				c.answers = c.answers[1:]
				return answer
			})
			if !errors.Is(err, c.want) || len(asked) != c.asked {
				t.Errorf("%v after %d instances; want %v after %d", err, len(asked), c.want, c.asked)
			}
		})
	}
}

func TestOnlyPassingInstancesOfThisDemoAreAsked(t *testing.T) {
	t.Parallel()
	reg := newMemory()
	e := &env{Environment: Environment{Registry: reg, Registrar: reg}, callable: map[string]bool{"mine": true, "late": true, "drained": true}}
	reg.rows["mine"] = &row{in: registry.Instance{Service: order, ID: "mine", Weight: 1}}
	reg.rows["late"] = &row{in: registry.Instance{Service: order, ID: "late", Weight: 1}, ttl: time.Second}
	reg.rows["drained"] = &row{in: registry.Instance{Service: order, ID: "drained"}}
	reg.rows["theirs"] = &row{in: registry.Instance{Service: order, ID: "theirs", Weight: 1}}
	live, err := e.passing(t.Context(), order)
	if err != nil || len(live) != 1 || live[0].ID != "mine" {
		t.Errorf("passing = %v, %v; want mine alone", live, err)
	}
	_, err = e.passing(t.Context(), user)
	if no, ok := errors.AsType[*refusal](err); !ok || *no != (refusal{status: http.StatusServiceUnavailable, text: "no passing instance of user"}) {
		t.Errorf("passing(user): %v", err)
	}
}

func TestTrafficFollowsWeight(t *testing.T) {
	t.Parallel()
	counts := [2]int{}
	for range 10_000 {
		counts[pick([]registry.Instance{{Weight: 20}, {Weight: 80}})]++
	}
	if counts[0] < 1500 || counts[0] > 2500 {
		t.Errorf("of 10000 requests, %v went to weights 20 and 80", counts)
	}
}
