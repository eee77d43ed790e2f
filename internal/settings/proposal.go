package settings

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Proposal is a govctl.yaml that is to be written for somebody who has none.
type Proposal struct {
	// Head are the lines of the comment at its top.
	Head         []string
	Default      string
	Environments []ProposedEnvironment
}

// ProposedEnvironment is one environment of a Proposal.
type ProposedEnvironment struct {
	Name string
	Draft
	// Like is a back-end that is spoken to as the registry and the config are: its
	// credentials and its TLS settings are written beside them. Nil is none.
	Like *Backend
	// Notes are lines of a comment above it.
	Notes []string
	// Missing are lines of a comment below it, for what is yet to be filled in.
	Missing []string
	// Idle writes all of it as a comment.
	Idle bool
}

// Text returns the file. It is what the parser reads back: Create sees to that.
func (p Proposal) Text() string {
	var b strings.Builder
	for _, line := range p.Head {
		b.WriteString(comment(line))
	}
	fmt.Fprintf(&b, "\ndefault: %s\n\nenvironments:\n", word(p.Default))
	for i := range p.Environments {
		e := &p.Environments[i]
		if i > 0 {
			b.WriteString("\n")
		}
		for _, line := range e.Notes {
			b.WriteString("  " + comment(line))
		}
		for _, line := range e.lines() {
			if e.Idle {
				line = "# " + line
			}
			b.WriteString("  " + line + "\n")
		}
		for _, line := range e.Missing {
			b.WriteString("    " + comment(line))
		}
	}
	return b.String()
}

// comment is a line of a comment, whatever text is in it.
func comment(text string) string { return strings.TrimRight("# "+oneLine(text), " ") + "\n" }

// lines returns the environment, with the name at the margin.
func (e *ProposedEnvironment) lines() []string {
	out := []string{word(e.Name) + ":"}
	beside := e.beside()
	for _, kv := range e.pairs() {
		if kv[0] != roleRegistry || len(beside) == 0 {
			out = append(out, "  "+kv[0]+": "+kv[1])
			continue
		}
		out = append(out, "  "+kv[0]+":", "    url: "+kv[1])
		for _, line := range beside {
			out = append(out, "    "+line)
		}
	}
	return out
}

// beside returns what stands beside the registry's URL; the config, on the same
// server, takes it from there.
func (e *ProposedEnvironment) beside() []string {
	if e.Like == nil {
		return nil
	}
	var out []string
	if a := e.Like.Auth; a != nil {
		switch t := a.Token; {
		case t.Env != "":
			out = append(out, "auth: {token: {env: "+t.Env+"}}")
		case t.File != "":
			out = append(out, "auth: {token: {file: "+quoted(t.File)+"}}")
		}
	}
	t := e.Like.TLS
	var parts []string
	for _, kv := range [][2]string{{"ca", t.CA}, {"cert", t.Cert}, {"key", t.Key}, {"serverName", t.ServerName}} {
		if kv[1] != "" {
			parts = append(parts, kv[0]+": "+quoted(kv[1]))
		}
	}
	if t.Insecure {
		parts = append(parts, "insecure: true")
	}
	if len(parts) > 0 {
		out = append(out, "tls: {"+strings.Join(parts, ", ")+"}")
	}
	return out
}

// Create writes p into a new file at path, absolute or from in.Dir, and trusts it
// where it would else not be believed: whoever has it written knows what is in
// it. A file that is there already is never touched: the error is an *Error, as
// it is where the proposal is none that can be read back.
func Create(ctx context.Context, in Inputs, path string, p Proposal) error {
	in = in.real()
	abs := in.absolute(path)
	e := &Edit{File: path, settings: &Settings{in: in}, path: abs, after: []byte(p.Text()), create: createTemp}
	doc, err := in.parser(e.File, e.path).parse(e.after)
	if err != nil {
		return err
	}
	switch err := e.Write(ctx); {
	case errors.Is(err, ErrChanged):
		return errThere(path)
	case err != nil:
		return err
	}
	if in.ConfigDir == "" || sameFile(abs, in.userFile()) || filepath.Base(abs) != fileName {
		return nil // it is the user's own, or never found by itself
	}
	if err := in.trust(abs, e.after); err != nil && doc.wantsTrust() {
		return fmt.Errorf("%s was written: %w", path, err)
	}
	return nil
}

// wantsTrust reports whether some back-end of d does.
func (d *document) wantsTrust() bool {
	return slices.ContainsFunc(d.environments, func(e Environment) bool {
		return slices.ContainsFunc(e.backends(), (*Backend).wantsTrust)
	})
}

// Absent returns an *Error where something stands at path, which Create would
// refuse.
func Absent(in Inputs, path string) error {
	info, err := os.Lstat(in.real().absolute(path))
	switch {
	case err == nil && info.IsDir():
		return mistake("name the file in it: --out "+filepath.Join(path, fileName), "%s is a folder", path)
	case err == nil:
		return errThere(path)
	case !errors.Is(err, fs.ErrNotExist):
		return mistake("name another file by --out FILE", "%s: %v", path, reason(err))
	}
	return nil
}

func errThere(path string) error {
	return mistake("`govctl env add` adds an environment to it; --out FILE writes another file", "%s is there already: it stays as it is", path)
}

func (in Inputs) absolute(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(in.Dir, path)
}
