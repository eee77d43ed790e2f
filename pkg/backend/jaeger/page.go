package jaeger

import (
	"context"
	"io"
	"regexp"
	"strings"
	"sync"
)

// maxPage is how many bytes of the web page are looked at.
const maxPage = 1 << 20

// What Jaeger's web page says of itself (1.8 to 2.13; it is put in when the
// server starts):
//
//	<base href="/jaeger/" …
//	JAEGER_VERSION = {"gitCommit":"…","gitVersion":"v1.76.0","buildDate":"…"};
var (
	pageVersion = onUse(`JAEGER_VERSION *= *\{[^{}]*"gitVersion" *: *"v?([0-9A-Za-z.+_-]{0,64})"`)
	pageBase    = onUse(`<base href="([^"<>]{1,200})"`)
)

// onUse returns what compiles a pattern when it is needed first: most commands ask no
// Jaeger, and need not wait for it.
func onUse(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}

// pageMark stands in Jaeger's web page and in no other.
const pageMark = "JAEGER_VERSION"

// page is what the web page tells.
type page struct {
	answer
	jaeger        bool
	version, base string // "" where it does not say so
}

// page reads the web page; ok is false where there is none.
func (j *Jaeger) page(ctx context.Context) (p page, ok bool) {
	ctx, cancel := context.WithTimeout(ctx, j.pageTime)
	defer cancel()
	var text []byte
	var err error
	p.answer, err = j.get(ctx, "/", func(r io.Reader) error {
		var err error
		text, err = io.ReadAll(io.LimitReader(r, maxPage))
		return err
	})
	if err != nil {
		return page{}, false
	}
	p.jaeger = strings.Contains(string(text), pageMark)
	p.version = first(pageVersion(), text)
	p.base = strings.TrimRight(first(pageBase(), text), "/")
	return p, true
}

// first returns the first group of e's first match in text.
func first(e *regexp.Regexp, text []byte) string {
	if m := e.FindSubmatch(text); m != nil {
		return string(m[1])
	}
	return ""
}
