package local_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"govctl/pkg/registry"
)

// link puts a symbolic link at name, below the root, that leads to target.
func (f *fixture) link(t *testing.T, target, name string) {
	t.Helper()
	name = filepath.Join(f.root, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, name); err != nil {
		t.Fatal(err)
	}
}

func TestALinkedFileIsNotRead(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	secret := filepath.Join(t.TempDir(), "secret.json")
	f.putAt(t, secret, "{}")
	f.put(t, "services/cart/0.json", "{}")
	f.link(t, secret, "services/cart/1.json")
	wantLeftOut(t, f, "services/cart/1.json", `"1.json" is a symbolic link, not a file`, "0")
	if err := os.Remove(filepath.Join(f.root, "services/cart/1.json")); err != nil {
		t.Fatal(err)
	}
	f.link(t, "0.json", "services/cart/2.json") // inside the folder neither
	wantLeftOut(t, f, "services/cart/2.json", `"2.json" is a symbolic link, not a file`, "0")
}

func TestAFolderInPlaceOfAFileIsLeftOut(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.put(t, "services/cart/1.json/x", "")
	wantLeftOut(t, f, "services/cart/1.json", `"1.json" is a folder, not a file`)
}

func TestALinkedServiceIsNeitherReadNorWritten(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	outside := t.TempDir()
	f.put(t, "services/cart/1.json", "{}")
	f.link(t, outside, "services/order")
	f.link(t, "cart", "services/user")
	names, err := f.Services(t.Context())
	if len(names) != 1 || err != nil || len(f.said) != 2 {
		t.Errorf("Services() = %v, %v, said %v; want cart alone, and the two links named", names, err, f.said)
	}
	for _, service := range []string{"order", "user"} {
		_, err := f.Instances(t.Context(), service)
		wantInvalid(t, "Instances", err)
		wantInvalid(t, "Register", f.Register(t.Context(), registry.Instance{Service: service, ID: "1"}, 0))
		wantInvalid(t, "Heartbeat", f.Heartbeat(t.Context(), service, "1"))
		wantInvalid(t, "Deregister", f.Deregister(t.Context(), service, "1"))
	}
	if left, err := os.ReadDir(outside); len(left) > 0 || err != nil || len(f.instances(t, "cart")) != 1 {
		t.Errorf("outside stands %v (%v); want nothing, and cart as it was", left, err)
	}
}

func wantInvalid(t *testing.T, call string, err error) {
	t.Helper()
	if !errors.Is(err, registry.ErrInvalid) {
		t.Errorf("%s: %v; want ErrInvalid", call, err)
	}
}

func TestALinkedFolderOfServicesIsNotFollowed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	outside := t.TempDir()
	f.link(t, outside, "services")
	_, err := f.Services(t.Context())
	wantInvalid(t, "Services", err)
	wantInvalid(t, "Register", f.Register(t.Context(), registry.Instance{Service: "cart", ID: "1"}, 0))
	if left, err := os.ReadDir(outside); len(left) > 0 || err != nil {
		t.Errorf("outside stands %v (%v); want nothing", left, err)
	}
}

func TestOurOwnFilesAreNotReachedThroughLinks(t *testing.T) {
	t.Parallel()
	for _, own := range []string{".lock", ".revision", "services/cart/.tmp"} {
		for _, before := range []string{"", "kept"} { // a link to nothing, and one to a file
			f := newFixture(t)
			target := filepath.Join(t.TempDir(), "target")
			if before != "" {
				f.putAt(t, target, before)
			}
			f.link(t, target, own)
			_ = f.Register(t.Context(), registry.Instance{Service: "cart", ID: "1"}, 0)
			got, err := os.ReadFile(target)
			if string(got) != before || (err != nil) != (before == "") {
				t.Errorf("%s: the link's target holds %q (%v); want it as it was: %q", own, got, err, before)
			}
		}
	}
}

func TestNamesCannotLeaveTheRoot(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for i, name := range []string{"..", "../..", "../../outside", "/etc/x", `..\..`, "a/../../b", ".", "x\x00y", "services"} {
		in := registry.Instance{Service: name, ID: name}
		if err := f.Register(t.Context(), in, 0); err != nil {
			t.Errorf("Register(%q): %v", name, err)
		}
		if got := f.instances(t, name); len(got) != 1 || got[0].ID != name {
			t.Errorf("Instances(%q) = %v; want it alone", name, got)
		}
		if all, err := f.Services(t.Context()); len(all) != i+1 || err != nil {
			t.Errorf("Services() = %q, %v; want %d", all, err, i+1)
		}
	}
	left, err := os.ReadDir(filepath.Dir(f.root))
	if len(left) != 1 || err != nil {
		t.Errorf("beside the root stands %v (%v); want nothing", left, err)
	}
}
