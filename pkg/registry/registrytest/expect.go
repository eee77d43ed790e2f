package registrytest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"govctl/pkg/registry"
)

// poll is how often a system that may lag is asked again.
const poll = 20 * time.Millisecond

// eventually fails t unless wrong returns "" before the harness's lag is over;
// otherwise what it returned last is why.
func (h Harness) eventually(t *testing.T, wrong func() string) {
	t.Helper()
	over, again := time.NewTimer(h.Lag), time.NewTicker(poll)
	defer over.Stop()
	defer again.Stop()
	for {
		why := wrong()
		if why == "" {
			return
		}
		select {
		case <-over.C:
			t.Error(why)
			return
		case <-again.C:
		}
	}
}

// wantServices expects Services to return want, which is sorted.
func (h Harness) wantServices(t *testing.T, r registry.Registry, want ...string) {
	t.Helper()
	h.eventually(t, func() string {
		got, err := h.services(t, r)
		if err == nil && slices.Equal(got, want) {
			return ""
		}
		return fmt.Sprintf("Services() = %q, %v; want %q", got, err, want)
	})
}

// services returns what Services does, without those of the system itself.
func (h Harness) services(t *testing.T, r registry.Registry) ([]string, error) {
	got, err := r.Services(t.Context())
	return slices.DeleteFunc(got, func(s string) bool { return slices.Contains(h.Ignore, s) }), err
}

// wantIDs expects the instances of service to be those of service itself that
// have the ids want, in this order.
func (h Harness) wantIDs(t *testing.T, r registry.Registry, service string, want ...string) {
	t.Helper()
	h.eventually(t, func() string {
		got, err := r.Instances(t.Context(), service)
		var ids []string
		foreign := false
		for i := range got {
			ids = append(ids, got[i].ID)
			foreign = foreign || got[i].Service != service
		}
		if err == nil && got != nil && !foreign && slices.Equal(ids, want) {
			return ""
		}
		return fmt.Sprintf("Instances(%q) = %v, %v; want the ids %q of that service", service, got, err, want)
	})
}

// wantHealth expects the service cart to have one instance, 1, of that health.
func (h Harness) wantHealth(t *testing.T, r registry.Registry, want registry.Health) {
	t.Helper()
	h.eventually(t, func() string {
		got, err := r.Instances(t.Context(), "cart")
		if err == nil && len(got) == 1 && got[0].ID == "1" && got[0].Health == want {
			return ""
		}
		return fmt.Sprintf(`Instances("cart") = %v, %v; want "1" alone and %s`, got, err, want)
	})
}

// wantGone expects service to have no instances: not found, or an empty list of
// a name that is still known.
func (h Harness) wantGone(t *testing.T, r registry.Registry, service string) {
	t.Helper()
	h.eventually(t, func() string {
		got, err := r.Instances(t.Context(), service)
		if errors.Is(err, registry.ErrNotFound) || err == nil && got != nil && len(got) == 0 {
			return ""
		}
		return fmt.Sprintf("Instances(%q) = %v, %v; want none", service, got, err)
	})
}

// wantFields expects service to have the one instance want, as far as whoever
// registers decides its fields.
func (h Harness) wantFields(t *testing.T, r registry.Registry, want registry.Instance) {
	t.Helper()
	h.eventually(t, func() string {
		got, err := r.Instances(t.Context(), want.Service)
		if err != nil || len(got) != 1 {
			return fmt.Sprintf("Instances(%q) = %v, %v; want one", want.Service, got, err)
		}
		return h.differ(want, got[0])
	})
}

// differ returns how got differs from want in the fields that whoever registers
// decides. What is empty and what is absent are the same.
func (h Harness) differ(want, got registry.Instance) string {
	var both [2]registry.Instance
	for i, in := range []registry.Instance{want, got} {
		in.Health, in.Checks, in.Since, in.Revision, in.Node = "", nil, time.Time{}, "", ""
		in.Metadata = maps.Clone(in.Metadata) // Keep owns in; the caller's map may be in use elsewhere
		h.Keep(&in)
		both[i] = in
	}
	if d := cmp.Diff(both[0], both[1], cmpopts.EquateEmpty()); d != "" {
		return fmt.Sprintf("instance %s/%s (-registered +came back):\n%s", want.Service, want.ID, d)
	}
	return ""
}

// wantError expects err to be a *registry.Error about service that wraps
// sentinel and names the back-end.
func wantError(t *testing.T, call string, err, sentinel error, service string) {
	t.Helper()
	re, ok := errors.AsType[*registry.Error](err)
	if !ok || !errors.Is(err, sentinel) || re.Service != service || re.Backend == "" {
		t.Errorf("%s: error %#v (%v); want a *registry.Error of a back-end about service %q that wraps %q", call, err, err, service, sentinel)
	}
}
