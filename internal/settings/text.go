package settings

import (
	"fmt"
	"strings"
	"unicode"

	"govctl/internal/closest"
)

// maxShown bounds, in runes, how much of one foreign text an error shows.
const maxShown = 80

// oneLine returns s with everything that a terminal might obey made visible.
func oneLine(s string) string {
	s = strings.ToValidUTF8(s, "�")
	if !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// quote is %q for a foreign text of any length.
func quote(s string) string {
	if r := []rune(s); len(r) > maxShown {
		s = string(r[:maxShown]) + "…"
	}
	return fmt.Sprintf("%q", s)
}

// didYouMean returns ` (did you mean "x"?)`, or "" where no word of among is near.
func didYouMean(word string, among []string) string {
	near := closest.To(word, among)
	if near == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %s?)", quote(near))
}

// maxListed is how many names a hint lists before it breaks off.
const maxListed = 20

// list returns "a, b, c", cut off where it would fill the screen.
func list(names []string) string {
	if more := len(names) - maxListed; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:maxListed], ", "), more)
	}
	return strings.Join(names, ", ")
}
