package mask

import (
	"maps"
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Text masks what is secret in any text: what stands at secret names, as in
// `name: value`, name=value, "name": "value", --name value, <name>value</name>
// and a list's name and value, whether it is YAML, JSON, TOML, properties, XML, a
// log or prose; and what is secret by its form. Blocks are masked whole. It may
// mask more than is secret, and masking what is masked changes nothing. A text
// must be masked before it is cut: half a key has no form.
func (m *Masker) Text(text string) string {
	const most = 4 // what was masked may show what to mask next to it
	for range most {
		masked := m.byForm(m.names(m.lines(m.flags(m.elements(m.sections(m.pems(text)))))))
		if masked == text {
			break
		}
		text = masked
	}
	return text
}

// named walks over a text and masks what stands at names in it.
type named struct {
	*Masker
	text        string
	out         strings.Builder
	done        int             // up to where text is in out
	line        int             // where the line begins
	end         int             // of a line, that was looked for last
	dsn         int             // the end of an address, in which only the password is secret
	pair        string          // the last value of "name", until a "value" follows
	at          int             // where pair stands
	kube        bool            // this is a Secret of Kubernetes: its data are secret
	anchored    bool            // there are anchors of YAML
	used, found map[string]bool // those that stand for a secret somewhere: known before, seen
}

var kubeSecret = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\bkind["'\\]*\s*:\s*["'\\]*Secret\b`)
})

// names masks what stands at secret names that : or = follows, and at the anchors of
// YAML that are put there.
func (m *Masker) names(text string) string {
	if !strings.Contains(text, ":") && !strings.Contains(text, "=") && !strings.Contains(text, "：") {
		return text
	}
	n := named{Masker: m, text: text}
	n.kube = strings.Contains(text, "Secret") && kubeSecret().MatchString(text)
	n.anchored = strings.Contains(text, "&") && strings.Contains(text, "*")
	masked := n.mask()
	for range maxChain {
		if len(n.found) == len(n.used) {
			break
		}
		n = named{Masker: m, text: text, kube: n.kube, anchored: true, used: n.found, found: maps.Clone(n.found)}
		masked = n.mask()
	}
	return masked
}

// mask walks over the text.
func (n *named) mask() string {
	for at := 0; ; {
		i := strings.IndexAny(n.text[at:], ":=：\n")
		if i < 0 {
			break
		}
		at += i
		if n.text[at] == '\n' {
			at++
			n.line = at
			continue
		}
		at = n.separator(at)
	}
	if n.done == 0 {
		return n.text
	}
	n.out.WriteString(n.text[n.done:])
	return n.out.String()
}

// separator masks what follows the separator at an offset where that is secret,
// and returns where to go on.
func (n *named) separator(at int) int {
	_, size := utf8.DecodeRuneInString(n.text[at:])
	after := at + size
	colon := n.text[at] != '='
	for after < len(n.text) && after < at+2 && strings.IndexByte("=>", n.text[after]) >= 0 {
		after++ // := == =>
		colon = false
	}
	if colon && after < len(n.text) && (n.text[after] == ':' || strings.HasPrefix(n.text[after:], "//")) {
		return after + 1
	}
	k := n.nameBefore(at)
	if k.name == "" {
		return after
	}
	k.colon = colon
	v := n.judge(k, after)
	if v == address && after < n.dsn {
		return after
	}
	s := n.spanOf(v, k, after)
	shown := n.text[s.start:s.end]
	if isMasked(shown) && v == secret {
		return s.end
	}
	if isMasked(shown) || isHarmlessValue(shown) || !n.isSecret(v, k.name, shown) {
		if v == address {
			n.dsn = s.end
		}
		return after
	}
	n.write(s)
	if i := strings.LastIndexByte(n.text[:s.end], '\n'); i >= n.line {
		n.line = i + 1
	}
	return s.end
}

// spanOf returns the value of a name, as far as that says that it is secret.
func (n *named) spanOf(v verdict, k key, after int) span {
	switch v {
	case harmless:
		return span{start: after, end: after}
	case perhaps:
		return n.word(after)
	default:
		return n.value(k, after)
	}
}

func (n *named) write(s span) {
	n.noteAliases(n.text[s.start:s.end])
	n.out.WriteString(n.text[n.done:s.start])
	n.out.WriteString(s.outside + n.Hash(n.text[s.start:s.end]) + s.outside)
	n.done = s.end
}

// judge returns what a name says of the value behind it. Of pairs of name and
// value the name decides, on whichever side it stands.
func (n *named) judge(k key, after int) verdict {
	if n.used != nil && n.used[anchorAt(n.text[after:])] {
		return secret
	}
	switch strings.ToLower(k.name) {
	case "name", "key", "property", "variable":
		s := n.word(after)
		word := n.text[s.start:s.end]
		if k.name != "key" || !looksRandom(word) {
			n.pair, n.at = word, s.end
			return harmless
		}
	case "value", "default", "val":
		const near = 200
		pair := n.pair
		n.pair = ""
		before := strings.TrimRight(n.text[n.line:k.start], " \t\"'\\")
		first := strings.HasSuffix(before, "-") || strings.HasSuffix(before, "{") // of its element
		if pair == "" || first || k.start-n.at > near {
			pair = n.nameBehind(n.word(after).end)
		}
		return judge(pair)
	case "data", "stringdata":
		if n.kube {
			return secret
		}
	}
	return judge(k.name)
}

var behind = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^["'\\\s,]{0,40}(?:name|Name|key|Key)["'\\]*\s?[:=]\s?["'\\]*([\w.\-]+)`)
})

// nameBehind returns the name of a pair whose value ends at an offset.
func (n *named) nameBehind(end int) string {
	rest := n.text[end:min(len(n.text), end+200)]
	if found := behind().FindStringSubmatch(rest); found != nil {
		return found[1]
	}
	return ""
}

// key is a name in a text.
type key struct {
	name  string
	start int
	quote string // that stands behind the name: `"`, `\"`, …
	// first is true where nothing but layout stands before it on its line.
	first bool
	// column is where it, or if it is not the first its line, begins.
	column int
	colon  bool // it is followed by one
}

// longest is up to how many bytes a name in a text may have.
const longest = 200

// nameBefore returns the name that ends before a separator; a zero one for none.
func (n *named) nameBefore(at int) key {
	from := max(n.done, n.line, at-longest)
	head := strings.TrimRight(n.text[from:at], " \t")
	bare := strings.TrimRight(head, "\"'`\\]")
	k := key{quote: strings.TrimLeft(head[len(bare):], "]")}
	if q := strings.TrimLeft(k.quote, `\`); len(q) != 1 { // it is not the name's
		k.quote = ""
	}
	name := bare[len(bare)-nameLength(bare):]
	k.start = from + len(bare) - len(name)
	if name == "" || isARN(n.text[from:k.start]) {
		return key{}
	}
	k.name = strings.Trim(name, "-.")
	if k.quote == "" {
		k.name = withWordBefore(bare[:len(bare)-len(name)], k.name)
	}
	if strings.EqualFold(k.name, "key") {
		k.name = n.parent(k.start) + k.name
	}
	before := n.text[n.line:min(k.start, n.line+longest)]
	k.column = indentation(before)
	if k.start-n.line < longest && isLayout(before) {
		k.first, k.column = true, len(strings.TrimRight(before, "\"'`\\"))
	}
	return k
}

// parent returns "api." for the key in `api: {key: …}`; else "". Of "key" it is
// what makes it secret.
func (n *named) parent(start int) string {
	const blank, near = " \t\r\n", 100
	before := strings.TrimRight(n.text[max(n.done, start-near):start], blank+"\"'\\")
	before, colon := strings.CutSuffix(strings.TrimRight(strings.TrimSuffix(before, "{"), blank), ":")
	before = strings.TrimRight(before, blank+"\"'\\")
	name := before[len(before)-nameLength(before):]
	if !colon || name == "" || judge(name+".key") != secret {
		return ""
	}
	return name + "."
}

// nameLength returns how many bytes at the end of s may be of a name.
func nameLength(s string) int {
	rest := strings.TrimRightFunc(s, func(r rune) bool {
		return r == '_' || r == '-' || r == '.' || unicode.IsLetter(r) || unicode.IsDigit(r)
	})
	return len(s) - len(rest)
}

// isARN tells of the names within names of cloud resources: they have colons, too.
func isARN(before string) bool {
	i := strings.LastIndexAny(before, " \t\"'=,")
	return strings.HasPrefix(before[i+1:], "arn:")
}

// withWordBefore completes names of two words: "API key", "connection string".
func withWordBefore(before, name string) string {
	lower := strings.ToLower(name)
	trimmed := strings.TrimSuffix(before, " ")
	word := trimmed[len(trimmed)-nameLength(trimmed):]
	switch {
	case trimmed == before || word == "":
		return name
	case lower == "key" || lower == "keys" || lower == "string":
		if both := word + "_" + name; vocabulary().secretKeys[strings.ToLower(word)] || judge(both) == address {
			return both
		}
	case (lower == "is" || lower == "was") && judge(word) == secret:
		return word
	case lower == "id" && strings.HasSuffix(strings.ToLower(word), "key"):
		return withWordBefore(trimmed[:len(trimmed)-len(word)], word) + "_" + name
	}
	return name
}

var layout = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile("^[\\s\\-#/;!*>\"'`]*(?:(?:export|set|setx|const|var|let|ENV|ARG|local|declare)\\s+)?[\"'`]?$")
})

// isLayout tells whether a line's beginning holds no content.
func isLayout(before string) bool { return layout().MatchString(before) }

// indentation returns how far a line is indented, comment signs and the dashes
// of lists included.
func indentation(line string) int {
	return len(line) - len(strings.TrimLeft(line, " \t#"))
}
