package change

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"
)

// The names of records. A plan has one at plan/ID, its contents in pieces at
// pack/ID.NONCE/0001 and so on, and at outcome/ID/0001 and so on one for each batch
// that was made, or that never will be.
const (
	planNames    = "plan/"
	packNames    = "pack/"
	outcomeNames = "outcome/"
)

// State is how far a plan came.
type State string

// The states. Only an Open one becomes another.
const (
	// Open: it is being applied, or was cut off and can be recovered.
	Open State = "open"
	// Done: all of it was written.
	Done State = "done"
	// Stopped: the rest was refused after a part was written, or nothing was.
	Stopped State = "stopped"
	// Undone: it was cut off, and what was written taken back.
	Undone State = "undone"
)

// Record is an entry of the journal: who changed what, when and why. It is written
// before the first change is made.
type Record struct {
	ID          string `json:"id"`
	State       State  `json:"state"`
	Environment string `json:"environment"`
	Identity    string `json:"identity"`
	By          string `json:"by"`
	Why         string `json:"why,omitempty"`
	// At is the writer's clock, Stored the system's, when it was begun.
	At      time.Time `json:"at"`
	Stored  time.Time `json:"stored"`
	Reverts string    `json:"reverts,omitempty"`
	// Notes is how many notes there are, which are among the contents.
	Notes int `json:"notes,omitempty"`
	// Forgotten is true once the contents were removed.
	Forgotten bool `json:"forgotten,omitempty"`

	// Until then, by the system's clock, nobody but Holder goes on with it.
	Until  time.Time `json:"until,omitzero"`
	Holder string    `json:"holder,omitempty"`
	// Pack is where the contents are, in so many Pieces of Size bytes together.
	Pack   string `json:"pack"`
	Pieces int    `json:"pieces"`
	Size   int    `json:"size"`
	// Batches is how many swaps make it.
	Batches int `json:"batches"`

	// Changes come last, so that the rest is read without them: see decodeHead.
	Changes []Written `json:"changes"`
}

// Written is a change as the journal lists it, without its content.
type Written struct {
	Space Space    `json:"space,omitempty"` // "" is Items
	Name  string   `json:"name"`
	Says  []string `json:"says,omitempty"`
	// From and To are the revisions, To once it was made.
	From Revision `json:"from,omitempty"`
	To   Revision `json:"to,omitempty"`
	// Made is true once it is known to stand there.
	Made bool `json:"made,omitempty"`
}

// name returns the name of the record.
func (r *Record) name() Key { return Key{Records, planNames + r.ID} }

// key returns what was written.
func (w *Written) key() Key { return keyIn(w.Space, w.Name) }

// piece returns the name of a piece of the contents; they count from 1.
func (r *Record) piece(n int) Key {
	return Key{Records, fmt.Sprintf("%s%s/%04d", packNames, r.Pack, n)}
}

// pieces returns the names of all pieces.
func (r *Record) pieces() []Key {
	keys := make([]Key, r.Pieces)
	for i := range keys {
		keys[i] = r.piece(i + 1)
	}
	return keys
}

// outcome returns the name of the record of a batch; they count from 0.
func (r *Record) outcome(batch int) Key {
	return Key{Records, fmt.Sprintf("%s%s/%04d", outcomeNames, r.ID, batch+1)}
}

// outcomes returns the names of the records of all batches.
func (r *Record) outcomes() []Key {
	keys := make([]Key, r.Batches)
	for i := range keys {
		keys[i] = r.outcome(i)
	}
	return keys
}

// What stands in the record of a batch.
const (
	outcomeMade  = `{"made":true}`
	outcomeNever = `{"made":false}`
)

const (
	// large is from how many bytes on a record is compressed: smaller ones can be
	// read where they lie.
	large = 64 << 10
	// most bounds what the contents of a plan unfold to, in bytes, and mostRecord a
	// record: a journal has many, which strangers may have written.
	most       = 1 << 30
	mostRecord = 64 << 20
	// maxPieces bounds a pack.
	maxPieces = 4096
)

// encode returns r as it is stored.
func (r *Record) encode() ([]byte, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	return fold(text)
}

// fold compresses text where it is large.
func fold(text []byte) ([]byte, error) {
	if len(text) <= large {
		return text, nil
	}
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	err := w.Close()
	return out.Bytes(), err
}

// unfold returns what fold was given.
func unfold(text []byte) ([]byte, error) {
	if !bytes.HasPrefix(text, []byte{0x1f, 0x8b}) {
		return text, nil
	}
	in, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(io.LimitReader(in, mostRecord+1))
	if err == nil && len(out) > mostRecord {
		err = fmt.Errorf("%w: it unfolds to more than %d MiB", ErrTooLarge, mostRecord>>20)
	}
	return out, err
}

// decodeRecord reads what encode wrote, whoever altered it since.
func decodeRecord(e Entry) (Record, error) {
	text, err := unfold(e.Content)
	if err != nil {
		return Record{}, fmt.Errorf("%s: %w: %w", e.Key, ErrInvalid, err)
	}
	var r Record
	if err := json.Unmarshal(text, &r); err != nil {
		return Record{}, fmt.Errorf("%s: %w: %w", e.Key, ErrInvalid, err)
	}
	if r.name() != e.Key || r.Pieces < 0 || r.Notes < 0 || r.Pieces > maxPieces || r.Batches < 0 || r.Batches > len(r.Changes) {
		return Record{}, fmt.Errorf("%s: %w: it is not the record that its name says", e.Key, ErrInvalid)
	}
	return r, nil
}

// lengths are how many bytes there are before and after a change; -1 for none.
type lengths struct{ Before, After int }

func lengthOf(content []byte) int {
	if content == nil {
		return -1
	}
	return len(content)
}

// pack returns the contents of changes and notes, compressed: their lengths as a
// line of JSON, and then all of them one after the other.
func pack(changes []Change, notes []Note) ([]byte, error) {
	if len(notes) > 0 {
		text, err := json.Marshal(notes)
		if err != nil {
			return nil, err
		}
		changes = append(slices.Clone(changes), Change{After: text})
	}
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	sizes := make([]lengths, len(changes))
	for i := range changes {
		sizes[i] = lengths{lengthOf(changes[i].Before), lengthOf(changes[i].After)}
	}
	if err := json.NewEncoder(w).Encode(sizes); err != nil {
		return nil, err
	}
	for i := range changes {
		for _, content := range [][]byte{changes[i].Before, changes[i].After} {
			if _, err := w.Write(content); err != nil {
				return nil, err
			}
		}
	}
	err := w.Close()
	return out.Bytes(), err
}

// unpack returns the changes and notes of r with the contents that stand in its
// pieces.
func (r *Record) unpack(pieces []Entry) ([]Change, []Note, error) {
	contents, err := r.unpackAll(pieces)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: the contents: %w: %w", r.name(), ErrInvalid, err)
	}
	changes := contents[:len(r.Changes):len(r.Changes)]
	for i := range changes {
		w := &r.Changes[i]
		changes[i].Space, changes[i].Name, changes[i].Expect, changes[i].Says = w.Space, w.Name, w.From, w.Says
	}
	var notes []Note
	if r.Notes > 0 {
		if err := json.Unmarshal(contents[len(changes)].After, &notes); err != nil {
			return nil, nil, fmt.Errorf("%s: the notes: %w: %w", r.name(), ErrInvalid, err)
		}
	}
	return changes, notes, nil
}

// unpackAll returns the contents alone.
func (r *Record) unpackAll(pieces []Entry) ([]Change, error) {
	readers := make([]io.Reader, len(pieces))
	for i := range pieces {
		readers[i] = bytes.NewReader(pieces[i].Content)
	}
	in, err := gzip.NewReader(io.MultiReader(readers...))
	if err != nil {
		return nil, err
	}
	all, err := io.ReadAll(io.LimitReader(in, most))
	if err != nil {
		return nil, err
	}
	head, rest, _ := bytes.Cut(all, []byte("\n"))
	var sizes []lengths
	if err := json.Unmarshal(head, &sizes); err != nil {
		return nil, err
	}
	if want := len(r.Changes) + min(r.Notes, 1); len(sizes) != want {
		return nil, fmt.Errorf("of %d changes and not %d", len(sizes), want)
	}
	take := func(n int) ([]byte, error) {
		if n == -1 {
			return nil, nil
		}
		if n < 0 || n > len(rest) {
			return nil, io.ErrUnexpectedEOF
		}
		content := rest[:n:n]
		rest = rest[n:]
		return content, nil
	}
	contents := make([]Change, len(sizes))
	for i := range sizes {
		if contents[i].Before, err = take(sizes[i].Before); err != nil {
			return nil, err
		}
		if contents[i].After, err = take(sizes[i].After); err != nil {
			return nil, err
		}
	}
	return contents, nil
}
