package lab

import (
	"fmt"
	"maps"
	"strings"
	"testing"
)

func TestAConnectionCutAtAnyRequestIsNoGuess(t *testing.T) {
	t.Parallel()
	for _, does := range []fate{drop, lose} {
		for name, start := range map[string]begin{"removing": removing, "bringing back": bringingBack} {
			t.Run(fmt.Sprintf("%s, arrived: %t", name, does == lose), func(t *testing.T) {
				t.Parallel()
				for nth := 1; ; nth++ {
					if cutAt(t, start, nth, does) < nth {
						if nth < 15 {
							t.Errorf("there were only %d requests", nth-1)
						}
						return
					}
				}
			})
		}
	}
}

// cutAt runs govctl through a gate that cuts its nth request, and returns how many
// requests there were.
func cutAt(t *testing.T, start begin, nth int, does fate) int {
	t.Helper()
	folder, args, before, after := start(t)
	g := gateTo(t, shared.main.Address, at(nth, does))
	r := run(t, append(args, "-e", g.URL(folder))...)
	at := fmt.Sprintf("cut at request %d (arrived: %t): status %d, %s", nth, does == lose, r.Status, r.Stderr)
	now := standing(t, shared.main, folder)
	open := run(t, "recover", "-e", shared.main.URL()+"/"+folder)
	switch {
	case r.Status == 0 && maps.Equal(now, after) && open.Status == 0:
	case r.Status == 3 && maps.Equal(now, before) && open.Status == 0:
	case r.Status == 4 && strings.Contains(r.Stderr, "changes were made") && open.Status == 0: // between batches, said, and closed
		if made := len(before) - len(now); made == 0 || !strings.Contains(r.Stdout, "Undo: govctl rollback") {
			t.Errorf("%s\n%s", at, r.Stdout)
		}
	default:
		t.Errorf("%s, %d items are there, of %d before and %d after; recover says %+v", at, len(now), len(before), len(after), open)
	}
	// A batch that can have arrived is not sent again: another may stand there by now.
	sent := map[string]bool{}
	for _, a := range g.Asked() {
		if a.moves(folder) && sent[a.Body] {
			t.Errorf("%s: a batch was sent twice", at)
		}
		sent[a.Body] = true
	}
	if does == lose && r.Status != 0 {
		t.Errorf("%s: it arrived, and could be found out", at)
	}
	return len(g.Asked())
}
