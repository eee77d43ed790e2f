package change

import (
	"context"
	"crypto/hmac"
	"fmt"
	"slices"
)

// ErrOtherSecret means that a secret is not the one that a plan was saved with.
var ErrOtherSecret = fmt.Errorf("another secret than the one that was saved: %w", ErrConflict)

// Outside is where a saved plan finds the secrets that are not in its own store.
type Outside struct {
	// Value returns what a variable or a file holds.
	Value func(o Origin) ([]byte, error)
	// Store returns that of another environment.
	Store func(ctx context.Context, environment string) (Store, error)
}

// Open returns s as a plan for its store. The error is an *AppliedError where the
// journal has it already, ErrElsewhere where the store is another one, and a
// *RefusedError where something, also what a secret is taken from, is not as the
// plan saw it. ErrOtherSecret is about what is outside of the stores.
func (s *Saved) Open(ctx context.Context, store Store, out Outside) (*Plan, error) {
	about, err := store.About(ctx)
	if err != nil {
		return nil, err
	}
	record := Record{ID: s.ID}
	entries, err := store.Read(ctx, []Key{record.name()})
	if err != nil {
		return nil, err
	}
	switch {
	case entries[0].Revision != Absent:
		return nil, applied(entries[0])
	case s.Identity != about.Identity:
		return nil, fmt.Errorf("plan %s was %w: %s, and not %s", s.ID, ErrElsewhere, s.Identity, about.Identity)
	}
	d, ok, err := FindDigester(ctx, store)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("%w that can be checked: the store has lost the key of its digests", ErrPlan)
	}
	o := opener{saved: s, own: store, outside: out, digester: d, limit: about.Limits.Value, entries: map[place]Entry{}}
	if err := o.read(ctx); err != nil {
		return nil, err
	}
	p, err := o.plan()
	if err != nil {
		return nil, err
	}
	return p, p.Check(about.Limits)
}

// place is an item of one of several stores.
type place struct{ identity, item string }

// opener makes a plan of a saved one.
type opener struct {
	saved    *Saved
	own      Store
	outside  Outside
	digester Digester
	limit    int
	entries  map[place]Entry
	refused  RefusedError
}

// placeOf returns where an origin is; ok is false of one that is in no store.
func (o *opener) placeOf(from *Origin) (p place, ok bool) {
	p = place{from.Identity, from.Item}
	if p.identity == "" {
		p.identity = o.saved.Identity
	}
	return p, from.Env == "" && from.File == ""
}

// secrets returns those of all changes.
func (s *Saved) secrets() []*Secret {
	var all []*Secret
	for i := range s.Changes {
		if s.Changes[i].After == nil {
			continue
		}
		for _, p := range s.Changes[i].After.Parts {
			if p.Secret != nil {
				all = append(all, p.Secret)
			}
		}
	}
	return all
}

// read reads everything that the plan is about, store by store.
func (o *opener) read(ctx context.Context) error {
	environments := map[string]string{o.saved.Identity: o.saved.Environment}
	identities := []string{o.saved.Identity}
	items := map[string][]string{}
	for i := range o.saved.Changes {
		items[o.saved.Identity] = append(items[o.saved.Identity], o.saved.Changes[i].Item)
	}
	for _, s := range o.saved.secrets() {
		p, ok := o.placeOf(&s.From)
		if !ok {
			continue
		}
		if _, known := environments[p.identity]; !known {
			environments[p.identity] = s.From.Environment
			identities = append(identities, p.identity)
		}
		items[p.identity] = append(items[p.identity], p.item)
	}
	for _, identity := range identities {
		store := o.own
		if identity != o.saved.Identity {
			var err error
			if store, err = o.other(ctx, identity, environments[identity]); err != nil {
				return err
			}
		}
		if err := o.readFrom(ctx, store, identity, items[identity]); err != nil {
			return err
		}
	}
	return nil
}

// other returns the store of another environment.
func (o *opener) other(ctx context.Context, identity, environment string) (Store, error) {
	store, err := o.outside.Store(ctx, environment)
	if err != nil {
		return nil, err
	}
	about, err := store.About(ctx)
	if err == nil && about.Identity != identity {
		err = fmt.Errorf("what plan %s takes from %s was %w: %s, and not %s", o.saved.ID, environment, ErrElsewhere, identity, about.Identity)
	}
	return store, err
}

func (o *opener) readFrom(ctx context.Context, s Store, identity string, items []string) error {
	slices.Sort(items)
	items = slices.Compact(items)
	keys := make([]Key, len(items))
	for i, item := range items {
		keys[i] = Key{Items, item}
	}
	entries, err := s.Read(ctx, keys)
	if err != nil {
		return err
	}
	for i := range entries {
		o.entries[place{identity, items[i]}] = entries[i]
	}
	return nil
}

// plan returns the plan, if everything is as it was.
func (o *opener) plan() (*Plan, error) {
	s := o.saved
	p := &Plan{ID: s.ID, Environment: s.Environment, Identity: s.Identity, Made: s.Made, By: s.By, Reverts: s.Reverts, Changes: make([]Change, len(s.Changes)), Notes: s.Notes}
	for i := range s.Changes {
		saved, c := &s.Changes[i], &p.Changes[i]
		e := o.entries[place{s.Identity, saved.Item}]
		*c = Change{Name: saved.Item, Expect: e.Revision}
		if e.Revision != Absent {
			c.Before = append([]byte{}, e.Content...)
		}
		if conflict := o.moved(&e, saved.Before); conflict != nil {
			o.refused.Conflicts = append(o.refused.Conflicts, conflict)
		}
		if saved.After == nil {
			continue
		}
		var err error
		if c.After, err = o.content(saved); err != nil {
			return nil, fmt.Errorf("%s: %w", saved.Item, err)
		}
	}
	if len(o.refused.Conflicts) > 0 {
		return nil, &o.refused
	}
	return p, nil
}

// moved returns what there is to say where e is not what was seen, nil for nothing.
func (o *opener) moved(e *Entry, seen *Seen) *ConflictError {
	switch {
	case seen == nil && e.Revision == Absent:
		return nil
	case seen == nil:
		return &ConflictError{Key: e.Key, Have: e.Revision}
	}
	now := NewSeen(o.digester, e.Revision, e.Content)
	if seen.Revision == "" {
		now.Revision = "" // digests are compared, and told
	}
	switch {
	case e.Revision == Absent:
		return &ConflictError{Key: e.Key, Expected: told(seen)}
	case seen.Revision != now.Revision, seen.Bytes != now.Bytes, !hmac.Equal([]byte(seen.Digest), []byte(now.Digest)):
		return &ConflictError{Key: e.Key, Expected: told(seen), Have: told(&now)}
	}
	return nil
}

// told returns what content is called where its revision is not kept.
func told(s *Seen) Revision {
	if s.Revision != "" {
		return s.Revision
	}
	return Revision("#" + s.Digest[:min(len(s.Digest), 12)])
}

// content returns what is to be written. Where that cannot be as something moved,
// which was noted, it is not whole.
func (o *opener) content(c *SavedChange) ([]byte, error) {
	out := []byte{} // not nil, where it is empty
	for _, p := range c.After.Parts {
		piece := p.Text
		if p.Secret != nil {
			var err error
			if piece, err = o.secret(p.Secret); err != nil {
				return nil, fmt.Errorf("%s: %w", p.Secret.Where, err)
			}
		}
		if out = append(out, piece...); len(out) > o.limit {
			return nil, fmt.Errorf("%w: the store takes %d bytes at most", ErrTooLarge, o.limit)
		}
	}
	if len(o.refused.Conflicts) == 0 && (len(out) != c.After.Bytes || !hmac.Equal([]byte(o.digester.Sum(out)), []byte(c.After.Digest))) {
		return nil, fmt.Errorf("%w: its content is not the one that was saved", ErrPlan)
	}
	return out, nil
}

// secret returns a secret from where it is now; nil where that has moved.
func (o *opener) secret(s *Secret) ([]byte, error) {
	p, stored := o.placeOf(&s.From)
	if !stored {
		value, err := o.outside.Value(s.From)
		if err == nil && !o.isSecret(s, value) {
			err = ErrOtherSecret
		}
		return value, err
	}
	e := o.entries[p]
	if start, end := s.From.At, s.From.At+s.From.Bytes; start >= 0 && start < end && end <= len(e.Content) && o.isSecret(s, e.Content[start:end]) {
		if s.From.Revision == "" || s.From.Revision == e.Revision {
			return e.Content[start:end], nil
		}
	}
	conflict := &ConflictError{Key: e.Key, Expected: s.From.Revision, Have: e.Revision}
	if s.From.Revision == "" {
		conflict.Expected, conflict.Have = "#"+Revision(s.Digest[:min(len(s.Digest), 12)]), "another"
	}
	if !slices.ContainsFunc(o.refused.Conflicts, func(c *ConflictError) bool { return c.Key == e.Key }) {
		o.refused.Conflicts = append(o.refused.Conflicts, conflict)
	}
	return nil, nil
}

func (o *opener) isSecret(s *Secret, value []byte) bool {
	return hmac.Equal([]byte(o.digester.Sum(value)), []byte(s.Digest))
}
