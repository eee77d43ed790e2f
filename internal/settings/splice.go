package settings

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// keyEnvironments is the key that the environments stand under.
const keyEnvironments = "environments"

// outline is a govctl.yaml as lines, which keep their ends, and as nodes that
// say where in them everything stands. A change is made once.
type outline struct {
	p     *parser
	by    string // how to do it by hand
	lines []string
	root  *yaml.Node
	eol   string
}

// linesOf returns data as lines with their ends.
func linesOf(data []byte) []string { return slices.Collect(strings.Lines(string(data))) }

// refuse is the error for a file that a person must change.
func (o *outline) refuse(line int, why string) error { return o.p.pos(line).at(o.by, "%s", why) }

// check refuses files whose lines and columns yaml counts in another way, and
// those that are one mapping in braces.
func (o *outline) check(data []byte) error {
	text := string(data)
	odd := strings.HasPrefix(text, "\ufeff") || strings.ContainsAny(text, "\u0085\u2028\u2029") ||
		strings.Count(text, "\r") != strings.Count(text, "\r\n")
	switch {
	case odd:
		return o.refuse(1, "the file has line breaks or a mark that govctl does not edit")
	case o.root.Style&yaml.FlowStyle != 0:
		return o.refuse(o.root.Line, "the file stands in braces, which govctl does not edit")
	}
	return nil
}

// entry returns the key and the value of a setting, nil where it is not there.
func (o *outline) entry(name string) (key, value *yaml.Node) {
	for i := 0; i+1 < len(o.root.Content); i += 2 {
		if o.root.Content[i].Value == name {
			return o.root.Content[i], o.root.Content[i+1]
		}
	}
	return nil, nil
}

// column returns where in its line a node begins, in bytes.
func (o *outline) column(n *yaml.Node) int {
	runes := []rune(o.lines[n.Line-1])
	return len(string(runes[:min(n.Column-1, len(runes))]))
}

// setDefault writes or adds the setting "default".
func (o *outline) setDefault(name string) error {
	_, value := o.entry("default")
	if value == nil {
		return o.insertDefault(name)
	}
	line, from := o.lines[value.Line-1], o.column(value)
	for _, raw := range []string{quoted(value.Value), "'" + value.Value + "'", value.Value} {
		if rest, ok := strings.CutPrefix(line[from:], raw); ok {
			if value.Value != name {
				o.lines[value.Line-1] = line[:from] + word(name) + rest
			}
			return nil
		}
	}
	return o.refuse(value.Line, `"default" is written in a way that govctl does not edit`)
}

// insertDefault adds the setting "default" above the first one. A comment that
// stands directly above that one stays with it, unless it begins the file.
func (o *outline) insertDefault(name string) error {
	first := o.root.Content[0]
	at := first.Line - 1
	indent := o.lines[at][:o.column(first)]
	if !isBlank(indent) {
		return o.refuse(first.Line, "the first setting does not begin its line")
	}
	above := o.above(at, len(indent), 0)
	if above > 0 {
		at = above
	}
	o.lines = slices.Insert(o.lines, at, indent+"default: "+word(name)+o.eol)
	return nil
}

// above returns the first of the comment lines that stand directly above line
// at with the given indentation; at itself where there is none. It looks no
// higher than line least.
func (o *outline) above(at, indent, least int) int {
	for at > least && isComment(o.lines[at-1]) && indentOf(o.lines[at-1]) == indent {
		at--
	}
	return at
}

// append adds an environment behind the last one.
func (o *outline) append(name string, d Draft) error {
	key, value := o.entry(keyEnvironments)
	switch {
	case key == nil:
		indent := strings.Repeat(" ", o.root.Content[0].Column-1)
		o.insert(len(o.lines), append([]string{indent + "environments:"}, d.lines(name, indent+"  ", "  ")...))
		return nil
	case value.Kind == yaml.MappingNode && len(value.Content) == 0:
		return o.fill(key, value, name, d)
	}
	if err := o.editable(value); err != nil {
		return err
	}
	first := value.Content[0]
	indent := strings.Repeat(" ", first.Column-1)
	step := strings.Repeat(" ", max(2, first.Column-key.Column))
	for i := 1; i < len(value.Content); i += 2 {
		if env := value.Content[i]; env.Kind == yaml.MappingNode && env.Style&yaml.FlowStyle == 0 {
			step = strings.Repeat(" ", env.Column-value.Content[i-1].Column)
		}
	}
	o.insert(o.end(key, value, len(value.Content)-2), d.lines(name, indent, step))
	return nil
}

// editable refuses environments that are not one below the other.
func (o *outline) editable(environments *yaml.Node) error {
	switch {
	case environments.Kind != yaml.MappingNode:
		return o.refuse(environments.Line, "environments stands elsewhere (an alias), which govctl does not edit")
	case environments.Style&yaml.FlowStyle != 0:
		return o.refuse(environments.Line, "environments stands in braces, which govctl does not edit")
	}
	return nil
}

// fill puts the first environment in the place of {}.
func (o *outline) fill(key, value *yaml.Node, name string, d Draft) error {
	at := value.Line - 1
	line, from := o.lines[at], o.column(value)
	open, rest, ok := strings.Cut(line[from:], "}")
	if at != key.Line-1 || !ok || strings.TrimSpace(open) != "{" {
		return o.refuse(value.Line, "environments is written in a way that govctl does not edit")
	}
	o.lines[at] = strings.TrimRight(line[:from], " \t") + rest
	indent := strings.Repeat(" ", key.Column-1)
	o.insert(at+1, d.lines(name, indent+"  ", "  "))
	return nil
}

// insert puts lines before line at. The line above gets an end where it has
// none.
func (o *outline) insert(at int, lines []string) {
	if at > 0 && !strings.HasSuffix(o.lines[at-1], "\n") {
		o.lines[at-1] += o.eol
	}
	for i := range lines {
		lines[i] += o.eol
	}
	o.lines = slices.Insert(o.lines, at, lines...)
}

// end returns the line behind the environment whose key is environments'
// content i. Behind its last value only the comments that stand further in than its
// name are its own, up to the first that does not.
func (o *outline) end(key, environments *yaml.Node, i int) int {
	end := len(o.lines)
	if i+2 < len(environments.Content) {
		end = environments.Content[i+2].Line - 1
	} else {
		for j := 0; j < len(o.root.Content); j += 2 {
			if line := o.root.Content[j].Line; line > key.Line {
				end = min(end, line-1)
			}
		}
	}
	name := environments.Content[i]
	last := end
	for last > name.Line && (isBlank(o.lines[last-1]) || isComment(o.lines[last-1]) || strings.HasPrefix(o.lines[last-1], "...")) {
		last--
	}
	for at := last; at < end; at++ {
		switch l := o.lines[at]; {
		case isBlank(l):
		case isComment(l) && indentOf(l) > name.Column-1:
			last = at + 1
		default:
			return last
		}
	}
	return last
}

// remove takes an environment out, with the comment directly above it.
func (o *outline) remove(name string) error {
	key, environments := o.entry(keyEnvironments)
	if err := o.editable(environments); err != nil {
		return err
	}
	if len(environments.Content) == 2 {
		return o.p.posOf(environments.Content[0]).at("`govctl env add NAME URL` another one first", "environment %s is the only one", quote(name))
	}
	if _, value := o.entry("default"); value != nil && scalarOf(value) == name {
		return o.p.posOf(value).at("`govctl env use NAME` makes another one the default", "environment %s is the default", quote(name))
	}
	i := 0
	for environments.Content[i].Value != name {
		i += 2
	}
	node := environments.Content[i]
	from := o.above(node.Line-1, node.Column-1, key.Line)
	to := o.end(key, environments, i)
	if i+2 < len(environments.Content) {
		for to < len(o.lines) && isBlank(o.lines[to]) {
			to++
		}
	} else {
		for from > key.Line && isBlank(o.lines[from-1]) {
			from--
		}
	}
	o.lines = slices.Delete(o.lines, from, to)
	return nil
}

// scalarOf returns the text of a value, which may be an alias.
func scalarOf(n *yaml.Node) string {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n.Value
}

func isBlank(line string) bool { return strings.TrimSpace(line) == "" }

func isComment(line string) bool { return strings.HasPrefix(strings.TrimLeft(line, " \t"), "#") }

// indentOf counts the blanks that a line begins with.
func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// pairs returns the keys of the environment that is to be written, each with its
// value as YAML text.
func (d *Draft) pairs() [][2]string {
	var out [][2]string
	if d.Protected {
		out = append(out, [2]string{"protected", "true"})
	}
	for _, role := range roleNames() {
		if text := *d.of(role); text != "" {
			out = append(out, [2]string{role, word(text)})
		}
	}
	return out
}

// lines returns the environment as YAML, a line each, without line ends.
func (d *Draft) lines(name, indent, step string) []string {
	out := []string{indent + word(name) + ":"}
	for _, kv := range d.pairs() {
		out = append(out, indent+step+kv[0]+": "+kv[1])
	}
	return out
}

// inline returns the environment as one line of YAML.
func (d *Draft) inline(name string) string {
	var parts []string
	for _, role := range roleNames() {
		if text := *d.of(role); text != "" {
			parts = append(parts, role+": "+quoted(text))
		}
	}
	if d.Protected {
		parts = append([]string{"protected: true"}, parts...)
	}
	return word(name) + ": {" + strings.Join(parts, ", ") + "}"
}

// node returns the environment as a YAML node.
func (d *Draft) node() *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	add := func(key, tag, value string) {
		n.Content = append(n.Content,
			&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: key}, &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value})
	}
	if d.Protected {
		add("protected", "!!bool", "true")
	}
	for _, role := range roleNames() {
		if text := *d.of(role); text != "" {
			add(role, "!!str", text)
		}
	}
	return n
}

// word returns text as one scalar of YAML in block style: as it is where every
// program reads that as the same text, YAML 1.1 ones ("no") included.
func word(text string) string {
	if plain, err := yaml.Marshal(text); err == nil && string(plain) == text+"\n" {
		return text
	}
	return quoted(text)
}

// quoted returns text in double quotes: Go's escapes are YAML's too.
func quoted(text string) string { return strconv.Quote(text) }
