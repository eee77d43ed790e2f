package lab

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"govctl/lab/server"
)

// secretToken makes a token of the rules at the agent with ACLs, and the environment
// in which govctl has it.
func secretToken(t *testing.T, rules string) (token string, env []string) {
	t.Helper()
	token, err := shared.acl.API.NewToken(t.Context(), unique("change"), rules)
	if err != nil {
		t.Fatal(err)
	}
	return token, []string{"CONSUL_HTTP_TOKEN=" + token}
}

func key(prefix, policy string) string {
	return `key_prefix "` + prefix + `" { policy = "` + policy + `" } `
}

func TestWhatATokenMayNotDoIsToldApartBeforeAnythingIsWritten(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		rules  func(folder string) string
		status int
		says   []string
	}{
		"reads, and writes nothing":       {func(f string) string { return key(f, "read") + key("govctl/", "write") }, 3, []string{"permission denied: the token may not write bulk/1", "policy needs key_prefix"}},
		"writes, and no journal":          {func(f string) string { return key(f, "write") }, 3, []string{"govctl/", "policy needs key_prefix"}},
		"writes, and reads the journal":   {func(f string) string { return key(f, "write") + key("govctl/", "read") }, 3, []string{"nothing was written, as the journal did not take it", "for the journal, key_prefix \"govctl/\""}},
		"some of them":                    {func(f string) string { return key(f, "write") + key(f+"bulk/100", "read") + key("govctl/", "write") }, 3, []string{"permission denied: the token may not write bulk/1", "policy needs key_prefix"}},
		"sees some of them, and no other": {func(f string) string { return key(f, "write") + key(f+"bulk/100", "deny") + key("govctl/", "write") }, 4, []string{"withheld"}},
		"all that it needs":               {func(f string) string { return key(f, "write") + key("govctl/", "write") }, 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder, before := bulkFolder(t, shared.acl)
			token, env := secretToken(t, test.rules(folder))
			url := shared.acl.URL() + "/" + folder
			r := runWith(t, env, "config", "rm", "bulk/1*", "--yes", "-e", url)
			silentAbout(t, token, r)
			if r.Status != test.status {
				t.Errorf("it ended with %d, not %d: %s", r.Status, test.status, r.Stderr)
			}
			for _, text := range test.says {
				if !strings.Contains(r.Stderr, text) {
					t.Errorf("%q does not say %q", r.Stderr, text)
				}
			}
			now := standing(t, shared.acl, folder)
			if test.status == 3 && len(now) != len(before) {
				t.Errorf("of %d items %d are there", len(before), len(now))
			}
			if open := runWith(t, env, "recover", "-e", url); open.Status == 1 {
				t.Errorf("the journal has %+v", open)
			}
			if _, there := now["bulk/100.yaml"]; name == "sees some of them, and no other" && !there {
				t.Error("what it may not see was removed")
			}
		})
	}
}

func TestACreationWhereNothingIsSeenOverwritesNothing(t *testing.T) {
	t.Parallel()
	folder, before := bulkFolder(t, shared.acl)
	token, env := secretToken(t, key(folder, "write")+key(folder+"bulk/100", "deny")+key("govctl/", "write"))
	r := runWith(t, env, "config", "set", "bulk/100.yaml", "--content", "n: 7\n", "--yes", "-e", shared.acl.URL()+"/"+folder)
	silentAbout(t, token, r)
	if r.Status != 3 || !strings.Contains(r.Stderr, "permission denied") {
		t.Errorf("%+v", r)
	}
	if got := standing(t, shared.acl, folder)["bulk/100.yaml"]; got != before["bulk/100.yaml"] {
		t.Errorf("there is %q", got)
	}
}

func TestAKeyThatASessionHoldsIsWrittenOnlyByForce(t *testing.T) {
	t.Parallel()
	folder, _ := bulkFolder(t, shared.main)
	var session struct{ ID string }
	if err := shared.main.API.Write(t.Context(), "/v1/session/create", map[string]string{"LockDelay": "0s"}, &session); err != nil {
		t.Fatal(err)
	}
	if err := shared.main.API.WriteText(t.Context(), "/v1/kv/"+folder+"other/app.yaml?acquire="+session.ID, "n: 0\n"); err != nil {
		t.Fatal(err)
	}
	set := []string{"config", "set", "other/app.yaml", "--content", "n: 1\n", "--yes", "-e", shared.main.URL() + "/" + folder}
	r := run(t, set...)
	if r.Status != 5 || !strings.Contains(r.Stderr, "locked by "+session.ID) || !strings.Contains(r.Stderr, "--force") {
		t.Errorf("%+v", r)
	}
	if got := standing(t, shared.main, folder)["other/app.yaml"]; got != "n: 0\n" {
		t.Errorf("there is %q", got)
	}
	if r := run(t, append(set, "--force")...); r.Status != 0 {
		t.Errorf("by force: %+v", r)
	}
	if got := standing(t, shared.main, folder)["other/app.yaml"]; got != "n: 1\n" {
		t.Errorf("by force, there is %q", got)
	}
}

func TestARedirectOfAWriteIsNotFollowedAndTakesNoToken(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var stolen []string
	thief := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		stolen = append(stolen, r.Method+" "+r.URL.Path+" "+r.Header.Get("X-Consul-Token"))
		_, _ = w.Write([]byte("true"))
	}))
	t.Cleanup(thief.Close)
	folder, _ := bulkFolder(t, shared.acl)
	token, env := secretToken(t, key("", "write"))
	front := gateTo(t, shared.acl.Address, nil)
	back := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			http.Redirect(w, r, thief.URL+r.URL.RequestURI(), http.StatusTemporaryRedirect)
			return
		}
		front.ServeHTTP(w, r)
	}))
	t.Cleanup(back.Close)
	r := runWith(t, env, "config", "set", "other/app.yaml", "--content", "n: 1\n", "--yes", "-e", "consul://"+back.Listener.Addr().String()+"/"+folder)
	silentAbout(t, token, r)
	if r.Status != 3 || !strings.Contains(r.Stderr, "redirect") {
		t.Errorf("%+v", r)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(stolen) > 0 {
		t.Errorf("it was followed: %q", stolen)
	}
}

func TestADryRunSendsNoWrite(t *testing.T) {
	t.Parallel()
	folder, before := bulkFolder(t, shared.main)
	direct := shared.main.URL() + "/" + folder
	if r := run(t, "config", "rm", "bulk/12*", "--yes", "-e", direct); r.Status != 0 {
		t.Fatalf("%+v", r)
	}
	id := strings.TrimSpace(run(t, "history", "-o", "name", "-e", direct).Stdout)
	now := standing(t, shared.main, folder)
	if len(now) != len(before)-10 {
		t.Fatalf("%d items are there", len(now))
	}
	journal := standing(t, shared.main, "govctl/"+folder)
	for _, args := range [][]string{
		{"config", "set", "other/app.yaml", "--content", "n: 1\n", "--dry-run"},
		{"config", "set", "other/app.yaml", "n=1", "--dry-run"},
		{"config", "set", "other/new.yaml", "--content", "n: 1\n", "--dry-run", "-o", "json"},
		{"config", "rm", "bulk/*", "--dry-run"},
		{"rollback", id, "--dry-run"},
		{"config", "rm", "bulk/*"}, // not confirmed
		{"history"},
		{"history", "show", id},
		{"recover"},
	} {
		g := gateTo(t, shared.main.Address, nil)
		r := run(t, append(args, "-e", g.URL(folder))...)
		if unconfirmed := len(args) == 3 && args[1] == "rm"; r.Status != 0 && !unconfirmed || unconfirmed && r.Status != 2 {
			t.Errorf("%q: %+v", args, r)
		}
		if len(g.Asked()) == 0 {
			t.Errorf("%q asked nothing", args)
		}
		if i := slices.IndexFunc(g.Asked(), asked.writes); i >= 0 {
			t.Errorf("%q sent %v", args, g.Asked()[i])
		}
	}
	for where, was := range map[string]map[string]string{folder: now, "govctl/" + folder: journal} {
		if got := standing(t, shared.main, where); len(got) != len(was) {
			t.Errorf("%s has %d keys, and had %d", where, len(got), len(was))
		}
	}
}

func TestAValueThatIsTooLargeIsRefusedAndALargeOneGoesAlone(t *testing.T) {
	t.Parallel()
	folder, before := bulkFolder(t, shared.main)
	url := shared.main.URL() + "/" + folder
	dir := t.TempDir()
	writeFile(t, dir+"/huge", strings.Repeat("x", 512<<10+1))
	writeFile(t, dir+"/large", strings.Repeat("y", 400<<10))
	for _, how := range []string{"--yes", "--dry-run", "--plan-out=" + dir + "/plan.json"} {
		r := run(t, "config", "set", "other/huge.txt", "-f", dir+"/huge", how, "-e", url)
		if r.Status != 2 || !strings.Contains(r.Stderr, "524289 bytes") {
			t.Errorf("%+v", r)
		}
	}
	if got := standing(t, shared.main, folder); len(got) != len(before) {
		t.Errorf("%d items are there", len(got))
	}
	r := run(t, "config", "set", "other/large.txt", "-f", dir+"/large", "--yes", "-e", url)
	if r.Status != 0 || !strings.Contains(r.Stdout, "other/large.txt is too large to go with others") {
		t.Errorf("%+v", r)
	}
	if got := standing(t, shared.main, folder)["other/large.txt"]; len(got) != 400<<10 {
		t.Errorf("there are %d bytes", len(got))
	}
	// With it gone, and 130 more, three batches and it alone.
	r = run(t, "config", "rm", "*/*", "--yes", "-e", url)
	if r.Status != 0 || !strings.Contains(r.Stdout, "In 3 batches: what the first ones made stays if a later one is refused.") {
		t.Errorf("%+v", r)
	}
	id := strings.Fields(run(t, "history", "-o", "name", "-e", url).Stdout)[0]
	r = run(t, "rollback", id, "--yes", "-e", url)
	if r.Status != 0 || !strings.Contains(r.Stdout, "other/large.txt is too large to go with others") || !strings.Contains(r.Stdout, "batches") {
		t.Errorf("%+v", r)
	}
	if got := standing(t, shared.main, folder); len(got) != len(before)+1 {
		t.Errorf("%d items are there", len(got))
	}
}

func TestAClockThatIsWrongIsSaid(t *testing.T) {
	t.Parallel()
	folder, _ := bulkFolder(t, shared.main)
	for _, test := range []struct {
		ahead time.Duration
		says  string
	}{{0, ""}, {-time.Hour, "1h0m0s ahead"}, {time.Hour, "1h0m0s behind"}} {
		g := gateTo(t, shared.main.Address, nil)
		g.ahead = test.ahead
		r := run(t, "config", "set", "other/app.yaml", "--content", "n: "+test.ahead.String(), "--yes", "-e", g.URL(folder))
		h := run(t, "history", "--limit", "1", "-e", g.URL(folder))
		if r.Status != 0 || strings.Contains(r.Stderr, "this machine's clock is") != (test.says != "") {
			t.Errorf("%+v", r)
		}
		// Consul's and ours are one clock here, but for the seconds of a busy machine.
		for _, text := range []string{r.Stderr, h.Stdout} {
			if near := strings.ReplaceAll(strings.ReplaceAll(text, "1h0m1s", "1h0m0s"), "59m59s", "1h0m0s"); !strings.Contains(near, test.says) {
				t.Errorf("%q does not say %q", text, test.says)
			}
		}
	}
}

func TestSecretsOfAPlanAreNowhere(t *testing.T) {
	t.Parallel()
	folder, _ := bulkFolder(t, shared.acl)
	token, env := secretToken(t, key(folder, "write")+key("govctl/", "write"))
	const first, second = "canary-one-4711", "canary-two-4712"
	url := shared.acl.URL() + "/" + folder
	dir := t.TempDir()
	set := func(secret string, more ...string) []string {
		writeFile(t, dir+"/"+secret, "db: {password: "+secret+", port: 1}\nurl: postgres://u:"+secret+"@db/x\n")
		return append([]string{"config", "set", "other/db.yaml", "-f", dir + "/" + secret, "-e", url}, more...)
	}
	var said strings.Builder
	for _, args := range [][]string{
		set(first, "--yes"), set(second, "--dry-run", "-o", "json"), set(second, "--yes", "-o", "json"),
		{"history", "-e", url, "-o", "json"},
		{"history", "-e", url},
		{"recover", "-e", url},
		set(first),
	} {
		r := runWith(t, env, args...)
		said.WriteString(r.Stdout + r.Stderr)
		silentAbout(t, token, r)
	}
	id := strings.Fields(runWith(t, env, "history", "-o", "name", "-e", url).Stdout)[0]
	for _, args := range [][]string{{"history", "show", id}, {"history", "show", id, "-o", "json"}, {"rollback", id, "--dry-run"}, {"rollback", id, "--yes", "-o", "yaml"}} {
		r := runWith(t, env, append(args, "-e", url)...)
		if r.Status != 0 {
			t.Errorf("%q: %+v", args, r)
		}
		said.WriteString(r.Stdout + r.Stderr)
		silentAbout(t, token, r)
	}
	for name, text := range standing(t, shared.acl, "govctl/"+folder) {
		if !strings.HasPrefix(name, "pack/") { // the contents, which a rollback needs
			said.WriteString(text)
		}
	}
	for _, secret := range []string{first, second, token} {
		if strings.Contains(said.String(), secret) {
			t.Errorf("%s is told", secret)
		}
	}
	if !strings.Contains(said.String(), "db.password") {
		t.Error("it is not told that the password changed")
	}
}

func TestALeaderThatFallsInTheMiddleLeavesNoDoubt(t *testing.T) {
	t.Parallel()
	first := startAgent(t, server.Options{Node: "trio-1", Servers: 3})
	servers := []*server.Consul{
		first,
		startAgent(t, server.Options{Node: "trio-2", Servers: 3, Join: first}),
		startAgent(t, server.Options{Node: "trio-3", Servers: 3, Join: first}),
	}
	leader := leaderOf(t, servers)
	other := servers[(slices.Index(servers, leader)+1)%3]
	folder, before := bulkFolder(t, other)
	var once sync.Once
	g := gateTo(t, other.Address, func(_ int, r *http.Request, body []byte) fate {
		if (asked{r.Method, r.URL.Path, string(body)}).moves(folder) {
			once.Do(func() {
				if err := leader.Kill(); err != nil {
					t.Error(err)
				}
			})
		}
		return pass
	})
	r := run(t, "config", "rm", "bulk/*", "--yes", "-e", g.URL(folder))
	leaderOf(t, slices.DeleteFunc(slices.Clone(servers), func(c *server.Consul) bool { return c == leader }))
	now := standing(t, other, folder)
	open := run(t, "recover", "-e", other.URL()+"/"+folder)
	whole := r.Status == 0 && len(now) == 1
	none := r.Status == 3 && len(now) == len(before)
	part := r.Status == 4 && strings.Contains(r.Stderr, "changes were made") && len(now) > 1
	if open.Status != 0 || !whole && !none && !part {
		t.Errorf("%+v, %d of %d items are there, recover says %+v", r, len(now), len(before), open)
	}
}
