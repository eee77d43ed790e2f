// Package probe asks instances themselves whether they live, and compares what
// they answer with what a registry says of them. A probe is a pure question: it
// changes nothing, bears no credential, and an unwell target is a Result, not an
// error. Addresses, ports and paths come from strangers: the caller hands in the
// dial function that guards every connection.
package probe

import (
	"net"
	"strconv"
	"time"
)

// Kind is how an instance is asked.
type Kind string

// The kinds. Each one first does what those before it do, as far as it needs it.
const (
	// TCP connects.
	TCP Kind = "tcp"
	// TLS connects, shakes hands and verifies the certificate.
	TLS Kind = "tls"
	// HTTP and HTTPS send one GET.
	HTTP  Kind = "http"
	HTTPS Kind = "https"
	// GRPC and GRPCS, which speaks TLS, call grpc.health.v1.Health/Check.
	GRPC  Kind = "grpc"
	GRPCS Kind = "grpcs"
)

// Kinds returns every Kind, in the order in which help texts list them.
func Kinds() []Kind { return []Kind{TCP, HTTP, HTTPS, GRPC, GRPCS, TLS} }

// secure says whether k speaks TLS.
func (k Kind) secure() bool { return k == TLS || k == HTTPS || k == GRPCS }

// Spec says how one instance is asked. The JSON names are an interface.
type Spec struct {
	Kind Kind `json:"kind"`
	// Port is asked instead of the instance's own; 0 for its own.
	Port int `json:"port,omitempty"`
	// Path is what HTTP asks for, with its query; it begins with a slash.
	Path string `json:"path,omitempty"`
	// Service is whose health gRPC asks for; "" for that of the whole server.
	Service string `json:"service,omitempty"`
	// Statuses are those that HTTP takes for well; nil for 200–399.
	Statuses Statuses `json:"statuses,omitempty"`
	// Body is a text that the first 64 KiB of an HTTP answer must have.
	Body string `json:"body,omitempty"`
	// AnyAnswer is true where nothing says how the instance tells its health:
	// any answer in its protocol will do, but an HTTP status of 500 and above.
	AnyAnswer bool `json:"anyAnswer,omitempty"`
	// Weaker is true where the registry runs a check of its own that does not
	// tell what it asks: that this question is answered well says less.
	Weaker bool `json:"weaker,omitempty"`
	// Why says what the choice was made by: "metadata protocol".
	Why string `json:"why"`
}

// String returns the Spec as --kind takes it, and its port where it has one:
// "http:/healthz", "grpc", "tcp on port 9000".
func (s *Spec) String() string {
	text := string(s.Kind)
	switch {
	case s.Path != "":
		text += ":" + s.Path
	case s.Service != "":
		text += ":" + s.Service
	}
	if s.Port != 0 {
		text += " on port " + strconv.Itoa(s.Port)
	}
	return text
}

// Target is whom to ask, and how.
type Target struct {
	// Host is a name or an IP address, as registered.
	Host string
	Port int
	Spec Spec
}

// port returns the port that is asked.
func (t *Target) port() int {
	if t.Spec.Port != 0 {
		return t.Spec.Port
	}
	return t.Port
}

func (t *Target) hostPort() string { return net.JoinHostPort(t.Host, strconv.Itoa(t.port())) }

// Outcome says in one word what became of a probe.
type Outcome string

// The outcomes.
const (
	OK     Outcome = "ok"
	Failed Outcome = "failed"
	// Unprobeable means that we could not ask: nothing is known of the target.
	Unprobeable Outcome = "unprobeable"
)

// Phase is the step of a probe that failed.
type Phase string

// The phases, in order.
const (
	DNS       Phase = "dns"
	Connect   Phase = "connect"
	Handshake Phase = "tls"
	Request   Phase = "request"
	// Status means that an answer came, and that it says no.
	Status Phase = "status"
)

// Result is what came of one probe. The JSON names are an interface.
type Result struct {
	Outcome Outcome `json:"outcome"`
	// Phase is where it failed; "" where it did not.
	Phase Phase `json:"phase,omitempty"`
	// Reason is one line for people: "refused", "503 Service Unavailable",
	// "SERVING". It may quote what the target sent.
	Reason string `json:"reason"`
	// LatencySeconds is the time from the first step to the answer, of the last
	// attempt; never negative, and 0 where there was no answer.
	LatencySeconds float64 `json:"latencySeconds"`
	Times          Times   `json:"times"`
	// Attempts is how often it was asked: 1 and the repetitions.
	Attempts int `json:"attempts"`
	// Certificate is that of the target, where it showed one.
	Certificate *Certificate `json:"certificate,omitempty"`
	// Insecure is true where the certificate was not verified, by the user's
	// wish.
	Insecure bool `json:"insecure,omitempty"`
}

// Times are how long each phase of the last attempt took, in seconds, as far as
// it came; never negative.
type Times struct {
	DNSSeconds     float64 `json:"dnsSeconds,omitempty"`
	ConnectSeconds float64 `json:"connectSeconds,omitempty"`
	TLSSeconds     float64 `json:"tlsSeconds,omitempty"`
	RequestSeconds float64 `json:"requestSeconds,omitempty"`
}

// Certificate is what is to be known of a TLS server's certificate.
type Certificate struct {
	Subject string `json:"subject"`
	Issuer  string `json:"issuer"`
	// Names are the host names and IP addresses that it is for.
	Names     []string  `json:"names"`
	NotBefore time.Time `json:"notBefore"`
	NotAfter  time.Time `json:"notAfter"`
	// DaysLeft is how many whole days it is still good for; negative since it
	// ended.
	DaysLeft int `json:"daysLeft"`
	// Chain is how many certificates the server sent.
	Chain int `json:"chain"`
	// Protocol is the TLS version that was agreed on: "TLS 1.3".
	Protocol string `json:"protocol"`
	// AsksForClient is true where the server asked for a certificate of ours.
	AsksForClient bool `json:"asksForClient,omitempty"`
}

// Text returns the phase, where it failed, and the reason: "connect: refused".
func (r *Result) Text() string {
	if r.Phase == "" {
		return r.Reason
	}
	return string(r.Phase) + ": " + r.Reason
}
