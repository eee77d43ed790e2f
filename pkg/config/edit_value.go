package config

import "strings"

// ParseValue reads a new value from a command line, for the place of present, nil
// where nothing stands. Text in double quotes is the text in them; else the kind of
// the scalar that stands there is kept where text can be read as it, and otherwise
// JSON is what it says (5, true, null, [1], {"a": 1}) and the rest is text. In
// Properties, and in what has no structure, all is text as it is.
//
// Who means another kind than the present one says so in JSON, which Parse reads.
func ParseValue(text string, f Format, present *Node) *Node {
	plain := &Node{Kind: String, Text: text}
	if f != JSON && f != YAML && f != TOML {
		return plain
	}
	n, err := Parse([]byte(text), JSON)
	valid := err == nil && strings.TrimSpace(text) != ""
	switch {
	case valid && n.Kind == String:
		return n
	case present != nil && present.Kind == String:
		return plain
	case present != nil && present.Kind == Number && text != "" && isCoreNumber(text):
		return &Node{Kind: Number, Text: text}
	case present != nil && present.Kind == Time && checkTOML(&Node{Kind: Time, Text: text}) == nil:
		return &Node{Kind: Time, Text: text}
	case valid:
		return n
	}
	return plain
}
