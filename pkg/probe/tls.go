package probe

import (
	"bytes"
	"context"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"
	"time"
)

// weakBits is the size below which an RSA key is weak (NIST SP 800-57, part 1,
// revision 5, table 2: 2048 bits for 112 bits of security).
const weakBits = 2048

// certificateError says what is wrong with a certificate.
type certificateError struct{ reason string }

func (e *certificateError) Error() string { return e.reason }

// handshake speaks TLS on conn, notes the facts of the certificate, and verifies
// it: the facts are wanted most where the verification fails.
func (a *attempt) handshake(ctx context.Context, conn net.Conn, address string) (net.Conn, error) {
	p, begun := a.prober, a.prober.Now()
	a.phase = Handshake
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	name := p.ServerName
	if name == "" {
		name = host
	}
	secured := tls.Client(conn, &tls.Config{
		ServerName:         name,
		MinVersion:         tls.VersionTLS12,
		NextProtos:         nextProtos(a.target.Spec.Kind),
		InsecureSkipVerify: true, //nolint:gosec // a.verify verifies
		VerifyConnection: func(s tls.ConnectionState) error {
			a.result.Certificate = p.facts(&s)
			return a.verify(&s, name)
		},
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			a.asked = true
			return &tls.Certificate{}, nil
		},
	})
	err = secured.HandshakeContext(ctx)
	a.result.Times.TLSSeconds = p.since(begun)
	if a.result.Certificate != nil {
		a.result.Certificate.AsksForClient = a.asked
	}
	return secured, err
}

func nextProtos(k Kind) []string {
	switch k {
	case HTTPS:
		return []string{"http/1.1"}
	case GRPCS:
		return []string{"h2"}
	default:
		return nil
	}
}

// errAsksForClient is a target that answers only those who show a certificate.
var errAsksForClient = &UnprobeableError{"asks for a client certificate"}

// wantsClient says whether err, met after or during the handshake, comes from
// having shown no certificate: the alert that says so (crypto/tls has no type for
// it), or a connection that was closed with it, as a server of TLS 1.3 may do.
func (a *attempt) wantsClient(err error) bool {
	if !a.asked {
		return false
	}
	if errors.Is(err, errReset) || errors.Is(err, errClosed) || errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) {
		return true
	}
	return slices.ContainsFunc([]string{"certificate required", "bad certificate", "handshake failure"}, func(alert string) bool {
		return strings.Contains(err.Error(), "remote error: tls: "+alert)
	})
}

// verify is the error of a certificate that is not to be trusted. The times come
// first: what else is wrong with a certificate that ended does not matter.
func (a *attempt) verify(s *tls.ConnectionState, name string) error {
	p := a.prober
	if p.Insecure {
		a.result.Insecure = true
		return nil
	}
	leaf := s.PeerCertificates[0]
	options := x509.VerifyOptions{Roots: p.Roots, CurrentTime: p.Now(), DNSName: name, Intermediates: x509.NewCertPool()}
	for _, c := range s.PeerCertificates[1:] {
		options.Intermediates.AddCert(c)
	}
	if _, err := leaf.Verify(options); err != nil {
		return &certificateError{certificateFault(leaf, err, p.Now())}
	}
	if key, ok := leaf.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() < weakBits {
		return &certificateError{fmt.Sprintf("certificate has a weak key: RSA of %d bits", key.N.BitLen())}
	}
	return nil
}

// certificateFault says in words what x509 found.
func certificateFault(leaf *x509.Certificate, err error, now time.Time) string {
	var (
		invalid  x509.CertificateInvalidError
		unknown  x509.UnknownAuthorityError
		hostname x509.HostnameError
		weak     x509.InsecureAlgorithmError
	)
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return timeFault(invalid.Cert, leaf, now)
	case errors.As(err, &hostname):
		return fmt.Sprintf("certificate is for %s, not for %s", list(names(leaf)), hostname.Host)
	case errors.As(err, &weak):
		return fmt.Sprintf("certificate has a weak signature: %v", leaf.SignatureAlgorithm)
	case errors.As(err, &unknown) && selfSigned(leaf):
		return "certificate is self-signed"
	case errors.As(err, &unknown):
		return "certificate signed by unknown authority"
	default:
		return "certificate: " + strings.TrimPrefix(err.Error(), "x509: ")
	}
}

// selfSigned reports whether c vouches for itself, whether or not it may.
func selfSigned(c *x509.Certificate) bool {
	return bytes.Equal(c.RawSubject, c.RawIssuer) &&
		c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil
}

// timeFault says how long ago bad, of the chain of leaf, ended, or how long it is
// until it begins.
func timeFault(bad, leaf *x509.Certificate, now time.Time) string {
	what := "certificate"
	if !bad.Equal(leaf) {
		what = "certificate of the issuer"
	}
	if now.Before(bad.NotBefore) {
		return fmt.Sprintf("%s is not valid for another %s", what, span(bad.NotBefore.Sub(now)))
	}
	return fmt.Sprintf("%s expired %s ago", what, span(now.Sub(bad.NotAfter)))
}

// span is d in its largest unit: "3d", "5h", "12m", "40s".
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= day:
		return fmt.Sprintf("%dd", d/day)
	case d >= time.Hour:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d >= time.Minute:
		return fmt.Sprintf("%dm", d/time.Minute)
	default:
		return fmt.Sprintf("%ds", max(0, d)/time.Second)
	}
}

// facts are those of the certificate in s.
func (p *Prober) facts(s *tls.ConnectionState) *Certificate {
	leaf := s.PeerCertificates[0]
	return &Certificate{
		Subject: leaf.Subject.String(), Issuer: leaf.Issuer.String(), Names: names(leaf),
		NotBefore: leaf.NotBefore.UTC(), NotAfter: leaf.NotAfter.UTC(),
		DaysLeft: int(leaf.NotAfter.Sub(p.Now()).Hours() / 24),
		Chain:    len(s.PeerCertificates), Protocol: tls.VersionName(s.Version),
	}
}

// names are the host names and IP addresses that c is for.
func names(c *x509.Certificate) []string {
	all := append([]string{}, c.DNSNames...)
	for _, ip := range c.IPAddresses {
		all = append(all, ip.String())
	}
	return all
}

// maxListed is how many names an error lists.
const maxListed = 3

func list(names []string) string {
	if len(names) == 0 {
		return "no name at all"
	}
	if len(names) > maxListed {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:maxListed], ", "), len(names)-maxListed)
	}
	return strings.Join(names, ", ")
}

// validFor says how long c is still good for.
func validFor(c *Certificate) string {
	if c == nil {
		return "shook hands"
	}
	return fmt.Sprintf("%s, certificate valid for %dd", c.Protocol, c.DaysLeft)
}
