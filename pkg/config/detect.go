package config

import (
	"bytes"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

// Detect says how content is to be read: by the format that the store declares,
// else by the suffix of its name, else by a guess from the content, which
// guessed tells. What holds a NUL byte is Binary whatever it is called; so is
// what is not UTF-8, unless its format has a structure: then Parse says where.
func Detect(declared Format, name string, content []byte) (f Format, guessed bool) {
	if bytes.IndexByte(content, 0) >= 0 {
		return Binary, false
	}
	f = declared
	if f == "" {
		f = suffixed(name)
	}
	if f != "" && parserOf(f) != nil {
		return f, false
	}
	if !utf8.Valid(content) {
		return Binary, false
	}
	if f != "" {
		return f, false
	}
	return guess(content), true
}

// suffixed returns the format that a name says, "" where it says none.
func suffixed(name string) Format {
	switch strings.ToLower(path.Ext(name)) {
	case ".yaml", ".yml":
		return YAML
	case ".json":
		return JSON
	case ".toml":
		return TOML
	case ".properties":
		return Properties
	case ".txt", ".md", ".xml", ".html":
		return Text
	}
	return ""
}

// maxGuess is the size in bytes up to which content is guessed at: it may be
// read once a format.
const maxGuess = 1 << 20

// guess returns the format in which content certainly means something: a lone
// word is YAML, too, but nobody means that.
func guess(content []byte) Format {
	if len(content) > maxGuess {
		return Text
	}
	for _, f := range []Format{JSON, TOML, YAML, Properties} {
		if n, err := Parse(content, f); err == nil && convinces(n, f, content) {
			return f
		}
	}
	return Text
}

// convinces tells whether what was read is likely to be what was written.
func convinces(n *Node, f Format, content []byte) bool {
	switch f {
	case JSON:
		return n.Kind == Map || n.Kind == List
	case TOML: // numbers alone are properties as well
		return slices.ContainsFunc(n.Nodes, func(v Node) bool { return v.Kind != Number && v.Kind != Bool })
	case YAML:
		return hasNames(*n) || n.Kind == List && len(n.Nodes) > 0 && !slices.ContainsFunc(n.Nodes, func(v Node) bool { return !hasNames(v) })
	default:
		return looksLikeProperties(string(content))
	}
}

// hasNames tells whether n is a Map with keys, and all are names, not words of a
// sentence.
func hasNames(n Node) bool {
	return len(n.Keys) > 0 && !slices.ContainsFunc(n.Keys, func(k string) bool {
		return k == "" || strings.ContainsAny(k, " \t\r\n,;=<>{}[]()\"'?!")
	})
}

// looksLikeProperties tells whether each line is a comment or NAME=VALUE.
func looksLikeProperties(text string) bool {
	found := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == '!' {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		name = strings.TrimSpace(name)
		if !ok || name == "" || strings.ContainsAny(name, ": \t") || strings.HasPrefix(value, "=") {
			return false
		}
		found = true
	}
	return found
}
