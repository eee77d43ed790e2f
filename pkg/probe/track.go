package probe

import (
	"slices"
	"strings"
)

// State is what a series of probes says of one instance.
type State string

// The states.
const (
	Up State = "up"
	// Shaky has failed, but not yet often enough in a row to be called down.
	Shaky State = "shaky"
	// StateDown has failed as often in a row as the threshold says.
	StateDown State = "down"
	// Flapping changes between well and failed again and again.
	Flapping State = "flapping"
	// StateUnprobeable could not be asked the last time.
	StateUnprobeable State = "unprobeable"
)

// States returns every State, in the order in which they are counted and shown.
func States() []State { return []State{Up, Shaky, StateDown, Flapping, StateUnprobeable} }

const (
	// memory is how many results are remembered, and shown as a strip.
	memory = 20
	// A series is flapping when it changed at least flaps times between ok and
	// failed within the last flapWindow results: an instance that is restarted
	// changes twice.
	flaps      = 3
	flapWindow = 10
)

// Track is the last results of one instance. The zero Track has none.
type Track struct {
	results []Outcome // the last one last, at most memory
	failed  int       // in a row
}

// Add takes in one more result.
func (t *Track) Add(o Outcome) {
	t.results = append(t.results, o)
	if len(t.results) > memory {
		t.results = slices.Delete(t.results, 0, len(t.results)-memory)
	}
	switch o {
	case OK:
		t.failed = 0
	case Failed:
		t.failed++
	case Unprobeable: // says nothing
	}
}

// FailedInARow is how often it failed since it was well last.
func (t *Track) FailedInARow() int { return t.failed }

// Changes is how often the last results changed between ok and failed.
func (t *Track) Changes() int {
	n, last := 0, Outcome("")
	for _, o := range t.results[max(0, len(t.results)-flapWindow):] {
		if o == Unprobeable {
			continue
		}
		if last != "" && o != last {
			n++
		}
		last = o
	}
	return n
}

// State says what the results come to; threshold is how many failures in a row
// are down, at least 1.
func (t *Track) State(threshold int) State {
	switch {
	case len(t.results) == 0 || t.results[len(t.results)-1] == Unprobeable:
		return StateUnprobeable
	case t.Changes() >= flaps:
		return Flapping
	case t.failed >= threshold:
		return StateDown
	case t.failed > 0:
		return Shaky
	default:
		return Up
	}
}

// Strip draws the last results, the latest last: "·" for ok, "x" for failed, "?"
// for one that could not be asked.
func (t *Track) Strip() string {
	var b strings.Builder
	for _, o := range t.results {
		switch o {
		case OK:
			b.WriteRune('·')
		case Failed:
			b.WriteByte('x')
		case Unprobeable:
			b.WriteByte('?')
		}
	}
	return b.String()
}

// Settled returns the Outcome that a verdict goes by: that of the last result, but
// a failure that is not yet down, nor flapping, is still OK.
func (t *Track) Settled(threshold int) Outcome {
	switch t.State(threshold) {
	case Up, Shaky:
		return OK
	case StateUnprobeable:
		return Unprobeable
	case StateDown, Flapping:
		return Failed
	default:
		return Failed
	}
}
