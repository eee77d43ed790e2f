package registry

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Summary is one service, counted.
type Summary struct {
	Service   string `json:"service"`
	Instances int    `json:"instances"`
	// The instances by health; they add up to Instances.
	Passing     int `json:"passing"`
	Warning     int `json:"warning"`
	Critical    int `json:"critical"`
	Maintenance int `json:"maintenance"`
	Starting    int `json:"starting"`
	Unknown     int `json:"unknown"`
	// Versions and Protocols are the most frequent first, then by name. Never
	// nil; instances without one are not counted here.
	Versions  []Count `json:"versions"`
	Protocols []Count `json:"protocols"`
}

// Count is how many instances have a value.
type Count struct {
	Value string `json:"value"`
	Count int    `json:"count"`
}

// Add counts n more instances of health h. A health that is none of Healths
// counts as unknown.
func (s *Summary) Add(h Health, n int) {
	s.Instances += n
	*s.count(h) += n
}

// Of returns how many instances have health h.
func (s *Summary) Of(h Health) int { return *s.count(h) }

// HealthText returns the counts by health that are not 0, as "2 passing 1
// drained", in the order of Healths.
func (s *Summary) HealthText() string {
	var parts []string
	for _, h := range Healths() {
		if n := s.Of(h); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, h.Word()))
		}
	}
	return strings.Join(parts, " ")
}

func (s *Summary) count(h Health) *int {
	switch h {
	case Passing:
		return &s.Passing
	case Warning:
		return &s.Warning
	case Critical:
		return &s.Critical
	case Maintenance:
		return &s.Maintenance
	case Starting:
		return &s.Starting
	default:
		return &s.Unknown
	}
}

// Tally counts values. The zero Tally is ready to use.
type Tally map[string]int

// Add counts value once more; an empty value is not counted.
func (t *Tally) Add(value string) {
	if value == "" {
		return
	}
	if *t == nil {
		*t = Tally{}
	}
	(*t)[value]++
}

// Counts returns the counts, the most frequent first, then by value; never nil.
func (t Tally) Counts() []Count {
	counts := make([]Count, 0, len(t))
	for v, n := range t {
		counts = append(counts, Count{Value: v, Count: n})
	}
	slices.SortFunc(counts, func(a, b Count) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value))
	})
	return counts
}

// Summarize returns a Summary for each service of instances, sorted by name.
func Summarize(instances []Instance) []Summary {
	var c Counter
	for i := range instances {
		c.Add(&instances[i])
	}
	return c.Summaries()
}

// Counter counts instances one by one, so that a list need not be held to be
// summarized. The zero Counter is ready to use.
type Counter struct {
	rows map[string]*counted
}

type counted struct {
	Summary
	versions, protocols Tally
}

// Add counts in.
func (c *Counter) Add(in *Instance) {
	if c.rows == nil {
		c.rows = map[string]*counted{}
	}
	r := c.rows[in.Service]
	if r == nil {
		r = &counted{Summary: Summary{Service: in.Service}}
		c.rows[in.Service] = r
	}
	r.Add(in.Health, 1)
	r.versions.Add(in.Version)
	r.protocols.Add(in.Protocol)
}

// Summaries returns what was counted, sorted by service; never nil.
func (c *Counter) Summaries() []Summary {
	out := make([]Summary, 0, len(c.rows))
	for _, r := range c.rows {
		r.Versions, r.Protocols = r.versions.Counts(), r.protocols.Counts()
		out = append(out, r.Summary)
	}
	slices.SortFunc(out, func(a, b Summary) int { return cmp.Compare(a.Service, b.Service) })
	return out
}
