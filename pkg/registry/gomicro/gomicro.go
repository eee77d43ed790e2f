// Package gomicro decodes what go-micro encodes in the tags of a Consul
// service: the version (v-), the metadata (t-) and the endpoints (e-) of an
// instance. Such a tag is its prefix and hex of zlib of the payload; services
// built long ago wrote the payload plainly, after "v=", "t=" or "e=".
//
// Each tag is read on its own. go-micro's own reader takes the first tag that
// begins with a "t" for a sample of all of them, so that one foreign tag
// ("traefik.enable=true") costs it all metadata. And no tag is ever encoded to
// be compared: equal payloads differ once compressed by another library.
package gomicro

import (
	"maps"
	"sync"

	"govctl/pkg/registry"
)

// Limits on what a stranger's tags may unfold to.
const (
	// maxTag is the largest payload of one tag, in bytes.
	maxTag = 1 << 20
	// maxRecord is the most that one record's endpoints may take, and that its
	// metadata may, in bytes of memory.
	maxRecord = 4 << 20
	// maxDepth is how deeply the JSON of a tag may be nested. go-micro itself
	// describes types three levels deep, which is eight levels of JSON.
	maxDepth = 64
)

// Record is what the tags of one instance say.
type Record struct {
	// Version is that of the first version tag; "" where there is none.
	Version string
	// Metadata is nil where no tag has any. Where two tags have a key the later
	// one wins, as in go-micro.
	Metadata map[string]string
	// Endpoints are in the order of their tags.
	Endpoints []registry.Endpoint
	// Tags are all others as they are, in order: those meant for people, those
	// that cannot be decoded, and version tags that contradict the first.
	Tags []string
}

// Found reports whether any tag was go-micro's.
func (r *Record) Found() bool {
	return r.Version != "" || len(r.Metadata) > 0 || len(r.Endpoints) > 0
}

// Decode splits tags into what go-micro encoded in them and those meant for
// people. It cannot fail: a tag that is broken or unfolds to more than 1 MiB is
// one of Record.Tags. The result shares no memory with tags but their text.
func Decode(tags []string) Record {
	var d Decoder
	return build(tags, d.parse)
}

// Decoder decodes like Decode and remembers, within a bound, what tags decoded
// to: the same tag stands on thousands of instances. The zero Decoder is ready
// to use, by several goroutines at once, and must not be copied.
type Decoder struct {
	memo      memo
	inflaters sync.Pool
}

// Decode is like the function Decode. The caller owns the result: nothing in it
// that can be changed is remembered.
func (d *Decoder) Decode(tags []string) Record { return build(tags, d.remembered) }

// Labels returns the version and the metadata's "protocol" that Decode finds in
// tags, each "" where there is none, without decoding endpoints.
func (d *Decoder) Labels(tags []string) (version, protocol string) {
	var b builder
	for _, tag := range tags {
		if kindOf(tag) != kindEndpoint {
			b.add(tag, d.remembered(tag))
		}
	}
	return b.Version, b.Metadata["protocol"]
}

func build(tags []string, parse func(string) payload) Record {
	var b builder
	for _, tag := range tags {
		b.add(tag, parse(tag))
	}
	return b.Record
}

// remembered is parse with a memory.
func (d *Decoder) remembered(tag string) payload {
	if kindOf(tag) == kindNone {
		return payload{}
	}
	if p, ok := d.memo.load(tag); ok {
		return p.clone()
	}
	p := d.parse(tag)
	d.memo.store(tag, p.clone())
	return p
}

// builder adds up a Record within its limits.
type builder struct {
	Record
	labels, endpoints int // bytes so far
}

// add files tag under what it decoded to.
func (b *builder) add(tag string, p payload) {
	switch p.kind {
	case kindVersion:
		if b.Version == "" || b.Version == p.version {
			b.Version = p.version
			return
		}
	case kindMetadata:
		if b.labels+p.size <= maxRecord {
			b.labels += p.size
			if b.Metadata == nil {
				b.Metadata = make(map[string]string, len(p.metadata))
			}
			maps.Copy(b.Metadata, p.metadata)
			return
		}
	case kindEndpoint:
		if b.endpoints+p.size <= maxRecord {
			b.endpoints += p.size
			b.Endpoints = append(b.Endpoints, p.endpoint)
			return
		}
	case kindNone:
	}
	b.Tags = append(b.Tags, tag)
}
