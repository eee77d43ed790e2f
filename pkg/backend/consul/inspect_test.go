package consul

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"govctl/internal/faultkit"
	"govctl/pkg/doctor"
)

// script answers each path with a text; what it lacks is 404. A text that begins
// with three digits is a status and its body.
type script map[string]string

func (s script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, ok := s[r.URL.Path]
	if !ok {
		text = "404 nothing here"
	}
	w.Header().Set("X-Consul-LastContact", s["contact"])
	if s["filtered"] != "" {
		w.Header().Set("X-Consul-Results-Filtered-By-ACLs", "true")
	}
	if date := s["date"]; date != "" {
		w.Header().Set("Date", date)
	}
	if code, body, ok := strings.Cut(text, " "); ok && len(code) == 3 && strings.Trim(code, "0123456789") == "" {
		w.WriteHeader(map[string]int{"401": 401, "403": 403, "404": 404, "500": 500, "400": 400}[code])
		text = body
	}
	_, _ = w.Write([]byte(text))
}

// well is a cluster of two in which nothing is wrong, asked with a token.
func well() script {
	return script{
		"/v1/status/leader":             `"10.0.0.1:8300"`,
		"/v1/agent/self":                `{"Config":{"Version":"1.14.11","Datacenter":"dc1"}}`,
		"/v1/operator/autopilot/health": `{"Servers":[{"Name":"b","Address":"10.0.0.2:8300","SerfStatus":"alive","Version":"1.14.11","Healthy":true},{"Name":"a","Address":"10.0.0.1:8300","SerfStatus":"alive","Version":"1.14.11","Leader":true,"Healthy":true}]}`,
		"/v1/acl/token/self":            `{"AccessorID":"id","SecretID":"s3cret","Description":"ops"}`,
		"/v1/internal/acl/authorize":    `[{"Allow":true},{"Allow":true},{"Allow":true}]`,
		"/v1/catalog/services":          `{"consul":[],"order":[]}`,
		"contact":                       "0",
	}
}

// with returns s with some answers replaced.
func (s script) with(pairs ...string) script {
	for i := 0; i < len(pairs); i += 2 {
		s[pairs[i]] = pairs[i+1]
	}
	return s
}

// inspect inspects the server that answers by s.
func inspect(t *testing.T, s http.Handler, path, token string, role doctor.Role) doctor.Report {
	t.Helper()
	o := serve(t, s)
	o.URL.Path, o.Token, o.Now = path, token, time.Now
	return inspectAt(t, o, role)
}

func inspectAt(t *testing.T, o Options, role doctor.Role) doctor.Report {
	t.Helper()
	in, err := OpenInspector(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	return in.Inspect(ctx, role)
}

func codesOf(r *doctor.Report) []doctor.Code {
	out := []doctor.Code{}
	for _, f := range r.Findings {
		out = append(out, f.Code)
	}
	return out
}

func TestAnInspectionTellsAllThatAServerSays(t *testing.T) {
	t.Parallel()
	got := inspect(t, well(), "", "s3cret", doctor.Registry)
	zero := 0.0
	want := doctor.Report{
		System: "consul", Version: "1.14.11", Generation: "http v1", Place: "dc1", Leader: "10.0.0.1:8300",
		Members: []doctor.Member{
			{Name: "a", Address: "10.0.0.1:8300", Version: "1.14.11", Leader: true, State: "alive", Healthy: true},
			{Name: "b", Address: "10.0.0.2:8300", Version: "1.14.11", State: "alive", Healthy: true},
		},
		Identity: `token "ops"`, Read: doctor.Yes, Write: doctor.Yes,
		Capabilities:     []string{"list", "count", "watch", "register"},
		ClockSkewSeconds: &zero, StaleSeconds: &zero, Findings: []doctor.Finding{},
	}
	if got.LatencySeconds <= 0 || got.Server == "" {
		t.Errorf("latency %v of %q", got.LatencySeconds, got.Server)
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(doctor.Report{}, "LatencySeconds", "Server")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestAnInspectionNamesWhatIsWrong changes one answer at a time.
func TestAnInspectionNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	const denied = "403 Permission denied"
	for name, c := range map[string]struct {
		answers script
		path    string
		role    doctor.Role
		codes   []doctor.Code
		read    doctor.Access
	}{
		"no leader":            {well().with("/v1/status/leader", `""`), "", doctor.Registry, []doctor.Code{doctor.NoLeader}, doctor.Yes},
		"a member failed":      {well().with("/v1/operator/autopilot/health", `{"Servers":[{"Name":"a","SerfStatus":"failed"}]}`), "", doctor.Registry, []doctor.Code{doctor.ServerLost}, doctor.Yes},
		"gossip tells":         {well().with("/v1/operator/autopilot/health", denied, "/v1/agent/members", `[{"Name":"a","Addr":"10.0.0.1","Status":4,"Tags":{"role":"consul","port":"8300"}},{"Name":"x","Status":4,"Tags":{"role":"node"}}]`), "", doctor.Registry, []doctor.Code{doctor.ServerLost}, doctor.Yes},
		"an odd state":         {well().with("/v1/operator/autopilot/health", denied, "/v1/agent/members", `[{"Name":"a","Status":99,"Tags":{"role":"consul"}},{"Name":"b","Status":-1,"Tags":{"role":"consul"}}]`), "", doctor.Registry, []doctor.Code{}, doctor.Yes},
		"ACLs are off":         {well().with("/v1/internal/acl/authorize", "401 ACL support disabled", "/v1/acl/token/self", "401 ACL support disabled"), "", doctor.Registry, []doctor.Code{}, doctor.Yes},
		"a stranger's token":   {well().with("/v1/acl/token/self", "403 ACL not found"), "", doctor.Registry, []doctor.Code{doctor.Refused}, doctor.No},
		"may not read":         {well().with("/v1/internal/acl/authorize", `[{"Allow":false},{"Allow":true},{"Allow":false}]`, "/v1/catalog/services", "{}"), "", doctor.Registry, []doctor.Code{doctor.Denied}, doctor.No},
		"may read some":        {well().with("/v1/internal/acl/authorize", `[{"Allow":false},{"Allow":true},{"Allow":false}]`), "", doctor.Registry, []doctor.Code{doctor.Withheld}, doctor.Some},
		"permission untold":    {well().with("/v1/internal/acl/authorize", "404 what"), "", doctor.Registry, []doctor.Code{}, doctor.Unknown},
		"too few answers":      {well().with("/v1/internal/acl/authorize", `[]`), "", doctor.Registry, []doctor.Code{}, doctor.Unknown},
		"old":                  {well().with("contact", "40000"), "", doctor.Registry, []doctor.Code{doctor.Stale}, doctor.Yes},
		"another time":         {well().with("date", "Sun, 01 Mar 2020 12:00:00 GMT"), "", doctor.Registry, []doctor.Code{doctor.ClockSkew}, doctor.Yes},
		"no such datacenter":   {well().with("/v1/catalog/services", "500 No path to datacenter"), "", doctor.Registry, []doctor.Code{doctor.NotThere}, doctor.Yes},
		"no namespaces":        {well().with("/v1/catalog/services", `400 Invalid query parameter: "ns" - Namespaces are a Consul Enterprise feature`), "", doctor.Registry, []doctor.Code{doctor.NotThere}, doctor.Yes},
		"services are no list": {well().with("/v1/catalog/services", "<html>"), "", doctor.Registry, []doctor.Code{doctor.WrongServer}, doctor.Yes},
		"a page for all":       {script{"/v1/status/leader": "<html>hello"}, "", doctor.Registry, []doctor.Code{doctor.WrongServer}, doctor.Unknown},
		"all is refused":       {script{"/v1/status/leader": "403 go away"}, "", doctor.Registry, []doctor.Code{doctor.Denied}, doctor.Unknown},
		"an empty folder":      {well().with("/v1/internal/acl/authorize", `[{"Allow":true},{"Allow":true}]`), "/config/dev", doctor.Config, []doctor.Code{doctor.Empty}, doctor.Yes},
		"no folder at all":     {well().with("/v1/internal/acl/authorize", `[{"Allow":true},{"Allow":true}]`), "", doctor.Config, []doctor.Code{}, doctor.Yes},
		"a full folder":        {well().with("/v1/internal/acl/authorize", `[{"Allow":true},{"Allow":true}]`, "/v1/kv/config/dev/", `["config/dev/a"]`), "/config/dev", doctor.Config, []doctor.Code{}, doctor.Yes},
		"a folder is no list":  {well().with("/v1/internal/acl/authorize", `[{"Allow":true},{"Allow":true}]`, "/v1/kv/config/dev/", `"x"`), "/config/dev", doctor.Config, []doctor.Code{doctor.WrongServer}, doctor.Yes},
		"a huge leader":        {well().with("/v1/status/leader", `"`+strings.Repeat("a", maxTold)+`"`), "", doctor.Registry, []doctor.Code{doctor.WrongServer}, doctor.Unknown},
		"may not list":         {well().with("/v1/internal/acl/authorize", `[{"Allow":false},{"Allow":false}]`), "/config/dev", doctor.Config, []doctor.Code{doctor.Denied}, doctor.No},
		"only garbage":         {well().with("/v1/agent/self", "{", "/v1/operator/autopilot/health", "[]", "/v1/acl/token/self", "\x00", "/v1/internal/acl/authorize", "{}"), "", doctor.Registry, []doctor.Code{}, doctor.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := inspect(t, c.answers, c.path, "s3cret", c.role)
			if diff := cmp.Diff(c.codes, codesOf(&got)); diff != "" || got.Read != c.read {
				t.Errorf("read %s, want %s; findings (-want +got)\n%s%+v", got.Read, c.read, diff, got.Findings)
			}
		})
	}
}

// TestWithoutALeaderOneServerTellsAllAtOnce has a server that holds a question which
// only the leader can answer, as Consul does: autopilot's, and who owns a token
// unless that may be stale.
func TestWithoutALeaderOneServerTellsAllAtOnce(t *testing.T) {
	t.Parallel()
	answers := well().with("/v1/status/leader", `""`, "/v1/agent/members",
		`[{"Name":"a","Addr":"10.0.0.1","Status":1,"Tags":{"role":"consul","port":"8300","build":"1.14.11:"}}]`)
	got := inspect(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/operator/autopilot/health" || r.URL.Path == "/v1/acl/token/self" && !r.URL.Query().Has("stale") {
			<-r.Context().Done()
			return
		}
		answers.ServeHTTP(w, r)
	}), "", "s3cret", doctor.Registry)
	want := []doctor.Member{{Name: "a", Address: "10.0.0.1:8300", Version: "1.14.11", State: "alive", Healthy: true}}
	if diff := cmp.Diff(want, got.Members); diff != "" || !got.Has(doctor.NoLeader) || got.Identity != `token "ops"` {
		t.Errorf("%v, identity %q; members (-want +got)\n%s", codesOf(&got), got.Identity, diff)
	}
}

// TestAnInspectionAsksEveryServer has one that is dead and one that never answers
// beside one that is well.
func TestAnInspectionAsksEveryServer(t *testing.T) {
	t.Parallel()
	silence := faultkit.Silent(t)
	o := serve(t, well())
	o.URL.Host = strings.Join([]string{faultkit.Closed(t), silence, o.URL.Host}, ",")
	o.Token, o.Now = "s3cret", time.Now
	in, err := OpenInspector(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	got := in.Inspect(ctx, doctor.Registry)
	if want := []doctor.Code{doctor.ServerLost, doctor.ServerLost}; !slices.Equal(codesOf(&got), want) || got.Version != "1.14.11" || len(got.Members) != 4 {
		t.Errorf("%+v; want two lost servers, and what the third one says", got)
	}
}

func TestAnInspectionOfTheDeadNamesEach(t *testing.T) {
	t.Parallel()
	a, b := faultkit.Closed(t), faultkit.Closed(t)
	got := inspectAt(t, Options{URL: &url.URL{Scheme: "consul", Host: a + "," + b}, Now: time.Now}, doctor.Registry)
	want := a + ": connection refused; " + b + ": connection refused"
	if len(got.Findings) != 1 || got.Findings[0].Code != doctor.Unreachable || got.Findings[0].Text != want || got.Findings[0].Hint == "" {
		t.Errorf("%+v; want one finding: %s", got.Findings, want)
	}
}
