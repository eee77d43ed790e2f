package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Step is one step down from a value: into a Map by Key, or, with List, into a
// List: to the element at Index, from 0, or, with By, to the one whose By is Key.
// With Flat the Map is one of Node.Flat.
type Step struct {
	Key   string
	By    string
	Index int
	List  bool
	Flat  bool
}

// Path leads from the root of a document to a value inside; the empty Path is
// the root itself.
type Path []Step

// String returns the path as people write it: "db.pool.max", "list[2]",
// "routes[name=checkout].timeout". What could be taken for something else is
// quoted: `a["x.y"].b`; but a Flat key that reads like a path stands as it is.
// ParsePath reads all others back; the root is "".
func (p Path) String() string {
	var b []byte
	for i, s := range p {
		b = s.append(b, i == 0)
	}
	return string(b)
}

// MarshalText returns what String does.
func (p Path) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

func (s Step) append(b []byte, first bool) []byte {
	switch {
	case s.List && s.By != "":
		b = appendWord(append(b, '['), s.By)
		b = appendWord(append(b, '='), s.Key)
		return append(b, ']')
	case s.List:
		return append(strconv.AppendInt(append(b, '['), int64(s.Index), 10), ']')
	case plain(s.Key, `."[]\=`), first && s.isFlatPath():
		if !first {
			b = append(b, '.')
		}
		return append(b, s.Key...)
	default:
		return append(strconv.AppendQuote(append(b, '['), s.Key), ']')
	}
}

// isFlatPath reports whether the key is a whole path, which its text says best.
func (s Step) isFlatPath() bool {
	if !s.Flat || s.Key == "" {
		return false
	}
	_, err := ParsePath(s.Key)
	return err == nil
}

// appendWord appends one side of "name=checkout".
func appendWord(b []byte, word string) []byte {
	if plain(word, `"[]\=`) {
		return append(b, word...)
	}
	return strconv.AppendQuote(b, word)
}

// plain reports whether word can stand without quotes: it has characters, and
// all of them can be seen and are none of odd.
func plain(word, odd string) bool {
	for _, r := range word {
		if r > ' ' && r <= '~' && strings.IndexByte(odd, byte(r)) < 0 {
			continue
		}
		if r == utf8.RuneError || !unicode.IsGraphic(r) || unicode.IsSpace(r) || strings.ContainsRune(odd, r) {
			return false
		}
	}
	return word != ""
}

// ParsePath reads what Path.String returns. An error says what is wrong with
// text, but does not repeat it.
func ParsePath(text string) (Path, error) {
	var p Path
	s := scanner{rest: text, first: true}
	for s.rest != "" {
		before := len(text) - len(s.rest)
		t, err := s.next()
		if err != nil {
			return nil, fmt.Errorf("at character %d: %w", 1+utf8.RuneCountInString(text[:before]), err)
		}
		p = append(p, t.Step)
	}
	return p, nil
}

// token is a step as it is written. Where quoted, nothing in Key is a glob.
// any is the "[*]" of globs.
type token struct {
	Step
	quoted, any bool
}

// scanner takes one token after the other from rest, the paths' and, with glob,
// those that only globs have.
type scanner struct {
	rest        string
	first, glob bool
}

func (s *scanner) next() (token, error) {
	first := s.first
	s.first = false
	if s.rest[0] == '[' {
		return s.brackets()
	}
	if !first {
		if s.rest[0] != '.' {
			return token{}, errors.New(`a "." or "[" is missing`)
		}
		s.rest = s.rest[1:]
	}
	key := s.rest
	if i := strings.IndexAny(key, ".["); i >= 0 {
		key = key[:i]
	}
	switch {
	case key == "":
		return token{}, errors.New(`a key is missing; an empty one is [""]`)
	case !plain(key, `"]\=`):
		return token{}, fmt.Errorf("a key with such characters is quoted: [%q]", key)
	}
	s.rest = s.rest[len(key):]
	return token{Step: Step{Key: key}}, nil
}

// brackets takes `[2]`, `["key"]` or `[name=checkout]`.
func (s *scanner) brackets() (token, error) {
	s.rest = s.rest[1:]
	word, quoted, err := s.word()
	if err != nil {
		return token{}, err
	}
	if s.take('=') {
		value, valueQuoted, err := s.word()
		switch {
		case err != nil:
			return token{}, err
		case word == "":
			return token{}, errors.New("an element is found by a key, and that is empty")
		case !s.take(']'):
			return token{}, errors.New(`a "]" is missing`)
		}
		return token{Step: Step{List: true, By: word, Key: value}, quoted: valueQuoted}, nil
	}
	if !s.take(']') {
		return token{}, errors.New(`a "]" is missing`)
	}
	switch i, err := strconv.Atoi(word); {
	case quoted:
		return token{Step: Step{Key: word}, quoted: true}, nil
	case s.glob && word == "*":
		return token{Step: Step{List: true}, any: true}, nil
	case err != nil || i < 0 || word != strconv.Itoa(i):
		return token{}, errors.New(`brackets hold a number, a quoted key or "name=value"`)
	default:
		return token{Step: Step{List: true, Index: i}}, nil
	}
}

// word takes a word in brackets, up to "=" or "]".
func (s *scanner) word() (word string, quoted bool, err error) {
	if !strings.HasPrefix(s.rest, `"`) {
		end := strings.IndexAny(s.rest, "=]")
		if end < 0 {
			return "", false, errors.New(`a "]" is missing`)
		}
		word, s.rest = s.rest[:end], s.rest[end:]
		if !plain(word, `"[\`) {
			return "", false, fmt.Errorf("it is quoted: %q", word)
		}
		return word, false, nil
	}
	text, err := strconv.QuotedPrefix(s.rest)
	if err != nil {
		return "", false, errors.New("a quote has no end, or an escape is none")
	}
	s.rest = s.rest[len(text):]
	word, err = strconv.Unquote(text)
	return word, true, err
}

func (s *scanner) take(c byte) bool {
	if s.rest == "" || s.rest[0] != c {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

// At returns the value to which p leads, and false where there is none, or
// several: elements that are the same by what they are looked for.
func (n *Node) At(p Path) (*Node, bool) {
	for _, s := range p {
		if n = n.step(s); n == nil {
			return nil, false
		}
	}
	return n, true
}

func (n *Node) step(s Step) *Node {
	switch {
	case !s.List && n.Kind == Map:
		return n.Get(s.Key)
	case s.List && n.Kind == List && s.By == "":
		if s.Index >= 0 && s.Index < len(n.Nodes) {
			return &n.Nodes[s.Index]
		}
	case s.List && n.Kind == List:
		return n.elementBy(s.By, s.Key)
	}
	return nil
}

// elementBy returns the only element of a List whose by is id.
func (n *Node) elementBy(by, id string) *Node {
	var found *Node
	for i := range n.Nodes {
		if text, ok := n.Nodes[i].identity(by); ok && text == id {
			if found != nil {
				return nil
			}
			found = &n.Nodes[i]
		}
	}
	return found
}
