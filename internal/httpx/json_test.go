package httpx

import (
	stdjson "encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

type row struct {
	Name string
	Port int
	Tags []string
	Meta map[string]string
	Any  any
}

// rows reads all rows of text, one byte at a time.
func rows(text string) ([]row, error) {
	var all []row
	err := EachElement(iotest.OneByteReader(strings.NewReader(text)), func(r *row) error {
		all = append(all, *r)
		return nil
	})
	return all, err
}

func TestEachElementReadsWhatStrangersWrote(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		text string
		want []row
	}{
		"empty":           {" [ ] \n", nil},
		"null of Go":      {"null", nil},
		"unknown fields":  {`[{"Name":"a","X":{"Y":[1,"2",{}]}},{"name":"b"}]`, []row{{Name: "a"}, {}}},
		"nothing carried": {`[{"Name":"a","Tags":["t"],"Meta":{"k":"v"}},{"Tags":["u"]},null]`, []row{{Name: "a", Tags: []string{"t"}, Meta: map[string]string{"k": "v"}}, {Tags: []string{"u"}}, {}}},
		"duplicate names": {`[{"Name":"a","Name":"b","Meta":{"k":"1","k":"2"}}]`, []row{{Name: "b", Meta: map[string]string{"k": "2"}}}},
		"invalid UTF-8":   {"[{\"Name\":\"a\xffb\\ud800\",\"Meta\":{\"\xfe\":\"\"}}]", []row{{Name: "a\ufffdb\ufffd", Meta: map[string]string{"\ufffd": ""}}}},
		"escapes":         {`[{"Name":"\u001b[31m\u0000"}]`, []row{{Name: "\x1b[31m\x00"}}},
		"numbers":         {`[{"Any":[9007199254740993,1e400,-0,1.10]}]`, []row{{Any: []any{stdjson.Number("9007199254740993"), stdjson.Number("1e400"), stdjson.Number("-0"), stdjson.Number("1.10")}}}},
		"nested any":      {`[{"Any":{"a":{"b":[1,"1",true,null]}}}]`, []row{{Any: map[string]any{"a": map[string]any{"b": []any{stdjson.Number("1"), "1", true, nil}}}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := rows(tt.text)
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
				t.Error(err, diff)
			}
		})
	}
}

func TestWhatIsNotOneCompleteListIsSaidInPlainWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                       "an empty body instead of JSON",
		" \r\n":                                  "an empty body instead of JSON",
		"\n<!DOCTYPE html>":                      "an HTML page instead of JSON",
		"<html>[]</html>":                        "an HTML page instead of JSON",
		"404 page not found":                     "a number instead of a list",
		"page not found":                         "not JSON at byte 0",
		"\xef\xbb\xbf[]":                         "not JSON at byte 0",
		`{"errors":[]}`:                          "an object instead of a list",
		`"x"`:                                    "a string instead of a list",
		"true":                                   "a boolean instead of a list",
		"nul":                                    "the JSON is cut off after 3 bytes",
		"[":                                      "the JSON is cut off after 1 bytes",
		`[{"Name":"a"}`:                          "the JSON is cut off after 13 bytes",
		`[{"Name":"a"},`:                         "the JSON is cut off after 14 bytes",
		`[{"Name":"a"},{"Na`:                     "the JSON is cut off after 18 bytes",
		`[{}] []`:                                "something follows the JSON at byte 4",
		`[]x`:                                    "something follows the JSON at byte 2",
		"null null":                              "something follows the JSON at byte 4",
		"[{},]":                                  "element 1: not JSON at byte 3",
		"[{} {}]":                                "element 1: not JSON at byte 4",
		"[{}}":                                   "element 1: not JSON at byte 3",
		"[{'Name':1}]":                           "element 0: not JSON at byte 2",
		`[{},"x"]`:                               "element 1: a string where an object was expected, at byte 4",
		`[{},{"Port":"s3cret"}]`:                 "element 1: a string where a whole number was expected, at byte 12",
		`[{"Port":1.5}]`:                         "element 0: a number where a whole number was expected, at byte 9",
		`[{"Port":99999999999999999999}]`:        "element 0: a number where a whole number was expected, at byte 9",
		`[{"Name":[]}]`:                          "element 0: a list where a string was expected, at byte 9",
		`[{"Tags":{}}]`:                          "element 0: an object where a list was expected, at byte 9",
		`[{"Meta":{"k":7}}]`:                     "element 0: a number where a string was expected, at byte 14",
		`[{"Any":` + strings.Repeat("[", 20_000): "element 0: not JSON at byte 10006",
	} {
		_, err := rows(text)
		if got := err; !errors.Is(got, ErrNotJSON) || got.Error() != want {
			t.Errorf("%.30q: error %v, want %q", text, got, want)
		}
	}
}

func TestElementsComeBeforeTheListIsComplete(t *testing.T) {
	t.Parallel()
	r, w := io.Pipe()
	first := make(chan string)
	done := make(chan error)
	go func() {
		done <- EachElement(r, func(r *row) error { first <- r.Name; return nil })
	}()
	_, _ = io.WriteString(w, `[{"Name":"a"},`)
	if got := <-first; got != "a" {
		t.Errorf("first element %q, want a", got)
	}
	_ = w.CloseWithError(ErrTimeout)
	if err := <-done; err != ErrTimeout { //nolint:errorlint // as it is
		t.Errorf("error %v, want the reader's own", err)
	}
}

func TestErrorsOfTheCallerAndTheReaderPassAsTheyAre(t *testing.T) {
	t.Parallel()
	mine := errors.New("mine")
	n := 0
	err := EachElement(strings.NewReader("[1,2,3]"), func(*int) error { n++; return mine })
	if err != mine || n != 1 { //nolint:errorlint // as it is
		t.Errorf("error %v after %d elements, want the caller's own after one", err, n)
	}
	for _, text := range []string{"", "[", "[1,", `["a`, "[1]", "null"} {
		var v any
		broken := io.MultiReader(strings.NewReader(text), iotest.ErrReader(mine))
		if err := EachElement(broken, func(*any) error { return nil }); err != mine { //nolint:errorlint // as it is
			t.Errorf("%q: error %v, want the reader's own", text, err)
		}
		broken = io.MultiReader(strings.NewReader(text), iotest.ErrReader(mine))
		if err := DecodeJSON(broken, &v); err != mine { //nolint:errorlint // as it is
			t.Errorf("%q: error %v, want the reader's own", text, err)
		}
	}
}

// endless repeats text for ever.
type endless string

func (e endless) Read(p []byte) (int, error) {
	n := copy(p, e)
	for n < len(p) {
		n += copy(p[n:], p[:n])
	}
	return n, nil
}

// counter counts what was read.
type counter struct {
	r io.Reader
	n int
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

func TestAnEndlessElementIsRefused(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]string{"string": `["a","`, "number": "[1,2", "field": `[{"X":"`} {
		n := &counter{r: io.MultiReader(strings.NewReader(begin), endless("1"))}
		err := EachElement(n, func(*any) error { return nil })
		if text(err) != "one element of the list is larger than 16 MiB" || !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
		if n.n > 2*MaxElement {
			t.Errorf("%s: %d bytes were read", name, n.n)
		}
	}
}

func TestALongListOfSmallElementsIsRead(t *testing.T) {
	t.Parallel()
	n, elements := 0, MaxElement/8192+2
	list := "[" + strings.Repeat(`"`+strings.Repeat("x", 8189)+`",`, elements) + "1]"
	err := EachElement(strings.NewReader(list), func(*any) error { n++; return nil })
	if n != elements+1 || err != nil {
		t.Errorf("%d elements, %v; want %d", n, err, elements+1)
	}
}

func TestDecodeJSONReadsExactlyOneValue(t *testing.T) {
	t.Parallel()
	var got map[string][]any
	err := DecodeJSON(strings.NewReader(`{"a":[1e400,"x"],"a":[12345678901234567890]} `), &got)
	if diff := cmp.Diff(map[string][]any{"a": {stdjson.Number("12345678901234567890")}}, got); diff != "" || err != nil {
		t.Error(err, diff)
	}
	for text, want := range map[string]string{
		"":         "an empty body instead of JSON",
		"<html>":   "an HTML page instead of JSON",
		`{"a":`:    "the JSON is cut off after 5 bytes",
		"{} {}":    "something follows the JSON at byte 2",
		"[]":       "a list where an object was expected, at byte 0",
		`{"a":{}}`: "an object where a list was expected, at byte 5",
	} {
		if err := DecodeJSON(strings.NewReader(text), &got); !errors.Is(err, ErrNotJSON) || err.Error() != want {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
}

// FuzzEachElement holds it to encoding/json: what one takes as a list, the other
// does, and both see as many elements.
func FuzzEachElement(f *testing.F) {
	for _, s := range []string{"[]", "null", `[1,"a",{"b":[]}]`, "[1,]", "[1] 2", "", "<", "[\"\xff\"]", `[{"a":1,"a":2}]`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n := 0
		err := EachElement(strings.NewReader(s), func(*any) error { n++; return nil })
		var want []any
		dec := stdjson.NewDecoder(strings.NewReader(s))
		dec.UseNumber()
		stdErr := dec.Decode(&want)
		if stdErr == nil {
			_, stdErr = dec.Token()
			if errors.Is(stdErr, io.EOF) {
				stdErr = nil
			} else {
				stdErr = errors.Join(errors.New("something follows"), stdErr)
			}
		}
		if (err == nil) != (stdErr == nil) || err == nil && n != len(want) {
			t.Errorf("%q: %d elements, %v; encoding/json: %d, %v", s, n, err, len(want), stdErr)
		}
		if err != nil && !errors.Is(err, ErrNotJSON) {
			t.Errorf("%q: %v is not ErrNotJSON", s, err)
		}
	})
}
