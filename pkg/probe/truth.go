package probe

import (
	"fmt"
	"slices"
	"strings"

	"govctl/pkg/registry"
)

// Truth is what comes out of what the registry says and what the instance
// answers.
type Truth string

// The truths. Zombie, Ghost and Down are findings.
const (
	// Agree means that the registry is right: the instance lives.
	Agree Truth = "agree"
	// Zombie is passing in the registry and does not answer.
	Zombie Truth = "zombie"
	// Ghost answers and is critical in the registry.
	Ghost Truth = "ghost"
	// Down is critical and does not answer: the registry is right, and the
	// instance is gone.
	Down Truth = "down"
	// Drained is out of traffic on purpose, whatever it answers.
	Drained Truth = "drained"
	// Pending is not ready yet, by its own word.
	Pending Truth = "pending"
	// TruthUnprobeable could not be asked.
	TruthUnprobeable Truth = "unprobeable"
)

// Truths returns every Truth, in the order in which they are counted and shown.
func Truths() []Truth { return []Truth{Agree, Drained, Pending, Ghost, Zombie, Down, TruthUnprobeable} }

// TruthOf compares what the registry says with what came of a probe.
func TruthOf(h registry.Health, o Outcome) Truth {
	switch {
	case h == registry.Maintenance:
		return Drained
	case h == registry.Starting:
		return Pending
	case o == Unprobeable:
		return TruthUnprobeable
	case h == registry.Critical && o == OK:
		return Ghost
	case h == registry.Critical:
		return Down
	case o == OK:
		return Agree
	default:
		return Zombie
	}
}

// Finding says whether t is something wrong.
func (t Truth) Finding() bool { return t == Zombie || t == Ghost || t == Down }

// Words returns t as a table shows it: where the registry and the instance agree
// on other than life, "agree, down" and "agree, drained".
func (t Truth) Words() string {
	if t == Down || t == Drained {
		return string(Agree) + ", " + string(t)
	}
	return string(t)
}

// Observation is an instance beside what it answered. The JSON names are an
// interface.
type Observation struct {
	Service string          `json:"service"`
	ID      string          `json:"id"`
	Address string          `json:"address"`
	Port    int             `json:"port"`
	Version string          `json:"version,omitempty"`
	Health  registry.Health `json:"health"`
	Probe   Spec            `json:"probe"`
	Result  Result          `json:"result"`
	Truth   Truth           `json:"truth"`
	// Slow is true where it answered well, and took longer than it should.
	Slow bool `json:"slow,omitempty"`
}

// Observe puts together what is known of in and what came of the probe spec.
// Slower is how many seconds are slow.
func Observe(in *registry.Instance, spec Spec, r Result, slower float64) Observation {
	truth := TruthOf(in.Health, r.Outcome)
	if truth == Ghost && spec.Weaker {
		truth = TruthUnprobeable // the registry may well know more
	}
	return Observation{
		Service: in.Service, ID: in.ID, Address: in.Address, Port: in.Port, Version: in.Version, Health: in.Health,
		Probe: spec, Result: r, Truth: truth,
		Slow: r.Outcome == OK && r.LatencySeconds > slower,
	}
}

// Tally counts observations by truth.
type Tally map[Truth]int

// Total returns how many were counted.
func (t Tally) Total() int {
	n := 0
	for _, of := range t {
		n += of
	}
	return n
}

// Findings returns how many of those counted are findings.
func (t Tally) Findings() int {
	n := 0
	for truth, of := range t {
		if truth.Finding() {
			n += of
		}
	}
	return n
}

// Text returns the counts that are not 0, as "8 agree, 1 ghost, 2 zombie".
func (t Tally) Text() string {
	parts := make([]string, 0, len(t))
	for _, truth := range Truths() {
		if n := t[truth]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, truth))
		}
	}
	return strings.Join(slices.Clip(parts), ", ")
}
