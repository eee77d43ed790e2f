package consul

import (
	"strings"
	"testing"
)

func TestACheckTellsWhatItAsks(t *testing.T) {
	t.Parallel()
	// The outputs are those of Consul 1.14.11.
	long := "http://10.0.0.1/" + strings.Repeat("x", maxTarget)
	for _, tt := range []struct{ kind, output, want string }{
		{"http", "HTTP GET http://127.0.0.1:45193/ok?x=1: 200 OK Output: hello\nworld", "http://127.0.0.1:45193/ok?x=1"},
		{"http", "HTTP POST http://127.0.0.1:38500/v1: 405 Method Not Allowed Output: method POST not allowed", "http://127.0.0.1:38500/v1"},
		{"http", "HTTP GET http://127.0.0.1:45193/bad: 503 Service Unavailable Output: a: b", "http://127.0.0.1:45193/bad"},
		{"http", `Get "http://127.0.0.1:1/x": dial tcp 127.0.0.1:1: connect: connection refused`, "http://127.0.0.1:1/x"},
		{"http", `Get "http://no.such.host.invalid/x": dial tcp: lookup no.such.host.invalid on 10.0.0.53:53: no such host`, "http://no.such.host.invalid/x"},
		{"http", `Post "https://127.0.0.1:38999/x": tls: first record does not look like a TLS handshake`, "https://127.0.0.1:38999/x"},
		{"http", "HTTP GET http://127.0.0.1/a b: 200 OK Output: ", ""},
		{"http", "", ""},
		{"http", "HTTP", ""},
		{"http", "someone's own words: here", ""},
		{"http", "HTTP GET " + long + ": 200 OK Output: ", ""},
		{"tcp", "TCP connect 127.0.0.1:45193: Success", "127.0.0.1:45193"},
		{"tcp", "TCP connect [::1]:80: Success", "[::1]:80"},
		{"tcp", "dial tcp 127.0.0.1:1: connect: connection refused", "127.0.0.1:1"},
		{"tcp", "dial tcp: lookup no.such.host.invalid on 10.0.0.53:53: no such host", ""},
		{"grpc", "gRPC check 127.0.0.1:38999/svc: success", "127.0.0.1:38999/svc"},
		{"grpc", "gRPC 127.0.0.1:38999 serving status: NOT_SERVING", "127.0.0.1:38999"},
		{"grpc", "gRPC 127.0.0.1:38999/down serving status: NOT_SERVING", "127.0.0.1:38999/down"},
		{"grpc", "rpc error: code = NotFound desc = unknown service", ""},
		{"grpc", `rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp 127.0.0.1:1: connect: connection refused"`, ""},
		{"h2ping", "Failed to dial to 127.0.0.1:1: dial tcp 127.0.0.1:1: connect: connection refused", ""},
		{"ttl", "HTTP GET http://10.0.0.1: 200 OK Output: ", ""},
		{"", "TCP connect 127.0.0.1:45193: Success", ""},
	} {
		if got := (&check{Type: tt.kind, Output: tt.output}).target(); got != tt.want {
			t.Errorf("a check of kind %q that says %.99q asks %q, want %q", tt.kind, tt.output, got, tt.want)
		}
	}
}

func TestTheDefinitionOfACheckComesFirst(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]string{"http": "http://h/", "tcp": "t:1", "grpc": "g:1/s", "ttl": ""} {
		c := check{Type: kind, Output: "TCP connect 127.0.0.1:45193: Success"}
		c.Definition.HTTP, c.Definition.TCP, c.Definition.GRPC = "http://h/", "t:1", "g:1/s"
		if got := c.target(); got != want {
			t.Errorf("a defined check of kind %q asks %q, want %q", kind, got, want)
		}
	}
}
