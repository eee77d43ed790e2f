package config

import (
	"context"
	"slices"
	"strconv"
	"strings"
)

// scopes tells which items are read together.
type scopes []string

// scopesOf returns the patterns of readings that name a service.
func scopesOf(readings []Reading) scopes {
	s := scopes{}
	for _, r := range readings {
		for _, p := range r.Patterns {
			if strings.Contains(p, "{service}") {
				s = append(s, p)
			}
		}
	}
	return s
}

// sharedScope is that of items which every service may read.
const sharedScope = ""

// of returns the service that alone reads an item, or sharedScope.
func (s scopes) of(k Key) string {
	switch k.Group {
	case NoGroup, "common", "application", "shared":
		return sharedScope
	}
	text := k.String()
	for _, p := range s {
		before, _, _ := strings.Cut(p, "{service}")
		rest, ok := strings.CutPrefix(text, before)
		if !ok {
			continue
		}
		end := strings.IndexAny(rest, "/,")
		if end < 0 {
			continue
		}
		if name := rest[:end]; name != "application" && name != "common" {
			return name
		}
	}
	return sharedScope
}

// holder is a value with placeholders.
type holder struct {
	key          Key
	scope        string
	line, column int
	path         Path   // as much as is shown of it
	at           []int  // the same by positions
	name         string // as it is looked for
	masked       string // what is shown of the value, where a finding may need it
	placeholders []reference
}

// reference is a placeholder of a holder that names a value of the configuration.
type reference struct {
	Placeholder
	name string // as it is looked for
	own  bool   // found in the same item
}

// placeholders looks at those of a text.
func (k *checked) placeholders(n *Node) {
	all, unclosed, _ := Placeholders(n.Text)
	if unclosed {
		k.warn(Unclosed, n, func() string { return "a placeholder begins with ${ and has no end" })
	}
	var references []reference
	for _, p := range all {
		switch variable := p.Kind == Variable || k.byGoMicro; {
		case variable && !p.Default:
			k.c.variables++
		case p.Kind == Reference && !variable:
			references = append(references, reference{Placeholder: p, name: loose(p.Name)})
		}
	}
	switch count := len(k.c.holders) - k.first; {
	case len(references) == 0 || count > maxHolders:
		return
	case count == maxHolders:
		k.find(Unresolved, k.path, n, "from here on placeholders are not checked: there are too many")
	}
	h := holder{
		key: k.Key, scope: k.c.scopes.of(k.Key), line: n.Line, column: n.Column, placeholders: references,
		path: slices.Clone(k.path[:min(len(k.path), longPath+1)]), at: slices.Clone(k.at),
	}
	name, ok := []byte(nil), true
	for i := 0; ok && i < len(k.path); i++ {
		name, ok = appendLoose(name, k.path[i])
	}
	h.name = string(name)
	k.c.holders = append(k.c.holders, h)
}

// loose returns a name as it is looked for: Spring takes maxOpen, max-open and
// MAX_OPEN for the same.
func loose(name string) string { return strings.ToLower(separators.Replace(name)) }

var separators = strings.NewReplacer("-", "", "_", "")

// appendLoose appends a step to the loose name of what it leads away from; false
// where that is a name that is not looked for.
func appendLoose(name []byte, s Step) ([]byte, bool) {
	switch {
	case len(s.Key)+len(name) > longName:
		return nil, false
	case s.List:
		name = strconv.AppendInt(append(name, '['), int64(s.Index), 10)
		return append(name, ']'), true
	case len(name) > 0:
		name = append(name, '.')
	}
	return append(name, loose(s.Key)...), true
}

// longName is from how many bytes on a name is looked for no more.
const longName = 1000

// names calls do with the loose name of each value below n, which has one itself.
// The name is do's only until it returns.
func names(name []byte, n *Node, do func(name []byte)) {
	for i := range n.Nodes {
		step := Step{List: true, Index: i}
		if n.Kind == Map {
			step = Step{Key: n.Keys[i]}
		}
		if below, ok := appendLoose(name, step); ok {
			do(below)
			names(below, &n.Nodes[i], do)
		}
	}
}

// own notes which placeholders of the item name values in it.
func (k *checked) own() {
	mine := k.c.holders[k.first:]
	if len(mine) == 0 {
		return
	}
	wanted := map[string]bool{}
	for i := range mine {
		for _, r := range mine[i].placeholders {
			wanted[r.name] = false
		}
	}
	names(nil, k.root, func(name []byte) {
		if _, ok := wanted[string(name)]; ok {
			wanted[string(name)] = true
		}
	})
	for i := range mine {
		for j := range mine[i].placeholders {
			r := &mine[i].placeholders[j]
			r.own = wanted[r.name]
			if !r.own && !r.Default {
				mine[i].masked = k.shown(mine[i].at).Text
			}
		}
		mine[i].at = nil
	}
}

// namesakes are names that are looked for, and the scopes where they were found.
type namesakes map[string]map[string]bool

// resolve looks for what placeholders name in the items that are read together
// with theirs, and for circles of placeholders.
func (c *checker) resolve(ctx context.Context, all []Item) error {
	wanted, err := c.lookFor(ctx, all)
	if err != nil {
		return err
	}
	circles := c.circles()
	told := map[Key]int{}
	for i := range c.holders {
		h := &c.holders[i]
		if circle := circles[i]; circle != "" {
			c.unresolved(h, told, func() string { return "its placeholders never come to an end: " + circle })
			continue
		}
		for _, r := range h.placeholders {
			switch {
			case r.own, r.Default, wanted.has(r.name, h.scope):
			case c.Partial:
				c.unknown++
			default:
				c.unresolved(h, told, func() string { return h.shownName(r) + " names nothing that is read together with this item" })
			}
		}
	}
	for key, n := range told {
		if more := n - maxWarned; more > 0 {
			h := holder{key: key}
			h.find(c, counted(more, "placeholder")+" more like these")
		}
	}
	return nil
}

// unresolved is holder.find, of as many of an item as are told.
func (c *checker) unresolved(h *holder, told map[Key]int, text func() string) {
	if told[h.key]++; told[h.key] <= maxWarned {
		h.find(c, text())
	}
}

// lookFor returns the names that no item has itself that uses them, and where else
// they are.
func (c *checker) lookFor(ctx context.Context, all []Item) (namesakes, error) {
	wanted := namesakes{}
	readers := map[string]bool{}
	for i := range c.holders {
		for _, r := range c.holders[i].placeholders {
			if !r.own {
				wanted[r.name] = map[string]bool{}
				readers[c.holders[i].scope] = true
			}
		}
	}
	if len(wanted) == 0 {
		return wanted, nil
	}
	for i := range all {
		scope := c.scopes.of(all[i].Key)
		if scope != sharedScope && !readers[scope] && !readers[sharedScope] {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		wanted.lookInto(&all[i], scope)
	}
	return wanted, nil
}

// lookInto notes which names an item has.
func (n namesakes) lookInto(item *Item, scope string) {
	root, _ := item.parse()
	if root == nil {
		return
	}
	names(nil, root, func(name []byte) {
		if in := n[string(name)]; in != nil {
			in[scope] = true
		}
	})
}

// has tells whether a reader in scope finds a name. What all read may name what one
// of them has.
func (n namesakes) has(name, scope string) bool {
	in := n[name]
	return in[sharedScope] || in[scope] || scope == sharedScope && len(in) > 0
}

func (h *holder) find(c *checker, text string) {
	c.found = append(c.found, Finding{
		Key: h.key, Line: h.line, Column: h.column, Path: c.pathText(h.path), Level: Unresolved.Level(), Code: Unresolved, Text: c.Masker.Text(text),
	})
}

// shownName is how a placeholder is called: by its name, unless it may be a part of
// a secret.
func (h *holder) shownName(r reference) string {
	if text := "${" + r.Name; strings.Contains(h.masked, text) {
		return text + "}"
	}
	return "a placeholder in this secret"
}

// circles returns, for the holders whose placeholders lead back to where they
// began, the way.
func (c *checker) circles() map[int]string {
	next := c.edges()
	left := trim(next, len(c.holders))
	out := map[int]string{}
	for i := range c.holders {
		if left[i] {
			out[i] = c.way(next, left, i)
		}
	}
	return out
}

// nameIn is a name within an item, within a scope, or anywhere.
type nameIn struct {
	item, scope, name string
}

const anywhere = "*"

// edges returns which holders the placeholders of each holder name.
func (c *checker) edges() [][]int {
	at := map[nameIn]int{}
	for i := range slices.Backward(c.holders) { // the first one counts
		h := &c.holders[i]
		at[nameIn{item: h.key.String(), name: h.name}] = i
		at[nameIn{scope: h.scope, name: h.name}] = i
		at[nameIn{item: anywhere, name: h.name}] = i
	}
	next := make([][]int, len(c.holders))
	for i := range c.holders {
		for _, r := range c.holders[i].placeholders {
			if j := c.holders[i].leadsTo(r, at); j >= 0 {
				next[i] = append(next[i], j)
			}
		}
	}
	return next
}

// leadsTo returns the holder that a placeholder names, -1 where it is none.
func (h *holder) leadsTo(r reference, at map[nameIn]int) int {
	where := []nameIn{{scope: h.scope, name: r.name}, {scope: sharedScope, name: r.name}}
	switch {
	case r.own:
		where = []nameIn{{item: h.key.String(), name: r.name}}
	case h.scope == sharedScope:
		where = []nameIn{{scope: sharedScope, name: r.name}, {item: anywhere, name: r.name}}
	}
	for _, w := range where {
		if j, ok := at[w]; ok {
			return j
		}
	}
	return -1
}

// trim returns which of n nodes are left where all are taken away from which no
// way goes on without end, and then all to which none leads.
func trim(next [][]int, n int) []bool {
	before := make([][]int, n)
	for i, to := range next {
		for _, j := range to {
			before[j] = append(before[j], i)
		}
	}
	left := make([]bool, n)
	for i := range left {
		left[i] = true
	}
	takeEnds(before, left)
	takeEnds(next, left)
	return left
}

// takeEnds takes away all to which no edge leads back from what is left, again and
// again.
func takeEnds(back [][]int, left []bool) {
	degree := degrees(back, left)
	ends := make([]int, 0, len(back))
	for i := range degree {
		if degree[i] == 0 {
			ends = append(ends, i)
		}
	}
	for len(ends) > 0 {
		i := ends[len(ends)-1]
		ends = ends[:len(ends)-1]
		if !left[i] {
			continue
		}
		left[i] = false
		for _, j := range back[i] {
			if degree[j]--; degree[j] == 0 {
				ends = append(ends, j)
			}
		}
	}
}

// degrees counts for each the edges that come from what is left.
func degrees(from [][]int, left []bool) []int {
	degree := make([]int, len(from))
	for i, to := range from {
		if !left[i] {
			continue
		}
		for _, j := range to {
			degree[j]++
		}
	}
	return degree
}

// longWay is how many steps of a circle are told.
const longWay = 6

// way is how a circle goes on from a holder.
func (c *checker) way(next [][]int, left []bool, from int) string {
	way := []string{c.pathText(c.holders[from].path)}
	for at := from; len(way) <= longWay; {
		i := slices.IndexFunc(next[at], func(j int) bool { return left[j] })
		at = next[at][i]
		name := c.pathText(c.holders[at].path)
		if c.holders[at].key != c.holders[from].key {
			name = c.holders[at].key.String() + " " + name
		}
		way = append(way, name)
		if at == from {
			return strings.Join(way, " → ")
		}
	}
	return strings.Join(way, " → ") + " → …"
}
