package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rivo/uniseg"
	"go.yaml.in/yaml/v3"

	"govctl/internal/golden"
)

type item struct {
	Name     string            `json:"name"`
	Port     int               `json:"port"`
	Weight   float64           `json:"weight"`
	Zone     string            `json:"zone,omitempty"`
	Tags     []string          `json:"tags"`
	Metadata map[string]string `json:"metadata,omitempty"`
}

func columns() []Column[item] {
	return []Column[item]{
		{Head: "NAME", Cell: func(i item) Cell { return Cell{Text: i.Name} }},
		{Head: "PORT", Right: true, Drop: 1, Cell: func(i item) Cell { return Cell{Text: strconv.Itoa(i.Port)} }},
		{Head: "ZONE", Drop: 2, Cell: func(i item) Cell { return Cell{Text: i.Zone, Style: Bad} }},
		{Head: "TAGS", Drop: 3, Cell: func(i item) Cell { return Cell{Text: strings.Join(i.Tags, ",")} }},
		{Head: "WEIGHT", Right: true, Wide: true, Drop: 4, Cell: func(i item) Cell { return Cell{Text: Number(i.Weight)} }},
	}
}

func list(items ...item) List[item] {
	return listOf(func(yield func(item, error) bool) {
		for _, i := range items {
			if !yield(i, nil) {
				return
			}
		}
	})
}

func listOf(items iter.Seq2[item, error]) List[item] {
	return List[item]{Columns: columns(), Name: func(i item) string { return i.Name }, Items: items}
}

func mesh() []item {
	return []item{
		{Name: "gateway-1", Port: 8080, Weight: 1, Zone: "a", Tags: []string{"edge", "on"}},
		{Name: "order-东", Port: 9, Weight: 0.25, Tags: []string{}, Metadata: map[string]string{"v": "1.10", "a key": "x: y # z", "yes": ""}},
		{Name: "evil\x1b[2J\u202e", Port: 99999, Weight: 1e21, Zone: "b\nc", Tags: []string{"<&>", "12:30:45", "0x1f", "null", "~"}},
	}
}

func write(t *testing.T, o Options, l List[item]) string {
	t.Helper()
	var out bytes.Buffer
	if _, err := WriteList(&out, o, l); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestAListHasALookInEachFormat(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]Options{
		"table": {}, "wide": {Format: Wide}, "json": {Format: JSON}, "yaml": {Format: YAML}, "csv": {Format: CSV}, "name": {Format: Name},
		"color": {Color: true}, "no headers": {NoHeaders: true}, "narrow": {Format: Wide, Width: 20},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden.String(t, write(t, o, list(mesh()...)))
		})
	}
}

func TestAnEmptyListIsNoError(t *testing.T) {
	t.Parallel()
	for format, want := range map[Format]string{
		Table: "NAME  PORT  ZONE  TAGS\n", JSON: "[]\n", YAML: "[]\n", CSV: "name,port,weight,zone,tags,metadata\n", Name: "",
	} {
		if got := write(t, Options{Format: format}, list()); got != want {
			t.Errorf("%s: %q, want %q", format, got, want)
		}
	}
}

func TestAnErrorEndsAListThatStaysWellFormed(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset")
	for _, before := range []int{0, 2} {
		items := func(yield func(item, error) bool) {
			for _, i := range mesh()[:before] {
				yield(i, nil)
			}
			yield(item{Name: "not one"}, broken)
		}
		for _, format := range Formats() {
			var out bytes.Buffer
			n, err := WriteList(&out, Options{Format: format}, listOf(items))
			if n != before || !errors.Is(err, broken) {
				t.Errorf("%s: %d, %v; want %d, %v", format, n, err, before, broken)
			}
			want := ""
			if before > 0 { // an error that comes first leaves nothing that looks like an answer
				want = write(t, Options{Format: format}, list(mesh()[:before]...))
			}
			if out.String() != want {
				t.Errorf("%s: %q, want what came before the error, %q", format, out.String(), want)
			}
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestAWritersErrorIsReturnedAndStopsTheItems(t *testing.T) {
	t.Parallel()
	for _, format := range Formats() {
		asked := 0
		_, err := WriteList(full{}, Options{Format: format}, listOf(func(yield func(item, error) bool) {
			for asked < 1e5 && yield(mesh()[0], nil) {
				asked++
			}
		}))
		if !errors.Is(err, io.ErrShortWrite) {
			t.Errorf("%s: error %v", format, err)
		}
		if streams := format != Table && format != Wide; streams && asked == 1e5 {
			t.Errorf("%s: all items were asked for although nothing could be written", format)
		}
	}
}

func TestForeignTextIsShownSafelyInEveryFormat(t *testing.T) {
	t.Parallel()
	for name, text := range foreign() {
		evil := item{Name: text[0], Zone: text[0], Tags: []string{text[0]}, Metadata: map[string]string{text[0]: text[0]}}
		for _, format := range Formats() {
			for _, cols := range []int{0, 1, 20, 60} {
				out := write(t, Options{Format: format, Width: cols}, list(mesh()[0], evil, mesh()[1]))
				if r := unsafeIn(strings.ReplaceAll(out, "\n", "")); r != 0 {
					t.Errorf("%s as %s: %U in %q", name, format, r, out)
				}
				if want := map[Format]int{Table: 4, Wide: 4, Name: 3}[format]; want > 0 && strings.Count(out, "\n") != want {
					t.Errorf("%s as %s: not one line an item: %q", name, format, out)
				}
			}
		}
		checkStraight(t, name, write(t, Options{Format: Wide}, list(mesh()[0], evil, mesh()[1])))
		checkLossless(t, name, evil)
	}
}

// checkStraight checks that each column begins, or a right-aligned one ends, in
// the same column of the terminal on each line.
func checkStraight(t *testing.T, name, table string) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(table, "\n"), "\n")
	for _, line := range lines[1:] {
		if w := uniseg.StringWidth(line); w != uniseg.StringWidth(lines[0]) { // the last column is right-aligned
			t.Errorf("%s: a line is %d columns wide, the heads are %d:\n%s", name, w, uniseg.StringWidth(lines[0]), table)
		}
		at := 0
		for _, head := range []string{"ZONE", "TAGS"} {
			for want := strings.Index(lines[0], head); at < len(line) && uniseg.StringWidth(line[:at]) < want; at++ {
				continue
			}
			if at < 2 || line[at-1] != ' ' || line[at] == ' ' {
				t.Errorf("%s: %s does not begin below its head:\n%s", name, head, table)
			}
		}
	}
}

func checkLossless(t *testing.T, name string, want item) {
	t.Helper()
	fromJSON, fromYAML := []item{}, []any{}
	if err := json.Unmarshal([]byte(write(t, Options{Format: JSON}, list(want))), &fromJSON); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal([]byte(write(t, Options{Format: YAML}, list(want))), &fromYAML); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(fromYAML)
	if err != nil {
		t.Fatal(err)
	}
	var yamlItems []item
	if err := json.Unmarshal(again, &yamlItems); err != nil {
		t.Fatal(err)
	}
	want.Name, want.Zone, want.Tags[0] = valid(want.Name), valid(want.Zone), valid(want.Tags[0])
	for k, v := range maps.Clone(want.Metadata) {
		delete(want.Metadata, k)
		want.Metadata[valid(k)] = valid(v)
	}
	for format, got := range map[Format][]item{JSON: fromJSON, YAML: yamlItems} {
		if diff := cmp.Diff([]item{want}, got); diff != "" {
			t.Errorf("%s as %s (-want +got):\n%s", name, format, diff)
		}
	}
}

// valid returns s with U+FFFD for each byte that is no UTF-8: JSON cannot hold
// more.
func valid(s string) string { return string([]rune(s)) }

func TestNarrowLinesFitWhateverTheWidth(t *testing.T) {
	t.Parallel()
	for cols := 1; cols <= 100; cols++ {
		out := write(t, Options{Format: Wide, Width: cols}, list(mesh()...))
		for line := range strings.Lines(out) {
			if w := uniseg.StringWidth(strings.TrimSuffix(line, "\n")); w > cols {
				t.Errorf("at %d columns a line has %d:\n%s", cols, w, out)
			}
		}
	}
}

func TestOneLongTextDoesNotCostTheOtherColumns(t *testing.T) {
	t.Parallel()
	long := item{Name: strings.Repeat("x", 5000), Port: 1}
	got := write(t, Options{Width: 40}, list(mesh()[0], long))
	want := "NAME                          PORT  ZONE\n" +
		"gateway-1                     8080  a\n" +
		strings.Repeat("x", 27) + "…     1  -\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("on 40 columns (-want +got):\n%s", diff)
	}
	// Where nothing limits the width it is whole, and costs the others maxPad.
	lines := slices.Collect(strings.Lines(write(t, Options{}, list(mesh()[0], long))))
	if len(lines[1]) > maxPad+30 || len(lines[2]) < 5000 {
		t.Errorf("in a pipe: lines of %d and %d bytes", len(lines[1]), len(lines[2]))
	}
}

// many yields n items such as a registry has.
func many(n int) List[item] {
	return listOf(func(yield func(item, error) bool) {
		for i := range n {
			in := item{
				Name: "service-" + strconv.Itoa(i%500) + "-" + strconv.Itoa(i), Port: 8000 + i%1000, Weight: 1, Zone: "zone-a",
				Tags: []string{"primary", "canary"}, Metadata: map[string]string{"broker": "http", "registry": "consul", "server": "grpc"},
			}
			if i%50 == 0 {
				in.Zone = "东区"
			}
			if !yield(in, nil) {
				return
			}
		}
	})
}

func benchmark(b *testing.B, o Options, n int) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := WriteList(io.Discard, o, many(n)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTableOf10000(b *testing.B) { benchmark(b, Options{}, 10_000) }
func BenchmarkTableOf50000(b *testing.B) { benchmark(b, Options{}, 50_000) }
func BenchmarkJSONOf50000(b *testing.B)  { benchmark(b, Options{Format: JSON}, 50_000) }
func BenchmarkYAMLOf50000(b *testing.B)  { benchmark(b, Options{Format: YAML}, 50_000) }
func BenchmarkNamesOf50000(b *testing.B) { benchmark(b, Options{Format: Name}, 50_000) }

func TestAnEagerListWritesEachItemAtOnce(t *testing.T) {
	t.Parallel()
	for _, format := range []Format{JSON, YAML, CSV, Name} {
		for _, eager := range []bool{true, false} {
			var out strings.Builder
			var before []int // the length of what was written when the next item was asked for
			items := func(yield func(string, error) bool) {
				for _, word := range []string{"a", "b"} {
					before = append(before, out.Len())
					if !yield(word, nil) {
						return
					}
				}
			}
			if _, err := WriteList(&out, Options{Format: format}, List[string]{
				Name: func(s string) string { return s }, Eager: eager, Items: items,
			}); err != nil {
				t.Fatal(err)
			}
			if (before[1] > 0) != eager {
				t.Errorf("%s, eager %t: %d bytes were written before the second item", format, eager, before[1])
			}
		}
	}
}
