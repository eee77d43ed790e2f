package config

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// parseProperties reads a file as java.util.Properties does, but that a key
// which is there twice is an error. It is one Map of texts; dots in keys mean
// nothing here. Libraries at hand keep neither duplicates nor lines.
func parseProperties(content []byte) (*Node, error) {
	text := string(content)
	p := propertiesParser{text: text, place: cursor{text: text}}
	root := &Node{Kind: Map, Flat: true, Line: 1, Column: 1}
	var set keySet
	var starts []int // of the keys
	for p.next() {
		start := p.at
		key, err := p.word(true)
		if err != nil {
			return nil, err
		}
		p.separator()
		node := Node{Kind: String}
		node.Line, node.Column = p.place.to(p.at)
		if node.Text, err = p.word(false); err != nil {
			return nil, err
		}
		root.Keys, starts = append(root.Keys, key), append(starts, start)
		if first, again := set.add(root.Keys); again {
			return nil, duplicateAt(text, key, start, starts[first])
		}
		root.Nodes = append(root.Nodes, node)
	}
	return root, nil
}

// blanks are what separates beside line ends.
const blanks = " \t\f"

// propertiesParser reads text from an offset on.
type propertiesParser struct {
	text  string
	at    int
	place cursor
}

// next goes to the next key, past empty lines and comments; false at the end.
func (p *propertiesParser) next() bool {
	for {
		p.at += leading(p.text[p.at:], blanks+"\r\n")
		rest := p.text[p.at:]
		if rest == "" {
			return false
		}
		if size := continuation(rest); size > 0 {
			p.at += size + leading(rest[size:], blanks)
			if p.at < len(p.text) && p.text[p.at] != '\r' && p.text[p.at] != '\n' {
				return true // what is joined to nothing is no comment, either
			}
			continue
		}
		if rest[0] != '#' && rest[0] != '!' {
			return true
		}
		end := strings.IndexAny(rest, "\r\n")
		if end < 0 {
			return false
		}
		p.at += end
	}
}

// separator goes past the blanks and the one = or : between a key and its value.
func (p *propertiesParser) separator() {
	p.skipBlanks()
	if p.at < len(p.text) && (p.text[p.at] == '=' || p.text[p.at] == ':') {
		p.at++
		p.skipBlanks()
	}
}

// skipBlanks goes past blanks, and past ends of lines that a \ joins.
func (p *propertiesParser) skipBlanks() {
	for {
		p.at += leading(p.text[p.at:], blanks)
		size := continuation(p.text[p.at:])
		if size == 0 {
			return
		}
		p.at += size
	}
}

// continuation returns how long the \ and the end of line are that s begins
// with, 0 where it does not.
func continuation(s string) int {
	for _, end := range []string{"\\\r\n", "\\\n", "\\\r"} {
		if strings.HasPrefix(s, end) {
			return len(end)
		}
	}
	return 0
}

// word reads a key, up to what separates it, or else a value, up to the end of
// the line, and resolves the escapes in it.
func (p *propertiesParser) word(key bool) (string, error) {
	ends := "\\\r\n"
	if key {
		ends += "=:" + blanks
	}
	var b strings.Builder
	for start := p.at; ; start = p.at {
		size := strings.IndexAny(p.text[p.at:], ends)
		if size < 0 {
			size = len(p.text) - p.at
		}
		p.at += size
		piece := p.text[start:p.at]
		if p.at == len(p.text) || p.text[p.at] != '\\' {
			if b.Len() == 0 {
				return piece, nil
			}
			b.WriteString(piece)
			return b.String(), nil
		}
		b.WriteString(piece)
		if err := p.escape(&b); err != nil {
			return "", err
		}
	}
}

// escape reads what begins with a \ here.
func (p *propertiesParser) escape(b *strings.Builder) error {
	rest := p.text[p.at:]
	if size := continuation(rest); size > 0 {
		p.at += size
		p.at += leading(p.text[p.at:], blanks)
		return nil
	}
	if len(rest) == 1 { // a \ at the end joins nothing
		p.at++
		return nil
	}
	if rest[1] == 'u' {
		return p.unicode(b)
	}
	r, size := utf8.DecodeRuneInString(rest[1:])
	p.at += 1 + size
	switch r {
	case 't':
		r = '\t'
	case 'n':
		r = '\n'
	case 'r':
		r = '\r'
	case 'f':
		r = '\f'
	}
	b.WriteRune(r)
	return nil
}

// unicode reads \uXXXX, two of them where they make up one character.
func (p *propertiesParser) unicode(b *strings.Builder) error {
	start := p.at
	r, ok := hexEscape(p.text[p.at:])
	if !ok {
		return mistakeAt(p.text, start, `\u wants four hexadecimal digits`)
	}
	p.at += 6
	if utf16.IsSurrogate(r) {
		low, _ := hexEscape(p.text[p.at:])
		if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
			return mistakeAt(p.text, start, `this is half of a character: the other \u is missing`)
		}
		p.at += 6
	}
	b.WriteRune(r)
	return nil
}

func hexEscape(s string) (rune, bool) {
	if len(s) < 6 || s[:2] != `\u` {
		return 0, false
	}
	n, err := strconv.ParseUint(s[2:6], 16, 16)
	return rune(n), err == nil
}
