package change_test

import (
	"sync"
	"testing"

	"govctl/pkg/change"
)

func TestAllWhoReadAStoreGetTheSameDigests(t *testing.T) {
	t.Parallel()
	s := newStore()
	if _, ok, err := change.FindDigester(t.Context(), s); ok || err != nil {
		t.Fatalf("an empty store has a key: %t, %v", ok, err)
	}
	var sums sync.Map
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			d, err := change.MakeDigester(t.Context(), s)
			if err != nil {
				t.Error(err)
				return
			}
			sums.Store(d.Sum([]byte("hunter2")), true)
		})
	}
	all.Wait()
	n := 0
	sums.Range(func(any, any) bool { n++; return true })
	if n != 1 {
		t.Errorf("they got %d digests", n)
	}
	other, err := change.MakeDigester(t.Context(), newStore())
	if err != nil {
		t.Fatal(err)
	}
	if _, same := sums.Load(other.Sum([]byte("hunter2"))); same {
		t.Error("another store has the same key")
	}
}
