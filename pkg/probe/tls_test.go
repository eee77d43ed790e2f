package probe

import (
	"strings"
	"testing"
	"time"

	"govctl/internal/faultkit"
)

// TestCertificates is P2.
func TestCertificates(t *testing.T) {
	t.Parallel()
	ca := faultkit.NewCA(t)
	now := today()
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		leaf     faultkit.Leaf
		self     bool
		other    bool // an authority that is not trusted
		min, max string
		want     string
	}{
		"good":              {leaf: faultkit.Leaf{NotAfter: now.Add(57*day + time.Hour)}, want: "ok TLS 1.3, certificate valid for 57d"},
		"expired":           {leaf: faultkit.Leaf{NotAfter: now.Add(-3*day - time.Hour)}, want: "failed tls: certificate expired 3d ago"},
		"not yet valid":     {leaf: faultkit.Leaf{NotBefore: now.Add(5 * time.Hour)}, want: "failed tls: certificate is not valid for another 5h"},
		"another name":      {leaf: faultkit.Leaf{Names: []string{"order.internal"}}, want: "failed tls: certificate is for order.internal, not for 127.0.0.1"},
		"self-signed":       {self: true, want: "failed tls: certificate is self-signed"},
		"unknown authority": {other: true, want: "failed tls: certificate signed by unknown authority"},
		"a weak key":        {leaf: faultkit.Leaf{Weak: true}, want: "failed tls: certificate has a weak key: RSA of 1024 bits"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			issuer := ca
			if c.other {
				issuer = faultkit.NewCA(t)
			}
			cert := issuer.Issue(t, c.leaf)
			if c.self {
				cert = faultkit.SelfSigned(t, c.leaf)
			}
			address := faultkit.ServeTLS(t, faultkit.Config(cert), faultkit.Answer(200, ""))
			p := prober()
			p.Roots = ca.Pool()
			if got := outcome(t, p, target(t, "tls", address)); got != c.want {
				t.Errorf("tls: %q, want %q", got, c.want)
			}
			r, err := p.Probe(t.Context(), target(t, "https:/", address))
			if err != nil || r.Certificate == nil || r.Certificate.Chain != 1 || (r.Outcome == OK) != strings.HasPrefix(c.want, "ok") {
				t.Errorf("https: %+v, %v; want the facts of the certificate whatever is wrong with it", r, err)
			}
			p.Insecure = true
			r, err = p.Probe(t.Context(), target(t, "https:/", address))
			if err != nil || r.Outcome != OK || !r.Insecure {
				t.Errorf("https, not verified: %+v, %v; want ok, and marked", r, err)
			}
		})
	}
}

func TestAnIntermediateVouches(t *testing.T) {
	t.Parallel()
	ca := faultkit.NewCA(t)
	cert := ca.Intermediate(t).Issue(t, faultkit.Leaf{Names: []string{"order.internal"}})
	p := prober()
	p.Roots, p.ServerName = ca.Pool(), "order.internal"
	address := faultkit.ServeTLS(t, faultkit.Config(cert), faultkit.Answer(200, ""))
	if got := outcome(t, p, target(t, "https:/", address)); got != "ok 200" {
		t.Errorf("with the chain: %q", got)
	}
	cert.Certificate = cert.Certificate[:1]
	address = faultkit.ServeTLS(t, faultkit.Config(cert), faultkit.Answer(200, ""))
	if got := outcome(t, p, target(t, "https:/", address)); got != "failed tls: certificate signed by unknown authority" {
		t.Errorf("without the chain: %q", got)
	}
}

func TestAnOldTLSIsNotSpoken(t *testing.T) {
	t.Parallel()
	ca := faultkit.NewCA(t)
	const tls10 = 0x0301
	address := faultkit.ServeTLS(t, faultkit.OldConfig(ca.Issue(t, faultkit.Leaf{}), tls10), faultkit.Answer(200, ""))
	p := prober()
	p.Roots = ca.Pool()
	if got, want := outcome(t, p, target(t, "tls", address)), "failed tls: speaks no TLS of version 1.2 or newer"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestWhoWantsACertificateOfOursCannotBeAsked(t *testing.T) {
	t.Parallel()
	ca := faultkit.NewCA(t)
	config := ca.MutualConfig(ca.Issue(t, faultkit.Leaf{}))
	p := prober()
	p.Roots = ca.Pool()
	const want = "unprobeable asks for a client certificate"
	if got := outcome(t, p, target(t, "https:/", faultkit.ServeTLS(t, config, faultkit.Answer(200, "")))); got != want {
		t.Errorf("https, TLS 1.3: %q, want %q", got, want)
	}
	if got := outcome(t, p, target(t, "grpcs", faultkit.GRPCBare(t, faultkit.GRPCTLS(config)))); got != want {
		t.Errorf("grpcs, TLS 1.3: %q, want %q", got, want)
	}
	old := config.Clone()
	old.MaxVersion = 0x0303
	if got := outcome(t, p, target(t, "https:/", faultkit.ServeTLS(t, old, faultkit.Answer(200, "")))); got != want {
		t.Errorf("https, TLS 1.2: %q, want %q", got, want)
	}
}
