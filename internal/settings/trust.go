package settings

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Trust is how far the settings' file is believed: whether it may run a command,
// and send a credential to a server that the user's own file does not name.
type Trust string

// The values of Trust.
const (
	TrustOwn     Trust = "own"       // the user's own word: it may
	TrustGiven   Trust = "trusted"   // the user trusts these very bytes in this place: it may
	TrustChanged Trust = "changed"   // it was trusted, and has changed since
	TrustNone    Trust = "untrusted" // it was found, and nobody knows it
)

// maxRecord bounds what is read of a record of trust, in bytes.
const maxRecord = 16 << 10

// believe finds out how far the file is believed, and marks its back-ends where
// that is not far.
func (s *Settings) believe() {
	s.Trust = TrustOwn
	if s.Source != SourceDirectory {
		return
	}
	s.Trust = s.in.trusts(s.path, s.data)
	for i := range s.Environments {
		for _, b := range s.Environments[i].backends() {
			b.untrusted = s.Trust != TrustGiven
		}
	}
}

// record returns the file that says whether path is trusted, and what it holds
// where the file at path with these bytes is: a checksum, and the path. It fails
// where the user's folder is not known.
func (in Inputs) record(path string, data []byte) (name, text string, err error) {
	if in.ConfigDir == "" {
		return "", "", mistake("set HOME or XDG_CONFIG_HOME", "the folder for your settings is not known: nothing can be trusted")
	}
	// The folder is what matters for what the file's relative paths mean, so a
	// link on the way is followed; the file itself is where it stands.
	path = filepath.Join(realFolder(filepath.Dir(path)), filepath.Base(path))
	name = filepath.Join(in.ConfigDir, folderName, "trusted", checksum([]byte(path)))
	return name, checksum(data) + "\n" + path + "\n", nil
}

func checksum(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// trusts looks up the record of a file. One that cannot be read is none.
func (in Inputs) trusts(path string, data []byte) Trust {
	name, want, err := in.record(path, data)
	if err != nil {
		return TrustNone
	}
	switch got, err := readAtMost(name, maxRecord, atOnce); {
	case err != nil:
		return TrustNone
	case string(got) == want:
		return TrustGiven
	}
	return TrustChanged
}

// trust writes the record.
func (in Inputs) trust(path string, data []byte) error {
	name, text, err := in.record(path, data)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return fmt.Errorf("trust %s: %w", path, reason(err))
	}
	if err := replaceFile(name, []byte(text), 0o600, createTemp); err != nil {
		return fmt.Errorf("trust %s: %w", path, err)
	}
	return nil
}

// TrustIt records that the user trusts the file of s, with the bytes that were read
// when s was loaded: what the user was shown, whatever has become of it since. Who
// finds the file then runs its commands and sends its credentials. An *Error says
// that it is not fit for that; any other error, that the record could not be
// written.
func (s *Settings) TrustIt() error {
	if err := s.Trustable(); err != nil {
		return err
	}
	return s.in.trust(s.path, s.data)
}

// Trustable refuses, with an *Error, settings that no folder could have brought
// along, and a user without a folder for the record.
func (s *Settings) Trustable() error {
	switch {
	case s.isForeign():
		return mistake("it is about a file that was found in the working directory or above it", "there is no govctl.yaml to trust")
	case filepath.Base(s.path) != fileName:
		return mistake("a file that is found is called "+fileName, "%s is yours by being named, and is never found by itself: there is nothing to trust", s.File)
	}
	_, _, err := s.in.record(s.path, s.data)
	return err
}

// Distrust ends the trust in the file of s, and reports whether there was any.
func (s *Settings) Distrust() (was bool, err error) {
	if err := s.Trustable(); err != nil {
		return false, err
	}
	name, _, err := s.in.record(s.path, s.data)
	if err != nil {
		return false, err
	}
	switch err := os.Remove(name); {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("end the trust in %s: %w", s.File, reason(err))
	}
	return true, nil
}

// wantsTrust reports whether b asks for what an untrusted file may not do.
func (b *Backend) wantsTrust() bool { return b.Auth != nil || b.TLS.Cert != "" }

// refuse refuses what a file that the user did not name may not do: run a
// command, or send a credential to a server that the user's own file does not
// name in the same way, that is with the same scheme and the same idea of whom
// to believe (TLS).
func (s *Settings) refuse(b *Backend) error {
	hint := fmt.Sprintf("`govctl env trust` if you know this file, or name it: --config %s", s.File)
	who := "a file that you did not name"
	if s.Trust == TrustChanged {
		who = "a file that changed since you trusted it"
	}
	if a := b.Auth; a != nil {
		for _, secret := range a.parts() {
			if len(secret.Command) > 0 {
				return secret.pos.at(hint, "%s may not run a command", who)
			}
		}
	}
	own, err := s.own()
	if err != nil {
		return err
	}
	for _, server := range servers(b.URL) {
		if !slices.ContainsFunc(own, func(o *Backend) bool { return o.vouches(b, server.Host) }) {
			return b.Pos.at(hint+", or name the server in "+s.in.userFileName(),
				"%s may not send a credential to %s", who, b.URL.Scheme+"://"+server.Host)
		}
	}
	return nil
}

// Wish is one thing that the file may do if it is trusted.
type Wish struct {
	Pos         Pos
	Environment string
	Text        string
}

// Wishes returns what a file that is not trusted may not do, in the file's
// order: the commands, and what is sent where.
func (s *Settings) Wishes() []Wish {
	var out []Wish
	for i := range s.Environments {
		e := &s.Environments[i]
		if e.Pos.IsZero() {
			continue
		}
		add := func(pos Pos, text string) {
			if w := (Wish{pos, e.Name, text}); !slices.Contains(out, w) {
				out = append(out, w)
			}
		}
		for _, b := range e.backends() {
			b.wishes(add)
		}
	}
	return out
}

func (b *Backend) wishes(add func(Pos, string)) {
	to := b.URL.Scheme + "://" + b.URL.Host
	if a := b.Auth; a != nil {
		for _, secret := range a.parts() {
			switch {
			case len(secret.Command) > 0:
				add(secret.pos, "run "+words(secret.Command)+" in "+b.folder)
				add(secret.pos, "send what it prints to "+to)
			case secret.Env != "":
				add(secret.pos, "send the variable "+secret.Env+" to "+to)
			case secret.File != "":
				add(secret.pos, "send the content of "+secret.File+" to "+to)
			}
		}
	}
	if b.TLS.Cert != "" {
		add(b.TLSPos, "show the certificate "+b.TLS.Cert+" to "+to)
	}
	if b.TLS.Insecure && b.Auth != nil {
		add(b.TLSPos, "believe any certificate of "+to)
	}
}

// words shows a command whole, so that one word is told from two.
func words(command []string) string {
	odd := func(r rune) bool { return !unicode.IsPrint(r) || strings.ContainsRune(" '\"\\", r) }
	shown := make([]string, 0, len(command))
	for _, word := range command {
		if word == "" || strings.ContainsFunc(word, odd) {
			word = strconv.Quote(word)
		}
		shown = append(shown, word)
	}
	return strings.Join(shown, " ")
}

// own returns the back-ends of the user's own file, which need not be there.
func (s *Settings) own() ([]*Backend, error) {
	f, ok, err := regular(SourceUser, s.in.userFile())
	if err != nil || !ok {
		return nil, err
	}
	data, err := f.read()
	if err != nil {
		return nil, err
	}
	doc, err := s.in.parse(f, data)
	if err != nil {
		return nil, err
	}
	var out []*Backend
	for i := range doc.environments {
		out = append(out, doc.environments[i].backends()...)
	}
	return out, nil
}

// userFileName is the user's own file as a hint names it.
func (in Inputs) userFileName() string {
	if path := in.userFile(); path != "" {
		return path
	}
	return filepath.Join("~", ".config", folderName, fileName)
}

// vouches reports whether b, of the user's own file, names the server of other.
// Who may answer in the server's place is part of the name: a certificate
// authority of the untrusted file's own, or none at all, would let a stranger do
// so.
func (b *Backend) vouches(other *Backend, server string) bool {
	return b.URL.Scheme == other.URL.Scheme &&
		slices.Contains(strings.Split(b.URL.Host, ","), server) &&
		b.TLS.CA == other.TLS.CA && b.TLS.ServerName == other.TLS.ServerName && b.TLS.Insecure == other.TLS.Insecure
}
