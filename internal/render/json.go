package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonLook writes a list as an array with an indent of two blanks.
var jsonLook = look{
	before:  "[\n  ",
	between: ",\n  ",
	after:   "\n]\n",
	empty:   "[]\n",
	layout: func(out, compact []byte) []byte {
		return appendJSON(out, compact, 1)
	},
}

// encoder encodes values as compact JSON, one after the other, in one buffer.
type encoder struct {
	buf bytes.Buffer
	enc *json.Encoder
}

func newEncoder() *encoder {
	e := &encoder{}
	e.enc = json.NewEncoder(&e.buf)
	e.enc.SetEscapeHTML(false)
	return e
}

// encode returns v as JSON on one line; the bytes hold until the next call.
// Bytes of a string that are no UTF-8 become U+FFFD: JSON has no form for them.
func (e *encoder) encode(v any) ([]byte, error) {
	e.buf.Reset()
	if err := e.enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(e.buf.Bytes(), []byte("\n")), nil
}

// appendJSON appends compact, which is valid JSON without blanks, on lines of
// their own for each member and element, the first being depth deep already.
// Characters that a terminal must not get are escaped. One pass that does both
// takes two thirds of the time of encoding/json's own indenting.
func appendJSON(out, compact []byte, depth int) []byte {
	for i := 0; i < len(compact); i++ {
		switch c := compact[i]; c {
		case '"':
			end := stringEnd(compact, i)
			out = append(out, '"')
			out = appendEscaped(out, compact[i+1:end-1], appendJSONEscape)
			out = append(out, '"')
			i = end - 1
		case '{', '[':
			if compact[i+1] == c+2 { // empty: in ASCII the closing one is two further
				out = append(out, c, c+2)
				i++
				continue
			}
			depth++
			out = appendLine(append(out, c), depth)
		case '}', ']':
			depth--
			out = append(appendLine(out, depth), c)
		case ',':
			out = appendLine(append(out, c), depth)
		case ':':
			out = append(out, ':', ' ')
		default:
			out = append(out, c)
		}
	}
	return out
}

// appendCompact appends compact, which is valid JSON without blanks, on one line.
// Characters that a terminal must not get are escaped.
func appendCompact(out, compact []byte) []byte {
	for i := 0; i < len(compact); i++ {
		if compact[i] != '"' {
			out = append(out, compact[i])
			continue
		}
		end := stringEnd(compact, i)
		out = append(out, '"')
		out = appendEscaped(out, compact[i+1:end-1], appendJSONEscape)
		out = append(out, '"')
		i = end - 1
	}
	return out
}

func appendLine(out []byte, depth int) []byte {
	return appendBlanks(append(out, '\n'), 2*depth)
}

// stringEnd returns the index behind the string whose opening quote stands at
// start.
func stringEnd(compact []byte, start int) int {
	for i := start + 1; ; i++ {
		switch compact[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
}

// appendEscaped appends the inside of a JSON string, with the characters that
// Safe would not show written by escape. A byte that is no UTF-8, which a
// json.RawMessage may bring past encoding/json, becomes an escaped U+FFFD.
func appendEscaped(out, inside []byte, escape func([]byte, rune) []byte) []byte {
	if isPrintable(inside) {
		return append(out, inside...)
	}
	runs := newMarks()
	for len(inside) > 0 {
		r, size := utf8.DecodeRune(inside)
		if isBad := r == utf8.RuneError && size == 1; !isBad && runs.shown(r) {
			out = append(out, inside[:size]...)
		} else {
			out = escape(out, r)
		}
		inside = inside[size:]
	}
	return out
}

func isPrintable(text []byte) bool {
	for _, c := range text {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

func appendJSONEscape(out []byte, r rune) []byte {
	if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
		return fmt.Appendf(out, `\u%04x\u%04x`, high, low)
	}
	return fmt.Appendf(out, `\u%04x`, r)
}
