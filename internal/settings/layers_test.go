package settings_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"govctl/internal/settings"
)

func TestTheFirstLayersThatFitAServiceHold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("work/govctl.yaml", "environments: {dev: {registry: consul://a}}\n"+
		"layers:\n"+
		"  - {service: \"legacy-*\", consumer: spring, items: [\"{service}/*\", \"{service},{env}/*\"]}\n"+
		"  - service: order\n    items: [\"common/*\"]\n"+
		"  - {service: \"legacy-a\", consumer: go-micro, items: [x]}\n")
	s, err := settings.Load(w.inputs())
	if err != nil {
		t.Fatal(err)
	}
	type answer struct {
		Layers settings.Layers
		OK     bool
	}
	got := map[string]answer{}
	for _, service := range []string{"legacy-a", "legacy-a/b", "order", "user"} {
		l, ok := s.LayersOf(service)
		l.Pos.File = ""
		got[service] = answer{l, ok}
	}
	legacy := answer{settings.Layers{Service: "legacy-*", Consumer: "spring", Items: []string{"{service}/*", "{service},{env}/*"}, Pos: settings.Pos{Line: 3}}, true}
	want := map[string]answer{
		"legacy-a":   legacy,
		"legacy-a/b": legacy,
		"order":      {settings.Layers{Service: "order", Consumer: "merge", Items: []string{"common/*"}, Pos: settings.Pos{Line: 4}}, true},
		"user":       {},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
