package faultkit

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"testing"
	"time"
)

// CA is a certificate authority that exists in memory.
type CA struct {
	cert  *x509.Certificate
	key   crypto.Signer
	root  *x509.Certificate
	chain [][]byte // what its certificates are sent with: it and those above, but the root
}

// Leaf says what a certificate is good for. The zero value is good for this
// machine by each of its loopback names, for servers and clients, in any year
// from 2000 to 2099.
type Leaf struct {
	Name                string   // its subject's common name; "" is "faultkit"
	Names               []string // DNS names
	IPs                 []net.IP
	NotBefore, NotAfter time.Time // zero: 2000, 2100
	Weak                bool      // its key is RSA of 1024 bits
}

// NewCA returns an authority with a root of its own.
func NewCA(t testing.TB) *CA {
	t.Helper()
	key := newKey(t, false)
	cert := sign(t, authority("faultkit root"), nil, key, key)
	return &CA{cert: cert, key: key, root: cert}
}

// Intermediate returns an authority that ca vouches for. Its certificates come
// with its own; Pool is ca's.
func (ca *CA) Intermediate(t testing.TB) *CA {
	t.Helper()
	key := newKey(t, false)
	cert := sign(t, authority("faultkit intermediate"), ca.cert, key, ca.key)
	return &CA{cert: cert, key: key, root: ca.root, chain: append([][]byte{cert.Raw}, ca.chain...)}
}

// Issue returns a certificate by ca, with its key and chain.
func (ca *CA) Issue(t testing.TB, l Leaf) tls.Certificate {
	t.Helper()
	key := newKey(t, l.Weak)
	cert := sign(t, l.template(), ca.cert, key, ca.key)
	return tls.Certificate{Certificate: append([][]byte{cert.Raw}, ca.chain...), PrivateKey: key, Leaf: cert}
}

// SelfSigned returns a certificate that nobody else vouches for.
func SelfSigned(t testing.TB, l Leaf) tls.Certificate {
	t.Helper()
	key := newKey(t, l.Weak)
	cert := sign(t, l.template(), nil, key, key)
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key, Leaf: cert}
}

// Pool returns the roots that trust ca and nobody else.
func (ca *CA) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(ca.root)
	return pool
}

// PEM returns the root as a CA file holds it.
func (ca *CA) PEM() []byte { return block("CERTIFICATE", ca.root.Raw) }

// PEM returns a certificate with its chain, and its key, as files hold them.
func PEM(t testing.TB, c tls.Certificate) (cert, key []byte) {
	t.Helper()
	for _, der := range c.Certificate {
		cert = append(cert, block("CERTIFICATE", der)...)
	}
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	return cert, block("PRIVATE KEY", der)
}

func block(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// The years that a certificate is good for, unless it says otherwise: no clock
// is asked, and no test grows old.
func first() time.Time { return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) }
func last() time.Time  { return time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC) }

func authority(name string) *x509.Certificate {
	return &x509.Certificate{
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             first(),
		NotAfter:              last(),
		KeyUsage:              x509.KeyUsageCertSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
}

func (l Leaf) template() *x509.Certificate {
	if l.Name == "" {
		l.Name = "faultkit"
	}
	if len(l.Names)+len(l.IPs) == 0 {
		l.Names, l.IPs = []string{"localhost"}, []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	}
	if l.NotBefore.IsZero() {
		l.NotBefore = first()
	}
	if l.NotAfter.IsZero() {
		l.NotAfter = last()
	}
	return &x509.Certificate{
		Subject:               pkix.Name{CommonName: l.Name},
		NotBefore:             l.NotBefore,
		NotAfter:              l.NotAfter,
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
		DNSNames:              l.Names,
		IPAddresses:           l.IPs,
	}
}

// newKey returns a key. A weak one has the 1024 bits that are the least with
// which crypto/rsa still works.
func newKey(t testing.TB, weak bool) crypto.Signer {
	t.Helper()
	var key crypto.Signer
	var err error
	if weak {
		key, err = rsa.GenerateKey(rand.Reader, 1024) //nolint:gosec // that is its fault
	} else {
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// sign makes a certificate for key by parent, whose key is by; without a parent
// it signs itself.
func sign(t testing.TB, template, parent *x509.Certificate, key, by crypto.Signer) *x509.Certificate {
	t.Helper()
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 64))
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = serial.Add(serial, big.NewInt(1))
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), by)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}
