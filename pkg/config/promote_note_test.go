package config_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/config"
)

// again promotes what p left: B as it then is, with what was then agreed.
func again(a, b map[string]string, p *config.Promotion, o config.PromoteOptions) (*config.Promotion, config.PromoteOptions, map[string]string) {
	o.Agreed = noted(o.Agreed, slices.Concat(p.Agreements("test", keyed), p.Same("test", keyed)))
	b = after(b, p)
	return config.Promote(itemsFrom(a), itemsFrom(b), o), o, b
}

func yamlItem(text string) map[string]string { return map[string]string{"g/x.yaml": text} }

func TestWhatIsDecidedIsAgreedAndNothingElse(t *testing.T) {
	t.Parallel()
	a := yamlItem("up: 2\nconflict: {x: 2, y: 1}\nkept: 1\nother: 1\nnew: {n: 1}\nurl: a\n")
	b := yamlItem("up: 1\nconflict: {x: 3, y: 1}\nkept: 4\nother: 2\nurl: b\n")
	o := config.PromoteOptions{Sum: keyed, Expected: rules(t, config.Rule{Path: "url"}), Agreed: baseline(
		yamlItem("up: 1\nconflict: {x: 1, y: 1}\nkept: 1\nother: 1\n"), yamlItem("up: 1\nconflict: {x: 1, y: 1}\nkept: 1\nother: 2\n"))}
	p := config.Promote(itemsFrom(a), itemsFrom(b), o)
	p, o, b = again(a, b, p, o)
	if diff := cmp.Diff([]string{"g/x.yaml conflict.x conflict", "g/x.yaml kept kept", "g/x.yaml other accepted", "g/x.yaml url expected"}, fates(p)); diff != "" {
		t.Errorf("once what only A changed went up (-want +got)\n%s", diff)
	}
	if all := p.Agreements("test", keyed); len(all) > 0 {
		t.Errorf("nothing is decided, and %d items are agreed about", len(all))
	}
	p.Items[0].Points[0].Took = config.SideB
	p.Resolve()
	p, o, b = again(a, b, p, o)
	if diff := cmp.Diff([]string{"g/x.yaml conflict.x accepted", "g/x.yaml kept kept", "g/x.yaml other accepted", "g/x.yaml url expected"}, fates(p)); diff != "" {
		t.Errorf("once the conflict was decided for B (-want +got)\n%s", diff)
	}
	p.Take(config.SideB)
	p.Resolve()
	p, o, b = again(a, b, p, o)
	if diff := cmp.Diff([]string{"g/x.yaml conflict.x accepted", "g/x.yaml kept accepted", "g/x.yaml other accepted", "g/x.yaml url expected"}, fates(p)); diff != "" {
		t.Errorf("once B was taken (-want +got)\n%s", diff)
	}
	// What was taken back is B's own change.
	b["g/x.yaml"] = strings.Replace(b["g/x.yaml"], "up: 2", "up: 1", 1)
	p = config.Promote(itemsFrom(a), itemsFrom(b), o)
	if diff := cmp.Diff("g/x.yaml up kept", fates(p)[0]); diff != "" {
		t.Errorf("once it was rolled back (-want +got)\n%s", diff)
	}
}

func TestWhatNobodyDecidedStaysUnrelatedBesideWhatWas(t *testing.T) {
	t.Parallel()
	a, b := yamlItem("a: 1\nm: {x: 1, y: 1}\nsame: 1\n"), yamlItem("a: 2\nm: {x: 2, y: 1}\nsame: 1\n")
	o := config.PromoteOptions{Sum: keyed}
	p := config.Promote(itemsFrom(a), itemsFrom(b), o)
	p.Items[0].Points[0].Took = config.SideA
	p.Resolve()
	a["g/x.yaml"] = "a: 5\nm: {x: 1, y: 5}\nsame: 5\n"
	p, o, b = again(a, b, p, o)
	if diff := cmp.Diff([]string{"g/x.yaml a up !", "g/x.yaml m.x unrelated", "g/x.yaml m.y up !", "g/x.yaml same up !"}, fates(p)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	// What it is in is not agreed about, either: nobody decided for all of it.
	a["g/x.yaml"] = "a: 5\nsame: 5\n"
	o.Prune = true
	p = config.Promote(itemsFrom(a), itemsFrom(b), o)
	if diff := cmp.Diff([]string{"g/x.yaml a up !", "g/x.yaml same up !", "g/x.yaml m unrelated"}, fates(p)); diff != "" {
		t.Errorf("once m is gone from A (-want +got)\n%s", diff)
	}
}

func TestItemsThatAreTheSameAreAgreedAboutToo(t *testing.T) {
	t.Parallel()
	a := map[string]string{"g/same.yaml": "a: 1", "g/alike.yaml": "a: 1.0", "g/new.yaml": "a: 1"}
	b := map[string]string{"g/same.yaml": "a: 1", "g/alike.yaml": "a: 1 # b"}
	o := config.PromoteOptions{Sum: keyed}
	p := config.Promote(itemsFrom(a), itemsFrom(b), o)
	p, o, b = again(a, b, p, o)
	if all := p.Same("test", keyed); len(fates(p)) > 0 || len(all) > 0 {
		t.Errorf("%q are left, and %v is to be agreed about", fates(p), all)
	}
	for k := range a {
		a[k] = "a: 2"
	}
	p = config.Promote(itemsFrom(a), itemsFrom(b), o)
	if diff := cmp.Diff([]string{"g/alike.yaml a up !", "g/new.yaml a up !", "g/same.yaml a up !"}, fates(p)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestWhatIsAgreedHoldsNoContent(t *testing.T) {
	t.Parallel()
	a, b := yamlItem("canary-key: {canary-inner: canary-value}\n"), yamlItem("canary-key: {canary-inner: canary-other}\nlist: [canary-element]\n")
	p := config.Promote(itemsFrom(a), itemsFrom(b), config.PromoteOptions{})
	p.Take(config.SideB)
	p.Resolve()
	all := slices.Concat(p.Agreements("from", keyed), p.Baseline("from", keyed))
	if len(all) != 2 {
		t.Fatalf("%d agreements", len(all))
	}
	for _, one := range all {
		if text := string(one.Note); strings.Contains(text, "canary") || !strings.Contains(text, "g/x.yaml") {
			t.Errorf("it says %s", text)
		}
	}
}

func TestANoteThatCannotBeReadIsNone(t *testing.T) {
	t.Parallel()
	for _, note := range []string{"", "{", "null", "[]", `{"paths": null}`, `{"paths": {"x": ["a"]}, "unrelated": ["x"]}`} {
		o := config.PromoteOptions{Sum: keyed, Agreed: map[config.Key][]byte{{Group: "g", Name: "x.yaml"}: []byte(note)}}
		p := config.Promote(itemsFrom(yamlItem("a: 1")), itemsFrom(yamlItem("a: 2")), o)
		if got := fates(p); len(got) != 1 || strings.Contains(got[0], "!") {
			t.Errorf("%s: %q", note, got)
		}
	}
}

// FuzzPromote checks that nothing moves but what is told to, that what rules hold
// back stays, and that what was promoted is at rest.
func FuzzPromote(f *testing.F) {
	for _, tt := range promotions {
		f.Add(tt.thenA, tt.thenB, tt.a, tt.b, tt.prune)
	}
	f.Fuzz(func(t *testing.T, thenA, thenB, a, b string, prune bool) {
		o := config.PromoteOptions{Sum: keyed, Prune: prune, Expected: rules(t, config.Rule{Path: "**.url"})}
		o.Agreed = baseline(yamlItem(thenA), yamlItem(thenB))
		for _, take := range []config.Side{"", config.SideA, config.SideB} {
			p := config.Promote(itemsFrom(yamlItem(a)), itemsFrom(yamlItem(b)), o)
			if take != "" {
				p.Take(take)
				p.Resolve()
			}
			moved := checkMoves(t, p)
			if take == config.SideB && moved {
				t.Errorf("B was taken, and B changes")
			}
			q, _, _ := again(yamlItem(a), yamlItem(b), p, o)
			for i := range q.Items {
				for j := range q.Items[i].Points {
					if q.Items[i].Moves(j) || take == config.SideB && q.Items[i].Becomes(j) != config.Accepted && q.Items[i].Becomes(j) != config.Expected {
						t.Errorf("taken %q, and then\n%q\ncomes to\n%q", take, fates(p), fates(q))
					}
				}
			}
		}
	})
}

// checkMoves compares what p writes with what it says that it moves.
func checkMoves(t *testing.T, p *config.Promotion) (moved bool) {
	t.Helper()
	for i := range p.Items {
		item := &p.Items[i]
		if item.Change == nil {
			continue
		}
		moved = true
		if item.Whole || item.B == nil || item.Change.After == nil {
			continue
		}
		format, _ := config.Detect("", item.Name, item.B.Content)
		before, err := config.Parse(item.B.Content, format)
		if err != nil {
			t.Fatal(err)
		}
		now, err := config.Parse(item.Change.After, format)
		if err != nil {
			t.Fatalf("%v in %q", err, item.Change.After)
		}
		for _, c := range config.Diff(before, now, config.Options{}) {
			within := func(p config.Point) bool { return strings.HasPrefix(c.Path.String(), p.Path.String()) }
			at := slices.IndexFunc(item.Points, func(p config.Point) bool { return within(p) })
			if at < 0 || strings.HasSuffix(c.Path.String(), ".url") || c.Path.String() == "url" {
				t.Errorf("%s changes in\n%s\nwhich becomes\n%s\nwhere %q", c.Path, item.B.Content, item.Change.After, fates(p))
			}
		}
	}
	return moved
}
