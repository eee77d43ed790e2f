package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"govctl/pkg/change"
	"govctl/pkg/config"
)

// itemPast is what is known of the past of an item: its journal's, and what stands
// there now.
type itemPast struct {
	src   configSource
	store change.Store
	key   config.Key
	now   *config.Item // nil where it is not there
	// states are what stood there, the newest first; what other tools wrote between
	// is known only as far as a plan of ours found it, or it stands there now.
	states []itemState
}

// itemState is what stood at an item. The JSON names are an interface.
type itemState struct {
	// Revision is left out where nothing stood there, or was written.
	Revision change.Revision `json:"revision,omitempty"`
	// Foreign is true of what no plan of the journal wrote.
	Foreign bool   `json:"foreign"`
	ID      string `json:"id,omitempty"`
	State   string `json:"state,omitempty"`
	Who     string `json:"who,omitempty"`
	Why     string `json:"why,omitempty"`
	// At is when its plan was begun, by the system's clock; of what is foreign, when it
	// was written, where that is known.
	At        time.Time `json:"at,omitzero"`
	Reverts   string    `json:"reverts,omitempty"`
	Forgotten bool      `json:"forgotten,omitempty"`
	Says      []string  `json:"says"`
	// wrote is false of a plan that came to nothing.
	wrote bool
	// held is the record that has the content, from before or after what it did; nil
	// for what stands there now.
	held  *change.Record
	after bool
}

// pastOf returns the past of the item that name is, or was, the key of.
func (a *app) pastOf(ctx context.Context, name string) (*itemPast, error) {
	src, store, records, err := a.records(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := a.within(ctx)
	defer cancel()
	items, err := collect(src.store.Items(ctx))
	if err != nil {
		return nil, err
	}
	p := &itemPast{src: src, store: store}
	found, err := findItem(src, everKnown(items, records), name)
	if err != nil {
		return nil, err
	}
	p.key = found.Key
	if i := slices.IndexFunc(items, func(i config.Item) bool { return i.Key == p.key }); i >= 0 {
		p.now = &items[i]
	}
	p.trace(records)
	return p, nil
}

// everKnown returns items, and those that plans changed and that are gone.
func everKnown(items []config.Item, records []change.Record) []config.Item {
	all := slices.Clone(items)
	known := make(map[config.Key]bool, len(items))
	for i := range items {
		known[items[i].Key] = true
	}
	for i := range records {
		if isOfInstances(&records[i]) {
			continue
		}
		for j := range records[i].Changes {
			if key := config.KeyOfChange(records[i].Changes[j].Name); !known[key] {
				known[key] = true
				all = append(all, config.Item{Key: key})
			}
		}
	}
	return all
}

// trace goes back from what stands there now, plan by plan. Where a plan left
// another revision than the next one found, somebody else wrote between.
func (p *itemPast) trace(records []change.Record) {
	have := itemState{Foreign: true}
	if p.now != nil {
		have.Revision, have.At, have.Who = change.Revision(p.now.Revision), p.now.Modified, p.now.By
	}
	for i := range records {
		r := &records[i]
		at := slices.IndexFunc(r.Changes, func(w change.Written) bool { return w.Name == p.key.ChangeName() })
		if at < 0 || isOfInstances(r) || r.State == change.Stopped && !r.Changes[at].Made {
			continue
		}
		w := &r.Changes[at]
		state := stateOf(r, w)
		switch {
		case w.Made && w.To != have.Revision:
			p.add(have, "changed elsewhere", "removed elsewhere")
		case w.Made: // it stood there until the next one found it, or does still
			state.held, state.after = have.held, false
		case w.From != have.Revision: // it was taken back, or is not at its end
			state.Revision, state.wrote = have.Revision, true
			state.held, state.after = have.held, false
		default:
			state.Revision = change.Absent
		}
		p.states = append(p.states, state)
		have = itemState{Revision: w.From, Foreign: true, held: r}
	}
	if have.Revision != change.Absent {
		p.add(have, "was there before", "")
	}
}

// add adds what is foreign.
func (p *itemPast) add(s itemState, there, gone string) {
	s.Says = []string{there}
	if s.Revision == change.Absent {
		s.Says = []string{gone}
	}
	s.wrote = true
	p.states = append(p.states, s)
}

func stateOf(r *change.Record, w *change.Written) itemState {
	return itemState{
		Revision: w.To, ID: r.ID, State: string(r.State), Who: r.By, Why: r.Why, At: r.Stored, Reverts: r.Reverts,
		Forgotten: r.Forgotten, Says: append([]string{}, w.Says...), wrote: w.Made, held: r, after: true,
	}
}

// name tells a state in words.
func (s *itemState) name() string {
	if s.Revision == change.Absent {
		return "what was not there"
	}
	return "revision " + shortRevision(s.Revision)
}

// leastPrefix is how much of a revision that is a hash names it.
const leastPrefix = 4

// find returns the newest state with a revision, or, of those that are hashes,
// with one that begins so.
func (p *itemPast) find(revision string) (int, error) {
	fits := func(s itemState) bool {
		return s.wrote && s.Revision != change.Absent && string(s.Revision) == revision
	}
	if i := slices.IndexFunc(p.states, fits); i >= 0 {
		return i, nil
	}
	found := -1
	for i := range p.states {
		r := string(p.states[i].Revision)
		if len(r) < 32 || len(revision) < leastPrefix || !strings.HasPrefix(r, revision) || found >= 0 && string(p.states[found].Revision) == r {
			continue
		}
		if found >= 0 {
			return 0, withHint(usagef("%q begins several revisions", revision), fmt.Sprintf("`govctl config history %s` lists them", shellQuote(p.key.String())))
		}
		found = i
	}
	if found >= 0 {
		return found, nil
	}
	err := fmt.Errorf("%s: %s: revision %s: %w", p.src.at, p.key, revision, config.ErrNotFound)
	return 0, withHint(err, fmt.Sprintf("`govctl config history %s` lists what is known", shellQuote(p.key.String())))
}

// contentOf returns what stood there in a state, nil for nothing.
func (a *app) contentOf(ctx context.Context, p *itemPast, s *itemState) ([]byte, error) {
	switch {
	case s.held == nil && p.now == nil:
		return nil, nil
	case s.held == nil:
		return append([]byte{}, p.now.Content...), nil
	}
	ctx, cancel := a.within(ctx)
	defer cancel()
	changes, err := change.Contents(ctx, p.store, s.held)
	if err != nil {
		return nil, err
	}
	for i := range changes {
		if changes[i].Name != p.key.ChangeName() {
			continue
		}
		if s.after {
			return changes[i].After, nil
		}
		return changes[i].Before, nil
	}
	return nil, fmt.Errorf("plan %s: %s: %w", s.held.ID, p.key, config.ErrNotFound)
}

// itemAt returns the item as it was at a revision.
func (a *app) itemAt(ctx context.Context, p *itemPast, revision string) (*config.Item, error) {
	i, err := p.find(revision)
	if err != nil {
		return nil, err
	}
	s := &p.states[i]
	content, err := a.contentOf(ctx, p, s)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.key, err)
	}
	item := &config.Item{Key: p.key, Content: content, Revision: string(s.Revision), Modified: s.At, By: s.Who}
	if p.now != nil {
		item.Declared = p.now.Declared
	}
	return item, nil
}

// errHole means that nobody knows what stood there at a time.
var errHole = errors.New("what stood there then is not known")

// when returns the state in which the item was at a time.
func (p *itemPast) when(t time.Time) (int, error) {
	newer := -1 // what was written next
	for i := range p.states {
		s := &p.states[i]
		if !s.wrote {
			continue
		}
		switch {
		case s.At.IsZero() || s.At.After(t):
		case newer >= 0 && p.states[newer].Foreign:
			return 0, fmt.Errorf("%w: it was changed elsewhere after %s, nobody noted when", errHole, s.At.UTC().Format(time.RFC3339))
		default:
			return i, nil
		}
		newer = i
	}
	return 0, fmt.Errorf("%w: the journal does not reach back to it", errHole)
}
