package config_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"govctl/pkg/config"
)

// oneMiB returns a document of about 1 MiB in maps of ten values.
func oneMiB(f config.Format) []byte {
	const services = 4400
	if asJSON, asYAML := manyKeys(10 * services); f == config.JSON {
		return asJSON
	} else if f == config.YAML {
		return asYAML
	}
	var b strings.Builder
	for i := range services {
		if f == config.TOML {
			fmt.Fprintf(&b, "[service-%d]\n", i)
		}
		for k := range 10 {
			key := fmt.Sprintf("limit-%d", k)
			if f == config.Properties {
				key = fmt.Sprintf("service-%d.%s", i, key)
			}
			fmt.Fprintf(&b, "%s = %d\n", key, i*k)
		}
	}
	return []byte(b.String())
}

// someEdits returns n edits that change, add and remove in turn.
func someEdits(f config.Format, n int) []config.Edit {
	path := func(service, key string) config.Path {
		if f == config.Properties {
			return config.Path{{Key: service + "." + key}}
		}
		return config.Path{{Key: service}, {Key: key}}
	}
	edits := make([]config.Edit, 0, n)
	for i := range n {
		service := fmt.Sprintf("service-%d", i*4)
		value := &config.Node{Kind: config.Number, Text: "77"}
		switch i % 3 {
		case 0:
			edits = append(edits, config.Edit{Path: path(service, "limit-2"), Value: value})
		case 1:
			edits = append(edits, config.Edit{Path: path(service, "new"), Value: value})
		default:
			edits = append(edits, config.Edit{Path: path(service, "limit-4")})
		}
	}
	return edits
}

// TestAThousandEditsTakeAboutAsLongAsOne holds what is one pass: a document that was
// read again for each would take minutes.
func TestAThousandEditsTakeAboutAsLongAsOne(t *testing.T) {
	t.Parallel()
	var objects []string
	for i := range 20_000 {
		objects = append(objects, fmt.Sprintf(`{"name": "service-%d", "limit": %d}`, i, i))
	}
	list := "[" + strings.Join(objects, ", ") + "]"
	value := &config.Node{Kind: config.Number, Text: "77"}
	var heads, named, added []config.Edit
	for i := range 1000 {
		heads = append(heads, config.Edit{Path: config.Path{{List: true}}})
		named = append(named, config.Edit{Path: config.Path{{List: true, By: "name", Key: fmt.Sprintf("service-%d", 19_999-i)}, {Key: "limit"}}, Value: value})
		added = append(added, config.Edit{Path: config.Path{{Key: "new"}, {Key: fmt.Sprint("key-", i)}}, Value: value})
	}
	for _, c := range []struct {
		name    string
		format  config.Format
		content []byte
		edits   []config.Edit
	}{
		{"changed, added and removed", config.YAML, oneMiB(config.YAML), someEdits(config.YAML, 1000)},
		{"added to what is new", config.YAML, oneMiB(config.YAML), added},
		{"changed, added and removed", config.Properties, oneMiB(config.Properties), someEdits(config.Properties, 1000)},
		{"removed at the head", config.JSON, []byte(list), heads},
		{"by identity", config.JSON, []byte(list), named},
		{"removed at the head", config.YAML, []byte(list), heads},
		{"by identity", config.YAML, []byte(list), named},
	} {
		start := time.Now()
		if _, err := config.EditContent(c.content, c.format, c.edits...); err != nil {
			t.Errorf("%s, %s: %v", c.format, c.name, err)
		}
		took := time.Since(start)
		t.Logf("%s, %s: %d KiB took %v", c.format, c.name, len(c.content)>>10, took)
		if took > 20*time.Second {
			t.Errorf("%s, %s: 1,000 edits took %v", c.format, c.name, took)
		}
	}
}

// BenchmarkEdit changes a document of 1 MiB, beside reading it twice, which the
// proof costs in any case.
func BenchmarkEdit(b *testing.B) {
	for _, f := range []config.Format{config.YAML, config.JSON, config.TOML, config.Properties} {
		content := oneMiB(f)
		b.Run(string(f)+"/parse_twice", func(b *testing.B) {
			b.SetBytes(int64(len(content)))
			for b.Loop() {
				for range 2 {
					if _, err := config.Parse(content, f); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
		for _, n := range []int{1, 1000} {
			edits := someEdits(f, n)
			b.Run(fmt.Sprintf("%s/%d", f, n), func(b *testing.B) {
				b.SetBytes(int64(len(content)))
				for b.Loop() {
					if _, err := config.EditContent(content, f, edits...); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
