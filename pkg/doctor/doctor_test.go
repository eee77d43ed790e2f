package doctor

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestFindingsStandWorstFirst(t *testing.T) {
	t.Parallel()
	var r Report
	for _, c := range []Code{Stale, Unreachable, Denied, ClockSkew, Refused} {
		r.Find(c, string(c), "")
	}
	var got []Code
	for _, f := range r.Findings {
		if f.Level != f.Code.Level() {
			t.Errorf("%s has level %s; want %s", f.Code, f.Level, f.Code.Level())
		}
		got = append(got, f.Code)
	}
	if diff := cmp.Diff([]Code{Denied, Refused, Unreachable, Stale, ClockSkew}, got); diff != "" {
		t.Error(diff)
	}
	if !r.Has(Stale) || r.Has(Empty) {
		t.Error("Has does not tell what was found")
	}
}

// TestManyFindingsAreNoWork is done in no time where each finding costs a step, and
// in minutes where each costs a look at all others: a server says how many it has.
func TestManyFindingsAreNoWork(t *testing.T) {
	t.Parallel()
	r := Report{Findings: []Finding{{Code: Stale, Level: Warn}}}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 100_000 {
			r.Find(ServerLost, "", "")
		}
	}()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatal("100,000 findings took more than 20 s")
	}
}

func TestEveryCodeHasALevel(t *testing.T) {
	t.Parallel()
	for _, c := range Codes() {
		if c.Level().rank() < 0 {
			t.Errorf("%s has level %q", c, c.Level())
		}
	}
}

func TestASkewIsJudgedBothWays(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 900_000_000, time.UTC)
	seconds := func(s float64) *float64 { return &s }
	for date, want := range map[string]struct {
		ahead *float64
		text  string
	}{
		"Sun, 01 Mar 2026 12:00:00 GMT": {seconds(0), ""},
		"Sun, 01 Mar 2026 12:00:01 GMT": {seconds(0), ""},
		"Sun, 01 Mar 2026 12:00:05 GMT": {seconds(5), ""},
		"Sun, 01 Mar 2026 12:00:06 GMT": {seconds(6), "the server's clock is 6s ahead of this machine's"},
		"Sun, 01 Mar 2026 11:00:00 GMT": {seconds(-3600), "the server's clock is 1h0m0s behind this machine's"},
		"":                              {nil, ""},
		"yesterday":                     {nil, ""},
	} {
		t.Run(date, func(t *testing.T) {
			t.Parallel()
			var r Report
			r.SetSkew(Skew(date, now))
			if diff := cmp.Diff(want.ahead, r.ClockSkewSeconds); diff != "" {
				t.Error(diff)
			}
			text := ""
			if len(r.Findings) > 0 {
				text = r.Findings[0].Text
			}
			if text != want.text {
				t.Errorf("%q; want %q", text, want.text)
			}
		})
	}
}

func TestATallyTellsTheWorst(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		codes []Code
		want  Level
	}{
		"well":         {nil, ""},
		"warnings":     {[]Code{Stale, Empty}, Warn},
		"inconclusive": {[]Code{Stale, NoLeader}, Inconclusive},
		"a failure":    {[]Code{NoLeader, Denied, Stale}, Fail},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var tally Tally
			for _, code := range c.codes {
				r := Report{LatencySeconds: 0.001}
				r.Find(code, "", "")
				tally.Add(&r)
			}
			if tally.Worst() != c.want || tally.Reports != len(c.codes) || tally.Reached != len(c.codes) {
				t.Errorf("%+v, worst %q; want %q", tally, tally.Worst(), c.want)
			}
		})
	}
}
