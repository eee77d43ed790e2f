package render

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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
		CSV:   {"word,count\na,1\n", "\\x1b[31mred\\n,3\n", "b,2\n"},
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

func TestAStreamGoesOnWithTheTableThatItBegan(t *testing.T) {
	t.Parallel()
	columns := []Column[[3]string]{
		{Head: "NAME", Cell: func(s [3]string) Cell { return Cell{Text: s[0]} }},
		{Head: "N", Right: true, Cell: func(s [3]string) Cell { return Cell{Text: s[1]} }},
		{Head: "MORE", Wide: true, Cell: func([3]string) Cell { return Cell{Text: "more"} }},
		{Head: "ZONE", Drop: 1, Cell: func(s [3]string) Cell { return Cell{Text: s[2]} }},
	}
	for name, c := range map[string]struct {
		options Options
		want    string
	}{
		"table":      {Options{}, "NAME  N  ZONE\na     1  z\nlonger-name  22  -\nb             3  zone\n"},
		"no headers": {Options{NoHeaders: true}, "a  1  z\nlonger-name  22  -\nb             3  zone\n"},
		"narrow":     {Options{Width: 9}, "NAME  N\na     1\nlonge…  …\nb       3\n"},
		"json":       {Options{Format: JSON}, `["a","1","z"]` + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			s := NewStream(&out, c.options, columns, nil)
			if err := s.List([][3]string{{"a", "1", "z"}}); err != nil {
				t.Fatal(err)
			}
			if c.options.Format == "" {
				for _, item := range [][3]string{{"longer-name", "22", ""}, {"b", "3", "zone"}} {
					if err := s.Write(item); err != nil {
						t.Fatal(err)
					}
				}
			}
			if diff := cmp.Diff(c.want, out.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
