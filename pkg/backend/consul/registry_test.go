package consul

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/registry"
	"govctl/pkg/registry/gomicro"
)

func TestAnEntryBecomesAnInstance(t *testing.T) {
	t.Parallel()
	// As Consul 1.14.11 answers for a go-micro v4 service.
	body := `[{"Node":{"ID":"30e6","Node":"n1","Address":"10.0.0.9","Datacenter":"dc1","Meta":{"zone":"eu-1"},"CreateIndex":12},
	"Service":{"ID":"greeter-6f1c","Service":"greeter","Tags":["t-789caa562a28ca2fc94fcecf51b2524a2f2a4856aa05040000ffff468306d9","canary",
	"v-789c32d433d23300040000ffff02d400f0"],"Address":"","TaggedAddresses":{"lan_ipv4":{"Address":"10.0.0.1","Port":99999}},
	"Meta":{"protocol":"grpc","broker":"http"},"Port":99999,"Weights":{"Passing":3,"Warning":0},"PeerName":"","CreateIndex":18,"ModifyIndex":21},
	"Checks":[{"Node":"n1","CheckID":"service:greeter-6f1c","Name":"Service 'greeter' check","Status":"warning","Notes":"n","Output":"o","ServiceID":"greeter-6f1c","ServiceTags":[],"Type":"ttl"},
	{"Node":"n1","CheckID":"serfHealth","Name":"Serf Health Status","Status":"passing","Notes":"","Output":"Agent alive and reachable","ServiceID":"","Type":""}]}]`
	r := open(t, serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { say(w, body) })))
	got, err := r.Instances(t.Context(), "greeter")
	want := []registry.Instance{{
		Service: "greeter", ID: "greeter-6f1c", Address: "10.0.0.9", Port: 99999, Health: registry.Warning,
		Version: "1.2.0", Protocol: "grpc", Zone: "eu-1", Weight: 3, Node: "n1", Tags: []string{"canary"},
		Metadata: map[string]string{"protocol": "grpc", "broker": "http"}, Revision: "21",
		Checks: []registry.Check{
			{ID: "serfHealth", Name: "Serf Health Status", Status: registry.Passing, Output: "Agent alive and reachable", Node: true},
			{ID: "service:greeter-6f1c", Name: "Service 'greeter' check", Kind: "ttl", Status: registry.Warning, Output: "o", Notes: "n"},
		},
	}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}

func TestTheWorstCheckIsTheHealth(t *testing.T) {
	t.Parallel()
	of := func(statuses ...string) (checks []check) {
		for _, s := range statuses {
			id, status, ok := strings.Cut(s, "=")
			if !ok {
				id, status = "c", s
			}
			checks = append(checks, check{CheckID: id, Status: status})
		}
		return checks
	}
	for want, cases := range map[registry.Health][][]check{
		registry.Passing:  {nil, of("passing", "passing")},
		registry.Unknown:  {of("passing", "purple")},
		registry.Warning:  {of("warning", "passing"), of("purple", "warning")},
		registry.Critical: {of("warning", "critical", "passing")},
		registry.Maintenance: {
			of("_service_maintenance:x=critical", "critical"), of("critical", "_node_maintenance=critical"),
		},
	} {
		for _, checks := range cases {
			if got := worst(checks); got != want {
				t.Errorf("worst(%v) = %s, want %s", checks, got, want)
			}
		}
	}
}

func TestEqualIDsOnSeveralNodesAreToldApart(t *testing.T) {
	t.Parallel()
	all := []registry.Instance{{ID: "consul", Node: "n2"}, {ID: "other", Node: "n1"}, {ID: "consul", Node: "n1"}}
	unique(all)
	want := []registry.Instance{{ID: "consul@n1", Node: "n1"}, {ID: "consul@n2", Node: "n2"}, {ID: "other", Node: "n1"}}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// mesh is a fake with instances of every health, some without a check.
func mesh(t *testing.T) (*fake, Options) {
	t.Helper()
	f, o := newFake(t)
	ttl := &ttlCheck{TTL: "1m"}
	tags := gomicro.Encode(gomicro.Record{Version: "v1", Metadata: map[string]string{"protocol": "grpc"}, Tags: []string{"canary"}})
	f.mustRegister(registration{ID: "o1", Name: "order", Tags: tags, Check: ttl})
	f.mustRegister(registration{ID: "o2", Name: "order", Tags: tags, Check: ttl})
	f.mustRegister(registration{ID: "o3", Name: "order", Check: ttl, Tags: gomicro.Encode(gomicro.Record{Version: "v2"})})
	f.mustRegister(registration{ID: "u1", Name: "user", Check: ttl, Tags: tags})
	f.mustRegister(registration{ID: "u2", Name: "user", Meta: map[string]string{"version": "v9"}})
	f.mustRegister(registration{ID: "e", Name: "a\x1b[31mb", Port: 1})
	f.services["o1"].check, f.services["o2"].check, f.services["u1"].check = "passing", "warning", "passing"
	f.services["o3"].drain = true
	return f, o
}

func counts(pairs ...any) []registry.Count {
	out := []registry.Count{}
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, registry.Count{Value: pairs[i].(string), Count: pairs[i+1].(int)})
	}
	return out
}

func TestSummariesCountEveryInstanceOnce(t *testing.T) {
	t.Parallel()
	healthy := []registry.Summary{
		{Service: "a\x1b[31mb", Instances: 1, Passing: 1, Versions: counts(), Protocols: counts()},
		{Service: "consul", Instances: 1, Passing: 1, Versions: counts(), Protocols: counts()},
		{Service: "order", Instances: 3, Passing: 1, Warning: 1, Maintenance: 1, Versions: counts("v1", 2, "v2", 1), Protocols: counts("grpc", 2)},
		{Service: "user", Instances: 2, Passing: 2, Versions: counts("v1", 1, "v9", 1), Protocols: counts("grpc", 1)},
	}
	drained := make([]registry.Summary, len(healthy))
	for i, s := range healthy {
		drained[i] = registry.Summary{Service: s.Service, Instances: s.Instances, Maintenance: s.Instances, Versions: s.Versions, Protocols: s.Protocols}
	}
	refuse := func(prefix string, status int) func(http.Handler) http.Handler {
		return func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				if strings.HasPrefix(req.URL.Path, prefix) {
					http.Error(w, "no", status)
					return
				}
				h.ServeHTTP(w, req)
			})
		}
	}
	tests := []struct {
		name string
		wrap func(http.Handler) http.Handler
		node map[string]any
		want []registry.Summary
	}{
		{"counted", nil, nil, healthy},
		{"on a drained node", nil, map[string]any{"Node": "n1", "CheckID": nodeMaintenance, "Status": "critical"}, drained},
		{"with the counts refused", refuse("/v1/internal/ui/services", 403), nil, healthy},
		{"with no counts", refuse("/v1/internal/ui/services", 404), nil, healthy},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f, o := mesh(t)
			if tt.node != nil {
				f.nodes = append(f.nodes, tt.node)
			}
			if tt.wrap != nil {
				o = serve(t, tt.wrap(f))
			}
			got, err := open(t, o).Summaries(t.Context())
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
				t.Errorf("%v (-want +got)\n%s", err, diff)
			}
		})
	}
}

func TestSummariesAskOnlyForWhatTheyMust(t *testing.T) {
	t.Parallel()
	f, o := mesh(t)
	if _, err := open(t, o).Summaries(t.Context()); err != nil {
		t.Fatal(err)
	}
	asked := strings.Join(f.asked, "\n")
	for path, want := range map[string]int{
		"/v1/health/state/any?stale=": 1, "/v1/internal/ui/services?stale=": 1, "/v1/health/service/user?": 1,
		"/v1/health/service/consul?": 1, "/v1/internal/ui/nodes?filter=": 1, "GET": 5, "stale": 5,
	} {
		if got := strings.Count(asked, path); got != want {
			t.Errorf("%d times %q, want %d, in\n%s", got, path, want, asked)
		}
	}
}

func TestANameThatConsulRefusesInAPathIsStillListed(t *testing.T) {
	t.Parallel()
	_, o := mesh(t)
	r := open(t, o)
	got, err := r.Instances(t.Context(), "a\x1b[31mb")
	if err != nil || len(got) != 1 || got[0].ID != "e" || len(got[0].Checks) != 1 || got[0].Node != "n1" {
		t.Errorf("Instances = %+v, %v; want e of n1 with the check of its node", got, err)
	}
	_, err = r.Instances(t.Context(), "a\"\x1bb")
	if !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("a quote in the name: %v, want %v", err, registry.ErrNotFound)
	}
}

// notices collects what a registry says.
type notices struct {
	mu  sync.Mutex
	all []registry.Notice
}

func (n *notices) add(one registry.Notice) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, one)
}

func TestWhatAnAnswerLacksIsSaidOnce(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, token string
		header      map[string]string
		body        string
		want        []registry.Notice // of Services; SERVER stands for the address
		found       error             // of Instances, to which the answer is an empty list
	}{
		{"nothing", "", nil, `{"consul":[]}`, nil, registry.ErrNotFound},
		{
			"filtered", "t",
			map[string]string{"X-Consul-Results-Filtered-By-Acls": "true"},
			`{}`,
			[]registry.Notice{{Text: "consul SERVER withheld what this token may not read", Incomplete: true, Hint: "`govctl doctor` says what its policy needs"}},
			nil,
		},
		{
			"nobody", "",
			map[string]string{"X-Consul-Default-Acl-Policy": "deny"},
			`{"a":[]}`,
			[]registry.Notice{{
				Text: "consul SERVER withholds what is not public, and was asked without a token", Incomplete: true,
				Hint: "name a token that may read this in `auth: {token: {env: NAME}}` beside the URL in govctl.yaml",
			}},
			registry.ErrNotFound,
		},
		{"a public catalog", "", map[string]string{"X-Consul-Default-Acl-Policy": "deny"}, `{"consul":[]}`, nil, registry.ErrNotFound},
		{"a token under deny", "t", map[string]string{"X-Consul-Default-Acl-Policy": "deny"}, `{"a":[]}`, nil, registry.ErrNotFound},
		{"just young enough", "", map[string]string{"X-Consul-Lastcontact": "30000"}, `{}`, nil, registry.ErrNotFound},
		{
			"stale", "",
			map[string]string{"X-Consul-Lastcontact": "30500", "X-Consul-Knownleader": "true"},
			`{}`,
			[]registry.Notice{{Text: "consul SERVER last heard from its leader 30.5s ago: the answer may be out of date"}},
			registry.ErrNotFound,
		},
		{
			"no leader", "",
			map[string]string{"X-Consul-Lastcontact": "1200", "X-Consul-Knownleader": "false"},
			`{}`,
			[]registry.Notice{{Text: "consul SERVER knows no leader and last heard from one 1.2s ago: the answer may be out of date"}},
			registry.ErrNotFound,
		},
		{"a strange age", "", map[string]string{"X-Consul-Lastcontact": "-99999999999999999999"}, `{}`, nil, registry.ErrNotFound},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var said notices
			o := serve(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				for k, v := range tt.header {
					w.Header().Set(k, v)
				}
				if strings.HasPrefix(req.URL.Path, "/v1/health") {
					say(w, "[]")
					return
				}
				say(w, tt.body)
			}))
			o.Token, o.Notice = tt.token, said.add
			r := open(t, o)
			for range 2 {
				if _, err := r.Services(t.Context()); err != nil {
					t.Error(err)
				}
			}
			for i := range said.all {
				said.all[i].Text = strings.Replace(said.all[i].Text, o.URL.Host, "SERVER", 1)
			}
			if diff := cmp.Diff(tt.want, said.all); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if got, err := r.Instances(t.Context(), "absent"); !errors.Is(err, tt.found) || (err == nil) != (got != nil) {
				t.Errorf("Instances = %v, %v; want %v", got, err, tt.found)
			}
		})
	}
}

func TestATokenReachesItsServerAndNoError(t *testing.T) {
	t.Parallel()
	const token = "canary-token-1234"
	o := serve(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		http.Error(w, "no such token: "+req.Header.Get("X-Consul-Token")+" dc="+req.FormValue("dc"), http.StatusForbidden)
	}))
	o.Token, o.URL.RawQuery = token, url.Values{"dc": {"west"}}.Encode()
	_, err := open(t, o).Services(t.Context())
	if err == nil || strings.Contains(err.Error(), token) || !strings.Contains(err.Error(), "*** dc=west") {
		t.Errorf("error %v, want the server's text with the token masked", err)
	}
}

func TestSummariesEndWithTheContext(t *testing.T) {
	t.Parallel()
	o := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() }))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := open(t, o).Summaries(ctx)
	if !errors.Is(err, registry.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want %v", err, registry.ErrUnavailable)
	}
}
