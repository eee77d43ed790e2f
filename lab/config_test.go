package lab

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"govctl/pkg/config"

	"govctl/lab/server"
)

const (
	// shopConfig is the configuration of a shop of ten services, dev and prod, with
	// the govctl.yaml that says what of it is meant to differ.
	shopConfig = "testdata/config"
	// shopMistakes is what remains, which nobody meant.
	shopMistakes = `audit/stream.json
  firstSequence  9007199254740993 → 9007199254740992

order/app.yaml
  http.timeoutSeconds  30 (number) → "30" (text)

payment/app.json
  retry.maxAttempts  only in dev: 5

3 of 23 items differ: 2 paths changed, 1 path only in dev · 32 expected differences (--show-expected)
`
)

// shopItems returns the contents of an environment of the shop, by GROUP/KEY.
func shopItems(t *testing.T, env string) map[string]string {
	t.Helper()
	root := filepath.Join(shopConfig, env, "config")
	names, err := filepath.Glob(filepath.Join(root, "*", "*"))
	if err != nil || len(names) != 23 {
		t.Fatalf("%s: %q, %v; want 23 items", root, names, err)
	}
	items := map[string]string{}
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		key, err := filepath.Rel(root, name)
		if err != nil {
			t.Fatal(err)
		}
		items[filepath.ToSlash(key)] = string(content)
	}
	return items
}

// shopFolders fills two folders of c with the shop's dev and prod.
func shopFolders(t *testing.T, c *server.Consul) (dev, prod kvHand) {
	t.Helper()
	dev = newFolder(t, c)
	prod = kvHand{c, strings.TrimSuffix(dev.folder, "dev/") + "prod/"}
	for env, h := range map[string]kvHand{"dev": dev, "prod": prod} {
		for key, content := range shopItems(t, env) {
			h.write(t, key, content)
		}
	}
	return dev, prod
}

// write puts an item whose key is written as GROUP/KEY.
func (h kvHand) write(t *testing.T, key, content string) {
	t.Helper()
	group, name, _ := strings.Cut(key, "/")
	h.Put(t, config.Key{Group: group, Name: name}, []byte(content))
}

// url is what govctl is given for the folder.
func (h kvHand) url() string { return h.URL() + "/" + strings.TrimSuffix(h.folder, "/") }

// shopCopy copies an environment of the shop to a folder, and returns its URL.
func shopCopy(t *testing.T, env string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(shopConfig, env))); err != nil {
		t.Fatal(err)
	}
	return "local://" + dir
}

// shopSettings writes the shop's govctl.yaml with other places of dev and prod.
func shopSettings(t *testing.T, dev, prod string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(shopConfig, "govctl.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "govctl.yaml")
	writeFile(t, path, strings.NewReplacer("local://./dev", dev, "local://./prod", prod).Replace(string(text)))
	return path
}

func TestConfigDiffFindsTheMistakesWhereverTheShopLies(t *testing.T) {
	t.Parallel()
	dev, prod := shopFolders(t, shared.main)
	for name, places := range map[string][2]string{
		"consul":           {dev.url(), prod.url()},
		"folders":          {shopCopy(t, "dev"), shopCopy(t, "prod")},
		"consul to folder": {dev.url(), shopCopy(t, "prod")},
		"folder to consul": {shopCopy(t, "dev"), prod.url()},
		"as git has it":    {dev.url(), shopInGit(t, "prod")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			second, inSettings := "prod", places[1]
			if strings.HasPrefix(places[1], "file:") { // which no settings name
				second, inSettings = places[1], "local://nowhere"
			}
			settings := shopSettings(t, places[0], inSettings)
			shown := func(text string) string { return strings.ReplaceAll(text, second, "prod") }
			for _, tt := range []struct{ more, want string }{
				{"", shopMistakes},
				{"-o name", "audit/stream.json\norder/app.yaml\npayment/app.json\n"},
				{"-o github", shopAnnotations},
				{"-o markdown", shopTable},
			} {
				args := append([]string{"config", "diff", "dev", second, "--config", settings}, strings.Fields(tt.more)...)
				r := run(t, args...)
				r.Stdout = shown(strings.ReplaceAll(r.Stdout, "file&#58;", "file:"))
				if diff := cmp.Diff(result{Stdout: tt.want, Status: 1}, r); diff != "" {
					t.Errorf("%s (-want +got)\n%s", tt.more, diff)
				}
			}
			// A matrix of the same two counts the same.
			r := run(t, "config", "diff", "dev", second, second, "--config", settings)
			if want := "\n3 paths differ · 32 expected differences (--show-expected)\n"; r.Status != 1 || !strings.HasSuffix(r.Stdout, want) {
				t.Errorf("a matrix: %+v; want it to end with %q", r, want)
			}
		})
	}
}

const (
	shopAnnotations = `::error title=audit/stream.json firstSequence::dev: 9007199254740993, prod: 9007199254740992
::error title=order/app.yaml http.timeoutSeconds::dev: 30, prod: "30"
::error title=payment/app.json retry.maxAttempts::dev: 5, prod: not there
3 paths differ · 32 expected differences (--show-expected)
`
	shopTable = "| item | path | dev | prod |\n| --- | --- | --- | --- |\n" +
		"| `audit/stream.json` | `firstSequence` | `9007199254740993` | `9007199254740992` |\n" +
		"| `order/app.yaml` | `http.timeoutSeconds` | `30` | `\"30\"` |\n" +
		"| `payment/app.json` | `retry.maxAttempts` | `5` | |\n\n" +
		"3 paths differ · 32 expected differences (--show-expected)\n"
)

// shopInGit copies an environment of the shop to a folder as people keep it in git,
// and returns the side that it is.
func shopInGit(t *testing.T, env string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "shop-"+env)
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(shopConfig, env, "config"))); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, ".gitignore"), "*.swp\n")
	return "file:" + dir
}

func TestConfigDiffShowsTheLinesThatDiffer(t *testing.T) {
	t.Parallel()
	dev, prod := shopFolders(t, shared.main)
	r := run(t, "config", "diff", "dev", "prod", "payment/app.json", "--text", "--config", shopSettings(t, dev.url(), prod.url()))
	for _, want := range []string{"payment/app.json\n--- dev payment/app.json\n+++ prod payment/app.json\n@@ -", "maxAttempts", "1 of 1 item differs: 1 path only in dev"} {
		if r.Status != 1 || r.Stderr != "" || !strings.Contains(r.Stdout, want) {
			t.Errorf("%+v; want %q", r, want)
		}
	}
	if seen := seenSecrets(plantedSecrets(t), r.Stdout); len(seen) > 0 {
		t.Errorf("it shows %q", seen)
	}
}

func TestConfigDiffComparesAFileWithTheItemOfAServer(t *testing.T) {
	t.Parallel()
	dev, _ := shopFolders(t, shared.main)
	file := filepath.Join(t.TempDir(), "mine.yaml")
	writeFile(t, file, shopItems(t, "dev")["order/app.yaml"])
	if r := run(t, "config", "diff", "file:"+file, dev.url(), "order/app.yaml"); r != (result{Stdout: "no difference in 1 item\n"}) {
		t.Errorf("%+v; want no difference", r)
	}
	writeFile(t, file, strings.Replace(shopItems(t, "dev")["order/app.yaml"], "timeoutSeconds: 30", "timeoutSeconds: 31", 1))
	r := run(t, "config", "diff", dev.url(), "file:"+file, "order/app.yaml", "-o", "json", "--jq", ".[].changes[].path")
	if r != (result{Stdout: "http.timeoutSeconds\n", Status: 1}) {
		t.Errorf("%+v; want the one path", r)
	}
}

func TestConfigDiffIsContentOnceTheMistakesAreMended(t *testing.T) {
	t.Parallel()
	dev, prod := shopFolders(t, shared.main)
	settings := shopSettings(t, dev.url(), prod.url())
	items := shopItems(t, "prod")
	for key, mend := range map[string][2]string{
		"audit/stream.json": {"9007199254740992", "9007199254740993"},
		"order/app.yaml":    {`"30"`, "30"},
		"payment/app.json":  {`"backoffMs"`, `"maxAttempts": 5, "backoffMs"`},
	} {
		prod.write(t, key, strings.Replace(items[key], mend[0], mend[1], 1))
	}
	want := result{Stdout: "no difference in 23 items · 32 expected differences (--show-expected)\n"}
	if diff := cmp.Diff(want, run(t, "config", "diff", "dev", "prod", "--config", settings)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// shownItem is what a store does not decide of an item.
type shownItem struct {
	Group, Key, Format string
	Size               int
	Hash               string
}

func TestConfigOfConsulAndOfAFolderIsShownAlike(t *testing.T) {
	t.Parallel()
	dev, _ := shopFolders(t, shared.main)
	home := []string{"HOME=" + t.TempDir()} // hashes are of a key there
	var lists [2][]shownItem
	var contents [2]map[string]string
	for i, place := range []string{dev.url(), shopCopy(t, "dev")} {
		r := runWith(t, home, "config", "ls", "-e", place, "-o", "json")
		if r.Status != 0 || r.Stderr != "" {
			t.Fatalf("config ls: %+v", r)
		}
		lists[i] = parse[[]shownItem](t, r.Stdout)
		contents[i] = map[string]string{}
		for _, item := range lists[i] {
			key := item.Group + "/" + item.Key
			if r = runWith(t, home, "config", "get", key, "-e", place); r.Status != 0 || r.Stderr != "" {
				t.Errorf("config get %s: %+v", key, r)
			}
			contents[i][key] = r.Stdout
		}
		if r = runWith(t, home, "config", "get", "payment/app.json", "providers[id=adyen].endpoint", "-e", place); r != (result{Stdout: "https://test.adyen.example.com\n"}) {
			t.Errorf("config get of a path: %+v", r)
		}
	}
	if diff := cmp.Diff(lists[0], lists[1]); diff != "" {
		t.Errorf("config ls (-consul +folder)\n%s", diff)
	}
	if diff := cmp.Diff(contents[0], contents[1]); diff != "" {
		t.Errorf("config get (-consul +folder)\n%s", diff)
	}
	checkContents(t, contents[0])
}

// checkContents compares what is shown of dev with what it holds: that is the same
// wherever there is no secret, byte for byte.
func checkContents(t *testing.T, shown map[string]string) {
	t.Helper()
	items := shopItems(t, "dev")
	if diff := cmp.Diff(slices.Sorted(maps.Keys(items)), slices.Sorted(maps.Keys(shown))); diff != "" {
		t.Errorf("items (-want +got)\n%s", diff)
	}
	secrets := plantedSecrets(t)
	for key, content := range items {
		hasSecret := slices.ContainsFunc(secrets, func(s string) bool { return strings.Contains(content, s) })
		if same := shown[key] == content; same == hasSecret {
			t.Errorf("%s has a secret: %t; shown:\n%s", key, hasSecret, shown[key])
		}
	}
}

func TestConfigOfAFolderIsNotOfOneThatBeginsLikeIt(t *testing.T) {
	t.Parallel()
	dev := newFolder(t, shared.main)
	beside := kvHand{dev.Consul, strings.TrimSuffix(dev.folder, "/") + "2/"}
	dev.write(t, "order/app.yaml", "a: 1\n")
	beside.write(t, "order/other.yaml", "a: 2\n")
	for _, place := range []string{dev.url(), dev.url() + "/"} {
		if r := run(t, "config", "ls", "-o", "name", "-e", place); r != (result{Stdout: "order/app.yaml\n"}) {
			t.Errorf("config ls -e %s: %+v; want the one item", place, r)
		}
	}
	r := run(t, "config", "get", "order/other.yaml", "-e", dev.url())
	if r.Status != 3 || r.Stdout != "" || !strings.Contains(r.Stderr, "order/other.yaml: not found") {
		t.Errorf("config get of the folder beside: %+v; want 3", r)
	}
}

// shopQuestions are the commands that read configuration, asked of one place and,
// to compare, of a folder.
func shopQuestions(t *testing.T, place string) map[string][]string {
	t.Helper()
	return map[string][]string{
		"ls":   {"config", "ls", "-e", place},
		"get":  {"config", "get", "order/app.yaml", "-e", place},
		"path": {"config", "get", "order/app.yaml", "db.pool.max", "-e", place},
		"diff": {"config", "diff", place, shopCopy(t, "prod")},
		"more": {"config", "diff", shopCopy(t, "dev"), shopCopy(t, "prod"), place},
		"text": {"config", "diff", shopInGit(t, "dev"), place, "--text"},
		"lone": {"config", "diff", place, shopCopy(t, "prod"), "payment/*"},
		"rows": {"config", "diff", shopCopy(t, "prod"), place, shopCopy(t, "prod"), "payment/*"},
	}
}

func TestConfigOfADeadServerIsAnErrorAndNoDifference(t *testing.T) {
	t.Parallel()
	address := closed(t)
	for name, args := range shopQuestions(t, "consul://"+address+"/config/dev") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := run(t, args...)
			if r.Status != 3 || r.Stdout != "" || !strings.Contains(r.Stderr, address+": connection refused") || strings.Count(r.Stderr, "\n") != 2 {
				t.Errorf("govctl %s: %+v; want 3, one line and a hint", strings.Join(args, " "), r)
			}
		})
	}
}

func TestConfigIsInterruptedWhileAServerIsSilent(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"ls", "get", "path", "diff", "more", "text"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, taken := hanging(t)
			args := shopQuestions(t, "consul://"+address+"/config/dev")[name]
			cmd := command(t, nil, args...)
			var stdout bytes.Buffer
			cmd.Stdout = &stdout
			interruptWhen(t, cmd, func() error {
				if taken.Load() == 0 {
					return fmt.Errorf("%s did not connect", name)
				}
				return nil
			})
			if stdout.Len() > 0 {
				t.Errorf("printed %q", stdout.String())
			}
		})
	}
}

func TestConfigThatATokenMayNotReadIsSaidToBeWithheld(t *testing.T) {
	t.Parallel()
	dev, _ := shopFolders(t, shared.acl)
	for name, tt := range map[string]struct {
		rules  string
		status map[string]int
		says   string
	}{
		"all": {
			`key_prefix "` + dev.folder + `" { policy = "read" }`,
			map[string]int{"ls": 0, "get": 0, "path": 0, "diff": 1, "more": 1, "text": 0, "lone": 1, "rows": 1},
			"",
		},
		"one service": {
			`key_prefix "` + dev.folder + `order/" { policy = "read" }`,
			map[string]int{"ls": 4, "get": 4, "path": 4, "diff": 1, "more": 1, "text": 4, "lone": 4, "rows": 4},
			"withheld",
		},
		"nothing": {
			`key_prefix "elsewhere/" { policy = "read" }`,
			map[string]int{"ls": 4, "get": 3, "path": 3, "diff": 4, "more": 1, "text": 4, "lone": 4, "rows": 4},
			"withheld",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			token, err := dev.API.NewToken(t.Context(), unique("config-token"), tt.rules)
			if err != nil {
				t.Fatal(err)
			}
			for what, args := range shopQuestions(t, dev.url()) {
				r := runWith(t, []string{"CONSUL_HTTP_TOKEN=" + token}, args...)
				silentAbout(t, token, r)
				if what == "lone" && tt.says != "" && !strings.Contains(r.Stdout, "no difference in 0 items · ") {
					t.Errorf("%s: %s; want that nothing is compared", what, r.Stdout)
				}
				if said := strings.Contains(r.Stderr, "withheld"); r.Status != tt.status[what] || said != (tt.says != "") {
					t.Errorf("%s: %+v; want %d and %q", what, r, tt.status[what], tt.says)
				}
			}
		})
	}
}
