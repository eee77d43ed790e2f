package registry

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-bexpr"
	"github.com/hashicorp/go-bexpr/grammar"
)

// filter is an expression in the language of hashicorp/go-bexpr 0.1.17, which
// has ==, !=, in, contains, matches, is empty, and, or, not, any and all, and
// neither < nor >.
type filter struct {
	text      string
	evaluator *bexpr.Evaluator
}

// parseFilter compiles text. go-bexpr finds an unknown field only when it
// evaluates that part, so all fields are checked here, and the whole is
// evaluated once on an instance that has one of everything.
func parseFilter(text string) (*filter, error) {
	parsed, err := grammar.Parse("", []byte(text))
	if err != nil {
		return nil, wrongFilter(text, "not an expression"+position(err))
	}
	if expr, ok := parsed.(grammar.Expression); ok {
		if err := checkFields(text, expr, Fields()); err != nil {
			return nil, err
		}
	}
	evaluator, err := bexpr.CreateEvaluator(text, bexpr.WithTagName("json"))
	if err != nil {
		return nil, wrongFilter(text, plain(err))
	}
	f := &filter{text: text, evaluator: evaluator}
	for _, sample := range []*Instance{{}, fullInstance()} {
		if _, err := f.match(sample); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (f *filter) match(in *Instance) (bool, error) {
	ok, err := f.evaluator.Evaluate(in)
	if err != nil {
		return false, wrongFilter(f.text, plain(err))
	}
	return ok, nil
}

// Fields returns the JSON names of an Instance's fields, in order: what --filter
// and --sort may name.
func Fields() []string {
	t := reflect.TypeFor[Instance]()
	names := make([]string, 0, t.NumField())
	for field := range t.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}

// checkFields returns an error for the first name in expr that is neither in
// known nor bound by an enclosing any or all.
func checkFields(text string, expr grammar.Expression, known []string) error {
	switch e := expr.(type) {
	case *grammar.UnaryExpression:
		return checkFields(text, e.Operand, known)
	case *grammar.BinaryExpression:
		if err := checkFields(text, e.Left, known); err != nil {
			return err
		}
		return checkFields(text, e.Right, known)
	case *grammar.MatchExpression:
		return checkField(text, e.Selector, known)
	case *grammar.CollectionExpression:
		if err := checkField(text, e.Selector, known); err != nil {
			return err
		}
		bound := append(slices.Clone(known), e.NameBinding.Default, e.NameBinding.Index, e.NameBinding.Value)
		return checkFields(text, e.Inner, bound)
	default:
		return nil
	}
}

func checkField(text string, sel grammar.Selector, known []string) error {
	if len(sel.Path) == 0 || slices.Contains(known, sel.Path[0]) {
		return nil
	}
	return notAmong(text, fmt.Sprintf("no field %q", sel.Path[0]), sel.Path[0], Fields())
}

// fullInstance has something in every field, so that a filter evaluated on it
// takes every branch that looks into lists.
func fullInstance() *Instance {
	return &Instance{
		Service: "s", ID: "i", Address: "a", Port: 1, Health: Passing, Version: "v", Protocol: "p", Zone: "z",
		Weight: 1, Node: "n", Tags: []string{"t"}, Metadata: map[string]string{"k": "v"},
		Endpoints: []Endpoint{{Name: "e", Request: &Value{}, Response: &Value{}}},
		Checks:    []Check{{ID: "c", Status: Passing, Updated: time.Unix(0, 0)}},
		Since:     time.Unix(0, 0), Revision: "1",
	}
}

func wrongFilter(text, why string) *SelectorError {
	return &SelectorError{Text: text, Why: why, Hint: `write it like 'health == "critical" and metadata.zone == "a"'`}
}

// position says where the parser gave up: its errors begin with LINE:COLUMN.
func position(err error) string {
	var line, column int
	switch n, _ := fmt.Sscanf(err.Error(), "%d:%d", &line, &column); {
	case n < 2:
		return ""
	case line > 1:
		return fmt.Sprintf(" from line %d, character %d on", line, column)
	}
	return fmt.Sprintf(" from character %d on", column)
}

// plain says what an error of go-bexpr means, without Go's own words. It has no
// types for most of them.
func plain(err error) string {
	text := strings.Join(strings.Fields(err.Error()), " ")
	if number, ok := errors.AsType[*strconv.NumError](err); ok {
		return fmt.Sprintf("%q is not a number that the field can be", number.Num)
	}
	if _, why, ok := strings.Cut(text, "error parsing regexp: "); ok {
		return "not a regular expression: " + why
	}
	switch {
	case strings.Contains(text, "primitive comparison function"):
		return "the field has no single value to compare: ask with in, contains or is empty"
	case strings.Contains(text, "not convertible to []byte"):
		return "the field is no text: only texts can be matched"
	case strings.Contains(text, "in/contains operations"):
		return "the field is neither a list nor a text: nothing is in it"
	}
	if _, path, ok := strings.Cut(text, "error finding value in datum: /"); ok {
		path, _, _ = strings.Cut(path, " at part ")
		return fmt.Sprintf("no field %q", strings.ReplaceAll(path, "/", "."))
	}
	return text
}
