package consul

import (
	"cmp"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"govctl/pkg/registry"
)

// fake is a Consul of one agent, "n1", as far as this package asks. That it
// behaves as Consul does is what the contract on a real one shows.
type fake struct {
	mu       sync.Mutex
	index    uint64
	tables   map[string]uint64 // when a table changed last
	changed  chan struct{}     // closed by the next change
	clock    time.Duration     // since it started; Advance moves it
	services map[string]*fakeService
	pairs    map[string]fakePair
	nodes    []any // checks of the node itself
	asked    []string
}

type fakeService struct {
	registration
	index uint64
	beat  time.Duration
	check string // the status that was reported last, "" without a check
	drain bool
}

// newFake starts a fake and returns it, and the options to reach it.
func newFake(t testing.TB) (*fake, Options) {
	t.Helper()
	f := &fake{
		index: 10, tables: map[string]uint64{tableNodes: 10, tableChecks: 10, tableKV: 10}, changed: make(chan struct{}),
		services: map[string]*fakeService{}, pairs: map[string]fakePair{},
	}
	f.nodes = []any{map[string]any{"Node": "n1", "CheckID": "serfHealth", "Name": "Serf Health Status", "Status": "passing"}}
	f.mustRegister(registration{ID: "consul", Name: "consul", Port: 8300})
	return f, serve(t, f)
}

// serve starts h and returns the options to reach it.
func serve(t testing.TB, h http.Handler) Options {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	u, err := url.Parse("consul://" + server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return Options{URL: u}
}

// open opens o, which is right.
func open(t testing.TB, o Options) *Registry {
	t.Helper()
	r, err := OpenRegistry(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.client.http.Close)
	return r
}

func (f *fake) mustRegister(reg registration) {
	f.index++
	s := &fakeService{registration: reg, index: f.index}
	if old := f.services[reg.ID]; old != nil {
		s.check, s.beat = old.check, old.beat
	}
	switch {
	case reg.Check == nil:
		s.check = ""
	case s.check == "":
		s.check = "critical"
		f.touch(tableChecks)
	}
	f.services[reg.ID] = s
	f.touch(tableServices)
}

// advance lets time pass.
func (f *fake) advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.changing(func() { f.clock += d })
}

func (f *fake) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, req.Method+" "+req.URL.RequestURI())
	if strings.ContainsFunc(req.URL.Path, func(c rune) bool { return !unicode.IsPrint(c) }) {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if !clean(req.URL) {
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(http.StatusTemporaryRedirect)
		return
	}
	f.block(w, req)
	w.Header().Set("X-Consul-KnownLeader", "true")
	w.Header().Set("X-Consul-LastContact", "0")
	for prefix, serve := range map[string]func(http.ResponseWriter, *http.Request, string){
		"GET /v1/catalog/services": f.catalog, "GET /v1/health/service/": f.health,
		"GET /v1/health/state/any": f.state, "GET /v1/internal/ui/services": f.summary, "GET /v1/internal/ui/nodes": f.dump,
		"GET /v1/catalog/nodes":  f.machines,
		"GET /v1/kv/":            f.kv,
		"GET /v1/agent/service/": f.agent, "PUT /v1/agent/service/register": f.register,
		"PUT /v1/agent/service/deregister/": f.deregister, "PUT /v1/agent/check/": f.report,
	} {
		if rest, ok := strings.CutPrefix(req.Method+" "+req.URL.Path, prefix); ok {
			serve(w, req, rest)
			return
		}
	}
	http.Error(w, "Invalid URL path: not a recognized HTTP API endpoint", http.StatusNotFound)
}

func (f *fake) register(w http.ResponseWriter, req *http.Request, _ string) {
	var reg registration
	if err := json.NewDecoder(req.Body).Decode(&reg); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for key := range reg.Meta {
		if strings.ContainsRune(key, '.') {
			http.Error(w, "Invalid Service Meta: Couldn't load metadata pair ('"+key+"', 'x'): Key contains invalid characters", http.StatusBadRequest)
			return
		}
	}
	f.mustRegister(reg)
}

func (f *fake) deregister(w http.ResponseWriter, _ *http.Request, id string) {
	if f.services[id] == nil {
		http.Error(w, `Unknown service ID "`+id+`". Ensure that the service ID is passed, not the service name.`, http.StatusNotFound)
	}
	f.changing(func() { delete(f.services, id) })
	f.touch(tableServices)
}

func (f *fake) report(w http.ResponseWriter, _ *http.Request, rest string) {
	verb, id, _ := strings.Cut(rest, "/service:")
	s := f.services[id]
	if s == nil || s.check == "" {
		http.Error(w, `Unknown check ID "service:`+id+`". Ensure that the check ID is passed, not the check name.`, http.StatusNotFound)
		return
	}
	f.changing(func() { s.check, s.beat = map[string]string{"pass": "passing", "fail": "critical"}[verb], f.clock })
}

func (f *fake) agent(w http.ResponseWriter, _ *http.Request, id string) {
	s := f.services[id]
	if s == nil {
		http.Error(w, "unknown service ID: "+id, http.StatusNotFound)
		return
	}
	reply(w, s.wire())
}

func (s *fakeService) wire() map[string]any {
	passing := 1
	if s.Weights != nil {
		passing = s.Weights.Passing
	}
	return map[string]any{
		"ID": s.ID, "Service": s.Name, "Address": s.Address, "Port": s.Port, "Tags": s.Tags, "Meta": s.Meta,
		"Weights": map[string]int{"Passing": passing, "Warning": 1}, "ModifyIndex": s.index, "CreateIndex": s.index,
	}
}

// checks returns those of s, without those of its node.
func (f *fake) checks(s *fakeService) []any {
	base := map[string]any{"Node": "n1", "ServiceID": s.ID, "ServiceName": s.Name, "ServiceTags": s.Tags, "Type": ""}
	var all []any
	if s.check != "" {
		c := maps.Clone(base)
		c["CheckID"], c["Name"], c["Type"], c["Status"] = "service:"+s.ID, "Service '"+s.Name+"' check", "ttl", f.status(s)
		if s.check != c["Status"] {
			c["Output"] = "TTL expired"
		}
		all = append(all, c)
	}
	if s.drain {
		c := maps.Clone(base)
		c["CheckID"], c["Name"], c["Status"] = serviceMaintenance+s.ID, "Service Maintenance Mode", "critical"
		all = append(all, c)
	}
	return all
}

// all returns the instances of service, or of all services for "".
func (f *fake) all(service string) []*fakeService {
	var all []*fakeService
	for _, s := range f.services {
		if service == "" || s.Name == service {
			all = append(all, s)
		}
	}
	// Not sorted by id: Consul's lists are not, either.
	slices.SortFunc(all, func(a, b *fakeService) int { return cmp.Compare(b.index, a.index) })
	return all
}

func (f *fake) catalog(w http.ResponseWriter, req *http.Request, _ string) {
	names := map[string][]string{}
	if req.FormValue("filter") == `ServiceName == ""` {
		reply(w, names)
		return
	}
	for _, s := range f.services {
		names[s.Name] = append(names[s.Name], s.Tags...)
	}
	reply(w, names)
}

func (f *fake) health(w http.ResponseWriter, _ *http.Request, service string) {
	entries := []any{}
	for _, s := range f.all(service) {
		entries = append(entries, map[string]any{
			"Node":    map[string]any{"Node": "n1", "Address": "10.9.9.9", "Meta": nil},
			"Service": s.wire(), "Checks": append(slices.Clone(f.nodes), f.checks(s)...),
		})
	}
	reply(w, entries)
}

func (f *fake) state(w http.ResponseWriter, req *http.Request, _ string) {
	all := []any{}
	if req.FormValue("filter") == `CheckID == ""` {
		reply(w, all)
		return
	}
	for _, s := range f.all("") {
		all = append(all, f.checks(s)...)
	}
	reply(w, append(all, f.nodes...)) // after those they count for: the order is no promise
}

func (f *fake) summary(w http.ResponseWriter, _ *http.Request, _ string) {
	rows := []any{
		map[string]any{"Name": "only-named-by-a-proxy", "InstanceCount": 0},
		map[string]any{"Name": "of-a-peer", "InstanceCount": 7, "PeerName": "west"},
	}
	counts := map[string]int{}
	for _, s := range f.services {
		counts[s.Name]++
	}
	for name, n := range counts {
		rows = append(rows, map[string]any{"Name": name, "InstanceCount": n})
	}
	reply(w, rows)
}

func (f *fake) dump(w http.ResponseWriter, _ *http.Request, _ string) {
	n := map[string]any{"Node": "n1", "Address": "10.9.9.9"}
	services, checks := []any{}, slices.Clone(f.nodes)
	for _, s := range f.all("") {
		services, checks = append(services, s.wire()), append(checks, f.checks(s)...)
	}
	n["Services"], n["Checks"] = services, checks
	peer := maps.Clone(n)
	peer["Node"], peer["PeerName"] = "w1", "west"
	reply(w, []any{n, peer})
}

// say writes text. Who does not get it is the client, and its test.
func say(w http.ResponseWriter, text string) {
	_, _ = io.WriteString(w, text)
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		panic(err) // the connection is cut: the test sees that
	}
}

// keptElsewhere takes away the metadata by which Register writes fields.
func keptElsewhere(in *registry.Instance) {
	in.Metadata = maps.Clone(in.Metadata)
	for _, key := range []string{"version", "protocol", "zone"} {
		delete(in.Metadata, key)
	}
}
