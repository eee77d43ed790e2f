package change

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
)

// Digester makes digests of what stands in a store, by a random key that is kept
// there: all who may read the store get the same, and nobody else can try guesses
// at a secret.
type Digester struct{ key []byte }

// keySize is the size of the key, in bytes.
const keySize = 32

// keyOfDigests is the record that holds it.
func keyOfDigests() Key { return Key{Records, "key"} }

// FindDigester returns that of s; ok is false where nobody made one yet, so that no
// digest can be there either.
func FindDigester(ctx context.Context, s Store) (d Digester, ok bool, err error) {
	entries, err := s.Read(ctx, []Key{keyOfDigests()})
	if err != nil || entries[0].Revision == Absent {
		return Digester{}, false, err
	}
	key, err := hex.DecodeString(string(entries[0].Content))
	if err != nil || len(key) != keySize {
		return Digester{}, false, fmt.Errorf("the key of digests: %w", ErrInvalid)
	}
	return Digester{key}, true, nil
}

// MakeDigester returns that of s, and makes its key where there is none.
func MakeDigester(ctx context.Context, s Store) (Digester, error) {
	for range tries {
		d, ok, err := FindDigester(ctx, s)
		if ok || err != nil {
			return d, err
		}
		var key [keySize]byte
		_, _ = rand.Read(key[:]) // it never fails
		err = sure(ctx, s, []Op{{Key: keyOfDigests(), Content: []byte(hex.EncodeToString(key[:]))}})
		if err != nil && !errors.Is(err, ErrConflict) {
			return Digester{}, err
		}
	}
	return Digester{}, fmt.Errorf("the key of digests: %w", ErrConflict)
}

// Sum returns the digest of content: HMAC-SHA-256 (RFC 2104), 32 hexadecimal digits
// of it, which no two contents share by chance.
func (d Digester) Sum(content []byte) string {
	h := hmac.New(sha256.New, d.key)
	h.Write(content)
	return hex.EncodeToString(h.Sum(nil)[:16])
}
