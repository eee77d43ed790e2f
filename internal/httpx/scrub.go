package httpx

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// masked stands where a secret was.
const masked = "***"

// scrubber takes secrets out of what others wrote: a server may send back the
// token that it was sent.
type scrubber struct {
	replacer *strings.Replacer
	longest  int // bytes of the longest form of a secret
}

// newScrubber returns a scrubber for secrets and the values of header. What
// follows the scheme of Authorization ("Bearer …") is a secret of its own.
func newScrubber(secrets []string, header http.Header) scrubber {
	all := slices.Clone(secrets)
	for _, values := range header {
		all = append(all, values...)
	}
	for _, v := range header.Values("Authorization") {
		_, credential, _ := strings.Cut(v, " ")
		all = append(all, credential)
	}
	var forms []string
	for _, s := range all {
		if s != "" {
			forms = append(forms, formsOf(s)...)
		}
	}
	// Where one begins with another, the longer one goes first: a Replacer keeps
	// the order of its arguments.
	slices.SortFunc(forms, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	})
	forms = slices.Compact(forms)
	var pairs []string
	for _, f := range forms {
		pairs = append(pairs, f, masked)
	}
	out := scrubber{replacer: strings.NewReplacer(pairs...)}
	if len(forms) > 0 {
		out.longest = len(forms[0])
	}
	return out
}

// formsOf returns the ways in which s may stand in a text.
func formsOf(s string) []string {
	b := []byte(s)
	forms := []string{
		s, oneLine(s), strings.Trim(strconv.Quote(s), `"`), url.QueryEscape(s), url.PathEscape(s),
		base64.RawStdEncoding.EncodeToString(b), base64.RawURLEncoding.EncodeToString(b),
		hex.EncodeToString(b), strings.ToUpper(hex.EncodeToString(b)),
	}
	return slices.DeleteFunc(forms, func(f string) bool { return f == "" })
}

// line returns text as one line of printable characters, without secrets. They
// are looked for last: one may be whole only once a NUL inside it is gone.
func (s scrubber) line(text string) string {
	return s.replacer.Replace(oneLine(text))
}

// oneLine drops what does not print and makes one blank of any white space.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsPrint(r):
			return r
		}
		return -1
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// clip cuts s to at most n bytes, between characters.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
