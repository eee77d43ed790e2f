package config

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
)

// goMicroTree reads layers as go-micro's loader does with sources. Numbers are
// float64 there, and maps have no order.
func goMicroTree(layers []Layer) (*branch, error) {
	root := &branch{kids: map[string]*branch{}}
	for i := range layers {
		l := &layers[i]
		if l.Lacks != "" {
			continue
		}
		if len(l.Items) == 0 {
			return nil, &RefusedError{Consumer: GoMicro, Err: errors.New("no item is picked by " + l.Pattern)}
		}
		source, err := goMicroSource(l, i)
		if err != nil {
			return nil, err
		}
		root = root.merge(source, goMicroKeeps)
	}
	root.sort()
	return root, nil
}

// goMicroKeeps tells of what is no map whether a map of a later source does not
// replace it.
func goMicroKeeps(n *Node) bool {
	switch n.Kind {
	case Null:
		return false
	case Bool:
		return n.Text == "true"
	case Number:
		return n.Text != "0" && n.Text != "-0"
	case List:
		return len(n.Nodes) > 0
	default:
		return n.Text != ""
	}
}

// goMicroSource puts each item at the path that its key is, in the order of keys,
// in the place of what stands there. layer is the number of l.
func goMicroSource(l *Layer, layer int) (*branch, error) {
	items := make([]*Item, 0, len(l.Items))
	for i := range l.Items {
		items = append(items, &l.Items[i])
	}
	slices.SortFunc(items, func(a, b *Item) int { return strings.Compare(a.String(), b.String()) })
	root := &branch{kids: map[string]*branch{}}
	for i, item := range items {
		from := &origin{item.Key, layer, i}
		refused := func(err error) error { return &RefusedError{GoMicro, item.Key, err} }
		path := strings.Split(strings.TrimPrefix(l.below(item), "/"), "/")
		parent := root.folder(path[:len(path)-1], from)
		if parent == nil {
			return nil, refused(errors.New("it lies below a value that is no object, and the source panics"))
		}
		if len(item.Content) == 0 {
			continue
		}
		value, err := goMicroValue(item.Content)
		if err != nil {
			return nil, refused(err)
		}
		n, last := nodeOf(value), path[len(path)-1]
		hideBeside(last, &n)
		b := grow(&n, from)
		if old := parent.kids[last]; old != nil {
			b.hide(old)
		}
		parent.put(last, b)
	}
	return root, nil
}

// folder returns the map at a path, made where there is none; nil where something
// else stands in the way.
func (b *branch) folder(path []string, from *origin) *branch {
	for _, k := range path {
		if b.kids[k] == nil {
			b.put(k, &branch{kids: map[string]*branch{}, from: from})
		}
		if b = b.kids[k]; b.leaf != nil {
			return nil
		}
	}
	return b
}

func (b *branch) sort() {
	slices.Sort(b.keys)
	for _, kid := range b.kids {
		kid.sort()
	}
}

// nodeOf returns what encoding/json made of a text, as it writes it again.
func nodeOf(v any) Node {
	switch v := v.(type) {
	case nil:
		return Node{Kind: Null, Text: "null"}
	case bool:
		if v {
			return Node{Kind: Bool, Text: "true"}
		}
		return Node{Kind: Bool, Text: "false"}
	case string:
		return Node{Kind: String, Text: v}
	case []any:
		if v == nil {
			return nodeOf(nil)
		}
		n := Node{Kind: List}
		for _, e := range v {
			n.Nodes = append(n.Nodes, nodeOf(e))
		}
		return n
	case map[string]any:
		n := Node{Kind: Map, Keys: slices.Sorted(maps.Keys(v))}
		for _, k := range n.Keys {
			n.Nodes = append(n.Nodes, nodeOf(v[k]))
		}
		return n
	default: // a float64, which is no NaN
		digits, _ := json.Marshal(v)
		return Node{Kind: Number, Text: string(digits)}
	}
}
