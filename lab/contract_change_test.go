package lab

import (
	"net/url"
	"strings"
	"testing"

	"govctl/pkg/backend/consul"
	"govctl/pkg/change"
	"govctl/pkg/change/changetest"
)

// openChanges opens a folder of the Consul at address to write to, as govctl does.
func openChanges(t *testing.T, address, folder, token string) *consul.Changes {
	t.Helper()
	u := &url.URL{Scheme: "consul", Host: address, Path: "/" + strings.TrimSuffix(folder, "/")}
	c, err := consul.OpenChanges(consul.Options{URL: u, Token: token})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// known gives the Consul at address its id, which the first record that is written
// there does, so that plans of several tests are for one and the same.
func known(t *testing.T, c *consul.Changes) {
	t.Helper()
	key := change.Key{Space: change.Records, Name: "plan/" + change.NewID()}
	if err := c.Swap(t.Context(), []change.Op{{Key: key, Content: []byte("first")}}); err != nil {
		t.Fatal(err)
	}
	entries, err := c.Read(t.Context(), []change.Key{key})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Swap(t.Context(), []change.Op{{Key: key, Expect: entries[0].Revision, Remove: true}}); err != nil {
		t.Fatal(err)
	}
}

func TestConsulKeepsTheContractOfChanges(t *testing.T) {
	t.Parallel()
	changetest.Run(t, changetest.Harness{
		Open: func(t *testing.T) change.Store {
			t.Helper()
			h := newFolder(t, shared.contract)
			c := openChanges(t, h.Address, h.folder, "")
			known(t, c)
			return c
		},
		Rounds: 1000,
	})
}
