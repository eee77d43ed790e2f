package main

import (
	"os"
	"testing"
	"time"

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
