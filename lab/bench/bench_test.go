package main

import (
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"govctl/lab/server"
)

func TestTheTableReplacesTheOldOneAlone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ old, want string }{
		"between":    {"a\n" + beginMarker + "old\n" + endMarker + "z\n", "a\n" + beginMarker + "new\n" + endMarker + "z\n"},
		"no markers": {"a\n", "a\n\n" + beginMarker + "new\n" + endMarker},
		"no end":     {"a\n" + beginMarker, "a\n" + beginMarker + "\n" + beginMarker + "new\n" + endMarker},
	} {
		if got := replaceBetweenMarkers(c.old, "new\n"); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestTheMedianIsTheMiddle(t *testing.T) {
	t.Parallel()
	if got := median([]int{5, 1, 9, 3, 4}); got != 4 {
		t.Errorf("median = %d, want 4", got)
	}
}

func TestEachProgramRunsInEachRound(t *testing.T) {
	t.Parallel()
	m, err := compare(t.Context(), 3, program{args: []string{"true"}}, program{args: []string{"sleep", "0.05"}})
	if err != nil || m[0] >= m[1] || m[1] < 50*time.Millisecond {
		t.Errorf("compare = %v, %v; want the second to take 50 ms", m, err)
	}
	if _, err := compare(t.Context(), 1, program{args: []string{"false"}}); err == nil {
		t.Error("a program that fails is no error")
	}
}

func TestARowWithoutAGoalHasNoVerdict(t *testing.T) {
	t.Parallel()
	got := map[string]string{}
	for _, r := range []row{{what: "none"}, {what: "met", goal: "≤ 1×", met: true}, {what: "missed", goal: "≤ 1×"}} {
		got[r.what] = r.orNone() + ": " + r.verdict()
	}
	want := map[string]string{"none": "none: ", "met": "≤ 1×: yes", "missed": "≤ 1×: **no**"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestAProgramMustEndAsItIsToldTo(t *testing.T) {
	t.Parallel()
	for status, ok := range map[int]bool{0: false, 1: false, 7: true} {
		p := program{args: []string{"sh", "-c", "exit 7"}, status: status}
		if _, err := p.run(t.Context()); (err == nil) != ok {
			t.Errorf("status 7, want %d: %v", status, err)
		}
	}
	if _, err := (program{args: []string{"true"}, status: 7}).run(t.Context()); err == nil {
		t.Error("status 0 passes for 7")
	}
}

func TestBothSidesOfAProbeCountAlike(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has all of 127.0.0.0/8")
	}
	b := &bench{fleet: 40, rounds: 1, dir: t.TempDir(), log: t.Output()}
	if err := b.build(t.Context()); err != nil {
		t.Fatal(err)
	}
	f, err := b.startFleet(t.Context(), "http", muteEvery)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.stop() })
	ours, loop := f.probe("http:/healthz", "--probe-timeout", "1s"), f.loop("http", "-timeout", "1s")
	if m, err := b.contest(t.Context(), []side{ours, loop}); err != nil || m[0] < hang || m[1] < hang {
		t.Errorf("contest = %v, %v; want both to wait for the 4 that never answer", m, err)
	}
	for what := range ours.counts {
		ours.counts[what]--
	}
	if _, err := b.contest(t.Context(), []side{ours, loop}); err == nil {
		t.Error("a side that counts differently passes")
	}
}

func TestFillGivesConsulWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	binary, err := server.Build(t.Context(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	c, err := server.StartConsul(t.Context(), server.Options{Binary: binary, Dir: t.TempDir(), Node: "fill"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Stop() })
	for _, to := range []int{70, 200} {
		if err := fill(t.Context(), c.API, map[int]int{70: 0, 200: 70}[to], to); err != nil {
			t.Fatal(err)
		}
		var checks []struct{ ServiceID string }
		if err := c.API.Read(t.Context(), "/v1/health/state/any", &checks); err != nil {
			t.Fatal(err)
		}
		if want := to + nodes + 1; len(checks) != want {
			t.Errorf("%d checks, want %d: one an instance, one a node, and serfHealth", len(checks), want)
		}
	}
}
