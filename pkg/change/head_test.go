package change

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTheHeadOfARecordIsAllButItsChanges(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 5_000} { // as it is, and compressed
		r := Record{ID: "0a0b0c0d", State: Open, By: "me@here", Why: `"changes":`, Stored: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Pack: "p", Pieces: 2, Size: 3, Batches: 1}
		for i := range n {
			r.Changes = append(r.Changes, Written{Name: fmt.Sprintf("a/%d", i)})
		}
		text, err := r.encode()
		if err != nil {
			t.Fatal(err)
		}
		want := r
		want.Changes = nil
		got, err := decodeHead(Entry{Key: r.name(), Content: text})
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v\n%s", err, diff)
		}
	}
	for text, want := range map[string]State{
		`{"changes":[],"id":"0a0b0c0d","state":"open"}`: Open,
		`{"id":"0a0b0c0d","state":"done"`:               "",
		`["id"]`:                                        "",
		`{"id":"another","state":"open"}`:               "",
		"\x1f\x8bno":                                    "",
	} {
		if got, err := decodeHead(Entry{Key: Key{Records, "plan/0a0b0c0d"}, Content: []byte(text)}); got.State != want || (err == nil) != (want != "") {
			t.Errorf("%s is read as %+v, %v", text, got, err)
		}
	}
}
