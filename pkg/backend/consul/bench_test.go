package consul

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"testing"

	"govctl/internal/httpx"
	"govctl/pkg/registry"
	"govctl/pkg/registry/gomicro"
)

// bigState returns the bodies of /v1/health/state/any and /v1/internal/ui/services
// for 500 services of 100 instances each, tagged as go-micro does.
func bigState() (state, counts []byte) {
	var checks, services bytes.Buffer
	endpoint := registry.Endpoint{
		Name:     "Order.Create",
		Request:  &registry.Value{Name: "Request", Type: "Request", Values: []registry.Value{{Name: "id", Type: "string"}}},
		Response: &registry.Value{Name: "Response", Type: "Response"},
	}
	for s := range 500 {
		fmt.Fprintf(&services, `,{"Name":"svc-%d","Datacenter":"dc1","Tags":null,"Nodes":["n1"],"InstanceCount":100}`, s)
		var versions [2][]string
		for i := range versions {
			versions[i] = gomicro.Encode(gomicro.Record{
				Version: fmt.Sprintf("v%d.%d", s, i), Endpoints: []registry.Endpoint{endpoint, endpoint, endpoint},
				Metadata: map[string]string{"protocol": "grpc", "transport": "grpc", "server": "grpc", "broker": "http", "registry": "consul"},
			})
		}
		for i := range 100 {
			fmt.Fprintf(&checks, `,{"Node":"node-%d","CheckID":"service:svc-%d-%d-4000-8000","Name":"Service 'svc-%d' check","Status":"passing","Notes":"",`+
				`"Output":"","ServiceID":"svc-%d-%d-4000-8000","ServiceName":"svc-%d","ServiceTags":%q,"Type":"ttl","Definition":{}}`,
				i, s, i, s, s, i, s, versions[i%2])
		}
	}
	list := func(b *bytes.Buffer) []byte {
		text := append(bytes.Replace(b.Bytes(), []byte(","), []byte("["), 1), ']')
		return bytes.ReplaceAll(text, []byte(`" "`), []byte(`","`)) // %q of a list has blanks
	}
	return list(&checks), list(&services)
}

func BenchmarkSummariesOf50000Instances(b *testing.B) {
	state, counts := bigState()
	b.Run("over HTTP", func(b *testing.B) {
		r := open(b, serve(b, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			body := state
			if req.URL.Path == "/v1/internal/ui/services" {
				body = counts
			}
			_, _ = w.Write(body)
		})))
		b.SetBytes(int64(len(state)))
		b.ReportAllocs()
		for b.Loop() {
			rows, err := r.Summaries(b.Context())
			if err != nil || len(rows) != 500 || rows[0].Passing != 100 || len(rows[0].Versions) != 2 {
				b.Fatalf("%d rows, %v", len(rows), err)
			}
		}
	})
	// What is the neighbour: the same bytes over the same wire, thrown away.
	b.Run("reading only", func(b *testing.B) {
		r := open(b, serve(b, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(state)
		})))
		b.SetBytes(int64(len(state)))
		for b.Loop() {
			_, err := r.client.read(b.Context(), question{path: "/"}, func(resp *httpx.Response) error {
				_, err := io.Copy(io.Discard, resp.Body)
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("fold from memory", func(b *testing.B) {
		b.SetBytes(int64(len(state)))
		b.ReportAllocs()
		for b.Loop() {
			f := newFold(new(gomicro.Decoder))
			if err := httpx.EachElement(bytes.NewReader(state), func(s *stateCheck) error { f.add(s); return nil }); err != nil {
				b.Fatal(err)
			}
		}
	})
}
