package settings

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	maxSecret = 64 << 10 // bytes of a secret
	maxStderr = 4 << 10  // bytes kept of what a command says about itself
)

// Credentials are resolved secrets. Nothing prints or encodes them: each value
// must be taken by its name.
type Credentials struct {
	Token, Username, Password string
}

// Format implements fmt.Formatter for every verb.
func (Credentials) Format(w fmt.State, _ rune) { _, _ = w.Write([]byte("credentials")) }

// MarshalText implements encoding.TextMarshaler, for JSON, YAML and logs.
func (Credentials) MarshalText() ([]byte, error) { return []byte("credentials"), nil }

// Credentials resolves the secrets of b, the zero Credentials where it has
// none: a command is run, and a file read, on each call. Ask it before any
// connection, also where Auth is nil: a command or a
// credential (a client certificate too) that a file of the working directory
// asks for is refused unless the user's own file names the server: a cloned
// repository must not be able to steal a token. All of it may take s.Timeout. An
// error is an *Error, or wraps that of a ctx that was cancelled; it holds no
// secret.
func (s *Settings) Credentials(ctx context.Context, b *Backend) (Credentials, error) {
	if b.untrusted && b.wantsTrust() {
		if err := s.refuse(b); err != nil {
			return Credentials{}, err
		}
	}
	if b.Auth == nil {
		return Credentials{}, nil
	}
	inner, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	var c Credentials
	for _, part := range []struct {
		name string
		from Secret
		to   *string
	}{
		{"token", b.Auth.Token, &c.Token},
		{"username", b.Auth.Username, &c.Username},
		{"password", b.Auth.Password, &c.Password},
	} {
		if part.from.isZero() {
			continue
		}
		text, err := s.resolve(inner, part.from, b.folder)
		switch {
		case err != nil && errors.Is(ctx.Err(), context.Canceled):
			return Credentials{}, fmt.Errorf("%s: %w", part.from.where(part.name), ctx.Err())
		case err != nil:
			return Credentials{}, mistake("`govctl env show` says where each secret is read from", "%s: %v", part.from.where(part.name), err)
		}
		*part.to = text
	}
	return c, nil
}

// where names a secret in an error: "govctl.yaml:4: token".
func (s Secret) where(name string) string {
	if s.pos.IsZero() && s.variable != "" {
		return s.variable
	}
	if s.pos.IsZero() {
		return name
	}
	return s.pos.String() + ": " + name
}

// resolve returns the secret itself.
func (s *Settings) resolve(ctx context.Context, from Secret, folder string) (string, error) {
	switch {
	case from.Env != "":
		text := s.in.Getenv(from.Env)
		if text == "" {
			return "", fmt.Errorf("the variable %s is not set", from.Env)
		}
		return checkSecret(text, "the variable "+from.Env)
	case from.File != "":
		data, err := readSecret(ctx, from.File)
		if err != nil {
			return "", fmt.Errorf("%s: %w", from.File, reason(s.late(ctx, err)))
		}
		return checkSecret(string(data), from.File)
	case len(from.Command) > 0:
		data, err := run(ctx, from.Command, folder)
		if err != nil && ctx.Err() != nil {
			return "", fmt.Errorf("%s: %w", quote(from.Command[0]), s.late(ctx, err))
		}
		if err != nil {
			return "", err
		}
		return checkSecret(string(data), "what "+quote(from.Command[0])+" printed")
	}
	return from.plain, nil
}

// checkSecret drops the line break that files and programs end with, and
// refuses what cannot be a credential: it would end up in a header.
func checkSecret(text, what string) (string, error) {
	text = strings.TrimRight(text, "\r\n")
	control := func(r rune) bool { return r < ' ' || r == 0x7f }
	switch {
	case len(text) > maxSecret:
		return "", fmt.Errorf("%s is longer than 64 KiB", what)
	case strings.TrimSpace(text) == "":
		return "", fmt.Errorf("%s is empty", what)
	case !utf8.ValidString(text), strings.ContainsFunc(text, control):
		return "", fmt.Errorf("%s is not one line of text", what)
	}
	return text, nil
}

// late says of an error that came as the time was over how long that was.
func (s *Settings) late(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("nothing came within %s", shortDuration(s.Timeout))
	}
	return err
}

// readSecret reads a file, which may be a pipe (/dev/stdin), until ctx ends. A
// pipe that nobody writes to then keeps its goroutine to the end of the process.
func readSecret(ctx context.Context, path string) ([]byte, error) {
	type result struct {
		data []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		data, err := readAtMost(path, maxSecret+3, 0) // room for a line break, and one byte too many
		done <- result{data, err}
	}()
	select {
	case r := <-done:
		return r.data, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// run returns what a program prints. It runs in folder, with no shell and no
// stdin; of what it says on stderr an error repeats one line.
func run(ctx context.Context, command []string, folder string) ([]byte, error) {
	program := command[0]
	if strings.ContainsRune(program, filepath.Separator) && !filepath.IsAbs(program) {
		program = filepath.Join(folder, program)
	}
	stdout, stderr := &capped{most: maxSecret + 2}, &capped{most: maxStderr, drop: true}
	c := exec.CommandContext(ctx, program, command[1:]...) //nolint:gosec // the user's own file names it: see trust
	c.Dir, c.Stdout, c.Stderr = folder, stdout, stderr
	c.WaitDelay = time.Second // for a child of its own that keeps stdout open
	err := c.Run()
	name := quote(command[0])
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && stdout.err == nil {
		said, _, _ := strings.Cut(strings.TrimSpace(stderr.String()), "\n")
		if said == "" {
			return nil, fmt.Errorf("%s ended with %w", name, exit)
		}
		return nil, fmt.Errorf("%s ended with %w: %s", name, exit, quote(said))
	}
	switch {
	case stdout.err != nil:
		return nil, fmt.Errorf("what %s printed is longer than 64 KiB", name)
	case errors.Is(err, exec.ErrNotFound):
		return nil, fmt.Errorf("%s: no such program", name)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, reason(err))
	}
	return stdout.Bytes(), nil
}

var errFull = errors.New("full")

// capped is a buffer that holds so many bytes at most. What is more is dropped,
// or ends the writer with an error.
type capped struct {
	bytes.Buffer
	most int
	drop bool
	err  error
}

// Write implements io.Writer.
func (c *capped) Write(p []byte) (int, error) {
	room := c.most - c.Len()
	if len(p) <= room {
		return c.Buffer.Write(p)
	}
	if c.drop {
		_, _ = c.Buffer.Write(p[:room]) // a Buffer does not fail
		return len(p), nil
	}
	c.err = errFull
	return 0, errFull
}
