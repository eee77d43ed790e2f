package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"govctl/lab/server"
)

// watchedItem is what `config ls -o json` has of an item, and `config watch`.
type watchedItem struct {
	Group, Key, Format, Revision, Hash string
	Guessed                            bool
	Size                               int
}

// itemEvent is a line of `config watch -o json`.
type itemEvent struct {
	watchedItem
	Event  string
	At     time.Time
	Reason string
	Error  string
	// Changes are nil but for what changed.
	Changes []struct {
		Path          string
		Before, After any
	}
	Whole, Missed, Withheld bool
	AwaySeconds             float64
	MissedEvents            int
}

// configWatching is a `config watch -o json` that runs.
type configWatching struct {
	*followed
	env    []string
	stderr buffer
}

// watchConfig starts `config watch -o json` with args. It is killed at the end of t.
func watchConfig(t *testing.T, env []string, args ...string) *configWatching {
	t.Helper()
	w := &configWatching{env: append([]string{"HOME=" + t.TempDir()}, env...)} // hashes are of a key there
	cmd := command(t, w.env, append([]string{"config", "watch", "-o", "json"}, args...)...)
	cmd.Stderr = &w.stderr
	w.followed = follow(t, cmd)
	t.Cleanup(func() { end(t, cmd, w.followed, &w.stderr) })
	return w
}

// end kills a program that is followed.
func end(t *testing.T, cmd *exec.Cmd, f *followed, stderr *buffer) {
	t.Helper()
	_ = cmd.Process.Kill()
	<-f.done
	_ = cmd.Wait()
	if t.Failed() {
		t.Logf("govctl %s said:\n%s", strings.Join(cmd.Args[1:], " "), stderr.String())
	}
}

// events are those that were told so far.
func (w *configWatching) events(t *testing.T) []itemEvent {
	t.Helper()
	var events []itemEvent
	for _, line := range w.lines() {
		events = append(events, parse[itemEvent](t, line))
	}
	return events
}

// told waits for n events of a kind, and returns the last.
func (w *configWatching) told(t *testing.T, kind string, n int) itemEvent {
	t.Helper()
	var found []itemEvent
	eventually(t, func(context.Context) error {
		found = slices.DeleteFunc(w.events(t), func(e itemEvent) bool { return e.Event != kind })
		if len(found) < n {
			return fmt.Errorf("%d events are %s, want %d", len(found), kind, n)
		}
		return nil
	})
	return found[n-1]
}

// folded returns the items that the events so far come to. It fails t for an event
// that cannot have happened.
func (w *configWatching) folded(t *testing.T) map[string]watchedItem {
	t.Helper()
	items := map[string]watchedItem{}
	for _, e := range w.events(t) {
		key := e.Group + "/" + e.Key
		_, known := items[key]
		switch e.Event {
		case "present", "added":
			if known {
				t.Errorf("%s was known, and is %s", key, e.Event)
			}
			items[key] = e.watchedItem
		case "changed":
			if !known {
				t.Errorf("%s was not known, and changed", key)
			}
			items[key] = e.watchedItem
		case "removed":
			if !known {
				t.Errorf("%s was not known, and was removed", key)
			}
			delete(items, key)
		}
	}
	return items
}

// is waits until the events come to what a fresh question at url does.
func (w *configWatching) is(t *testing.T, url string) {
	t.Helper()
	eventually(t, func(context.Context) error {
		want := map[string]watchedItem{}
		r := runWith(t, w.env, "config", "ls", "-o", "json", "-e", url)
		for _, item := range parse[[]watchedItem](t, r.Stdout) {
			want[item.Group+"/"+item.Key] = item
		}
		if diff := cmp.Diff(want, w.folded(t)); diff != "" || len(want) == 0 {
			return fmt.Errorf("%d items (-want +got)\n%s", len(want), diff)
		}
		return nil
	})
}

// churn writes and removes items of h, n times, as fast as it can.
func churn(t *testing.T, h kvHand, random *rand.Rand, n int) {
	t.Helper()
	for i := range n {
		key := fmt.Sprintf("churn/item-%d.yaml", random.IntN(12))
		if random.IntN(8) == 0 {
			h.must(t, map[string]any{"Verb": "delete", "Key": h.folder + key})
			continue
		}
		h.write(t, key, fmt.Sprintf("n: %d\nsame: 1\n", i))
	}
	h.write(t, "churn/item-0.yaml", fmt.Sprintf("n: %d\nlast: true\n", n))
}

func TestTheEventsOfAConfigWatchFoldToTheList(t *testing.T) {
	t.Parallel()
	c := startAgent(t, server.Options{Node: "watched-config"})
	h := newFolder(t, c)
	h.write(t, "order/app.yaml", "x: 1\n")
	through := record(t, c.Address)
	url := through.URL() + "/" + strings.TrimSuffix(h.folder, "/")
	w := watchConfig(t, nil, "-e", url)
	w.is(t, h.url())
	random := rand.New(rand.NewPCG(3, 4)) // the same each time
	churn(t, h, random, 1000)
	w.is(t, h.url())
	if n := len(w.lines()); n > 500 {
		t.Errorf("%d events of 1000 quick writes; want those of a second folded", n)
	}

	// It dies as in a power cut, and nobody sees what happens until it is back.
	through.Cut()
	if err := c.Kill(); err != nil {
		t.Fatal(err)
	}
	w.told(t, "away", 1)
	if err := c.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, func(ctx context.Context) error { // it may have no leader yet
		return c.API.WriteText(ctx, "/v1/kv/"+h.folder+"order/app.yaml", "x: 2\n")
	})
	churn(t, h, random, 50)
	through.Join()
	w.told(t, "back", 1)
	churn(t, h, random, 50)
	w.is(t, h.url())

	n, perSecond := through.Rate()
	t.Logf("%d requests, %.1f a second; %d events", n, perSecond, len(w.lines()))
	if perSecond > 5 {
		t.Errorf("%d requests, %.1f a second; want at most 5", n, perSecond)
	}
	checkAbsence(t, w.events(t))
}

// checkAbsence fails t unless the store was away once, and just the events that
// follow its return are missed, as many as it says.
func checkAbsence(t *testing.T, events []itemEvent) {
	t.Helper()
	kinds := map[string]int{}
	for _, e := range events {
		kinds[e.Event]++
	}
	away := slices.IndexFunc(events, func(e itemEvent) bool { return e.Event == "away" })
	if kinds["away"] != 1 || kinds["back"] != 1 || events[away+1].Event != "back" || events[away].Reason == "" {
		t.Fatalf("%v; want once away with a reason, and back behind it", kinds)
	}
	for _, kind := range []string{"present", "added", "changed", "removed"} {
		if kinds[kind] == 0 {
			t.Errorf("nothing was %s: the test has shown less than it should", kind)
		}
	}
	b := events[away+1]
	if b.AwaySeconds <= 0 || b.MissedEvents == 0 {
		t.Errorf("back: %+v; want how long it was away, and what was missed", b)
	}
	for i, e := range events {
		if missed := i > away+1 && i <= away+1+b.MissedEvents; e.Missed != missed {
			t.Errorf("event %d is missed: %t; back was %d and missed %d", i, e.Missed, away+1, b.MissedEvents)
		}
	}
}

func TestAConfigWatchTellsPathByPathOfWhatItsGlobsPick(t *testing.T) {
	t.Parallel()
	h := newFolder(t, shared.main)
	h.write(t, "order/app.yaml", "db: {pool: {max: 10}}\nport: \"8080\"\n")
	h.write(t, "order/open", "")
	w := watchConfig(t, nil, "order/*", "-e", h.url())
	w.told(t, "present", 2)
	h.write(t, "user/app.yaml", "x: 1\n")
	h.write(t, "order/app.yaml", "port: 8080\ndb: {pool: {max: 20}}\n")
	e := w.told(t, "changed", 1)
	var paths []string
	for _, c := range e.Changes {
		paths = append(paths, fmt.Sprintf("%s %v %v", c.Path, c.Before, c.After))
	}
	if diff := cmp.Diff([]string{"db.pool.max 10 20", "port 8080 8080"}, paths); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	h.write(t, "order/app.yaml", "# nothing but a comment\nport: 8080\ndb: {pool: {max: 20}}\n")
	if e = w.told(t, "changed", 2); e.Changes == nil || len(e.Changes) > 0 {
		t.Errorf("of a comment: %+v; want no value changed", e)
	}
	h.write(t, "order/app.yaml", "port: [\n")
	if e = w.told(t, "changed", 3); !e.Whole || !strings.HasPrefix(e.Error, "line ") {
		t.Errorf("of what cannot be read: %+v; want where it breaks", e)
	}
	for _, e := range w.events(t) {
		if e.Group != "order" {
			t.Errorf("%s/%s was not asked for", e.Group, e.Key)
		}
	}
}

func TestAConfigWatchSaysThatWhatIsGoneMayBeWithheld(t *testing.T) {
	t.Parallel()
	master := newUUID()
	c := startAgent(t, server.Options{Node: "watched-acl", Token: master})
	h := newFolder(t, c)
	h.write(t, "open/app.yaml", "x: 1\n")
	h.write(t, "secret/app.yaml", "x: 1\n")
	name := unique("watch")
	token, err := c.API.NewToken(t.Context(), name, `key_prefix "`+h.folder+`" { policy = "read" }`)
	if err != nil {
		t.Fatal(err)
	}
	w := watchConfig(t, []string{"CONSUL_HTTP_TOKEN=" + token}, "-e", h.url())
	w.told(t, "present", 2)
	// Its rights become fewer.
	var policy struct{ ID string }
	if err := c.API.Read(t.Context(), "/v1/acl/policy/name/"+name, &policy); err != nil {
		t.Fatal(err)
	}
	fewer := map[string]string{"ID": policy.ID, "Name": name, "Rules": `key_prefix "` + h.folder + `open/" { policy = "read" }`}
	if err := c.API.Write(t.Context(), "/v1/acl/policy/"+policy.ID, fewer, nil); err != nil {
		t.Fatal(err)
	}
	h.write(t, "open/app.yaml", "x: 2\n")
	w.told(t, "changed", 1)
	if e := w.told(t, "removed", 1); e.Group != "secret" || !e.Withheld {
		t.Errorf("%+v; want that secret/app.yaml may be withheld", e)
	}
	// And then it is taken away.
	var self struct{ AccessorID string }
	ask := func(method, path, token string) {
		req, err := http.NewRequestWithContext(t.Context(), method, "http://"+c.Address+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Consul-Token", token)
		resp, err := (&http.Client{Timeout: waitTimeout}).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		var text bytes.Buffer
		if _, err := text.ReadFrom(resp.Body); err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s %s: %s %s %v", method, path, resp.Status, text.String(), err)
		}
		if method == http.MethodGet {
			self = parse[struct{ AccessorID string }](t, text.String())
		}
	}
	ask(http.MethodGet, "/v1/acl/token/self", token)
	ask(http.MethodDelete, "/v1/acl/token/"+self.AccessorID, master)
	h.write(t, "open/app.yaml", "x: 3\n")
	if e := w.told(t, "away", 1); !strings.Contains(e.Reason, "ACL not found") {
		t.Errorf("away: %+v; want that the token is not known", e)
	}
	silentAbout(t, token, result{Stdout: strings.Join(w.lines(), "\n"), Stderr: w.stderr.String()})
}

func TestAConfigWatchThatCannotBeginIsAFailure(t *testing.T) {
	t.Parallel()
	address := closed(t)
	r := run(t, "config", "watch", "-q", "-e", "consul://"+address+"/config/dev")
	if r.Status != 3 || r.Stdout != "" || !strings.Contains(r.Stderr, address+": connection refused") || strings.Count(r.Stderr, "\n") != 2 {
		t.Errorf("%+v; want 3, one line and a hint", r)
	}
}

func TestAnInterruptEndsAConfigWatchAtOnce(t *testing.T) {
	t.Parallel()
	h := newFolder(t, shared.main)
	h.write(t, "order/app.yaml", "x: 1\n")
	folder := "/" + strings.TrimSuffix(h.folder, "/")
	for name, want := range map[string]string{"at rest": `"present"`, "while the store is away": `"away"`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			through := record(t, h.Address)
			const limit, tries = 200 * time.Millisecond, 3
			var took []time.Duration
			for range tries { // the quickest counts: the other tests keep the machine busy
				out := &buffer{}
				cmd := command(t, nil, "config", "watch", "-o", "json", "-e", through.URL()+folder)
				cmd.Stdout = out
				through.Join()
				took = append(took, interruptWhen(t, cmd, func() error {
					if out.has("present") == nil && want == `"away"` {
						through.Cut()
					}
					return out.has(want)
				}))
			}
			if slices.Min(took) > limit {
				t.Errorf("ended after %s; want %s", took, limit)
			}
		})
	}
}

func TestAConfigWatchShowsNoPlantedSecretOfWhatChanges(t *testing.T) {
	t.Parallel()
	secrets := plantedSecrets(t)
	h := newFolder(t, shared.main)
	dev, prod := shopItems(t, "dev"), shopItems(t, "prod")
	for key, content := range dev {
		h.write(t, key, content)
	}
	outputs := map[string]func() string{}
	for _, args := range []string{"-o table", "-o wide", "-o json", "-o yaml", "-o csv", "-o name", "--jq ."} {
		said := &buffer{}
		cmd := command(t, nil, append(strings.Fields(args), "config", "watch", "-e", h.url())...)
		cmd.Stderr = said
		f := follow(t, cmd)
		t.Cleanup(func() { end(t, cmd, f, said) })
		outputs[args] = func() string { return strings.Join(f.lines(), "\n") + said.String() }
	}
	w := watchConfig(t, nil, "-e", h.url())
	w.told(t, "present", len(dev))
	changed := 0
	for _, key := range slices.Sorted(maps.Keys(prod)) { // each secret is another one
		if prod[key] != dev[key] {
			changed++
		}
		h.write(t, key, prod[key])
	}
	w.told(t, "changed", changed)
	for key := range dev { // then they cannot be read, and are gone
		h.write(t, key, prod[key]+"\n]}: \"\n")
	}
	eventually(t, func(context.Context) error {
		for _, e := range w.events(t) {
			if e.Whole && e.Error != "" && e.Key == "app.yaml" && e.Group == "order" {
				return nil
			}
		}
		return errors.New("nothing is broken yet")
	})
	for key := range dev {
		h.must(t, map[string]any{"Verb": "delete", "Key": h.folder + key})
	}
	w.told(t, "removed", len(dev))
	h.write(t, "last/sentinel", "x")
	for args, text := range outputs {
		eventually(t, func(context.Context) error {
			if !strings.Contains(text(), "sentinel") {
				return fmt.Errorf("config watch %s has not told of the last item", args)
			}
			return nil
		})
		if seen := seenSecrets(secrets, text()); len(seen) > 0 || strings.Count(text(), "app.yaml") < 3 {
			t.Errorf("config watch %s shows %q in\n%s", args, seen, text())
		}
	}
}
