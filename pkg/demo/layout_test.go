package demo

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/registry"
)

func TestEnvironmentsDifferInVersionsAndCounts(t *testing.T) {
	t.Parallel()
	got := map[string][]string{}
	for _, name := range []string{"dev", "test", "prod", "anything else"} {
		all := []registry.Instance{}
		for _, s := range layout(name) {
			all = append(all, s.instance(name, ""))
		}
		for _, s := range registry.Summarize(all) {
			got[name] = append(got[name], fmt.Sprint(s.Service, s.Versions))
		}
	}
	dev := []string{"gateway[{v1 4}]", "inventory[{v1 2} {v2 2}]", "order[{v1 2} {v2 1}]", "payment[{v1 3}]", "user[{v1 2}]"}
	want := map[string][]string{
		"dev":           dev,
		"test":          {"gateway[{v1 2}]", "inventory[{v1 1} {v2 1}]", "order[{v1 1} {v2 1}]", "payment[{v1 2}]", "user[{v2 2}]"},
		"prod":          {"gateway[{v1 2}]", "inventory[{v1 3}]", "order[{v1 3}]", "payment[{v1 2}]", "user[{v1 3}]"},
		"anything else": dev,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestIDsAreTheSameInEveryRunAndDifferBetweenSeeds(t *testing.T) {
	t.Parallel()
	list := func(seed string) (out []string) {
		ids := newIDs(seed)
		for range 2 {
			out = append(out, ids.next("dev", order), ids.next("prod", order))
		}
		return out
	}
	if diff := cmp.Diff(list(""), list("")); diff != "" {
		t.Error(diff)
	}
	seen := map[string]bool{}
	for _, id := range append(list(""), list("other")...) {
		if seen[id] {
			t.Errorf("%s is there twice", id)
		}
		seen[id] = true
	}
}
