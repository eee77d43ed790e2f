package settings

const keyProtect = "protect"

// Protect says which values of the configuration no promotion ever moves: those of
// the items that Key fits, at the places that Path fits, as of Ignore.
type Protect struct {
	Key, Path string
	// Pos is where the rule stands.
	Pos Pos
}

// protects reads a list of {key: GLOB, path: GLOB}.
func (p *parser) protects(e entry) ([]Protect, error) {
	rules, err := p.ignores(e)
	out := make([]Protect, 0, len(rules))
	for _, r := range rules {
		out = append(out, Protect(r))
	}
	return out, err
}
