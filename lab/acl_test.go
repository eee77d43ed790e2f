package lab

import (
	"slices"
	"strings"
	"testing"

	"govctl/pkg/registry"

	"govctl/lab/server"
)

// restricted makes a token at the agent with ACLs that sees the services which
// begin with seen and all nodes, and nothing else.
func restricted(t *testing.T, name, seen string) string {
	t.Helper()
	rules := `service_prefix "` + seen + `" { policy = "read" } node_prefix "" { policy = "read" }`
	token, err := shared.acl.API.NewToken(t.Context(), unique(name), rules)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// silentAbout fails where a run printed a secret.
func silentAbout(t *testing.T, secret string, r result) {
	t.Helper()
	if strings.Contains(r.Stdout+r.Stderr, secret) {
		t.Errorf("the token is printed:\n%s%s", r.Stdout, r.Stderr)
	}
}

func TestATokenThatSeesSomeServicesGetsAListThatSaysSo(t *testing.T) {
	t.Parallel()
	register(t, shared.acl,
		server.Service{ID: "open-1", Name: "open-order", Port: 80, Check: passing()},
		server.Service{ID: "open-2", Name: "open-order", Port: 81, Check: passing()},
		server.Service{ID: "hidden-1", Name: "hidden", Port: 80, Check: passing()})
	token := restricted(t, "some", "open-")
	env := []string{"CONSUL_HTTP_TOKEN=" + token}
	for _, args := range [][]string{{"ls"}, {"instances"}} {
		r := runWith(t, env, append([]string{"services", "-e", shared.acl.URL(), "-o", "json"}, args...)...)
		silentAbout(t, token, r)
		if r.Status != 4 || !strings.Contains(r.Stderr, "withheld") {
			t.Errorf("services %s: status %d, stderr %q; want 4 and that something is withheld", args, r.Status, r.Stderr)
		}
		var seen []string
		for _, row := range parse[[]struct{ Service string }](t, r.Stdout) {
			seen = append(seen, row.Service)
		}
		if got := slices.Compact(seen); !slices.Equal(got, []string{"open-order"}) {
			t.Errorf("services %s: %v; want open-order alone", args, got)
		}
	}
	// Whether there is such a service, nobody can tell: that is not "not found".
	r := runWith(t, env, "services", "get", "hidden", "-e", shared.acl.URL(), "-o", "json")
	if r.Status != 4 || !strings.Contains(r.Stderr, "withheld") || strings.Contains(r.Stdout, "hidden-1") {
		t.Errorf("services get hidden: %+v; want 4 and that something is withheld", r)
	}
}

func TestATokenThatSeesAllGetsAListWithoutAWarning(t *testing.T) {
	t.Parallel()
	register(t, shared.acl, server.Service{ID: "whole-1", Name: "whole", Port: 80, Check: passing()})
	token, err := shared.acl.API.NewToken(t.Context(), unique("all"), `service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }`)
	if err != nil {
		t.Fatal(err)
	}
	r := runWith(t, []string{"CONSUL_HTTP_TOKEN=" + token}, "services", "ls", "whole", "-e", shared.acl.URL(), "-o", "json")
	silentAbout(t, token, r)
	rows := parse[[]registry.Summary](t, r.Stdout)
	if r.Status != 0 || r.Stderr != "" || len(rows) != 1 || rows[0].Passing != 1 {
		t.Errorf("services ls: %+v; want the one passing instance", r)
	}
}

func TestATokenThatConsulDoesNotKnowIsRefusedByName(t *testing.T) {
	t.Parallel()
	token := newUUID()
	for _, args := range [][]string{{"ls"}, {"instances"}, {"get", "any"}} {
		args = append([]string{"services", "-e", shared.acl.URL()}, args...)
		r := runWith(t, []string{"CONSUL_HTTP_TOKEN=" + token}, args...)
		silentAbout(t, token, r)
		if r.Status != 3 || r.Stdout != "" || !strings.Contains(r.Stderr, "ACL not found") {
			t.Errorf("govctl %s: %+v; want 3 and Consul's own words", strings.Join(args, " "), r)
		}
		if lines := strings.Split(strings.TrimSpace(r.Stderr), "\n"); !strings.HasPrefix(lines[0], "govctl: ") || len(lines) > 2 {
			t.Errorf("govctl %s: stderr %q; want one line and at most a hint", strings.Join(args, " "), r.Stderr)
		}
	}
}

func TestATokenFileIsReadAndNotPrinted(t *testing.T) {
	t.Parallel()
	register(t, shared.acl, server.Service{ID: "filed-1", Name: "filed", Port: 80, Check: passing()})
	token := restricted(t, "filed", "filed")
	dir := t.TempDir()
	writeFile(t, dir+"/token", token+"\n")
	writeFile(t, dir+"/govctl.yaml", "environments:\n  lab:\n    registry: {url: \""+shared.acl.URL()+"\", auth: {token: {file: "+dir+"/token}}}\n")
	r := run(t, "services", "ls", "-e", "lab", "--config", dir+"/govctl.yaml", "-o", "name")
	silentAbout(t, token, r)
	if r.Stdout != "filed\n" || r.Status != 4 {
		t.Errorf("services ls: %+v; want filed and 4", r)
	}
}

func TestNoTokenAtAllIsNotAnEmptyRegistry(t *testing.T) {
	t.Parallel()
	r := run(t, "services", "ls", "-e", shared.acl.URL())
	if r.Status == 0 || r.Stderr == "" {
		t.Errorf("services ls: %+v; want a word about the missing token: even the service consul is hidden", r)
	}
}
