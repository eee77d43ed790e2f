package consul

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/registry"
)

func TestAnIDOfAnotherServiceIsLeftAlone(t *testing.T) {
	t.Parallel()
	f, o := newFake(t)
	r := open(t, o)
	for _, service := range []string{"cart", "order", "order"} { // the third replaces the second
		if err := r.Register(t.Context(), registry.Instance{Service: service, ID: "1"}, time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	if got, ok := f.services["order/1"]; !ok || f.services["1"].Name != "cart" || len(f.services) != 3 || got.Meta[keyOwnID] != "1" {
		t.Errorf("the agent has %v", f.services)
	}
	if err := r.Heartbeat(t.Context(), "order", "1"); err != nil || f.services["1"].check != "critical" || f.services["order/1"].check != "passing" {
		t.Errorf("Heartbeat(order/1): %v; cart is %s", err, f.services["1"].check)
	}
	got, err := r.Instances(t.Context(), "order")
	if err != nil || len(got) != 1 || got[0].ID != "1" || got[0].Metadata != nil {
		t.Errorf("Instances = %+v, %v; want order's own id and nothing of ours", got, err)
	}
	if err := r.Deregister(t.Context(), "order", "1"); err != nil || f.services["1"] == nil || f.services["order/1"] != nil {
		t.Errorf("Deregister(order/1): %v; the agent has %v", err, f.services)
	}
	f.mustRegister(registration{ID: "user/1", Name: "stranger"})
	err = r.Register(t.Context(), registry.Instance{Service: "user", ID: "1"}, 0)
	if !errors.Is(err, registry.ErrUnsupported) || f.services["user/1"].Name != "stranger" {
		t.Errorf("Register(user/1): %v, want %v", err, registry.ErrUnsupported)
	}
}

func TestRegisteringAgainWithATTLNeedsAHeartbeatAgain(t *testing.T) {
	t.Parallel()
	f, o := newFake(t)
	r := open(t, o)
	in := registry.Instance{Service: "cart", ID: "1"}
	steps := []error{
		r.Register(t.Context(), in, time.Minute), r.Heartbeat(t.Context(), "cart", "1"), r.Register(t.Context(), in, time.Minute),
	}
	if err := errors.Join(steps...); err != nil || f.services["1"].check != "critical" {
		t.Errorf("%v; the check is %s, want critical", err, f.services["1"].check)
	}
	if err := errors.Join(r.Register(t.Context(), in, 0), r.Heartbeat(t.Context(), "cart", "1")); err != nil {
		t.Errorf("without a ttl: %v", err)
	}
}

func TestARegistrationHasWhatConsulNeeds(t *testing.T) {
	t.Parallel()
	in := registry.Instance{
		Service: "cart", ID: "1", Address: "h", Port: 7, Version: "1.2.0", Protocol: "grpc", Zone: "z",
		Weight: 5, Tags: []string{"canary"}, Metadata: map[string]string{"a": "b", "zone": "old"},
	}
	got := register(&in, "1", 90*time.Second)
	want := registration{
		ID: "1", Name: "cart", Address: "h", Port: 7, Weights: &registeredWeights{5, 5},
		Tags: []string{
			"v-789c32d433d23300040000ffff02d400f0", "t-789caa562a28ca2fc94fcecf51b2524a2f2a4856aa05040000ffff468306d9", "canary",
		},
		Meta:  map[string]string{"a": "b", "version": "1.2.0", "protocol": "grpc", "zone": "z"},
		Check: &ttlCheck{TTL: "1m30s", DeregisterCriticalServiceAfter: "1m30s"},
	}
	if diff := cmp.Diff(want, got); diff != "" || in.Metadata["zone"] != "old" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := register(&in, "1", time.Second).Check.DeregisterCriticalServiceAfter; got != "1m0s" {
		t.Errorf("removed after %s, want Consul's least, 1m0s", got)
	}
}

func TestWhatConsulWouldNotKeepIsRefused(t *testing.T) {
	t.Parallel()
	_, o := newFake(t)
	for says, in := range map[string]registry.Instance{
		"needs a service and an id":  {Service: "cart"},
		"unprintable":                {Service: "cart", ID: "a\x1b"},
		"weight 0.5":                 {Service: "cart", ID: "1", Weight: 0.5},
		"weight 100000":              {Service: "cart", ID: "1", Weight: 100000},
		"Key contains invalid chara": {Service: "cart", ID: "1", Metadata: map[string]string{"git.commit": "x"}},
	} {
		err := open(t, o).Register(t.Context(), in, 0)
		if !errors.Is(err, registry.ErrUnsupported) || !strings.Contains(err.Error(), says) {
			t.Errorf("%+v: error %v, want %q", in, err, says)
		}
	}
	o.URL.RawQuery = "dc=west"
	if err := open(t, o).Register(t.Context(), registry.Instance{Service: "a", ID: "1"}, 0); !errors.Is(err, registry.ErrUnsupported) {
		t.Errorf("in another datacenter: %v, want %v", err, registry.ErrUnsupported)
	}
}

func TestAWriteIsSentOnce(t *testing.T) {
	t.Parallel()
	f, _ := newFake(t)
	puts := 0
	o := serve(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method == http.MethodPut {
			puts++
			http.Error(w, "No cluster leader", http.StatusInternalServerError)
			return
		}
		f.ServeHTTP(w, req)
	}))
	err := open(t, o).Register(t.Context(), registry.Instance{Service: "a", ID: "1"}, 0)
	if !errors.Is(err, registry.ErrUnavailable) || puts != 1 {
		t.Errorf("%v after %d writes, want %v after one", err, puts, registry.ErrUnavailable)
	}
}
