package settings

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Edit is a change of a govctl.yaml that was worked out and checked, and is not
// written yet. What it does not change stays as it is, byte for byte.
type Edit struct {
	// File is the file as a person names it.
	File string

	settings      *Settings
	path          string
	before, after []byte // before is nil where there is no file yet
	create        func(folder, pattern string) (tempFile, error)
}

// Changes reports whether there is anything to write.
func (e *Edit) Changes() bool { return e.before == nil || !bytes.Equal(e.before, e.after) }

// Diff returns the lines that go, with "- " before them, and those that come,
// with "+ ".
func (e *Edit) Diff() []string {
	old, now := linesOf(e.before), linesOf(e.after)
	for len(old) > 0 && len(now) > 0 && old[0] == now[0] {
		old, now = old[1:], now[1:]
	}
	for len(old) > 0 && len(now) > 0 && old[len(old)-1] == now[len(now)-1] {
		old, now = old[:len(old)-1], now[:len(now)-1]
	}
	var out []string
	for _, l := range old {
		out = append(out, "- "+strings.TrimRight(l, "\r\n"))
	}
	for _, l := range now {
		out = append(out, "+ "+strings.TrimRight(l, "\r\n"))
	}
	return out
}

// Use makes the environment with the given name the file's default. Like every
// error of an edit that is yet to be written, its error is an *Error.
func (s *Settings) Use(name string) (*Edit, error) {
	if err := s.editable(); err != nil {
		return nil, err
	}
	if err := s.inFile(name); err != nil {
		return nil, err
	}
	by := fmt.Sprintf("write by hand: default: %s", word(name))
	return s.edit(by, func(o *outline) error { return o.setDefault(name) }, func(sh *shape) {
		sh.keys["default"] = canon(&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: name})
	})
}

// Add appends an environment to the file, or makes the user's own file of it
// where there is none.
func (s *Settings) Add(name string, d Draft) (*Edit, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	path := s.path
	if s.isForeign() {
		if path = s.in.userFile(); path == "" {
			return nil, mistake("set HOME or XDG_CONFIG_HOME, or write a govctl.yaml here", "the folder for your settings is not known")
		}
	}
	d, err := d.checked(s.in, realFolder(filepath.Dir(path)))
	if err != nil {
		return nil, err
	}
	if s.isForeign() {
		text := "default: " + word(name) + "\nenvironments:\n" + strings.Join(d.lines(name, "  ", "  "), "\n") + "\n"
		return s.checkNew(&Edit{File: path, settings: s, path: path, after: []byte(text), create: createTemp})
	}
	if err := s.editable(); err != nil {
		return nil, err
	}
	for i := range s.Environments {
		if e := &s.Environments[i]; e.Name == name && !e.Pos.IsZero() {
			return nil, e.Pos.at(fmt.Sprintf("`govctl env rm %s` first, or another name", name), "environment %s is here already", quote(name))
		}
	}
	by := "write by hand, under environments: " + d.inline(name)
	return s.edit(by, func(o *outline) error { return o.append(name, d) }, func(sh *shape) {
		sh.names = append(sh.names, name)
		sh.environments[name] = canon(d.node())
	})
}

// checkNew reads a new file as it will be read.
func (s *Settings) checkNew(e *Edit) (*Edit, error) {
	_, err := s.in.parser(e.File, e.path).parse(e.after)
	return e, err
}

// Remove takes an environment out of the file, with the comment that stands
// directly above it. The default and the only one are refused.
func (s *Settings) Remove(name string) (*Edit, error) {
	if err := s.editable(); err != nil {
		return nil, err
	}
	if err := s.inFile(name); err != nil {
		return nil, err
	}
	by := fmt.Sprintf("delete environment %s by hand", quote(name))
	return s.edit(by, func(o *outline) error { return o.remove(name) }, func(sh *shape) {
		sh.names = slices.DeleteFunc(sh.names, func(n string) bool { return n == name })
		delete(sh.environments, name)
	})
}

// isForeign reports whether there is no file, or none that is the user's to
// change.
func (s *Settings) isForeign() bool { return s.Source == SourceDefault || s.Source == SourceDemo }

// editable refuses settings that are no file of the user's, and files that a
// rename would not replace.
func (s *Settings) editable() error {
	const hint = "`govctl env add NAME URL` makes a file of your own"
	switch s.Source {
	case SourceDefault:
		return mistake(hint, "there is no govctl.yaml to change: these are the built-in settings")
	case SourceDemo:
		return mistake(hint, "there is no govctl.yaml to change: these are the running demo's settings")
	default:
	}
	info, err := os.Lstat(s.path)
	switch {
	case err != nil:
		return mistake("", "%s: %v", s.File, reason(err))
	case info.Mode()&os.ModeSymlink != 0:
		to, err := filepath.EvalSymlinks(s.path)
		if err != nil {
			return mistake("", "%s: %v", s.File, reason(err))
		}
		return mistake("name the file itself: --config "+to, "%s is a link to %s: govctl changes no file through a link", s.File, to)
	case !info.Mode().IsRegular():
		return mistake("name a file by --config", "%s is no regular file", s.File)
	}
	return nil
}

// inFile refuses a name that no environment of the file has.
func (s *Settings) inFile(name string) error {
	for i := range s.Environments {
		e := &s.Environments[i]
		switch {
		case e.Name != name:
		case e.Pos.IsZero():
			return mistake("unset it, or give the file an environment of that name: `govctl env add`", "environment %s comes from %s and does not stand in %s", quote(name), e.From(), s.File)
		default:
			return nil
		}
	}
	near := didYouMean(name, s.names())
	return mistake(s.hintNames(name, near), "environment %s is not in %s%s", quote(name), s.File, near)
}

// edit works out an edit by change, and holds it to want: what the file says
// afterwards is what it said before but for that. by says how to do the same by
// hand, for where that cannot be had.
func (s *Settings) edit(by string, change func(*outline) error, want func(*shape)) (*Edit, error) {
	p := s.in.parser(s.File, s.path)
	root, err := p.tree(s.data)
	if err != nil {
		return nil, err
	}
	o := &outline{p: p, by: by, lines: linesOf(s.data), root: root, eol: "\n"}
	if bytes.Contains(s.data, []byte("\r\n")) {
		o.eol = "\r\n"
	}
	if err := o.check(s.data); err != nil {
		return nil, err
	}
	before := shapeOf(root)
	if err := change(o); err != nil {
		return nil, err
	}
	e := &Edit{File: s.File, settings: s, path: s.path, before: s.data, after: []byte(strings.Join(o.lines, "")), create: createTemp}
	want(before)
	root, err = p.tree(e.after)
	if err == nil {
		_, err = p.parse(e.after)
	}
	if err != nil || !reflect.DeepEqual(before, shapeOf(root)) {
		return nil, o.refuse(1, "the file is written in a way that govctl cannot change without changing more")
	}
	return e, nil
}

// shape is what a govctl.yaml says, without how it says it.
type shape struct {
	keys         map[string]string // the settings but environments
	names        []string          // of the environments
	environments map[string]string
}

func shapeOf(root *yaml.Node) *shape {
	sh := &shape{keys: map[string]string{}, environments: map[string]string{}}
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i].Value, root.Content[i+1]
		if key != keyEnvironments {
			sh.keys[key] = canon(value)
			continue
		}
		for value.Kind == yaml.AliasNode {
			value = value.Alias
		}
		for j := 0; j+1 < len(value.Content); j += 2 {
			name := value.Content[j].Value
			sh.names = append(sh.names, name)
			sh.environments[name] = canon(value.Content[j+1])
		}
	}
	return sh
}

// canon returns one text for all ways to write a value. The parser has seen the
// value before, so that aliases come to an end.
func canon(n *yaml.Node) string {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind == yaml.ScalarNode {
		return fmt.Sprintf("%s %q", n.Tag, n.Value)
	}
	parts := make([]string, 0, len(n.Content))
	for _, c := range n.Content {
		parts = append(parts, canon(c))
	}
	return fmt.Sprintf("%d %q", n.Kind, parts)
}
