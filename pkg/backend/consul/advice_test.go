package consul

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"govctl/internal/httpx"
)

func TestAPortOfConsulThatIsNotHTTPIsNamed(t *testing.T) {
	t.Parallel()
	const unknown = "is this Consul's HTTP port? by default it is 8500, 8501 with TLS"
	const rest = " by default; Consul's HTTP port is 8500 by default, 8501 with TLS"
	for server, want := range map[string]string{
		"10.0.0.1:8300": "port 8300 is for what servers say to each other" + rest,
		"10.0.0.1:8301": "port 8301 is for gossip" + rest,
		"10.0.0.1:8302": "port 8302 is for gossip" + rest,
		"10.0.0.1:8502": "port 8502 is for gRPC" + rest,
		"[::1]:8503":    "port 8503 is for gRPC" + rest,
		"10.0.0.1:8600": "port 8600 is for DNS" + rest,
		"10.0.0.1:8500": unknown,
		"":              unknown, // several servers
	} {
		if got := (adviser{}).hint(&httpx.Error{Server: server}); got != want {
			t.Errorf("%q: %q; want %q", server, got, want)
		}
	}
}

// TestAdviceIsOfWhatCountsHere has Consul's own variables where they count, and
// govctl.yaml where that does.
func TestAdviceIsOfWhatCountsHere(t *testing.T) {
	t.Parallel()
	refused := "the server refused the TLS handshake: certificate required"
	all := func(variables bool) []string {
		a := adviser{secure: true, variables: variables}
		own := adviser{secure: true, variables: variables, certificate: true}
		return []string{
			a.hintToken(),
			a.hintTLS("certificate signed by unknown authority"),
			a.hintTLS(`certificate is not valid for "a"`),
			a.hintTLS(refused),
			own.hintTLS(refused),
		}
	}
	want := [][]string{{
		"set CONSUL_HTTP_TOKEN to a token that may read this",
		"name the file of the authority's certificate in CONSUL_CACERT",
		"say which name the server's certificate has in CONSUL_TLS_SERVER_NAME",
		"it may want a certificate of ours: name it in CONSUL_CLIENT_CERT and CONSUL_CLIENT_KEY",
		"it does not take our certificate: renew it, or name another in CONSUL_CLIENT_CERT and CONSUL_CLIENT_KEY",
	}, {
		"name a token that may read this in `auth: {token: {env: NAME}}` beside the URL in govctl.yaml",
		"name the file of the authority's certificate in `tls: {ca: FILE}` beside the URL in govctl.yaml",
		"say which name the server's certificate has in `tls: {serverName: NAME}` beside the URL in govctl.yaml",
		"it may want a certificate of ours: name it in `tls: {cert: FILE, key: FILE}` beside the URL in govctl.yaml",
		"it does not take our certificate: renew it, or name another in `tls: {cert: FILE, key: FILE}` beside the URL in govctl.yaml",
	}}
	if diff := cmp.Diff(want, [][]string{all(true), all(false)}); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestConsulsWordsAreExplained(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"ACL not found": `the token is not known here, or has expired ("ACL not found")`,
		`Invalid query parameter: "ns" - Namespaces are a Consul Enterprise feature`: "namespaces are a Consul Enterprise feature",
		"Invalid query parameter - ":    `403 Forbidden: "Invalid query parameter - "`,
		"Permission denied - go to Bob": `403 Forbidden: "Permission denied - go to Bob"`,
	} {
		if got := explain(&httpx.StatusError{Status: 403, Text: text}); got != want {
			t.Errorf("%q: %q; want %q", text, got, want)
		}
	}
}
