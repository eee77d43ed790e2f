package settings

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

func (p *parser) pos(line int) Pos { return Pos{File: p.file, Line: line} }

func (p *parser) posOf(n *yaml.Node) Pos { return p.pos(max(1, n.Line)) }

// follow returns what n stands for, which is another node where n is an alias.
// It counts, so that aliases of aliases come to an end.
func (p *parser) follow(n *yaml.Node) (*yaml.Node, error) {
	if p.nodes++; p.nodes > maxNodes {
		return nil, p.posOf(n).at("", "the file has more than %d values, counting those that aliases repeat", maxNodes)
	}
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n, nil
}

// entry is one key of a mapping, with its value.
type entry struct {
	key   string
	pos   Pos
	value *yaml.Node
}

// entries returns the keys of a mapping in the file's order; what names it in
// errors, as "the environment". Where the keys may hold a secret by mistake,
// hush keeps them out of errors.
func (p *parser) entries(n *yaml.Node, what string, hush bool) ([]entry, error) {
	n, err := p.follow(n)
	if err != nil {
		return nil, err
	}
	if n.Kind != yaml.MappingNode {
		return nil, p.posOf(n).at("", "%s must be keys with values, not %s", what, kindOf(n))
	}
	lines := make(map[string]int, len(n.Content)/2)
	out := make([]entry, 0, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, err := p.follow(n.Content[i])
		if err != nil {
			return nil, err
		}
		pos := p.posOf(n.Content[i])
		if k.Kind != yaml.ScalarNode || k.Value == "" {
			return nil, pos.at("", "a key of %s must be a text, not %s", what, kindOf(k))
		}
		if k.Tag == "!!merge" {
			return nil, pos.at("write the keys out, or use an alias for a whole value", "a merge key (<<) has no meaning in %s", what)
		}
		if first, ok := lines[k.Value]; ok {
			shown := quote(k.Value) + " "
			if hush {
				shown = ""
			}
			return nil, pos.at("", "the key %sstands twice in %s, first in line %d", shown, what, first)
		}
		lines[k.Value] = pos.Line
		out = append(out, entry{key: k.Value, pos: pos, value: n.Content[i+1]})
	}
	return out, nil
}

// field is a key that a mapping may have, and what to do with its value.
type field struct {
	name string
	set  func(entry) error
}

// object hands each key of a mapping to its field. A key without a field is an
// error that names the closest right one.
func (p *parser) object(n *yaml.Node, what string, hush bool, fields []field) error {
	entries, err := p.entries(n, what, hush)
	if err != nil {
		return err
	}
	names := make([]string, 0, len(fields))
	sets := make(map[string]func(entry) error, len(fields))
	for _, f := range fields {
		names = append(names, f.name)
		sets[f.name] = f.set
	}
	for _, e := range entries {
		set, ok := sets[e.key]
		if !ok {
			return p.unknown(e, what, hush, names)
		}
		if err := set(e); err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) unknown(e entry, what string, hush bool, names []string) error {
	near := didYouMean(e.key, names)
	shown := " " + quote(e.key)
	if hush && near == "" {
		shown = ""
	}
	return e.pos.at(what+" has "+list(names), "unknown key%s in %s%s", shown, what, near)
}

// text returns a value that is one word or line, as it is written.
func (p *parser) text(e entry) (string, error) {
	n, err := p.follow(e.value)
	if err != nil {
		return "", err
	}
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" || n.Value == "" {
		return "", p.posOf(e.value).at("", "%s must be a text, not %s", quote(e.key), kindOf(n))
	}
	return n.Value, nil
}

// truth returns a value that is true or false.
func (p *parser) truth(e entry) (bool, error) {
	n, err := p.follow(e.value)
	if err != nil {
		return false, err
	}
	if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" {
		return false, p.posOf(e.value).at("", "%s must be true or false", quote(e.key))
	}
	return strings.EqualFold(n.Value, "true"), nil
}

// texts returns a value that is a list of texts, at least one.
func (p *parser) texts(e entry) ([]string, error) {
	n, err := p.follow(e.value)
	if err != nil {
		return nil, err
	}
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		return nil, p.posOf(e.value).at("", "%s must be a list of texts, not %s", quote(e.key), kindOf(n))
	}
	out := make([]string, 0, len(n.Content))
	for _, item := range n.Content {
		s, err := p.text(entry{key: e.key, value: item})
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// kindOf names what a node is, never its value.
func kindOf(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "keys with values"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Tag == "!!null" || n.Value == "":
		return "nothing"
	default:
		return "a single value"
	}
}
