package lab

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"govctl/pkg/backend/consul"
	"govctl/pkg/config"
	"govctl/pkg/config/configtest"
	"govctl/pkg/registry"

	"govctl/lab/server"
)

// kvHand writes keys of a Consul as another program would.
type kvHand struct {
	*server.Consul
	folder string
}

func (h kvHand) Put(t *testing.T, key config.Key, content []byte) {
	t.Helper()
	path := "/v1/kv/" + url.PathEscape(h.folder+key.String()) // not a transaction: that is bounded at less than a value
	if err := h.API.WriteText(t.Context(), path, string(content)); err != nil {
		t.Fatal(err)
	}
}

func (h kvHand) Remove(t *testing.T, key config.Key) {
	t.Helper()
	h.must(t, map[string]any{"Verb": "delete", "Key": h.folder + key.String()})
}

// must does op in a transaction, which takes keys that no path of a URL can hold.
func (h kvHand) must(t *testing.T, op map[string]any) {
	t.Helper()
	if err := h.API.Write(t.Context(), "/v1/txn", []any{map[string]any{"KV": op}}, nil); err != nil {
		t.Fatal(err)
	}
}

// newFolder returns a hand for a folder of c that is gone when t ends.
func newFolder(t *testing.T, c *server.Consul) kvHand {
	t.Helper()
	h := kvHand{c, unique("config") + "/dev/"}
	t.Cleanup(func() {
		op := map[string]any{"Verb": "delete-tree", "Key": strings.TrimSuffix(h.folder, "dev/")}
		if err := c.API.Write(context.WithoutCancel(t.Context()), "/v1/txn", []any{map[string]any{"KV": op}}, nil); err != nil {
			t.Error(err)
		}
	})
	return h
}

// openKV opens a folder of the Consul at address as govctl does, and tells of what
// is said beside its answers.
func openKV(t *testing.T, address, folder, token string, said func(registry.Notice)) *consul.Config {
	t.Helper()
	u := &url.URL{Scheme: "consul", Host: address, Path: "/" + strings.TrimSuffix(folder, "/")}
	c, err := consul.OpenConfig(consul.Options{URL: u, Token: token, Notice: said})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// kvOf returns the keys and the sizes of their contents, and the notices, of
// which the test wants none unless it says so.
func kvOf(t *testing.T, address, folder, token string) (sizes map[string]int, said []registry.Notice) {
	t.Helper()
	sizes = map[string]int{}
	c := openKV(t, address, folder, token, func(n registry.Notice) { said = append(said, n) })
	for item, err := range c.Items(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		sizes[item.String()] = len(item.Content)
	}
	return sizes, said
}

func TestConsulKeepsTheContractOfConfig(t *testing.T) {
	t.Parallel()
	configtest.Test(t, configtest.Harness{
		New: func(t *testing.T) (config.Store, configtest.Hand) {
			t.Helper()
			h := newFolder(t, shared.contract)
			return openKV(t, h.Address, h.folder, "", nil), h
		},
		Unreachable: func(t *testing.T) config.Store {
			t.Helper()
			return openKV(t, closed(t), "config/dev", "", nil)
		},
		Lag: 15 * time.Second,
	})
}

func TestAFolderOfKeysIsNotOneThatBeginsLikeIt(t *testing.T) {
	t.Parallel()
	h := newFolder(t, shared.main)
	beside := kvHand{h.Consul, strings.TrimSuffix(h.folder, "/") + "2/"}
	h.Put(t, config.Key{Group: "order", Name: "app.yaml"}, []byte("v"))
	beside.Put(t, config.Key{Group: "order", Name: "other.yaml"}, []byte("v"))
	h.must(t, map[string]any{"Verb": "set", "Key": strings.TrimSuffix(h.folder, "/"), "Value": "eA=="})
	h.must(t, map[string]any{"Verb": "set", "Key": h.folder + "order/", "Value": ""})
	got, said := kvOf(t, h.Address, h.folder, "")
	if diff := cmp.Diff(map[string]int{"order/app.yaml": 1}, got); diff != "" || len(said) > 0 {
		t.Errorf("said %v (-want +got)\n%s", said, diff)
	}
}

func TestTheLargestValueThatConsulTakesIsRead(t *testing.T) {
	t.Parallel()
	h := newFolder(t, shared.main)
	large := strings.Repeat("\x00\xffab", 512*1024/4)
	path := "/v1/kv/" + h.folder + "order/large"
	if err := h.API.WriteText(t.Context(), path, large); err != nil {
		t.Fatal(err)
	}
	if err := h.API.WriteText(t.Context(), path+"r", large+"x"); err == nil {
		t.Error("a byte more was taken")
	}
	item, err := openKV(t, h.Address, h.folder, "", nil).Item(t.Context(), config.Key{Group: "order", Name: "large"})
	if err != nil || string(item.Content) != large {
		t.Errorf("%d bytes, %v; want those that were written", len(item.Content), err)
	}
	got, said := kvOf(t, h.Address, h.folder, "")
	if diff := cmp.Diff(map[string]int{"order/large": len(large)}, got); diff != "" || len(said) > 0 {
		t.Errorf("said %v (-want +got)\n%s", said, diff)
	}
}

func TestKeysOfStrangersAreReadAsTheyAre(t *testing.T) {
	t.Parallel()
	h := newFolder(t, shared.main)
	c := openKV(t, h.Address, h.folder, "", nil)
	for _, key := range []config.Key{
		{Group: "a", Name: "/b"},
		{Group: "", Name: "b"},
		{Group: "..", Name: "x"},
		{Group: "a", Name: "../../b"},
		{Group: "a", Name: "\x1b[2J"},
		{Group: "\x00", Name: "\n"},
		{Group: "a", Name: "value/"},
		{Group: "a", Name: "\u202e"},
	} {
		h.must(t, map[string]any{"Verb": "set", "Key": h.folder + key.Group + "/" + key.Name, "Value": "eA=="})
		if item, err := c.Item(t.Context(), key); err != nil || item.Key != key || string(item.Content) != "x" {
			t.Errorf("Item(%q) = %q, %v", key, item.Key, err)
		}
	}
	if got, said := kvOf(t, h.Address, h.folder, ""); len(got) != 8 || len(said) > 0 {
		t.Errorf("listed %v, said %v; want all eight", got, said)
	}
}

func TestWhatATokenMayNotReadOfAFolderIsSaidToBeWithheld(t *testing.T) {
	t.Parallel()
	h := newFolder(t, shared.acl)
	for _, key := range []string{"open", "secret"} {
		h.Put(t, config.Key{Group: key, Name: "app.yaml"}, []byte("v"))
	}
	for name, tt := range map[string]struct {
		rules string // "" for no token at all
		keys  map[string]int
		says  string
	}{
		"all":     {`key_prefix "` + h.folder + `" { policy = "read" }`, map[string]int{"open/app.yaml": 1, "secret/app.yaml": 1}, ""},
		"some":    {`key_prefix "` + h.folder + `open/" { policy = "read" }`, map[string]int{"open/app.yaml": 1}, "withheld"},
		"nothing": {`key_prefix "elsewhere/" { policy = "read" }`, map[string]int{}, "withheld"},
		"nobody":  {"", map[string]int{}, "asked without a token"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			token := ""
			if tt.rules != "" {
				var err error
				if token, err = h.API.NewToken(t.Context(), unique("kv-"+name), tt.rules); err != nil {
					t.Fatal(err)
				}
			}
			got, said := kvOf(t, h.Address, h.folder, token)
			if diff := cmp.Diff(tt.keys, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if tt.says == "" && len(said) > 0 || tt.says != "" && (len(said) != 1 || !said[0].Incomplete || !strings.Contains(said[0].Text, tt.says)) {
				t.Errorf("said %+v, want %q", said, tt.says)
			}
			_, err := openKV(t, h.Address, h.folder, token, nil).Item(t.Context(), config.Key{Group: "secret", Name: "app.yaml"})
			if denied := errors.Is(err, config.ErrDenied); denied == (name == "all") {
				t.Errorf("Item(secret/app.yaml): %v; want it denied to all but one", err)
			}
		})
	}
}

func TestATokenThatConsulDoesNotKnowReadsNoConfiguration(t *testing.T) {
	t.Parallel()
	var got []error
	for _, err := range openKV(t, shared.acl.Address, "config/dev", newUUID(), nil).Items(t.Context()) {
		got = append(got, err)
	}
	e, ok := errors.AsType[*config.Error](errors.Join(got...))
	if len(got) != 1 || !ok || !errors.Is(e, config.ErrDenied) || !strings.Contains(e.Hint, "new token") {
		t.Errorf("%v, want that the token is not known", got)
	}
}
