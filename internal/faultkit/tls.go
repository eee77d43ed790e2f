package faultkit

import (
	"context"
	"crypto/tls"
	"net"
	"testing"
)

// Config is a server's that shows cert.
func Config(cert tls.Certificate) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
}

// OldConfig is a server's that shows cert and speaks no newer version than
// version, such as tls.VersionTLS10.
func OldConfig(cert tls.Certificate, version uint16) *tls.Config {
	return &tls.Config{ //nolint:gosec // that is its fault
		Certificates: []tls.Certificate{cert},
		MinVersion:   tls.VersionTLS10,
		MaxVersion:   version,
	}
}

// MutualConfig is a server's that shows cert and wants a certificate by ca.
func (ca *CA) MutualConfig(cert tls.Certificate) *tls.Config {
	c := Config(cert)
	c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, ca.Pool()
	return c
}

// ClientConfig is a client's that trusts ca alone and shows certs.
func (ca *CA) ClientConfig(certs ...tls.Certificate) *tls.Config {
	return &tls.Config{RootCAs: ca.Pool(), Certificates: certs, MinVersion: tls.VersionTLS12}
}

// RawTLS is Raw over TLS: talk begins after the handshake, and not at all where
// that fails.
func RawTLS(t testing.TB, config *tls.Config, talk func(net.Conn)) string {
	t.Helper()
	return raw(t, func(ctx context.Context, conn net.Conn) {
		c := tls.Server(conn, config)
		if c.HandshakeContext(ctx) == nil {
			talk(c)
			_ = c.Close() // it may be closed already
		}
	})
}
