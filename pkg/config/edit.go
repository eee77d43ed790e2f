package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Edit is one change of a value inside a document.
type Edit struct {
	// Path is where. The element after the last one of a List is added to it; Maps
	// that are missing on the way are made, and so is what is null there. In
	// Properties all steps together are one key.
	Path Path
	// Value is what then stands there; nil removes it. Properties hold texts only:
	// there the Text of a scalar counts, whatever its Kind.
	Value *Node
}

// ErrNotInPlace means that a value cannot be changed alone: another would change
// with it, or the format has no form for it.
var ErrNotInPlace = errors.New("cannot be changed in place")

// EditContent returns content with edits made, one after the other, and every
// other byte as it was: comments, layout, quotes, a byte order mark and ends of
// lines. What is new is written as its neighbours are. The result was read again,
// and means what content did but for the edits; content itself stays as it is.
//
// An error is Parse's for content; ErrUnfit where an edit is of another document;
// else ErrNotInPlace, with the *ParseError of a result that does not parse. It
// names the path and never quotes a value.
func EditContent(content []byte, format Format, edits ...Edit) ([]byte, error) {
	tree, err := Parse(content, format)
	if err != nil {
		return nil, err
	}
	text, mark := strings.CutPrefix(string(content), byteOrderMark)
	e := editor{text: text, lineEnd: lineEndOf(text), tree: tree}
	if e.root, e.writer, err = e.layout(format); err != nil {
		return nil, err
	}
	for _, edit := range edits {
		if err := e.edit(edit, format); err != nil {
			return nil, err
		}
	}
	if err := e.write(e.root); err != nil {
		return nil, err
	}
	out := e.spliced()
	if mark {
		out = byteOrderMark + out
	}
	if err := e.prove([]byte(out), format); err != nil {
		return nil, err
	}
	return []byte(out), nil
}

// editor changes a text, and beside it the tree that this text means.
type editor struct {
	text    string
	lineEnd string
	tree    *Node // what the result is to mean
	root    *part
	writer  partWriter
	cuts    []edit
}

// partWriter writes what an edit asked for, as its format does.
type partWriter interface {
	// replace writes p.value in the place of p.
	replace(p *part) error
	// rebuild takes the members out of p that are gone, and writes those that are
	// new; the others are already written.
	rebuild(p *part) error
}

// layout finds where everything stands.
func (e *editor) layout(f Format) (*part, partWriter, error) {
	switch f {
	case JSON:
		w := &jsonWriter{editor: e}
		root, err := w.layout()
		return root, w, err
	case YAML:
		w := &yamlWriter{editor: e}
		root, err := w.layout()
		return root, w, err
	case TOML:
		w := &tomlWriter{editor: e}
		root, err := w.layout()
		return root, w, err
	default:
		w := &propertiesWriter{editor: e}
		root, err := w.layout()
		return root, w, err
	}
}

// notInPlace is the error for a value that cannot be changed.
func notInPlace(path Path, why string) error {
	if len(path) == 0 {
		return fmt.Errorf("the root %w: %s", ErrNotInPlace, why)
	}
	return fmt.Errorf("%s %w: %s", path, ErrNotInPlace, why)
}

// edit notes a change in the tree and in its layout.
func (e *editor) edit(one Edit, f Format) error {
	value := one.Value.clone()
	if f == Properties && value != nil {
		if value.Kind == Null || value.Kind == List || value.Kind == Map {
			return notInPlace(one.Path, "properties hold nothing but text")
		}
		value = &Node{Kind: String, Text: value.Text}
	}
	if value != nil && !value.isText() {
		return notInPlace(one.Path, "the new value is not UTF-8, or holds a NUL byte")
	}
	path := one.Path
	if e.tree.Flat && len(path) > 1 {
		path = Path{{Key: path.String(), Flat: true}}
	}
	at, err := e.tree.locate(path)
	if err != nil {
		return err
	}
	switch {
	case value == nil && at.missing(), value == nil && len(path) == 0:
		return unfit(path, "is not there to be removed")
	case value != nil && !at.missing() && sameScalars(at.node, value):
		return nil
	}
	if err := e.root.change(at, value.clone()); err != nil {
		return notInPlace(path, err.Error())
	}
	e.tree.change(at, value)
	return nil
}

// write writes what is new in p and inside it.
func (e *editor) write(p *part) error {
	if p.value != nil {
		return e.explain(p, e.writer.replace(p))
	}
	changed := false
	for i := range p.members {
		m := &p.members[i]
		changed = changed || m.gone || m.added
		if m.gone || m.added {
			continue
		}
		if err := e.write(m.part); err != nil {
			return err
		}
	}
	if !changed {
		return nil
	}
	return e.explain(p, e.writer.rebuild(p))
}

// explain adds to an error where a writer met it.
func (e *editor) explain(p *part, err error) error {
	if err == nil || errors.Is(err, ErrNotInPlace) {
		return err
	}
	path, _ := e.root.find(p)
	return notInPlace(path, err.Error())
}

// cut notes that something else is written for a range of the text. Of several at
// one place the first one noted comes first.
func (e *editor) cut(start, end int, with string) {
	e.cuts = append(e.cuts, edit{start, end, with})
}

// spliced returns the text with its cuts made. What is taken out twice is gone.
func (e *editor) spliced() string {
	slices.SortStableFunc(e.cuts, func(a, b edit) int {
		if a.start == b.start && (a.start == a.end) != (b.start == b.end) {
			return cmp.Compare(a.end, b.end)
		}
		return cmp.Compare(a.start, b.start)
	})
	var b strings.Builder
	done := 0
	for _, c := range e.cuts {
		if c.start > done {
			b.WriteString(e.text[done:c.start])
		}
		b.WriteString(c.with)
		done = max(done, c.end)
	}
	b.WriteString(e.text[done:])
	return b.String()
}

// prove reads the result, and compares it with what it is to mean.
func (e *editor) prove(out []byte, f Format) error {
	got, err := Parse(out, f)
	if err != nil {
		return fmt.Errorf("the document %w: the result does not parse: %w", ErrNotInPlace, err)
	}
	byPosition := Options{IDs: []string{}}
	if Equal(e.tree, got, byPosition) {
		return nil
	}
	path := Path{}
	if changes := Diff(e.tree, got, byPosition); len(changes) > 0 {
		path = changes[0].Path
	}
	return notInPlace(path, "it would change otherwise than asked, as where an anchor stands for several values")
}

// isText tells whether all keys and scalars can stand in a document.
func (n *Node) isText() bool {
	ok := func(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }
	if !ok(n.Text) {
		return false
	}
	for i := range n.Nodes {
		if n.Kind == Map && !ok(n.Keys[i]) || !n.Nodes[i].isText() {
			return false
		}
	}
	return true
}

// sameScalars tells whether two values are the same, with all their digits.
func sameScalars(a, b *Node) bool {
	return a.Kind == b.Kind && a.Text == b.Text && Equal(a, b, Options{IDs: []string{}})
}
