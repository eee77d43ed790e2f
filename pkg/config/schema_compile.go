package config

import (
	"net/url"
	"strconv"
	"strings"
)

// compiler reads the schemas of one file.
type compiler struct {
	root    *Node
	id      string // of the file, "" for none
	oldRef  bool   // what stands beside a $ref means nothing: drafts 6 and 7
	words   map[string]keyword
	done    map[*Node]*subschema
	all     []*subschema
	anchors map[string]*Node
	pending []pendingRef
}

// pendingRef is a reference that is followed once all of the file is read.
type pendingRef struct {
	from *subschema
	at   *Node
}

// mistake is the error for what stands at n.
func (c *compiler) mistake(n *Node, why string) error { return &ParseError{n.Line, n.Column, why} }

// draft reads $schema and $id of the file.
func (c *compiler) draft() error {
	if id := c.root.Get("$id"); id != nil && id.Kind == String {
		c.id = strings.TrimSuffix(id.Text, "#")
	}
	n := c.root.Get("$schema")
	if n == nil {
		return nil
	}
	_, name, _ := strings.Cut(strings.TrimSuffix(n.Text, "#"), "://json-schema.org/")
	switch name {
	case "draft-06/schema", "draft-07/schema":
		c.oldRef = true
	case "draft/2019-09/schema", "draft/2020-12/schema":
	default:
		return c.mistake(n, "this $schema is not known: it is that of draft-06, draft-07, 2019-09 or 2020-12")
	}
	return nil
}

// compile reads the schema at n.
func (c *compiler) compile(n *Node) (*subschema, error) {
	if s := c.done[n]; s != nil {
		return s, nil
	}
	s := &subschema{at: n}
	c.done[n], c.all = s, append(c.all, s)
	switch {
	case n.Kind == Bool:
		if n.Text == "false" {
			s.checks = []check{func(v *validation, n *Node) bool { return v.fail(n, "is not allowed here") }}
		}
		return s, nil
	case n.Kind != Map:
		return nil, c.mistake(n, "a schema is a map, true or false, not "+n.Kind.String())
	}
	if err := c.names(n); err != nil {
		return nil, err
	}
	if ref := n.Get("$ref"); ref != nil {
		if ref.Kind != String {
			return nil, c.mistake(ref, "$ref is a text")
		}
		c.pending = append(c.pending, pendingRef{s, ref})
		if c.oldRef {
			return s, nil
		}
	}
	return s, c.read(s)
}

// read adds to s what its keywords check.
func (c *compiler) read(s *subschema) error {
	for i, word := range s.at.Keys {
		read, ok := c.words[word]
		if !ok {
			continue
		}
		check, err := read(c, s, &s.at.Nodes[i])
		if err != nil {
			return err
		}
		if check != nil {
			s.checks = append(s.checks, check)
		}
	}
	return nil
}

// names notes what else a schema is called.
func (c *compiler) names(n *Node) error {
	for _, word := range []string{"$anchor", "$dynamicAnchor", "$id"} {
		name := n.Get(word)
		if name == nil {
			continue
		}
		text := name.Text
		if word == "$id" {
			if n == c.root {
				continue
			}
			fragment, ok := strings.CutPrefix(text, "#")
			if !ok {
				return c.mistake(name, "a schema within another has an $id of its own: only the first one may")
			}
			text = fragment
		}
		c.anchors[text] = n
	}
	return nil
}

// resolve follows all references.
func (c *compiler) resolve() error {
	for len(c.pending) > 0 {
		ref := c.pending[0]
		c.pending = c.pending[1:]
		n := c.target(ref.at.Text)
		if n == nil {
			return c.mistake(ref.at, "this $ref leads to nothing in this file, and no other is read")
		}
		target, err := c.compile(n)
		if err != nil {
			return err
		}
		ref.from.inPlace = append(ref.from.inPlace, target)
		ref.from.checks = append(ref.from.checks, target.check)
	}
	return nil
}

// target returns what a reference within the file names, nil for anything else.
func (c *compiler) target(ref string) *Node {
	file, fragment, _ := strings.Cut(ref, "#")
	if file != "" && file != c.id {
		return nil
	}
	fragment, err := url.PathUnescape(fragment)
	switch {
	case err != nil:
		return nil
	case fragment == "":
		return c.root
	case fragment[0] != '/':
		return c.anchors[fragment]
	}
	n := c.root
	for step := range strings.SplitSeq(fragment[1:], "/") {
		if n = n.pointed(strings.NewReplacer("~1", "/", "~0", "~").Replace(step)); n == nil {
			return nil
		}
	}
	return n
}

// pointed returns what one step of a JSON Pointer leads to, nil for nothing.
func (n *Node) pointed(step string) *Node {
	if n.Kind == Map {
		return n.Get(step)
	}
	i, err := strconv.Atoi(step)
	if n.Kind != List || err != nil || i < 0 || i >= len(n.Nodes) || step != strconv.Itoa(i) {
		return nil
	}
	return &n.Nodes[i]
}

// walkState is how far a walk along inPlace has come.
type walkState uint8

const (
	unseen walkState = iota
	within
	walked
)

// endless returns an error where a schema applies to a value what leads back to
// itself for that same value: it could never be checked.
func endless(all []*subschema) error {
	type place struct {
		s    *subschema
		next int
	}
	for _, from := range all {
		if from.state != unseen {
			continue
		}
		from.state = within
		stack := []place{{s: from}}
		for len(stack) > 0 {
			top := &stack[len(stack)-1]
			if top.next == len(top.s.inPlace) {
				top.s.state = walked
				stack = stack[:len(stack)-1]
				continue
			}
			next := top.s.inPlace[top.next]
			top.next++
			switch next.state {
			case within:
				return &ParseError{top.s.at.Line, top.s.at.Column, "this schema refers to itself without end"}
			case unseen:
				next.state = within
				stack = append(stack, place{s: next})
			case walked:
			}
		}
	}
	return nil
}
