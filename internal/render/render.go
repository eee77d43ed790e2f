// Package render writes answers: lists and single values, as tables for people
// and as JSON, YAML, CSV and names for programs. All text that it is given is taken
// for foreign: what could move the cursor, reorder a line or hide in it is made
// visible before it is written. The only escape sequences that leave the package
// are its own colours and the one that erases a progress line.
package render

import (
	"fmt"
	"slices"
	"strings"
)

// Format is how an answer is written. It is a pflag.Value. The zero Format is
// Table.
type Format string

// The formats.
const (
	Table Format = "table" // columns, for people
	Wide  Format = "wide"  // the same with more columns
	JSON  Format = "json"
	YAML  Format = "yaml"
	CSV   Format = "csv"  // a row an item, for spreadsheets
	Name  Format = "name" // names alone, one a line, for xargs

	Markdown Format = "markdown" // a table for a pull request
	GitHub   Format = "github"   // annotations of a workflow
)

// Formats returns every Format that all answers have, in the order in which help
// texts list them.
func Formats() []Format { return []Format{Table, Wide, JSON, YAML, CSV, Name} }

// Reports returns the formats that reports alone have, which judge something. They
// are written by WriteMarkdown and WriteAnnotations.
func Reports() []Format { return []Format{Markdown, GitHub} }

// Set makes f the format that s names. The error lists those there are.
func (f *Format) Set(s string) error {
	if !slices.Contains(Formats(), Format(s)) {
		names := make([]string, 0, len(Formats()))
		for _, f := range Formats() {
			names = append(names, string(f))
		}
		return fmt.Errorf("unknown format %q: it is one of %s", s, strings.Join(names, ", "))
	}
	*f = Format(s)
	return nil
}

// String returns the name of the format.
func (f *Format) String() string {
	if *f == "" {
		return string(Table)
	}
	return string(*f)
}

// Type returns what a help text calls the flag's value.
func (f *Format) Type() string { return "format" }

// Options say how an answer is written.
type Options struct {
	Format Format
	// Query, if not nil, is run over the JSON, and what comes of it is written,
	// whatever the Format.
	Query *Query
	// NoHeaders leaves out the line of column heads, of tables and of CSV.
	NoHeaders bool
	// Color allows colours, in tables and pages alone.
	Color bool
	// Width is the number of columns of the terminal, or 0 where there is none
	// and lines may have any length.
	Width int
}

// Style is the meaning of a text, which its colour repeats: it never says
// anything that the text does not. A larger Style wants more attention.
type Style uint8

// The styles.
const (
	Plain Style = iota
	Dim         // expected, or beside the point
	Good        // green: as it should be
	Warn        // yellow: wants a look
	Bad         // red: wrong
)

// sgr returns the ANSI sequence that begins the style, "" for Plain.
func (s Style) sgr() string {
	switch s {
	case Dim:
		return "\x1b[2m"
	case Good:
		return "\x1b[32m"
	case Warn:
		return "\x1b[33m"
	case Bad:
		return "\x1b[31m"
	default:
		return ""
	}
}

// appendStyled appends text, in the style's colour where colour is allowed.
func appendStyled(line []byte, text string, s Style, color bool) []byte {
	begin := ""
	if color {
		begin = s.sgr()
	}
	if begin == "" {
		return append(line, text...)
	}
	line = append(line, begin...)
	line = append(line, text...)
	return append(line, "\x1b[0m"...)
}

// Cell is a text with a meaning.
type Cell struct {
	Text  string
	Style Style
}
