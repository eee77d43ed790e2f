package local_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"govctl/pkg/backend/local"
	"govctl/pkg/registry"
)

func TestARegisteredInstanceIsAFileThatPeopleCanRead(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	in := registry.Instance{
		Service: "pay/card", ID: "10.0.0.1:8080", Address: "10.0.0.1", Port: 8080, Version: "v2", Zone: "eu-1", Weight: 0.5,
		Tags: []string{"canary"}, Metadata: map[string]string{"b": "2", "a": "<1>"},
		Endpoints: []registry.Endpoint{{Name: "Pay.Card", Request: &registry.Value{Name: "Card", Type: "Card"}}},
	}
	if err := f.Register(t.Context(), in, 1500*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	want := `{
  "service": "pay/card",
  "id": "10.0.0.1:8080",
  "address": "10.0.0.1",
  "port": 8080,
  "version": "v2",
  "zone": "eu-1",
  "weight": 0.5,
  "tags": [
    "canary"
  ],
  "metadata": {
    "a": "<1>",
    "b": "2"
  },
  "endpoints": [
    {
      "name": "Pay.Card",
      "request": {
        "name": "Card",
        "type": "Card"
      }
    }
  ],
  "ttlSeconds": 1.5,
  "revision": "1"
}
`
	if got := f.read(t, "services/pay%2Fcard/10.0.0.1%3A8080.json"); got != want {
		t.Errorf("the file (-want +got):\n%s", cmp.Diff(want, got))
	}
}

func TestFilesAndFoldersAreOfTheirOwnerAlone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if err := f.Register(t.Context(), registry.Instance{Service: "cart", ID: "1"}, 0); err != nil {
		t.Fatal(err)
	}
	want := map[string]fs.FileMode{
		".": 0o700, ".lock": 0o600, ".revision": 0o600, "services": 0o700, "services/cart": 0o700, "services/cart/1.json": 0o600,
	}
	if got := modes(t, f.root); !cmp.Equal(want, got) {
		t.Errorf("modes (-want +got):\n%s", cmp.Diff(want, got))
	}
}

// modes returns the permissions of all that stands below root.
func modes(t *testing.T, root string) map[string]fs.FileMode {
	t.Helper()
	found := map[string]fs.FileMode{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		found[filepath.ToSlash(rel)] = info.Mode().Perm()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestAFileWrittenByHandMayLeaveOutWhatItsPlaceTells(t *testing.T) {
	t.Parallel()
	ttl := func(status registry.Health, output string) []registry.Check {
		return []registry.Check{{ID: "ttl", Kind: "ttl", Status: status, Output: output, Updated: start()}}
	}
	for text, want := range map[string]registry.Instance{
		`{}`:                          {Weight: 1, Health: registry.Passing},
		"\n {\"address\": \"::1\"}\n": {Weight: 1, Health: registry.Passing, Address: "::1"},
		`{"service": "a/b", "id": "1", "weight": 0, "unknown": [1]}`: {Health: registry.Passing},
		`{"health": "maintenance"}`:                                  {Weight: 1, Health: registry.Maintenance},
		`{"health": "passing", "ttlSeconds": 10}`:                    {Weight: 1, Health: registry.Critical, Checks: ttl(registry.Critical, "no heartbeat for 1m30s (TTL 10s)")},
		`{"ttlSeconds": 90}`:                                         {Weight: 1, Health: registry.Passing, Checks: ttl(registry.Passing, "")},
	} {
		f := newFixture(t)
		f.put(t, "services/a%2Fb/1.json", text)
		f.advance(90*time.Second + 400*time.Millisecond)
		if strings.Contains(text, "90") {
			f.advance(-400 * time.Millisecond) // to the last moment that counts
		}
		want.Service, want.ID = "a/b", "1"
		got := f.instances(t, "a/b")
		if d := cmp.Diff([]registry.Instance{want}, got); d != "" || len(f.said) > 0 {
			t.Errorf("%s (-want +got; said %v):\n%s", text, f.said, d)
		}
	}
}

func TestABadFileIsLeftOutAndNamedAndHarmsNoOther(t *testing.T) {
	t.Parallel()
	for text, why := range map[string]string{
		``:                     `not the JSON of an instance: byte 0: unexpected EOF`,
		`{"port": `:            `not the JSON of an instance: byte 9, "/port": unexpected EOF`,
		`{} {}`:                `not the JSON of an instance: byte 3: invalid character '{' after top-level value`,
		`null`:                 `not the JSON of an instance: no object`,
		`[]`:                   `not the JSON of an instance: "" is of the wrong type`,
		`{"port": "80"}`:       `not the JSON of an instance: "/port" is of the wrong type`,
		`{"id": "1", "id": 2}`: `not the JSON of an instance: byte 12, "/id": duplicate object member name`,
		"{\"zone\": \"\xff\"}": `not the JSON of an instance: byte 10, "/zone": invalid UTF-8`,
		`{"id": "2"}`:          `it says service "" and id "2", which is not what it is called`,
		`{"weight": -1}`:       `weight -1 is not a number from 0 up`,
		`{"ttlSeconds": 1e99}`: `ttlSeconds 1e+99 is not a number from 0 to 3.1536e+09`,
		`{"health": "well"}`:   `unknown health "well": it is one of passing, warning, critical, maintenance, starting, unknown`,
		`{"zone": "` + strings.Repeat("x", 1<<20) + `"}`: `"1.json" is larger than 1048576 bytes`,
	} {
		f := newFixture(t)
		f.put(t, "services/cart/0.json", `{}`)
		f.put(t, "services/cart/1.json", text)
		f.put(t, "services/cart/2.json", `{}`)
		wantLeftOut(t, f, "services/cart/1.json", why, "0", "2")
	}
}

// wantLeftOut expects the instances of cart to be those with ids, and the file
// to be named as what is missing.
func wantLeftOut(t *testing.T, f *fixture, file, why string, ids ...string) {
	t.Helper()
	got := []string{}
	for _, in := range f.instances(t, "cart") {
		got = append(got, in.ID)
	}
	want := []registry.Notice{{Text: "local " + f.root + `: "` + file + `" left out: ` + why, Incomplete: true}}
	if d := cmp.Diff(ids, got, cmpopts.EquateEmpty()) + cmp.Diff(want, f.said); d != "" {
		t.Errorf("instances and notices (-want +got):\n%s", d)
	}
	f.said = nil
}

func TestWhatIsNoInstanceIsPassedOver(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.put(t, "services/README.md", "hand-written")
	f.put(t, "services/.git/x.json", "{}")
	f.put(t, "services/cart/README.md", "hand-written")
	f.put(t, "services/cart/.tmp", `{"half": `)
	f.put(t, "services/cart/.x.json", `{"half": `)
	f.put(t, "services/a%2fb/1.json", "{}")
	names, err := f.Services(t.Context())
	if d := cmp.Diff([]string{"cart"}, names); d != "" || err != nil {
		t.Errorf("services: %v (-want +got)\n%s", err, d)
	}
	if len(f.said) != 1 || !strings.Contains(f.said[0].Text, `"services/a%2fb" left out: the file of the name "a/b" must be called "a%2Fb"`) {
		t.Errorf("said %v; want the folder whose name is wrong", f.said)
	}
	f.said = nil
	if got := f.instances(t, "cart"); len(got) != 0 || got == nil || len(f.said) > 0 {
		t.Errorf("instances = %#v, said %v; want an empty list and nothing", got, f.said)
	}
}

func TestReadingMakesNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, _ = f.Services(t.Context())
	_, _ = f.Instances(t.Context(), "cart")
	_ = f.Heartbeat(t.Context(), "cart", "1")
	if err := f.Deregister(t.Context(), "cart", "1"); err != nil {
		t.Error(err)
	}
	if err := f.Register(t.Context(), registry.Instance{Service: "cart", ID: "1", Zone: "\xff"}, 0); !errors.Is(err, registry.ErrUnsupported) {
		t.Errorf("Register of bad UTF-8: %v; want ErrUnsupported", err)
	}
	if _, err := os.Lstat(f.root); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder is there (%v); want none", err)
	}
}

func TestOpeningTakesAnAbsoluteFolderAndAClock(t *testing.T) {
	t.Parallel()
	for _, o := range []local.Options{{Root: "data", Now: start}, {Now: start}, {Root: t.TempDir()}} {
		if _, err := local.OpenRegistry(o); err == nil {
			t.Errorf("%+v was opened", o)
		}
	}
}
