package local

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"govctl/pkg/registry"
)

const (
	// suffix ends the name of every instance's file.
	suffix = ".json"
	// maxFileName is what ext4, XFS, APFS and NTFS allow for one name, in bytes
	// (the latter two count UTF-16 units, which are never more).
	maxFileName = 255
)

// encodeName returns the file name, without suffix, of a service or an instance.
// It is one to one: names that differ give file names that differ, and
// decodeName undoes it. Left as it is: everything that a person would want to
// read and that Linux, macOS, Windows and git all take. Percent-encoded, byte by
// byte with upper-case digits:
//
//   - the separators / and \, the percent sign, : * ? " < > |, control characters
//   - a dot at the start (hidden files, "." and ".."), a dot or space at the end
//   - the first letter of a name that is a device in Windows (con, aux.v2, …)
//
// Letters keep their case, so that names stay readable. Where a file system
// takes two names for one (letters of another case, another Unicode normal
// form), the first one registered keeps the file: each file says whose it is,
// and Registrar refuses to write over somebody else's.
//
// An empty name, one that is not UTF-8, and one too long for a file are errors
// that wrap registry.ErrUnsupported.
func encodeName(name string) (string, error) {
	if name == "" {
		return "", fmt.Errorf("an empty name: %w", registry.ErrUnsupported)
	}
	if !utf8.ValidString(name) {
		return "", fmt.Errorf("name %q is not UTF-8: %w", name, registry.ErrUnsupported)
	}
	device := isDevice(name)
	var b strings.Builder
	for i, r := range name {
		first, last := i == 0, i+utf8.RuneLen(r) == len(name)
		if needsEncoding(r, first, last) || first && device {
			for _, c := range []byte(string(r)) {
				fmt.Fprintf(&b, "%%%02X", c)
			}
			continue
		}
		b.WriteRune(r)
	}
	if n := b.Len() + len(suffix); n > maxFileName {
		return "", fmt.Errorf("name %q takes %d bytes as a file, %d fit: %w", shorten(name), n, maxFileName, registry.ErrUnsupported)
	}
	return b.String(), nil
}

func needsEncoding(r rune, first, last bool) bool {
	switch {
	case strings.ContainsRune(`/\%:*?"<>|`, r) || unicode.IsControl(r):
		return true
	case r == '.':
		return first || last
	case r == ' ':
		return last
	}
	return false
}

// isDevice reports whether Windows takes a file of this name for a device. What
// follows a dot does not matter to it, nor do spaces before that.
func isDevice(name string) bool {
	base, _, _ := strings.Cut(name, ".")
	base = strings.ToUpper(strings.TrimRight(base, " "))
	switch base {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	digit, port := strings.CutPrefix(base, "COM")
	if !port {
		digit, port = strings.CutPrefix(base, "LPT")
	}
	r, size := utf8.DecodeRuneInString(digit)
	return port && size == len(digit) && strings.ContainsRune("0123456789¹²³", r)
}

// decodeName returns the name that file stands for. Only what encodeName would
// write has one, so that no two files have the same; the error says how the file
// should be called where that is clear.
func decodeName(file string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(file); i++ {
		if file[i] != '%' {
			b.WriteByte(file[i])
			continue
		}
		digits := file[i+1 : min(i+3, len(file))]
		c, err := strconv.ParseUint(digits, 16, 8)
		if err != nil || len(digits) < 2 {
			return "", errors.New("a percent sign that begins no %XX in a file name")
		}
		b.WriteByte(byte(c))
		i += 2
	}
	want, err := encodeName(b.String())
	if err != nil {
		return "", err
	}
	if want != file {
		return "", fmt.Errorf("the file of the name %q must be called %q", b.String(), want)
	}
	return b.String(), nil
}

// shorten returns the first characters of a name too long to show.
func shorten(name string) string {
	const most = 40
	if r := []rune(name); len(r) > most {
		return string(r[:most]) + "…"
	}
	return name
}
