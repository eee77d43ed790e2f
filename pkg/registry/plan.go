package registry

import (
	"fmt"
	"net/url"
	"strings"

	"govctl/internal/mask"
	"govctl/pkg/change"
)

// Registration is an instance as it is registered.
type Registration struct {
	Instance

	// TTLSeconds is how long a heartbeat counts: the instance is critical until its
	// first one. 0 is none, or in place of another registration that one's.
	TTLSeconds float64 `json:"ttlSeconds,omitempty"`
}

// Planner is what writes the instances of a registry, by plans: they are the keys
// of the space change.Instances. Content is in a form of the system's own, which
// keeps all that it tells of an instance.
type Planner interface {
	change.Keeper
	// Content returns what registers r in place of before, nil for nothing. What
	// only the system knows of before is kept. The error is ErrUnsupported for what
	// the system does not take.
	Content(r *Registration, before []byte) ([]byte, error)
	// Registration returns what content says of the instance at a key.
	Registration(key change.Key, content []byte) (Registration, error)
	// Losses tells what no rollback brings back once the instance of content is
	// removed, "" where that is nothing.
	Losses(content []byte) string
}

// ChangeKey returns what a change calls the instance id of a service.
func ChangeKey(service, id string) change.Key {
	return change.Key{Space: change.Instances, Name: url.PathEscape(service) + "/" + id}
}

// OfChange returns the instance of a change by its name.
func OfChange(name string) (service, id string) {
	escaped, id, _ := strings.Cut(name, "/")
	service, err := url.PathUnescape(escaped)
	if err != nil {
		service = escaped // nobody of us wrote it
	}
	return service, id
}

// PlanRegistration returns the write that registers r over before. Where that says
// the same already, ok is false.
func PlanRegistration(p Planner, r *Registration, before change.Entry) (c change.Change, ok bool, err error) {
	c = changeOf(before)
	if c.After, err = p.Content(r, c.Before); err != nil {
		return c, false, err
	}
	fields, known := FieldsOf(p, &c)
	if c.Before != nil && known && len(fields) == 0 {
		return c, false, nil
	}
	c.Says = Says(p, &c)
	return c, true, nil
}

// PlanRemoval returns the write that removes the instance at before.
func PlanRemoval(p Planner, before change.Entry) change.Change {
	c := changeOf(before)
	c.Says = Says(p, &c)
	return c
}

func changeOf(before change.Entry) change.Change {
	c := change.Change{Space: before.Key.Space, Name: before.Key.Name, Expect: before.Revision}
	if before.Revision != change.Absent {
		c.Before = append([]byte{}, before.Content...)
	}
	return c
}

// FieldsOf returns the fields of an instance that c makes others: none where one
// side is nothing. Where a side cannot be read known is false.
func FieldsOf(p Planner, c *change.Change) (fields []Change, known bool) {
	if c.Before == nil || c.After == nil {
		return nil, true
	}
	a, errA := p.Registration(c.Key(), c.Before)
	b, errB := p.Registration(c.Key(), c.After)
	if errA != nil || errB != nil {
		return nil, false
	}
	fields = Differences(&a.Instance, &b.Instance)
	if a.TTLSeconds != b.TTLSeconds {
		fields = append(fields, Change{"ttlSeconds", formatWeight(a.TTLSeconds), formatWeight(b.TTLSeconds)})
	}
	return fields, true
}

// maxSays bounds how many fields the journal tells of one change, and maxValue the
// characters of a value.
const (
	maxSays  = 20
	maxValue = 60
)

// Says tells what a change does, for a journal that others read: secrets are masked
// without a hash.
func Says(p Planner, c *change.Change) []string {
	fields, known := FieldsOf(p, c)
	switch {
	case c.Before == nil:
		return []string{"registered"}
	case c.After == nil:
		return []string{"removed"}
	case !known:
		return []string{"replaced"}
	case len(fields) == 0:
		return []string{"no field changed"}
	}
	var lines []string
	for i, f := range fields {
		if i == maxSays {
			return append(lines, fmt.Sprintf("and %d more", len(fields)-maxSays))
		}
		lines = append(lines, f.Masked(mask.Blank()).Say())
	}
	return lines
}

// Masked returns c with its secrets masked.
func (c Change) Masked(m *mask.Masker) Change {
	name := strings.TrimPrefix(c.Field, "metadata.")
	c.Before, _ = m.Value(name, c.Before)
	c.After, _ = m.Value(name, c.After)
	return c
}

// Say tells a change in a line: "weight 100 → 20".
func (c Change) Say() string { return c.Field + " " + brief(c.Before) + " → " + brief(c.After) }

// brief is a value in a few characters of one line, "-" for none.
func brief(value string) string {
	value = strings.Join(strings.Fields(value), " ")
	if short := []rune(value); len(short) > maxValue {
		return string(short[:maxValue-1]) + "…"
	}
	if value == "" {
		return "-"
	}
	return value
}
