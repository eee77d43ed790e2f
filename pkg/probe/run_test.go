package probe

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// world is a set of targets that take their time, in a bubble of synctest.
type world struct {
	takes []time.Duration
	// trouble is how often this machine is to blame before the target is asked.
	trouble []int
	running atomic.Int32
	most    atomic.Int32
}

func (w *world) ask(ctx context.Context, i int) (Result, error) {
	w.most.Store(max(w.most.Load(), w.running.Add(1)))
	defer w.running.Add(-1)
	if w.trouble != nil && w.trouble[i] > 0 {
		w.trouble[i]--
		return Result{}, &LocalError{"too many open files on this machine"}
	}
	timer := time.NewTimer(w.takes[i])
	defer timer.Stop()
	select {
	case <-timer.C:
		return Result{Outcome: OK, Reason: "200"}, nil
	case <-ctx.Done():
		return Result{}, ctx.Err()
	}
}

// same is n targets that take d each.
func same(n int, d time.Duration) *world {
	w := &world{takes: make([]time.Duration, n)}
	for i := range w.takes {
		w.takes[i] = d
	}
	return w
}

// collect returns the outcome of each target, "" for none, and fails where one
// has two.
func (w *world) collect(ctx context.Context, t *testing.T, concurrency int) []Outcome {
	t.Helper()
	got := make([]Outcome, len(w.takes))
	for a := range run(ctx, len(w.takes), concurrency, w.ask) {
		if got[a.Index] != "" {
			t.Errorf("target %d was answered twice", a.Index)
		}
		got[a.Index] = a.Result.Outcome
	}
	if n := w.running.Load(); n != 0 {
		t.Errorf("%d probes are still running", n)
	}
	return got
}

func count(all []Outcome, o Outcome) int {
	n := 0
	for _, one := range all {
		if one == o {
			n++
		}
	}
	return n
}

func TestQuickTargetsTakeTheirTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := same(640, 10*time.Millisecond)
		began := time.Now()
		if got := count(w.collect(t.Context(), t, 0), OK); got != 640 {
			t.Errorf("%d are ok, want 640", got)
		}
		if took := time.Since(began); took != 100*time.Millisecond || w.most.Load() != slots {
			t.Errorf("took %s with %d at once; want ten turns of %d", took, w.most.Load(), slots)
		}
	})
}

// A tenth hangs: the others are not delayed, and the whole takes hardly longer
// than one that hangs.
func TestHangingTargetsDoNotHoldUpOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := same(2000, time.Millisecond)
		for i := 0; i < len(w.takes); i += 10 {
			w.takes[i] = time.Second
		}
		began := time.Now()
		var lastQuick time.Duration
		n := 0
		for a := range run(t.Context(), len(w.takes), 0, w.ask) {
			n++
			if a.Index%10 != 0 {
				lastQuick = time.Since(began)
			}
		}
		if took := time.Since(began); n != 2000 || lastQuick > 200*time.Millisecond || took > 1250*time.Millisecond {
			t.Errorf("%d answers, the last quick one after %s, all after %s", n, lastQuick, took)
		}
	})
}

func TestNeverMoreThanAskedForAtOnce(t *testing.T) {
	t.Parallel()
	for _, most := range []int{1, 10, 100} {
		synctest.Test(t, func(t *testing.T) {
			w := same(300, time.Second)
			if got := count(w.collect(t.Context(), t, most), OK); got != 300 {
				t.Errorf("%d are ok, want 300", got)
			}
			if got := int(w.most.Load()); got != most {
				t.Errorf("%d at once; want %d", got, most)
			}
		})
	}
}

func TestTheDeadlineLeavesNobodyWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		w := same(300, 20*time.Millisecond)
		w.takes[0] = time.Hour
		began := time.Now()
		got := w.collect(ctx, t, 100)
		if took := time.Since(began); took != 50*time.Millisecond {
			t.Errorf("took %s, want the deadline", took)
		}
		if ok, unasked := count(got, OK), count(got, Unprobeable); ok < 100 || ok+unasked != 300 || got[0] != Unprobeable {
			t.Errorf("%d ok and %d unprobeable, the first %s; want 300 in all", ok, unasked, got[0])
		}
	})
}

func TestAnInterruptEndsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(30*time.Millisecond, cancel)
		w := same(200, 20*time.Millisecond)
		for i := 20; i < len(w.takes); i++ {
			w.takes[i] = time.Hour
		}
		began := time.Now()
		got := w.collect(ctx, t, 100)
		if took := time.Since(began); took != 30*time.Millisecond {
			t.Errorf("took %s after the interrupt", took-30*time.Millisecond)
		}
		if count(got, OK) != 20 || count(got, "") != 180 {
			t.Errorf("%v; want the 20 that were there, and nothing of the others", got)
		}
	})
}

func TestWhoStopsListeningLeavesNothingRunning(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := same(200, 20*time.Millisecond)
		w.takes[7] = time.Hour
		for range run(t.Context(), len(w.takes), 0, w.ask) {
			break
		}
		if n := w.running.Load(); n != 0 {
			t.Errorf("%d probes are still running", n)
		}
	})
}

func TestTroubleOfOurOwnIsNeverTheTargets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := same(100, 5*time.Millisecond)
		w.trouble = make([]int, len(w.takes))
		for i := range w.trouble {
			w.trouble[i] = i % 3
		}
		w.trouble[5] = maxLocal + 1 // it does not pass
		got := w.collect(t.Context(), t, 0)
		if count(got, OK) != 99 || got[5] != Unprobeable {
			t.Errorf("%d are ok and one is %s; want 99, and one that could not be asked", count(got, OK), got[5])
		}
	})
}

func TestTroubleOfOurOwnSlowsDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := same(100, 5*time.Millisecond)
		w.trouble = make([]int, len(w.takes))
		for i := range 8 {
			w.trouble[i] = 1
		}
		began := time.Now()
		w.collect(t.Context(), t, 0)
		if took := time.Since(began); took < relief {
			t.Errorf("took %s: nothing slowed down", took)
		}
	})
}

// FuzzRun checks the promises of Run: each target has one answer, and where the
// deadline is far, the one it gives; never more at once than allowed; and nothing
// is left running.
func FuzzRun(f *testing.F) {
	f.Add([]byte{0, 0, 1, 10, 200, 255}, uint8(0), uint16(0))
	f.Add([]byte{255, 255, 255, 0, 0, 3, 3, 3}, uint8(2), uint16(40))
	f.Add([]byte("a tenth hangs and some fail"), uint8(5), uint16(900))
	f.Add([]byte{1, 2, 3, 1, 2, 3}, uint8(1), uint16(0))
	f.Fuzz(func(t *testing.T, shape []byte, concurrency uint8, deadline uint16) {
		if len(shape) > 500 {
			return
		}
		synctest.Test(t, func(t *testing.T) {
			w := same(len(shape), 0)
			w.trouble = make([]int, len(shape))
			for i, b := range shape {
				w.takes[i] = time.Duration(b) * time.Millisecond
				w.trouble[i] = int(b % 4)
			}
			ctx, cancel := context.WithCancel(t.Context())
			if deadline > 0 {
				ctx, cancel = context.WithTimeout(t.Context(), time.Duration(deadline)*time.Millisecond)
			}
			defer cancel()
			got := w.collect(ctx, t, int(concurrency))
			ok, unasked := count(got, OK), count(got, Unprobeable)
			if ok+unasked != len(shape) || deadline == 0 && unasked > 0 {
				t.Errorf("%d ok and %d unprobeable of %d", ok, unasked, len(shape))
			}
			if most := int(w.most.Load()); concurrency > 0 && most > int(concurrency) {
				t.Errorf("%d at once, allowed are %d", most, concurrency)
			}
		})
	})
}

// FuzzParse checks that what is taken can be shown and taken again.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"tcp", "http:/healthz", "https:/a?b=c", "grpc:a.B", "grpcs", "tls", "http:", "http: /", "http:/\r\nX: y", "udp"} {
		f.Add(seed, "200-299,401")
	}
	f.Fuzz(func(t *testing.T, kind, statuses string) {
		if s, err := ParseSpec(kind); err == nil {
			again, err := ParseSpec(s.String())
			if again.AnyAnswer = s.AnyAnswer; err != nil || again.String() != s.String() {
				t.Errorf("ParseSpec(%q) = %+v, and of %q %+v, %v", kind, s, s.String(), again, err)
			}
		}
		if s, err := ParseStatuses(statuses); err == nil {
			if again, err := ParseStatuses(s.String()); err != nil || again.String() != s.String() {
				t.Errorf("ParseStatuses(%q) = %v, and again %v, %v", statuses, s, again, err)
			}
		}
	})
}

func TestMoreAtOnceIsNotTheCureForTooMuchToDo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const each = 2 * time.Millisecond // what each one under way adds to the time of a new one
		var running, most atomic.Int32
		ask := func(context.Context, int) (Result, error) {
			n := running.Add(1)
			defer running.Add(-1)
			most.Store(max(most.Load(), n))
			took := time.Duration(n) * each
			<-time.After(took)
			return Result{Outcome: OK, LatencySeconds: took.Seconds()}, nil
		}
		for range run(t.Context(), 2000, 0, ask) {
		}
		if n := most.Load(); n > 4*slots {
			t.Errorf("%d at once, want at most %d", n, 4*slots)
		}
	})
}
