package httpx

import (
	"bytes"
	stdjson "encoding/json"
	"fmt"
	"testing"
)

// check is a health check as Consul's /v1/health/state/any lists it.
type check struct {
	Node        string
	CheckID     string
	Name        string
	Status      string
	Output      string
	ServiceID   string
	ServiceName string
	ServiceTags []string
}

// checks returns a list of n health checks with all of Consul's fields, those
// that govctl does not read included.
func checks(n int) []byte {
	var b bytes.Buffer
	b.WriteByte('[')
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"Node":"node-%d","CheckID":"service:order-%d","Name":"Service 'order' check",`+
			`"Status":"passing","Notes":"","Output":"HTTP GET http://10.0.%d.%d:8080/health: 200 OK Output: {\"ok\":true}",`+
			`"ServiceID":"order-%d","ServiceName":"order",`+
			`"ServiceTags":["v-789c32d433d23300040000ffff02d400f0","t-789caa562a28ca2fc94fcecf51b2524a2f2a4856aa05040000ffff468306d9","blue"],`+
			`"Type":"http","Interval":"10s","Timeout":"2s","ExposedPort":0,"Definition":{},"CreateIndex":%d,"ModifyIndex":%d}`,
			i%50, i, i/250%250, i%250, i, i+100, i+200)
	}
	b.WriteByte(']')
	return b.Bytes()
}

// BenchmarkEachElement reads 10,000 checks; BenchmarkStandardDecoder reads the
// same with encoding/json, to compare.
func BenchmarkEachElement(b *testing.B) {
	data := checks(10_000)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		if err := EachElement(bytes.NewReader(data), func(*check) error { n++; return nil }); err != nil || n != 10_000 {
			b.Fatal(n, err)
		}
	}
}

func BenchmarkStandardDecoder(b *testing.B) {
	data := checks(10_000)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		dec := stdjson.NewDecoder(bytes.NewReader(data))
		if _, err := dec.Token(); err != nil {
			b.Fatal(err)
		}
		n := 0
		for ; dec.More(); n++ {
			var c check
			if err := dec.Decode(&c); err != nil {
				b.Fatal(err)
			}
		}
		if n != 10_000 {
			b.Fatal(n)
		}
	}
}
