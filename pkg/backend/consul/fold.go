package consul

import (
	"bytes"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"govctl/pkg/registry"
	"govctl/pkg/registry/gomicro"
)

// stateCheck is an element of /v1/health/state/any. The tags are those of the
// service, repeated with each of its checks.
type stateCheck struct {
	Node        string
	CheckID     string
	Status      string
	ServiceID   string
	ServiceName string
	ServiceTags rawTags
}

// rawTags is a list of tags as it stands in the answer: most are equal to one
// that was decoded already.
type rawTags []byte

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (t *rawTags) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if kind := dec.PeekKind(); kind != '[' && kind != 'n' {
		return json.UnmarshalDecode(dec, new([]string)) // fails, and says how
	}
	value, err := dec.ReadValue()
	*t = bytes.Clone(value)
	return err
}

// fold counts instances by service while their checks are read, in any order.
type fold struct {
	labels    labels
	services  map[string]int // index in seen
	seen      []tally
	instances map[place]int // index in found
	found     []instance
	nodes     map[string]registry.Health // by the checks of the node itself
}

// place is what makes an instance one: its id is unique on its node only.
type place struct{ node, id string }

type instance struct {
	service int // index in seen
	health  registry.Health
	node    string
}

// tally is a service so far.
type tally struct {
	name                string
	versions, protocols registry.Tally
}

func newFold(d *gomicro.Decoder) *fold {
	return &fold{
		labels:    labels{decoder: d, memo: map[string]label{}},
		services:  map[string]int{},
		instances: map[place]int{},
		nodes:     map[string]registry.Health{},
	}
}

// add folds in one more check.
func (f *fold) add(s *stateCheck) {
	health := (&check{CheckID: s.CheckID, Status: s.Status}).health()
	if s.ServiceID == "" {
		f.nodes[s.Node] = worse(f.nodes[s.Node], health)
		return
	}
	at := place{s.Node, s.ServiceID}
	if i, ok := f.instances[at]; ok {
		f.found[i].health = worse(f.found[i].health, health)
		return
	}
	service, ok := f.services[s.ServiceName]
	if !ok {
		service = len(f.seen)
		f.services[s.ServiceName] = service
		f.seen = append(f.seen, tally{name: s.ServiceName})
	}
	f.instances[at] = len(f.found)
	f.found = append(f.found, instance{service, health, s.Node})
	l := f.labels.of(s.ServiceTags)
	f.seen[service].versions.Add(l.version)
	f.seen[service].protocols.Add(l.protocol)
}

// rows returns the services all of whose instances were seen, and the names of
// those of which there are more, by counts. Counts may be a moment older or younger
// than the checks: more checked instances than counted ones are believed.
func (f *fold) rows(counts map[string]int) (rows []registry.Summary, unchecked []string) {
	all := make([]registry.Summary, len(f.seen))
	for i := range f.found {
		in := &f.found[i]
		all[in.service].Add(worse(in.health, f.nodes[in.node]), 1)
	}
	for i := range all {
		s := &f.seen[i]
		if counts[s.name] > all[i].Instances {
			continue
		}
		all[i].Service, all[i].Versions, all[i].Protocols = s.name, s.versions.Counts(), s.protocols.Counts()
		rows = append(rows, all[i])
	}
	for name, n := range counts {
		if i, ok := f.services[name]; !ok || n > all[i].Instances {
			unchecked = append(unchecked, name)
		}
	}
	slices.Sort(unchecked)
	return rows, unchecked
}

// labels decodes go-micro's version and protocol from lists of tags, and remembers
// them by the text of the list: the instances of one version of a service have the
// same.
type labels struct {
	decoder *gomicro.Decoder
	memo    map[string]label
	size    int // bytes of memo's keys
}

type label struct{ version, protocol string }

// maxLabels bounds what labels remember, in bytes.
const maxLabels = 4 << 20

func (l *labels) of(list rawTags) label {
	if found, ok := l.memo[string(list)]; ok {
		return found
	}
	var tags []string
	if err := json.Unmarshal(list, &tags, jsontext.AllowInvalidUTF8(true)); err != nil {
		return label{} // not a list of strings: no tags of go-micro's
	}
	var found label
	found.version, found.protocol = l.decoder.Labels(tags)
	if l.size+len(list) <= maxLabels {
		l.size += len(list)
		l.memo[string(list)] = found
	}
	return found
}
