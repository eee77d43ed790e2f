package config

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// keyword reads the value of a word of schema s, and returns what it checks; nil
// for nothing.
type keyword func(c *compiler, s *subschema, value *Node) (check, error)

// keywords are the words that say something. Others are remarks: "title",
// "format", "default".
func keywords() map[string]keyword {
	return map[string]keyword{
		"type":                  (*compiler).types,
		"enum":                  (*compiler).enum,
		"const":                 (*compiler).constant,
		"minimum":               bound("is below the minimum", func(order int) bool { return order >= 0 }),
		"exclusiveMinimum":      bound("is not above", func(order int) bool { return order > 0 }),
		"maximum":               bound("is above the maximum", func(order int) bool { return order <= 0 }),
		"exclusiveMaximum":      bound("is not below", func(order int) bool { return order < 0 }),
		"multipleOf":            (*compiler).multipleOf,
		"minLength":             atLeast(String, "character", textLength),
		"maxLength":             atMost(String, "character", textLength),
		"pattern":               (*compiler).pattern,
		"minItems":              atLeast(List, "element", size),
		"maxItems":              atMost(List, "element", size),
		"uniqueItems":           (*compiler).uniqueItems,
		"prefixItems":           (*compiler).prefixItems,
		"items":                 (*compiler).items,
		"additionalItems":       (*compiler).additionalItems,
		"contains":              (*compiler).contains,
		"minProperties":         atLeast(Map, "key", size),
		"maxProperties":         atMost(Map, "key", size),
		"required":              (*compiler).required,
		"properties":            (*compiler).properties,
		"patternProperties":     (*compiler).patternProperties,
		"additionalProperties":  (*compiler).additionalProperties,
		"propertyNames":         (*compiler).propertyNames,
		"dependentRequired":     (*compiler).dependencies,
		"dependentSchemas":      (*compiler).dependencies,
		"dependencies":          (*compiler).dependencies,
		"allOf":                 (*compiler).allOf,
		"anyOf":                 (*compiler).anyOf,
		"oneOf":                 (*compiler).oneOf,
		"not":                   (*compiler).not,
		"if":                    (*compiler).condition,
		"$defs":                 (*compiler).definitions,
		"definitions":           (*compiler).definitions,
		"$dynamicRef":           unsupported,
		"$recursiveRef":         unsupported,
		"unevaluatedItems":      unsupported,
		"unevaluatedProperties": unsupported,
	}
}

func unsupported(c *compiler, _ *subschema, value *Node) (check, error) {
	return nil, c.mistake(value, "$dynamicRef, $recursiveRef and unevaluated… are not supported: write what they stand for")
}

// texts returns the texts of a list.
func (c *compiler) texts(n *Node, what string) ([]string, error) {
	if n.Kind != List {
		return nil, c.mistake(n, what)
	}
	var out []string
	for i := range n.Nodes {
		if n.Nodes[i].Kind != String {
			return nil, c.mistake(&n.Nodes[i], what)
		}
		out = append(out, n.Nodes[i].Text)
	}
	return out, nil
}

func (c *compiler) types(_ *subschema, value *Node) (check, error) {
	names := []string{value.Text}
	if value.Kind != String {
		var err error
		if names, err = c.texts(value, "type is the name of one, or a list of names"); err != nil {
			return nil, err
		}
	}
	known := []string{"null", "boolean", "object", "array", "number", "string", "integer"}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, c.mistake(value, "this type is not known: there are "+strings.Join(known, ", "))
		}
	}
	want := strings.Join(names, " or ")
	return func(v *validation, n *Node) bool {
		if !slices.ContainsFunc(names, n.isType) {
			return v.fail(n, "is %s, and must be %s", n.typeName(), want)
		}
		return true
	}, nil
}

// isType tells whether a value is of a type as JSON Schema names it.
func (n *Node) isType(name string) bool {
	if name == "integer" {
		return n.Kind == Number && isInteger(n.Text)
	}
	return n.typeName() == name
}

// typeName is the type of a value as JSON Schema names it. A time of TOML is text.
func (n *Node) typeName() string {
	switch n.Kind {
	case Null:
		return "null"
	case Bool:
		return "boolean"
	case Number:
		return "number"
	case List:
		return "array"
	case Map:
		return "object"
	case String, Time:
	}
	return "string"
}

func (c *compiler) enum(_ *subschema, value *Node) (check, error) {
	if value.Kind != List {
		return nil, c.mistake(value, "enum is a list of values")
	}
	return func(v *validation, n *Node) bool {
		for i := range value.Nodes {
			if v.cost(1) && v.same(&value.Nodes[i], n) {
				return true
			}
		}
		return v.failFor(n, ": "+someOf(value.Nodes), "is none of the values that are allowed")
	}, nil
}

func (c *compiler) constant(_ *subschema, value *Node) (check, error) {
	return func(v *validation, n *Node) bool {
		return v.same(value, n) || v.failFor(n, ": "+someOf([]Node{*value}), "is not the one value that is allowed")
	}, nil
}

// someOf lists the first of some values.
func someOf(nodes []Node) string {
	const most, long = 8, 40
	var words []string
	for i := range nodes {
		if i == most {
			words = append(words, "…")
			break
		}
		n := &nodes[i]
		switch text := n.Text; {
		case n.Kind == Map || n.Kind == List:
			words = append(words, "a "+n.Kind.String())
		case utf8.RuneCountInString(text) > long:
			words = append(words, "a long text")
		case n.Kind == String:
			words = append(words, strconv.Quote(text))
		default:
			words = append(words, text)
		}
	}
	return strings.Join(words, ", ")
}

// same tells whether a value of the schema and one of the item are equal.
func (v *validation) same(want, n *Node) bool {
	if n.Kind == Time {
		asText := *n
		asText.Kind = String
		n = &asText
	}
	if want.Kind != n.Kind || len(want.Nodes) != len(n.Nodes) || !v.cost(1+len(n.Text)/64+v.weight(want)) {
		return false
	}
	return Equal(want, n, Options{IDs: []string{}})
}

// weight is how many values are in n.
func (v *validation) weight(n *Node) int {
	sum := len(n.Nodes)
	for i := range n.Nodes {
		sum += v.weight(&n.Nodes[i])
	}
	return sum
}

// atLeast checks a size of values of a kind.
func atLeast(k Kind, noun string, of func(*Node) int) keyword {
	return sized(k, func(v *validation, n *Node, limit int) bool {
		if got := of(n); got < limit {
			return v.fail(n, "has %s, and must have %d at least", counted(got, noun), limit)
		}
		return true
	})
}

func atMost(k Kind, noun string, of func(*Node) int) keyword {
	return sized(k, func(v *validation, n *Node, limit int) bool {
		if got := of(n); got > limit {
			return v.fail(n, "has %s, and must have %d at most", counted(got, noun), limit)
		}
		return true
	})
}

func sized(k Kind, judge func(v *validation, n *Node, limit int) bool) keyword {
	return func(c *compiler, _ *subschema, value *Node) (check, error) {
		limit, err := c.count(value)
		return func(v *validation, n *Node) bool {
			return n.Kind != k || !v.cost(len(n.Text)/64) || judge(v, n, limit)
		}, err
	}
}

// counted is a number with its noun.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func textLength(n *Node) int { return utf8.RuneCountInString(n.Text) }

func size(n *Node) int { return len(n.Nodes) }

// count returns a whole number from 0 on.
func (c *compiler) count(n *Node) (int, error) {
	const enough = 1 << 31
	d, ok := parseExact(n.Text)
	if n.Kind != Number || !ok || !d.isInteger() || d.negative && d.digits != "" {
		return 0, c.mistake(n, "this must be a whole number, and not below 0")
	}
	whole := d.digits + strings.Repeat("0", int(min(d.exponent, 10)))
	if whole == "" {
		return 0, nil
	}
	if count, err := strconv.Atoi(whole); err == nil {
		return min(count, enough), nil
	}
	return enough, nil
}

func (c *compiler) pattern(_ *subschema, value *Node) (check, error) {
	re, err := c.expression(value, value.Text)
	if err != nil || value.Kind != String {
		return nil, c.mistake(value, "a pattern is an expression of RE2, which has no lookahead")
	}
	return func(v *validation, n *Node) bool {
		if n.Kind != String || !v.cost(matching(n.Text)) || re.MatchString(n.Text) {
			return true
		}
		return v.failFor(n, " "+quoteKey(value.Text), "does not match the pattern")
	}, nil
}

// expression reads a pattern, which stands at n. Those of JavaScript that RE2 does
// not know are an error.
func (c *compiler) expression(n *Node, text string) (*regexp.Regexp, error) {
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, c.mistake(n, "a pattern is an expression of RE2, which has no lookahead")
	}
	return re, nil
}
