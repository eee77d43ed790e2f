package render

import (
	"bytes"
	"errors"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"go.yaml.in/yaml/v3"
)

// yamlLook writes a list as a block sequence: sequences of one item each, one
// behind the other, are read as one.
var yamlLook = look{
	empty: "[]\n",
	layout: func(out, compact []byte) []byte {
		return appendYAML(out, compact, 1)
	},
}

// appendYAML appends compact, which is valid JSON, as YAML on lines of its own,
// inside as many sequences as depth says: the same keys and values in the same
// order. Numbers keep their digits, and what a terminal must not get is escaped.
func appendYAML(out, compact []byte, depth int) []byte {
	d := jsontext.NewDecoder(bytes.NewReader(compact), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	node, err := yamlNode(d)
	for range depth {
		node = &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{node}}
	}
	var text bytes.Buffer
	e := yaml.NewEncoder(&text)
	e.SetIndent(2)
	if err = errors.Join(err, e.Encode(node), e.Close()); err != nil { // cannot be, and JSON is YAML all the same
		text.Reset()
		text.WriteString(strings.Repeat("- ", depth) + string(compact) + "\n")
	}
	// What is not ASCII stands between double quotes. The text is escaped piece
	// by piece, so that no mark combines with a quote.
	for piece := range bytes.SplitAfterSeq(text.Bytes(), []byte{'"'}) {
		out = appendEscaped(out, piece, appendYAMLEscape)
	}
	return out
}

func appendYAMLEscape(out []byte, r rune) []byte {
	if r == '\n' {
		return append(out, '\n') // ends a line: the library has escaped those in strings
	}
	return appendEscape(out, r)
}

// yamlNode reads the next value from d, or nil where an object or array ends.
func yamlNode(d *jsontext.Decoder) (*yaml.Node, error) {
	token, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	node := &yaml.Node{Kind: yaml.ScalarNode, Value: token.String()}
	switch token.Kind() {
	case '}', ']':
		return nil, nil
	case '{':
		node.Kind = yaml.MappingNode
	case '[':
		node.Kind = yaml.SequenceNode
	case '"':
		if node.Tag = "!!str"; !mayBePlain(node.Value) {
			node.Style = yaml.DoubleQuotedStyle
		}
		return node, nil
	case '0':
		node.Value = yamlNumber(node.Value)
		return node, nil
	default: // true, false, null
		return node, nil
	}
	for {
		part, err := yamlNode(d)
		if err != nil || part == nil {
			return node, err
		}
		node.Content = append(node.Content, part)
	}
}

// yamlNumber returns a JSON number as every reader takes it: for YAML 1.1 an
// exponent has a point before it and a sign, or makes a string.
func yamlNumber(text string) string {
	mantissa, exponent, found := strings.Cut(strings.ToLower(text), "e")
	if !found {
		return text
	}
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	if exponent[0] != '-' {
		exponent = "+" + strings.TrimPrefix(exponent, "+")
	}
	return mantissa + "e" + exponent
}

// mayBePlain reports whether the library may write s without quotes. It knows
// what its own reader takes for something else; YAML 1.1 has more booleans, and
// more numbers and dates, none of which begins with a letter or a slash.
func mayBePlain(s string) bool {
	switch strings.ToLower(s) {
	case "", "y", "yes", "n", "no", "on", "off", "true", "false", "null", "nan", "inf":
		return false
	}
	first := s[0] | 0x20
	return isPlainASCII(s) && (first >= 'a' && first <= 'z' || first == '/' || s[0] == '_')
}
