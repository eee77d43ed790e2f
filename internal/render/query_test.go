package render

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func query(t *testing.T, text string) *Query {
	t.Helper()
	q, err := NewQuery(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func TestAQueryGetsTheWholeListAndWritesOneValueALine(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		".[0].name":                         "gateway-1\n",
		".[].port":                          "8080\n9\n99999\n",
		"map(.weight)":                      "[1,0.25,1e+21]\n",
		`.[2]|{zone,name}`:                  `{"name":"evil\u001b[2J\u202e","zone":"b\nc"}` + "\n",
		`.[] | select(.port > 100000)`:      "",
		"length, (.[0] | .nothing), true":   "3\nnull\ntrue\n",
		`.[0] | [.name, .port] | @tsv`:      "gateway-1\t8080\n",
		`.[2].name`:                         "evil\x1b[2J\u202e\n", // not for a terminal
		`1, halt, 2`:                        "1\n",
		`[env, $ENV] | map(length)`:         "[0,0]\n",
		`[.[] | .metadata.v] | map(. // 0)`: "[0,\"1.10\",0]\n",
	} {
		if got := write(t, Options{Format: JSON, Query: query(t, text)}, list(mesh()...)); got != want {
			t.Errorf("%s wrote %q, want %q", text, got, want)
		}
	}
	if got := write(t, Options{Query: query(t, "length")}, list()); got != "0\n" {
		t.Errorf("the length of nothing is %q", got)
	}
}

func TestAQueryKeepsTheDigitsOfNumbers(t *testing.T) {
	t.Parallel()
	data := json.RawMessage(`{"x":9007199254740993,"y":1.10,"z":123456789012345678901234567890,"e":1e400}`)
	for text, want := range map[string]string{
		".x": "9007199254740993\n", ".y": "1.10\n", ".z": "123456789012345678901234567890\n", ".e": "1e400\n",
		".x + 1": "9007199254740994\n", `"\(.x)"`: "9007199254740993\n",
	} {
		var out strings.Builder
		if err := WriteDocument(&out, Options{Query: query(t, text)}, Document{Data: data}); err != nil || out.String() != want {
			t.Errorf("%s wrote %q, %v; want %q", text, out.String(), err, want)
		}
	}
}

func TestAQueryOnATerminalLetsNoEscapeThrough(t *testing.T) {
	t.Parallel()
	for name, text := range foreign() {
		evil := item{Name: text[0], Tags: []string{text[0]}}
		for _, expr := range []string{".[].name", ".[]", ".[].tags", ".[].name|{(.):1}"} {
			out := write(t, Options{Width: 80, Query: query(t, expr)}, list(evil))
			if r := unsafeIn(strings.ReplaceAll(strings.TrimSuffix(out, "\n"), "\t", "")); r != 0 {
				t.Errorf("%s, %s: %U in %q", name, expr, r, out)
			}
		}
	}
	if got := write(t, Options{Width: 80, Query: query(t, `.[0] | [.name, .port] | @tsv`)}, list(mesh()...)); got != "gateway-1\t8080\n" {
		t.Errorf("@tsv is %q", got)
	}
}

func TestAWrongExpressionIsRefusedWithItsPlace(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		".[":             "unexpected EOF at its end",
		".a | é ]":       `unexpected token "é" at character 6`,
		".[] | | .x":     `unexpected token "|" at character 7`,
		"map(.a))":       `unexpected token ")" at character 8`,
		"nothing(1)":     "function not defined: nothing/1",
		"$x":             "variable not defined: $x",
		"input":          "input(s)/0 is not allowed",
		`import "a"; .`:  `unexpected token ";" at character 11`,
		`include "a"; .`: `cannot load module: "a"`,
	} {
		q, err := NewQuery(t.Context(), text)
		if q != nil || err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

func TestAQueryThatFailsSaysWhetherSomethingWasWritten(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset")
	for _, c := range []struct {
		expr string
		err  error // of the items, after the first two
		n    int
		out  string
		want error
	}{
		{".[0].port[]", nil, 0, "", &QueryError{}},
		{"1, .[0].port[], 2", nil, 1, "1\n", &QueryError{Partial: true}},
		{"length", broken, 1, "2\n", broken},
		{"empty", broken, 0, "", broken},
		{`error("mine")`, nil, 0, "", &QueryError{}},
	} {
		var out bytes.Buffer
		n, err := WriteList(&out, Options{Query: query(t, c.expr)}, listOf(func(yield func(item, error) bool) {
			for _, i := range mesh()[:2] {
				yield(i, nil)
			}
			if c.err != nil {
				yield(item{}, c.err)
			}
		}))
		if e, ok := errors.AsType[*QueryError](err); ok {
			err = &QueryError{Partial: e.Partial} // which text is the library's business
		}
		same := errors.Is(err, c.want) || cmp.Equal(err, c.want)
		if n != c.n || out.String() != c.out || !same {
			t.Errorf("%s: %d, %v, %q; want %d, %v, %q", c.expr, n, err, out.String(), c.n, c.want, c.out)
		}
	}
	if _, err := WriteList(full{}, Options{Query: query(t, "range(1e9)")}, list()); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("a full disk: %v", err)
	}
}

func TestAnEndlessExpressionEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	q, err := NewQuery(ctx, "1, last(repeat(1))")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- WriteDocument(io.Discard, Options{Query: q}, Document{}) }()
	select {
	case err := <-ended:
		t.Fatalf("it ended by itself: %v", err)
	default:
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
}

func TestAStreamRunsAQueryOverEachItem(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	s := NewStream(&out, Options{Format: JSON, Query: query(t, "select(.port > 9) | .name, .port, (.zone | tonumber? // empty)")}, columns(), nil)
	if err := s.List(mesh()[:2]); err != nil || out.String() != "gateway-1\n8080\n" {
		t.Errorf("the list: %q, %v", out.String(), err)
	}
	s = NewStream(&out, Options{Query: query(t, "if .port == 9 then error(\"x\") else .port end")}, columns(), nil)
	if e, ok := errors.AsType[*QueryError](s.List(mesh()[:2])); !ok || !e.Partial {
		t.Errorf("the second failed: %+v", e)
	}
}
