package gomicro

import (
	"bytes"
	"compress/zlib"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/registry"
)

// pack encodes a payload as go-micro does.
func pack(tb testing.TB, prefix, payload string) string {
	tb.Helper()
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	if _, err := z.Write([]byte(payload)); err != nil {
		tb.Fatal(err)
	}
	if err := z.Close(); err != nil {
		tb.Fatal(err)
	}
	return prefix + hex.EncodeToString(b.Bytes())
}

// What go-micro v4.11 itself wrote, and "1.2.0" as Python's zlib packs it.
const (
	tagLatest = "v-789cca492c492d2e01040000ffff08cc028e"
	tagV120   = "v-789c32d433d23300040000ffff02d400f0"
	tagGRPC   = "t-789caa562a28ca2fc94fcecf51b2524a2f2a4856aa05040000ffff468306d9"
	tagPython = "v-789c33d433d233000002d400f0"
)

const helloJSON = `{"name":"Greeter.Hello","request":{"name":"HelloRequest","type":"HelloRequest",` +
	`"values":[{"name":"name","type":"string","values":null}]},` +
	`"response":{"name":"HelloReply","type":"HelloReply","values":null},"metadata":{"stream":"true"}}`

func hello() registry.Endpoint {
	return registry.Endpoint{
		Name: "Greeter.Hello",
		Request: &registry.Value{
			Name: "HelloRequest", Type: "HelloRequest",
			Values: []registry.Value{{Name: "name", Type: "string"}},
		},
		Response: &registry.Value{Name: "HelloReply", Type: "HelloReply"},
		Metadata: map[string]string{"stream": "true"},
	}
}

func TestEachTagIsDecodedOnItsOwn(t *testing.T) {
	t.Parallel()
	bomb := pack(t, "v-", strings.Repeat("a", maxTag+1))
	deep := pack(t, "e-", `{"name":"x","request":`+strings.Repeat(`{"values":[`, maxDepth/2)+strings.Repeat(`]}`, maxDepth/2)+`}`)
	tests := []struct {
		name string
		tags []string
		want Record
	}{
		{"nothing", nil, Record{}},
		{"go-micro's own tags", []string{tagGRPC, pack(t, "e-", helloJSON), tagV120}, Record{
			Version: "1.2.0", Metadata: map[string]string{"protocol": "grpc"}, Endpoints: []registry.Endpoint{hello()},
		}},
		{"the legacy forms", []string{`t={"protocol":"grpc"}`, "e=" + helloJSON, "v=1.2.0"}, Record{
			Version: "1.2.0", Metadata: map[string]string{"protocol": "grpc"}, Endpoints: []registry.Endpoint{hello()},
		}},
		{"another library's zlib", []string{tagPython}, Record{Version: "1.2.0"}},
		{
			"foreign tags hide nothing",
			[]string{"traefik.enable=true", "t", "e", "", "euwest", "v1", tagGRPC, tagLatest},
			Record{
				Version: "latest", Metadata: map[string]string{"protocol": "grpc"},
				Tags: []string{"traefik.enable=true", "t", "e", "", "euwest", "v1"},
			},
		},
		{
			"broken tags stay",
			[]string{"t=notjson", "v-zz", "v-", "v=", "t={}", "t=null", "e={}", "e=[]", `t={"a":1}`, "v-789c", "v-78", tagV120},
			Record{
				Version: "1.2.0",
				Tags:    []string{"t=notjson", "v-zz", "v-", "v=", "t={}", "t=null", "e={}", "e=[]", `t={"a":1}`, "v-789c", "v-78"},
			},
		},
		{"a cut and a lengthened stream stay", []string{tagV120[:len(tagV120)-2], tagV120 + "00"}, Record{
			Tags: []string{tagV120[:len(tagV120)-2], tagV120 + "00"},
		}},
		{"bad UTF-8 stays", []string{"v=\xff", pack(t, "v-", "\xff"), "t={\"a\":\"\xff\"}"}, Record{
			Tags: []string{"v=\xff", pack(t, "v-", "\xff"), "t={\"a\":\"\xff\"}"},
		}},
		{"what inflates past the limit stays", []string{bomb, tagV120}, Record{Version: "1.2.0", Tags: []string{bomb}}},
		{"what just fits is taken", []string{pack(t, "v-", strings.Repeat("a", maxTag))}, Record{Version: strings.Repeat("a", maxTag)}},
		{"extreme nesting stays", []string{deep, tagV120}, Record{Version: "1.2.0", Tags: []string{deep}}},
		{"the first version wins and others are shown", []string{tagV120, "v=1.2.0", tagLatest}, Record{
			Version: "1.2.0", Tags: []string{tagLatest},
		}},
		{"the last of equal keys wins", []string{`t={"a":"1","b":"1"}`, `t={"a":"2"}`}, Record{
			Metadata: map[string]string{"a": "2", "b": "1"},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var d Decoder
			for _, got := range []Record{Decode(tt.tags), d.Decode(tt.tags), d.Decode(tt.tags)} {
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("(-want +got)\n%.2000s", diff)
				}
			}
			if v, p := d.Labels(tt.tags); v != tt.want.Version || p != tt.want.Metadata["protocol"] {
				t.Errorf("Labels() = %.50q, %q", v, p)
			}
		})
	}
}

func TestOneRecordCannotUnfoldWithoutEnd(t *testing.T) {
	t.Parallel()
	wide := pack(t, "e-", `{"name":"x","request":{"name":"r","type":"t","values":[`+strings.Repeat(`{},`, 20_000)+`{}]}}`)
	got := Decode(slices.Repeat([]string{wide}, 100))
	if n := len(got.Endpoints); n != 3 || len(got.Tags) != 97 {
		t.Errorf("%d endpoints and %d tags; want 3, within %d bytes, and 97", n, len(got.Tags), maxRecord)
	}
	var tags []string
	for i := range 10 {
		tags = append(tags, pack(t, "t-", `{"`+strconv.Itoa(i)+`":"`+strings.Repeat("a", maxTag-100)+`"}`))
	}
	if got := Decode(tags); len(got.Metadata) != 4 || len(got.Tags) != 6 {
		t.Errorf("%d pairs and %d tags, want 4 and 6", len(got.Metadata), len(got.Tags))
	}
}

func TestTheCallerOwnsWhatADecoderReturns(t *testing.T) {
	t.Parallel()
	var d Decoder
	tags := []string{`t={"a":"1"}`, "e=" + helloJSON}
	want := Decode(tags)
	for range 2 {
		got := d.Decode(tags)
		got.Metadata["a"] = "changed"
		e := &got.Endpoints[0]
		e.Metadata["stream"], e.Request.Name, e.Response.Name, e.Request.Values[0].Name = "x", "x", "x", "x"
	}
	if diff := cmp.Diff(want, d.Decode(tags)); diff != "" {
		t.Errorf("a caller changed what is remembered (-want +got)\n%s", diff)
	}
}

func TestWhatIsEncodedIsDecoded(t *testing.T) {
	t.Parallel()
	want := Record{
		Version: "1.2.0", Metadata: map[string]string{"protocol": "grpc", "a": "größe"},
		Endpoints: []registry.Endpoint{hello()}, Tags: []string{"v=human", "canary"},
	}
	if diff := cmp.Diff(want, Decode(Encode(want))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := Encode(Record{Version: "1.2.0", Metadata: map[string]string{"protocol": "grpc"}}); !slices.Equal(got, []string{tagV120, tagGRPC}) {
		t.Errorf("Encode = %q, want what go-micro writes", got)
	}
}

func TestADecoderForgets(t *testing.T) {
	t.Parallel()
	var d Decoder
	for i := range 50_000 {
		d.Labels([]string{"v=" + strconv.Itoa(i), tagV120})
	}
	if n := (len(d.memo.young) + len(d.memo.old)) * memoEntry; n > 2*memoSize {
		t.Errorf("remembers %d bytes at least, want at most %d", n, 2*memoSize)
	}
	var m memo
	for i := range 4 * memoSize / memoEntry {
		m.store(strconv.Itoa(i), payload{})
		if i%1000 == 0 {
			if _, ok := m.load("0"); !ok {
				t.Fatalf("forgot after %d tags one that is asked for all the time", i)
			}
		}
	}
	big := "v=" + strings.Repeat("a", memoSize/4)
	d.Labels([]string{big})
	if _, ok := d.memo.load(big); ok {
		t.Error("remembers a tag of a quarter of its memory")
	}
}

func FuzzDecode(f *testing.F) {
	for _, tag := range []string{
		tagV120, tagLatest, tagGRPC, tagPython, "v=1", "e=" + helloJSON, "t", "e", "", "t=notjson", "v-zz", "traefik.enable=true", "v=\xff",
		pack(f, "e-", helloJSON), pack(f, "t-", `{"protocol":"http"}`),
	} {
		f.Add(tag, tagGRPC, tagV120)
	}
	f.Fuzz(func(t *testing.T, a, b, c string) {
		tags := []string{a, b, c}
		got := Decode(tags)
		rest := tags
		for _, tag := range got.Tags {
			i := slices.Index(rest, tag)
			if i < 0 {
				t.Fatalf("tag %q is not of %q, or out of order", tag, tags)
			}
			rest = rest[i+1:]
		}
		if !got.Found() && len(got.Tags) != len(tags) {
			t.Fatalf("%q: a tag was taken for nothing, left are %q", tags, got.Tags)
		}
		var d Decoder
		d.Decode(tags)
		if diff := cmp.Diff(got, d.Decode(tags)); diff != "" {
			t.Fatalf("remembered otherwise (-want +got)\n%s", diff)
		}
		if v, p := d.Labels(tags); v != got.Version || p != got.Metadata["protocol"] {
			t.Fatalf("Labels(%q) = %q, %q", tags, v, p)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	tags := []string{tagGRPC, pack(b, "e-", helloJSON), tagV120, "canary"}
	b.Run("plain", func(b *testing.B) {
		for b.Loop() {
			Decode(tags)
		}
	})
	b.Run("remembered", func(b *testing.B) {
		var d Decoder
		for b.Loop() {
			d.Decode(tags)
		}
	})
}
