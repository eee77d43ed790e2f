package render

import (
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type wheel struct {
	Size   int `json:"size"`
	hidden int
	Secret string `json:"-"`
}

type cart struct {
	At time.Time `json:"at,omitzero"`
	wheel
	Name   *string         `json:"name"`
	Plain  bool            // no tag
	Extra  json.RawMessage `json:"extra,omitempty"`
	Number json.Number     `json:"number,omitempty"`
}

func csvOf[T any](t *testing.T, items ...T) [][]string {
	t.Helper()
	var out strings.Builder
	l := List[T]{Items: func(yield func(T, error) bool) {
		for _, i := range items {
			if !yield(i, nil) {
				return
			}
		}
	}}
	if _, err := WriteList(&out, Options{Format: CSV}, l); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
	if err != nil {
		t.Fatalf("%v in %q", err, out.String())
	}
	return rows
}

func TestCSVHasAColumnForEachKeyInTheOrderOfTheStruct(t *testing.T) {
	t.Parallel()
	name := `say "hi", then go`
	got := csvOf(t,
		cart{wheel: wheel{Size: 3, hidden: 1, Secret: "x"}, Name: &name, Extra: json.RawMessage(`{"a":[1,"\u001b"]}`), Number: "9007199254740993"},
		cart{At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Plain: true},
	)
	want := [][]string{
		{"at", "size", "name", "Plain", "extra", "number"},
		{"", "3", name, "false", `{"a":[1,"\u001b"]}`, "9007199254740993"},
		{"2026-01-02T03:04:05Z", "0", "", "true", "", ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCSVHoldsNoFormulaAndNoControlCharacter(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "＝1": "'＝1",
		"\t=1": `\t=1`, "\r=1": `\r=1`, "a\nb": `a\nb`, "\x1b[2J": `\x1b[2J`, "a=1": "a=1", "": "",
	} {
		type one struct {
			Text   string  `json:"text"`
			Number float64 `json:"number"`
		}
		if diff := cmp.Diff([][]string{{"text", "number"}, {want, "-1"}}, csvOf(t, one{text, -1})); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

func TestCSVOfWhatHasNoFixedKeysGoesByTheFirstItem(t *testing.T) {
	t.Parallel()
	got := csvOf(t, map[string]any{"b": 1, "=a": nil}, map[string]any{"b": "x", "c": 2})
	if diff := cmp.Diff([][]string{{"'=a", "b"}, {"", "1"}, {"", "x"}}, got); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([][]string{{"value"}, {"a"}, {"b"}}, csvOf(t, "a", "b")); diff != "" {
		t.Errorf("strings (-want +got):\n%s", diff)
	}
}
