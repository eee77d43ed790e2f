// Package settings reads govctl.yaml and what may override it: flags, GOVCTL_*
// and CONSUL_* variables. It knows where each value came from, so that an error
// can point there, and it resolves no secret before somebody asks for it.
package settings

import (
	"fmt"
	"net/url"
	"strings"
	"time"
)

// DefaultTimeout bounds a command's questions to back-ends where nothing else
// is said.
const DefaultTimeout = 10 * time.Second

// Inputs is everything that Load may learn from the process around it.
type Inputs struct {
	Flags  Flags
	Getenv func(string) string
	// Dir is the working directory, absolute; "" where it is unknown.
	Dir string
	// ConfigDir and DataDir are the user's folders for settings and for data,
	// absolute, without govctl's own part; "" where they are unknown.
	ConfigDir, DataDir string
	// DemoRunning returns the path of a running demo's govctl.yaml. Nil: there
	// is none. It is asked only where no other settings are found.
	DemoRunning func() (path string, ok bool)
}

// Flags are the flags of the command line that settings may also hold; nil where
// one was not given. A flag that was given empty is an error: it is most likely
// a variable that somebody forgot to set.
type Flags struct {
	Config, Env, Output, Timeout, Color *string
}

// Source says how the settings were found.
type Source string

// The sources. SourceDirectory is the only one that is not the user's own word:
// see Settings.Credentials.
const (
	SourceFlag      Source = "flag"      // --config
	SourceVariable  Source = "variable"  // GOVCTL_CONFIG
	SourceDirectory Source = "directory" // the working directory or a parent
	SourceUser      Source = "user"      // the user's config folder
	SourceDemo      Source = "demo"      // that of a running demo
	SourceDefault   Source = "default"   // the embedded one
)

// Settings are what govctl runs with. Load makes them; they do not change.
type Settings struct {
	// File is the path of govctl.yaml as a person would name it (relative where
	// it was found in the working directory or above), "" for SourceDefault.
	File   string
	Source Source
	// Default is the environment used where -e is not given: what GOVCTL_ENV or
	// the file names, or the only one. It may be a URL; "" means that -e is
	// required.
	Default string
	// Environments are in the file's order; that of CONSUL_HTTP_ADDR is last.
	Environments []Environment
	// Ignore is what is meant to differ between environments, in the file's order.
	Ignore []Ignore
	// Protect is what no promotion moves, in the file's order.
	Protect []Protect
	// Layers is what services read of the configuration, in the file's order.
	Layers []Layers
	// Schemas say what items are to hold, in the file's order; all that fit an item
	// hold. None of them was read.
	Schemas []ItemSchema
	// Output is the name of a format as it was given, unchecked, and OutputFrom
	// where: "--output", "GOVCTL_OUTPUT", "govctl.yaml:3". Both "" where it was not.
	Output, OutputFrom string
	Color              Color
	// Timeout is above 0.
	Timeout time.Duration
	// Trust is how far the file is believed.
	Trust Trust
	// Notes are said once on stderr: whole lines, without a line break.
	Notes []string

	in          Inputs
	defaultFrom string            // as OutputFrom, for Default
	from        map[string]string // as OutputFrom, for each scalar by its flag's name
	guarded     guarded
	path        string // the file's absolute path; "" for SourceDefault
	data        []byte // the file as it was read
}

// Color says when to colour: Auto means on a terminal.
type Color string

// The values of Color.
const (
	Auto   Color = "auto"
	Always Color = "always"
	Never  Color = "never"
)

// Environment is a named set of back-ends.
type Environment struct {
	// Name is the name in the file, or the URL that the environment was made of.
	Name string
	// Protected is what the file says of this environment; of one that stands in
	// no file, whether its back-end is Protected.
	Protected bool
	// The back-ends by what they are asked for; nil where there is none.
	Registry, Config, Traces, Metrics *Backend
	// Pos is where the name stands; the zero Pos where it stands in no file.
	Pos Pos

	from string // where it comes from, where that is no file
	err  error  // why this environment cannot be used at all
}

// builtIn is where the embedded default comes from.
const builtIn = "built in"

// From says where the environment comes from: "govctl.yaml:3",
// "CONSUL_HTTP_ADDR", "built in"; "" for one that was made on the spot.
func (e *Environment) From() string {
	if e.Pos.IsZero() {
		return e.from
	}
	return e.Pos.String()
}

// Err returns why the environment cannot be used at all, or nil.
func (e *Environment) Err() error { return e.err }

// backends returns the back-ends of e in a fixed order, without those that are
// not there.
func (e *Environment) backends() []*Backend {
	var out []*Backend
	for _, b := range []*Backend{e.Registry, e.Config, e.Traces, e.Metrics} {
		if b != nil {
			out = append(out, b)
		}
	}
	return out
}

// Backend is one external system and how to speak to it.
type Backend struct {
	// URL holds no credential. Its Host may list several servers, separated by
	// commas; that of local:// is empty and its Path absolute. Where the file
	// has TLS settings under a URL that does not say so itself, the scheme is
	// rewritten to speak TLS ("consul" to "consul+https").
	URL *url.URL
	// Auth is nil where the back-end is asked without credentials. Resolve it
	// with Settings.Credentials.
	Auth *Auth
	TLS  TLS
	// TLSPos is where the TLS settings stand; the zero Pos where they stand in no
	// file, or there are none.
	TLSPos Pos
	// Protected asks for a confirmation by name before a write: it is a back-end
	// of a protected environment, by this name or by another.
	Protected bool
	// Pos is where the URL stands; the zero Pos where it stands in no file.
	Pos Pos

	untrusted bool   // stands in a file that is not the user's own word
	folder    string // where a command of its secrets runs
}

// TLS says how to speak TLS to a back-end. The paths are absolute, of PEM files.
type TLS struct {
	CA, Cert, Key string
	// ServerName is the name that the server's certificate must have, where it
	// is not the host of the URL.
	ServerName string
	// Insecure accepts any certificate.
	Insecure bool
}

// Pos is a place in a file. Lines count from 1.
type Pos struct {
	File string
	Line int
}

// IsZero reports whether p is no place at all.
func (p Pos) IsZero() bool { return p == Pos{} }

// String returns "govctl.yaml:3", or "" for the zero Pos.
func (p Pos) String() string {
	if p.IsZero() {
		return ""
	}
	return fmt.Sprintf("%s:%d", strings.TrimPrefix(p.File, "./"), p.Line)
}

// Error is a mistake in the settings or in how they were asked for: nothing was
// attempted. Msg and Hint are one line each, fit for a terminal, and hold no
// secret; Hint, which may be empty, says what would help.
type Error struct {
	Msg, Hint string
}

// Error returns Msg.
func (e *Error) Error() string { return e.Msg }

// mistake returns an *Error whose text is safe to show, whatever is in args.
func mistake(hint, format string, args ...any) *Error {
	return &Error{Msg: oneLine(fmt.Sprintf(format, args...)), Hint: oneLine(hint)}
}

// at is mistake about a place.
func (p Pos) at(hint, format string, args ...any) *Error {
	return mistake(hint, "%s: %s", p, fmt.Sprintf(format, args...))
}
