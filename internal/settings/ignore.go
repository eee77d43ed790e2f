package settings

import "go.yaml.in/yaml/v3"

const (
	keyIgnore  = "ignore"
	maxIgnored = 1000 // rules of a govctl.yaml
)

// Ignore says which values of the configuration are meant to differ between
// environments: those of the items that Key fits, at the places that Path fits.
// Both are globs, and one of them may be "", which fits all.
type Ignore struct {
	Key, Path string
	// Pos is where the rule stands.
	Pos Pos
}

// ignores reads a list of {key: GLOB, path: GLOB}.
func (p *parser) ignores(e entry) ([]Ignore, error) {
	n, err := p.follow(e.value)
	if err != nil {
		return nil, err
	}
	if n.Kind != yaml.SequenceNode {
		return nil, p.posOf(e.value).at("write it like "+e.key+": [{key: \"order/*\", path: \"*.url\"}]", "%s must be a list, not %s", quote(e.key), kindOf(n))
	}
	if len(n.Content) > maxIgnored {
		return nil, p.posOf(e.value).at("", "%s has more than %d rules", quote(e.key), maxIgnored)
	}
	out := make([]Ignore, 0, len(n.Content))
	for _, item := range n.Content {
		rule := Ignore{Pos: p.posOf(item)}
		text := func(to *string) func(entry) error {
			return func(e entry) (err error) {
				*to, err = p.text(e)
				return err
			}
		}
		err := p.object(item, "a rule of "+quote(e.key), false, []field{{"key", text(&rule.Key)}, {"path", text(&rule.Path)}})
		if err != nil {
			return nil, err
		}
		if rule.Key == "" && rule.Path == "" {
			return nil, rule.Pos.at("", "a rule of %s must have a key or a path", quote(e.key))
		}
		out = append(out, rule)
	}
	return out, nil
}
