package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"govctl/pkg/config"
)

// suiteGroup is a schema of the JSON Schema Test Suite, and values to check.
type suiteGroup struct {
	File, Description string
	Schema            json.RawMessage
	Tests             []struct {
		Description string
		Data        json.RawMessage
		Valid       bool
	}
}

func TestSchemasMeanWhatTheStandardSays(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/schema/suite.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for line := range bytes.Lines(data) {
		var g suiteGroup
		if err := json.Unmarshal(line, &g); err != nil {
			t.Fatal(err)
		}
		s, err := config.NewSchema(g.Schema, config.JSON)
		if err != nil {
			t.Errorf("%s: %s: %v", g.File, g.Description, err)
			continue
		}
		for _, c := range g.Tests {
			if got := s.Validate(rooted(t, config.JSON, string(c.Data))); (len(got) == 0) != c.Valid {
				t.Errorf("%s: %s: %s: %v; want valid: %t", g.File, g.Description, c.Description, got, c.Valid)
			}
			checked++
		}
	}
	if checked < 900 {
		t.Errorf("only %d values were checked", checked)
	}
}

func rooted(t *testing.T, f config.Format, content string) *config.Node {
	t.Helper()
	n, err := config.Parse([]byte(content), f)
	if err != nil {
		t.Fatalf("%q: %v", content, err)
	}
	return n
}

func newSchema(t *testing.T, content string) *config.Schema {
	t.Helper()
	s, err := config.NewSchema([]byte(content), config.YAML)
	if err != nil {
		t.Fatalf("%s: %v", content, err)
	}
	return s
}

// TestASchemaRoundsNoNumber has what float64 gets wrong, and what would cost all
// memory to write out.
func TestASchemaRoundsNoNumber(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		schema, value string
		fits          bool
	}{
		{"maximum: 9007199254740992", "9007199254740993", false},
		{"maximum: 9007199254740993", "9007199254740993", true},
		{"minimum: 9007199254740993", "9007199254740992", false},
		{"exclusiveMinimum: 9007199254740992", "9007199254740993", true},
		{"exclusiveMaximum: 9007199254740993", "9007199254740992", true},
		{"const: 9007199254740993", "9007199254740992", false},
		{"const: 1.10", "1.1", true},
		{"enum: [9007199254740993]", "9007199254740992", false},
		{"enum: [1, 9007199254740993]", "9007199254740993.0", true},
		{"multipleOf: 2", "9007199254740993", false},
		{"multipleOf: 9007199254740993", "18014398509481986", true},
		{"multipleOf: 0.01", "19.99", true},
		{"multipleOf: 0.01", "19.999", false},
		{"multipleOf: 3", "1e999999999999", false},
		{"multipleOf: 2", "1e999999999999", true},
		{"uniqueItems: true", "[9007199254740993, 9007199254740992]", true},
		{"uniqueItems: true", "[1.0, 1]", false},
		{"type: integer", "1.0", true},
		{"type: integer", "1e400", true},
		{"type: integer", "1e-400", false},
		{"type: integer", "-0", true},
		{"minimum: 0", "-0", true},
		{"minimum: 0", "-1e-400", false},
		{"maximum: 1e400", "1e401", false},
		{"maximum: 1e1000000000", "1e999999999", true},
		{"minimum: -1e1000000000", "-1e1000000001", false},
		{"maximum: 1", "1e99999999999999999999", false},
		{"maximum: 255", "0xff", true},
		{"maximum: 255", "0x100", false},
		{"maximum: 1", ".inf", false},
		{"maximum: 1", "-.inf", true},
		{"maximum: 1", ".nan", false},
	} {
		t.Run(c.schema+" of "+c.value, func(t *testing.T) {
			t.Parallel()
			if got := newSchema(t, c.schema).Validate(rooted(t, config.YAML, c.value)); (len(got) == 0) != c.fits {
				t.Errorf("%+v; want it to fit: %t", got, c.fits)
			}
		})
	}
}

func TestAViolationHasItsPlaceAndNothingOfTheItem(t *testing.T) {
	t.Parallel()
	s := newSchema(t, `
required: [name, port]
properties:
  port: {type: integer, maximum: 65535}
  level: {enum: [debug, info]}
  password: {type: integer, const: hunter2}
  routes: {items: {$ref: "#/$defs/route"}}
additionalProperties: false
$defs:
  route:
    properties: {timeout: {type: string, minLength: 2, pattern: "^[0-9]+s$"}}
`)
	n := rooted(t, config.YAML, `port: "8080"
level: verbose
password: hunter3
routes:
- {timeout: 3s}
- timeout: x
extra: 1
`)
	place := func(path string) config.Path {
		p, err := config.ParsePath(path)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	want := []config.Violation{
		{Line: 1, Column: 1, Text: `lacks the key "name"`},
		{Path: place("port"), Line: 1, Column: 7, Text: "is string, and must be integer"},
		{Path: place("level"), Line: 2, Column: 8, Text: "is none of the values that are allowed", Allowed: `: "debug", "info"`},
		{Path: place("password"), Line: 3, Column: 11, Text: "is string, and must be integer"},
		{Path: place("password"), Line: 3, Column: 11, Text: "is not the one value that is allowed", Allowed: `: "hunter2"`},
		{Path: place("routes[1].timeout"), Line: 6, Column: 12, Text: "has 1 character, and must have 2 at least"},
		{Path: place("routes[1].timeout"), Line: 6, Column: 12, Text: "does not match the pattern", Allowed: ` "^[0-9]+s$"`},
		{Path: place("extra"), Line: 7, Column: 8, Text: "is not allowed here"},
	}
	if diff := cmp.Diff(want, s.Validate(n)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAPathOfPropertiesIsThatOfTheirKey(t *testing.T) {
	t.Parallel()
	s := newSchema(t, "{properties: {a.b: false}, patternProperties: {^c: false}, additionalProperties: false, propertyNames: {not: {const: d.e}}}")
	var got []string
	for _, v := range s.Validate(rooted(t, config.Properties, "a.b=1\nc.d=1\nd.e=1\n")) {
		got = append(got, v.Path.String())
	}
	if diff := cmp.Diff([]string{"a.b", "c.d", "d.e", "d.e"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestWhatIsNoSchemaIsRefusedWithItsPlaceAndNotQuoted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ schema, want string }{
		"a list":            {"[1]", "line 1, column 1: a schema is a map, true or false, not list"},
		"no YAML":           {"a: [s3cr3t", "line 1: this is not YAML: did not find expected ',' or ']'"},
		"twice":             {"s3cr3t: 1\ns3cr3t: 2", "line 2, column 1: a key is here twice"},
		"unknown type":      {"type: s3cr3t", "line 1, column 7: this type is not known: there are null, boolean, object, array, number, string, integer"},
		"draft 4":           {"$schema: http://json-schema.org/draft-04/schema#", "line 1, column 10: this $schema is not known: it is that of draft-06, draft-07, 2019-09 or 2020-12"},
		"bound of draft 4":  {"exclusiveMinimum: true", "line 1, column 19: this must be a number"},
		"below 0":           {"minLength: -1", "line 1, column 12: this must be a whole number, and not below 0"},
		"lookahead":         {"properties:\n  a: {pattern: '(?=s3cr3t)'}", "line 2, column 16: a pattern is an expression of RE2, which has no lookahead"},
		"remote":            {"$ref: https://s3cr3t.example.com/a.json", "line 1, column 7: this $ref leads to nothing in this file, and no other is read"},
		"another file":      {"$ref: s3cr3t.json#/a", "line 1, column 7: this $ref leads to nothing in this file, and no other is read"},
		"/etc/passwd":       {"$ref: file:///etc/passwd", "line 1, column 7: this $ref leads to nothing in this file, and no other is read"},
		"nowhere":           {"$ref: \"#/$defs/s3cr3t\"", "line 1, column 7: this $ref leads to nothing in this file, and no other is read"},
		"no schema there":   {"$ref: \"#/title\"\ntitle: s3cr3t", "line 2, column 8: a schema is a map, true or false, not text"},
		"itself":            {"$ref: \"#\"", "line 1, column 1: this schema refers to itself without end"},
		"itself, by others": {"anyOf: [{$ref: \"#/$defs/a\"}]\n$defs: {a: {not: {$ref: \"#\"}}}", "line 2, column 18: this schema refers to itself without end"},
		"unevaluated":       {"unevaluatedProperties: false", "line 1, column 24: $dynamicRef, $recursiveRef and unevaluated… are not supported: write what they stand for"},
		"id within":         {"$defs:\n  a: {$id: https://s3cr3t.example.com/}", "line 2, column 12: a schema within another has an $id of its own: only the first one may"},
		"empty":             {"", "line 1, column 1: a schema is a map, true or false, not null"},
		"deep":              {strings.Repeat("[", 2000), "line 1: this is not YAML: did not find expected node content"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := config.NewSchema([]byte(c.schema), config.YAML)
			if err == nil || s != nil || err.Error() != c.want {
				t.Errorf("%v; want %s", err, c.want)
			}
		})
	}
}

// hostileSchemas ask for more work than anybody would wait for.
func hostileSchemas() map[string][2]string {
	fan := grown("$ref: '#/$defs/a1'\n$defs:\n", 60, func(i int) string {
		return fmt.Sprintf("  a%d: {allOf: [{$ref: '#/$defs/a%d'}, {$ref: '#/$defs/a%d'}]}\n", i, i+1, i+1)
	}) + "  a61: true\n"
	return map[string][2]string{
		"references that fan out": {fan, "1"},
		"any of them":             {strings.ReplaceAll(fan, "allOf", "anyOf") + "  x: true\n", "1"},
		"one of them":             {strings.ReplaceAll(fan, "allOf", "oneOf"), "1"},
		"a chain of references": {grown("$ref: '#/$defs/a1'\n$defs:\n", 22_000, func(i int) string {
			return fmt.Sprintf("  a%d: {$ref: '#/$defs/a%d'}\n", i, i+1)
		}) + "  a22001: true\n", "1"},
		"one pattern a key": {grown("patternProperties:\n", 2_000, func(i int) string {
			return fmt.Sprintf("  ^k%d.*z$: true\n", i)
		}), grown("", 2_000, func(i int) string { return fmt.Sprintf("key%d: 1\n", i) })},
		"long texts in an enum": {
			"items: {enum: [" + strings.Repeat("aaaaaaaaaaaaaaaaaaaaaaaaaaaa,", 20_000) + "b]}",
			"[" + strings.Repeat("aaaaaaaaaaaaaaaaaaaaaaaaaaab,", 20_000) + "c]",
		},
		"digits": {"multipleOf: 1." + strings.Repeat("3", 900_000), "1." + strings.Repeat("7", 900_000)},
	}
}

func TestAHostileSchemaEndsInTime(t *testing.T) {
	t.Parallel()
	for name, c := range hostileSchemas() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := rooted(t, config.YAML, c[1])
			start := time.Now()
			got := newSchema(t, c[0]).Validate(n)
			if took := time.Since(start); took > time.Minute {
				t.Errorf("it took %v", took)
			}
			if name != "any of them" && len(got) == 0 {
				t.Error("no violation; want one that says that this cannot be checked")
			}
		})
	}
}

// FuzzSchema holds verdicts to those of another implementation, which rounds
// nothing either.
func FuzzSchema(f *testing.F) {
	for _, c := range [][2]string{
		{`{"type": ["integer", "null"], "minimum": 2}`, `1`},
		{`{"properties": {"a": {"$ref": "#/$defs/b"}}, "$defs": {"b": {"enum": [1, "x", [1.0]]}}, "required": ["a"]}`, `{"a": [1]}`},
		{`{"items": {"oneOf": [{"type": "string"}, {"minLength": 2}]}, "uniqueItems": true}`, `["a", "a", 1, 1.0]`},
		{`{"patternProperties": {"^a": {"multipleOf": 0.1}}, "additionalProperties": false, "minProperties": 1}`, `{"ab": 0.3, "b": 1}`},
		{`{"if": {"contains": {"const": 1}}, "then": {"maxItems": 2}, "else": {"not": {"prefixItems": [true, false]}}}`, `[1, 2, 3]`},
		{`{"dependentRequired": {"a": ["b"]}, "dependentSchemas": {"a": {"propertyNames": {"maxLength": 1}}}}`, `{"a": 1, "cc": 2}`},
	} {
		f.Add(c[0], c[1])
	}
	f.Fuzz(func(t *testing.T, schema, value string) {
		s, err := config.NewSchema([]byte(schema), config.JSON)
		if err != nil {
			return
		}
		n, err := config.Parse([]byte(value), config.JSON)
		if err != nil {
			return
		}
		want, ok := verdictOfAnother(schema, value)
		if got := s.Validate(n); ok && (len(got) == 0) != want {
			t.Errorf("%s of %s: %+v; want it to fit: %t", schema, value, got, want)
		}
	})
}

// verdictOfAnother asks another implementation; ok is false where it does not take
// the schema, or would compute without end.
func verdictOfAnother(schema, value string) (fits, ok bool) {
	if hasPower(schema) || hasPower(value) {
		return false, false
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(schema))
	if err != nil {
		return false, false
	}
	instance, err := jsonschema.UnmarshalJSON(strings.NewReader(value))
	if err != nil {
		return false, false
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("https://example.com/a.json", doc); err != nil {
		return false, false
	}
	s, err := c.Compile("https://example.com/a.json")
	if err != nil {
		return false, false
	}
	return s.Validate(instance) == nil, true
}

// hasPower tells of numbers with an exponent.
func hasPower(text string) bool {
	for i := 1; i < len(text); i++ {
		if (text[i] == 'e' || text[i] == 'E') && text[i-1] >= '0' && text[i-1] <= '9' {
			return true
		}
	}
	return false
}
