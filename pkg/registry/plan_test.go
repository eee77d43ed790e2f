package registry_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/change"
	"govctl/pkg/registry"
)

func TestWhatIsPrintedCanBeRegistered(t *testing.T) {
	t.Parallel()
	one := registry.Registration{Instance: registry.Instance{
		Service: "order", ID: "o1", Address: "127.0.0.1", Port: 80, Health: registry.Passing, Weight: 3, Node: "n", Metadata: map[string]string{"zone": "a"},
		Checks: []registry.Check{{ID: "ttl", Status: registry.Passing}}, Revision: "7",
	}}
	printed, err := json.Marshal(one.Instance)
	if err != nil {
		t.Fatal(err)
	}
	byHand := registry.Registration{Instance: registry.Instance{Service: "order", ID: "o2", Weight: 1}, TTLSeconds: 30}
	const text = `{"service": "order", "id": "o2", "ttlSeconds": 30}`
	for name, tt := range map[string]struct {
		text string
		want []registry.Registration
	}{
		"services get SERVICE/ID": {string(printed), []registry.Registration{one}},
		"services get SERVICE":    {`{"service": "order", "summary": {}, "instances": [` + string(printed) + `]}`, []registry.Registration{one}},
		"by hand":                 {text, []registry.Registration{byHand}},
		"a list":                  {"\n[" + string(printed) + "," + text + "]\n", []registry.Registration{one, byHand}},
		"an empty list":           {"[]", []registry.Registration{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := registry.ParseRegistrations([]byte(tt.text))
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
				t.Error(diff, err)
			}
		})
	}
}

func TestWhatNoRegistryShouldHoldIsRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		``:                               "it ends before the JSON of an instance does",
		`{"service": "a"`:                "it ends before the JSON of an instance does",
		`{"service": "a"}`:               "an instance needs a service and an id",
		`{"service": "a", "id": "b"} {}`: "something follows at byte 27",
		`{"service": "a", "id": 1}`:      `"id" cannot be a number`,
		`{"service": "a", "addr": "b"}`:  `unknown field "addr"`,
		`{"service": "a", "id": "b", "port": 99999}`:                 "port 99999 is not between 0 and 65535",
		`{"service": "a", "id": "b", "weight": -1}`:                  "weight -1 is below 0",
		`{"service": "a", "id": "b", "ttlSeconds": -1}`:              "ttlSeconds -1 is below 0",
		`[{"service": "a", "id": "b"}, {"service": "a", "id": "b"}]`: "instance 2: a/b is there twice",
		`[{"service": "a", "id": "b"}, "x"]`:                         `instance 2: "" cannot be a string`,
		`not json`:                                                   "invalid character 'o' in literal null (expecting 'u')",
	} {
		if _, err := registry.ParseRegistrations([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("%s: %v; want %s", text, err, want)
		}
	}
}

func TestNamesOfInstancesAreOneToOne(t *testing.T) {
	t.Parallel()
	for _, in := range [][2]string{{"order", "o1"}, {"a/b", "c/d"}, {"a", "b/c/d"}, {"a%2Fb", "c"}, {"größe", "日本"}} {
		service, id := registry.OfChange(registry.ChangeKey(in[0], in[1]).Name)
		if service != in[0] || id != in[1] {
			t.Errorf("%v became %q, %q", in, service, id)
		}
	}
}

// plain keeps instances as JSON.
type plain struct{ registry.Planner }

func (plain) Registration(_ change.Key, content []byte) (r registry.Registration, err error) {
	err = json.Unmarshal(content, &r)
	return r, err
}

func TestTheJournalTellsFieldsWithoutTheirSecrets(t *testing.T) {
	t.Parallel()
	const before, secret = `{"weight": 1, "metadata": {"password": "hunter2-old"}}`, "hunter2-new"
	many := map[string]string{}
	for i := range 25 {
		many[strings.Repeat("k", i+1)] = "v"
	}
	manyText, err := json.Marshal(map[string]any{"weight": 1, "metadata": many})
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		before, after string
		want          []string
	}{
		"registered": {"", before, []string{"registered"}},
		"removed":    {before, "", []string{"removed"}},
		"changed":    {before, `{"weight": 2, "metadata": {"password": "` + secret + `"}}`, []string{"weight 1 → 2", "metadata.password •• → ••"}},
		"unreadable": {"{", before, []string{"replaced"}},
		"the same":   {before, before, []string{"no field changed"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := change.Change{Before: []byte(tt.before), After: []byte(tt.after)}
			if tt.before == "" {
				c.Before = nil
			}
			if tt.after == "" {
				c.After = nil
			}
			if diff := cmp.Diff(tt.want, registry.Says(plain{}, &c)); diff != "" {
				t.Error(diff)
			}
		})
	}
	if says := registry.Says(plain{}, &change.Change{Before: []byte(`{"weight": 1}`), After: manyText}); len(says) != 21 || says[20] != "and 5 more" {
		t.Errorf("of 25 fields it says %q", says)
	}
}
