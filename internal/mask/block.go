package mask

import (
	"regexp"
	"strings"
	"sync"
)

var header = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?m)^[ \t]*\[{1,2}[ \t]*(["'\w.\- ]{1,200})\]{1,2}[ \t]*(?:#.*|;.*)?\r?$`)
})

// sections masks what stands below the header of a section with a secret name, in
// TOML and in files of the kind INI, whole.
func (m *Masker) sections(text string) string {
	if !strings.Contains(text, "[") || !strings.Contains(text, "=") {
		return text
	}
	heads := header().FindAllStringSubmatchIndex(text, -1)
	var b strings.Builder
	done := 0
	for i, at := range heads {
		end := len(text)
		if i+1 < len(heads) {
			end = heads[i+1][0]
		}
		body := strings.TrimSpace(text[at[1]:end])
		if judge(text[at[2]:at[3]]) != secret || isMasked(body) || !strings.Contains(lineOf(body), "=") {
			continue
		}
		start := at[1] + strings.Index(text[at[1]:end], body)
		b.WriteString(text[done:start] + m.Hash(body))
		done = start + len(body)
	}
	return b.String() + text[done:]
}

var flag = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`--([A-Za-z][\w.\-]*)(?:["']\s*,\s*["']|["']?[ \t]+["']?|["']?\s*\n\s*-\s+["']?)([^\s"',;&|)\]}]+)`)
})

// flags masks the values of flags that no = precedes: --password x, also as two
// elements of a list.
func (m *Masker) flags(text string) string {
	if !strings.Contains(text, "--") {
		return text
	}
	return maskParts(text, flag(), func(name, value string) string {
		inner := upTo(value, ":=")
		if judge(name) < address || strings.HasPrefix(value, "--") || isMasked(value) || isHarmlessValue(value) ||
			inner != value && judge(inner) >= address {
			return value
		}
		return m.Hash(value)
	})
}

var spaced = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?m)^[ \t]*(\w+(?:[.\-]\w+)+)[ \t]+([^\s:=].*?)[ \t]*\r?$`)
})

// maySpace reports whether text has what spaced needs: a blank, and a name of parts.
func maySpace(text string) bool {
	return strings.ContainsAny(text, " \t") && strings.ContainsAny(text, ".-")
}

// lines masks what properties hold that have a blank in place of the =: names
// that no sentence begins with.
func (m *Masker) lines(text string) string {
	if !maySpace(text) {
		return text
	}
	return maskParts(text, spaced(), func(name, value string) string {
		if judge(name) != secret || isMasked(value) || isHarmlessValue(value) || strings.Contains(value, ": ") {
			return value
		}
		return m.Hash(value)
	})
}

var element = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`<([A-Za-z_][\w.:\-]*)(?:\s(?:[^<>]{0,200}?\b(?:name|key)="([\w.\-]+)")?[^<>]{0,200})?>([^<>]+|<!\[CDATA\[[^\]]+\]\]>)</`)
})

// elements masks what stands in elements of XML.
func (m *Masker) elements(text string) string {
	if !strings.Contains(text, "</") {
		return text
	}
	var b strings.Builder
	done := 0
	for _, at := range element().FindAllStringSubmatchIndex(text, -1) {
		name := text[at[2]:at[3]]
		if at[4] >= 0 {
			name = text[at[4]:at[5]]
		}
		value := text[at[6]:at[7]]
		if isMasked(value) || isHarmlessValue(value) || !m.isSecret(judge(name), name, value) {
			continue
		}
		b.WriteString(text[done:at[6]] + m.Hash(value))
		done = at[7]
	}
	return b.String() + text[done:]
}

// maskParts replaces the second part of each match by what shown makes of both.
func maskParts(text string, re *regexp.Regexp, shown func(name, value string) string) string {
	var b strings.Builder
	done := 0
	for _, at := range re.FindAllStringSubmatchIndex(text, -1) {
		b.WriteString(text[done:at[4]] + shown(text[at[2]:at[3]], text[at[4]:at[5]]))
		done = at[5]
	}
	return b.String() + text[done:]
}
