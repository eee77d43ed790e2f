package httpx

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// files writes a CA's, a client's certificate and key, and what is none.
func files(t *testing.T, ca *x509.Certificate) (dir string) {
	t.Helper()
	dir = t.TempDir()
	write := func(name, kind string, b []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"client", "other"} {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
		cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		write(name+".pem", "CERTIFICATE", cert)
		write(name+".key", "PRIVATE KEY", raw)
	}
	write("ca.pem", "CERTIFICATE", ca.Raw)
	return dir
}

func TestTLSFilesAreEnoughForMutualTLS(t *testing.T) {
	t.Parallel()
	s := tlsServer(t, &tls.Config{ClientAuth: tls.RequireAnyClientCert})
	dir := files(t, s.Certificate())
	config, err := TLSConfig(TLSFiles{
		CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, "client.pem"), Key: filepath.Join(dir, "client.key"),
		ServerName: "example.com", // a name of httptest's certificate
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := read(t.Context(), client(t, Options{TLS: config}, s.URL)); got != "[]" || err != nil {
		t.Errorf("read = %q, %v", got, err)
	}
	config, err = TLSConfig(TLSFiles{CA: filepath.Join(dir, "ca.pem"), ServerName: "consul.internal"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = read(t.Context(), client(t, Options{TLS: config}, s.URL)); text(err) != `certificate is not valid for "consul.internal"` {
		t.Error(err)
	}
}

func TestTLSIsVerifiedUnlessAskedOtherwise(t *testing.T) {
	t.Parallel()
	s := tlsServer(t, nil)
	for insecure, want := range map[bool]string{false: "certificate signed by unknown authority", true: ""} {
		config, err := TLSConfig(TLSFiles{Insecure: insecure})
		if err != nil || config.MinVersion != tls.VersionTLS12 {
			t.Fatalf("%+v, %v; want TLS 1.2 at least", config, err)
		}
		if _, err := read(t.Context(), client(t, Options{TLS: config}, s.URL)); text(err) != want {
			t.Errorf("insecure %v: error %v, want %q", insecure, err, want)
		}
	}
}

func TestABadTLSFileIsNamed(t *testing.T) {
	t.Parallel()
	dir := files(t, tlsServer(t, nil).Certificate())
	if err := syscall.Mkfifo(dir+"/fifo", 0o600); err != nil {
		t.Fatal(err)
	}
	for want, f := range map[string]TLSFiles{
		`CA file "D/none": no such file or directory`:                                                                {CA: "D/none"},
		`CA file "/dev/zero": larger than 1 MiB`:                                                                     {CA: "/dev/zero"},
		`CA file "D/fifo" holds no certificate`:                                                                      {CA: "D/fifo"},
		`CA file "D/client.key" holds no certificate`:                                                                {CA: "D/client.key"},
		`client certificate "D/client.pem" has no key beside it`:                                                     {Cert: "D/client.pem"},
		`client key "D/client.key" has no certificate beside it`:                                                     {Key: "D/client.key"},
		`client certificate "D/none": no such file or directory`:                                                     {Cert: "D/none", Key: "D/client.key"},
		`client key "D/none": no such file or directory`:                                                             {Cert: "D/client.pem", Key: "D/none"},
		`client certificate "D/client.pem" and key "D/other.key" are no pair: private key does not match public key`: {Cert: "D/client.pem", Key: "D/other.key"},
	} {
		for _, p := range []*string{&f.CA, &f.Cert, &f.Key} {
			*p = strings.Replace(*p, "D/", dir+"/", 1)
		}
		config, err := TLSConfig(f)
		if got := strings.ReplaceAll(text(err), dir, "D"); got != want || config != nil {
			t.Errorf("error %q, want %q", got, want)
		}
		if strings.Contains(want, "no such file") != errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: not what the system said", want)
		}
	}
}
