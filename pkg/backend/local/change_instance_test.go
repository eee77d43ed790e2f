package local

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/change"
	"govctl/pkg/registry"
)

// wanted is an instance as a person registers it.
func wanted(version string, ttl float64) *registry.Registration {
	return &registry.Registration{
		Instance:   registry.Instance{Service: "a/b", ID: "x.1", Address: "127.0.0.1", Port: 8080, Version: version, Weight: 1},
		TTLSeconds: ttl,
	}
}

// planned applies a plan of one change in the folder at root, and returns what is
// registered then.
func planned(t *testing.T, root string, plan func(c *Changes, there change.Entry) change.Change) []registry.Instance {
	t.Helper()
	c := openWrites(t, root)
	entries, err := c.Read(t.Context(), []change.Key{registry.ChangeKey("a/b", "x.1")})
	if err != nil {
		t.Fatal(err)
	}
	about, err := c.About(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p := &change.Plan{ID: change.NewID(), Identity: about.Identity, Changes: []change.Change{plan(c, entries[0])}}
	if _, err := change.Apply(t.Context(), c, p, change.Options{Now: time.Now}); err != nil {
		t.Fatal(err)
	}
	r, err := OpenRegistry(Options{Root: root, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	found, err := collectAll(t, r)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func collectAll(t *testing.T, r *Registry) ([]registry.Instance, error) {
	t.Helper()
	names, err := r.Services(t.Context())
	var all []registry.Instance
	for _, name := range names {
		found, err := r.Instances(t.Context(), name)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, err
}

// registering returns what plans r.
func registering(t *testing.T, r *registry.Registration) func(*Changes, change.Entry) change.Change {
	t.Helper()
	return func(c *Changes, there change.Entry) change.Change {
		out, ok, err := registry.PlanRegistration(c, r, there)
		if err != nil || !ok {
			t.Fatalf("planned %v, %v", ok, err)
		}
		return out
	}
}

func TestAnInstanceIsRegisteredChangedAndTakenOutByPlans(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	want := wanted("v1", 0).Instance
	want.Health = registry.Passing
	if diff := cmp.Diff([]registry.Instance{want}, planned(t, root, registering(t, wanted("v1", 0)))); diff != "" {
		t.Error(diff)
	}
	want.Version, want.Revision, want.Health = "v2", "1", registry.Critical
	want.Checks = []registry.Check{{ID: "ttl", Kind: "ttl", Status: registry.Critical, Output: "no heartbeat yet (TTL 30s)"}}
	if diff := cmp.Diff([]registry.Instance{want}, planned(t, root, registering(t, wanted("v2", 30)))); diff != "" {
		t.Error(diff)
	}
	gone := planned(t, root, func(c *Changes, there change.Entry) change.Change { return registry.PlanRemoval(c, there) })
	if len(gone) > 0 {
		t.Errorf("still there: %v", gone)
	}
	if _, err := os.Stat(filepath.Join(root, "services", "a%2Fb")); !isGone(err) {
		t.Errorf("its folder: %v", err)
	}
}

func TestARegistrationKeepsWhatGovctlDoesNotKnow(t *testing.T) {
	t.Parallel()
	c := openWrites(t, t.TempDir())
	before := []byte(`{"address": "127.0.0.1", "port": 1, "health": "warning", "owner": "shop", "ttlSeconds": 30, "revision": "7"}`)
	got, err := c.Content(wanted("v1", 0), before)
	want := `{
  "service": "a/b",
  "id": "x.1",
  "address": "127.0.0.1",
  "port": 8080,
  "health": "warning",
  "version": "v1",
  "weight": 1,
  "ttlSeconds": 30,
  "revision": "8",
  "owner": "shop"
}
`
	if diff := cmp.Diff(want, string(got)); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if _, err := c.Content(wanted("v1", 0), []byte(`{"id": "another"}`)); err == nil {
		t.Error("the file of another instance was written over")
	}
}

func TestWhatIsRegisteredAlreadyIsNoChange(t *testing.T) {
	t.Parallel()
	c := openWrites(t, t.TempDir())
	content, err := c.Content(wanted("v1", 0), []byte(`{"health": "warning", "ttlSeconds": 30}`))
	if err != nil {
		t.Fatal(err)
	}
	there := change.Entry{Key: registry.ChangeKey("a/b", "x.1"), Content: content, Revision: "1"}
	if got, ok, err := registry.PlanRegistration(c, wanted("v1", 0), there); ok || err != nil {
		t.Errorf("it is changed: %v, %v", got.Says, err)
	}
	got, ok, err := registry.PlanRegistration(c, wanted("v1", 45), there)
	if diff := cmp.Diff([]string{"ttlSeconds 30 → 45"}, got.Says); diff != "" || !ok || err != nil {
		t.Error(diff, ok, err)
	}
}
