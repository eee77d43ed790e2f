package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"govctl/internal/faultkit"
	"govctl/pkg/probe"
	"govctl/pkg/registry"

	"govctl/lab/server"
)

// probed returns what `services probe -o json` prints. It fails t where the
// status is not the wanted one, or anything stands on stderr.
func probed(t *testing.T, status int, args ...string) []probe.Observation {
	t.Helper()
	r := run(t, append([]string{"services", "probe", "-o", "json"}, args...)...)
	if r.Status != status || r.Stderr != "" {
		t.Errorf("services probe %s: status %d, stderr %q; want %d and nothing\n%s", strings.Join(args, " "), r.Status, r.Stderr, status, r.Stdout)
	}
	return parse[[]probe.Observation](t, r.Stdout)
}

// fleeting are the fields of an observation that differ from run to run.
func fleeting() cmp.Option {
	return cmp.Options{
		cmpopts.IgnoreFields(probe.Observation{}, "ID", "Port", "Slow"),
		cmpopts.IgnoreFields(probe.Result{}, "LatencySeconds", "Times"),
		cmpopts.SortSlices(func(a, b probe.Observation) bool { return a.Version < b.Version }),
	}
}

// micro is what is to be seen of a go-micro service of the lab. It may be told
// apart by its version alone.
func micro(service, version string, health registry.Health, truth probe.Truth) probe.Observation {
	o := probe.Observation{
		Service: service, Version: version, Address: "127.0.0.1", Health: health, Truth: truth,
		Probe:  probe.Spec{Kind: probe.TCP, Why: `protocol "mucp" has no question of its own`},
		Result: probe.Result{Outcome: probe.OK, Reason: "connected", Attempts: 1},
	}
	if truth == probe.Zombie || truth == probe.Down {
		o.Result.Outcome, o.Result.Phase, o.Result.Reason = probe.Failed, probe.Connect, "refused"
	}
	return o
}

// ids returns the ID of each instance of a service at the main agent by its
// version.
func ids(t *testing.T, service string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, in := range decode[[]registry.Instance](t, "services", "instances", service, "-e", shared.main.URL()) {
		out[in.Version] = in.ID
	}
	return out
}

// onceProbed probes a service until what is seen of it is what is wanted, and
// then with which status.
func onceProbed(t *testing.T, status int, want []probe.Observation) {
	t.Helper()
	eventually(t, func(context.Context) error {
		r := run(t, "services", "probe", want[0].Service, "-o", "json", "-e", shared.main.URL())
		if diff := cmp.Diff(want, parse[[]probe.Observation](t, r.Stdout), fleeting()); diff != "" {
			return fmt.Errorf("services probe (-want +got):\n%s", diff)
		}
		if r.Status != status || r.Stderr != "" {
			return server.Stop(fmt.Errorf("status %d, stderr %q; want %d and nothing", r.Status, r.Stderr, status))
		}
		return nil
	})
}

func TestTheTruthOfGoMicroServices(t *testing.T) {
	t.Parallel()
	service := unique("truth")
	// One that beats its heart often, so that its death shows soon; the others are
	// to stay what they were told to be.
	dead := startMicro(t, service, "dead", "-ttl", "6s", "-interval", "1s")
	for _, version := range []string{"drained", "ghost", "living"} {
		startMicro(t, service, version, "-ttl", "1h", "-interval", "1h")
	}
	eventually(t, counts(service, 4))
	living, drained := micro(service, "living", registry.Passing, probe.Agree), micro(service, "drained", registry.Passing, probe.Agree)
	ghost := micro(service, "ghost", registry.Passing, probe.Agree)
	mortal := micro(service, "dead", registry.Passing, probe.Agree)
	onceProbed(t, 0, []probe.Observation{mortal, drained, ghost, living})

	id := ids(t, service)
	if err := shared.main.API.DrainService(t.Context(), id["drained"], "deploy 42"); err != nil {
		t.Fatal(err)
	}
	drained.Health, drained.Truth = registry.Maintenance, probe.Drained
	onceProbed(t, 0, []probe.Observation{mortal, drained, ghost, living})

	if err := shared.main.API.Tell(t.Context(), id["ghost"], server.Fail); err != nil {
		t.Fatal(err)
	}
	ghost = micro(service, "ghost", registry.Critical, probe.Ghost)
	onceProbed(t, 1, []probe.Observation{mortal, drained, ghost, living})

	if err := dead.Kill(); err != nil {
		t.Fatal(err)
	}
	onceProbed(t, 1, []probe.Observation{micro(service, "dead", registry.Passing, probe.Zombie), drained, ghost, living})
	checkProbeTable(t, service, id)
	onceProbed(t, 1, []probe.Observation{micro(service, "dead", registry.Critical, probe.Down), drained, ghost, living})

	// Whom nobody asks for is not judged.
	for _, args := range [][]string{{"-l", "version=living"}, {"-l", "version!=dead,version!=ghost"}, {"--health", "passing"}} {
		probed(t, 0, append(args, service, "-e", shared.main.URL())...)
	}
}

// steady makes a table the same in every run: each ID is its version, and what
// runs of blanks, ports and times are in the way is taken out.
func steady(text string, ids map[string]string) []string {
	for version, id := range ids {
		text = strings.ReplaceAll(text, id, version)
	}
	for from, to := range map[string]string{` {2,}`: " ", `127\.0\.0\.1:\d+`: "ADDRESS", `\d+\.\d+ms`: "TIME", `in \d+\.\d\ds`: "in TIME"} {
		text = regexp.MustCompile(from).ReplaceAllString(text, to)
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	slices.Sort(lines)
	return lines
}

// checkProbeTable compares the table and the words below it, with a ghost that
// was told to be critical, and one that died and is not yet known to be dead.
func checkProbeTable(t *testing.T, service string, id map[string]string) {
	t.Helper()
	r := run(t, "services", "probe", service, "-e", shared.main.URL())
	want := []string{
		"", "",
		"4 instances asked in TIME: 1 agree, 1 drained, 1 ghost, 1 zombie",
		"SERVICE INSTANCE ADDRESS HEALTH RESULT LATENCY TRUTH",
		"S dead ADDRESS passing failed connect: refused - zombie",
		"S drained ADDRESS maintenance ok connected TIME agree, drained",
		"S ghost ADDRESS critical ok connected TIME ghost",
		"S living ADDRESS passing ok connected TIME agree",
		`ghost ghost answers, but its registry check "service:ghost" is critical`,
		"zombie dead nobody listens on ADDRESS, but the registry says passing",
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, steady(strings.ReplaceAll(r.Stdout, service+" ", "S "), id)); diff != "" || r.Status != 1 || !strings.HasPrefix(r.Stderr, "hint: `govctl explain ") {
		t.Errorf("services probe: status %d, stderr %q; want 1 and a hint (-want +got):\n%s", r.Status, r.Stderr, diff)
	}
}

// startDemo runs a demo at c until the end of t, or until what is returned is
// called, which fails t unless it ends as an interrupted one does.
func startDemo(t *testing.T, c *server.Consul) (interrupt func()) {
	t.Helper()
	cmd := command(t, nil, "demo", "-e", c.URL())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // its status is compared
		if got := cmd.ProcessState.ExitCode(); got != 130 {
			t.Errorf("govctl demo, interrupted: status %d, want 130", got)
		}
	}
}

// planted returns the kind of the fault of each instance of the demo at url that
// has one, by ID.
func planted(t *testing.T, url string) map[string]string {
	t.Helper()
	faults := map[string]string{}
	for _, in := range decode[[]registry.Instance](t, "services", "instances", "-l", "demo-fault", "-e", url) {
		faults[in.ID] = in.Metadata["demo-fault"]
	}
	return faults
}

// told returns what is said of o in a few words.
func told(o *probe.Observation) string {
	text := string(o.Health) + ", " + string(o.Result.Outcome) + " " + o.Result.Text() + ": " + o.Truth.Words()
	if o.Slow {
		text += ", slow"
	}
	return text
}

func TestEachPlantedFaultIsNamedWithItsReason(t *testing.T) {
	t.Parallel()
	c := startAgent(t, server.Options{Node: "demo"})
	interrupt := startDemo(t, c)
	want := map[string]string{
		"dead":                "passing, failed connect: refused: zombie",
		"critical":            "critical, ok SERVING: ghost",
		"slow":                "passing, ok 200: agree, slow",
		"expired-certificate": "passing, failed tls: certificate expired 3d ago: zombie",
		"hang":                "passing, failed request: no answer within 2s: zombie",
		"not-serving":         "passing, failed status: NOT_SERVING: zombie",
		"flapping":            "",
	}
	var faults map[string]string
	eventually(t, func(context.Context) error {
		if faults = planted(t, c.URL()); len(faults) != len(want) {
			return fmt.Errorf("%d faults, want %d", len(faults), len(want))
		}
		// The mesh is there as a whole when its last service is.
		_, err := openConsul(t, c.Address).Instances(t.Context(), "user")
		return err
	})
	got := map[string]string{}
	well := 0
	for _, o := range probed(t, 1, "-l", "demo", "-e", c.URL()) {
		kind, faulty := faults[o.ID]
		switch {
		case faulty && kind != "flapping":
			got[kind] = told(&o)
		case faulty: // what it says once is chance
			got[kind] = ""
		case o.Truth != probe.Agree:
			t.Errorf("%s has no fault: %s", o.ID, told(&o))
		default:
			well++
		}
	}
	if diff := cmp.Diff(want, got); diff != "" || well < 8 {
		t.Errorf("%d instances are well (-want +got):\n%s", well, diff)
	}
	checkFlapping(t, c.URL())
	interrupt()
	eventually(t, func(context.Context) error {
		if left := decode[[]registry.Instance](t, "services", "instances", "-l", "demo", "-e", c.URL()); len(left) != 0 {
			return fmt.Errorf("%d instances of the demo are left", len(left))
		}
		return nil
	})
}

// checkFlapping asks the demo's gateways again and again: one of them flaps, and
// the others do not.
func checkFlapping(t *testing.T, url string) {
	t.Helper()
	r := run(t, "services", "probe", "gateway", "-l", "demo-fault!=hang", "--watch", "--interval", "200ms", "--for", "3s", "-q", "-o", "json", "-e", url)
	if r.Status != 1 || r.Stderr != "" {
		t.Errorf("services probe --watch: status %d, stderr %q; want 1 and nothing", r.Status, r.Stderr)
	}
	type line struct {
		ID, State, Last string
		Truth           probe.Truth
	}
	last, flapping := map[string]line{}, planted(t, url)
	for text := range strings.Lines(r.Stdout) {
		l := parse[line](t, text)
		last[l.ID] = l
	}
	if len(last) != 3 {
		t.Errorf("%d gateways, want 3\n%s", len(last), r.Stdout)
	}
	for id, l := range last {
		want := line{id, "up", strings.Repeat("·", strings.Count(l.Last, "·")), probe.Agree}
		if flapping[id] == "flapping" {
			want = line{id, "flapping", l.Last, probe.Zombie}
		}
		if diff := cmp.Diff(want, l); diff != "" {
			t.Errorf("%s (-want +got):\n%s", id, diff)
		}
		if l.State == "flapping" && !strings.Contains(l.Last, "·xx·xx") {
			t.Errorf("%s went %s; want two failures after each answer", id, l.Last)
		}
	}
}

// port returns the port of a host:port.
func port(t *testing.T, address string) int {
	t.Helper()
	_, text, _ := strings.Cut(address, ":")
	n := 0
	if err := json.Unmarshal([]byte(text), &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// healthServer returns the address of a gRPC server with services that are
// serving, and what sets the status of the last of them.
func healthServer(t *testing.T, services ...string) (address string, set func(healthpb.HealthCheckResponse_ServingStatus)) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, h := grpc.NewServer(), health.NewServer()
	healthpb.RegisterHealthServer(s, h)
	for _, name := range services {
		h.SetServingStatus(name, healthpb.HealthCheckResponse_SERVING)
	}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(s.Stop)
	return l.Addr().String(), func(status healthpb.HealthCheckResponse_ServingStatus) {
		h.SetServingStatus(services[len(services)-1], status)
	}
}

func TestTheChecksThatConsulRunsChooseTheProbe(t *testing.T) {
	t.Parallel()
	service := unique("checked")
	page, tcp, dead := faultkit.Status(t, 200, "well"), faultkit.Silent(t), faultkit.Closed(t)
	rpc, till := healthServer(t, "shop.Cart", "shop.Till")
	instance := func(id, address string, check server.AskCheck) server.Service {
		check.CheckID, check.Interval = "check-"+id+service, "100ms"
		record := server.Record{Version: id, Metadata: map[string]string{"protocol": "http", "health": "/never"}}
		return server.Service{
			ID: id + service, Name: service, Address: "127.0.0.1", Port: port(t, address),
			Tags: record.Tags(), Checks: []server.AskCheck{check},
		}
	}
	register(t, shared.main,
		instance("grpc", rpc, server.AskCheck{GRPC: rpc + "/shop.Cart"}),
		instance("grpc-bad", rpc, server.AskCheck{GRPC: rpc + "/shop.Till"}),
		instance("http", page, server.AskCheck{HTTP: "http://" + page + "/health?deep=1"}),
		instance("other-port", tcp, server.AskCheck{HTTP: "http://" + page + "/ready"}),
		instance("tcp", tcp, server.AskCheck{TCP: tcp}),
		instance("tcp-bad", dead, server.AskCheck{TCP: dead}),
	)
	// Of a check that never passed Consul does not say for minutes what it asks.
	eventually(t, counts(service, 5))
	till(healthpb.HealthCheckResponse_NOT_SERVING)
	of := func(version string, health registry.Health, truth probe.Truth, spec probe.Spec, result probe.Result) probe.Observation {
		spec.Why, result.Attempts = fmt.Sprintf("check %q", "check-"+version+service), 1
		return probe.Observation{Service: service, Version: version, Address: "127.0.0.1", Health: health, Probe: spec, Result: result, Truth: truth}
	}
	ok := func(reason string) probe.Result { return probe.Result{Outcome: probe.OK, Reason: reason} }
	no := func(phase probe.Phase, reason string) probe.Result {
		return probe.Result{Outcome: probe.Failed, Phase: phase, Reason: reason}
	}
	want := []probe.Observation{
		of("grpc", registry.Passing, probe.Agree, probe.Spec{Kind: probe.GRPC, Service: "shop.Cart"}, ok("SERVING")),
		of("grpc-bad", registry.Critical, probe.Down, probe.Spec{Kind: probe.GRPC, Service: "shop.Till"}, no(probe.Status, "NOT_SERVING")),
		of("http", registry.Passing, probe.Agree, probe.Spec{Kind: probe.HTTP, Path: "/health?deep=1"}, ok("200")),
		of("other-port", registry.Passing, probe.Agree, probe.Spec{Kind: probe.HTTP, Path: "/ready", Port: port(t, page)}, ok("200")),
		of("tcp", registry.Passing, probe.Agree, probe.Spec{Kind: probe.TCP}, ok("connected")),
		of("tcp-bad", registry.Critical, probe.Down, probe.Spec{Kind: probe.TCP}, no(probe.Connect, "refused")),
	}
	onceProbed(t, 1, want)

	// What cannot be asked is no finding, and no answer either.
	register(t, shared.main, server.Service{ID: "far" + service, Name: "far" + service, Address: "169.254.169.254", Port: 80, Check: passing()})
	far := probed(t, 4, "far"+service, "-e", shared.main.URL())
	if len(far) != 1 || far[0].Truth != probe.TruthUnprobeable || far[0].Result.Outcome != probe.Unprobeable {
		t.Errorf("the metadata address: %+v; want it not asked", far)
	}
}
