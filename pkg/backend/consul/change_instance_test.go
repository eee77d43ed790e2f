package consul

import (
	"encoding/json"
	"errors"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/registry"
	"govctl/pkg/registry/gomicro"
)

func openInstances(t *testing.T, query string) *Instances {
	t.Helper()
	i, err := OpenInstances(Options{URL: &url.URL{Scheme: "consul", Host: "127.0.0.1:1", RawQuery: query}})
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestARegistrationKeepsWhatOnlyTheAgentKnows(t *testing.T) {
	t.Parallel()
	i := openInstances(t, "")
	reg := &registry.Registration{Instance: registry.Instance{Service: "order", ID: "o1", Address: "127.0.0.1", Port: 9090, Weight: 1, Tags: []string{"a"}}}
	before := `{"ID":"o1","Service":"order","Kind":"typical","Tags":["a"],"Address":"127.0.0.1","Port":8080,"TaggedAddresses":{"lan":{"Address":"10.0.0.1","Port":80}},` +
		`"Weights":{"Passing":1,"Warning":3},"EnableTagOverride":true,"Connect":{"Native":true},"Checks":[{"CheckID":"h","Name":"n"}]}`
	want := `{"ID":"o1","Service":"order","Kind":"typical","Tags":["a"],"Address":"127.0.0.1","Port":9090,"TaggedAddresses":{"lan":{"Address":"10.0.0.1","Port":80}},` +
		`"Weights":{"Passing":1,"Warning":3},"EnableTagOverride":true,"Connect":{"Native":true},"Checks":[{"CheckID":"h","Name":"n"}]}`
	got, err := i.Content(reg, []byte(before))
	if diff := cmp.Diff(want, string(got)); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestWhatGoMicroRegisteredStaysReadableByIt(t *testing.T) {
	t.Parallel()
	i := openInstances(t, "")
	tags := gomicro.Encode(gomicro.Record{Version: "v1", Metadata: map[string]string{"protocol": "grpc", "zone": "a"}})
	before := &agentService{ID: "o1", Service: "order", Tags: tags, Meta: map[string]string{"protocol": "grpc", "zone": "a"}, Weights: &registeredWeights{1, 1}}
	key := registry.ChangeKey("order", "o1")
	content := contentOf(t, before)
	reg, err := i.Registration(key, content)
	if err != nil {
		t.Fatal(err)
	}
	same, err := i.Content(&reg, content)
	if diff := cmp.Diff(string(content), string(same)); diff != "" || err != nil {
		t.Errorf("registered as it is: %s, %v", diff, err)
	}
	reg.Metadata["zone"], reg.Zone = "b", "b"
	after, err := i.Content(&reg, content)
	if err != nil {
		t.Fatal(err)
	}
	before.Tags = gomicro.Encode(gomicro.Record{Version: "v1", Metadata: map[string]string{"protocol": "grpc", "zone": "b"}})
	before.Meta["zone"] = "b"
	if diff := cmp.Diff(string(contentOf(t, before)), string(after)); diff != "" {
		t.Error(diff)
	}
}

func TestWhatARollbackLosesIsTold(t *testing.T) {
	t.Parallel()
	i := openInstances(t, "")
	own := []agentCheck{{CheckID: "service:o1"}}
	for want, s := range map[string]agentService{
		"": {ID: "o1", Meta: map[string]string{keyTTL: "30s"}, Checks: own},
		"what its check asks is told by no agent: after a rollback it is critical until its owner says that it lives, or registers it again": {ID: "o1", Checks: own},
		"what its 2 checks ask is told by no agent: after a rollback they are critical until its owner registers it again":                   {ID: "o1", Checks: []agentCheck{{CheckID: "a"}, {CheckID: "b"}}},
	} {
		if got := i.Losses(contentOf(t, &s)); got != want {
			t.Errorf("of %v it says %q, not %q", s.Checks, got, want)
		}
	}
}

func contentOf(t *testing.T, s *agentService) []byte {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestAnAgentWritesInItsOwnDatacenterAlone(t *testing.T) {
	t.Parallel()
	reg := &registry.Registration{Instance: registry.Instance{Service: "order", ID: "o1"}}
	if _, err := openInstances(t, "dc=other").Content(reg, nil); !errors.Is(err, registry.ErrUnsupported) {
		t.Errorf("planned: %v", err)
	}
}
