package config

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// parseJSON reads one JSON value. It is the format of large items, and the one
// that is compared fastest: texts share one copy of the content.
func parseJSON(content []byte) (*Node, error) {
	if len(bytes.TrimSpace(content)) == 0 {
		return &Node{Kind: Null, Text: "null", Line: 1, Column: 1}, nil
	}
	text := string(content)
	p := jsonParser{
		text: text, place: cursor{text: text},
		d: jsontext.NewDecoder(bytes.NewBuffer(content), jsontext.AllowDuplicateNames(true)),
	}
	root, err := p.value(0)
	if err != nil {
		return nil, p.mistake(err)
	}
	switch _, err := p.d.ReadToken(); {
	case err == nil:
		return nil, p.at(int(p.d.InputOffset())-1, "something follows the JSON value")
	case !errors.Is(err, io.EOF):
		return nil, p.mistake(err)
	}
	return &root, nil
}

// jsonParser reads values one within the other. Those of lists and maps that
// are not closed yet stand in nodes and keys, the innermost last, so that each
// list and map is allocated once, as large as it is.
type jsonParser struct {
	text   string
	place  cursor
	d      *jsontext.Decoder
	nodes  []Node
	keys   []string
	starts []int // of the keys
}

// value reads the next value, which has depth lists and maps around it.
func (p *jsonParser) value(depth int) (Node, error) {
	switch kind := p.d.PeekKind(); kind {
	case '{', '[':
		return p.container(kind, depth+1)
	case '"':
		text, start, err := p.string()
		return p.node(String, text, start), err
	default:
		raw, err := p.d.ReadValue()
		end := int(p.d.InputOffset())
		start := end - len(raw)
		return p.node(jsonKind(kind), p.text[start:end], start), err
	}
}

func jsonKind(k jsontext.Kind) Kind {
	switch k {
	case 'n':
		return Null
	case 't', 'f':
		return Bool
	default:
		return Number
	}
}

// container reads a list or a map.
func (p *jsonParser) container(kind jsontext.Kind, depth int) (Node, error) {
	if _, err := p.d.ReadToken(); err != nil {
		return Node{}, err
	}
	n := p.node(List, "", int(p.d.InputOffset())-1)
	if depth > maxDepth {
		return n, tooDeep(n.Line, n.Column)
	}
	firstNode, firstKey := len(p.nodes), len(p.keys)
	if kind == '{' {
		n.Kind = Map
	}
	var set keySet
	for k := p.d.PeekKind(); k != '}' && k != ']'; k = p.d.PeekKind() {
		if n.Kind == Map {
			if err := p.key(&set, firstKey); err != nil {
				return n, err
			}
		}
		child, err := p.value(depth)
		if err != nil {
			return n, err
		}
		p.nodes = append(p.nodes, child)
	}
	if _, err := p.d.ReadToken(); err != nil {
		return n, err
	}
	n.Nodes = append([]Node(nil), p.nodes[firstNode:]...)
	n.Keys = append([]string(nil), p.keys[firstKey:]...)
	p.nodes, p.keys, p.starts = p.nodes[:firstNode], p.keys[:firstKey], p.starts[:firstKey]
	return n, nil
}

// key reads a key of the map whose keys begin at first.
func (p *jsonParser) key(set *keySet, first int) error {
	key, start, err := p.string()
	if err != nil {
		return err
	}
	p.keys, p.starts = append(p.keys, key), append(p.starts, start)
	if i, again := set.add(p.keys[first:]); again {
		return duplicateAt(p.text, key, start, p.starts[first+i])
	}
	return nil
}

// string reads a string, and returns the offset of its first quote.
func (p *jsonParser) string() (text string, start int, err error) {
	raw, err := p.d.ReadValue()
	if err != nil {
		return "", 0, err
	}
	end := int(p.d.InputOffset())
	start = end - len(raw)
	if raw.Kind() != '"' {
		return "", 0, p.at(start, "a key must be a string in double quotes")
	}
	if bytes.IndexByte(raw, '\\') < 0 {
		return p.text[start+1 : end-1], start, nil
	}
	unquoted, err := jsontext.AppendUnquote(nil, raw)
	return string(unquoted), start, err
}

// node returns one that begins at an offset.
func (p *jsonParser) node(kind Kind, text string, start int) Node {
	n := Node{Kind: kind, Text: text}
	n.Line, n.Column = p.place.to(start)
	return n
}

func (p *jsonParser) at(offset int, why string) error {
	line, column := p.place.to(offset)
	return &ParseError{line, column, why}
}

// mistake is the error for what jsontext refused.
func (p *jsonParser) mistake(err error) error {
	if _, ok := errors.AsType[*ParseError](err); ok {
		return err
	}
	e, ok := errors.AsType[*jsontext.SyntacticError](err)
	if !ok {
		return p.at(len(p.text), "the JSON ends too early")
	}
	offset := int(e.ByteOffset)
	rest := p.text[min(offset, len(p.text)):]
	switch {
	case strings.HasPrefix(rest, "//"), strings.HasPrefix(rest, "/*"), strings.HasPrefix(rest, "#"):
		return p.at(offset, "JSON has no comments")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return p.at(len(p.text), "the JSON ends too early")
	case trailingComma(rest):
		return p.at(offset, "JSON has no comma after the last value")
	}
	why := e.Err.Error()
	for _, quoting := range []string{"invalid escape sequence", "invalid surrogate pair"} {
		if strings.HasPrefix(why, quoting) { // what follows is content
			why = quoting
		}
	}
	return p.at(offset, "this is not JSON: "+why)
}

func trailingComma(rest string) bool {
	after, ok := strings.CutPrefix(rest, ",")
	after = strings.TrimLeft(after, " \t\r\n")
	return ok && (strings.HasPrefix(after, "}") || strings.HasPrefix(after, "]"))
}
