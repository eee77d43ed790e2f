package settings

import "time"

// Value is a setting as it holds after all overrides.
type Value struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	// From is who said so: "--env", "GOVCTL_ENV", "govctl.yaml:3", or "default"
	// where nobody did.
	From string `json:"from"`
}

// nobody is where a value came from that no flag, variable or file gave.
const nobody = "default"

// Values returns the settings that are no environment, in a fixed order. That
// of the environment is "" where -e is required, that of the file where there is
// none.
func (s *Settings) Values() []Value {
	output := s.Output
	if output == "" {
		output = "table"
	}
	return []Value{
		{"env", s.Default, s.defaultOrigin()},
		{"output", output, s.origin("output")},
		{"timeout", shortDuration(s.Timeout), s.origin("timeout")},
		{"color", string(s.Color), s.origin("color")},
		{"config", s.File, s.fileOrigin()},
	}
}

// origin returns where the scalar with the given name came from.
func (s *Settings) origin(name string) string {
	if from := s.from[name]; from != "" {
		return from
	}
	return nobody
}

// defaultOrigin returns what made an environment the default.
func (s *Settings) defaultOrigin() string {
	if s.defaultFrom != "" {
		return s.defaultFrom
	}
	for i := range s.Environments {
		if e := &s.Environments[i]; e.Name == s.Default {
			switch {
			case e.Pos.IsZero():
				return e.From()
			default:
				return "the only environment"
			}
		}
	}
	return nobody
}

// fileOrigin returns why the settings' file is the one that is used.
func (s *Settings) fileOrigin() string {
	switch s.Source {
	case SourceFlag:
		return "--config"
	case SourceVariable:
		return "GOVCTL_CONFIG"
	case SourceDirectory:
		return "the working directory or a folder above it"
	case SourceUser:
		return "your own settings"
	case SourceDemo:
		return "the running demo"
	default:
		return builtIn
	}
}

// shortDuration is d without units that are 0: "2m", not "2m0s".
func shortDuration(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if n := len(text) - len(zero); n > 0 && text[n:] == zero {
			text = text[:n+1]
		}
	}
	return text
}
