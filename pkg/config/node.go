package config

// Kind is what a value is.
type Kind uint8

// The kinds. Time is TOML's alone.
const (
	Null Kind = iota
	Bool
	Number
	String
	Time
	List
	Map
)

// String names the kind as tables do: "number".
func (k Kind) String() string {
	return [...]string{"null", "bool", "number", "text", "time", "list", "map"}[k]
}

// Node is a value in a document, lossless: a number keeps its digits.
type Node struct {
	Kind Kind
	// Plain is true of a YAML scalar without quotes and tag: see YAML11.
	Plain bool
	// Flat is true of a Map whose keys are whole paths, as those of properties are:
	// a dot in one leads nowhere.
	Flat bool
	// Hidden is true of a scalar that is a secret by what stands beside it, or, in
	// YAML, by the name under which an alias or merge key puts it: wherever it stands
	// it is masked.
	Hidden bool
	// Text is a scalar as its format means it: the string itself, the number's
	// digits as they are written, "true", "false", "null", a time as it is written.
	Text string
	// Nodes are the elements of a List, or the values of a Map in the order in
	// which they are written; Keys are a Map's keys, as many and all different.
	Nodes []Node
	Keys  []string
	// Line and Column are where it begins, from 1, the column in bytes; 0 where
	// that is not known.
	Line, Column int
}

// Get returns the value of a Map's key, nil where there is none.
func (n *Node) Get(key string) *Node {
	for i, k := range n.Keys {
		if k == key {
			return &n.Nodes[i]
		}
	}
	return nil
}
