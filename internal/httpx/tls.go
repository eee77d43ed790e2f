package httpx

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

// TLSFiles says how to speak TLS with a back-end. Paths are of PEM files.
type TLSFiles struct {
	CA         string // the only authorities trusted; empty: the system's
	Cert, Key  string // the client's own certificate, both or none
	ServerName string // expected in the certificate instead of the URL's host
	Insecure   bool   // any certificate will do; the caller warns of it
}

// TLSConfig reads the files of f, at once, into a configuration of TLS 1.2 or
// newer. Errors name the file.
func TLSConfig(f TLSFiles) (*tls.Config, error) {
	config := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		ServerName:         f.ServerName,
		InsecureSkipVerify: f.Insecure, //nolint:gosec // the user asked for it, and is warned
	}
	if f.CA != "" {
		pool, err := readPool(f.CA)
		if err != nil {
			return nil, err
		}
		config.RootCAs = pool
	}
	switch {
	case f.Cert == "" && f.Key == "":
		return config, nil
	case f.Key == "":
		return nil, fmt.Errorf("client certificate %q has no key beside it", f.Cert)
	case f.Cert == "":
		return nil, fmt.Errorf("client key %q has no certificate beside it", f.Key)
	}
	pair, err := readPair(f.Cert, f.Key)
	if err != nil {
		return nil, err
	}
	config.Certificates = []tls.Certificate{pair}
	return config, nil
}

func readPool(file string) (*x509.CertPool, error) {
	pem, err := readFile("CA file", file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("CA file %q holds no certificate", file)
	}
	return pool, nil
}

func readPair(certFile, keyFile string) (tls.Certificate, error) {
	cert, err := readFile("client certificate", certFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := readFile("client key", keyFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return pair, fmt.Errorf("client certificate %q and key %q are no pair: %s",
			certFile, keyFile, strings.TrimPrefix(err.Error(), "tls: "))
	}
	return pair, nil
}

// maxPEM bounds a file of certificates or of a key, in bytes: the authorities of a
// whole system take a quarter of it.
const maxPEM = 1 << 20

// readFile names the file once, in front, and as what it was meant. A pipe that
// nobody writes to is an empty file, and not waited for.
func readFile(what, file string) ([]byte, error) {
	b, err := readAtMost(file, maxPEM+1)
	if err == nil && len(b) > maxPEM {
		err = errors.New("larger than 1 MiB")
	}
	if pathError, ok := errors.AsType[*fs.PathError](err); ok {
		err = pathError.Err
	}
	if err != nil {
		return nil, fmt.Errorf("%s %q: %w", what, file, err)
	}
	return b, nil
}

// readAtMost returns the first limit bytes of a file.
func readAtMost(file string, limit int64) ([]byte, error) {
	f, err := os.OpenFile(file, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	return io.ReadAll(io.LimitReader(f, limit))
}
