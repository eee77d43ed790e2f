package mask

import "strings"

// charset is the characters of ASCII that a text has.
type charset [2]uint64

func charsetOf(text string) charset {
	var c charset
	for i := range len(text) {
		if b := text[i]; b < 128 {
			c[b>>6] |= 1 << (b & 63)
		}
	}
	return c
}

// within reports whether all of c are in d.
func (c charset) within(d charset) bool { return c[0]&^d[0] == 0 && c[1]&^d[1] == 0 }

// hint is a text without which something is not there, and its characters: most
// texts that are looked at are short, and lack one of them.
type hint struct {
	text string
	of   charset
}

func hintsOf(texts []string) []hint {
	hints := make([]hint, len(texts))
	for i, t := range texts {
		hints[i] = hint{t, charsetOf(t)}
	}
	return hints
}

// hasOneOf reports whether text, whose characters are in, has one of hints.
func hasOneOf(text string, in charset, hints []hint) bool {
	for i := range hints {
		if h := &hints[i]; h.of.within(in) && strings.Contains(text, h.text) {
			return true
		}
	}
	return false
}
