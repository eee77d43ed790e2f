package registry

import (
	"fmt"
	"slices"
	"strings"
)

// Selector picks instances. The zero Selector picks all of them.
type Selector struct {
	labels []labelTerm
	health []Health
	filter *filter
}

// SelectorError says that the text of a selector is wrong: the caller's fault,
// not the registry's.
type SelectorError struct {
	// Text is the selector, or the part of it that is wrong, and Why says what
	// is wrong with it.
	Text, Why string
	// Hint, if not empty, says what would be right.
	Hint string
	// Where a word was none of those allowed, Word is that word and Among what
	// it may be.
	Word  string
	Among []string
}

// Error returns what is wrong, in one line.
func (e *SelectorError) Error() string { return fmt.Sprintf("%q: %s", e.Text, e.Why) }

// ParseSelector makes a Selector of three texts, each of which may be empty:
// labels ("version=v2,zone!=a,canary,!old", on metadata and what Instance.Label
// adds), health ("critical,warning") and a filter in the language of
// hashicorp/go-bexpr over the JSON names of Instance. An instance must satisfy
// all three. The error is a *SelectorError.
func ParseSelector(labels, health, filter string) (Selector, error) {
	var s Selector
	var err error
	if s.labels, err = parseLabels(labels); err != nil {
		return Selector{}, err
	}
	for _, name := range splitList(health) {
		h, err := ParseHealth(name)
		if err != nil {
			return Selector{}, notAmong(name, "not a health", name, healthNames())
		}
		s.health = append(s.health, h)
	}
	if strings.TrimSpace(filter) != "" {
		if s.filter, err = parseFilter(filter); err != nil {
			return Selector{}, err
		}
	}
	return s, nil
}

// notAmong returns the error for a word in text that is none of those allowed.
func notAmong(text, why, word string, among []string) *SelectorError {
	return &SelectorError{Text: text, Why: why, Word: word, Among: among, Hint: "it is one of " + strings.Join(among, ", ")}
}

// IsZero reports whether the Selector picks everything.
func (s Selector) IsZero() bool {
	return len(s.labels) == 0 && len(s.health) == 0 && s.filter == nil
}

// Match reports whether the Selector picks in. An error is a *SelectorError: the
// filter compares what cannot be compared.
func (s Selector) Match(in *Instance) (bool, error) {
	if len(s.health) > 0 && !slices.Contains(s.health, in.Health) {
		return false, nil
	}
	for _, term := range s.labels {
		if !term.match(in) {
			return false, nil
		}
	}
	if s.filter == nil {
		return true, nil
	}
	return s.filter.match(in)
}

// labelTerm is one comma-separated part of a label selector.
type labelTerm struct {
	key, value string
	op         labelOp
}

type labelOp int

const (
	labelEquals labelOp = iota
	labelDiffers
	labelExists
	labelMissing
)

func (t labelTerm) match(in *Instance) bool {
	v, ok := in.Label(t.key)
	switch t.op {
	case labelEquals:
		return ok && v == t.value
	case labelDiffers:
		return !ok || v != t.value // as in Kubernetes: without the label it differs
	case labelExists:
		return ok
	case labelMissing:
		return !ok
	default:
		return false
	}
}

func parseLabels(text string) ([]labelTerm, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	var terms []labelTerm
	for part := range strings.SplitSeq(text, ",") {
		t := parseLabel(strings.TrimSpace(part))
		if t.key == "" || strings.ContainsAny(t.key, "!=() ") {
			return nil, &SelectorError{Text: text, Why: fmt.Sprintf("%q is not KEY=VALUE, KEY!=VALUE, KEY or !KEY", part), Hint: "write it like 'version=v2,zone!=a,canary'"}
		}
		terms = append(terms, t)
	}
	return terms, nil
}

func parseLabel(part string) labelTerm {
	if k, v, ok := strings.Cut(part, "!="); ok {
		return labelTerm{key: strings.TrimSpace(k), value: strings.TrimSpace(v), op: labelDiffers}
	}
	if k, v, ok := strings.Cut(part, "="); ok {
		v = strings.TrimPrefix(v, "=") // KEY==VALUE, as kubectl takes it too
		return labelTerm{key: strings.TrimSpace(k), value: strings.TrimSpace(v), op: labelEquals}
	}
	if k, ok := strings.CutPrefix(part, "!"); ok {
		return labelTerm{key: k, op: labelMissing}
	}
	return labelTerm{key: part, op: labelExists}
}

// splitList splits a comma-separated list and drops empty parts.
func splitList(text string) []string {
	parts := strings.Split(text, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return slices.DeleteFunc(parts, func(s string) bool { return s == "" })
}
