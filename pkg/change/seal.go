package change

import (
	"bytes"
	"crypto/md5" //nolint:gosec // it is what some systems call a revision, and guards nothing
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Saved is a plan as a file holds it, for others to review before it is applied.
// It has no secrets: in what is to be written they are told by where they stand,
// and what stands there now by its revision and a keyed digest. The JSON names are
// an interface: docs/plan.schema.json.
type Saved struct {
	ID          string    `json:"id"`
	Environment string    `json:"environment"`
	Identity    string    `json:"identity"`
	Made        time.Time `json:"made"`
	By          string    `json:"by"`
	Why         string    `json:"why,omitempty"`
	// Command is the one that made it, without its arguments: "govctl config set".
	Command string        `json:"command"`
	Reverts string        `json:"reverts,omitempty"`
	Changes []SavedChange `json:"changes"`
	// Notes are those of the plan: they hold no content.
	Notes []Note `json:"notes,omitempty"`
}

// SavedChange is a Change of a Saved plan.
type SavedChange struct {
	Item string `json:"item"` // the Name of the Change
	// Says is what it does, for who reads the file: what is applied is told anew.
	Says []string `json:"says"`
	// Before is nil where nothing stands there, and After where nothing is to.
	Before *Seen  `json:"before,omitempty"`
	After  *Draft `json:"after,omitempty"`
}

// Seen is content that a plan found.
type Seen struct {
	// Revision is left out where it is a hash of the content: who has such a hash
	// can try guesses at a secret.
	Revision Revision `json:"revision,omitempty"`
	Bytes    int      `json:"bytes"`
	Digest   string   `json:"digest"` // by the Digester of the store
}

// NewSeen returns what a saved plan tells of content.
func NewSeen(d Digester, at Revision, content []byte) Seen {
	return Seen{Revision: toldOf(at, content), Bytes: len(content), Digest: d.Sum(content)}
}

// toldOf returns a revision, or none where that is a hash of the content.
func toldOf(at Revision, content []byte) Revision {
	long, short := sha256.Sum256(content), md5.Sum(content) //nolint:gosec // see the import
	if text := strings.ToLower(string(at)); text == hex.EncodeToString(long[:]) || text == hex.EncodeToString(short[:]) {
		return ""
	}
	return at
}

// Draft is content that is to be written: the Parts one after the other.
type Draft struct {
	Bytes  int    `json:"bytes"`
	Digest string `json:"digest"`
	Parts  []Part `json:"parts"`
}

// NewDraft returns the draft of content whose parts are known.
func NewDraft(d Digester, content []byte, parts []Part) *Draft {
	return &Draft{Bytes: len(content), Digest: d.Sum(content), Parts: append([]Part{}, parts...)}
}

// Part is a piece of content: its bytes, or a secret that is found elsewhere.
type Part struct {
	Text   []byte
	Secret *Secret
}

// Secret says where a secret is found.
type Secret struct {
	// Where is where it stands in the content that is written, for who reads the
	// plan: "db.password", "line 3".
	Where  string `json:"secret"`
	From   Origin `json:"from"`
	Digest string `json:"digest"`
}

// Origin is the place of a secret: a variable of the environment, a file, or so many
// Bytes from At in the content of an item.
type Origin struct {
	Env  string `json:"env,omitempty"`
	File string `json:"file,omitempty"`

	// Environment and Identity are "" for the store that the plan is for.
	Environment string   `json:"environment,omitempty"`
	Identity    string   `json:"identity,omitempty"`
	Item        string   `json:"item,omitempty"`
	Revision    Revision `json:"revision,omitempty"` // as Seen has it
	At          int      `json:"at,omitempty"`
	Bytes       int      `json:"bytes,omitempty"`
}

// NewOrigin returns the place of a secret in an item of content at a revision.
func NewOrigin(item string, at Revision, content []byte, start, end int) Origin {
	return Origin{Item: item, Revision: toldOf(at, content), At: start, Bytes: end - start}
}

// TextParts returns text as parts, a line each, as people review it.
func TextParts(text []byte) []Part {
	var parts []Part
	for line := range bytes.Lines(text) {
		parts = append(parts, Part{Text: line})
	}
	return parts
}

// binary is how text stands in a plan that is not UTF-8.
type binary struct {
	Base64 []byte `json:"base64"`
}

// MarshalJSON writes text as it is, and what is found elsewhere as an object.
func (p Part) MarshalJSON() ([]byte, error) {
	switch {
	case p.Secret != nil:
		return encodeJSON(p.Secret, "")
	case !utf8.Valid(p.Text):
		return encodeJSON(binary{p.Text}, "")
	}
	return encodeJSON(string(p.Text), "")
}

// UnmarshalJSON reads what MarshalJSON writes.
func (p *Part) UnmarshalJSON(text []byte) error {
	if text[0] == '"' {
		var s string
		err := json.Unmarshal(text, &s)
		p.Text = []byte(s)
		return err
	}
	var both struct {
		binary
		Secret
	}
	if err := decodeJSON(text, &both); err != nil {
		return err
	}
	if both.Base64 != nil {
		p.Text = both.Base64
		return nil
	}
	p.Secret = &both.Secret
	return nil
}

// encodeJSON writes v as people read it: < and > stand there as they are.
func encodeJSON(v any, indent string) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent(indent, indent)
	err := e.Encode(v)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), err
}

// decodeJSON reads one value; a name that is not known is an error, as what it
// says would be passed over.
func decodeJSON(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

// What stands in a file around a plan. Digest is SHA-256 of the very bytes of it.
const (
	savedHead   = "{\n  \"govctlPlan\": 1,\n  \"sha256\": \""
	savedMiddle = "\",\n  \"plan\": "
	savedTail   = "\n}\n"
)

// Encode returns the file of a plan.
func (s *Saved) Encode() ([]byte, error) {
	text, err := encodeJSON(s, "  ")
	if err != nil {
		return nil, err
	}
	return []byte(savedHead + digestOf(text) + savedMiddle + string(text) + savedTail), nil
}

// digestOf returns the SHA-256 of a text that holds no secret.
func digestOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// DecodeSaved reads the file of a plan. The error is ErrPlan: the file is another
// one, of another version, or not what Encode wrote, to the byte. Who alters a file
// on purpose can make it whole again: against that, compare the digest of the file
// with that which was reviewed.
func DecodeSaved(file []byte) (*Saved, error) {
	rest, isPlan := bytes.CutPrefix(file, []byte(savedHead))
	digest, text, whole := bytes.Cut(rest, []byte(savedMiddle))
	text, ended := bytes.CutSuffix(text, []byte(savedTail))
	if !isPlan || !whole || !ended || string(digest) != digestOf(text) {
		return nil, notSaved(file)
	}
	var s Saved
	if err := decodeJSON(text, &s); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPlan, err)
	}
	if !isID(s.ID) {
		return nil, fmt.Errorf("%w: its id is none", ErrPlan)
	}
	return &s, nil
}

// notSaved says why a file is not what Encode wrote.
func notSaved(file []byte) error {
	var envelope struct {
		Version int    `json:"govctlPlan"`
		Digest  string `json:"sha256"`
	}
	err := json.Unmarshal(file, &envelope)
	switch {
	case err == nil && envelope.Version > 1:
		return fmt.Errorf("%w that can be read here: it is of version %d, and this govctl reads 1", ErrPlan, envelope.Version)
	case bytes.HasPrefix(file, []byte(savedHead)), err == nil && envelope.Digest != "":
		return fmt.Errorf("%w any more: the file was altered since it was saved", ErrPlan)
	}
	return fmt.Errorf("%w: it does not begin as one", ErrPlan)
}
