package settings

import (
	"path/filepath"
	"slices"
	"strings"
)

// trust refuses what a file that the user did not name may not do: run a
// command, or send a credential to a server that the user's own file does not
// name in the same way, that is with the same scheme and the same idea of whom
// to believe (TLS).
func (s *Settings) trust(b *Backend) error {
	hint := "name the file to use it: --config " + s.File
	if a := b.Auth; a != nil {
		for _, secret := range []Secret{a.Token, a.Username, a.Password} {
			if len(secret.Command) > 0 {
				return secret.pos.at(hint, "a file that you did not name may not run a command")
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
				"a file that you did not name may not send a credential to %s", b.URL.Scheme+"://"+server.Host)
		}
	}
	return nil
}

// own returns the back-ends of the user's own file, which need not be there.
func (s *Settings) own() ([]*Backend, error) {
	f, ok, err := regular(SourceUser, s.in.userFile())
	if err != nil || !ok {
		return nil, err
	}
	doc, err := s.in.read(f)
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

// vouches reports whether o, of the user's own file, names the server of b. Who
// may answer in the server's place is part of the name: a certificate authority
// of the untrusted file's own, or none at all, would let a stranger do so.
func (o *Backend) vouches(b *Backend, server string) bool {
	return o.URL.Scheme == b.URL.Scheme &&
		slices.Contains(strings.Split(o.URL.Host, ","), server) &&
		o.TLS.CA == b.TLS.CA && o.TLS.ServerName == b.TLS.ServerName && o.TLS.Insecure == b.TLS.Insecure
}
