package settings

import (
	"fmt"
	"strings"
)

// Secret says where a secret is to be found, never what it is. One of Env, File
// and Command is set; the zero Secret is none.
type Secret struct {
	Env     string   // the name of a variable
	File    string   // an absolute path
	Command []string // a program and its arguments, run without a shell

	plain string // a user name, which may stand in the file as it is
	pos   Pos
	// variable is that of Consul's own client that names File, "" for none.
	variable string
}

// Auth is how a back-end is told who asks: a token, or a user name with a
// password.
type Auth struct {
	Token, Username, Password Secret
}

// parts returns the secrets of a in a fixed order; some are zero.
func (a *Auth) parts() []Secret { return []Secret{a.Token, a.Username, a.Password} }

func (s Secret) isZero() bool {
	return s.Env == "" && s.File == "" && len(s.Command) == 0 && s.plain == ""
}

// Pos is where the secret stands in the file; the zero Pos where it stands in
// none.
func (s Secret) Pos() Pos { return s.pos }

// String says where the secret comes from: "{env: NAME}". Of a command it names
// the program alone.
func (s Secret) String() string {
	switch {
	case s.Env != "":
		return fmt.Sprintf("{env: %s}", s.Env)
	case s.File != "":
		return fmt.Sprintf("{file: %s}", s.File)
	case len(s.Command) > 0:
		return fmt.Sprintf("{command: [%s …]}", s.Command[0])
	case s.plain != "":
		return "as it stands in the file"
	}
	return "none"
}

// auth reads {token: …} or {username: …, password: …}.
func (p *parser) auth(b *Backend, e entry) error {
	a := &Auth{}
	secret := func(to *Secret) func(entry) error {
		return func(e entry) (err error) {
			*to, err = p.secret(e)
			return err
		}
	}
	err := p.object(e.value, `"auth"`, true, []field{
		{"token", secret(&a.Token)},
		{"username", func(e entry) (err error) {
			a.Username, err = p.username(e)
			return err
		}},
		{"password", secret(&a.Password)},
	})
	switch {
	case err != nil:
		return err
	case a.Token.isZero() == a.Username.isZero():
		return e.pos.at("", `"auth" must have either a token, or a username and a password`)
	case a.Username.isZero() != a.Password.isZero():
		return e.pos.at("", `"auth" must have a username and a password together`)
	}
	b.Auth = a
	return nil
}

// hintForms shows how a secret is named.
const hintForms = "write {env: NAME}, {file: PATH} or {command: [PROGRAM, ARGUMENT]} in its place"

// secret reads {env: …}, {file: …} or {command: […]}.
func (p *parser) secret(e entry) (Secret, error) {
	n, err := p.follow(e.value)
	if err != nil {
		return Secret{}, err
	}
	s := Secret{pos: p.posOf(e.value)}
	if kindOf(n) == "a single value" {
		return Secret{}, s.pos.at(hintForms, "%s %v", quote(e.key), errClear)
	}
	ways := 0
	err = p.object(n, quote(e.key), true, []field{
		{"env", func(e entry) (err error) {
			ways++
			s.Env, err = p.variable(e)
			return err
		}},
		{"file", func(e entry) error {
			ways++
			return p.secretFile(e, &s)
		}},
		{"command", func(e entry) (err error) {
			ways++
			s.Command, err = p.texts(e)
			return err
		}},
	})
	if err == nil && ways != 1 {
		err = s.pos.at(hintForms, "%s must have one of env, file and command", quote(e.key))
	}
	return s, err
}

// username is a secret that may also stand as it is.
func (p *parser) username(e entry) (Secret, error) {
	n, err := p.follow(e.value)
	if err != nil {
		return Secret{}, err
	}
	if kindOf(n) == "a single value" {
		return Secret{plain: n.Value, pos: p.posOf(e.value)}, nil
	}
	return p.secret(e)
}

// variable reads the name of a variable. What cannot be one is not repeated: it
// is most likely the secret itself.
func (p *parser) variable(e entry) (string, error) {
	name, err := p.text(e)
	if err != nil {
		return "", err
	}
	word := func(r rune) bool {
		return r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
	}
	if strings.ContainsFunc(name, func(r rune) bool { return !word(r) }) || '0' <= name[0] && name[0] <= '9' {
		return "", p.posOf(e.value).at("", `"env" must be the name of a variable: letters, digits and _`)
	}
	return name, nil
}

func (p *parser) secretFile(e entry, s *Secret) error {
	path, err := p.text(e)
	if err != nil {
		return err
	}
	if s.File, err = resolve(path, p.folder, p.home); err != nil {
		return p.posOf(e.value).at("", `"file": %v`, err)
	}
	return nil
}
