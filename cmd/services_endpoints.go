package cmd

import (
	"slices"
	"strings"

	"govctl/internal/render"
	"govctl/pkg/registry"
)

// commonEndpoints returns the endpoints of all instances, each name once, sorted
// by name. Instances of one service nearly always have the same.
func commonEndpoints(found []registry.Instance) []registry.Endpoint {
	var all []registry.Endpoint
	for i := range found {
		for _, e := range found[i].Endpoints {
			if !slices.ContainsFunc(all, func(have registry.Endpoint) bool { return have.Name == e.Name }) {
				all = append(all, e)
			}
		}
	}
	slices.SortFunc(all, func(a, b registry.Endpoint) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// writeEndpoints writes the endpoints with their types, where there are any.
func writeEndpoints(p *render.Page, endpoints []registry.Endpoint) {
	if len(endpoints) == 0 {
		return
	}
	p.Section("Endpoints", func() {
		for _, e := range endpoints {
			text := typeText(e.Request) + " → " + typeText(e.Response)
			if e.Metadata["stream"] == "true" { // go-micro's mark of a stream
				text += " (stream)"
			}
			p.Field(e.Name, text, render.Plain)
		}
	})
}

// typeText returns a type with its fields: "HelloRequest{name string, tags []string}".
func typeText(v *registry.Value) string {
	if v == nil {
		return "-"
	}
	if len(v.Values) == 0 {
		return v.Type
	}
	fields := make([]string, 0, len(v.Values))
	for i := range v.Values {
		f := &v.Values[i]
		fields = append(fields, f.Name+" "+typeText(f))
	}
	return v.Type + "{" + strings.Join(fields, ", ") + "}"
}
