package config

import (
	"encoding/base64"
	"slices"
	"strings"

	"govctl/internal/mask"
)

// Masked returns a copy of n in which secrets are masked, as mask.Masker.Value
// tells them by their names and forms. All that is below a secret name is masked,
// numbers too, but for truth values and null; their Kind stays. So is what an alias
// of YAML puts there, wherever else it stands. In a list of names and values, as
// Kubernetes has them, the name decides; in one of arguments, the flag before; a
// text that is JSON is masked as what it is.
func Masked(n *Node, m *mask.Masker) *Node {
	if n == nil {
		return nil
	}
	masked := masker{m}.node("", n)
	return &masked
}

// masker masks trees. The name of a value is the last two keys that lead to it,
// or secretName: no name grows with the depth.
type masker struct{ *mask.Masker }

// secretName is the name of what is below a secret one.
const secretName = "secret"

// under returns the name of what stands at a key of what has a name.
func under(name, key string) string {
	if mask.IsSecretName(name) {
		name = secretName
	} else if i := strings.LastIndexByte(name, '.'); i >= 0 {
		name = name[i+1:]
	}
	if name == "" {
		return key
	}
	return name + "." + key
}

func (m masker) node(name string, n *Node) Node {
	c := *n
	switch n.Kind {
	case Map:
		m.mapping(name, &c)
	case List:
		m.list(name, &c)
	default:
		if text := m.text(name, n); text != n.Text {
			c.Text, c.Plain = text, false
		}
	}
	return c
}

// text returns what to show of a scalar.
func (m masker) text(name string, n *Node) string {
	switch {
	case n.Kind == Null || n.Kind == Bool:
		return n.Text
	case n.Hidden:
		name = secretName
	}
	return m.scalar(name, n)
}

func (m masker) mapping(name string, c *Node) {
	within := namesIn(name, c)
	nodes, keys := c.Nodes, c.Keys
	c.Nodes, c.Keys = make([]Node, len(nodes)), slices.Clone(keys)
	for i := range nodes {
		c.Nodes[i] = m.node(within(i), &nodes[i])
		c.Keys[i], _ = m.Value("key", keys[i])
	}
}

func (m masker) list(name string, c *Node) {
	within := namesIn(name, c)
	nodes := c.Nodes
	c.Nodes = make([]Node, len(nodes))
	for i := range nodes {
		c.Nodes[i] = m.node(within(i), &nodes[i])
	}
}

// namesIn returns what names each value of a Map or List that has a name itself.
func namesIn(name string, c *Node) func(i int) string {
	nodes := c.Nodes
	if c.Kind == List {
		return func(i int) string {
			if i == 0 {
				return name
			}
			return afterFlag(&nodes[i-1], name)
		}
	}
	pair, kube, keys := nameValueOf(c), isKubeSecret(c), c.Keys
	return func(i int) string {
		switch {
		case pair.value == i:
			return under(name, pair.name)
		case kube && (keys[i] == "data" || keys[i] == "stringData"):
			return secretName
		}
		return under(name, keys[i])
	}
}

// afterFlag returns the name of the element behind one that is a flag, --name.
func afterFlag(before *Node, name string) string {
	flag, ok := strings.CutPrefix(before.Text, "--")
	if ok && before.Kind == String && mask.IsSecretName(flag) {
		return flag
	}
	return name
}

// scalar returns what to show of a value.
func (m masker) scalar(name string, n *Node) string {
	if n.Kind != String && !mask.IsSecretName(name) {
		return n.Text
	}
	shown, masked := m.Value(name, n.Text)
	if n.Kind == String && masked && !mask.IsSecretName(name) {
		if text, ok := m.embedded(n.Text); ok {
			return text
		}
	}
	return shown
}

// embedded masks a text that is JSON.
func (m masker) embedded(text string) (masked string, ok bool) {
	start := strings.TrimLeft(text, " \t\r\n")
	if start == "" || start[0] != '{' && start[0] != '[' {
		return "", false
	}
	inner, err := Parse([]byte(text), JSON)
	if err != nil {
		return "", false
	}
	c := m.node("", inner)
	out, err := c.appendJSON(nil)
	return string(out), err == nil
}

// nameValue is where a Map {name: x, value: y} has its value, and the name.
type nameValue struct {
	name  string
	value int // -1 for none
}

func nameValueOf(n *Node) nameValue {
	p := nameValue{value: -1}
	for i, k := range n.Keys {
		switch strings.ToLower(k) {
		case "name", "key":
			if n.Nodes[i].Kind == String {
				p.name = n.Nodes[i].Text
			}
		case "value":
			p.value = i
		}
	}
	if p.name == "" {
		p.value = -1
	}
	return p
}

// isKubeSecret tells whether n is a Secret of Kubernetes: its data are secret,
// whatever their names are.
func isKubeSecret(n *Node) bool {
	kind := n.Get("kind")
	return kind != nil && kind.Kind == String && kind.Text == "Secret"
}

// MaskedChange returns c with its secrets masked, those in its path included.
// What decides is the path. Where it does not tell the name of a value (of an
// argument behind a flag, of values in a list that is not matched by name, of the
// data of a Kubernetes Secret) the value is masked where it may be a secret.
func MaskedChange(c Change, m *mask.Masker) Change {
	k := changeMasker{masker{m}, map[string]string{}}
	return k.change(c)
}

// MaskedChanges returns what MaskedChange does of each.
func MaskedChanges(changes []Change, m *mask.Masker) []Change {
	const atATime = 256
	masked := make([]Change, len(changes))
	atOnce((len(changes)+atATime-1)/atATime, func(part int) {
		k := changeMasker{masker{m}, map[string]string{}}
		for i := part * atATime; i < min((part+1)*atATime, len(changes)); i++ {
			masked[i] = k.change(changes[i])
		}
	})
	return masked
}

// changeMasker masks changes one after the other: many have the same keys in their
// paths, of which it remembers how they are shown.
type changeMasker struct {
	masker
	keys map[string]string
}

func (k changeMasker) change(c Change) Change {
	name, path := "", c.Path
	for i, s := range path {
		shown := s.Key
		switch {
		case !s.List:
			shown = k.key(s.Key)
			name = k.stepInto(name, path[:i], s.Key)
		case s.By != "":
			shown, _ = k.Value(under(name, s.By), s.Key)
		}
		if shown != s.Key {
			c.Path = slices.Clone(c.Path)
			c.Path[i].Key = shown
		}
	}
	if isArgument(c.Path) {
		c.Before, c.After = k.argument(name, c.Before), k.argument(name, c.After)
		return c
	}
	if len(path) > 0 && path[0].Key == "data" {
		c.Before, c.After = k.datum(c.Before), k.datum(c.After)
	}
	c.Before, c.After = k.side(name, c.Before), k.side(name, c.After)
	return c
}

func (k changeMasker) key(key string) string {
	shown, ok := k.keys[key]
	if !ok {
		shown, _ = k.Value("key", key)
		k.keys[key] = shown
	}
	return shown
}

// stepInto returns the name of what stands at a key, which the path before leads to.
func (m masker) stepInto(name string, before Path, key string) string {
	if len(before) > 0 && strings.EqualFold(key, "value") {
		switch last := before[len(before)-1]; {
		case last.List && (last.By == "name" || last.By == "key"):
			return under(name, last.Key)
		case last.List:
			return secretName
		}
	}
	if len(before) == 0 && key == "stringData" {
		return secretName
	}
	return under(name, key)
}

// side returns what to show of a side of a change: n itself where nothing is secret.
func (m masker) side(name string, n *Node) *Node {
	if n == nil || n.Kind != List && n.Kind != Map && m.text(name, n) == n.Text {
		return n
	}
	c := m.node(name, n)
	return &c
}

// isArgument tells whether a path leads to one argument of a program.
func isArgument(p Path) bool {
	if len(p) < 2 || !p[len(p)-1].List {
		return false
	}
	switch strings.ToLower(p[len(p)-2].Key) {
	case "args", "arguments", "argv", "command", "cmd", "entrypoint", "flags", "options":
		return true
	}
	return false
}

// argument masks one that may belong to the flag before it.
func (m masker) argument(name string, n *Node) *Node {
	if n != nil && n.Kind == String && !strings.HasPrefix(n.Text, "-") && !consists(n.Text, digits) {
		name = secretName
	}
	return m.side(name, n)
}

// datum masks what may be a value of a Kubernetes Secret: base64 that is no word.
func (m masker) datum(n *Node) *Node {
	if n == nil {
		return nil
	}
	c := *n
	c.Nodes = slices.Clone(n.Nodes)
	for i := range c.Nodes {
		c.Nodes[i] = *m.datum(&n.Nodes[i])
	}
	if _, err := base64.StdEncoding.DecodeString(n.Text); n.Kind == String && err == nil && len(n.Text) >= 8 {
		if tail := n.Text[1:]; strings.ToLower(tail) != tail {
			c.Text, c.Plain = m.Hash(n.Text), false
		}
	}
	return &c
}
