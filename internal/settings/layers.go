package settings

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

const (
	keyLayers = "layers"
	maxLayers = 1000 // entries of a govctl.yaml

	hintLayers = "write it like layers: [{service: \"*\", consumer: merge, items: [\"common/*\", \"{service}/*\"]}]"
)

// Layers says which items of the configuration the services that Service fits
// read. The first entry that fits is the one that holds.
type Layers struct {
	// Service is a glob.
	Service string
	// Consumer is one of Consumers.
	Consumer string
	// Items are globs of GROUP/KEY, the weakest first, in which {service}, {env}
	// and {instance} stand for their names.
	Items []string
	// Pos is where the entry stands.
	Pos Pos
}

// Consumers returns what layers can be read with; the first is the default.
func Consumers() []string { return []string{"merge", "go-micro", "spring"} }

// holes are the names in braces that a pattern of items may have.
func holes() []string { return []string{"{service}", "{env}", "{instance}"} }

// LayersOf returns the first entry that fits a service; false where there is none.
func (s *Settings) LayersOf(service string) (Layers, bool) {
	for _, l := range s.Layers {
		if ok, err := path.Match(slashless(l.Service), slashless(service)); ok && err == nil {
			return l, true
		}
	}
	return Layers{}, false
}

// slashless has path.Match take slashes for characters like others.
func slashless(text string) string { return strings.ReplaceAll(text, "/", "\x00") }

// layers reads a list of {service: GLOB, consumer: NAME, items: [GLOB, …]}.
func (p *parser) layers(e entry) ([]Layers, error) {
	n, err := p.follow(e.value)
	if err != nil {
		return nil, err
	}
	if n.Kind != yaml.SequenceNode {
		return nil, p.posOf(e.value).at(hintLayers, "%s must be a list, not %s", quote(e.key), kindOf(n))
	}
	if len(n.Content) > maxLayers {
		return nil, p.posOf(e.value).at("", "%s has more than %d entries", quote(e.key), maxLayers)
	}
	out := make([]Layers, 0, len(n.Content))
	for _, item := range n.Content {
		l, err := p.layersEntry(item)
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, nil
}

func (p *parser) layersEntry(n *yaml.Node) (Layers, error) {
	l := Layers{Service: "*", Consumer: Consumers()[0], Pos: p.posOf(n)}
	err := p.object(n, "an entry of "+quote(keyLayers), false, []field{
		{"service", func(e entry) (err error) {
			if l.Service, err = p.text(e); err == nil {
				err = p.glob(e, l.Service)
			}
			return err
		}},
		{"consumer", func(e entry) (err error) {
			l.Consumer, err = p.text(e)
			if err == nil && !slices.Contains(Consumers(), l.Consumer) {
				near := didYouMean(l.Consumer, Consumers())
				err = p.posOf(e.value).at("it is one of "+list(Consumers()), "unknown consumer %s%s", quote(l.Consumer), near)
			}
			return err
		}},
		{"items", func(e entry) (err error) {
			if l.Items, err = p.texts(e); err == nil {
				err = p.patterns(e, l.Items)
			}
			return err
		}},
	})
	if err == nil && l.Items == nil {
		err = l.Pos.at(hintLayers, "an entry of %s must have items", quote(keyLayers))
	}
	return l, err
}

var hole = regexp.MustCompile(`\{[^{}]*\}`)

func (p *parser) patterns(e entry, patterns []string) error {
	for _, pattern := range patterns {
		if err := p.glob(e, pattern); err != nil {
			return err
		}
		for _, name := range hole.FindAllString(pattern, -1) {
			if !slices.Contains(holes(), name) {
				return p.posOf(e.value).at("there are "+list(holes()), "%s in %s stands for nothing", quote(name), quote(e.key))
			}
		}
	}
	return nil
}

// glob refuses what is none.
func (p *parser) glob(e entry, text string) error {
	if _, err := path.Match(slashless(text), ""); err != nil {
		return p.posOf(e.value).at("* is any text, ? any one character, [ab] one of those", "%s is not a glob", quote(text))
	}
	return nil
}
