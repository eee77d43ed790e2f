package server

import (
	"bytes"
	"compress/zlib"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
)

// Record is what go-micro keeps of an instance in Consul's tags.
type Record struct {
	Version   string
	Metadata  map[string]string
	Endpoints []Endpoint
}

// Endpoint is one method of a go-micro service, as its registry encodes it.
type Endpoint struct {
	Name     string            `json:"name"`
	Request  *Value            `json:"request"`
	Response *Value            `json:"response"`
	Metadata map[string]string `json:"metadata"`
}

// Value is a request or response type of an Endpoint, or a field of one.
type Value struct {
	Name   string  `json:"name"`
	Type   string  `json:"type"`
	Values []Value `json:"values"`
}

// Tags returns the tags with which go-micro's Consul plugin v1.2.1 registers r:
// a letter, a dash, and the payload in hexadecimal digits of zlib. One t- tag
// for each pair of the metadata, one e- tag for each endpoint, one v- tag.
func (r Record) Tags() []string {
	var tags []string
	for _, key := range slices.Sorted(maps.Keys(r.Metadata)) {
		tags = append(tags, tag("t-", mustJSON(map[string]string{key: r.Metadata[key]})))
	}
	for _, e := range r.Endpoints {
		tags = append(tags, tag("e-", mustJSON(e)))
	}
	return append(tags, tag("v-", []byte(r.Version)))
}

func tag(prefix string, payload []byte) string {
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	_, _ = w.Write(payload) // a buffer takes everything
	_ = w.Close()
	return prefix + hex.EncodeToString(packed.Bytes())
}

// mustJSON encodes a value that always can be.
func mustJSON(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}
