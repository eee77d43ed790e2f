package httpx

import (
	stdjson "encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// MaxElement is the limit of one element of a list that EachElement reads, in
// bytes: 16 MiB. Without it one endless string would be held whole.
const MaxElement = 16 << 20

// EachElement reads a JSON array from r and calls each with every element, in
// order, holding one at a time. The element is each's until it returns: what is
// kept must be copied (*v as a whole will do). An error of each or of r is returned
// as it is. Anything but one complete array, and null, which Go servers write for
// an empty one, is ErrNotJSON: elements already seen are then no answer.
//
// Strangers choose what stands in the elements, so duplicate names (the last one
// wins), invalid UTF-8 (replaced) and unknown fields harm nothing. Numbers in an
// `any` are json.Number of encoding/json, digit by digit. Nesting is bounded at
// 10,000, an element at MaxElement. r is not closed.
func EachElement[T any](r io.Reader, each func(*T) error) error {
	src := &source{r: r, limit: MaxElement}
	dec := jsontext.NewDecoder(src, lenient())
	empty, err := openList(dec, src)
	if err != nil {
		return err
	}
	var v, zero T
	for i := 0; !empty && dec.PeekKind() != ']'; i++ {
		src.limit = dec.InputOffset() + MaxElement
		v = zero
		if err := json.UnmarshalDecode(dec, &v); err != nil {
			return src.reason(err, "element "+strconv.Itoa(i)+": ")
		}
		if err := each(&v); err != nil {
			return err
		}
	}
	if !empty {
		if _, err := dec.ReadToken(); err != nil {
			return src.reason(err, "")
		}
	}
	return src.end(dec)
}

// openList reads the beginning of an array, or a null, which is an empty one.
func openList(dec *jsontext.Decoder, src *source) (empty bool, err error) {
	kind := dec.PeekKind()
	if kind != '[' && kind != 'n' && kind != jsontext.KindInvalid {
		return false, notJSON("%s instead of a list", words(kind))
	}
	if _, err := dec.ReadToken(); err != nil {
		return false, src.reason(err, "")
	}
	return kind == 'n', nil
}

// DecodeJSON reads one JSON value from r into v, a pointer. What is not exactly
// one value that fits is ErrNotJSON; the rest is as in EachElement, but that only
// r bounds the value's size.
func DecodeJSON(r io.Reader, v any) error {
	src := &source{r: r, limit: -1}
	dec := jsontext.NewDecoder(src, lenient())
	if err := json.UnmarshalDecode(dec, v); err != nil {
		return src.reason(err, "")
	}
	return src.end(dec)
}

// Raw is a body that is sent as it is, and not as JSON.
type Raw []byte

// encode is how bodies are written: the same bytes for the same value, numbers
// digit by digit.
func encode(v any) ([]byte, error) {
	if raw, ok := v.(Raw); ok {
		return raw, nil
	}
	return json.Marshal(v, json.Deterministic(true), json.WithMarshalers(json.MarshalToFunc(
		func(enc *jsontext.Encoder, n stdjson.Number) error {
			return enc.WriteValue(jsontext.Value(n))
		})))
}

// lenient are the options of reading what strangers wrote.
func lenient() json.Options {
	return json.JoinOptions(
		jsontext.AllowDuplicateNames(true),
		jsontext.AllowInvalidUTF8(true),
		json.WithUnmarshalers(json.UnmarshalFromFunc(func(dec *jsontext.Decoder, v *any) error {
			if dec.PeekKind() != '0' {
				return errors.ErrUnsupported
			}
			n, err := dec.ReadValue()
			*v = stdjson.Number(n)
			return err
		})))
}

// source remembers what the decoder cannot tell: whether reading itself failed,
// and what the text began with.
type source struct {
	r     io.Reader
	n     int64
	limit int64 // of n; -1: none
	head  byte  // the first byte that is not white space, 0 before it came
	err   error
}

func (s *source) Read(p []byte) (int, error) {
	if s.limit >= 0 && s.n >= s.limit {
		s.err = fault(ErrTooLarge, final, "one element of the list is larger than %s", size(MaxElement))
		return 0, s.err
	}
	n, err := s.r.Read(p)
	s.n += int64(n)
	for i := 0; s.head == 0 && i < n; i++ {
		if c := p[i]; c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			s.head = c
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// end makes sure that nothing follows.
func (s *source) end(dec *jsontext.Decoder) error {
	at := dec.InputOffset()
	_, err := dec.ReadToken()
	switch {
	case s.err != nil:
		return s.err
	case errors.Is(err, io.EOF):
		return nil
	}
	return notJSON("something follows the JSON at byte %d", at)
}

// reason says in plain words why what was read is not what was asked for. It
// quotes nothing of it: who knows what it is.
func (s *source) reason(err error, where string) error {
	var semantic *json.SemanticError
	var syntactic *jsontext.SyntacticError
	switch {
	case s.err != nil:
		return s.err
	case s.head == 0:
		return notJSON("an empty body instead of JSON")
	case s.head == '<':
		return notJSON("an HTML page instead of JSON")
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return notJSON("the JSON is cut off after %d bytes", s.n)
	case errors.As(err, &semantic):
		return notJSON("%s%s where %s was expected, at byte %d",
			where, words(semantic.JSONKind), wordsGo(semantic.GoType), semantic.ByteOffset)
	case errors.As(err, &syntactic):
		return notJSON("%snot JSON at byte %d", where, syntactic.ByteOffset)
	}
	return notJSON("%snot JSON", where)
}

func notJSON(format string, args ...any) error {
	return &Error{kind: ErrNotJSON, fate: final, text: fmt.Sprintf(format, args...)}
}

func words(k jsontext.Kind) string {
	switch k { //nolint:exhaustive // the rest begins no value
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "a string"
	case '0':
		return "a number"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	}
	return "something else"
}

func wordsGo(t reflect.Type) string {
	if t == nil {
		return "something else"
	}
	switch t.Kind() { //nolint:exhaustive // the rest stand in no answer
	case reflect.Pointer:
		return wordsGo(t.Elem())
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "a boolean"
	case reflect.Float32, reflect.Float64:
		return "a number"
	}
	return "a whole number"
}
