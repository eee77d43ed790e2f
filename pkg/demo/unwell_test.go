package demo

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/types/known/structpb"

	"govctl/pkg/registry"
)

// faulty returns the instance of m that has the fault k.
func faulty(t *testing.T, m *Mesh, k FaultKind) *unit {
	t.Helper()
	for _, u := range m.envs[0].units {
		if u.fault == k {
			return u
		}
	}
	t.Fatalf("no instance has the fault %s", k)
	return nil
}

func TestOneThatHangsAnswersNothingAndHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	m, _ := start(t, "dev")
	u := faulty(t, m, FaultHang)
	live, err := u.env.passing(t.Context(), u.service)
	if err != nil || slices.ContainsFunc(live, func(in registry.Instance) bool { return in.ID == u.in.ID }) {
		t.Errorf("the mesh calls %v, %v; want all but %s", live, err, u.in.ID)
	}
	patient, leaver := connect(t, u), connect(t, u)
	if err := errors.Join(leaver.(*net.TCPConn).CloseWrite(), leaver.SetReadDeadline(time.Now().Add(stopTime))); err != nil {
		t.Fatal(err)
	}
	if n, err := leaver.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("after the caller's end: %d bytes, %v; want that its own ends too", n, err)
	}
	if err := patient.SetReadDeadline(time.Now().Add(200 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, err := patient.Read(make([]byte, 1)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("it answered %d bytes, %v; want none", n, err)
	}
	late := time.AfterFunc(stopTime, func() { _ = patient.Close() }) // a Close that waits for it would for ever
	began := time.Now()
	if err := m.Close(t.Context()); err != nil || time.Since(began) >= stopTime {
		t.Errorf("Close with a caller that waits: %v after %v", err, time.Since(began))
	}
	late.Stop()
	if err := patient.SetReadDeadline(time.Now().Add(stopTime)); err != nil {
		t.Fatal(err)
	}
	if n, err := patient.Read(make([]byte, 1)); n != 0 || err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("after Close: %d bytes, %v; want that the connection was ended", n, err)
	}
}

// connect sends a request to u, over a connection that the test's end closes.
func connect(t *testing.T, u *unit) net.Conn {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", u.in.HostPort())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := io.WriteString(conn, "GET "+healthPath+" HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestOneThatIsNotServingSaysSoAndWorks(t *testing.T) {
	t.Parallel()
	m, _ := start(t, "dev")
	u := faulty(t, m, FaultNotServing)
	for _, name := range []string{"", rpcService(u.service)} {
		if got, err := serving(t, u.in.HostPort(), name); err != nil || got != healthpb.HealthCheckResponse_NOT_SERVING {
			t.Errorf("%v, %v; want that it does not serve %q", got, err, name)
		}
	}
	in, err := structpb.NewStruct(map[string]any{"item": "tea", "quantity": 2})
	if err != nil {
		t.Fatal(err)
	}
	out := new(structpb.Struct)
	if err := call(t.Context(), &u.in, fullMethod(u.service), in, out); err != nil || out.Fields["cents"].GetNumberValue() != 900 {
		t.Errorf("a call answers %v, %v; want 900 cents", out, err)
	}
}

func TestOneThatFlapsIsWellInOneRequestOfThree(t *testing.T) {
	t.Parallel()
	m, _ := start(t, "dev")
	u := faulty(t, m, FaultFlapping)
	var got []int
	for range 8 {
		status, err := statusOf(t, u.env.client, "http://"+u.in.HostPort()+u.in.Metadata[MetaHealth])
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, status)
	}
	if diff := cmp.Diff([]int{200, 503, 503, 200, 503, 503, 200, 503}, got); diff != "" {
		t.Error(diff)
	}
	var out orderReply
	tea := orderRequest{User: "u-1", Item: "tea", Quantity: 1}
	if _, err := u.env.send(t.Context(), &u.in, ask{method: http.MethodPost, path: "/orders", body: tea, into: &out}); err != nil {
		t.Errorf("an order while it says 503: %v", err)
	}
}

func TestHeartbeatsOfTheFaultyGoOnButForTheGhost(t *testing.T) {
	t.Parallel()
	m, regs := start(t, "dev")
	got := map[FaultKind]bool{}
	for _, f := range m.Faults() {
		u := faulty(t, m, f.Kind)
		before := beats(regs["dev"], f.ID)
		if err := u.renew(t.Context()); err != nil {
			t.Error(err)
		}
		got[f.Kind] = beats(regs["dev"], f.ID) > before
	}
	want := map[FaultKind]bool{
		FaultDead: true, FaultCritical: false, FaultSlow: true, FaultExpiredCertificate: true,
		FaultHang: true, FaultNotServing: true, FaultFlapping: true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func beats(reg *memory, id string) (n int) {
	reg.set(func(m *memory) { n = m.beats[id] })
	return n
}
