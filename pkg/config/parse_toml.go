package config

import (
	"errors"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// parseTOML reads one document; numbers and times stay as they are written.
// What stands where twice is found here: the library's own decoder rounds, and
// its search for duplicates is quadratic.
func parseTOML(content []byte) (*Node, error) {
	p := tomlParser{root: &tomlTable{line: 1, column: 1}, place: cursor{text: string(content)}}
	p.table = p.root
	p.Reset(content)
	for p.NextExpression() {
		if err := p.expression(p.Expression()); err != nil {
			return nil, err
		}
	}
	if err := p.Error(); err != nil {
		return nil, p.mistake(err)
	}
	n := p.root.node()
	return &n, nil
}

// tomlParser builds tables of what the library reads line by line.
type tomlParser struct {
	unstable.Parser
	root  *tomlTable
	table *tomlTable // of the header above
	depth int        // of that table
	place cursor
}

// made is how a table came to be, which says what may be added to it.
type made uint8

const (
	byPath   made = iota // a part of the path of a header: it may have a header of its own
	byHeader             // [table]
	byDots               // a part of a dotted key: more of those may follow
)

// tomlTable is a table that may still grow.
type tomlTable struct {
	made         made
	keys         []string
	values       []tomlValue
	set          keySet
	line, column int
}

// tomlValue is a table, the tables of [[header]], or else a node.
type tomlValue struct {
	table        *tomlTable
	tables       []*tomlTable
	node         Node
	line, column int // of the key
}

// tomlKey is a part of a dotted key or of a header.
type tomlKey struct {
	text         string
	line, column int
}

func (p *tomlParser) expression(e *unstable.Node) error {
	keys := p.keys(e.Key())
	last := keys[len(keys)-1]
	if len(keys) > maxDepth {
		return tooDeep(last.line, last.column)
	}
	if e.Kind == unstable.KeyValue {
		return p.keyValue(p.table, keys, e, p.depth)
	}
	table := p.root
	for _, key := range keys[:len(keys)-1] {
		v, found := table.value(key)
		if !found {
			v.table = &tomlTable{line: key.line, column: key.column}
		}
		if table = v.innermost(); table == nil {
			return v.again(key)
		}
	}
	v, found := table.value(last)
	added := &tomlTable{made: byHeader, line: last.line, column: last.column}
	switch {
	case e.Kind == unstable.ArrayTable && (!found || v.tables != nil):
		v.tables = append(v.tables, added)
	case e.Kind == unstable.Table && !found:
		v.table = added
	case e.Kind == unstable.Table && v.table != nil && v.table.made == byPath:
		added, v.table.made = v.table, byHeader
		v.line, v.column = last.line, last.column
	default:
		return v.again(last)
	}
	p.table, p.depth = added, len(keys)
	return nil
}

// keyValue adds a key and its value, which has depth lists and maps around it.
func (p *tomlParser) keyValue(table *tomlTable, keys []tomlKey, e *unstable.Node, depth int) error {
	for _, key := range keys[:len(keys)-1] {
		v, found := table.value(key)
		if !found {
			v.table = &tomlTable{made: byDots, line: key.line, column: key.column}
		}
		if v.table == nil || v.table.made != byDots {
			return v.again(key)
		}
		table = v.table
	}
	last := keys[len(keys)-1]
	v, found := table.value(last)
	if found {
		return v.again(last)
	}
	var err error
	v.node, err = p.value(e.Value(), depth+len(keys))
	return err
}

// keys returns a dotted key.
func (p *tomlParser) keys(it unstable.Iterator) []tomlKey {
	var keys []tomlKey
	for it.Next() {
		k := it.Node()
		line, column := p.place.to(int(k.Raw.Offset))
		keys = append(keys, tomlKey{string(k.Data), line, column})
	}
	return keys
}

// value turns a value. Where a list begins the library does not tell.
func (p *tomlParser) value(v *unstable.Node, depth int) (Node, error) {
	n := Node{Text: string(v.Data)}
	if v.Raw.Length > 0 {
		n.Line, n.Column = p.place.to(int(v.Raw.Offset))
	}
	if depth > maxDepth {
		return n, tooDeep(p.place.to(p.place.at))
	}
	switch v.Kind {
	case unstable.Array:
		n.Kind = List
		for it := v.Children(); it.Next(); {
			child, err := p.value(it.Node(), depth+1)
			if err != nil {
				return n, err
			}
			n.Nodes = append(n.Nodes, child)
		}
	case unstable.InlineTable:
		return p.inline(n, v, depth)
	case unstable.String:
		n.Kind = String
	case unstable.Bool:
		n.Kind = Bool
	case unstable.Integer, unstable.Float:
		n.Kind = Number
	default:
		n.Kind = Time
		return n, n.checkTime()
	}
	return n, nil
}

func (p *tomlParser) inline(n Node, v *unstable.Node, depth int) (Node, error) {
	table := &tomlTable{line: n.Line, column: n.Column}
	for it := v.Children(); it.Next(); {
		if err := p.keyValue(table, p.keys(it.Node().Key()), it.Node(), depth); err != nil {
			return n, err
		}
	}
	return table.node(), nil
}

// checkTime refuses a time that is none: the library tells only what looks like
// one.
func (n *Node) checkTime() error {
	var into struct{ Time any }
	if toml.Unmarshal([]byte("Time = "+n.Text), &into) != nil {
		return &ParseError{n.Line, n.Column, "there is no such date or time"}
	}
	return nil
}

// mistake is the error for what the library refused.
func (p *tomlParser) mistake(err error) error {
	e, ok := errors.AsType[*unstable.ParserError](err)
	if !ok {
		return mistakeAt(p.place.text, len(p.place.text), "this is not TOML")
	}
	line, column := p.place.to(min(cap(p.Data())-cap(e.Highlight), len(p.place.text)))
	return &ParseError{line, column, "this is not TOML: " + strings.TrimPrefix(e.Message, "toml: ")}
}

// value returns the value of a key, and whether it was there; else it is new and
// empty. The pointer is good until the next call.
func (t *tomlTable) value(key tomlKey) (v *tomlValue, found bool) {
	t.keys = append(t.keys, key.text)
	if i, again := t.set.add(t.keys); again {
		t.keys = t.keys[:len(t.keys)-1]
		return &t.values[i], true
	}
	t.values = append(t.values, tomlValue{line: key.line, column: key.column})
	return &t.values[len(t.values)-1], false
}

// innermost returns the table that a header below v adds to, nil for none.
func (v *tomlValue) innermost() *tomlTable {
	if len(v.tables) > 0 {
		return v.tables[len(v.tables)-1]
	}
	return v.table
}

// again is the error for a key that is taken.
func (v *tomlValue) again(key tomlKey) error {
	return duplicate(key.text, key.line, key.column, v.line, v.column)
}

// become returns what a value has become.
func (v *tomlValue) become() Node {
	switch {
	case v.table != nil:
		return v.table.node()
	case v.tables != nil:
		n := Node{Kind: List, Line: v.tables[0].line, Column: v.tables[0].column}
		for _, t := range v.tables {
			n.Nodes = append(n.Nodes, t.node())
		}
		return n
	}
	return v.node
}

// node returns what a table has become.
func (t *tomlTable) node() Node {
	n := Node{Kind: Map, Keys: t.keys, Line: t.line, Column: t.column, Nodes: make([]Node, len(t.values))}
	for i := range t.values {
		n.Nodes[i] = t.values[i].become()
	}
	return n
}
