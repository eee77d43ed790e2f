package mask

import (
	"regexp"
	"strings"
	"sync"
)

// span is where a value stands in a text. What is outside is put around what
// stands for it, so that JSON stays JSON.
type span struct {
	start, end int
	outside    string
}

// value returns where the value of a name is that begins behind an offset. What
// cannot be told is in.
func (n *named) value(k key, after int) span {
	start := after + blanks(n.text[after:])
	line := n.text[start:max(start, n.lineEnd(start))]
	switch {
	case strings.TrimSpace(line) == "":
		return n.below(k, start)
	case k.colon && strings.ContainsRune("|>&!#", rune(line[0])) && k.quote == "":
		return span{start: start, end: n.deeper(k, start+len(line))}
	}
	if s, ok := n.quoted(start, line); ok {
		return s
	}
	if line[0] == '{' || line[0] == '[' {
		if end, ok := bracket(n.text, start); ok {
			return span{start, end, k.quote}
		}
		return span{start: start, end: start + len(line)}
	}
	s := n.unquoted(k, start, line)
	s.outside = k.quote
	return s
}

// maxWord is up to how many bytes a value is looked at that is secret only if it
// looks so.
const maxWord = 4096

// word returns the value behind an offset where it stands on the same line, in
// quotes or as one word.
func (n *named) word(after int) span {
	start := after + blanks(n.text[after:min(len(n.text), after+maxWord)])
	line := lineOf(n.text[start:min(len(n.text), start+maxWord)])
	if line == "" {
		return span{start: start, end: start}
	}
	if s, ok := n.quoted(start, line); ok && s.end <= start+len(line) {
		return s
	}
	return span{start: start, end: start + len(upTo(line, " \t,;&\"'}]"))}
}

func blanks(s string) int { return len(s) - len(strings.TrimLeft(s, " \t")) }

// lineEnd returns where the line ends that an offset is on. It remembers it: a
// line may be long, and have many names.
func (n *named) lineEnd(at int) int {
	if at > n.end || n.end == 0 {
		n.end = at + len(lineOf(n.text[at:]))
	}
	return n.end
}

// lineOf returns what s has of its first line.
func lineOf(s string) string {
	if i := strings.IndexByte(s, '\n'); i >= 0 {
		s = s[:i]
	}
	return strings.TrimSuffix(s, "\r")
}

// below returns the value that is not on the line of its name: a JSON value on
// the next one, or what is indented deeper.
func (n *named) below(k key, start int) span {
	if !k.colon {
		return span{start: start, end: start}
	}
	next := start + len(n.text[start:]) - len(strings.TrimLeft(n.text[start:], " \t\r\n"))
	if next < len(n.text) && k.quote != "" && strings.IndexByte(`"[{`, n.text[next]) >= 0 {
		if s, ok := n.quoted(next, lineOf(n.text[next:])); ok {
			return s
		}
		if end, ok := bracket(n.text, next); ok {
			return span{next, end, k.quote}
		}
	}
	end := n.deeper(k, start)
	body := n.text[start:end]
	start += len(body) - len(strings.TrimLeft(body, " \t\r\n"))
	return span{start: min(start, end), end: end}
}

// deeper returns where the lines end that belong to a name by their indentation,
// given the end of its own line.
func (n *named) deeper(k key, end int) int {
	for at := end; ; {
		i := strings.IndexByte(n.text[at:], '\n')
		if i < 0 {
			return end
		}
		at += i + 1
		line := lineOf(n.text[at:])
		content := strings.TrimLeft(line, " \t#")
		depth := len(line) - len(content)
		switch {
		case content == "":
		case depth > k.column, depth == k.column && k.first && strings.HasPrefix(content, "- "):
			end = at + len(line)
		default:
			return end
		}
	}
}

// quoted returns the value between quotes that line, at start, begins with. False
// where they do not end on it, or something goes on behind them.
func (n *named) quoted(start int, line string) (span, bool) {
	quote := line[:1]
	for _, q := range []string{`"""`, "'''"} {
		if strings.HasPrefix(line, q) {
			if end := strings.Index(n.text[start+3:], q); end >= 0 {
				return span{start: start + 3, end: start + 3 + end}, true
			}
			return span{start: start, end: len(n.text)}, true
		}
	}
	if escapes := len(line) - len(strings.TrimLeft(line, `\`)); escapes > 0 && escapes < len(line) {
		quote = line[:escapes+1]
	}
	if strings.IndexByte("\"'`", quote[len(quote)-1]) < 0 {
		return span{}, false
	}
	size := closing(line[len(quote):], quote)
	if size < 0 {
		return n.quotedLines(start+len(quote), quote, line)
	}
	rest := line[len(quote)+size+len(quote):]
	if rest != "" && strings.IndexByte(" \t\r,;}])>/&|\\\"'`", rest[0]) < 0 || strings.HasPrefix(strings.TrimLeft(rest, " \t"), ":") ||
		strings.HasPrefix(rest, quote) && len(quote) == 1 && size > 0 {
		return span{}, false
	}
	return span{start: start + len(quote), end: start + len(quote) + size}, true
}

// quotedLines returns a value whose quotes end on a later line. False where there
// are names before that: then a quote is missing.
func (n *named) quotedLines(start int, quote, line string) (span, bool) {
	const most = 4096
	rest := n.text[start:min(len(n.text), start+most)]
	size := closing(rest, quote)
	if size < len(line) || strings.ContainsAny(rest[len(line):size], ":=") {
		return span{}, false
	}
	return span{start: start, end: start + size}, true
}

// closing returns where the quote stands in s that is not escaped, -1 for nowhere.
func closing(s, quote string) int {
	for at := 0; ; {
		i := strings.Index(s[at:], quote)
		if i < 0 {
			return -1
		}
		at += i
		before := s[:at]
		switch escapes := len(before) - len(strings.TrimRight(before, `\`)); {
		case quote == "'" && strings.HasPrefix(s[at:], "''"):
			at += 2
		case quote == `"` && escapes%2 == 1:
			at++
		default:
			return at
		}
	}
}

// bracket returns where the list or map ends that begins at start: behind its
// last bracket, or, where that is missing or something goes on behind it, at the
// end of the text or of the line. False where this is no list or map.
func bracket(text string, start int) (end int, ok bool) {
	depth := 0
	inside := byte(0) // the quote
	for i := start; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\':
			i++
		case inside != 0:
			if c == inside {
				inside = 0
			}
		case c == '"':
			inside = c
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth--; depth == 0 {
				rest := strings.TrimLeft(lineOf(text[i+1:]), " \t")
				return i + 1, rest == "" || strings.IndexByte(",;}])#/\"'`\\", rest[0]) >= 0
			}
		}
	}
	return len(text), true
}

// unquoted returns a value without quotes: up to the end of the line, and, where
// its name does not begin that, up to what looks like the next name.
func (n *named) unquoted(k key, start int, line string) span {
	if k.first {
		return n.wholeLine(k, start, line)
	}
	if name := startsName().FindStringSubmatch(line); name != nil && judge(name[1]) >= address {
		return span{start: start, end: start} // the value is that of the inner name
	}
	from := max(n.line, start-longest)
	open := openIn(n.text[from:start])
	if !k.colon {
		line = upTo(line, " \t&")
	}
	line = upTo(line, open.quotes)
	if at := nextName().FindStringIndex(line); at != nil && at[0] > 0 {
		line = line[:at[0]]
	}
	if k.colon && prose().MatchString(line) {
		return span{start: start, end: start}
	}
	line = strings.TrimRight(line, " \t\r,;"+open.closers)
	return span{start: start, end: start + len(line)}
}

// wholeLine returns a value that is as long as its line and those that continue it.
func (n *named) wholeLine(k key, start int, line string) span {
	end := start + len(line)
	for strings.HasSuffix(n.text[start:end], `\`) && end < len(n.text) {
		end++
		if n.text[end-1] == '\r' {
			end++
		}
		end = min(end, len(n.text))
		end += len(lineOf(n.text[end:]))
	}
	if k.colon {
		end = n.deeper(k, end)
	}
	text := strings.TrimRight(n.text[start:end], " \t\r\n")
	if k.quote != "" {
		text = strings.TrimRight(text, ",; \t")
	}
	return span{start: start, end: start + len(text)}
}

var nextName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?:[,;}&\]]|\s)\s*\\?["']?[A-Za-z_][\w.\-]*\\?["']?\s*[:=]`)
})

// startsName finds a name at the beginning.
var startsName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([A-Za-z_][\w.\-]{0,100})[ \t]*[:=][ \t]`)
})

// prose is what errors say of a secret: "token: not found".
var prose = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?:(?:not|no|permission|required|expired|invalid|missing|is|was|unexpected|must|cannot|unknown|failed|does) [a-z ,.:'()]+|required|expired|invalid|missing|unauthorized|forbidden)$`)
})

// open is what was begun and not ended in the part of a line.
type open struct {
	quotes  string // the quote, "" for none
	closers string // of the brackets
}

func openIn(part string) open {
	var o open
	for i := 0; i < len(part); i++ {
		c := part[i]
		bracket := strings.IndexByte("([{", c)
		switch {
		case c == '\\':
			i++
		case o.quotes != "":
			if c == o.quotes[0] {
				o.quotes = ""
			}
		case c == '"', c == '`', c == '\'' && (i == 0 || strings.IndexByte(" \t=:,([{", part[i-1]) >= 0):
			o.quotes = part[i : i+1]
		case bracket >= 0:
			o.closers += ")]}"[bracket : bracket+1]
		}
	}
	return o
}
