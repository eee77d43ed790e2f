package change_test

import (
	"testing"
	"time"

	"govctl/pkg/change"
	"govctl/pkg/change/changetest"
)

// limits are so small that a plan of four changes takes two batches.
var limits = change.Limits{Ops: 4, Bytes: 4 << 10, Value: 4 << 10}

func TestTheStoreInMemoryKeepsTheContract(t *testing.T) {
	t.Parallel()
	for name, l := range map[string]change.Limits{
		"small batches": limits,
		"key by key":    {Ops: 1, Bytes: 4 << 10, Value: 4 << 10},
		"one batch":     {Ops: 128, Bytes: 512 << 10, Value: 512 << 10},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			changetest.Run(t, changetest.Harness{Open: func(*testing.T) change.Store {
				return changetest.NewMemory(l, time.Now)
			}})
		})
	}
}

func TestAJournalBesideAnotherSystemKeepsTheContract(t *testing.T) {
	t.Parallel()
	changetest.Run(t, changetest.Harness{Open: func(*testing.T) change.Store {
		return change.Beside(changetest.NewMemory(limits, time.Now), changetest.NewMemory(limits, time.Now), change.Items)
	}})
}
