package settings

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

const (
	maxFile  = 1 << 20 // bytes of a govctl.yaml
	maxNodes = 100_000 // values of a govctl.yaml, those repeated by aliases counted each time
)

// parser reads one govctl.yaml. The first mistake ends it; no text of the file
// that may be a secret gets into an error.
type parser struct {
	file   string // as errors name it
	folder string // that relative paths start from
	home   string // that ~ means; "" where it is unknown
	nodes  int
}

// parse returns what a govctl.yaml holds. Every error is an *Error.
func (p *parser) parse(data []byte) (*document, error) {
	root, err := p.tree(data)
	if err != nil {
		return nil, err
	}
	return p.document(root)
}

// tree returns the one document of data as YAML nodes.
func (p *parser) tree(data []byte) (*yaml.Node, error) {
	if err := p.plain(data); err != nil {
		return nil, err
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	var root, second yaml.Node
	switch err := d.Decode(&root); {
	case errors.Is(err, io.EOF):
		return nil, p.pos(1).at(hintShape, "the file is empty")
	case err != nil:
		return nil, p.syntax(data, err)
	}
	switch err := d.Decode(&second); {
	case err == nil:
		return nil, p.pos(second.Line).at("keep one, without a --- line", "a second YAML document begins here")
	case !errors.Is(err, io.EOF):
		return nil, p.syntax(data, err)
	}
	return root.Content[0], nil
}

// plain refuses what is no text at all, with the line, which yaml does not tell.
func (p *parser) plain(data []byte) error {
	if len(data) > maxFile {
		return p.pos(1).at("", "the file is larger than 1 MiB")
	}
	line := 1
	for rest := data; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		switch {
		case r == utf8.RuneError && size == 1:
			return p.pos(line).at("", "this is not UTF-8")
		case r == '\n':
			line++
		case r < ' ' && r != '\t' && r != '\r', r == 0x7f:
			return p.pos(line).at("", "a control character (U+%04X) stands here", r)
		}
		rest = rest[size:]
	}
	return nil
}

// syntax is the error for what yaml cannot read. It says why in yaml's words,
// but for two: a tab, the most common mistake, which yaml calls a token, and an
// unknown anchor, whose name may be a secret that begins with a star.
func (p *parser) syntax(data []byte, err error) error {
	if line := tabbed(data); line > 0 {
		return p.pos(line).at("indent with blanks", "a tab stands in the indentation")
	}
	why, line := strings.TrimPrefix(err.Error(), "yaml: "), 1
	if rest, ok := strings.CutPrefix(why, "line "); ok {
		if number, text, ok := strings.Cut(rest, ": "); ok {
			n, _ := strconv.Atoi(number)
			why, line = text, max(1, n)
		}
	}
	if strings.HasPrefix(why, "unknown anchor") {
		why = "a value begins with * but names no anchor"
	}
	line = cmp.Or(culprit(data), line)
	return p.pos(line).at("a text with special characters wants quotes", "this is not YAML: %s", why)
}

// The length of a file up to which culprit looks: it reads the file once a line.
const (
	maxLines = 500
	maxBytes = 64 << 10
)

// culprit returns the line with which data ceases to be YAML: the one after the
// longest beginning that is. yaml itself names where the mapping around it
// begins, often many lines above. 0 where the file is too long to look.
func culprit(data []byte) int {
	ends := []int{0}
	for l := range bytes.Lines(data) {
		ends = append(ends, ends[len(ends)-1]+len(l))
	}
	if len(ends) > maxLines || len(data) > maxBytes {
		return 0
	}
	for line := len(ends) - 1; line > 0; line-- {
		var n yaml.Node
		if yaml.Unmarshal(data[:ends[line-1]], &n) == nil {
			return line
		}
	}
	return 0
}

// tabbed returns the first line that has a tab in its indentation, 0 for none.
func tabbed(data []byte) int {
	line := 0
	for l := range bytes.Lines(data) {
		line++
		indent := l[:len(l)-len(bytes.TrimLeft(l, " \t"))]
		if bytes.ContainsRune(indent, '\t') && len(bytes.TrimSpace(l)) > 0 {
			return line
		}
	}
	return 0
}
