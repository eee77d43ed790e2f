package config

import (
	"path"
	"strconv"
	"strings"
)

// Rule names values by globs. Either may be "", which fits all.
type Rule struct {
	// Key picks items as a pattern of Pick does.
	Key string
	// Path is a path in which a key or what an element is found by may have * for
	// any text and ? for one character. A step * is any one step, [*] any element
	// of a list, ** any number of steps. A dot within a key counts as one between
	// two: the properties' key "db.url" is the same as url in db, and "list[0].url"
	// as url in the first element of a list. What is quoted is no glob. What is
	// inside a value that fits, fits as well.
	Path string
}

// Rules are Rules that were read once.
type Rules []compiledRule

type compiledRule struct {
	key  string
	path []pathGlob
}

// NewRules reads rules. The error is a *GlobError.
func NewRules(rules ...Rule) (Rules, error) {
	all := make(Rules, 0, len(rules))
	for _, r := range rules {
		if _, err := path.Match(flatten(r.Key), ""); err != nil {
			return nil, &GlobError{Pattern: r.Key, Why: "not a glob: " + err.Error(), Hint: "* is any text, ? any one character, [ab] one of those"}
		}
		globs, err := parsePathGlob(r.Path)
		if err != nil {
			return nil, &GlobError{
				Pattern: r.Path, Why: "not a path: " + err.Error(),
				Hint: "it is written as `govctl config diff` writes paths; * is any one step, ** any number of them",
			}
		}
		all = append(all, compiledRule{r.Key, globs})
	}
	return all, nil
}

// For returns those rules that can fit a value of an item.
func (rs Rules) For(k Key) Rules {
	var fit Rules
	for _, r := range rs {
		if r.key == "" || k.fits(r.key) {
			fit = append(fit, r)
		}
	}
	return fit
}

// fits reports whether Pick would pick k by pattern.
func (k Key) fits(pattern string) bool {
	for _, text := range k.words(pattern) {
		if text == pattern || text != NoGroup && matches(pattern, text) {
			return true
		}
	}
	return false
}

// matches is path.Match of a pattern that is none that it refuses.
func matches(pattern, text string) bool {
	ok, err := path.Match(flatten(pattern), flatten(text))
	return ok && err == nil
}

// Match reports whether a rule fits the value at a path of an item; the empty
// Path is the item as a whole.
func (rs Rules) Match(k Key, p Path) bool { return rs.For(k).matchPath(p) }

// matchPath is Match of rules whose keys fit.
func (rs Rules) matchPath(p Path) bool {
	if len(rs) == 0 {
		return false
	}
	words := wordsOf(p)
	for _, r := range rs {
		if fits(r.path, words) {
			return true
		}
	}
	return false
}

// word is a step of a path, or, where its key has dots, a part of one.
type word struct {
	text, by string
	list     bool
}

func wordsOf(p Path) []word {
	words := make([]word, 0, len(p)+4)
	for _, s := range p {
		words = s.appendWords(words)
	}
	return words
}

func (s Step) appendWords(words []word) []word {
	switch {
	case s.List && s.By == "":
		return append(words, word{text: strconv.Itoa(s.Index), list: true})
	case s.List:
		return append(words, word{text: s.Key, by: s.By, list: true})
	}
	if strings.Contains(s.Key, "[") { // "list[0].name" in properties
		if p, err := ParsePath(s.Key); err == nil && len(p) > 1 {
			return append(words, wordsOf(p)...)
		}
	}
	for part := range strings.SplitSeq(s.Key, ".") {
		words = append(words, word{text: part})
	}
	return words
}

// pathGlob fits one word, or, with run, any number of them.
type pathGlob struct {
	word
	run  bool // "**"
	any  bool // any word that is as much in a list as word.list says
	step bool // "*": any word
	glob bool // word.text is a pattern
}

func parsePathGlob(text string) ([]pathGlob, error) {
	s := scanner{rest: text, first: true, glob: true}
	var globs []pathGlob
	for s.rest != "" {
		t, err := s.next()
		if err != nil {
			return nil, err
		}
		glob := !t.quoted && (!t.List || t.By != "") && strings.ContainsAny(t.Key, "*?")
		for _, w := range t.appendWords(nil) {
			globs = append(globs, pathGlob{
				word: w, any: t.any, glob: glob,
				run: glob && !t.List && w.text == "**", step: glob && !t.List && w.text == "*",
			})
		}
	}
	return globs, nil
}

// fits reports whether globs fit words, or the first of them: a value further up.
func fits(globs []pathGlob, words []word) bool {
	run, from := -1, 0 // the last "**", and where what follows it was tried
	for g, w := 0, 0; g < len(globs); {
		switch {
		case globs[g].run:
			run, from = g, w
			g++
		case w < len(words) && globs[g].fits(words[w]):
			g, w = g+1, w+1
		case run < 0 || from >= len(words):
			return false
		default:
			from++
			g, w = run+1, from
		}
	}
	return true
}

func (g *pathGlob) fits(w word) bool {
	switch {
	case g.step:
		return true
	case g.list != w.list:
		return false
	case g.any:
		return true
	case g.by != w.by:
		return false
	case g.glob:
		return matches(g.text, w.text)
	default:
		return g.text == w.text
	}
}
