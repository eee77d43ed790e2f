package settings

import (
	"maps"
	"slices"
	"time"

	"github.com/spf13/viper"
)

// key is a setting that a flag, a variable or the file may hold, in this order.
type key struct {
	name     string // of the flag, without dashes
	variable string
	file     string // in govctl.yaml
	flag     func(Flags) *string
}

func scalarKeys() []key {
	return []key{
		{"env", "GOVCTL_ENV", "default", func(f Flags) *string { return f.Env }},
		{"output", "GOVCTL_OUTPUT", "output", func(f Flags) *string { return f.Output }},
		{"timeout", "GOVCTL_TIMEOUT", "timeout", func(f Flags) *string { return f.Timeout }},
		{"color", "GOVCTL_COLOR", "color", func(f Flags) *string { return f.Color }},
	}
}

// flagValue is a flag as viper wants it.
type flagValue struct {
	name  string
	value *string
}

// HasChanged implements viper.FlagValue.
func (f flagValue) HasChanged() bool { return f.value != nil }

// Name implements viper.FlagValue.
func (f flagValue) Name() string { return f.name }

// ValueString implements viper.FlagValue.
func (f flagValue) ValueString() string {
	if f.value == nil {
		return ""
	}
	return *f.value
}

// ValueType implements viper.FlagValue.
func (f flagValue) ValueType() string { return "string" }

// layers holds each scalar's value after all overrides, and where it came from.
type layers struct {
	v    *viper.Viper
	from map[string]string
}

// text returns the value of a key of scalarKeys and where it came from; both are
// "" where nobody said anything.
func (l layers) text(name string) (text, from string) { return l.v.GetString(name), l.from[name] }

// layer lays flags over variables over the file. The variables go in as a layer
// of settings because viper would read them from the process, not from Inputs.
func layer(in Inputs, doc *document) (layers, error) {
	v, from := viper.New(), map[string]string{}
	file, variables := map[string]any{}, map[string]any{}
	for _, k := range scalarKeys() {
		if s, ok := doc.scalars[k.file]; ok {
			file[k.name], from[k.name] = s.text, s.pos.String()
		}
		if text := in.Getenv(k.variable); text != "" {
			variables[k.name], from[k.name] = text, k.variable
		}
		f := flagValue{name: k.name, value: k.flag(in.Flags)}
		if f.HasChanged() {
			from[k.name] = "--" + k.name
		}
		if err := v.BindFlagValue(k.name, f); err != nil {
			return layers{}, mistake("", "--%s: %v", k.name, err)
		}
	}
	for _, m := range []map[string]any{file, variables} {
		if err := v.MergeConfigMap(m); err != nil {
			return layers{}, mistake("", "settings %s: %v", list(slices.Sorted(maps.Keys(m))), err)
		}
	}
	return layers{v, from}, nil
}

// choose fills in what flags, variables and the file say, and adds the
// environment of CONSUL_HTTP_ADDR.
func (s *Settings) choose(doc *document) error {
	l, err := layer(s.in, doc)
	if err != nil {
		return err
	}
	s.from = l.from
	s.Output, s.OutputFrom = l.text("output")
	if s.Timeout, err = timeout(l.text("timeout")); err != nil {
		return err
	}
	if s.Color, err = color(l.text("color")); err != nil {
		return err
	}
	consul := s.addConsul()
	if d, ok := doc.scalars["default"]; ok && s.Source != SourceDefault {
		if err := s.checkDefault(d); err != nil {
			return err
		}
	}
	s.Default, s.defaultFrom = l.text("env")
	said := s.defaultFrom != "" // by a flag, a variable or a file: the embedded default has no place
	switch n := len(doc.environments); {
	case said:
	case s.Source != SourceDefault && n == 1:
		s.Default = doc.environments[0].Name
	case consul:
		s.Default = consulName
	}
	return nil
}

// checkDefault refuses a file's default that is no environment. A URL is none
// either: what a file found somewhere names is not what the user typed, and
// must not be handed CONSUL_HTTP_TOKEN.
func (s *Settings) checkDefault(d scalar) error {
	names := s.names()
	if slices.Contains(names, d.text) {
		return nil
	}
	return d.pos.at(has(names), `"default" names environment %s, which is not here%s`, quote(d.text), didYouMean(d.text, names))
}

func timeout(text, from string) (time.Duration, error) {
	if from == "" {
		return DefaultTimeout, nil
	}
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return 0, mistake("write a number with its unit: 500ms, 10s, 2m", "timeout %s%s is no duration", quote(text), place(from))
	case d <= 0:
		return 0, mistake("write a number with its unit: 500ms, 10s, 2m", "timeout %s%s must be above 0", quote(text), place(from))
	}
	return d, nil
}

func color(text, from string) (Color, error) {
	colors := []string{string(Auto), string(Always), string(Never)}
	switch {
	case from == "":
		return Auto, nil
	case !slices.Contains(colors, text):
		return "", mistake("it is one of "+list(colors), "unknown color %s%s%s", quote(text), place(from), didYouMean(text, colors))
	}
	return Color(text), nil
}
