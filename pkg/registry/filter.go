package registry

import (
	"fmt"
	"reflect"
	"slices"
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
		return nil, &SelectorError{Text: text, Why: "not an expression: " + oneLine(err), Hint: `write it like 'health == "critical" and metadata.zone == "a"'`}
	}
	if expr, ok := parsed.(grammar.Expression); ok {
		if err := checkFields(text, expr, Fields()); err != nil {
			return nil, err
		}
	}
	evaluator, err := bexpr.CreateEvaluator(text, bexpr.WithTagName("json"))
	if err != nil {
		return nil, &SelectorError{Text: text, Why: oneLine(err)}
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
		return false, &SelectorError{Text: f.text, Why: oneLine(err)}
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

// oneLine returns the text of err on one line.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
