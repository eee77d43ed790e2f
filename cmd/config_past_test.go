package cmd

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/change"
	"govctl/pkg/config"
)

// minute is a time of the system's clock.
func minute(n int) time.Time { return time.Date(2026, 1, 2, 10, n, 0, 0, time.UTC) }

// made is a plan that took order/app.yaml from a revision to another one, n minutes
// after ten.
func made(n int, from, to change.Revision) change.Record {
	w := change.Written{Name: "order/app.yaml", From: from, To: to, Made: true}
	return change.Record{ID: fmt.Sprint(n), State: change.Done, Stored: minute(n), Changes: []change.Written{{Name: "user/app.yaml"}, w}}
}

// left is a plan that found revision 5, and came to another state before its change
// was made.
func left(n int, s change.State) change.Record {
	r := made(n, "5", "")
	r.State, r.Changes[1].Made = s, false
	return r
}

// pastAfter is the past of an item that stands at a revision, "" for gone, after
// plans, the newest first.
func pastAfter(now string, records ...change.Record) *itemPast {
	p := &itemPast{key: config.Key{Group: "order", Name: "app.yaml"}}
	if now != "" {
		p.now = &config.Item{Key: p.key, Revision: now}
	}
	p.trace(records)
	return p
}

func TestThePastOfAnItemTellsWhatOthersWrote(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		past *itemPast
		want string // of each state its plan, or "?" where it is foreign, and its revision
	}{
		"never written by us": {pastAfter("5"), "?5"},
		"created by us":       {pastAfter("5", made(1, "", "5")), "1:5"},
		"changed by us":       {pastAfter("7", made(2, "5", "7"), made(1, "", "5")), "2:7 1:5"},
		"there before us":     {pastAfter("7", made(2, "5", "7")), "2:7 ?5"},
		"changed since":       {pastAfter("9", made(1, "", "5")), "?9 1:5"},
		"changed between":     {pastAfter("9", made(2, "6", "9"), made(1, "", "5")), "2:9 ?6 1:5"},
		"removed by us":       {pastAfter("", made(2, "5", ""), made(1, "", "5")), "2: 1:5"},
		"removed since":       {pastAfter("", made(1, "", "5")), "? 1:5"},
		"removed between":     {pastAfter("9", made(2, "", "9"), made(1, "", "5")), "2:9 ? 1:5"},
		"made again since":    {pastAfter("9", made(2, "5", ""), made(1, "", "5")), "?9 2: 1:5"},
		"refused":             {pastAfter("5", left(2, change.Stopped), made(1, "", "5")), "1:5"},
		"taken back":          {pastAfter("8", left(2, change.Undone), made(1, "", "5")), "2:8 1:5"},
		"taken back in time":  {pastAfter("5", left(2, change.Undone), made(1, "", "5")), "2: 1:5"},
		"cut off":             {pastAfter("8", left(2, change.Open), made(1, "", "5")), "2:8 1:5"},
		"as it was, a hash":   {pastAfter("aa", made(3, "bb", "aa"), made(2, "aa", "bb"), made(1, "", "aa")), "3:aa 2:bb 1:aa"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, s := range tt.past.states {
				who := s.ID + ":"
				if s.Foreign {
					who = "?"
				}
				got = append(got, who+string(s.Revision))
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("states (-want +got)\n%s", diff)
			}
		})
	}
}

func TestATimeLeadsToWhatStoodThereThen(t *testing.T) {
	t.Parallel()
	hashes := pastAfter("cccc"+strings.Repeat("0", 60), made(8, change.Revision("bbbb"+strings.Repeat("0", 60)), change.Revision("cccc"+strings.Repeat("0", 60))))
	for name, tt := range map[string]struct {
		past   *itemPast
		minute int
		want   string // the revision, or why there is none
	}{
		"now":              {pastAfter("7", made(4, "5", "7"), made(2, "", "5")), 9, "7"},
		"at that moment":   {pastAfter("7", made(4, "5", "7"), made(2, "", "5")), 4, "7"},
		"before":           {pastAfter("7", made(4, "5", "7"), made(2, "", "5")), 3, "5"},
		"before the first": {pastAfter("7", made(4, "5", "7"), made(2, "", "5")), 1, "the journal does not reach back to it"},
		"in a hole":        {pastAfter("9", made(4, "6", "9"), made(2, "", "5")), 3, "it was changed elsewhere after 2026-01-02T10:02:00Z, nobody noted when"},
		"after a hole":     {pastAfter("9", made(4, "6", "9"), made(2, "", "5")), 4, "9"},
		"in a hole to now": {pastAfter("9", made(2, "", "5")), 3, "it was changed elsewhere after 2026-01-02T10:02:00Z, nobody noted when"},
		"removed":          {pastAfter("", made(4, "5", ""), made(2, "", "5")), 5, ""},
		"over one undone":  {pastAfter("5", left(4, change.Undone), made(2, "", "5")), 5, "5"},
		"taken back":       {pastAfter("8", left(4, change.Undone), made(2, "", "5")), 5, "8"},
		"hashes":           {hashes, 9, "cccc" + strings.Repeat("0", 60)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := ""
			i, err := tt.past.when(minute(tt.minute))
			switch {
			case err == nil:
				got = string(tt.past.states[i].Revision)
			case errors.Is(err, errHole):
				got = strings.TrimPrefix(err.Error(), errHole.Error()+": ")
			default:
				t.Fatal(err)
			}
			if got != tt.want {
				t.Errorf("at %d it was %q; want %q", tt.minute, got, tt.want)
			}
		})
	}
}

func TestARevisionIsNamedByItsBeginningWhereItIsAHash(t *testing.T) {
	t.Parallel()
	hash := func(begin string) change.Revision { return change.Revision(begin + strings.Repeat("0", 64-len(begin))) }
	hashes := pastAfter(string(hash("abcd1")), made(2, hash("abcd2"), hash("abcd1")), made(1, hash("abcd1"), hash("abcd2")))
	numbers := pastAfter("5123", made(2, "512", "5123"))
	for name, tt := range map[string]struct {
		past     *itemPast
		revision string
		want     int // the state, -1 for none, -2 for several
	}{
		"whole":          {hashes, string(hash("abcd2")), 1},
		"begun":          {hashes, "abcd1", 0},
		"too short":      {hashes, "abc", -1},
		"several":        {hashes, "abcd", -2},
		"another":        {hashes, "abce", -1},
		"number":         {numbers, "512", 1},
		"longer number":  {numbers, "5123", 0},
		"no beginning":   {numbers, "51", -1},
		"what is absent": {pastAfter("", made(1, "5", "")), "", -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.past.find(tt.revision)
			switch {
			case errors.Is(err, config.ErrNotFound):
				got = -1
			case statusOf(err) == exitUsage:
				got = -2
			}
			if got != tt.want {
				t.Errorf("%q is state %d, %v; want %d", tt.revision, got, err, tt.want)
			}
		})
	}
}
