package gomicro

import (
	"bytes"
	"compress/zlib"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"govctl/pkg/registry"
)

// kind is what a tag encodes.
type kind byte

const (
	kindNone kind = iota
	kindVersion
	kindMetadata
	kindEndpoint
)

// kindOf goes by the prefix alone: the tag may still be broken, or foreign.
func kindOf(tag string) kind {
	if len(tag) < 2 || tag[1] != '-' && tag[1] != '=' {
		return kindNone
	}
	switch tag[0] {
	case 'v':
		return kindVersion
	case 't':
		return kindMetadata
	case 'e':
		return kindEndpoint
	default:
		return kindNone
	}
}

// payload is a decoded tag. Its kind is kindNone where the tag is not
// go-micro's after all.
type payload struct {
	kind     kind
	size     int // roughly, in bytes of memory
	version  string
	metadata map[string]string
	endpoint registry.Endpoint
}

func (d *Decoder) parse(tag string) payload {
	k := kindOf(tag)
	if k == kindNone {
		return payload{}
	}
	text := []byte(tag[2:])
	if tag[1] == '-' {
		var err error
		if text, err = d.inflate(tag[2:]); err != nil {
			return payload{}
		}
	}
	// An empty payload says nothing; to take its tag away would hide it.
	if len(text) == 0 || len(text) > maxTag || !utf8.Valid(text) {
		return payload{}
	}
	p := payload{kind: k, size: len(text)}
	ok := true
	switch k {
	case kindVersion:
		p.version = string(text)
	case kindMetadata:
		ok = shallow(text) && json.Unmarshal(text, &p.metadata) == nil && len(p.metadata) > 0
	case kindEndpoint:
		ok = shallow(text) && json.Unmarshal(text, &p.endpoint) == nil && p.endpoint.Name != ""
		p.size += valueSize * (countValues(p.endpoint.Request) + countValues(p.endpoint.Response))
	case kindNone:
	}
	if !ok {
		return payload{}
	}
	return p
}

var errTag = errors.New("not one zlib stream")

// inflate returns the payload of hex(zlib(payload)), or of one that is too long
// no more than shows that.
func (d *Decoder) inflate(text string) ([]byte, error) {
	packed, err := hex.DecodeString(text)
	if err != nil {
		return nil, err
	}
	in := bytes.NewReader(packed)
	z, err := d.inflater(in)
	if err != nil {
		return nil, err
	}
	defer d.inflaters.Put(z)
	out, err := io.ReadAll(io.LimitReader(z, maxTag+1))
	if err != nil {
		return nil, err
	}
	if in.Len() > 0 {
		return nil, errTag // more than a zlib stream, or more than was read of it
	}
	return out, nil
}

// inflater returns a reader of the zlib stream in; a new one costs 40 KiB, so
// they are used again.
func (d *Decoder) inflater(in io.Reader) (io.ReadCloser, error) {
	z, ok := d.inflaters.Get().(io.ReadCloser)
	if !ok {
		return zlib.NewReader(in)
	}
	if err := z.(zlib.Resetter).Reset(in, nil); err != nil {
		return nil, err
	}
	return z, nil
}

// shallow reports whether text is JSON nested at most maxDepth levels.
func shallow(text []byte) bool {
	dec := jsontext.NewDecoder(bytes.NewReader(text))
	for {
		_, err := dec.ReadToken()
		if err != nil {
			return errors.Is(err, io.EOF)
		}
		if dec.StackDepth() > maxDepth {
			return false
		}
	}
}

// valueSize is what a registry.Value takes beside its text; "{}" is one.
const valueSize = 64

func countValues(v *registry.Value) int {
	if v == nil {
		return 0
	}
	n := 1
	for i := range v.Values {
		n += countValues(&v.Values[i])
	}
	return n
}

// clone copies what a caller could change: a Record has p's endpoint, but only the
// pairs of its metadata.
func (p payload) clone() payload {
	p.endpoint.Metadata = maps.Clone(p.endpoint.Metadata)
	p.endpoint.Request = cloneValue(p.endpoint.Request)
	p.endpoint.Response = cloneValue(p.endpoint.Response)
	return p
}

func cloneValue(v *registry.Value) *registry.Value {
	if v == nil {
		return nil
	}
	return &registry.Value{Name: v.Name, Type: v.Type, Values: cloneValues(v.Values)}
}

func cloneValues(values []registry.Value) []registry.Value {
	values = slices.Clone(values)
	for i := range values {
		values[i].Values = cloneValues(values[i].Values)
	}
	return values
}
