// Package mask hides secrets in foreign text: configuration, errors, metadata. In
// place of each stands a fixed marker and a short keyed hash, which shows that two
// secrets differ, or that one has changed, but not what they are.
package mask

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Marker begins whatever stands for a secret. Content that holds it was masked:
// writing it back would destroy the secret.
const Marker = "••"

// digits is how much of the hash is shown. Four are enough to see a change: two
// secrets look the same once in 65,536 times, so nothing that judges compares
// masked text. And they are few enough that who holds the key and a list of a
// million passwords is left with fifteen of them: six would single out the one.
const digits = 4

// Masker masks with one key. It can be used by several goroutines at once.
type Masker struct {
	key   []byte
	blank bool
}

// New returns a Masker: the same key gives the same secret the same hash.
func New(key []byte) *Masker { return &Masker{key: key} }

// Blank returns a Masker that shows the Marker alone: no hash is left to whoever
// keeps the text, and a changed secret looks like the one before.
func Blank() *Masker { return &Masker{blank: true} }

// NewKey returns 32 random bytes.
func NewKey() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // it never fails
	return key
}

// Hash returns what is shown in place of a secret: "••3f9a".
func (m *Masker) Hash(secret string) string {
	if m.blank {
		return Marker
	}
	h := hmac.New(sha256.New, m.key)
	h.Write([]byte(secret))
	return Marker + hex.EncodeToString(h.Sum(nil))[:digits]
}

// isMasked reports whether s is what Hash returns.
func isMasked(s string) bool {
	hash, ok := strings.CutPrefix(s, Marker)
	return ok && (hash == "" || len(hash) == digits && strings.Trim(hash, "0123456789abcdef") == "")
}

// Value returns what to show of the value at a name, and whether something of it
// is masked: all of it by its name, or what in it is secret by its form. The name
// may be a path with dots, "spring.datasource.password"; what is below a secret
// name is secret. An empty value, true, false and a reference such as
// ${DB_PASSWORD} stay, and so do numbers and durations below a secret name that
// measure it ("token.ttl").
func (m *Masker) Value(name, value string) (shown string, masked bool) {
	switch {
	case isMasked(value):
		return value, true
	case isHarmlessValue(value):
		return value, false
	case m.isSecret(judge(name), name, value):
		return m.Hash(value), true
	}
	shown = m.Text(value)
	return shown, shown != value
}

// isSecret tells whether the whole value at a name is secret.
func (m *Masker) isSecret(v verdict, name, value string) bool {
	switch v {
	case secret:
		return !isMeasure(name, value)
	case address:
		return !hasAddress(value)
	case perhaps:
		return looksRandom(value)
	case harmless:
	}
	return false
}
