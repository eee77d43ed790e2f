package cmd_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"govctl/cmd"
)

// tab is somebody who presses TAB.
type tab struct {
	t          *testing.T
	dir, cache string
	at         time.Time
	vars       map[string]string
}

func newTab(t *testing.T) *tab {
	t.Helper()
	dir, err := filepath.Abs("testdata/mesh")
	if err != nil {
		t.Fatal(err)
	}
	return &tab{t: t, dir: dir, cache: filepath.Join(t.TempDir(), "cache"), at: now(), vars: map[string]string{}}
}

// press returns the words, and the number that tells the shell what to do with
// them, that line completes to; what stands behind its last blank is the word
// that is not finished. It fails where anything is said on stderr beside cobra's
// own line, which no script lets through.
func (p *tab) press(line string) string {
	p.t.Helper()
	var out, errOut bytes.Buffer
	status := cmd.Main(cmd.Env{
		Args: append([]string{"__complete"}, strings.Split(line, " ")...), Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errOut,
		Getenv: func(name string) string { return p.vars[name] },
		Now:    func() time.Time { return p.at },
		Dir:    p.dir, CacheDir: p.cache, ConfigDir: p.t.TempDir(), DataDir: p.t.TempDir(),
		Notify: context.WithCancel,
	})
	if said := errOut.String(); status != 0 || !strings.HasPrefix(said, "Completion ended with directive: ") || strings.Count(said, "\n") != 1 {
		p.t.Errorf("%s: status %d, stderr %q", line, status, said)
	}
	return strings.ReplaceAll(out.String(), p.dir, "DIR")
}

// counter is a Consul with these services, each with one passing and one critical
// instance, that counts how often it was asked to list them.
func counter(t *testing.T, services ...string) (url string, asked *atomic.Int32) {
	t.Helper()
	asked = new(atomic.Int32)
	type object = map[string]any
	checks, counts := []object{}, []object{{"Name": "consul", "InstanceCount": 1}}
	for _, s := range services {
		for i, status := range []string{"passing", "critical"} {
			id := fmt.Sprintf("%s-%d", s, i)
			checks = append(checks, object{"Node": "n", "CheckID": "service:" + id, "Status": status, "ServiceID": id, "ServiceName": s})
		}
		counts = append(counts, object{"Name": s, "InstanceCount": 2})
	}
	text := func(v any) []byte {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	checksText, countsText := text(checks), text(counts)
	addr := hostile(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/v1/health/state/any":
			asked.Add(1)
			_, _ = w.Write(checksText)
		case "/v1/internal/ui/services":
			_, _ = w.Write(countsText)
		default: // of Consul itself
			_, _ = io.WriteString(w, "[]")
		}
	})
	return "consul://" + addr, asked
}

func TestWordsAreCompleted(t *testing.T) {
	t.Parallel()
	const dev, prod = "dev\tlocal DIR/dev, the default\n", "prod\tlocal DIR/prod\n"
	for line, want := range map[string]string{
		"services ls ":                    "order\npayment\nuser\n:4\n",
		"services ls pay":                 "payment\n:4\n",
		"services instances order ":       "payment\nuser\n:4\n",
		"services probe nothing":          ":4\n",
		"services watch -e prod ":         "order\npayment\n:4\n",
		"services wait ":                  "order\npayment\nuser\n:4\n",
		"services wait order ":            ":4\n",
		"services get ord":                "order\n:6\n",
		"services get order":              "order\norder/order-1\tpassing v1\norder/order-2\twarning v2\n:6\n",
		"services get order/order-2":      "order/order-2\twarning v2\n:4\n",
		"services get order/order-1 ":     ":4\n",
		"services get -e none ord":        ":4\n",
		"services diff ":                  dev + prod + ":4\n",
		"services diff prod d":            dev + ":4\n",
		"services diff prod dev ":         "order\npayment\n:4\n",
		"env use ":                        dev + prod + ":4\n",
		"env rm p":                        prod + ":4\n",
		"env show prod ":                  ":4\n",
		"env add ":                        ":4\n",
		"init --out ":                     ":0\n",
		"services ls -e ":                 dev + prod + ":4\n",
		"--env=p":                         prod + ":4\n",
		"services ls --timeout ":          ":4\n",
		"services ls --config ":           ":0\n",
		"services probe --tls-ca ":        ":0\n",
		"completion z":                    "zsh\n:4\n",
		"services ls --config nowhere -e": "-e\tthe ENV to ask: a name of the settings, or a URL\n:4\n",
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(want, newTab(t).press(line)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestOneLineAsksTheRegistryOnce(t *testing.T) {
	t.Parallel()
	p := newTab(t)
	url, asked := counter(t, "order")
	want := "order\t2 instances: 1 passing 1 critical\n:4\n"
	for _, step := range []struct {
		after time.Duration
		asked int32
	}{{0, 1}, {9 * time.Second, 1}, {10 * time.Second, 2}, {9 * time.Second, 3}} { // the last one: the clock was set back
		p.at = now().Add(step.after)
		if got := p.press("services ls -e " + url + " "); got != want || asked.Load() != step.asked {
			t.Errorf("after %s: %q, asked %d times; want %q, %d", step.after, got, asked.Load(), want, step.asked)
		}
	}
	dir := filepath.Join(p.cache, "govctl", "completion")
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatalf("%v, %v; want one file", entries, err)
	}
	data, err := os.ReadFile(filepath.Join(dir, entries[0].Name()))
	wantFile := `{"at":"2026-01-02T03:04:14Z","offers":[{"name":"order","about":"2 instances: 1 passing 1 critical"}]}`
	if string(data) != wantFile || err != nil {
		t.Errorf("%s, %v; want %s", data, err, wantFile)
	}
	for path, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, entries[0].Name()): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; want %v", path, info.Mode(), err, want)
		}
	}
}

func TestWhatIsAskedElsewhereIsKeptApart(t *testing.T) {
	t.Parallel()
	p := newTab(t)
	url, asked := counter(t, "order")
	for i, flags := range []string{"", "--dc eu ", "--dc us ", "-n team "} {
		for range 2 {
			if got := p.press("services ls -e " + url + " " + flags); !strings.HasPrefix(got, "order\t") || asked.Load() != int32(i+1) {
				t.Errorf("%q: %q, asked %d times; want %d", flags, got, asked.Load(), i+1)
			}
		}
	}
}

// TestABadCacheIsNone plants what is no cache where the cache is.
func TestABadCacheIsNone(t *testing.T) {
	t.Parallel()
	const planted = `{"at":"2026-01-02T03:04:05Z","offers":[{"name":"planted"}]}`
	write := func(t *testing.T, path, text string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	for name, plant := range map[string]func(t *testing.T, p *tab, file string){
		"garbage":             func(t *testing.T, _ *tab, file string) { write(t, file, "{", 0o600) },
		"huge":                func(t *testing.T, _ *tab, file string) { write(t, file, planted+strings.Repeat(" ", 1<<20), 0o600) },
		"others may write it": func(t *testing.T, _ *tab, file string) { write(t, file, planted, 0o622) },
		"from the future": func(t *testing.T, _ *tab, file string) {
			write(t, file, strings.Replace(planted, "04:05", "04:06", 1), 0o600)
		},
		"a link to a file": func(t *testing.T, _ *tab, file string) { write(t, file+"-", planted, 0o600); link(t, file+"-", file) },
		"a folder":         func(t *testing.T, _ *tab, file string) { remove(t, file); mkdir(t, file) },
		"a link to a folder": func(t *testing.T, _ *tab, file string) {
			write(t, file, planted, 0o600)
			moveAndLink(t, filepath.Dir(file))
		},
		"others may write to the folder": func(t *testing.T, _ *tab, file string) {
			write(t, file, planted, 0o600)
			if err := os.Chmod(filepath.Dir(file), 0o777); err != nil {
				t.Fatal(err)
			}
		},
		"the folder is a file": func(t *testing.T, p *tab, _ string) { remove(t, p.cache); write(t, p.cache, "", 0o600) },
		"there is no folder":   func(_ *testing.T, p *tab, _ string) { p.cache = "" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newTab(t)
			url, asked := counter(t, "order")
			p.press("services ls -e " + url + " ")
			files, err := filepath.Glob(filepath.Join(p.cache, "govctl", "completion", "*"))
			if err != nil || len(files) != 1 {
				t.Fatalf("%v, %v", files, err)
			}
			plant(t, p, files[0])
			if got := p.press("services ls -e " + url + " "); !strings.HasPrefix(got, "order\t") || asked.Load() != 2 {
				t.Errorf("%q, asked %d times", got, asked.Load())
			}
		})
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
}

func mkdir(t *testing.T, path string) {
	t.Helper()
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
}

func link(t *testing.T, target, path string) {
	t.Helper()
	remove(t, path)
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
}

// moveAndLink puts a link to the folder dir in its place.
func moveAndLink(t *testing.T, dir string) {
	t.Helper()
	if err := os.Rename(dir, dir+"-"); err != nil {
		t.Fatal(err)
	}
	link(t, filepath.Base(dir)+"-", dir)
}

// TestOnlyPlainNamesAreOffered holds what stands on a command line that is about
// to be run: whoever may register a service chooses its name.
func TestOnlyPlainNamesAreOffered(t *testing.T) {
	t.Parallel()
	p := newTab(t)
	url, _ := counter(t, "team/größe-1.x:a@b+c,d", "$(touch x)", "$(touch${IFS}x)", "`x`", "a b", "a\nb", "a\tb", "a;b", "a|b", "a&b", "a>b",
		"-e", "\x1b[31m", "a\u202eb", "'a", `"a`, `a\b`, "a*", "a?", "[a]", "{a,b}", "~a", "#a", "=a", "!a", "%1", "_activeHelp_ x", "", ":0\n:1")
	want := "team/größe-1.x:a@b+c,d\t2 instances: 1 passing 1 critical\n:4\n"
	for range 2 { // from the registry, and from the cache
		if diff := cmp.Diff(want, p.press("services ls -e "+url+" ")); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}

func TestTooManyNamesAreNotOffered(t *testing.T) {
	t.Parallel()
	p := newTab(t)
	names := make([]string, 2_001)
	for i := range names {
		names[i] = fmt.Sprintf("s%04d", i)
	}
	url, asked := counter(t, names...)
	for typed, want := range map[string]string{"s": ":4\n", "s199": "10 names", "s2": "s2000\t2 instances: 1 passing 1 critical\n:4\n"} {
		got := p.press("services ls -e " + url + " " + typed)
		if n := strings.Count(got, "\t"); n > 1 {
			got = fmt.Sprintf("%d names", n)
		}
		if got != want {
			t.Errorf("%q completes to %q; want %q", typed, got, want)
		}
	}
	if asked.Load() != 3 {
		t.Errorf("asked %d times; want 3: so many names are not kept", asked.Load())
	}
}

// TestItemsAreCompleted also sees that a second TAB is answered by the cache, which
// holds names and no content.
func TestItemsAreCompleted(t *testing.T) {
	t.Parallel()
	p := newTab(t)
	p.dir = t.TempDir()
	for name, text := range map[string]string{
		"govctl.yaml":               "environments: {dev: {config: local://dev}, prod: {config: local://prod}}\ndefault: dev\n",
		"dev/config/order/app.yaml": "password: CANARY\n", "dev/config/order/b c.yaml": "", "dev/config/common.toml": "",
		"prod/config/order/only.yaml": "",
	} {
		path := filepath.Join(p.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const dev, prod = "common.toml\norder/app.yaml\n:4\n", "order/only.yaml\n:4\n"
	for _, c := range [][2]string{
		{"config get ", dev},
		{"config get ord", "order/app.yaml\n:4\n"},
		{"config get order/app.yaml ", ":4\n"},
		{"config ls common.toml ", "order/app.yaml\n:4\n"},
		{"config ls -e prod ", prod},
		{"config grep ", ":4\n"},
		{"config grep x ", dev},
		{"config diff dev ", "prod\n:4\n"},
		{"config diff prod dev ", prod},
	} {
		if got := p.press(c[0]); got != c[1] {
			t.Errorf("%q completes to %q; want %q", c[0], got, c[1])
		}
	}
	if err := os.RemoveAll(filepath.Join(p.dir, "dev")); err != nil {
		t.Fatal(err)
	}
	if got := p.press("config get "); got != dev {
		t.Errorf("from the cache: %q; want %q", got, dev)
	}
	err := filepath.WalkDir(p.cache, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if bytes.Contains(data, []byte("CANARY")) {
			t.Errorf("%s holds a secret", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestWhereNothingAnswersNothingIsSaid(t *testing.T) {
	t.Parallel()
	silentFor := hostile(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	denied := hostile(t, text(403, "", "Permission denied"))
	for name, p := range map[string]struct{ settings, words string }{
		"refused":            {"", "services get -e consul://127.0.0.1:1 "},
		"silent":             {"", "services get -e consul://" + silentFor + " "},
		"refused keys":       {"", "config get -e consul://127.0.0.1:1 "},
		"silent keys":        {"", "config get -e consul://" + silentFor + "/config/dev "},
		"no config":          {"environments: {a: {registry: local://a}}", "config get "},
		"denied":             {"", "services get -e consul://" + denied + " "},
		"no such folder":     {"", "services get -e local:///nowhere/at/all "},
		"no such system":     {"", "services get -e nonsense://x "},
		"a URL with a token": {"", "services get -e consul://127.0.0.1:1/?token=x "},
		"broken settings":    {"environments: {", "services get "},
		"unknown key":        {"nonsense: 1", "services diff "},
		"no environment":     {"timeout: 1s", "services diff "},
		"no default":         {"environments: {a: {registry: local://a}, b: {registry: local://b}}", "services get "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			press := newTab(t)
			if p.settings != "" {
				press.dir = t.TempDir()
				if err := os.WriteFile(filepath.Join(press.dir, "govctl.yaml"), []byte(p.settings), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			began := time.Now()
			if got := press.press(p.words); got != ":4\n" {
				t.Errorf("%q; want nothing", got)
			}
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("took %s", took)
			}
		})
	}
}

// TestPressingTabGivesNoSecretAway holds that no program is run for a credential,
// and that a file of the working directory sends none.
func TestPressingTabGivesNoSecretAway(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		auth, flags string
		want        string
	}{
		"a program's":    {"{token: {command: [touch, ran]}}", "--config govctl.yaml ", ":4\n"},
		"untrusted file": {"{token: {env: CANARY}}", "", ":4\n"},
		"named file":     {"{token: {env: CANARY}}", "--config govctl.yaml ", "order\t2 instances: 1 passing 1 critical\n:4\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newTab(t)
			p.dir, p.vars["CANARY"] = t.TempDir(), "tok-3f9a7c21"
			url, asked := counter(t, "order")
			file := fmt.Sprintf("environments: {dev: {registry: {url: %q, auth: %s}}}", url, c.auth)
			if err := os.WriteFile(filepath.Join(p.dir, "govctl.yaml"), []byte(file), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := p.press(c.flags + "services ls "); got != c.want || (asked.Load() > 0) != (c.want != ":4\n") {
				t.Errorf("%q, asked %d times; want %q", got, asked.Load(), c.want)
			}
			if _, err := os.Stat(filepath.Join(p.dir, "ran")); err == nil {
				t.Error("a program was run")
			}
			files, err := filepath.Glob(filepath.Join(p.cache, "*", "*", "*"))
			if err != nil || len(files) != strings.Count(c.want, "instances") {
				t.Errorf("the cache has %v, %v", files, err)
			}
			for _, file := range files {
				if data, err := os.ReadFile(file); err != nil || strings.Contains(string(data)+file, "3f9a7c21") {
					t.Errorf("%s: %s, %v", file, data, err)
				}
			}
		})
	}
}
