package config

import (
	"errors"
	"fmt"
	"strings"
)

// Schema is a JSON Schema that was read: of draft 6, 7, 2019-09 or 2020-12, in one
// file. It is checked against Nodes, so no number is rounded and each violation has
// its place. "format" is a remark, as the standard has it; what would need
// another file or is decided while checking ($dynamicRef, unevaluated…) is refused
// when it is read.
type Schema struct{ root *subschema }

// Violation is one value that a Schema does not allow.
type Violation struct {
	// Path leads to the value, or to the map that lacks a key.
	Path Path
	// Line and Column are those of the Node there.
	Line, Column int
	// Text says what is wrong in words that hold nothing of the item. Allowed
	// goes on with what the schema allows instead, which may be a secret where
	// the value is; it may be "".
	Text, Allowed string
}

// NewSchema reads a schema that is written as JSON or YAML. Every error is a
// *ParseError. It quotes nothing of content, which may be any file.
func NewSchema(content []byte, f Format) (*Schema, error) {
	root, err := Parse(content, f)
	if err != nil {
		return nil, unquoted(err)
	}
	c := compiler{root: root, words: keywords(), done: map[*Node]*subschema{}, anchors: map[string]*Node{}}
	if err := c.draft(); err != nil {
		return nil, err
	}
	s, err := c.compile(root)
	if err != nil {
		return nil, err
	}
	if err := c.resolve(); err != nil {
		return nil, err
	}
	if err := endless(c.all); err != nil {
		return nil, err
	}
	return &Schema{s}, nil
}

// unquoted returns the error of Parse without the key that it may quote.
func unquoted(err error) error {
	e, ok := errors.AsType[*ParseError](err)
	switch {
	case !ok:
		return &ParseError{Line: 1, Text: err.Error()}
	case strings.HasPrefix(e.Text, `the key "`):
		return &ParseError{e.Line, e.Column, "a key is here twice"}
	}
	return e
}

// The bounds of what checking one item may cost. A schema can ask for more work
// than anybody would wait for, by references that fan out.
const (
	maxSteps  = 5_000_000 // values looked at, or 64 bytes of a text
	maxNested = 20_000    // schemas within each other, by value or by reference
)

// maxViolations is how many are told of one item.
const maxViolations = 1000

// Validate returns what of n the schema does not allow, in the order in which the
// schema says so; of more than 1000 the last one says that there are more. Where
// the schema wants more work than is sane it is one Violation that says so.
func (s *Schema) Validate(n *Node) []Violation {
	v := validation{left: maxSteps}
	s.root.check(&v, n)
	if v.spent {
		return []Violation{{Line: n.Line, Column: n.Column, Text: "to check this against its schema takes too long: its references fan out"}}
	}
	return v.found
}

// subschema is a schema or one within it.
type subschema struct {
	at     *Node
	checks []check
	// inPlace are the schemas that it applies to the same value.
	inPlace []*subschema
	state   walkState
}

// check reports whether a value is allowed, and notes where it is not.
type check func(*validation, *Node) bool

// validation is the check of one tree.
type validation struct {
	path  Path
	found []Violation
	// quiet is above 0 where the question is only whether, not why not.
	quiet       int
	left, depth int
	spent       bool
}

// cost reports whether there is something left of what the check may cost.
func (v *validation) cost(steps int) bool {
	v.left -= steps
	if v.left < 0 {
		v.spent = true
	}
	return !v.spent
}

func (s *subschema) check(v *validation, n *Node) bool {
	v.depth++
	defer func() { v.depth-- }()
	if v.depth > maxNested {
		v.spent = true
	}
	if !v.cost(1 + len(s.checks)) {
		return false
	}
	fits := true
	for _, check := range s.checks {
		if !check(v, n) {
			fits = false
			if v.quiet > 0 || v.spent {
				return false
			}
		}
	}
	return fits
}

// fits tells whether s allows n, and notes nothing.
func (s *subschema) fits(v *validation, n *Node) bool {
	v.quiet++
	defer func() { v.quiet-- }()
	return s.check(v, n)
}

// below checks what stands at a step below the value that v is at.
func (v *validation) below(step Step, s *subschema, n *Node) bool {
	v.path = append(v.path, step)
	fits := s.check(v, n)
	v.path = v.path[:len(v.path)-1]
	return fits
}

// fail notes that n is not allowed, and returns false.
func (v *validation) fail(n *Node, format string, args ...any) bool {
	return v.failFor(n, "", format, args...)
}

func (v *validation) failFor(n *Node, allowed, format string, args ...any) bool {
	switch {
	case v.quiet > 0, len(v.found) > maxViolations:
	case len(v.found) == maxViolations:
		v.found = append(v.found, Violation{Line: n.Line, Column: n.Column, Text: "has more that the schema does not allow"})
	default:
		v.found = append(v.found, Violation{
			Path: append(Path(nil), v.path...), Line: n.Line, Column: n.Column,
			Text: fmt.Sprintf(format, args...), Allowed: allowed,
		})
	}
	return false
}
