package consul

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/config"
	"govctl/pkg/config/configtest"
	"govctl/pkg/registry"
)

// openConfig opens the folder of o, which is right.
func openConfig(t testing.TB, o Options, folder string) *Config {
	t.Helper()
	u := *o.URL
	u.Path = folder
	o.URL = &u
	c, err := OpenConfig(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.client.http.Close)
	return c
}

func TestConsulKeepsTheContractOfConfig(t *testing.T) {
	t.Parallel()
	for name, folder := range map[string]string{"a folder": "config/dev/", "the root": "", "an odd folder": "größe%20 //../日本/"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			configtest.Test(t, configtest.Harness{
				New: func(t *testing.T) (config.Store, configtest.Hand) {
					t.Helper()
					f, o := newFake(t)
					if folder != "" { // none of this is in it
						f.set(strings.TrimSuffix(folder, "/"), []byte("beside it"))
						f.set(strings.TrimSuffix(folder, "/")+"2/g/a", []byte("in another"))
					}
					return openConfig(t, o, folder), kvHand{f, folder}
				},
				Unreachable: func(t *testing.T) config.Store {
					t.Helper()
					r := unreachable(t).(*Registry)
					return openConfig(t, Options{URL: &url.URL{Scheme: "consul", Host: r.client.names[0]}}, folder)
				},
			})
		})
	}
}

// listed returns the contents by their keys, a tab between, and the notices.
func listed(t *testing.T, o Options, folder string) (items []string, said []registry.Notice) {
	t.Helper()
	o.Notice = func(n registry.Notice) { said = append(said, n) }
	items = []string{}
	for item, err := range openConfig(t, o, folder).Items(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, item.Group+"\t"+item.Name+"\t"+string(item.Content)+"\t"+item.Revision)
	}
	return items, said
}

func TestAllOfAFolderIsOneQuestion(t *testing.T) {
	t.Parallel()
	f, o := newFake(t)
	for _, key := range []string{"config/dev/order/app.yaml", "config/dev/top", "config/dev2/order/x", "config/dev"} {
		f.set(key, []byte("v"))
	}
	o.Datacenter = "west"
	items, said := listed(t, o, "/config/dev")
	want := []string{"-\ttop\tv\t14", "order\tapp.yaml\tv\t13"}
	if diff := cmp.Diff(want, items); diff != "" || len(said) > 0 {
		t.Errorf("said %v (-want +got)\n%s", said, diff)
	}
	if diff := cmp.Diff([]string{"GET /v1/kv/config/dev/?dc=west&recurse=&stale="}, f.asked); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	f.asked = nil
	got, err := openConfig(t, o, "config/dev").Item(t.Context(), config.Key{Group: "order", Name: "app.yaml"})
	if diff := cmp.Diff(config.Item{Key: config.Key{Group: "order", Name: "app.yaml"}, Content: []byte("v"), Revision: "13"}, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	if diff := cmp.Diff([]string{"GET /v1/kv/config/dev/order/app.yaml?dc=west&stale="}, f.asked); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestMarksOfFoldersAndOurOwnKeysAreNoItems(t *testing.T) {
	t.Parallel()
	f, o := newFake(t)
	for _, key := range []string{"config/", "config/dev/", "config/dev/order/", "govctl/"} {
		f.set(key, nil)
	}
	for _, key := range []string{"govctl/journal/1", "config/dev/order/empty", "config/dev/govctl/app.yaml", "config/dev/order/value/"} {
		f.set(key, []byte(strings.TrimSuffix(key, "config/dev/order/empty")))
	}
	for folder, want := range map[string][]string{
		"":               {"config\tdev/govctl/app.yaml\tconfig/dev/govctl/app.yaml\t19", "config\tdev/order/empty\t\t18", "config\tdev/order/value/\tconfig/dev/order/value/\t20"},
		"config/dev":     {"govctl\tapp.yaml\tconfig/dev/govctl/app.yaml\t19", "order\tempty\t\t18", "order\tvalue/\tconfig/dev/order/value/\t20"},
		"govctl":         {},
		"govctl/journal": {},
	} {
		items, said := listed(t, o, folder)
		if diff := cmp.Diff(want, items); diff != "" || len(said) > 0 {
			t.Errorf("%q: said %v (-want +got)\n%s", folder, said, diff)
		}
	}
	for folder, key := range map[string]config.Key{"": {Group: "govctl", Name: "journal/1"}, "govctl": {Group: "journal", Name: "1"}, "config/dev": {Group: "order", Name: ""}} {
		if _, err := openConfig(t, o, folder).Item(t.Context(), key); !errors.Is(err, config.ErrNotFound) {
			t.Errorf("Item(%q) in %q: %v; want not found", key, folder, err)
		}
	}
}

func TestKeysOfStrangersAreKeptAsTheyAre(t *testing.T) {
	t.Parallel()
	f, o := newFake(t)
	odd := []string{"a//b", "a/", "/b", "//", "..", "../..", "a/../../etc", "a/./b", "a/\x1b[2J", "\x00/\n", "a/\u202e", "a/%2F", "a/ ", " /", "a/\ufffd"}
	want := map[config.Key]string{}
	for _, key := range odd {
		f.set("config/dev/"+key, []byte(key))
		group, name, ok := strings.Cut(key, "/")
		if !ok {
			group, name = config.NoGroup, key
		}
		want[config.Key{Group: group, Name: name}] = key
	}
	c := openConfig(t, o, "config/dev")
	got := map[config.Key]string{}
	for item, err := range c.Items(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		got[item.Key] = string(item.Content)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for key, content := range want {
		item, err := c.Item(t.Context(), key)
		if err != nil || item.Key != key || string(item.Content) != content {
			t.Errorf("Item(%q) = %q, %q, %v", key, item.Key, item.Content, err)
		}
	}
}

func TestKeysThatAreTheSameHereAreLeftOutAndNamed(t *testing.T) {
	t.Parallel()
	f, o := newFake(t)
	for _, key := range []string{"config/dev/-/app.yaml", "config/dev/app.yaml", "config/dev/g/\ufffdx", "config/dev/g/\xffx", "config/dev/g/x"} {
		f.set(key, []byte("v"))
	}
	items, said := listed(t, o, "config/dev")
	if diff := cmp.Diff([]string{"-\tapp.yaml\tv\t14", "g\tx\tv\t17"}, items); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	hint := "give these keys other names"
	want := []registry.Notice{
		{Text: "consul " + o.URL.Host + `: left out is what stands in "config/dev/-/", as "-" stands for no group`, Incomplete: true, Hint: hint},
		{Text: "consul " + o.URL.Host + ": left out is what stands in keys that are not UTF-8 and look like each other", Incomplete: true, Hint: hint},
	}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// nothing answers as Consul does where there is no key.
func nothing(header map[string]string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Consul-Index", "7")
		for k, v := range header {
			w.Header().Set(k, v)
		}
		w.WriteHeader(http.StatusNotFound)
	}
}

func TestNothingThatMayBeWithheldIsSaidToBe(t *testing.T) {
	t.Parallel()
	deny := map[string]string{"X-Consul-Default-ACL-Policy": "deny"}
	filtered := map[string]string{"X-Consul-Default-ACL-Policy": "deny", "X-Consul-Results-Filtered-By-ACLs": "true"}
	for name, tt := range map[string]struct {
		header map[string]string
		token  string
		says   string
	}{
		"nobody denied":       {nil, "", ""},
		"a stranger":          {deny, "", "withholds what is not public, and was asked without a token"},
		"a token":             {deny, "t", ""},
		"a token that is not": {filtered, "t", "withheld what this token may not read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := serve(t, nothing(tt.header))
			o.Token = tt.token
			items, said := listed(t, o, "config/dev")
			if len(items) > 0 {
				t.Errorf("items %v, want none", items)
			}
			if tt.says == "" && len(said) == 0 {
				return
			}
			if len(said) != 1 || !said[0].Incomplete || said[0].Hint == "" || !strings.Contains(said[0].Text, tt.says) || tt.says == "" {
				t.Errorf("said %+v, want once %q", said, tt.says)
			}
		})
	}
}

func TestAStaleNothingIsSaidToBe(t *testing.T) {
	t.Parallel()
	o := serve(t, nothing(map[string]string{"X-Consul-KnownLeader": "false", "X-Consul-LastContact": "90000"}))
	if _, said := listed(t, o, ""); len(said) != 1 || !strings.Contains(said[0].Text, "1m30s ago") {
		t.Errorf("said %v, want that the answer may be out of date", said)
	}
}

func TestWhatIsNoAnswerAboutConfigurationIsAnErrorOfItsKind(t *testing.T) {
	t.Parallel()
	text := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			say(w, body)
		}
	}
	for name, tt := range map[string]struct {
		server http.HandlerFunc
		kind   error
		hint   string
	}{
		"a web page":       {text(200, "<!DOCTYPE html><html>"), config.ErrInvalid, "8500"},
		"another page":     {text(404, "404 page not found"), config.ErrInvalid, "8500"},
		"no page":          {text(404, ""), config.ErrInvalid, "8500"},
		"cut JSON":         {text(200, `[{"Key":"config/dev/a","Value":"eA=="},{"Ke`), config.ErrInvalid, "8500"},
		"no base64":        {text(200, `[{"Key":"config/dev/a","Value":"e*"}]`), config.ErrInvalid, "8500"},
		"too much":         {text(200, strings.Repeat(" ", 5000)), config.ErrInvalid, "--max-body"},
		"denied":           {text(403, "Permission denied: token with AccessorID 'x' lacks permission 'key:list'"), config.ErrDenied, "token"},
		"an unknown token": {text(403, "ACL not found"), config.ErrDenied, "get a new token"},
		"no leader":        {text(500, "No cluster leader"), config.ErrUnavailable, "half of the servers"},
		"no datacenter":    {text(500, "No path to datacenter"), config.ErrUnavailable, "datacenter"},
		"namespaces in CE": {text(400, `Invalid query parameter: "ns" - Namespaces are a Consul Enterprise feature`), config.ErrUnsupported, "leave out -n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := serve(t, tt.server)
			o.MaxBody = 4096
			c := openConfig(t, o, "config/dev")
			key := config.Key{Group: config.NoGroup, Name: "a"}
			_, err := c.Item(t.Context(), key)
			wantConfigError(t, err, tt.kind, key, tt.hint)
			wantConfigError(t, firstError(t.Context(), c), tt.kind, config.Key{}, tt.hint)
			for _, err := range c.Watch(t.Context()) {
				wantConfigError(t, err, tt.kind, config.Key{}, tt.hint)
				break
			}
		})
	}
}

// firstError returns that of a list of all items.
func firstError(ctx context.Context, c *Config) error {
	for _, err := range c.Items(ctx) {
		if err != nil {
			return err
		}
	}
	return nil
}

func wantConfigError(t *testing.T, err, kind error, key config.Key, hint string) {
	t.Helper()
	e, ok := errors.AsType[*config.Error](err)
	if !ok || !errors.Is(err, kind) || e.Key != key || !strings.HasPrefix(e.Backend, "consul 127.") || !strings.Contains(e.Hint, hint) {
		t.Errorf("error %#v (%v); want a *config.Error about %q that is %v, and the hint %q", err, err, key, kind, hint)
	}
	if strings.ContainsAny(fmt.Sprint(err), "\n\x1b") {
		t.Errorf("error %q, want one line", err)
	}
}
