package gomicro

import (
	"bytes"
	"compress/zlib"
	"encoding/hex"
	"maps"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Encode returns tags that Decode, and go-micro itself, read as r: those of the
// version, of each pair of metadata by key, and of the endpoints, before r.Tags.
// It is for registering what the caller runs itself. It is of no use to compare
// with tags that others wrote.
func Encode(r Record) []string {
	var tags []string
	if r.Version != "" {
		tags = append(tags, "v-"+deflate([]byte(r.Version)))
	}
	for _, key := range slices.Sorted(maps.Keys(r.Metadata)) {
		tags = append(tags, "t-"+deflate(object(map[string]string{key: r.Metadata[key]})))
	}
	for i := range r.Endpoints {
		tags = append(tags, "e-"+deflate(object(&r.Endpoints[i])))
	}
	return append(tags, r.Tags...)
}

// object encodes strings alone, which cannot fail once bad UTF-8 is replaced.
func object(v any) []byte {
	text, _ := json.Marshal(v, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	return text
}

// deflate packs into memory, which takes everything.
func deflate(payload []byte) string {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	_, _ = z.Write(payload)
	_ = z.Close()
	return hex.EncodeToString(b.Bytes())
}
