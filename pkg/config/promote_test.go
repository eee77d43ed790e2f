package config_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/config"
)

// keyed is a digest by the key of a test.
func keyed(content []byte) string {
	sum := sha256.Sum256(append([]byte("key"), content...))
	return hex.EncodeToString(sum[:])
}

// itemsFrom returns the items of a map, sorted.
func itemsFrom(texts map[string]string) []config.Item {
	var items []config.Item
	for name, text := range texts {
		key, err := config.ParseKey(name)
		if err != nil {
			panic(err)
		}
		items = append(items, config.Item{Key: key, Content: []byte(text), Revision: "1"})
	}
	slices.SortFunc(items, func(a, b config.Item) int { return a.Compare(b.Key) })
	return items
}

// noted returns what is kept of agreements.
func noted(before map[config.Key][]byte, agreements []config.Agreement) map[config.Key][]byte {
	now := maps.Clone(before)
	if now == nil {
		now = map[config.Key][]byte{}
	}
	for _, a := range agreements {
		now[a.Key] = a.Note
	}
	return now
}

// baseline returns what is agreed once a and b are accepted as they are.
func baseline(a, b map[string]string) map[config.Key][]byte {
	p := config.Promote(itemsFrom(a), itemsFrom(b), config.PromoteOptions{Sum: keyed})
	return noted(nil, p.Baseline("test", keyed))
}

// after returns what stands in b once p is applied.
func after(b map[string]string, p *config.Promotion) map[string]string {
	out := maps.Clone(b)
	for _, c := range p.Changes() {
		name := config.KeyOfChange(c.Name).String()
		if delete(out, name); c.After != nil {
			out[name] = string(c.After)
		}
	}
	return out
}

// fates tells p in lines: "item path fate", with ! where it moves.
func fates(p *config.Promotion) []string {
	var lines []string
	for i := range p.Items {
		item := &p.Items[i]
		for j, point := range item.Points {
			line := strings.Join(strings.Fields(fmt.Sprintf("%s %s %s", item.Key, point.Path, item.Becomes(j))), " ")
			if item.Moves(j) {
				line += " !"
			}
			lines = append(lines, line)
		}
	}
	return lines
}

const promotedYAML = `# prod
retry:   # attempts
  max: 3
db: {pool: {max: 20}, url: "mysql://prod"}
cache:
  ttl: 90s
`

// promotions are what A and B were when they were agreed, what they are, and what
// comes of it.
var promotions = map[string]struct {
	thenA, thenB, a, b string // of one item; "" for none
	name               string
	prune, partial     bool
	take               config.Side
	fates              []string
	b2                 string
}{
	"what only A changed goes up, and all else of B stays": {
		thenA: "retry: {max: 3}\ndb: {pool: {max: 10}, url: x}\ncache: {ttl: 30s}\n", thenB: promotedYAML,
		a: "retry: {max: 5}\ndb: {pool: {max: 10}, url: y}\ncache: {ttl: 30s}\n", b: promotedYAML,
		fates: []string{"retry.max up !", "db.pool.max accepted", "db.url expected", "cache.ttl accepted"},
		b2:    strings.Replace(promotedYAML, "max: 3", "max: 5", 1),
	},
	"what only B changed is kept": {
		thenA: "a: 1", thenB: "a: 1", a: "a: 1", b: "a: 2", fates: []string{"a kept"}, b2: "a: 2",
	},
	"what both changed is a conflict": {
		thenA: "a: 1", thenB: "a: 1", a: "a: 3", b: "a: 2", fates: []string{"a conflict"}, b2: "a: 2",
	},
	"what both changed alike is none": {
		thenA: "a: 1\nb: 1", thenB: "a: 1", a: "a: 2\nb: 1", b: "a: 2", fates: []string{"b accepted"}, b2: "a: 2",
	},
	"a conflict is decided for A":             {thenA: "a: 1", thenB: "a: 1", a: "a: 3", b: "a: 2 # x", take: config.SideA, fates: []string{"a up !"}, b2: "a: 3 # x"},
	"a conflict is decided for B":             {thenA: "a: 1", thenB: "a: 1", a: "a: 3", b: "a: 2", take: config.SideB, fates: []string{"a kept"}, b2: "a: 2"},
	"what was kept is taken":                  {thenA: "a: 1", thenB: "a: 1", a: "a: 1", b: "a: 2", take: config.SideA, fates: []string{"a up !"}, b2: "a: 1"},
	"what is expected is never taken":         {thenA: "url: 1", thenB: "url: 1", a: "url: 3", b: "url: 2", take: config.SideA, fates: []string{"url expected"}, b2: "url: 2"},
	"what is protected is never taken":        {thenA: "secret: {a: 1}", thenB: "secret: {a: 1}", a: "secret: {a: 3}", b: "secret: {a: 2}", take: config.SideA, fates: []string{"secret.a protected"}, b2: "secret: {a: 2}"},
	"nothing was agreed":                      {a: "a: 1\nb: 2", b: "a: 2", fates: []string{"a unrelated", "b unrelated"}, b2: "a: 2"},
	"nothing was agreed, and B is taken":      {a: "a: 1\nb: 2", b: "a: 2", take: config.SideB, fates: []string{"a kept", "b kept"}, b2: "a: 2"},
	"what is new in A":                        {thenA: "a: 1", thenB: "a: 1", a: "a: 1\nx:\n  z: 2\n", b: "a: 1\n", fates: []string{"x up !"}, b2: "a: 1\nx:\n  z: 2\n"},
	"what is new in A without what is held":   {thenA: "a: 1", thenB: "a: 1", a: "a: 1\nx:\n  z: 2\n  url: u\n", b: "a: 1\n", fates: []string{"x up !", "x.url expected"}, b2: "a: 1\nx:\n  z: 2\n"},
	"what is new in A and all held":           {thenA: "a: 1", thenB: "a: 1", a: "a: 1\nx:\n  url: u\n", b: "a: 1\n", fates: []string{"x.url expected"}, b2: "a: 1\n"},
	"what is new in B":                        {thenA: "a: 1", thenB: "a: 1", a: "a: 1", b: "a: 1\nx: 2", fates: []string{"x kept"}, b2: "a: 1\nx: 2"},
	"what is gone from A waits for prune":     {thenA: "a: 1\nb: 1", thenB: "a: 1\nb: 1", a: "a: 1", b: "a: 1\nb: 1", fates: []string{"b gone"}, b2: "a: 1\nb: 1"},
	"what is gone from A is pruned":           {thenA: "a: 1\nb: 1\n", thenB: "a: 1\nb: 1\n", a: "a: 1\n", b: "a: 1\nb: 1\n", prune: true, fates: []string{"b gone !"}, b2: "a: 1\n"},
	"what is gone from A is taken and waits":  {thenA: "a: 1\nb: 1", thenB: "a: 1\nb: 1", a: "a: 1", b: "a: 1\nb: 2", take: config.SideA, fates: []string{"b gone"}, b2: "a: 1\nb: 2"},
	"what is gone from A and changed in B":    {thenA: "a: 1\nb: 1", thenB: "a: 1\nb: 1", a: "a: 1", b: "a: 1\nb: 2", prune: true, fates: []string{"b conflict"}, b2: "a: 1\nb: 2"},
	"what is gone from A and partly held":     {thenA: "a: 1\nb: {url: 1, c: 2}", thenB: "a: 1\nb: {url: 1, c: 2}", a: "a: 1", b: "a: 1\nb: {url: 1, c: 2}", prune: true, fates: []string{"b expected"}, b2: "a: 1\nb: {url: 1, c: 2}"},
	"what is gone from B and changed in A":    {thenA: "a: 1\nb: 1", thenB: "a: 1\nb: 1", a: "a: 1\nb: 2", b: "a: 1", fates: []string{"b conflict"}, b2: "a: 1"},
	"elements by name":                        {thenA: "r: [{name: a, t: 1}, {name: b, t: 1}]", thenB: "r: [{name: b, t: 1}, {name: a, t: 1}]", a: "r: [{name: a, t: 2}, {name: b, t: 1}, {name: c, t: 3}]", b: "r: [{name: b, t: 1}, {name: a, t: 1}]", fates: []string{"r[name=a].t up !", "r[name=c] up !"}, b2: "r: [{name: b, t: 1}, {name: a, t: 2}, {name: c, t: 3}]"},
	"elements come and go":                    {thenA: "r: [{name: a}, {name: b}]", thenB: "r: [{name: a}, {name: b}]", a: "r: [{name: b}, {name: c}, {name: d}]", b: "r: [{name: a}, {name: b}]", prune: true, fates: []string{"r[name=c] up !", "r[name=d] up !", "r[name=a] gone !"}, b2: "r: [{name: b}, {name: c}, {name: d}]"},
	"a list without names is one value":       {thenA: "r: [1, 2]", thenB: "r: [1, 2]", a: "r: [1, 2, 3]", b: "r: [1, 2]", fates: []string{"r up !"}, b2: "r: [1, 2, 3]"},
	"such a list got shorter":                 {thenA: "r: [1, 2, 3, 4]", thenB: "r: [1, 2, 3, 4]", a: "r: [2, 4]", b: "r: # b\n  - 1 # one\n  - 2 # two\n  - 3\n  - 4 # four\n", fates: []string{"r up !"}, b2: "r: # b\n  - 2 # two\n  - 4 # four\n"},
	"such a list changed inside":              {thenA: "r: [{u: 1}, {u: 2}]", thenB: "r: [{u: 1}, {u: 2}]", a: "r: [{u: 1}, {u: 3}, {u: 4}]", b: "r: [{u: 1}, {u: 2}] # b", fates: []string{"r up !"}, b2: "r: [{u: 1}, {u: 3}, {u: 4}] # b"},
	"such a list is another one":              {thenA: "r: [1, 2]", thenB: "r: [1, 2]", a: "r: [0, 1, 2]", b: "r: [1, 2]", fates: []string{"r up !"}, b2: "r:\n  - 0\n  - 1\n  - 2"},
	"such lists changed on both sides":        {thenA: "r: [1, 2]", thenB: "r: [1, 2]", a: "r: [1, 2, 3]", b: "r: [0, 1, 2]", fates: []string{"r conflict"}, b2: "r: [0, 1, 2]"},
	"such a list that got names":              {thenA: "r: [{n: 1}, {n: 2}]", thenB: "r: [{n: 1}, {n: 2}]", a: "r: [{name: a}, {name: b}]", b: "r: [{name: a}]", fates: []string{"r[name=b] unrelated"}, b2: "r: [{name: a}]"},
	"a list in which a value is held":         {thenA: "r: [{url: 1}]", thenB: "r: [{url: 1}]", a: "r: [{url: 2}]", b: "r: [{url: 1}]", take: config.SideA, fates: []string{"r expected"}, b2: "r: [{url: 1}]"},
	"a value became a map":                    {thenA: "a: null", thenB: "a: null", a: "a: {b: 1}", b: "a: null", fates: []string{"a up !"}, b2: "a:\n  b: 1"},
	"a map with what is held became a value":  {thenA: "a: {url: 1}", thenB: "a: {url: 1}", a: "a: 5", b: "a: {url: 1}", take: config.SideA, fates: []string{"a expected"}, b2: "a: {url: 1}"},
	"roots of other kinds hold it, too":       {thenA: "a: 1", thenB: "url: 1", a: "[1]", b: "url: 1", take: config.SideA, fates: []string{"expected"}, b2: "url: 1"},
	"the same number in other words":          {thenA: "a: 1.10", thenB: "a: 1.10", a: "a: 1.1\nb: 1", b: "a: 1.10\nb: 2", fates: []string{"b conflict"}, b2: "a: 1.10\nb: 2"},
	"an alias cannot be changed alone":        {thenA: "x: &x 1\ny: *x\n", thenB: "x: &x 1\ny: *x\n", a: "x: &x 1\ny: 2\n", b: "x: &x 1\ny: *x # b\n", fates: []string{"y up !"}, b2: "x: &x 1\ny: 2 # b\n"},
	"what comes by a merge key cannot":        {thenA: "x: &x {k: 1, j: 1}\ny: {<<: *x}\n", thenB: "x: &x {k: 1, j: 1}\ny: {<<: *x}\n", a: "x: &x {k: 1}\ny: {<<: *x}\n", b: "x: &x {k: 1, j: 1}\ny: {<<: *x}\n", prune: true, fates: []string{"x.j unmerged", "y.j unmerged"}, b2: "x: &x {k: 1, j: 1}\ny: {<<: *x}\n"},
	"but all of it is taken":                  {thenA: "x: &x {k: 1, j: 1}\ny: {<<: *x}\n", thenB: "x: &x {k: 1, j: 1}\ny: {<<: *x}\n", a: "x: &x {k: 1}\ny: {<<: *x}\n", b: "x: &x {k: 1, j: 1}\ny: {<<: *x}\n", prune: true, take: config.SideA, fates: []string{"x.j gone !", "y.j gone !"}, b2: "x: &x {k: 1}\ny: {<<: *x}\n"},
	"a new item":                              {a: "a: 1\nurl: u # mine\nb: 2\n", fates: []string{"up !"}, b2: "a: 1\nb: 2\n"},
	"a new item that B removed":               {thenA: "a: 1", thenB: "a: 1", a: "a: 1", fates: []string{"kept"}},
	"an item that B removed and A changed":    {thenA: "a: 1", thenB: "a: 1", a: "a: 2", fates: []string{"conflict"}},
	"an item that A removed":                  {thenA: "a: 1", thenB: "a: 1", b: "a: 1", fates: []string{"gone"}, b2: "a: 1"},
	"an item that A removed, pruned":          {thenA: "a: 1", thenB: "a: 1", b: "a: 1", prune: true, fates: []string{"gone !"}},
	"an item that A may hide":                 {thenA: "a: 1", thenB: "a: 1", b: "a: 1", prune: true, partial: true, take: config.SideA, fates: []string{"unseen"}, b2: "a: 1"},
	"an item that B may hide":                 {thenA: "a: 1", thenB: "a: 1", a: "a: 2", partial: true, take: config.SideA, fates: []string{"unseen"}},
	"an item that only B ever had":            {b: "a: 1", prune: true, fates: []string{"unrelated"}, b2: "a: 1"},
	"an item that only B has is accepted":     {thenB: "a: 1", b: "a: 1", prune: true, fates: []string{"accepted"}, b2: "a: 1"},
	"an item that only A has is accepted":     {thenA: "a: 1", a: "a: 1", fates: []string{"accepted"}},
	"text goes up as a whole":                 {name: "g/x.txt", thenA: "a", thenB: "a", a: "b", b: "a", fates: []string{"up !"}, b2: "b"},
	"text that differs and was never agreed":  {name: "g/x.txt", a: "b", b: "a", fates: []string{"unrelated"}, b2: "a"},
	"what cannot be read moves only if taken": {thenA: "a: 1", thenB: "a: 1", a: "a: [", b: "a: 1", fates: []string{"unmerged"}, b2: "a: 1"},
	"nor then, as something may be held":      {thenA: "a: 1", thenB: "a: 1", a: "a: [", b: "a: 1", take: config.SideA, fates: []string{"unmerged"}, b2: "a: 1"},
	"another format moves only if taken":      {name: "g/x", thenA: `{"a": 1, "url": 1}`, thenB: `{"a": 1, "url": 1}`, a: "a: 2\nb: 3\nurl: 2\n", b: `{"a": 1, "url": 1}`, fates: []string{"unmerged"}, b2: `{"a": 1, "url": 1}`},
	"another format, without what is held":    {name: "g/x", thenA: `{"a": 1, "url": 1}`, thenB: `{"a": 1, "url": 1}`, a: "a: 2\nb: 3\nurl: 2\n", b: `{"a": 1, "url": 1}`, take: config.SideA, fates: []string{"up !"}, b2: "a: 2\nb: 3\nurl: 1\n"},
	"properties, and maps, with a value held": {name: "g/x", thenA: "a=1\nurl=1\n", thenB: "a: 1\nurl: 1\n", a: "a=2\nurl=2\n", b: "a: 1\nurl: 1\n", take: config.SideA, fates: []string{"unmerged"}, b2: "a: 1\nurl: 1\n"},
	"properties are changed in their places":  {name: "g/x.properties", thenA: "a.b=1\nc=1\n", thenB: "# p\na.b = 1\nc = 5\n", a: "a.b=2\nc=1\nd.e=3\n", b: "# p\na.b = 1\nc = 5\n", fates: []string{"a.b up !", "c accepted", "d.e up !"}, b2: "# p\na.b = 2\nc = 5\nd.e = 3\n"},
}

func TestAPromotionMovesWhatOnlyAChanged(t *testing.T) {
	t.Parallel()
	for name, tt := range promotions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tt.name == "" {
				tt.name = "g/x.yaml"
			}
			side := func(text string) map[string]string {
				if text == "" {
					return map[string]string{}
				}
				return map[string]string{tt.name: text}
			}
			o := config.PromoteOptions{Sum: keyed, Prune: tt.prune, PartialA: tt.partial, PartialB: tt.partial, Expected: rules(t, config.Rule{Path: "**.url"}), Protected: rules(t, config.Rule{Path: "secret"})}
			if tt.thenA+tt.thenB != "" {
				o.Agreed = baseline(side(tt.thenA), side(tt.thenB))
			}
			p := config.Promote(itemsFrom(side(tt.a)), itemsFrom(side(tt.b)), o)
			if tt.take != "" {
				p.Take(tt.take)
				p.Resolve()
			}
			var want []string
			for _, f := range tt.fates {
				want = append(want, tt.name+" "+f)
			}
			if diff := cmp.Diff(want, fates(p)); diff != "" {
				t.Errorf("fates (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(side(tt.b2), after(side(tt.b), p)); diff != "" {
				t.Errorf("B (-want +got)\n%s", diff)
			}
		})
	}
}
