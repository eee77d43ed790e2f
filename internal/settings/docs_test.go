package settings_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"govctl/internal/settings"
)

const schemaFile = "../../docs/govctl.schema.json"

func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	s, err := jsonschema.NewCompiler().Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// accepts reports whether the schema takes a file; no YAML is an error.
func accepts(s *jsonschema.Schema, text string) (bool, error) {
	var v any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		return false, err
	}
	return s.Validate(stringKeys(v)) == nil, nil
}

// stringKeys makes a JSON value of what yaml decodes.
func stringKeys(v any) any {
	switch v := v.(type) {
	case map[any]any:
		out := map[string]any{}
		for k, value := range v {
			out[fmt.Sprint(k)] = stringKeys(value)
		}
		return out
	case map[string]any:
		for k, value := range v {
			v[k] = stringKeys(value)
		}
	case []any:
		for i := range v {
			v[i] = stringKeys(v[i])
		}
	}
	return v
}

// TestTheSchemaRefusesWhatTheParserDoes holds both to the same table. What no
// schema can say is listed, so that nothing gets into that list unseen.
func TestTheSchemaRefusesWhatTheParserDoes(t *testing.T) {
	t.Parallel()
	s := schema(t)
	beyond := []string{
		"two documents",                   // yaml reads the first one
		"merge environment",               // the value is the merged one
		"zero timeout", "unknown default", // of a number's size, and of another value
		"bad port",     // as above
		"home unknown", // of the machine
		"leak: escaped",
		"layers of no glob", "schemas of no glob", "layers with no such hole",
	}
	files := map[string]string{}
	for name, c := range mistakes() {
		files[name] = c.yaml
	}
	for name, c := range leaks() {
		files["leak: "+name] = "environments:\n  dev:\n    registry: " + c.backend + "\n"
	}
	var taken []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if ok, err := accepts(s, files[name]); ok && err == nil {
			taken = append(taken, name)
		}
	}
	slices.Sort(beyond)
	if diff := cmp.Diff(beyond, taken); diff != "" {
		t.Errorf("taken by the schema though wrong (-listed +taken):\n%s", diff)
	}
}

// TestTheExamplesOfTheDocsHold loads each YAML block of the documentation.
func TestTheExamplesOfTheDocsHold(t *testing.T) {
	t.Parallel()
	s := schema(t)
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, page := range append(pages, "../../README.md") {
		data, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range yamlBlocks(string(data)) {
			if !strings.Contains(block, "environments:") { // another file than govctl.yaml
				continue
			}
			seen++
			w := newWorld(t)
			w.vars["HOME"] = "/home/me"
			w.write("work/govctl.yaml", block)
			if _, err := settings.Load(w.inputs()); err != nil {
				t.Errorf("%s: %v in\n%s", page, err, block)
			}
			if ok, err := accepts(s, block); !ok || err != nil {
				t.Errorf("%s: the schema refuses (%v)\n%s", page, err, block)
			}
		}
	}
	if seen < 4 {
		t.Errorf("only %d examples were found", seen)
	}
}

func yamlBlocks(text string) []string {
	var out []string
	for {
		_, rest, ok := strings.Cut(text, "```yaml\n")
		if !ok {
			return out
		}
		block, after, _ := strings.Cut(rest, "```")
		out, text = append(out, block), after
	}
}

// TestTheSchemaHasTheKeysOfTheParser asks the parser for its keys by a wrong one
// on each level: the hint lists those there are.
func TestTheSchemaHasTheKeysOfTheParser(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/settings.md")
	if err != nil {
		t.Fatal(err)
	}
	for path, file := range map[string]string{
		"properties":                    "zzz: 1",
		"$defs.layers.properties":       "layers: [{zzz: 1}]",
		"$defs.itemSchema.properties":   "schemas: [{zzz: 1}]",
		"$defs.rule.properties":         "ignore: [{zzz: 1}]",
		"$defs.environment.properties":  "environments: {x: {zzz: 1}}",
		"$defs.backend.then.properties": "environments: {x: {registry: {zzz: 1}}}",
		"$defs.auth.properties":         "environments: {x: {registry: {url: consul://a, auth: {zzz: 1}}}}",
		"$defs.secret.properties":       "environments: {x: {registry: {url: consul://a, auth: {token: {zzz: 1}}}}}",
		"$defs.tls.properties":          "environments: {x: {registry: {url: consul://a, tls: {zzz: 1}}}}",
	} {
		_, listed, _ := strings.Cut(mistakeOf(t, file), " has ")
		parser := strings.Split(listed, ", ")
		slices.Sort(parser)
		inSchema := keysOfSchema(t, path)
		if diff := cmp.Diff(parser, inSchema); diff != "" {
			t.Errorf("%s: -parser +schema:\n%s", path, diff)
		}
		for _, key := range inSchema {
			if !strings.Contains(string(page), "`"+key+"`") {
				t.Errorf("docs/settings.md does not mention `%s`", key)
			}
		}
	}
}

// keysOfSchema returns the keys of the object at a path of the schema, sorted.
func keysOfSchema(t *testing.T, path string) []string {
	t.Helper()
	data, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	for key := range strings.SplitSeq(path, ".") {
		object, ok := v.(map[string]any)
		if !ok {
			t.Fatalf("%s is not in the schema", path)
		}
		v = object[key]
	}
	object, ok := v.(map[string]any)
	if !ok {
		t.Fatalf("%s is not in the schema", path)
	}
	return slices.Sorted(maps.Keys(object))
}

// TestTheSchemaKnowsTheSystemsOfTheParser takes them from the hint about an
// unknown one.
func TestTheSchemaKnowsTheSystemsOfTheParser(t *testing.T) {
	t.Parallel()
	s := schema(t)
	_, listed, _ := strings.Cut(mistakeOf(t, "environments: {x: {registry: \"zzzzzz://a\"}}"), "it is one of ")
	systems := strings.Split(listed, ", ")
	if len(systems) < 10 {
		t.Fatalf("the parser knows only %q", systems)
	}
	for _, system := range systems {
		urls := []string{system + "://a"}
		if system != "local" {
			urls = append(urls, system+"+https://a:1,[::1]:2/x?y=z")
		}
		for _, u := range urls {
			if ok, err := accepts(s, "environments: {x: {registry: \""+u+"\"}}"); !ok || err != nil {
				t.Errorf("the schema refuses %s: %v", u, err)
			}
		}
	}
}
