package config

import (
	"fmt"
	"slices"
	"strings"

	"govctl/internal/mask"
	"govctl/pkg/change"
)

// Given says that a value of an item's new content was given as a reference, and
// not as it is: From is a variable of the environment or a file.
type Given struct {
	Key  Key
	Path Path
	From change.Origin
}

// Source is an item from which a saved plan may take a secret. Environment and
// Identity are "" for the store of the plan itself.
type Source struct {
	Item

	Environment, Identity string
}

// References are what a saved plan may say in place of a secret, beside what stands
// already in the items that it changes.
type References struct {
	Given []Given
	// Sources is asked once, and only where a secret was found nowhere else.
	Sources func() ([]Source, error)
}

// UnsavableError says that a secret would stand in the file of a plan.
type UnsavableError struct {
	Key Key
	// Where is a path, or a line where there is none.
	Where string
	// Masked is true where it is no secret, but what stands for one that was masked.
	Masked bool
}

// Error names the secret by its place.
func (e *UnsavableError) Error() string {
	if e.Masked {
		return fmt.Sprintf("%s: its content holds %q, which stands for a secret that was masked", e.Key, mask.Marker)
	}
	return fmt.Sprintf("%s: %s is a new secret, and would stand in the plan", e.Key, e.Where)
}

// Seal returns the changes of p as a file may hold them. In place of each secret
// that Masked or MaskedContent would find stands where it is found. The error is
// an *UnsavableError for one that is found nowhere, or that of refs.Sources.
func Seal(p *change.Plan, d change.Digester, refs References) ([]change.SavedChange, error) {
	s := sealer{digester: d, refs: refs, known: map[string][]known{}}
	for i := range p.Changes {
		if c := &p.Changes[i]; c.Before != nil {
			s.learn(Source{Item: Item{Key: KeyOfChange(c.Name), Content: c.Before, Revision: string(c.Expect)}})
		}
	}
	out := make([]change.SavedChange, len(p.Changes))
	for i := range p.Changes {
		c := &p.Changes[i]
		out[i].Item, out[i].Says = c.Name, Says(c)
		if c.Before != nil {
			seen := change.NewSeen(d, c.Expect, c.Before)
			out[i].Before = &seen
		}
		if c.After == nil {
			continue
		}
		parts, err := s.parts(Item{Key: KeyOfChange(c.Name), Content: c.After})
		if err != nil {
			return nil, err
		}
		out[i].After = change.NewDraft(d, c.After, parts)
	}
	return out, nil
}

// sealer finds places for secrets.
type sealer struct {
	digester change.Digester
	refs     References
	known    map[string][]known // by the secret
	asked    bool               // refs.Sources was asked
}

// known is a place where a secret stands.
type known struct {
	key   Key
	where string
	from  change.Origin
}

// learn notes where secrets stand in an item.
func (s *sealer) learn(i Source) {
	for _, h := range i.secrets() {
		from := change.NewOrigin(i.ChangeName(), change.Revision(i.Revision), i.Content, h.start, h.end)
		from.Environment, from.Identity = i.Environment, i.Identity
		text := string(i.Content[h.start:h.end])
		s.known[text] = append(s.known[text], known{i.Key, h.where, from})
	}
}

// parts cuts the new content of an item at its secrets.
func (s *sealer) parts(i Item) ([]change.Part, error) {
	if strings.Contains(string(i.Content), mask.Marker) {
		return nil, &UnsavableError{Key: i.Key, Masked: true}
	}
	var parts []change.Part
	done := 0
	holes, err := s.refs.among(i, i.secrets())
	if err != nil {
		return nil, err
	}
	for _, h := range holes {
		text := i.Content[h.start:h.end]
		from, err := s.place(i.Key, h, string(text))
		if err != nil {
			return nil, err
		}
		parts = append(parts, change.TextParts(i.Content[done:h.start])...)
		parts = append(parts, change.Part{Secret: &change.Secret{Where: h.where, From: from, Digest: s.digester.Sum(text)}})
		done = h.end
	}
	return append(parts, change.TextParts(i.Content[done:])...), nil
}

// place returns where a secret is found: best at the same place, else in the same
// item, else in the first that has it.
func (s *sealer) place(key Key, h hole, text string) (change.Origin, error) {
	if h.from != nil {
		return *h.from, nil
	}
	places := s.known[text]
	if len(places) == 0 && !s.asked && s.refs.Sources != nil {
		s.asked = true
		sources, err := s.refs.Sources()
		if err != nil {
			return change.Origin{}, err
		}
		for _, source := range sources {
			s.learn(source)
		}
		places = s.known[text]
	}
	if len(places) == 0 {
		return change.Origin{}, &UnsavableError{Key: key, Where: h.where}
	}
	best := places[0]
	for _, p := range places[1:] {
		if p.key == key && (best.key != key || p.where == h.where && best.where != h.where) {
			best = p
		}
	}
	return best.from, nil
}

// among returns the holes of an item, with those of values that were given as
// references in place of what the masker found there.
func (r *References) among(i Item, holes []hole) ([]hole, error) {
	for _, g := range r.Given {
		if g.Key != i.Key {
			continue
		}
		h, ok := i.holeAt(g.Path)
		if !ok {
			return nil, &UnsavableError{Key: i.Key, Where: g.Path.String()}
		}
		h.from = &g.From
		holes = replaced(i.Content, holes, h)
	}
	return holes, nil
}

// replaced puts g in place of the holes that are in it, or that are g in quotes.
// Where others overlap with it, they stay and it does not.
func replaced(content []byte, holes []hole, g hole) []hole {
	out := []hole{g}
	for _, h := range holes {
		apart := h.end <= g.start || g.end <= h.start
		inside := g.start <= h.start && h.end <= g.end
		quoted := h.start <= g.start && g.end <= h.end && strings.Trim(string(content[h.start:g.start])+string(content[g.end:h.end]), `"'`) == ""
		switch {
		case apart:
			out = append(out, h)
		case !inside && !quoted:
			return holes
		}
	}
	slices.SortFunc(out, func(a, b hole) int { return a.start - b.start })
	return out
}
