package lab

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"govctl/pkg/doctor"

	"govctl/lab/server"
)

// checkup is a back-end in the answer of `govctl doctor -o json`.
type checkup struct {
	Environment, Role string
	doctor.Report
}

// examine runs doctor on url and returns the checkup of the registry.
func examine(t *testing.T, status int, env []string, url string) (checkup, result) {
	t.Helper()
	r := runWith(t, env, "doctor", "-e", url, "-o", "json")
	if r.Status != status {
		t.Fatalf("doctor -e %s: %+v; want %d", url, r, status)
	}
	return parse[[]checkup](t, r.Stdout)[0], r
}

// codes returns what was found, once each.
func codes(c *checkup) []doctor.Code {
	var out []doctor.Code
	for _, f := range c.Findings {
		out = append(out, f.Code)
	}
	return slices.Compact(out)
}

// three starts a cluster of three servers and returns it with a URL that names
// all.
func three(t *testing.T) (cluster []*server.Consul, url string) {
	t.Helper()
	first := startAgent(t, server.Options{Node: "trio-1", Servers: 3})
	cluster = []*server.Consul{first, nil, nil}
	for i := range cluster[1:] {
		cluster[i+1] = startAgent(t, server.Options{Node: fmt.Sprintf("trio-%d", i+2), Servers: 3, Join: first})
	}
	var hosts []string
	for _, c := range cluster {
		hosts = append(hosts, c.Address)
	}
	return cluster, "consul://" + strings.Join(hosts, ",")
}

func TestTheDoctorKnowsLeaderAndMembersAndSeesThemGo(t *testing.T) {
	t.Parallel()
	cluster, url := three(t)
	eventually(t, func(context.Context) error {
		r := run(t, "doctor", "-e", url)
		if r.Status != 0 || strings.Count(r.Stdout, "alive") != 3 || strings.Count(r.Stdout, "leader") != 1 || !strings.Contains(r.Stdout, "all is well") {
			return fmt.Errorf("doctor of three servers: %+v", r)
		}
		return nil
	})
	whole, _ := examine(t, 0, nil, url)
	if len(whole.Members) != 3 || whole.Leader == "" || whole.Version != shared.version || whole.Read != doctor.Yes || whole.LatencySeconds <= 0 {
		t.Errorf("three servers: %+v", whole)
	}

	// The one that is asked first goes, leader or not.
	if err := cluster[0].Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, func(context.Context) error {
		if r := run(t, "services", "ls", "consul", "-o", "name", "-e", url); r.Status != 0 || r.Stdout != "consul\n" {
			return fmt.Errorf("services ls with two of three servers: %+v; want the answer of one that lives", r)
		}
		r := run(t, "doctor", "-e", url)
		if r.Status != 0 || !strings.Contains(r.Stdout, "server-lost") || !strings.Contains(r.Stdout, cluster[0].Address+" does not answer: connection refused") ||
			!strings.Contains(r.Stdout, "trio-1") || !strings.Contains(r.Stdout, "failed") {
			return fmt.Errorf("doctor of two out of three servers: %+v", r)
		}
		// The old leader is believed in until the next one is elected.
		whole := parse[[]checkup](t, run(t, "doctor", "-e", url, "-o", "json").Stdout)[0]
		if !slices.ContainsFunc(whole.Members, func(m doctor.Member) bool { return m.Leader && m.Healthy }) {
			return fmt.Errorf("doctor of two out of three servers: %+v; want one of them to lead", whole)
		}
		if r := run(t, "doctor", "-e", url, "--fail-on", "warn"); r.Status != 1 {
			return fmt.Errorf("doctor --fail-on warn: %+v; want 1", r)
		}
		return nil
	})

	if err := cluster[1].Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, func(context.Context) error {
		r := run(t, "doctor", "-e", url)
		if r.Status != 4 || !strings.Contains(r.Stdout, "no-leader") || !strings.Contains(r.Stdout, "the cluster has no leader") {
			return fmt.Errorf("doctor of one out of three servers: %+v; want 4 and a word about the leader", r)
		}
		return nil
	})
	if err := cluster[2].Kill(); err != nil {
		t.Fatal(err)
	}
	dead, r := examine(t, 3, nil, url)
	if got := codes(&dead); !slices.Equal(got, []doctor.Code{doctor.Unreachable}) || !strings.Contains(r.Stderr, "none answered") {
		t.Errorf("doctor of no server: %v, %s", got, r.Stderr)
	}
}

func TestTheDoctorAsksWhatATokenMayDo(t *testing.T) {
	t.Parallel()
	acl := shared.acl
	name := unique("doctor")
	register(t, acl, server.Service{ID: name + "-1", Name: name, Port: 80, Check: passing()})
	token := func(rules string) string {
		secret, err := acl.API.NewToken(t.Context(), unique("doctor"), rules)
		if err != nil {
			t.Fatal(err)
		}
		return secret
	}
	all := `service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }`
	for what, c := range map[string]struct {
		token       string
		status      int
		read, write doctor.Access
		codes       []doctor.Code
	}{
		"nobody":          {"", 1, doctor.No, doctor.No, []doctor.Code{doctor.Denied}},
		"a stranger":      {newUUID(), 1, doctor.No, doctor.No, []doctor.Code{doctor.Refused}},
		"a reader":        {token(all), 0, doctor.Yes, doctor.No, nil},
		"a writer":        {token(`service_prefix "" { policy = "write" } node_prefix "" { policy = "read" }`), 0, doctor.Yes, doctor.Yes, nil},
		"one of some":     {token(`service_prefix "` + name + `" { policy = "read" } node_prefix "" { policy = "read" }`), 0, doctor.Some, doctor.No, []doctor.Code{doctor.Withheld}},
		"one of no folk":  {token(`service_prefix "` + name + `-none" { policy = "read" }`), 1, doctor.No, doctor.No, []doctor.Code{doctor.Denied}},
		"one of the keys": {token(all + ` key_prefix "config/" { policy = "write" }`), 0, doctor.Yes, doctor.No, nil},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			var env []string
			if c.token != "" {
				env = []string{"CONSUL_HTTP_TOKEN=" + c.token}
			}
			r := runWith(t, env, "doctor", "-e", acl.URL(), "-o", "json")
			got := parse[[]checkup](t, r.Stdout)[0]
			if got.Read != c.read || got.Write != c.write || !slices.Equal(codes(&got), c.codes) {
				t.Errorf("read %s, write %s, found %v; want %s, %s, %v", got.Read, got.Write, got.Findings, c.read, c.write, c.codes)
			}
			if c.token != "" {
				silentAbout(t, c.token, r)
			}
		})
	}
}

func TestTheDoctorNamesTheUsualMistakes(t *testing.T) {
	t.Parallel()
	if err := shared.main.API.Write(t.Context(), "/v1/kv/doctor/dev/app.yaml", map[string]int{"a": 1}, nil); err != nil {
		t.Fatal(err)
	}
	for url, want := range map[string]struct {
		status int
		code   doctor.Code
		text   string
	}{
		"consul+https://" + shared.main.Address:   {1, doctor.TLSMismatch, "consul:// in place of consul+https://"},
		"consul://" + shared.main.ServerAddress(): {3, doctor.Unreachable, "8500"},
		"consul://" + closed(t):                   {3, doctor.Unreachable, "connection refused"},
		shared.main.URL() + "?dc=nowhere":         {1, doctor.NotThere, `no path to datacenter "nowhere"`},
		shared.main.URL() + "?ns=team":            {1, doctor.NotThere, "Enterprise"},
		shared.main.URL() + "/doctor/dev":         {0, "", ""},
		shared.main.URL() + "/doctor/de":          {0, doctor.Empty, `no key begins with "doctor/de/"`},
	} {
		t.Run(url, func(t *testing.T) {
			t.Parallel()
			r := run(t, "doctor", "-e", url)
			if r.Status != want.status || !strings.Contains(r.Stdout, string(want.code)) || !strings.Contains(r.Stdout, want.text) {
				t.Errorf("%+v; want %d, %s and %q", r, want.status, want.code, want.text)
			}
			if want.code != "" && want.code != doctor.Empty && !strings.Contains(r.Stdout, "hint: ") {
				t.Errorf("%s: no hint: %s", want.code, r.Stdout)
			}
		})
	}
}

func TestOneDeadBackEndOfAnEnvironmentLeavesTheRest(t *testing.T) {
	t.Parallel()
	j := startJaeger(t, "")
	config := t.TempDir() + "/govctl.yaml"
	if r := run(t, "init", shared.main.URL(), j.URL(), "--out", config); r.Status != 0 || !strings.Contains(r.Stdout, j.URL()) {
		t.Fatalf("init with a Jaeger: %+v", r)
	}
	well := run(t, "doctor", "--config", config)
	if well.Status != 0 || !strings.Contains(well.Stdout, "traces    jaeger 1.76.0") {
		t.Errorf("doctor: %+v; want the Jaeger and its version", well)
	}
	if err := j.Stop(); err != nil {
		t.Fatal(err)
	}
	r := run(t, "doctor", "--config", config)
	if r.Status != 4 || !strings.Contains(r.Stdout, "? unreachable  traces: ") || !strings.Contains(r.Stdout, "16686") || !strings.Contains(r.Stdout, "✓ ok") {
		t.Errorf("doctor of a dead Jaeger: %+v; want 4, and the others well", r)
	}
	if r := run(t, "init", shared.main.URL(), j.URL(), "--out", config+"2"); r.Status != 3 || !strings.Contains(r.Stderr, "16686") {
		t.Errorf("init with a dead Jaeger: %+v; want 3 and a hint", r)
	}
}
