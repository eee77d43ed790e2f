package lab

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// must runs govctl, which must end well.
func must(t *testing.T, env []string, args ...string) result {
	t.Helper()
	r := runWith(t, env, args...)
	if r.Status != 0 {
		t.Fatalf("govctl %s: %+v", strings.Join(args, " "), r)
	}
	return r
}

// journalEntry is a key of the journal, as Consul tells it.
type journalEntry struct {
	Key   string
	Value []byte
}

// records returns what Consul holds of ours for a folder: what begins with prefix.
func (h kvHand) records(t *testing.T, prefix string) []journalEntry {
	t.Helper()
	var all []journalEntry
	if err := h.API.Read(t.Context(), "/v1/kv/govctl/"+h.folder+prefix+"?recurse", &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestASnapshotRestoredIntoAnEmptyFolderDiffersInNothing(t *testing.T) {
	t.Parallel()
	dev, _ := shopFolders(t, shared.main)
	strange := map[string]string{"注文/設定.yaml": "名: 値\r\n", "a b/%2F?.txt": "", "order/bin": "\x00\xff\x01", "order/sub/deep.yaml": "a: 1\n"}
	for key, content := range strange {
		dev.write(t, key, content)
	}
	dir := filepath.Join(t.TempDir(), "backup")
	taken := must(t, nil, "config", "snapshot", dev.url(), "--out", dir)
	if !strings.HasPrefix(taken.Stdout, "27 items of ") || !strings.Contains(taken.Stderr, "secrets too") {
		t.Errorf("snapshot: %+v", taken)
	}
	for key, content := range shopItems(t, "dev") {
		if got, err := os.ReadFile(filepath.Join(dir, "config", filepath.FromSlash(key))); err != nil || string(got) != content {
			t.Errorf("%s is %q in the folder, %v", key, got, err)
		}
	}
	empty := writable(t)
	restored := must(t, nil, "config", "restore", dir, "-e", empty.url(), "--yes")
	for _, args := range [][]string{{dev.url(), empty.url()}, {dev.url(), "local://" + dir}} {
		if r := run(t, append([]string{"config", "diff"}, args...)...); r.Status != 0 || !strings.Contains(r.Stdout, "no difference in 27 items") {
			t.Errorf("diff %s: %+v", args, r)
		}
	}
	if again := must(t, nil, "config", "restore", dir, "-e", empty.url(), "--prune"); !strings.HasPrefix(again.Stdout, "nothing to change in ") {
		t.Errorf("restored again: %+v", again)
	}
	if !strings.Contains(restored.Stdout, "Undo: govctl rollback ") {
		t.Errorf("restore: %+v", restored)
	}
	// Only what differs is written.
	changed := must(t, nil, "config", "set", "motd", "--content", "hi", "--yes", "-e", empty.url())
	empty.write(t, "order/app.yaml", "a: 1\n")
	type plan struct {
		Changes []struct{ Group, Key, Kind string }
	}
	r := run(t, "config", "restore", dir, "-e", empty.url(), "--prune", "--yes", "-o", "json")
	want := plan{Changes: []struct{ Group, Key, Kind string }{{"order", "app.yaml", "changed"}, {"-", "motd", "removed"}}}
	if diff := cmp.Diff(want, parse[plan](t, r.Stdout)); r.Status != 0 || diff != "" {
		t.Errorf("restored after %+v: %+v (-want +got)\n%s", changed, r, diff)
	}
}

func TestASnapshotOfATokenThatMayNotReadAllIsIncompleteAndSaysSo(t *testing.T) {
	t.Parallel()
	dev, _ := shopFolders(t, shared.acl)
	dir := filepath.Join(t.TempDir(), "backup")
	all, err := dev.API.NewToken(t.Context(), unique("snapshot-all"), `key_prefix "`+dev.folder+`" { policy = "read" }`)
	if err != nil {
		t.Fatal(err)
	}
	some, err := dev.API.NewToken(t.Context(), unique("snapshot-some"), `key_prefix "`+dev.folder+`order/" { policy = "read" }`)
	if err != nil {
		t.Fatal(err)
	}
	must(t, []string{"CONSUL_HTTP_TOKEN=" + all}, "config", "snapshot", dev.url(), "--out", dir)
	r := runWith(t, []string{"CONSUL_HTTP_TOKEN=" + some}, "config", "snapshot", dev.url(), "--out", dir, "-o", "json")
	type view struct {
		Items, Kept int
		Incomplete  bool
	}
	got := parse[view](t, r.Stdout)
	if r.Status != 4 || got.Items != 23 || got.Kept == 0 || !got.Incomplete || !strings.Contains(r.Stderr, "withheld") {
		t.Errorf("snapshot: %+v", r)
	}
	if pruned := run(t, "config", "restore", dir, "--prune", "--yes", "-e", dev.url()); pruned.Status != 2 || !strings.Contains(pruned.Stderr, "--prune would remove the rest") {
		t.Errorf("restore --prune: %+v", pruned)
	}
}

// savedPlans are plans of everything that the shop of an environment holds: each item
// is copied, each that takes comments is written again with one more, and one removed.
func savedPlans(t *testing.T, env []string, h kvHand, name string) (files []string, said string) {
	t.Helper()
	dir := t.TempDir()
	note := func(file string, args ...string) {
		r := must(t, env, append(args, "--plan-out", file, "-e", h.url())...)
		files = append(files, file)
		said += r.Stdout + r.Stderr
	}
	for i, key := range slices.Sorted(maps.Keys(shopItems(t, name))) {
		_, leaf, _ := strings.Cut(key, "/")
		note(filepath.Join(dir, fmt.Sprintf("cp-%d.json", i)), "config", "cp", key, fmt.Sprintf("copies/%d-%s", i, leaf))
		if filepath.Ext(key) == ".json" {
			continue
		}
		content := filepath.Join(t.TempDir(), leaf)
		writeFile(t, content, "# reviewed\n"+shopItems(t, name)[key])
		note(filepath.Join(dir, fmt.Sprintf("set-%d.json", i)), "config", "set", key, "-f", content)
	}
	note(filepath.Join(dir, "rm.json"), "config", "rm", "user/auth.json")
	return files, said
}

func TestNoPlantedSecretStandsInAPlanTheJournalOrAMessage(t *testing.T) {
	t.Parallel()
	secrets := plantedSecrets(t)
	home := t.TempDir()
	env := []string{"HOME=" + home}
	dev, prod := shopFolders(t, shared.main)
	known(t, openChanges(t, dev.Address, dev.folder, ""))
	var bare strings.Builder
	for name, h := range map[string]kvHand{"dev": dev, "prod": prod} {
		files, said := savedPlans(t, env, h, name)
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			said += string(content)
			for _, more := range [][]string{{"--dry-run"}, {"--dry-run", "-o", "json"}, {"--yes", "-m", "reviewed"}} {
				r := must(t, env, append([]string{"apply", file, "-e", h.url()}, more...)...)
				said += r.Stdout + r.Stderr
			}
		}
		for _, args := range [][]string{{"history"}, {"history", "-o", "json"}, {"history", "-o", "wide"}, {"history", "-o", "csv"}, {"recover"}} {
			r := must(t, env, append(args, "-e", h.url())...)
			said += r.Stdout + r.Stderr
		}
		for id := range strings.FieldsSeq(must(t, env, "history", "-o", "name", "-e", h.url()).Stdout) {
			for _, format := range []string{"table", "json"} {
				r := must(t, env, "history", "show", id, "-o", format, "-e", h.url())
				said += r.Stdout + r.Stderr
			}
		}
		for _, r := range h.records(t, "plan/") {
			said += r.Key + string(r.Value)
		}
		if seen := seenSecrets(secrets, said); len(seen) > 0 || len(said) < 10_000 {
			t.Errorf("%s: %d bytes show %q", name, len(said), seen)
		}
		for key, content := range shopItems(t, name) {
			bare.WriteString(content)
			if got := runWith(t, env, "config", "get", key, "-e", h.url(), "--show-secrets", "--force"); key != "user/auth.json" && strings.TrimPrefix(got.Stdout, "# reviewed\n") != content {
				t.Errorf("%s: %s is %q by now", name, key, got.Stdout)
			}
		}
	}
	if diff := cmp.Diff(secrets, seenSecrets(secrets, bare.String())); diff != "" {
		t.Errorf("what looks for secrets does not find them where they are (-want +got)\n%s", diff)
	}
	keptNothing(t, home, secrets)
}

func TestASavedPlanOfARealConsulIsRefusedOnceTheWorldMoved(t *testing.T) {
	t.Parallel()
	h := writable(t)
	h.write(t, "order/app.yaml", "retry: 3\ndb: {password: hunter2}\n")
	h.write(t, "order/other.yaml", "token: t0psecretvalue\n")
	dir := t.TempDir()
	plan := func(name string, args ...string) string {
		file := filepath.Join(dir, name)
		must(t, nil, append(args, "--plan-out", file, "-e", h.url())...)
		return file
	}
	five := plan("five.json", "config", "set", "order/app.yaml", "retry=5")
	cp := plan("cp.json", "config", "cp", "order/other.yaml", "order/third.yaml")
	// The revision of Consul is a number, which tells nothing, and stands in the file.
	if content, err := os.ReadFile(five); err != nil || !strings.Contains(string(content), `"revision": "`) {
		t.Errorf("the file is %s, %v", content, err)
	}
	h.set(t, "retry=9")
	before := h.app(t)
	h.write(t, "order/other.yaml", "n: 1\ntoken: t0psecretvalue\n")
	for file, want := range map[string]string{
		five: "order/app.yaml: changed from revision ", cp: "order/other.yaml: changed from revision ",
	} {
		r := run(t, "apply", file, "--yes", "-e", h.url())
		if r.Status != 5 || !strings.Contains(r.Stderr, want) {
			t.Errorf("apply %s: %+v; want %s", file, r, want)
		}
	}
	if got := h.app(t); got != before || run(t, "config", "get", "order/third.yaml", "-e", h.url()).Status != 3 {
		t.Errorf("it is %q by now; want %q, and no third item", got, before)
	}
	// Of two that apply one plan, one does.
	six := plan("six.json", "config", "set", "order/app.yaml", "retry=6")
	both := make(chan int)
	for range 2 {
		go func() { both <- runWith(t, nil, "apply", six, "--yes", "-e", h.url()).Status }()
	}
	if got := []int{<-both, <-both}; !slices.Contains(got, 0) || !slices.Contains(got, 5) {
		t.Errorf("they end with %v; want 0 and 5", got)
	}
}

func TestASavedPlanIsForItsFolderAlone(t *testing.T) {
	t.Parallel()
	h, other := writable(t), writable(t)
	for _, f := range []kvHand{h, other} {
		f.write(t, "order/app.yaml", "retry: 3\n")
	}
	dir := t.TempDir()
	settings, file := filepath.Join(dir, "govctl.yaml"), filepath.Join(dir, "plan.json")
	writeFile(t, settings, "environments:\n  dev: {config: \""+h.url()+"\"}\n")
	must(t, nil, "config", "set", "order/app.yaml", "retry=5", "--plan-out", file, "--config", settings)
	writeFile(t, settings, "environments:\n  dev: {config: \""+other.url()+"\"}\n")
	r := run(t, "apply", file, "--yes", "--config", settings)
	if r.Status != 2 || !strings.Contains(r.Stderr, "made for another back-end") || other.app(t) != "retry: 3\n" {
		t.Errorf("apply: %+v", r)
	}
	writeFile(t, settings, "environments:\n  dev: {config: \""+strings.Replace(h.url(), "127.0.0.1", "localhost", 1)+"\"}\n")
	if r := run(t, "apply", file, "--yes", "--config", settings); r.Status != 0 || h.app(t) != "retry: 5\n" {
		t.Errorf("by another name of its server: %+v", r)
	}
}

func TestATokenThatMayOnlyReadMakesPlansOnceThereIsAKey(t *testing.T) {
	t.Parallel()
	h := newFolder(t, shared.acl)
	h.write(t, "order/app.yaml", "retry: 3\n")
	rules := func(journal string) string {
		return fmt.Sprintf("key_prefix %q { policy = \"read\" }\nkey_prefix \"govctl/\" { policy = %q }", h.folder, journal)
	}
	tokens := map[string]string{}
	for _, may := range []string{"read", "write"} {
		token, err := h.API.NewToken(t.Context(), unique("plans"), rules(may))
		if err != nil {
			t.Fatal(err)
		}
		tokens[may] = token
	}
	dir := t.TempDir()
	plan := func(may, name string) result {
		env := []string{"CONSUL_HTTP_TOKEN=" + tokens[may]}
		return runWith(t, env, "config", "set", "order/app.yaml", "retry=5", "--plan-out", filepath.Join(dir, name), "-e", h.url())
	}
	if r := plan("read", "first.json"); r.Status != 3 || !strings.Contains(r.Stderr, "govctl: save the plan in ") || !strings.Contains(r.Stderr, "ermission denied") {
		t.Errorf("without a key: %+v", r)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("a file was written: %v, %v", entries, err)
	}
	for _, may := range []string{"write", "read"} {
		if r := plan(may, may+".json"); r.Status != 0 {
			t.Errorf("%s: %+v", may, r)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "first.json")); !os.IsNotExist(err) {
		t.Errorf("first.json: %v", err)
	}
}
