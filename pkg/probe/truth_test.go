package probe

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/registry"
)

func TestTheTruthTable(t *testing.T) {
	t.Parallel()
	for h, row := range map[registry.Health][3]Truth{ // ok, failed, unprobeable
		registry.Passing:     {Agree, Zombie, TruthUnprobeable},
		registry.Warning:     {Agree, Zombie, TruthUnprobeable},
		registry.Unknown:     {Agree, Zombie, TruthUnprobeable},
		registry.Critical:    {Ghost, Down, TruthUnprobeable},
		registry.Maintenance: {Drained, Drained, Drained},
		registry.Starting:    {Pending, Pending, Pending},
	} {
		for i, o := range []Outcome{OK, Failed, Unprobeable} {
			if got := TruthOf(h, o); got != row[i] {
				t.Errorf("TruthOf(%s, %s) = %s, want %s", h, o, got, row[i])
			}
		}
	}
	findings := map[Truth]bool{Zombie: true, Ghost: true, Down: true}
	for _, truth := range Truths() {
		if truth.Finding() != findings[truth] {
			t.Errorf("%s.Finding() = %t", truth, truth.Finding())
		}
	}
}

func TestATallyCountsInAFixedOrder(t *testing.T) {
	t.Parallel()
	tally := Tally{Zombie: 2, Agree: 8, Down: 1, Drained: 1, TruthUnprobeable: 3}
	if got, want := tally.Text(), "8 agree, 1 drained, 2 zombie, 1 down, 3 unprobeable"; got != want {
		t.Errorf("Text() = %q, want %q", got, want)
	}
	if tally.Total() != 15 || tally.Findings() != 3 {
		t.Errorf("Total() = %d, Findings() = %d", tally.Total(), tally.Findings())
	}
}

func TestSlowIsOnlyWhatIsWell(t *testing.T) {
	t.Parallel()
	in := registry.Instance{Service: "s", ID: "i", Address: "a", Port: 1, Version: "v", Health: registry.Passing}
	spec := Spec{Kind: TCP, Why: "w"}
	for _, c := range []struct {
		outcome Outcome
		latency float64
		slow    bool
	}{{OK, 0.6, true}, {OK, 0.5, false}, {Failed, 0.6, false}} {
		r := Result{Outcome: c.outcome, LatencySeconds: c.latency}
		want := Observation{
			Service: "s", ID: "i", Address: "a", Port: 1, Version: "v", Health: registry.Passing,
			Probe: spec, Result: r, Truth: TruthOf(registry.Passing, c.outcome), Slow: c.slow,
		}
		if diff := cmp.Diff(want, Observe(&in, spec, r, 0.5)); diff != "" {
			t.Errorf("Observe (-want +got):\n%s", diff)
		}
	}
}

func TestASeriesHasAState(t *testing.T) {
	t.Parallel()
	for series, want := range map[string]struct {
		state   State
		settled Outcome
		inARow  int
	}{
		"":                        {StateUnprobeable, Unprobeable, 0},
		"·":                       {Up, OK, 0},
		"x":                       {Shaky, OK, 1},
		"·xx":                     {Shaky, OK, 2},
		"·xxx":                    {StateDown, Failed, 3},
		"·xxx·":                   {Up, OK, 0},
		"xx?x":                    {StateDown, Failed, 3},
		"·?":                      {StateUnprobeable, Unprobeable, 0},
		"·x·x":                    {Flapping, Failed, 1},
		"·xx·xx·xx":               {Flapping, Failed, 2},
		"·x?·?x?":                 {StateUnprobeable, Unprobeable, 1},
		"·x·x··········":          {Up, OK, 0}, // long ago
		"xxxxxxxxxxxxxxxxxxxxxxx": {StateDown, Failed, 23},
	} {
		var track Track
		for _, r := range series {
			track.Add(map[rune]Outcome{'·': OK, 'x': Failed, '?': Unprobeable}[r])
		}
		if got := track.State(3); got != want.state || track.Settled(3) != want.settled || track.FailedInARow() != want.inARow {
			t.Errorf("%q: %s, %s, %d in a row; want %+v", series, got, track.Settled(3), track.FailedInARow(), want)
		}
		runes := []rune(series)
		if got := track.Strip(); got != string(runes[max(0, len(runes)-memory):]) {
			t.Errorf("%q: strip %q", series, got)
		}
	}
}

// What a weaker question is answered does not make a ghost of what the registry's
// own check finds critical.
func TestAWeakerQuestionMakesNoGhost(t *testing.T) {
	t.Parallel()
	in := registry.Instance{Health: registry.Critical}
	for outcome, want := range map[Outcome]Truth{OK: TruthUnprobeable, Failed: Down} {
		if got := Observe(&in, Spec{Weaker: true}, Result{Outcome: outcome}, 1).Truth; got != want {
			t.Errorf("%s: %s, want %s", outcome, got, want)
		}
	}
	in.Health = registry.Passing
	if got := Observe(&in, Spec{Weaker: true}, Result{Outcome: OK}, 1).Truth; got != Agree {
		t.Errorf("passing: %s", got)
	}
}
