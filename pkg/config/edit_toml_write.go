package config

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2/unstable"
)

// entry returns "key = value". A map with one key goes into the key, by a dot.
func (w *tomlWriter) entry(m member) (string, error) {
	key, v := tomlKeyText(m.key), m.part.value
	for v.Kind == Map && len(v.Nodes) == 1 {
		key, v = key+"."+tomlKeyText(v.Keys[0]), &v.Nodes[0]
	}
	text, err := tomlWritten(v, "", w.lineEnd)
	return key + " = " + text, err
}

// tomlKeyText returns a key, in quotes where it needs them.
func tomlKeyText(key string) string {
	bare := key != "" && strings.IndexFunc(key, func(r rune) bool {
		return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) < 0
	if bare {
		return key
	}
	return tomlQuoted(key)
}

// tomlQuoted returns a text in double quotes on one line.
func tomlQuoted(text string) string { return `"` + tomlEscaped(text, "") + `"` }

// tomlEscaped escapes what cannot stand between double quotes, and leaves ends of
// lines as those of the document where it has any.
func tomlEscaped(text, lineEnd string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\n' && lineEnd != "":
			b.WriteString(lineEnd)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// tomlWritten returns a value in one place, a text in the quotes that old has
// where it can stand in them.
func tomlWritten(n *Node, old, lineEnd string) (string, error) {
	switch n.Kind {
	case String:
		return tomlText(n.Text, old, lineEnd), nil
	case Map, List:
		return tomlWrittenInside(n, lineEnd)
	case Null:
		return "", errors.New("TOML has no null")
	default:
		return n.Text, checkTOML(n)
	}
}

// checkTOML reports a scalar that TOML does not read as it is.
func checkTOML(n *Node) error {
	var p unstable.Parser
	p.Reset([]byte("a = " + n.Text))
	if p.NextExpression() {
		e := p.Expression()
		got := tomlKindOf(e.Value())
		same := got == n.Kind && string(e.Value().Data) == n.Text && !p.NextExpression() && p.Error() == nil
		if same && (got != Time || n.checkTime() == nil) {
			return nil
		}
	}
	return errors.New("TOML has no form for this " + n.Kind.String())
}

func tomlKindOf(v *unstable.Node) Kind {
	switch v.Kind {
	case unstable.Bool:
		return Bool
	case unstable.Integer, unstable.Float:
		return Number
	case unstable.LocalDate, unstable.LocalTime, unstable.LocalDateTime, unstable.DateTime:
		return Time
	default:
		return String
	}
}

func tomlText(text, old, lineEnd string) string {
	literal := strings.IndexFunc(text, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f || r == '\'' || r == utf8.RuneError }) < 0
	lines := strings.IndexFunc(text, func(r rune) bool { return r < ' ' && r != '\t' && r != '\n' || r == 0x7f }) < 0
	first := ""
	if len(old) > 3 && strings.ContainsAny(old[3:4], "\r\n") {
		first = lineEnd
	}
	switch {
	case strings.HasPrefix(old, "'''") && lines && lineEnd == "\n" && !strings.Contains(text, "'''") && !strings.HasSuffix(text, "'") && (first != "" || !strings.HasPrefix(text, "\n")):
		return "'''" + first + text + "'''"
	case strings.HasPrefix(old, `"""`) && lineEnd == "\n":
		if strings.HasPrefix(text, "\n") && first == "" {
			first = lineEnd
		}
		return `"""` + first + tomlEscaped(text, lineEnd) + `"""`
	case strings.HasPrefix(old, "'") && literal:
		return "'" + text + "'"
	}
	return tomlQuoted(text)
}

func tomlWrittenInside(n *Node, lineEnd string) (string, error) {
	texts := make([]string, 0, len(n.Nodes))
	for i := range n.Nodes {
		text, err := tomlWritten(&n.Nodes[i], "", lineEnd)
		if err != nil {
			return "", err
		}
		if n.Kind == Map {
			text = tomlKeyText(n.Keys[i]) + " = " + text
		}
		texts = append(texts, text)
	}
	all := strings.Join(texts, ", ")
	switch {
	case n.Kind == List:
		return "[" + all + "]", nil
	case all == "":
		return "{}", nil
	}
	return "{ " + all + " }", nil
}
