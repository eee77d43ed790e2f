package config

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"govctl/internal/mask"
)

// Code names a kind of Finding.
type Code string

// The codes. `govctl explain` has a page on each.
const (
	// Unparsable: the content is not of the format that the item says.
	Unparsable Code = "unparsable"
	// MaskMarker: what the mask writes in place of a secret was written back.
	MaskMarker Code = "mask-marker"
	// AgainstSchema: a value is not what the item's schema allows.
	AgainstSchema Code = "schema"
	// Unresolved: a placeholder names nothing, or itself.
	Unresolved Code = "unresolved"
	// Unclosed: a placeholder has no end.
	Unclosed Code = "unclosed"
	// BreaksConsumer: with this item in its folder a consumer reads none of them.
	BreaksConsumer Code = "breaks-consumer"
	// OldYAML: a reader of YAML 1.1 takes a value for something else.
	OldYAML Code = "yaml-1.1"
)

// Codes returns every Code.
func Codes() []Code {
	return []Code{Unparsable, MaskMarker, AgainstSchema, Unresolved, Unclosed, BreaksConsumer, OldYAML}
}

// Level says how bad a Finding is.
type Level string

// The levels. A warning is wrong for some who read the item.
const (
	LevelFail Level = "fail"
	LevelWarn Level = "warn"
)

// Level returns how bad a finding with the code is.
func (c Code) Level() Level {
	switch c {
	case Unclosed, OldYAML:
		return LevelWarn
	case Unparsable, MaskMarker, AgainstSchema, Unresolved, BreaksConsumer:
	}
	return LevelFail
}

// Finding is one thing wrong with an item. The JSON names are an interface.
type Finding struct {
	Key
	// Line and Column are where in the content, from 1, the column in bytes; 0
	// where that is not known.
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
	// Path leads to the value, "" to the item as a whole.
	Path  string `json:"path,omitempty"`
	Level Level  `json:"level"`
	Code  Code   `json:"code"`
	// Text says what is wrong, in one line; it holds no secret.
	Text string `json:"message"`
}

// compare sorts by item, then by place.
func (f Finding) compare(other Finding) int {
	return cmp.Or(f.Compare(other.Key), cmp.Compare(f.Line, other.Line), cmp.Compare(f.Column, other.Column),
		strings.Compare(f.Path, other.Path), strings.Compare(string(f.Code), string(other.Code)), strings.Compare(f.Text, other.Text))
}

// ItemSchema is the Schema of the items that Key picks, as a pattern of Pick does.
type ItemSchema struct {
	Key    string
	Schema *Schema
}

// CheckOptions say what items are to be.
type CheckOptions struct {
	Schemas []ItemSchema
	// Readings are how services read the store.
	Readings []Reading
	// Partial is true where the store is known to have more items than it showed:
	// then what names nothing is counted as unknown.
	Partial bool
	// Masker hides secrets in findings.
	Masker *mask.Masker
}

// Checkup is what Check found.
type Checkup struct {
	// Findings are sorted by item, then by place, none twice.
	Findings []Finding
	// Items is how many were checked, Well how many of them without a finding.
	Items, Well int
	// Failures and Warnings count findings by level.
	Failures, Warnings int
	// Variables is how many placeholders name what only the process knows that
	// reads them; they are not checked. Unknown is how many may name what the
	// store did not show.
	Variables, Unknown int
}

// Check looks for what is wrong with items, which are some of all that a store
// has: what their placeholders name may stand in others. The error is that of ctx.
func Check(ctx context.Context, items, all []Item, o CheckOptions) (Checkup, error) {
	c := checker{CheckOptions: o, scopes: scopesOf(o.Readings)}
	c.findConflicts(all)
	for i := range items {
		if err := ctx.Err(); err != nil {
			return Checkup{}, err
		}
		c.item(&items[i])
	}
	if err := c.resolve(ctx, all); err != nil {
		return Checkup{}, err
	}
	return c.checkup(items), nil
}

// checkup is what was found, in order.
func (c *checker) checkup(items []Item) Checkup {
	slices.SortFunc(c.found, Finding.compare)
	out := Checkup{Findings: slices.Compact(c.found), Items: len(items), Well: len(items), Variables: c.variables, Unknown: c.unknown}
	last := Key{}
	for i := range out.Findings {
		f := &out.Findings[i]
		if f.Level == LevelFail {
			out.Failures++
		} else {
			out.Warnings++
		}
		if i == 0 || f.Key != last {
			out.Well--
		}
		last = f.Key
	}
	return out
}

// checker checks one item after the other.
type checker struct {
	CheckOptions
	scopes    scopes
	conflicts map[Key]error // why go-micro cannot put an item to others
	found     []Finding
	holders   []holder
	// variables and unknown are those of Checkup.
	variables, unknown int
}

// checked is an item while it is checked.
type checked struct {
	*Item
	c      *checker
	root   *Node
	masked *Node // made when it is needed
	path   Path  // where walk is
	at     []int // the same by the positions in Node.Nodes
	first  int   // of its holders
	// byGoMicro is true of what go-micro reads, to which a placeholder is always a
	// variable.
	byGoMicro bool
	// warned is how many values got a warning.
	warned int
}

// The bounds of what is told of one item: a large one may be wrong all over.
const (
	maxWarned  = 1000
	maxHolders = 10_000
	longKey    = 200 // bytes
	longPath   = 50  // steps
)

func (c *checker) item(item *Item) {
	k := checked{Item: item, c: c, first: len(c.holders), byGoMicro: c.goMicro(item.Key) != nil}
	format, _ := Detect(item.Declared, item.Name, item.Content)
	if format != Binary {
		k.marker()
	}
	root, err := Parse(item.Content, format)
	mistake, unparsable := errors.AsType[*ParseError](err)
	if unparsable {
		k.find(Unparsable, nil, &Node{Line: mistake.Line, Column: mistake.Column}, mistake.Text)
	}
	k.consumer()
	if root == nil {
		if !unparsable && len(k.schemas()) > 0 {
			k.find(AgainstSchema, nil, &Node{}, "has a schema, but is "+string(format)+" and has no values to check")
		}
		return
	}
	k.root = root
	for _, s := range k.schemas() {
		for _, v := range s.Validate(root) {
			k.violation(v)
		}
	}
	k.walk(root, format == YAML)
	if more := k.warned - maxWarned; more > 0 {
		k.find(OldYAML, nil, &Node{}, counted(more, "warning")+" more like these")
	}
	k.own()
}

// find adds a finding about what stands at path, where n is. Text holds no value
// that the path leads to; what is secret in it by its form is masked.
func (k *checked) find(code Code, path Path, n *Node, text string) {
	k.c.found = append(k.c.found, Finding{
		Key: k.Key, Line: n.Line, Column: n.Column, Path: k.c.pathText(path), Level: code.Level(), Code: code, Text: k.c.Masker.Text(text),
	})
}

// warn is find of what may be wrong at very many places.
func (k *checked) warn(code Code, n *Node, text func() string) {
	if k.warned++; k.warned <= maxWarned {
		k.find(code, k.path, n, text())
	}
}

// pathText is how a path is shown: secrets in it masked, and what nobody could read
// left out.
func (c *checker) pathText(path Path) string {
	end := ""
	if len(path) > longPath {
		path, end = path[:longPath], "…"
	}
	path = slices.Clone(path)
	for i, s := range path {
		if len(s.Key) > longKey {
			path[i].Key = "…"
		}
	}
	return MaskedChange(Change{Path: path}, c.Masker).Path.String() + end
}

// schemas returns those of the item.
func (k *checked) schemas() []*Schema {
	var all []*Schema
	for _, s := range k.c.Schemas {
		if s.Key == "" || k.fits(s.Key) {
			all = append(all, s.Schema)
		}
	}
	return all
}

func (k *checked) violation(v Violation) {
	text := v.Text
	if !k.isSecret(v.Path) {
		text += v.Allowed
	}
	k.find(AgainstSchema, v.Path, &Node{Line: v.Line, Column: v.Column}, text)
}

// isSecret tells whether the value at path is secret, or would be were it another.
func (k *checked) isSecret(path Path) bool {
	n, at := k.root, make([]int, 0, len(path))
	for _, s := range path {
		if !s.List && (len(s.Key) > longKey || mask.IsSecretName(s.Key)) {
			return true
		}
		i := s.Index
		if !s.List {
			i = slices.Index(n.Keys, s.Key)
		}
		n, at = &n.Nodes[i], append(at, i)
	}
	return k.shown(at).Text != n.Text
}

// shown returns what is to be shown of the value to which positions lead.
func (k *checked) shown(at []int) *Node {
	if k.masked == nil {
		k.masked = Masked(k.root, k.c.Masker)
	}
	n := k.masked
	for _, i := range at {
		n = &n.Nodes[i]
	}
	return n
}

// marker finds what the mask has written.
func (k *checked) marker() {
	count := bytes.Count(k.Content, []byte(mask.Marker))
	if count == 0 {
		return
	}
	text := "a masked secret was written back here: it is lost"
	if count > 1 {
		text = fmt.Sprintf("masked secrets were written back, %d from here on: they are lost", count)
	}
	at := Node{}
	at.Line, at.Column = position(string(k.Content), bytes.Index(k.Content, []byte(mask.Marker)))
	k.find(MaskMarker, nil, &at, text)
}

// walk looks at the values of a tree, whose depth Parse bounds.
func (k *checked) walk(n *Node, isYAML bool) {
	for i := range n.Nodes {
		step := Step{List: true, Index: i}
		if n.Kind == Map {
			step = Step{Key: n.Keys[i], Flat: n.Flat}
		}
		k.path, k.at = append(k.path, step), append(k.at, i)
		k.walk(&n.Nodes[i], isYAML)
		k.path, k.at = k.path[:len(k.path)-1], k.at[:len(k.at)-1]
	}
	switch {
	case len(n.Nodes) > 0:
	case isYAML && n.Plain:
		k.oldYAML(n)
		fallthrough
	case n.Kind == String:
		k.placeholders(n)
	}
}

// oldYAML says where YAML 1.1 differs.
func (k *checked) oldYAML(n *Node) {
	meaning, differs := YAML11(n.Text)
	if !differs {
		return
	}
	k.warn(OldYAML, n, func() string {
		value, old := n.Text+" is ", meaning
		if k.shown(k.at).Text != n.Text {
			value = "is "
			if old, _, _ = strings.Cut(meaning, " "); old == n.Kind.String() {
				old = "another " + old
			}
		}
		return fmt.Sprintf("%s%s, and %s in YAML 1.1: quote it, or write what is meant", value, n.Kind, old)
	})
}
