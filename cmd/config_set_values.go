package cmd

import (
	"errors"
	"fmt"
	"strings"

	"govctl/pkg/change"
	"govctl/pkg/config"
)

// assignment is "PATH=VALUE", or "PATH:=JSON", of a command line.
type assignment struct {
	path, value string
	json        bool
}

// parseAssignment reads one; ok is false of what is none: it has no "=" behind what
// can be a path.
func parseAssignment(text string) (as assignment, ok bool) {
	end := endOfPath(text)
	if end < 0 {
		return assignment{}, false
	}
	as.path, as.value = text[:end], text[end+1:]
	as.path, as.json = strings.CutSuffix(as.path, ":")
	_, err := config.ParsePath(as.path)
	return as, as.path != "" && err == nil
}

// endOfPath returns where the first "=" stands that is not in brackets, -1 for
// nowhere.
func endOfPath(text string) int {
	inside, quoted := false, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case inside && c == '"':
			quoted = !quoted
		case quoted:
		case c == '[':
			inside = true
		case c == ']':
			inside = false
		case c == '=' && !inside:
			return i
		}
	}
	return -1
}

// itemEdit is what a command line says of values inside an item.
type itemEdit struct {
	before *config.Item // nil where it is not there
	rm     []string
	values []string // PATH=VALUE each, or one content
	// given are those of values that edited found to be references.
	given []config.Given
}

// missing tells whether it is about values inside an item that is not there. Values
// alone are no way to create one: a mistyped key would.
func (e *itemEdit) missing(key config.Key) bool {
	if e.before != nil {
		return false
	}
	format, guessed := config.Detect("", key.Name, nil)
	if len(e.rm) > 0 || len(e.values) > 1 {
		return true
	}
	_, inside := parseAssignment(e.values[0])
	return !guessed && isStructured(format) && inside
}

func isStructured(f config.Format) bool { return f != config.Text && f != config.Binary }

// edited returns the content of an item with what the command line says. Nothing is
// replaced whole that has values inside.
func (a *app) edited(e *itemEdit) ([]byte, error) {
	if e.before == nil {
		return []byte(e.values[0]), nil
	}
	format, _ := config.Detect(e.before.Declared, e.before.Name, e.before.Content)
	if !isStructured(format) {
		if len(e.values) != 1 || len(e.rm) > 0 {
			return nil, withHint(usagef("it has no values inside"), "give one VALUE, or -f FILE, for all of it")
		}
		return []byte(e.values[0]), nil
	}
	root, err := config.Parse(e.before.Content, format)
	if err != nil {
		return nil, withHint(usagef("what stands there cannot be read: %w", err), "--content TEXT or -f FILE replaces all of it")
	}
	var assignments []assignment
	for _, text := range e.values {
		as, ok := assignmentIn(root, text)
		if ok {
			assignments = append(assignments, as)
			continue
		}
		if len(e.values) == 1 && len(e.rm) == 0 && root.Kind != config.Map && root.Kind != config.List {
			return []byte(text), nil
		}
		hint := "--content TEXT or -f FILE replaces all of the item"
		return nil, withHint(usagef("argument %d is no PATH=VALUE", 2+len(assignments)), hint)
	}
	edits, err := a.editsOf(root, format, e.rm, assignments)
	if err != nil {
		return nil, err
	}
	e.given = givenOf(e.before.Key, edits[len(e.rm):], assignments)
	out, err := config.EditContent(e.before.Content, format, edits...)
	if err != nil {
		return nil, withHint(usageError{err}, fmt.Sprintf("`govctl config get %s` shows what there is", shellQuote(e.before.String())))
	}
	return out, nil
}

// assignmentIn is parseAssignment; a key of properties may be what is no path.
func assignmentIn(root *config.Node, text string) (assignment, bool) {
	as, ok := parseAssignment(text)
	if ok || !root.Flat {
		return as, ok
	}
	key, value, found := strings.Cut(text, "=")
	return assignment{path: key, value: value}, found && root.Get(key) != nil
}

// editsOf returns the removals, and then what is assigned.
func (a *app) editsOf(root *config.Node, format config.Format, rm []string, assignments []assignment) ([]config.Edit, error) {
	var edits []config.Edit
	for _, text := range rm {
		path, _, err := valueAt(root, text)
		if err != nil {
			return nil, withHint(err, "a path is written as `govctl config diff` writes it")
		}
		edits = append(edits, config.Edit{Path: path})
	}
	for _, as := range assignments {
		path, present, err := valueAt(root, as.path)
		if errors.Is(err, config.ErrNotFound) {
			path, err = config.ParsePath(as.path)
		}
		if err != nil {
			return nil, usageError{err}
		}
		value, err := a.assigned(as, format, present)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", as.path, err)
		}
		edits = append(edits, config.Edit{Path: path, Value: value})
	}
	return edits, nil
}

// givenOf returns those of edits that a variable or a file gave, as texts.
func givenOf(key config.Key, edits []config.Edit, assignments []assignment) []config.Given {
	var given []config.Given
	for i, as := range assignments {
		env, isEnv := strings.CutPrefix(as.value, "@env:")
		file, isFile := strings.CutPrefix(as.value, "@file:")
		from := change.Origin{Env: env}
		if isFile {
			from = change.Origin{File: file}
		}
		if (isEnv || isFile) && edits[i].Value.Kind == config.String {
			given = append(given, config.Given{Key: key, Path: edits[i].Path, From: from})
		}
	}
	return given
}

// assigned returns the value of an assignment, where present stands, nil for
// nothing.
func (a *app) assigned(as assignment, format config.Format, present *config.Node) (*config.Node, error) {
	text, referred, err := a.referred(as.value)
	if err != nil {
		return nil, err
	}
	if !referred {
		if err := a.warnOfSecret(as); err != nil {
			return nil, err
		}
	}
	keepsKind := present != nil && (present.Kind == config.Number || present.Kind == config.Bool)
	switch {
	case as.json:
		n, err := config.Parse([]byte(text), config.JSON)
		if err == nil && strings.TrimSpace(text) == "" {
			err = errors.New("it is empty")
		}
		if err != nil {
			return nil, withHint(usagef("what stands behind := is no JSON: %w", err), `a text in JSON has quotes: PATH:='"text"'`)
		}
		return n, nil
	case referred && !keepsKind: // what looks like JSON, or has quotes, is a text all the same
		return &config.Node{Kind: config.String, Text: text}, nil
	}
	return config.ParseValue(text, format, present), nil
}

// referred returns the text that a value stands for: that of a variable, a file or
// standard input, or itself.
func (a *app) referred(value string) (text string, referred bool, err error) {
	rest, at := strings.CutPrefix(value, "@")
	if !at {
		return value, false, nil
	}
	name, isEnv := strings.CutPrefix(rest, "env:")
	file, isFile := strings.CutPrefix(rest, "file:")
	switch {
	case strings.HasPrefix(rest, "@"):
		return rest, false, nil
	case isEnv:
		if text = a.Getenv(name); text == "" {
			return "", true, usagef("the variable %q is not set, or empty", name)
		}
		return text, true, nil
	case isFile && file != "":
	case rest == "-":
		file = "-"
	default:
		return "", true, withHint(usagef("a value that begins with @ is @env:NAME, @file:FILE or @-"), "@@ stands for a single @ at the beginning")
	}
	content, err := a.readContent(file)
	if err != nil {
		return "", true, err
	}
	text = strings.TrimSuffix(strings.TrimSuffix(string(content), "\n"), "\r")
	return text, true, nil
}

// warnOfSecret says where a secret stands in the command line, which others can see.
func (a *app) warnOfSecret(as assignment) error {
	m, err := a.masker()
	if err != nil {
		return err
	}
	if _, masked := m.Value(as.path, as.value); masked {
		a.say("%s: other users can read it in the list of processes; %s=@env:NAME and @file:FILE hide it", as.path, as.path)
	}
	return nil
}
