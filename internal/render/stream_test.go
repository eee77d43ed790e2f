package render

import (
	"strings"
	"testing"
)

func TestAStreamWritesEachItemAtOnce(t *testing.T) {
	t.Parallel()
	type item struct {
		Word string `json:"word"`
		N    int    `json:"count"`
	}
	columns := []Column[item]{
		{Cell: func(i item) Cell { return Cell{Text: i.Word} }},
		{Right: true, Cell: func(i item) Cell { return Cell{Text: strings.Repeat("1", i.N)} }},
		{Cell: func(item) Cell { return Cell{Text: "last"} }},
	}
	items := []item{{"a", 1}, {"\x1b[31mred\n", 3}, {"b", 2}}
	for format, want := range map[Format][]string{
		Table: {"a  1  last\n", "\\x1b[31mred\\n  111  last\n", "b               11  last\n"},
		JSON:  {`{"word":"a","count":1}` + "\n", `{"word":"\u001b[31mred\n","count":3}` + "\n", `{"word":"b","count":2}` + "\n"},
		YAML:  {"---\nword: a\ncount: 1\n", "---\nword: \"\\e[31mred\\n\"\ncount: 3\n", "---\nword: b\ncount: 2\n"},
		Name:  {"a\n", "\\x1b[31mred\\n\n", "b\n"},
	} {
		t.Run(string(format), func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			s := NewStream(&out, Options{Format: format}, columns, func(i item) string { return i.Word })
			for i, item := range items {
				before := out.Len()
				if err := s.Write(item); err != nil {
					t.Fatal(err)
				}
				if got := out.String()[before:]; got != want[i] {
					t.Errorf("Write(%+v) wrote %q, want %q", item, got, want[i])
				}
			}
		})
	}
}

func TestAStreamLeavesRoomForWhatMayCome(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	text := func(i int) func([2]string) Cell { return func(s [2]string) Cell { return Cell{Text: s[i]} } }
	s := NewStream(&out, Options{}, []Column[[2]string]{{Cell: text(0)}, {Cell: text(1)}}, nil)
	s.Measure([2]string{"wide", "b"})
	if err := s.Write([2]string{"a", "b"}); err != nil || out.String() != "a     b\n" {
		t.Errorf("wrote %q, %v", out.String(), err)
	}
}
