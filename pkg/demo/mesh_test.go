package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/registry"
)

// span is what the tests read of an OTLP span: encoding/json is the judge, not
// the library that wrote it.
type span struct {
	TraceID, SpanID, ParentSpanID, Name string
	Kind                                int
	StartTimeUnixNano, EndTimeUnixNano  string
	Attributes                          []attr
	Status                              struct {
		Code    int
		Message string
	}
	resource map[string]string
}

type attr struct {
	Key   string
	Value struct{ StringValue, IntValue string }
}

// readSpans returns all spans of a folder by their ids.
func readSpans(t *testing.T, dir string) map[string]span {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	spans := map[string]span{}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(data) {
			var doc struct {
				ResourceSpans []struct {
					Resource   struct{ Attributes []attr }
					ScopeSpans []struct{ Spans []span }
				}
			}
			if err := json.Unmarshal(line, &doc); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			for _, rs := range doc.ResourceSpans {
				res := map[string]string{}
				for _, a := range rs.Resource.Attributes {
					res[a.Key] = a.Value.StringValue
				}
				for _, s := range rs.ScopeSpans[0].Spans {
					s.resource = res
					spans[s.SpanID] = s
				}
			}
		}
	}
	return spans
}

// tree renders one trace: a line a span, indented under its parent, with what
// failed marked.
func tree(spans map[string]span, traceID, parent, indent string) string {
	var here []span
	for _, s := range spans {
		if s.TraceID == traceID && s.ParentSpanID == parent {
			here = append(here, s)
		}
	}
	slices.SortFunc(here, func(a, b span) int { return strings.Compare(a.StartTimeUnixNano, b.StartTimeUnixNano) })
	var out strings.Builder
	for _, s := range here {
		fmt.Fprintf(&out, "%s%s %s kind=%d%s\n", indent, s.resource["service.name"], s.Name, s.Kind, strings.Repeat(" "+s.Status.Message, s.Status.Code/2))
		out.WriteString(tree(spans, traceID, s.SpanID, indent+". "))
	}
	return out.String()
}

func TestAnOrderIsOneTraceThroughFiveServices(t *testing.T) {
	t.Parallel()
	m, _ := start(t, "prod")
	got, err := m.Order(t.Context(), "prod")
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	spans := readSpans(t, m.envs[0].TraceDir)
	want := `gateway POST /orders kind=2
. gateway GET /users/{id} kind=3
. . user GET /users/{id} kind=2
. gateway POST /orders kind=3
. . order POST /orders kind=2
. . . order demo.Inventory/Reserve kind=3
. . . . inventory demo.Inventory/Reserve kind=2
. . . order demo.Payment/Charge kind=3
. . . . payment demo.Payment/Charge kind=2
`
	if diff := cmp.Diff(want, tree(spans, got.TraceID, "", "")); diff != "" || len(spans) != 9 {
		t.Errorf("%d spans (-want +got):\n%s", len(spans), diff)
	}
	ids := regexp.MustCompile(`^[0-9a-f]{32} [0-9a-f]{16}$`)
	hops := map[string]Hop{}
	for _, s := range spans {
		if !ids.MatchString(s.TraceID + " " + s.SpanID) {
			t.Errorf("ids of %s: %s %s", s.Name, s.TraceID, s.SpanID)
		}
		if s.Name == "demo.Payment/Charge" && s.Kind == 2 {
			want := []attr{{Key: "rpc.system"}, {Key: "rpc.service"}, {Key: "rpc.method"}, {Key: "rpc.grpc.status_code"}}
			want[0].Value.StringValue, want[1].Value.StringValue, want[2].Value.StringValue = "grpc", "demo.Payment", "Charge"
			want[3].Value.IntValue = "0"
			if diff := cmp.Diff(want, s.Attributes); diff != "" {
				t.Error(diff)
			}
		}
		hops[s.resource["service.name"]] = Hop{
			Service: s.resource["service.name"], ID: s.resource["service.instance.id"], Version: s.resource["service.version"],
		}
	}
	wantHops := []Hop{hops[gateway], hops[user], hops[order], hops[inventory], hops[payment]}
	if diff := cmp.Diff(wantHops, got.Hops); diff != "" {
		t.Errorf("hops of the result are not the resources of the spans (-spans +result):\n%s", diff)
	}
}

func TestWithoutInventoryOrdersAreRefused(t *testing.T) {
	t.Parallel()
	m, regs := start(t, "test", "prod")
	stopped, err := regs["test"].Instances(t.Context(), inventory)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Stop(t.Context(), "test", inventory); err != nil {
		t.Fatal(err)
	}
	for _, in := range stopped {
		if conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", in.HostPort()); err == nil {
			_ = conn.Close()
			t.Errorf("%s still listens", in.ID)
		}
	}
	_, err = m.Order(t.Context(), "test")
	got, _ := errors.AsType[*OrderError](err)
	if got == nil {
		t.Fatalf("Order: %v; want an *OrderError", err)
	}
	if diff := cmp.Diff(&OrderError{Status: 503, Text: "no passing instance of inventory", TraceID: got.TraceID}, got); diff != "" {
		t.Error(diff)
	}
	if _, err := m.Order(t.Context(), "prod"); err != nil {
		t.Errorf("an order in the other environment: %v", err)
	}
	if left, err := regs["test"].Instances(t.Context(), inventory); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("still registered: %v, %v", left, err)
	}
	if err := m.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := `gateway POST /orders kind=2 no passing instance of inventory
. gateway GET /users/{id} kind=3
. . user GET /users/{id} kind=2
. gateway POST /orders kind=3 no passing instance of inventory
. . order POST /orders kind=2 no passing instance of inventory
`
	if diff := cmp.Diff(want, tree(readSpans(t, m.envs[0].TraceDir), got.TraceID, "", "")); diff != "" {
		t.Error(diff)
	}
}

func TestWithoutUsersOrdersAreTakenFromGuests(t *testing.T) {
	t.Parallel()
	m, _ := start(t, "test")
	if err := m.Stop(t.Context(), "test", user); err != nil {
		t.Fatal(err)
	}
	got, err := m.Order(t.Context(), "test")
	if err != nil || len(got.Hops) != 4 {
		t.Errorf("Order = %+v, %v; want one with four hops", got, err)
	}
}

func TestOrdersGoThroughBesideThePlantedFaults(t *testing.T) {
	t.Parallel()
	m, _ := start(t, "dev")
	never := map[string]bool{}
	for _, f := range m.Faults() {
		never[f.ID] = !slices.Contains([]FaultKind{FaultSlow, FaultNotServing, FaultFlapping}, f.Kind)
	}
	results := make(chan error)
	const orders = 50 // so many that each instance which may be called is, all but surely
	for range orders {
		go func() {
			got, err := m.Order(t.Context(), "dev")
			for _, h := range got.Hops {
				if never[h.ID] {
					err = fmt.Errorf("order %s went through %s", got.ID, h.ID)
				}
			}
			results <- err
		}()
	}
	for range orders {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}

func TestTheStreamTellsOnceThatOrdersFail(t *testing.T) {
	t.Parallel()
	reg, said := newMemory(), make(chan string, 9)
	m, err := Start(t.Context(), Options{
		Environments: []Environment{{Name: "test", Registry: reg, Registrar: reg}},
		RequestEvery: time.Millisecond, Now: time.Now, Log: func(s string) { said <- s },
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Stop(t.Context(), "test", gateway); err != nil {
		t.Error(err)
	}
	got := <-said
	if err := m.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if got != "orders in test: order refused with status 503: no passing instance of gateway" || len(said) > 0 {
		t.Errorf("it said %q and %d more", got, len(said))
	}
}

func TestTheGatewayTellsAStrangerWhatAnOrderIs(t *testing.T) {
	t.Parallel()
	m, _ := start(t, "test")
	for body, want := range map[string]string{
		`"tea, please"`: "the order is no JSON object",
		`{"user":"u-1","item":"cat","quantity":1}`: "an order has a user, an item (tea, cup or pot) and a quantity above 0",
	} {
		e := m.envs[0]
		var out orderReply
		err := e.reach(t.Context(), gateway, func(ctx context.Context, in *registry.Instance) error {
			_, err := e.send(ctx, in, ask{method: "POST", path: "/orders", body: json.RawMessage(body), into: &out})
			return err
		})
		if no, ok := errors.AsType[*refusal](err); !ok || no.status != 400 || no.text != want {
			t.Errorf("%s: %v; want %s", body, err, want)
		}
	}
}

func TestCloseLeavesNothingRegisteredOrListening(t *testing.T) {
	t.Parallel()
	m, regs := start(t, "dev", "test", "prod")
	var addresses []string
	for _, reg := range regs {
		for _, in := range reg.all() {
			addresses = append(addresses, in.HostPort())
		}
	}
	if err := m.Stop(t.Context(), "dev", order); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := m.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	for name, reg := range regs {
		if left := reg.all(); len(left) != 0 {
			t.Errorf("left in %s: %v", name, left)
		}
	}
	for _, a := range addresses {
		if conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", a); err == nil {
			_ = conn.Close()
			t.Errorf("%s still listens", a)
		}
	}
	if len(addresses) != 39 {
		t.Errorf("%d instances were registered, want 39", len(addresses))
	}
}

func TestCloseSaysWhatItCouldNotDeregister(t *testing.T) {
	t.Parallel()
	reg := newMemory()
	m, err := Start(t.Context(), Options{Now: time.Now, Environments: []Environment{{Name: "x", Registry: reg, Registrar: reg}}})
	if err != nil {
		t.Fatal(err)
	}
	reg.set(func(m *memory) { m.fail = registry.ErrUnavailable })
	err = m.Close(t.Context())
	if !errors.Is(err, registry.ErrUnavailable) || !strings.HasPrefix(err.Error(), "deregister gateway-") || !errors.Is(m.Close(t.Context()), err) {
		t.Errorf("Close: %v", err)
	}
}

func TestAStartThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	foreign := registry.Instance{Service: order, ID: "real-order", Weight: 1}
	here := func(names ...string) func(*memory) Options {
		return func(r *memory) (o Options) {
			for _, n := range names {
				o.Environments = append(o.Environments, Environment{Name: n, Registry: r, Registrar: r})
			}
			return o
		}
	}
	for _, c := range []struct {
		name    string
		options func(*memory) Options
		set     func(*memory)
		left    int
		want    string
	}{
		{name: "no environment", options: here(), want: "the demo needs an environment to run in"},
		{name: "no clock", options: here("dev"), want: "the demo needs a clock"},
		{name: "twice the same", options: here("dev", "dev"), want: `environment "dev" is there twice`},
		{
			name: "no registry", options: func(*memory) Options { return Options{Environments: []Environment{{Name: "dev"}}} },
			want: `environment "dev" has no registry to register in`,
		},
		{
			name: "somebody else's service", options: here("dev"), left: 1,
			set:  func(r *memory) { r.rows["real-order"] = &row{in: foreign} },
			want: `environment dev: order "real-order": registered by something else than a demo`,
		},
		{
			name: "a registry that refuses", options: here("dev"), set: func(r *memory) { r.fail = registry.ErrDenied },
			want: "register gateway-[0-9a-f]{4} in dev: permission denied",
		},
		{
			name: "a registry that shows nothing", options: here("dev"), set: func(r *memory) { r.blind = true },
			want: `gateway-[0-9a-f]{4} was registered in dev, which shows it as "" and not as "passing": not found`,
		},
		{
			name: "no folder for traces", want: "traces of dev: mkdir .*",
			options: func(r *memory) Options {
				return Options{Environments: []Environment{{Name: "dev", Registry: r, Registrar: r, TraceDir: "/dev/null/traces"}}}
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			reg := newMemory()
			if c.set != nil {
				c.set(reg)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			o := c.options(reg)
			if c.name != "no clock" {
				o.Now = time.Now
			}
			m, err := Start(ctx, o)
			if m != nil || err == nil || !regexp.MustCompile("^"+c.want+"$").MatchString(err.Error()) {
				t.Errorf("Start = %v, %v; want %s", m, err, c.want)
			}
			if len(reg.rows) != c.left {
				t.Errorf("%d instances left, want %d", len(reg.rows), c.left)
			}
		})
	}
}
