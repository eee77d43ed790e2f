package config

import "strings"

// Placeholder is a "${name}" in a text, which stands for another value.
type Placeholder struct {
	// Name is what stands between the braces, without the default.
	Name string
	// Default is true of ${name:default} and ${name:-default}.
	Default bool
	// Offset is where in the text it begins, in bytes.
	Offset int
	// Kind says who knows the name.
	Kind PlaceholderKind
}

// PlaceholderKind says where the value of a Placeholder comes from.
type PlaceholderKind uint8

// The kinds.
const (
	// Reference names a value of the configuration.
	Reference PlaceholderKind = iota
	// Variable is of the process that reads the configuration: UPPER_CASE, or a
	// property that the Java runtime or Spring has of itself.
	Variable
	// Expression is no name: it is computed, as ${a.${b}} or ${x + 1}.
	Expression
)

const (
	// maxPlaceholders is how many of one text are told.
	maxPlaceholders = 10_000
	// maxWithin is how many may stand within each other.
	maxWithin = 100
)

// Placeholders returns those of text in the order in which they begin, those in
// defaults too, as Spring and shells write them: \${ and $${ begin none, nor does
// the #{ of Spring's own expressions. unclosed tells of one without an end, and
// then the offset is its; what follows it is not looked at. More than 10,000, or
// more than 100 within each other, are not told.
func Placeholders(text string) (all []Placeholder, unclosed bool, offset int) {
	if !strings.Contains(text, "${") {
		return nil, false, 0
	}
	s := placeholders{text: text}
	i := 0
	for i < len(text) && len(s.all) < maxPlaceholders && len(s.open) <= maxWithin {
		i += s.next(i)
	}
	if len(s.open) == 0 {
		return s.all, false, 0
	}
	first := s.open[0].index
	return s.all[:first], i == len(text), s.all[first].Offset
}

// placeholders is a reading of a text.
type placeholders struct {
	text string
	all  []Placeholder
	open []openPlaceholder
}

// openPlaceholder is one whose end has not come.
type openPlaceholder struct {
	index  int // in all
	name   int // where its name begins
	braces int // that were opened in it
	named  bool
}

// next reads what stands at i, and returns how many bytes that is.
func (s *placeholders) next(i int) int {
	rest := s.text[i:]
	switch {
	case strings.HasPrefix(rest, "$${"), strings.HasPrefix(rest, `\${`):
		if n := len(s.open); n > 0 {
			s.open[n-1].braces++
		}
		return 3
	case strings.HasPrefix(rest, "${"):
		s.begin(i)
		return 2
	case len(s.open) == 0:
		if next := strings.IndexAny(rest[1:], `$\`); next >= 0 {
			return 1 + next
		}
		return len(rest)
	}
	switch top := &s.open[len(s.open)-1]; rest[0] {
	case '{':
		top.braces++
	case '}':
		if top.braces--; top.braces < 0 {
			s.name(top, i)
			s.open = s.open[:len(s.open)-1]
		}
	case ':':
		if !top.named {
			s.all[top.index].Default = true
			s.name(top, i)
		}
	}
	return 1
}

func (s *placeholders) begin(i int) {
	if n := len(s.open); n > 0 && !s.open[n-1].named {
		s.all[s.open[n-1].index].Kind = Expression
	}
	s.open = append(s.open, openPlaceholder{index: len(s.all), name: i + 2})
	s.all = append(s.all, Placeholder{Offset: i})
}

// name notes the name of one, which ends before end.
func (s *placeholders) name(o *openPlaceholder, end int) {
	if o.named {
		return
	}
	o.named = true
	p := &s.all[o.index]
	p.Name = s.text[o.name:end]
	if p.Kind != Expression {
		p.Kind = kindOfName(p.Name)
	}
}

// kindOfName tells who knows a name.
func kindOfName(name string) PlaceholderKind {
	switch {
	case isVariable(name):
		return Variable
	case !consists(name, nameCharacters), len(name) > longName:
		return Expression
	}
	return Reference
}

const (
	upper          = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	lower          = "abcdefghijklmnopqrstuvwxyz"
	nameCharacters = upper + lower + digits + "._-[]/"
)

// isVariable tells of names that the configuration need not have.
func isVariable(name string) bool {
	switch name {
	case "user.name", "user.home", "user.dir", "os.name", "os.arch", "os.version", "file.separator", "path.separator", "line.separator",
		"spring.application.name", "spring.profiles.active":
		return true
	}
	return consists(name, upper+digits+"_") && strings.IndexByte(digits, name[0]) < 0 ||
		strings.HasPrefix(name, "java.") || strings.HasPrefix(name, "random.")
}
