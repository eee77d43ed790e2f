package faultkit

import (
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// handshake returns what a TLS client that is told to reach api.example finds,
// and why it does not like it.
func handshake(t *testing.T, address string, config *tls.Config) (tls.ConnectionState, error) {
	t.Helper()
	conn := dial(t, address)
	config.ServerName = "api.example"
	c := tls.Client(conn, config)
	if err := c.HandshakeContext(soon(t)); err != nil {
		return tls.ConnectionState{}, err
	}
	_, err := io.ReadAll(c) // with TLS 1.3 a server refuses after the handshake
	return c.ConnectionState(), err
}

func quiet(net.Conn) {}

func TestACertificateHasTheFaultItIsMadeWith(t *testing.T) {
	t.Parallel()
	ca, now := NewCA(t), time.Now()
	api := []string{"api.example"}
	for _, c := range []struct {
		fault string
		cert  tls.Certificate
		want  string // in the client's error
	}{
		{"none", ca.Issue(t, Leaf{Names: api}), ""},
		{"none, by an intermediate", ca.Intermediate(t).Issue(t, Leaf{Names: api}), ""},
		{"none, by an intermediate of an intermediate", ca.Intermediate(t).Intermediate(t).Issue(t, Leaf{Names: api}), ""},
		{"weak", ca.Issue(t, Leaf{Names: api, Weak: true}), ""}, // Go's client takes it
		{"expired", ca.Issue(t, Leaf{Names: api, NotAfter: now.AddDate(0, 0, -3)}), "certificate has expired or is not yet valid: current time"},
		{"not yet", ca.Issue(t, Leaf{Names: api, NotBefore: now.AddDate(0, 0, 3)}), "is before"},
		{"wrong host", ca.Issue(t, Leaf{Names: []string{"other.example"}}), "certificate is valid for other.example, not api.example"},
		{"loopback alone", ca.Issue(t, Leaf{}), "certificate is valid for localhost, not api.example"},
		{"self-signed", SelfSigned(t, Leaf{Names: api}), "certificate signed by unknown authority"},
		{"another CA's", NewCA(t).Issue(t, Leaf{Names: api}), "certificate signed by unknown authority"},
	} {
		state, err := handshake(t, RawTLS(t, Config(c.cert), quiet), ca.ClientConfig())
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", c.fault, err, c.want)
		}
		if err == nil && !state.PeerCertificates[0].Equal(c.cert.Leaf) {
			t.Errorf("%s: another certificate is shown", c.fault)
		}
	}
}

func TestAWeakKeyHas1024Bits(t *testing.T) {
	t.Parallel()
	for _, cert := range []tls.Certificate{NewCA(t).Issue(t, Leaf{Weak: true}), SelfSigned(t, Leaf{Weak: true})} {
		if key, ok := cert.Leaf.PublicKey.(*rsa.PublicKey); !ok || key.N.BitLen() != 1024 {
			t.Errorf("the key is %T", cert.Leaf.PublicKey)
		}
	}
}

func TestAChainNeedsItsIntermediate(t *testing.T) {
	t.Parallel()
	ca := NewCA(t)
	cert := ca.Intermediate(t).Issue(t, Leaf{Names: []string{"api.example"}})
	cert.Certificate = cert.Certificate[:1]
	_, err := handshake(t, RawTLS(t, Config(cert), quiet), ca.ClientConfig())
	if err == nil || !strings.Contains(err.Error(), "signed by unknown authority") {
		t.Errorf("%v; want that nobody vouches for it", err)
	}
}

func TestMutualTLSWantsACertificateByTheCA(t *testing.T) {
	t.Parallel()
	ca := NewCA(t)
	address := RawTLS(t, ca.MutualConfig(ca.Issue(t, Leaf{Names: []string{"api.example"}})), quiet)
	for _, c := range []struct {
		client *tls.Config
		want   string
	}{
		{ca.ClientConfig(ca.Issue(t, Leaf{Name: "client"})), ""},
		{ca.ClientConfig(), "certificate required"},
		// A client keeps back what the server would not take.
		{ca.ClientConfig(SelfSigned(t, Leaf{Name: "client"})), "certificate required"},
		{ca.ClientConfig(ca.Issue(t, Leaf{Name: "client", NotAfter: time.Now().AddDate(0, 0, -1)})), "expired certificate"},
	} {
		if _, err := handshake(t, address, c.client); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v; want %q", err, c.want)
		}
	}
}

func TestAnOldServerSpeaksNoNewerVersion(t *testing.T) {
	t.Parallel()
	ca := NewCA(t)
	cert := ca.Issue(t, Leaf{Names: []string{"api.example"}})
	for _, version := range []uint16{tls.VersionTLS10, tls.VersionTLS11} {
		address := RawTLS(t, OldConfig(cert, version), quiet)
		if _, err := handshake(t, address, ca.ClientConfig()); err == nil || !strings.Contains(err.Error(), "protocol version not supported") {
			t.Errorf("%s, asked by a client of today: %v", tls.VersionName(version), err)
		}
		old := ca.ClientConfig()
		old.MinVersion = tls.VersionTLS10
		if state, err := handshake(t, address, old); err != nil || state.Version != version {
			t.Errorf("%s, asked by an old client: %s, %v", tls.VersionName(version), tls.VersionName(state.Version), err)
		}
	}
}

func TestPEMIsWhatFilesHold(t *testing.T) {
	t.Parallel()
	ca := NewCA(t)
	if !ca.Intermediate(t).Pool().Equal(ca.Pool()) {
		t.Error("an intermediate has another root")
	}
	want := ca.Intermediate(t).Issue(t, Leaf{})
	got, err := tls.X509KeyPair(PEM(t, want))
	if err != nil || len(got.Certificate) != 2 || !got.Leaf.Equal(want.Leaf) {
		t.Errorf("%d certificates, %v; want the leaf and its intermediate", len(got.Certificate), err)
	}
	if pool := x509.NewCertPool(); !pool.AppendCertsFromPEM(ca.PEM()) || !pool.Equal(ca.Pool()) {
		t.Error("the CA's file holds another root")
	}
}

func TestHTTPIsServedOverTLS(t *testing.T) {
	t.Parallel()
	ca := NewCA(t)
	for want, config := range map[string]*tls.Config{
		"HTTP/2.0": Config(ca.Issue(t, Leaf{})),
		"HTTP/1.1": OldConfig(ca.Issue(t, Leaf{}), tls.VersionTLS11),
	} {
		client := ca.ClientConfig()
		client.MinVersion = tls.VersionTLS10
		got, err := get(soon(t), t, "https://"+ServeTLS(t, config, Answer(http.StatusTeapot, "short")), client)
		if want := (reply{Proto: want, Body: "short", Code: http.StatusTeapot}); got != want || err != nil {
			t.Errorf("%+v, %v; want %+v", got, err, want)
		}
	}
}
