package config

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// parseYAML reads one document as YAML 1.2 means it (its core schema); YAML11
// says where older readers differ. Aliases and merge keys are resolved.
func parseYAML(content []byte) (*Node, error) {
	root, err := yamlDocument(content)
	if err != nil {
		return nil, yamlMistake(content, err)
	}
	if root == nil {
		return &Node{Kind: Null, Text: "null", Line: 1, Column: 1}, nil
	}
	p := yamlParser{columns: columnsOf(content), open: map[*yaml.Node]bool{}}
	n, err := p.node(root, 0)
	if err != nil {
		return nil, err
	}
	if p.anchors != nil {
		hideAliased(&n, p.anchors)
	}
	return &n, nil
}

// yamlDocument returns the root of the one document that is not empty, nil where
// all are. Its error is a *ParseError, or one of yaml: see yamlMistake.
func yamlDocument(content []byte) (*yaml.Node, error) {
	var root *yaml.Node
	for d := yaml.NewDecoder(bytes.NewReader(content)); ; {
		var doc yaml.Node
		err := d.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return root, nil
		}
		if err != nil {
			return nil, err
		}
		n := doc.Content[0]
		if empty := n.Kind == yaml.ScalarNode && n.Style == 0 && n.Value == "" && n.Anchor == ""; empty {
			continue
		}
		if root != nil {
			return nil, &ParseError{n.Line, n.Column, "a second YAML document begins here: an item holds one"}
		}
		root = n
	}
}

// yamlMistake is the error for what yaml cannot read, in its words but for an
// anchor, whose name may be a secret that begins with a star.
func yamlMistake(content []byte, err error) error {
	if _, ok := errors.AsType[*ParseError](err); ok {
		return err
	}
	why, line := strings.TrimPrefix(err.Error(), "yaml: "), 1
	if rest, ok := strings.CutPrefix(why, "line "); ok {
		if number, text, ok := strings.Cut(rest, ": "); ok {
			n, _ := strconv.Atoi(number)
			why, line = text, max(1, n)
		}
	}
	text := string(content)
	switch {
	case strings.HasPrefix(why, "unknown anchor"):
		why = "a value begins with * but names no anchor"
	case strings.HasPrefix(why, "control characters"):
		if i := strings.IndexFunc(text, isControl); i >= 0 {
			return mistakeAt(text, i, "a control character stands here")
		}
	case strings.Contains(why, "cannot start any token"):
		if i := tabIndent(text); i >= 0 {
			return mistakeAt(text, i, "a tab stands in the indentation: indent with blanks")
		}
	}
	return &ParseError{Line: cmp.Or(culprit(content, err), line), Text: "this is not YAML: " + why}
}

// maxCulprit is up to how many bytes culprit looks: it reads them again and again.
const maxCulprit = 64 << 10

// culprit returns the first line with which content fails as it does: yaml names
// the line where the map or list around it begins, often many above. 0 where the
// content is too long to look.
func culprit(content []byte, err error) int {
	if len(content) > maxCulprit {
		return 0
	}
	var ends []int
	for line := range bytes.Lines(content) {
		ends = append(ends, len(line))
		if n := len(ends); n > 1 {
			ends[n-1] += ends[n-2]
		}
	}
	return 1 + sort.Search(len(ends)-1, func(i int) bool {
		_, e := yamlDocument(content[:ends[i]])
		return e != nil && e.Error() == err.Error()
	})
}

// isControl tells of what yaml refuses wherever it stands.
func isControl(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0x7f || r > 0x7f && r < 0xa0 && r != 0x85 || r == 0xfffe || r == 0xffff
}

// tabIndent returns the offset of the first tab in the indentation of a line, -1
// for none.
func tabIndent(text string) int {
	offset := 0
	for line := range strings.Lines(text) {
		indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
		if i := strings.IndexByte(indent, '\t'); i >= 0 && strings.TrimSpace(line) != "" {
			return offset + i
		}
		offset += len(line)
	}
	return -1
}

// yamlParser turns the tree of yaml into ours.
type yamlParser struct {
	columns columns
	open    map[*yaml.Node]bool // the anchors around the value
	aliases int                 // around the value
	aliased int                 // values within aliases so far
	anchors anchors             // nil where there are no aliases
}

// node turns a value, which has depth lists and maps around it.
func (p *yamlParser) node(y *yaml.Node, depth int) (Node, error) {
	n := Node{Line: y.Line, Column: p.columns.inBytes(y.Line, y.Column)}
	if depth > maxDepth {
		return n, tooDeep(n.Line, n.Column)
	}
	if p.aliases > 0 {
		p.aliased++
	}
	if p.aliased > maxAliased {
		return n, &ParseError{n.Line, n.Column, fmt.Sprintf("aliases and merge keys repeat more than %d values", maxAliased)}
	}
	if y.Anchor != "" {
		p.open[y] = true
		defer delete(p.open, y)
	}
	switch y.Kind {
	case yaml.AliasNode:
		return p.alias(n, y, depth)
	case yaml.SequenceNode:
		return p.list(n, y, depth)
	case yaml.MappingNode:
		return p.mapping(n, y, depth)
	default:
		err := p.scalar(&n, y)
		return n, err
	}
}

func (p *yamlParser) alias(n Node, y *yaml.Node, depth int) (Node, error) {
	if p.open[y.Alias] {
		return n, &ParseError{n.Line, n.Column, "an alias stands within what it stands for"}
	}
	p.aliases++
	target, err := p.node(y.Alias, depth)
	p.aliases--
	if err == nil {
		anchor := spotOf(&target)
		target.Line, target.Column = n.Line, n.Column
		p.anchors = p.anchors.add(spotOf(&target), anchor)
	}
	return target, err
}

func (p *yamlParser) list(n Node, y *yaml.Node, depth int) (Node, error) {
	n.Kind = List
	if y.Style&yaml.TaggedStyle != 0 && y.Tag != "!!seq" {
		return n, unknownTag(n)
	}
	n.Nodes = make([]Node, len(y.Content))
	for i, c := range y.Content {
		var err error
		if n.Nodes[i], err = p.node(c, depth+1); err != nil {
			return n, err
		}
	}
	return n, nil
}

func (p *yamlParser) mapping(n Node, y *yaml.Node, depth int) (Node, error) {
	n.Kind = Map
	if y.Style&yaml.TaggedStyle != 0 && y.Tag != "!!map" {
		return n, unknownTag(n)
	}
	size := len(y.Content) / 2
	n.Nodes, n.Keys = make([]Node, 0, size), make([]string, 0, size)
	m := yamlMap{Node: &n, places: make([]*yaml.Node, 0, size)}
	var merge []*yaml.Node // the key and its value
	for pair := range slices.Chunk(y.Content, 2) {
		k := pair[0]
		if k.Kind != yaml.ScalarNode || k.Tag != "!!merge" {
			if err := p.member(&m, k, pair[1], depth); err != nil {
				return n, err
			}
			continue
		}
		if merge != nil {
			return n, p.duplicate("<<", k, merge[0])
		}
		merge = pair
	}
	if merge == nil {
		return n, nil
	}
	err := p.merge(&m, merge[1], depth)
	return n, err
}

// yamlMap is a map that is read.
type yamlMap struct {
	*Node
	set    keySet
	places []*yaml.Node // of the keys
}

func (p *yamlParser) member(m *yamlMap, k, v *yaml.Node, depth int) error {
	key, err := p.key(k, depth)
	if err != nil {
		return err
	}
	m.Keys, m.places = append(m.Keys, key), append(m.places, k)
	if first, again := m.set.add(m.Keys); again {
		return p.duplicate(key, k, m.places[first])
	}
	value, err := p.node(v, depth+1)
	m.Nodes = append(m.Nodes, value)
	return err
}

func (p *yamlParser) duplicate(key string, second, first *yaml.Node) error {
	return duplicate(key, second.Line, p.columns.inBytes(second.Line, second.Column), first.Line, p.columns.inBytes(first.Line, first.Column))
}

// key returns the text of a key. A key that is no text is the text that it has:
// "8080", "true", "null".
func (p *yamlParser) key(k *yaml.Node, depth int) (string, error) {
	n, err := p.node(k, depth+1)
	if err != nil {
		return "", err
	}
	if n.Kind == List || n.Kind == Map {
		return "", &ParseError{n.Line, n.Column, "a list or a map is the key of a map: a key must be a single value"}
	}
	return n.Text, nil
}

// merge adds what a map takes from others by its key <<: its own keys win, then
// the first of the others.
func (p *yamlParser) merge(m *yamlMap, y *yaml.Node, depth int) error {
	from, err := p.node(y, depth+1)
	if err != nil {
		return err
	}
	others := []Node{from}
	if from.Kind == List {
		others = from.Nodes
	}
	for _, other := range others {
		if other.Kind != Map {
			return &ParseError{from.Line, from.Column, "the key << wants a map, or a list of maps"}
		}
		for i, key := range other.Keys {
			m.Keys = append(m.Keys, key)
			if _, again := m.set.add(m.Keys); again {
				m.Keys = m.Keys[:len(m.Keys)-1]
				continue
			}
			m.Nodes = append(m.Nodes, other.Nodes[i])
		}
	}
	return nil
}

// scalar fills in what a scalar is.
func (p *yamlParser) scalar(n *Node, y *yaml.Node) error {
	quoted := y.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
	n.Kind, n.Text = String, y.Value
	if y.Style&yaml.TaggedStyle == 0 {
		n.Plain = !quoted
		if n.Plain {
			n.Kind, n.Text = coreKind(y.Value)
		}
		return nil
	}
	kind, text := coreKind(y.Value)
	switch y.Tag {
	case "!!str":
		return nil
	case "!!int", "!!float":
		if kind != Number {
			return &ParseError{n.Line, n.Column, "this is not the number that its tag says"}
		}
	case "!!bool", "!!null":
		if kind.String() != y.Tag[2:] {
			return &ParseError{n.Line, n.Column, "this is not what its tag says"}
		}
	default:
		return unknownTag(*n)
	}
	n.Kind, n.Text = kind, text
	return nil
}

func unknownTag(n Node) error {
	return &ParseError{n.Line, n.Column, "this has a tag of its own (!…): what it means is not known here"}
}

// columns turns the columns of yaml, in characters, into columns in bytes.
type columns struct {
	lines [][]byte // nil where all is ASCII
}

func columnsOf(content []byte) columns {
	for _, b := range content {
		if b >= utf8.RuneSelf {
			return columns{bytes.SplitAfter(content, []byte("\n"))}
		}
	}
	return columns{}
}

// longLine is up to how many characters into a line they are counted.
const longLine = 4096

// inBytes returns 0 where that is too costly to know.
func (c columns) inBytes(line, column int) int {
	if c.lines == nil {
		return column
	}
	if line > len(c.lines) || column > longLine {
		return 0
	}
	rest, at := c.lines[line-1], 1
	for range column - 1 {
		_, size := utf8.DecodeRune(rest)
		rest, at = rest[size:], at+size
	}
	return at
}
