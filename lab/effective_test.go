package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-micro/plugins/v4/config/source/consul"
	"github.com/google/go-cmp/cmp"
	microconfig "go-micro.dev/v4/config"
	"go-micro.dev/v4/config/source"
	"govctl/pkg/config"

	"govctl/lab/server"
)

// errPanics is what held returns where go-micro panics.
var errPanics = errors.New("it panics")

// held returns what a go-micro service holds that reads its configuration from
// sources, and why it does not.
func held(sources ...source.Source) (values map[string]any, err error) {
	defer func() {
		if recover() != nil {
			values, err = nil, errPanics
		}
	}()
	options := []microconfig.Option{microconfig.WithWatcherDisabled()}
	for _, s := range sources {
		options = append(options, microconfig.WithSource(s))
	}
	c, err := microconfig.NewConfig(options...)
	if err != nil {
		return nil, err
	}
	return c.Map(), nil
}

// microSource is go-micro's source of a prefix, which it strips.
func microSource(c *server.Consul, prefix string) source.Source {
	return consul.NewSource(consul.WithAddress(c.Address), consul.WithPrefix(prefix), consul.StripPrefix(true))
}

// document is what `config effective -o json` says, put together.
func document(t *testing.T, stdout string) map[string]any {
	t.Helper()
	var rows []struct {
		Path  string `json:"path"`
		Value any    `json:"value"`
	}
	d := json.NewDecoder(strings.NewReader(stdout))
	d.UseNumber()
	if err := d.Decode(&rows); err != nil {
		t.Fatalf("%v in %s", err, stdout)
	}
	root := map[string]any{}
	for _, r := range rows {
		path, err := config.ParsePath(r.Path)
		if err != nil {
			t.Fatalf("%s: %v", r.Path, err)
		}
		at := root
		for _, s := range path[:len(path)-1] {
			if at[s.Key] == nil {
				at[s.Key] = map[string]any{}
			}
			at = at[s.Key].(map[string]any)
		}
		at[path[len(path)-1].Key] = r.Value
	}
	return root
}

// microTree is a configuration as go-micro's source wants it, with what it holds
// otherwise than it is written.
func microTree() map[string]string {
	return map[string]string{
		"database":               `{"address": "10.0.0.1", "port": 3306, "pool": {"max": 10, "min": 0}, "debug": false, "schema": "", "tags": ["a", "b"], "none": null, "void": {}}`,
		"database/pool":          `{"idle": 2.50}`,
		"database/replicas":      `[{"address": "10.0.0.2", "weight": 1e2}, {}]`,
		"cache":                  `{"größe": 9007199254740993, "limit": 1e21, "名前": "<é> & \u2028", "a.b": 1, "": 2, "twice": 1, "twice": 2}`,
		"cache/empty":            "",
		"features/beta/checkout": `{"on": true}`,
		"features/list":          `[]`,
		"nothing":                `null`,
		"latin1":                 "{\"name\": \"\xe9\"}",
	}
}

func TestWhatEffectiveSaysIsWhatAGoMicroServiceHolds(t *testing.T) {
	t.Parallel()
	c := startAgent(t, server.Options{Node: "effective"})
	h := kvHand{c, ""}
	for key, content := range microTree() {
		h.write(t, "micro/config/"+key, content)
	}
	h.write(t, "micro/other", "not below the prefix")
	want, err := held(microSource(c, consul.DefaultPrefix))
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{"", "/micro", "/micro/config"} {
		got := run(t, "config", "effective", "any", "-e", c.URL()+folder, "-o", "json")
		if got.Status != 0 || !strings.HasPrefix(got.Stderr, "layers by what the store holds (go-micro), ") {
			t.Errorf("%q: status %d, stderr %s", folder, got.Status, got.Stderr)
		}
		if diff := cmp.Diff(want, document(t, got.Stdout)); diff != "" {
			t.Errorf("%q (-held +said)\n%s", folder, diff)
		}
	}
	whole, err := held(consul.NewSource(consul.WithAddress(c.Address)))
	if diff := cmp.Diff(map[string]any{"micro": map[string]any{"config": want}}, whole); err != nil || diff != "" {
		t.Errorf("a source that keeps its prefix: %v (-stripped +held)\n%s", err, diff)
	}
}

func TestOneWrongItemTakesAllFromAGoMicroService(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ key, content, why string }{
		"a number":   {"order/port", "8080", "order/port: this is a number, not an object or a list"},
		"YAML":       {"order/app.yaml", "a: 1", "order/app.yaml: line 1, column 1: this is not JSON: "},
		"too large":  {"order/n", `{"n": 1e999}`, "order/n: this holds a number that is too large"},
		"in the way": {"order/db/max/x", "{}", "order/db/max/x: it lies below a value that is no object, and the source panics"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newFolder(t, shared.main)
			h.write(t, "order/db", `{"max": 1}`)
			settings := microLayers(t, h, "order/*")
			if got := run(t, "config", "effective", "order", "--config", settings); got.Status != 0 {
				t.Errorf("before it is there: %+v", got)
			}
			h.write(t, c.key, c.content)
			if values, err := held(microSource(h.Consul, h.folder+"order/")); err == nil {
				t.Errorf("go-micro holds %v", values)
			}
			got := run(t, "config", "effective", "order", "--config", settings)
			if got.Status != 3 || got.Stdout != "" || !strings.Contains(got.Stderr, "go-micro cannot read any of it: "+c.why) {
				t.Errorf("%+v", got)
			}
		})
	}
}

// microLayers writes settings by which a service reads the folder of h as go-micro
// does, by patterns.
func microLayers(t *testing.T, h kvHand, patterns ...string) (path string) {
	t.Helper()
	items, err := json.Marshal(patterns)
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "govctl.yaml")
	writeFile(t, path, fmt.Sprintf("environments: {dev: {config: %q}}\nlayers: [{consumer: go-micro, items: %s}]\n", h.url(), items))
	return path
}

func TestSourcesMergeAsGoMicroMergesThem(t *testing.T) {
	t.Parallel()
	h := newFolder(t, shared.main)
	random := rand.New(rand.NewPCG(1, 2))
	refused := 0
	const rounds = 60
	for round := range rounds {
		r := kvHand{h.Consul, fmt.Sprintf("%s%d/", h.folder, round)}
		var written []string
		for _, source := range []string{"common", "order"} {
			for _, key := range []string{"a", "a/b", "b/a", "b/a/c", "c"} {
				if content := randomItem(random); random.IntN(3) > 0 || key == "c" {
					written = append(written, fmt.Sprintf("%s/%s=%s", source, key, content))
					r.write(t, source+"/"+key, content)
				}
			}
		}
		want, err := held(microSource(r.Consul, r.folder+"common/"), microSource(r.Consul, r.folder+"order/"))
		got := run(t, "config", "effective", "order", "-o", "json", "--config", microLayers(t, r, "common/*", "order/*"))
		if err != nil {
			refused++
			if got.Status != 3 {
				t.Errorf("round %d: held: %v; said: %+v\n%q", round, err, got, written)
			}
			continue
		}
		if got.Status != 0 {
			t.Errorf("round %d: %+v\n%q", round, got, written)
		} else if diff := cmp.Diff(want, document(t, got.Stdout)); diff != "" {
			t.Errorf("round %d (-held +said)\n%s%q", round, diff, written)
		}
	}
	if refused == 0 || refused > rounds/2 {
		t.Errorf("%d of %d rounds were refused: the trees prove too little", refused, rounds)
	}
}

// randomItem is an object, at times empty or a list.
func randomItem(r *rand.Rand) string {
	switch r.IntN(12) {
	case 0:
		return ""
	case 1:
		return `[{"a": 1}, 2]`
	}
	return randomObject(r, 0)
}

func randomObject(r *rand.Rand, depth int) string {
	var members []string
	for _, key := range []string{"a", "b", "c", "d"} {
		if r.IntN(2) == 0 {
			continue
		}
		value := []string{`0`, `-0.0`, `7`, `""`, `"x"`, `true`, `false`, `null`, `[]`, `[1]`, `{}`}[r.IntN(11)]
		if depth < 2 && r.IntN(2) == 0 {
			value = randomObject(r, depth+1)
		}
		members = append(members, fmt.Sprintf("%q: %s", key, value))
	}
	return "{" + strings.Join(members, ", ") + "}"
}
