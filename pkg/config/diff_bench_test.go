package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"govctl/pkg/config"
)

// walk is the least that a diff can be: numbers as the decoder makes them, lists
// compared as a whole, paths as texts, keys in no order.
func walk(a, b any, path string, changed *[]string) {
	mapA, okA := a.(map[string]any)
	mapB, okB := b.(map[string]any)
	if !okA || !okB {
		if !reflect.DeepEqual(a, b) {
			*changed = append(*changed, path)
		}
		return
	}
	for k, v := range mapA {
		if w, ok := mapB[k]; ok {
			walk(v, w, path+"."+k, changed)
		} else {
			*changed = append(*changed, path+"."+k)
		}
	}
	for k := range mapB {
		if _, ok := mapA[k]; !ok {
			*changed = append(*changed, path+"."+k)
		}
	}
}

// twoOf returns documents of n values of which every tenth differs.
func twoOf(n int) (jsons, yamls [2][]byte) {
	j, y := manyKeys(n)
	jsons = [2][]byte{j, bytes.ReplaceAll(j, []byte(`"name-9": "value`), []byte(`"name-9": "other`))}
	yamls = [2][]byte{y, bytes.ReplaceAll(y, []byte("name-9: value"), []byte("name-9: other"))}
	return jsons, yamls
}

func readAndWalk(b *testing.B, two [2][]byte, read func([]byte, any) error) int {
	b.Helper()
	var x, y any
	if err := read(two[0], &x); err != nil {
		b.Fatal(err)
	}
	if err := read(two[1], &y); err != nil {
		b.Fatal(err)
	}
	var changed []string
	walk(x, y, "", &changed)
	return len(changed)
}

func parseAndDiff(b *testing.B, two [2][]byte, f config.Format) int {
	b.Helper()
	x, err := config.Parse(two[0], f)
	if err != nil {
		b.Fatal(err)
	}
	y, err := config.Parse(two[1], f)
	if err != nil {
		b.Fatal(err)
	}
	return len(config.Diff(x, y, config.Options{}))
}

// BenchmarkDiff stands beside a minimal walk, both from bytes to changes.
func BenchmarkDiff(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		jsons, yamls := twoOf(n)
		for _, c := range []struct {
			name string
			run  func(b *testing.B) int
		}{
			{"JSON", func(b *testing.B) int { b.Helper(); return parseAndDiff(b, jsons, config.JSON) }},
			{"JSON_walk", func(b *testing.B) int { b.Helper(); return readAndWalk(b, jsons, json.Unmarshal) }},
			{"YAML", func(b *testing.B) int { b.Helper(); return parseAndDiff(b, yamls, config.YAML) }},
			{"YAML_walk", func(b *testing.B) int { b.Helper(); return readAndWalk(b, yamls, yaml.Unmarshal) }},
		} {
			b.Run(fmt.Sprintf("%s/%d", c.name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if got := c.run(b); got != n/10 {
						b.Fatalf("%d changes, want %d", got, n/10)
					}
				}
			})
		}
	}
}

// BenchmarkDiffOfTrees is the part of it that is not Parse, for maps and for the
// three ways in which lists are matched.
func BenchmarkDiffOfTrees(b *testing.B) {
	jsons, _ := twoOf(100_000)
	list := func(element string, from, to int) []byte {
		var s strings.Builder
		for i := from; i < to; i++ {
			fmt.Fprintf(&s, ","+element, i)
		}
		return []byte("[" + s.String()[1:] + "]")
	}
	for _, c := range []struct {
		name string
		two  [2][]byte
		o    config.Options
		want int
	}{
		{"maps", jsons, config.Options{}, 10_000},
		{"by_identity", [2][]byte{list(`{"name":"n%d","port":80}`, 0, 100_000), list(`{"name":"n%d","port":80}`, 1, 100_001)}, config.Options{}, 2},
		{"by_position", [2][]byte{list("%d", 0, 100_000), list("%d", 1, 100_001)}, config.Options{}, 2},
		{"in_any_order", [2][]byte{list("%d", 0, 100_000), list("%d", 1, 100_001)}, config.Options{IgnoreOrder: true}, 1},
	} {
		x, err := config.Parse(c.two[0], config.JSON)
		if err != nil {
			b.Fatal(err)
		}
		y, err := config.Parse(c.two[1], config.JSON)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if got := len(config.Diff(x, y, c.o)); got != c.want {
					b.Fatalf("%d changes, want %d", got, c.want)
				}
			}
		})
	}
}
