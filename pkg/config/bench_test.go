package config_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"govctl/pkg/config"
)

// manyKeys returns a document of n values in maps of ten, as both formats.
func manyKeys(n int) (asJSON, asYAML []byte) {
	var j, y strings.Builder
	j.WriteString("{")
	for i := range n / 10 {
		if i > 0 {
			j.WriteString(",")
		}
		fmt.Fprintf(&j, "\n  %q: {", fmt.Sprintf("service-%d", i))
		fmt.Fprintf(&y, "service-%d:\n", i)
		for k := range 10 {
			if k > 0 {
				j.WriteString(", ")
			}
			if k%2 == 0 {
				fmt.Fprintf(&j, `"limit-%d": %d`, k, i*k)
				fmt.Fprintf(&y, "  limit-%d: %d\n", k, i*k)
			} else {
				fmt.Fprintf(&j, `"name-%d": "value of %d"`, k, i)
				fmt.Fprintf(&y, "  name-%d: value of %d\n", k, i)
			}
		}
		j.WriteString("}")
	}
	j.WriteString("\n}\n")
	return []byte(j.String()), []byte(y.String())
}

// BenchmarkParse stands beside the decoders that a program without lossless
// values would use.
func BenchmarkParse(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		asJSON, asYAML := manyKeys(n)
		for _, c := range []struct {
			name    string
			content []byte
			parse   func([]byte) error
		}{
			{"JSON", asJSON, func(s []byte) error { _, err := config.Parse(s, config.JSON); return err }},
			{"JSON_by_encoding_json", asJSON, func(s []byte) error { var v map[string]any; return json.Unmarshal(s, &v) }},
			{"YAML", asYAML, func(s []byte) error { _, err := config.Parse(s, config.YAML); return err }},
			{"YAML_by_yaml_v3", asYAML, func(s []byte) error { var v any; return yaml.Unmarshal(s, &v) }},
		} {
			b.Run(fmt.Sprintf("%s/%d", c.name, n), func(b *testing.B) {
				b.SetBytes(int64(len(c.content)))
				b.ReportAllocs()
				for b.Loop() {
					if err := c.parse(c.content); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
