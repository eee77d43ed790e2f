package config

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"
)

// springData is the item of a folder that holds all properties, where Spring is
// told that the format is YAML or PROPERTIES.
const springData = "data"

var errBesideData = errors.New("the properties are in the items called data")

// springProperties reads layers as Spring Cloud Consul does. An item called data,
// or one of a file's suffix, holds properties; else each item is one. A property
// of a list hides all elements of that list in weaker layers.
func springProperties(layers []Layer) Effective {
	var e Effective
	s := springSources{byFamily: map[string][]*property{}}
	files := hasSpringData(layers)
	for i := range layers {
		var layer []*property
		for j := range layers[i].Items {
			found, err := propertiesOf(&layers[i], &layers[i].Items[j], files)
			if err != nil {
				e.unread(layers[i].Items[j].Key, err)
			}
			layer = append(layer, found...)
		}
		s.add(layer)
	}
	for _, p := range s.all {
		if !p.gone {
			e.Values = append(e.Values, EffectiveValue{p.path(), p.value, p.from, p.shadows})
		}
	}
	return e
}

// hasSpringData tells whether the layers hold properties in items called data.
func hasSpringData(layers []Layer) bool {
	found, beside := false, false
	for i := range layers {
		l := &layers[i]
		for j := range l.Items {
			if l.below(&l.Items[j]) != springData {
				beside = true
				continue
			}
			if n, err := l.Items[j].parse(); err == nil && n != nil && n.Kind == Map {
				return true
			}
			found = true
		}
	}
	return found && !beside
}

// property is one of Spring.
type property struct {
	name    string
	value   *Node // a text
	from    Key
	shadows []Shadow
	gone    bool
}

// propertiesOf returns those of one item; files says that only files have some.
func propertiesOf(l *Layer, item *Item, files bool) ([]*property, error) {
	name := l.below(item)
	format := suffixed(name)
	switch {
	case parserOf(format) != nil:
	case files && name == springData:
		if format, _ = Detect(item.Declared, item.Name, item.Content); parserOf(format) == nil {
			format = YAML
		}
	case files:
		return nil, errBesideData
	default:
		text := strings.ToValidUTF8(string(item.Content), "\uFFFD")
		return []*property{{name: strings.ReplaceAll(name, "/", "."), value: &Node{Kind: String, Text: text}, from: item.Key}}, nil
	}
	n, err := Parse(item.Content, format)
	if err != nil {
		return nil, err
	}
	if n.Kind != Map {
		return nil, ErrIgnored
	}
	f := flattener{from: item.Key}
	f.flatten("", n)
	return f.found, nil
}

// flattener makes properties of a tree.
type flattener struct {
	from  Key
	found []*property
}

func (f *flattener) flatten(name string, n *Node) {
	for i := range n.Nodes {
		switch {
		case n.Kind == List:
			f.flatten(name+"["+strconv.Itoa(i)+"]", &n.Nodes[i])
		case name == "", strings.HasPrefix(n.Keys[i], "["):
			f.flatten(name+n.Keys[i], &n.Nodes[i])
		default:
			f.flatten(name+"."+n.Keys[i], &n.Nodes[i])
		}
	}
	if len(n.Nodes) == 0 && n.Kind != Map {
		f.found = append(f.found, &property{name: name, value: &Node{Kind: String, Text: springText(n), Hidden: n.Hidden}, from: f.from})
	}
}

// springText returns what Spring makes of a value: what YAML 1.1 takes it for, as
// Java writes that.
func springText(n *Node) string {
	if n.Kind == Null || n.Kind == List {
		return ""
	}
	if !n.Plain {
		return n.Text
	}
	text := n.Text
	if meaning, differs := YAML11(text); differs {
		kind, value, _ := strings.Cut(meaning, " ")
		if kind == "bool" || kind == "number" {
			text = value
		}
	}
	whole, fraction, ok := strings.Cut(text, ".")
	if n.Kind != Number || !ok || len(whole) > 7 || !consists(unsigned(whole), digits) || !consists(fraction, digits) {
		return text
	}
	return whole + "." + cmp.Or(strings.TrimRight(fraction, "0"), "0")
}

// springSources puts layers above each other.
type springSources struct {
	all      []*property
	byFamily map[string][]*property // those that hold
}

// add puts a layer above all others.
func (s *springSources) add(layer []*property) {
	families := map[string][]*property{}
	for _, p := range layer {
		families[p.family()] = append(families[p.family()], p)
	}
	for _, p := range layer {
		if family := families[p.family()]; len(family) > 0 {
			s.replace(p.family(), family)
			delete(families, p.family())
		}
		s.all = append(s.all, p)
	}
}

// replace hides the properties of a family by others. What has none of its name
// among those is hidden by the first of them.
func (s *springSources) replace(family string, by []*property) {
	named := make(map[string]*property, len(by))
	for _, p := range by {
		if old := named[loose(p.name)]; old != nil {
			p.hide(old)
		}
		named[loose(p.name)] = p
	}
	by = slices.DeleteFunc(by, func(p *property) bool { return p.gone })
	for _, old := range s.byFamily[family] {
		p := named[loose(old.name)]
		if p == nil {
			p = by[0]
		}
		p.hide(old)
	}
	s.byFamily[family] = by
}

func (p *property) hide(old *property) {
	p.shadows = append(append(p.shadows, Shadow{old.from, old.value}), old.shadows...)
	old.gone = true
}

// family is the list that a property is an element of, else the property itself,
// in one spelling for all those that Spring takes for the same.
func (p *property) family() string {
	name := loose(p.name)
	for i := range len(name) - 1 {
		if name[i] == '[' && strings.IndexByte(digits, name[i+1]) >= 0 {
			return name[:i]
		}
	}
	return name
}

// path returns the way to the property, as its name is written where that is one.
func (p *property) path() Path {
	if path, err := ParsePath(p.name); err == nil && path.String() == p.name {
		return path
	}
	return Path{{Key: p.name}}
}
