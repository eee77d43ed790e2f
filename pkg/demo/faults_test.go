package demo

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"govctl/pkg/registry"
)

// get asks an instance's /healthz as a stranger would.
func get(t *testing.T, client *http.Client, url string) (status int, took time.Duration, err error) {
	t.Helper()
	began := time.Now()
	status, err = statusOf(t, client, url+"/healthz")
	return status, time.Since(began), err
}

func statusOf(t *testing.T, client *http.Client, url string) (int, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}

// serving asks the standard gRPC health service of an instance.
func serving(t *testing.T, address, service string) (healthpb.HealthCheckResponse_ServingStatus, error) {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	out, err := healthpb.NewHealthClient(conn).Check(t.Context(), &healthpb.HealthCheckRequest{Service: service})
	return out.GetStatus(), err
}

func TestThePlantedFaultsAreReal(t *testing.T) {
	t.Parallel()
	m, regs := start(t, "dev")
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}}
	t.Cleanup(transport.CloseIdleConnections)
	stranger := &http.Client{Transport: transport}
	health := map[string]registry.Instance{}
	for _, in := range regs["dev"].all() {
		health[in.ID] = in
	}
	faults := map[FaultKind]Fault{}
	for _, f := range m.Faults() {
		faults[f.Kind] = f
		in := health[f.ID]
		if in.Health != f.Health || in.HostPort() != f.Address || in.Metadata[MetaFault] != string(f.Kind) {
			t.Errorf("the registry says %+v of %s", in, f.Text())
		}
	}
	for _, name := range []string{"", "demo.Inventory"} {
		if got, err := serving(t, faults[FaultCritical].Address, name); err != nil || got != healthpb.HealthCheckResponse_SERVING {
			t.Errorf("critical: %v, %v; want that it serves %q", got, err, name)
		}
	}
	if _, _, err := get(t, stranger, "http://"+faults[FaultDead].Address); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dead: %v; want connection refused", err)
	}
	if status, took, err := get(t, stranger, "http://"+faults[FaultSlow].Address); status != 200 || took < slowness || err != nil {
		t.Errorf("slow: %d in %v, %v; want 200 after %v", status, took, err, slowness)
	}
	_, _, err := get(t, stranger, "https://"+faults[FaultExpiredCertificate].Address)
	bad, ok := errors.AsType[x509.CertificateInvalidError](err)
	if !ok || bad.Reason != x509.Expired || time.Since(bad.Cert.NotAfter).Round(time.Minute) != 72*time.Hour {
		t.Errorf("expired certificate: %v", err)
	}
	if err := m.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if spans := readSpans(t, m.envs[0].TraceDir); len(spans) != 0 {
		t.Errorf("health checks left spans: %v", spans)
	}
}

func TestFaultsAreToldInOneSentenceUntilTheyAreStopped(t *testing.T) {
	t.Parallel()
	m, _ := start(t, "test", "dev")
	if err := m.Stop(t.Context(), "dev", payment); err != nil {
		t.Fatal(err)
	}
	got := []string{}
	for _, f := range m.Faults() {
		got = append(got, regexp.MustCompile("-[0-9a-f]{4}").ReplaceAllString(f.Text(), "-ID"))
	}
	want := []string{
		"gateway-ID in dev: the registry says passing, but it hangs: it accepts connections and never answers",
		"gateway-ID in dev: the registry says passing, but it flaps: its health answers 200 and 503 by turns",
		"inventory-ID in dev: the registry says critical, but it lives: it answers, and only its heartbeats are lost",
		"inventory-ID in dev: the registry says passing, but it says NOT_SERVING of itself",
		"order-ID in dev: the registry says passing, but it takes 800ms to answer",
		"user-ID in dev: the registry says passing, but it presents a certificate that expired 3 days ago",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEachFaultSaysWhatAProbeIsToFind(t *testing.T) {
	t.Parallel()
	m, _ := start(t, "dev")
	got := map[FaultKind][2]string{}
	for _, f := range m.Faults() {
		got[f.Kind] = [2]string{f.Finding, f.Reason}
	}
	want := map[FaultKind][2]string{
		FaultDead:               {"zombie", "refused"},
		FaultCritical:           {"ghost", ""},
		FaultSlow:               {"slow", ""},
		FaultExpiredCertificate: {"zombie", "certificate expired"},
		FaultHang:               {"zombie", "no answer"},
		FaultNotServing:         {"zombie", "NOT_SERVING"},
		FaultFlapping:           {"flapping", ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTheHealthyAnswerWhereTheirMetadataSays(t *testing.T) {
	t.Parallel()
	_, regs := start(t, "dev", "test", "prod")
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	healthy := map[string]int{}
	for name, reg := range regs {
		for _, in := range reg.all() {
			path, ok := in.Metadata[MetaHealth]
			if want := in.Protocol == "http"; ok != want {
				t.Errorf("%s %s has the health path %q", in.Protocol, in.ID, path)
			}
			if in.Metadata[MetaFault] != "" {
				continue
			}
			healthy[name+" "+in.Service]++
			if in.Protocol == "grpc" {
				if got, err := serving(t, in.HostPort(), ""); err != nil || got != healthpb.HealthCheckResponse_SERVING {
					t.Errorf("%s: %v, %v; want that it serves overall", in.ID, got, err)
				}
				continue
			}
			if status, err := statusOf(t, &http.Client{Transport: transport}, "http://"+in.HostPort()+path); status != 200 || err != nil {
				t.Errorf("%s: %d, %v; want 200", in.ID, status, err)
			}
		}
	}
	if len(healthy) != 15 {
		t.Errorf("not every service has a healthy instance everywhere: %v", healthy)
	}
}

func TestADeadPortCannotBeTakenByAnother(t *testing.T) {
	t.Parallel()
	number, release, err := deadPort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	ln, err := listenOn(t, number)
	if err == nil {
		_ = ln.Close()
		t.Errorf("port %d could be listened on", number)
	}
}
