package render

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// maxMarks is how many combining marks may follow each other: more than any
// script needs, fewer than it takes to paint over the lines around.
const maxMarks = 4

// Safe returns s as it may be written to a terminal: on one line, with
// everything that does not show as itself written as Go writes it in a string:
// control characters (\n, \x1b, \u009b), those that change the direction of
// text or take no room (\u202e, \u200b), blanks other than the ASCII one,
// private and unassigned characters, bytes that are no UTF-8 (\xff). Of a long
// run of combining marks four are shown, four escaped and the rest counted.
// Backslashes stay as they are, so that what is ordinary reads as it was
// written: Safe is for reading, and not undone.
func Safe(s string) string {
	if isPlain(s) {
		return s
	}
	var (
		b      = make([]byte, 0, len(s)+len(s)/4)
		runs   = newMarks()
		hidden = 0 // marks escaped or counted since the last other rune
	)
	for i, r := range s {
		mark := unicode.Is(unicode.M, r)
		if !mark {
			b = appendCount(b, hidden-maxMarks)
			hidden = 0
		}
		switch {
		case r == utf8.RuneError && isBadByte(s[i:]):
			b = fmt.Appendf(b, `\x%02x`, s[i])
			runs.shown(' ')
		case runs.shown(r):
			b = utf8.AppendRune(b, r)
		case mark && hidden >= maxMarks:
			hidden++
		case mark:
			hidden++
			b = appendEscape(b, r)
		default:
			b = appendEscape(b, r)
		}
	}
	return string(appendCount(b, hidden-maxMarks))
}

// isPlain reports whether s has only characters that show as themselves and take
// one column: those of ASCII, and the arrow that stands in every line of a comparison.
func isPlain(s string) bool {
	for _, r := range s {
		if (r < ' ' || r > '~') && r != '→' {
			return false
		}
	}
	return true
}

func isPlainASCII(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// isBadByte tells a byte that is no UTF-8 from a U+FFFD that was written so:
// decoding either gives U+FFFD.
func isBadByte(s string) bool {
	_, size := utf8.DecodeRuneInString(s)
	return size == 1
}

func appendCount(b []byte, n int) []byte {
	if n <= 0 {
		return b
	}
	return fmt.Appendf(b, "(+%d)", n)
}

func appendEscape(b []byte, r rune) []byte {
	switch {
	case r == '\n':
		return append(b, `\n`...)
	case r == '\r':
		return append(b, `\r`...)
	case r == '\t':
		return append(b, `\t`...)
	case r < utf8.RuneSelf:
		return fmt.Appendf(b, `\x%02x`, r)
	case r <= 0xffff:
		return fmt.Appendf(b, `\u%04x`, r)
	default:
		return fmt.Appendf(b, `\U%08x`, r)
	}
}

// marks follows a text rune by rune and says which may be shown as they are.
type marks struct{ run int }

// newMarks begins a text. A mark at its very beginning would combine with what
// stands before the text, and is not shown.
func newMarks() marks { return marks{run: maxMarks} }

func (m *marks) shown(r rune) bool {
	if !unicode.Is(unicode.M, r) {
		m.run = 0
		return isVisible(r)
	}
	m.run++
	return m.run <= maxMarks && isVisible(r)
}

// isVisible reports whether r shows as itself, takes the room that is expected
// of it and leaves its neighbours where they are. IsPrint knows letters, marks,
// numbers, punctuation, symbols and the ASCII blank; some of these are specified
// to show nothing all the same (Unicode 15, Default_Ignorable_Code_Point).
func isVisible(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= ' ' && r <= '~'
	}
	return unicode.IsPrint(r) &&
		!unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// width returns how many columns of a terminal s takes; s is safe.
func width(s string) int {
	if isPlain(s) {
		return utf8.RuneCountInString(s)
	}
	return uniseg.StringWidth(s)
}

// truncate returns s in at most limit columns, with an ellipsis where something
// was cut off, and the columns it takes. A character that is two columns wide
// is never halved.
func truncate(s string, limit int) (string, int) {
	full := width(s)
	if full <= limit {
		return s, full
	}
	var (
		b     strings.Builder
		taken = 0
		state = -1
	)
	for rest := s; rest != ""; {
		var cluster string
		var w int
		cluster, rest, w, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if taken+w > limit-1 {
			break
		}
		b.WriteString(cluster)
		taken += w
	}
	b.WriteRune('…')
	return b.String(), taken + 1
}
