package config

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"govctl/internal/mask"
)

// MaskedCopy is the content of an item for somebody to edit who does not see its
// secrets.
type MaskedCopy struct {
	// Text is the content with a mark in place of each secret. It may be no document
	// of its format: a mark is no number.
	Text []byte

	item Item
	// marks are what stands for each secret; no two secrets have the same.
	marks map[string]marked
}

// marked is a secret, as it is written, and where it stands.
type marked struct {
	secret string
	places map[string]bool
}

// NewMaskedCopy returns a copy of i without the secrets that MaskedContent masks. The
// error is ErrNotInPlace where they have no places of their own: a key is one.
func NewMaskedCopy(i Item, m *mask.Masker) (*MaskedCopy, error) {
	if root, err := i.parse(); root != nil && err == nil {
		text, _ := i.text()
		format, _ := Detect(i.Declared, i.Name, i.Content)
		if _, ok := spliced(text, format, root, Masked(root, m)); !ok {
			return nil, fmt.Errorf("its secrets %w: one is a key, or stands where it cannot be told from the rest", ErrNotInPlace)
		}
	}
	c := &MaskedCopy{item: i, marks: map[string]marked{}}
	done := 0
	for _, h := range i.secrets() {
		secret := string(i.Content[h.start:h.end])
		mark := c.markOf(secret, m)
		c.marks[mark].places[placeOf(h.where)] = true
		c.Text = append(append(c.Text, i.Content[done:h.start]...), mark...)
		done = h.end
	}
	c.Text = append(c.Text, i.Content[done:]...)
	if same, err := c.Restore(c.Text); err != nil || !bytes.Equal(same, i.Content) {
		return nil, fmt.Errorf("its secrets %w: what stands for them cannot be told from the rest", ErrNotInPlace)
	}
	return c, nil
}

// markOf returns what stands for a secret: its hash, with a number behind it where
// another secret has the same, or the content such a text.
func (c *MaskedCopy) markOf(secret string, m *mask.Masker) string {
	hash := m.Hash(secret)
	mark := hash
	for n := 2; ; n++ {
		known, taken := c.marks[mark]
		if taken && known.secret == secret {
			return mark
		}
		if !taken && !strings.Contains(string(c.item.Content), mark) {
			c.marks[mark] = marked{secret, map[string]bool{}}
			return mark
		}
		mark = fmt.Sprintf("%s-%d", hash, n)
	}
}

var positions = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\[\d+\]|^line \d+$`) })

// placeOf is where a secret stands, whatever its position in a list is, or its line
// where it is no value: in comments and in texts.
func placeOf(where string) string { return positions().ReplaceAllString(where, "[]") }

// MarkError says that a mark in an edited copy stands for no secret.
type MarkError struct {
	Where, Mark, Why string
}

// Error tells where it is.
func (e *MarkError) Error() string { return fmt.Sprintf("%s: %s %s", e.Where, e.Mark, e.Why) }

// Restore returns an edited copy of the Text with the secrets in their places, every
// byte of them as it was. A secret whose mark is gone is gone, too. The error is a
// *MarkError for a mark that was changed, or that stands where its secret did not; a
// *ParseError where the result cannot be read, though the content could.
func (c *MaskedCopy) Restore(edited []byte) ([]byte, error) {
	text := string(edited)
	var out strings.Builder
	var back []hole // in out; where holds the mark
	for {
		at := strings.Index(text, mask.Marker)
		if at < 0 {
			break
		}
		out.WriteString(text[:at])
		text = text[at:]
		mark, ok := c.markAt(text)
		if !ok {
			line, _ := position(string(edited), len(edited)-len(text))
			return nil, &MarkError{fmt.Sprintf("line %d", line), mark, "stands for no secret"}
		}
		text = text[len(mark):]
		known, isMark := c.marks[mark]
		if !isMark {
			out.WriteString(mark)
			continue
		}
		back = append(back, hole{start: out.Len(), end: out.Len() + len(known.secret), where: mark})
		out.WriteString(known.secret)
	}
	out.WriteString(text)
	result := c.item
	result.Declared, _ = Detect(c.item.Declared, c.item.Name, c.item.Content) // also where it was guessed
	result.Content = []byte(out.String())
	if err := c.check(&result, back); err != nil {
		return nil, err
	}
	return result.Content, nil
}

var looksMarked = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^` + mask.Marker + `[0-9a-f]*`) })

// markAt returns the longest mark that text begins with, or what looks like one: ok
// where the content had that before anybody masked it.
func (c *MaskedCopy) markAt(text string) (mark string, ok bool) {
	for m := range c.marks {
		if len(m) > len(mark) && strings.HasPrefix(text, m) {
			mark = m
		}
	}
	if mark != "" {
		return mark, true
	}
	mark = looksMarked().FindString(text)
	return mark, strings.Contains(string(c.item.Content), mark)
}

// check returns a *MarkError unless all that was put back stands where it did, and
// why the result cannot be read. What could not be read before has no places.
func (c *MaskedCopy) check(result *Item, back []hole) error {
	if _, err := c.item.parse(); err != nil {
		return nil //nolint:nilerr // it was so before
	}
	if _, err := result.parse(); err != nil {
		return err
	}
	places := result.places()
	for _, h := range back {
		where := places.name(string(result.Content), h)
		if !c.marks[h.where].places[placeOf(where)] {
			return &MarkError{where, h.where, "stands for a secret of another place"}
		}
	}
	return nil
}
