package config

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"govctl/internal/mask"
)

// The bounds of a document. Whoever needs more does not hold configuration.
const (
	maxContent = 64 << 20 // bytes
	maxEntries = 500_000  // lines and commas together: about as many values
	maxDepth   = 1000     // lists and maps within each other
	maxAliased = 100_000  // values that aliases and merge keys of YAML repeat
)

// ErrUnstructured is Parse's error for Text and Binary: they have no values.
var ErrUnstructured = errors.New("this has no inner structure")

// ParseError is a mistake in content, and where it is. Text never quotes a
// value: it may be a secret.
type ParseError struct {
	Line, Column int // from 1, the column in bytes; a column of 0 is not known
	Text         string
}

// Error returns "line 3, column 7: WHY".
func (e *ParseError) Error() string {
	if e.Column == 0 {
		return fmt.Sprintf("line %d: %s", e.Line, e.Text)
	}
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Text)
}

// Parse reads content of a format. Empty content is a Null, but a Map without
// keys in TOML and Properties. Every error is a *ParseError, or ErrUnstructured.
// The Node shares no memory with content.
func Parse(content []byte, f Format) (*Node, error) {
	parse := parserOf(f)
	if parse == nil {
		return nil, ErrUnstructured
	}
	content = bytes.TrimPrefix(content, []byte(byteOrderMark))
	if err := checkText(content); err != nil {
		return nil, err
	}
	n, err := parse(content)
	if err != nil {
		return nil, err
	}
	hideBeside("", n)
	return n, nil
}

// byteOrderMark is what some editors of Windows put before UTF-8.
const byteOrderMark = "\uFEFF"

// parserOf returns what reads a format, nil where it has no structure. A parser
// gets UTF-8 without NUL; each of its errors is a *ParseError.
func parserOf(f Format) func(content []byte) (*Node, error) {
	switch f {
	case YAML:
		return parseYAML
	case JSON:
		return parseJSON
	case TOML:
		return parseTOML
	case Properties:
		return parseProperties
	case Text, Binary:
	}
	return nil
}

// checkText refuses what is no text, and what is too long.
func checkText(content []byte) error {
	if len(content) > maxContent {
		return &ParseError{Line: 1, Text: fmt.Sprintf("this is longer than %d MiB", maxContent>>20)}
	}
	if bytes.Count(content, []byte("\n"))+bytes.Count(content, []byte(",")) > maxEntries {
		return &ParseError{Line: 1, Text: fmt.Sprintf("this has more than %d lines and commas", maxEntries)}
	}
	if i := bytes.IndexByte(content, 0); i >= 0 {
		return mistakeAt(string(content[:i]), i, "a NUL byte stands here, this is no text")
	}
	if utf8.Valid(content) {
		return nil
	}
	text := string(content)
	for i, r := range text {
		if r == utf8.RuneError && !strings.HasPrefix(text[i:], "\uFFFD") {
			return mistakeAt(text, i, "this is not UTF-8")
		}
	}
	return nil
}

// mistakeAt is the error for what stands at an offset of text.
func mistakeAt(text string, offset int, why string) *ParseError {
	line, column := position(text, offset)
	return &ParseError{line, column, why}
}

// position returns the line and the column of an offset, both from 1.
func position(text string, offset int) (line, column int) {
	before := text[:min(offset, len(text))]
	return 1 + strings.Count(before, "\n"), len(before) - strings.LastIndexByte(before, '\n')
}

// cursor turns offsets of a text into lines and columns, quickly where they grow.
type cursor struct {
	text  string
	at    int // up to where lines are counted
	line  int // from 0
	start int // of the line
}

// to returns the line and the column of an offset, both from 1.
func (c *cursor) to(offset int) (line, column int) {
	if offset < c.at {
		*c = cursor{text: c.text}
	}
	for c.at < offset {
		i := strings.IndexByte(c.text[c.at:offset], '\n')
		if i < 0 {
			break
		}
		c.line++
		c.at += i + 1
		c.start = c.at
	}
	c.at = offset
	return c.line + 1, offset - c.start + 1
}

// duplicate is the error for a key that stands here for the second time.
func duplicate(key string, line, column, firstLine, firstColumn int) *ParseError {
	text := "the key " + quoteKey(key)
	if _, secret := mask.New(nil).Value("key", key); secret {
		text = "a key that is a secret"
	}
	return &ParseError{line, column, fmt.Sprintf("%s is here twice, first at line %d, column %d", text, firstLine, firstColumn)}
}

// duplicateAt is the same error by the offsets of both in text.
func duplicateAt(text, key string, second, first int) *ParseError {
	line, column := position(text, second)
	firstLine, firstColumn := position(text, first)
	return duplicate(key, line, column, firstLine, firstColumn)
}

// quoteKey returns a key for an error, its beginning where it is long.
func quoteKey(key string) string {
	const most = 60
	short := key
	for i := range key {
		if i > most {
			short = key[:i] + "…"
			break
		}
	}
	return strconv.Quote(short)
}

// tooDeep is the error for what is nested deeper than maxDepth.
func tooDeep(line, column int) *ParseError {
	return &ParseError{line, column, fmt.Sprintf("this is nested deeper than %d levels", maxDepth)}
}

// keySet finds duplicates among the keys of one map, a few without a table.
type keySet struct {
	at map[string]int
}

// fewKeys is up to how many keys looking at each is faster than a table.
const fewKeys = 12

// add returns where among keys the last one stands for the first time, and
// whether that is not at the end: then it is a duplicate.
func (s *keySet) add(keys []string) (first int, again bool) {
	last := len(keys) - 1
	if last < fewKeys {
		for i, k := range keys[:last] {
			if k == keys[last] {
				return i, true
			}
		}
		return last, false
	}
	if s.at == nil {
		s.at = make(map[string]int, 4*fewKeys)
		for i, k := range keys[:last] {
			s.at[k] = i
		}
	}
	if i, ok := s.at[keys[last]]; ok {
		return i, true
	}
	s.at[keys[last]] = last
	return last, false
}
