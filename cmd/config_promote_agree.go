package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"govctl/pkg/change"
	"govctl/pkg/config"
)

// Digits of digests in the name of a note: base/IDENTITY/ITEM.
const identityDigits = 16

// noteName returns what the agreement about an item is called in B's store, by the
// identity of A.
func noteName(d change.Digester, identity string, key config.Key) string {
	return change.NoteNames + d.Sum([]byte(identity))[:identityDigits] + "/" + d.Sum([]byte(key.ChangeName()))
}

// keys returns the items of both sides.
func (p *promotion) keys() []config.Key {
	seen := map[config.Key]bool{}
	var keys []config.Key
	for i := range p.sides {
		for j := range p.sides[i].items {
			if key := p.sides[i].items[j].Key; !seen[key] {
				seen[key] = true
				keys = append(keys, key)
			}
		}
	}
	return keys
}

// read fills in what was agreed; nothing, where B's store never noted anything.
func (p *promotion) read(ctx context.Context, o *config.PromoteOptions) error {
	d, ok, err := change.FindDigester(ctx, p.stores[1])
	if err != nil {
		return err
	}
	identity, err := p.identity(ctx)
	if err != nil || !ok {
		return err
	}
	if p.notes, err = p.readNotes(ctx, d, identity); err != nil {
		return err
	}
	o.Sum = d.Sum
	o.Agreed = make(map[config.Key][]byte, len(p.notes))
	for key, n := range p.notes {
		o.Agreed[key] = n.Content
	}
	return nil
}

// identity returns that of A, which must not be B's.
func (p *promotion) identity(ctx context.Context) (string, error) {
	from, err := p.stores[0].About(ctx)
	if err != nil {
		return "", err
	}
	to, err := p.stores[1].About(ctx)
	if err == nil && from.Identity == to.Identity {
		err = withHint(usagef("%s and %s are the same", p.from().place(), p.to().place()), "name two environments")
	}
	p.identityA = from.Identity
	return from.Identity, err
}

func (p *promotion) readNotes(ctx context.Context, d change.Digester, identity string) (map[config.Key]change.Note, error) {
	keys := p.keys()
	names := make([]string, len(keys))
	for i, key := range keys {
		names[i] = noteName(d, identity, key)
	}
	all, err := change.ReadNotes(ctx, p.stores[1], names)
	if err != nil {
		return nil, err
	}
	notes := make(map[config.Key]change.Note, len(keys))
	for i, key := range keys {
		notes[key] = all[i]
	}
	return notes, nil
}

// agreement is what is agreed, by the name of A's store and digests.
type agreement func(from string, sum func([]byte) string) []config.Agreement

// agreed returns the notes of what is agreed. B's store gets the key of its digests
// where it has none, and both their names.
func (p *promotion) agreed(ctx context.Context, what agreement) ([]change.Note, error) {
	d, err := change.MakeDigester(ctx, p.stores[1])
	if err != nil {
		return nil, err
	}
	if err := p.name(ctx); err != nil {
		return nil, err
	}
	identity, err := p.identity(ctx)
	if err != nil {
		return nil, err
	}
	if p.notes == nil {
		if p.notes, err = p.readNotes(ctx, d, identity); err != nil {
			return nil, err
		}
	}
	of := map[string]string{}
	for _, name := range p.plan.Names() {
		of[name] = name
	}
	var notes []change.Note
	for _, one := range what(identity, d.Sum) {
		notes = append(notes, change.Note{Name: noteName(d, identity, one.Key), Expect: p.notes[one.Key].Expect, Content: one.Note, Of: of[one.Key.ChangeName()]})
	}
	return notes, nil
}

// name gives A's system a name that it keeps, where it has none and takes one: by
// that it is found what was agreed.
func (p *promotion) name(ctx context.Context) error {
	about, err := p.stores[0].About(ctx)
	if err != nil || !about.Unnamed {
		return err
	}
	if _, err := change.MakeDigester(ctx, p.stores[0]); !errors.Is(err, change.ErrDenied) {
		return err
	}
	return nil // until it gets one, it is found by its folder
}

// agreeInPlan adds to the plan what is agreed once it is made.
func (a *app) agreeInPlan(ctx context.Context, p *promotion) error {
	ctx, cancel := a.within(ctx)
	defer cancel()
	var err error
	p.plan.Notes, err = p.agreed(ctx, p.Agreements)
	if err != nil {
		return err
	}
	about, err := p.stores[1].About(ctx) // it may have got its name just now
	p.plan.Identity = about.Identity
	return err
}

// noteSame notes that items are the same in both, so that what A changes of them
// later goes up. That it could not, or that another noted something meanwhile, is no
// reason to call what was made a failure.
func (a *app) noteSame(ctx context.Context, p *promotion) {
	ctx, cancel := a.within(ctx)
	defer cancel()
	same, err := p.agreed(ctx, p.Same)
	if err == nil {
		err = change.WriteNotes(ctx, p.stores[1], same)
	}
	if err != nil && !errors.Is(err, change.ErrConflict) {
		a.say("that items are the same in both was not noted: %v", err)
	}
}

// writeNotes asks, and notes an agreement by which nothing of B changes.
func (a *app) writeNotes(ctx context.Context, p *promotion, e *execution, what string, of agreement) error {
	if err := a.agreeToNote(ctx, p.to(), what, e.planFlags); err != nil {
		return err
	}
	limited, cancel := a.within(ctx)
	defer cancel()
	notes, err := p.agreed(limited, of)
	if err == nil {
		err = change.WriteNotes(limited, p.stores[1], notes)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// agreeToNote is agree of what changes nothing but what is agreed.
func (a *app) agreeToNote(ctx context.Context, src configSource, what string, f planFlags) error {
	switch {
	case !src.protected && f.yes, src.protected && f.confirm == src.env:
		return nil
	case f.confirm != "" && f.confirm != src.env:
		return withHint(usagef("%s: --confirm names %q", what, f.confirm), "--confirm "+shellQuote(src.env))
	case !src.protected:
		return a.confirm(ctx, strings.ToUpper(what[:1])+what[1:]+"?", what)
	case !a.StdinTTY || !a.StderrTTY:
		return withHint(usagef("%s: it is protected, and there is no terminal to ask on", what), "--confirm "+shellQuote(src.env)+" says so beforehand")
	}
	name, err := a.answer(ctx, fmt.Sprintf("%s is protected. Type its name to %s:", src.env, what))
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case strings.TrimSpace(name) == src.env:
		return nil
	}
	return withHint(usagef("%s: not confirmed, nothing was changed", what), "its name is "+src.env)
}
