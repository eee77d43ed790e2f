package registry

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Change is one field of an instance that is not what it was.
type Change struct {
	// Field is its JSON name, with that of what is inside behind a dot:
	// "weight", "metadata.zone", "checks.ttl".
	Field string `json:"field"`
	// Before and After are its values as texts; empty where it was not set.
	Before string `json:"before"`
	After  string `json:"after"`
}

// Differences returns the fields in which two registrations of an instance
// differ, in the order of Instance's fields. Of a check its status counts, and
// not what it said or when; Revision and Since do not count: a registration that
// was repeated has others and says the same.
func Differences(a, b *Instance) []Change {
	var c changes
	c.add("address", a.Address, b.Address)
	c.add("port", strconv.Itoa(a.Port), strconv.Itoa(b.Port))
	c.add("health", string(a.Health), string(b.Health))
	c.add("version", a.Version, b.Version)
	c.add("protocol", a.Protocol, b.Protocol)
	c.add("zone", a.Zone, b.Zone)
	c.add("weight", formatWeight(a.Weight), formatWeight(b.Weight))
	c.add("node", a.Node, b.Node)
	if !slices.Equal(a.Tags, b.Tags) {
		c = append(c, Change{"tags", strings.Join(a.Tags, ","), strings.Join(b.Tags, ",")})
	}
	c.addPairs("metadata.", a.Metadata, b.Metadata)
	if !reflect.DeepEqual(a.Endpoints, b.Endpoints) {
		c.addPairs("endpoints.", endpointTexts(a), endpointTexts(b))
	}
	c.addPairs("checks.", checkStatuses(a), checkStatuses(b))
	return c
}

func formatWeight(w float64) string { return strconv.FormatFloat(w, 'g', -1, 64) }

type changes []Change

func (c *changes) add(field, before, after string) {
	if before != after {
		*c = append(*c, Change{field, before, after})
	}
}

// addPairs adds the differences of two maps, sorted by key. To have an empty
// value and to have none is a difference, too.
func (c *changes) addPairs(prefix string, a, b map[string]string) {
	if maps.Equal(a, b) {
		return
	}
	keys := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(keys)
	for _, k := range slices.Compact(keys) {
		before, had := a[k]
		after, has := b[k]
		if before != after || had != has {
			*c = append(*c, Change{prefix + k, before, after})
		}
	}
}

// checkStatuses returns the status of each check by its id.
func checkStatuses(in *Instance) map[string]string {
	all := make(map[string]string, len(in.Checks))
	for i := range in.Checks {
		all[in.Checks[i].ID] = string(in.Checks[i].Status)
	}
	return all
}

// endpointTexts returns each endpoint as JSON by its name.
func endpointTexts(in *Instance) map[string]string {
	all := make(map[string]string, len(in.Endpoints))
	for i := range in.Endpoints {
		text, err := json.Marshal(&in.Endpoints[i])
		if err != nil {
			continue // strings and lists of them always have a form
		}
		all[in.Endpoints[i].Name] = string(text)
	}
	return all
}
