package settings

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
)

// errClear is about a secret that stands where anybody can read it.
var errClear = errors.New("stands in the clear")

func isClear(err error) bool { return errors.Is(err, errClear) }

// IsURL reports whether s is meant as a URL rather than as a name.
func IsURL(s string) bool { return strings.Contains(s, "://") }

// parseURL reads the URL of a back-end. Unlike url.Parse it takes several
// servers ("a:1,b:2"), refuses credentials, and makes the path of local://
// absolute: relative ones start from folder, ~ is home. Its errors name no part
// of text that may be a secret.
func parseURL(text, folder, home string) (*url.URL, error) {
	scheme, rest, ok := strings.Cut(text, "://")
	if strings.HasPrefix(text, "file:") {
		return nil, errors.New("a folder is named as local://PATH: file:PATH is for the command line, as a side of `govctl config diff`")
	}
	if !ok {
		return nil, errors.New("this is no URL: it begins with its system, as consul://127.0.0.1:8500")
	}
	if !isScheme(scheme) {
		return nil, errors.New("what stands before :// is not the name of a system")
	}
	scheme = strings.ToLower(scheme)
	rest, fragment, _ := strings.Cut(rest, "#")
	rest, query, _ := strings.Cut(rest, "?")
	if err := checkQuery(query, fragment); err != nil {
		return nil, err
	}
	if scheme == "local" {
		return localURL(rest, query, folder, home)
	}
	host, path, slash := strings.Cut(rest, "/")
	if strings.Contains(host, "@") {
		return nil, fmt.Errorf("a user or password %w in the URL", errClear)
	}
	if err := checkServers(host); err != nil {
		return nil, err
	}
	if slash {
		path = "/" + path
	}
	u, err := url.Parse(path) // begins with a slash: no scheme, no host
	if err != nil || u.Host != "" {
		return nil, errors.New("the path of the URL is not well formed")
	}
	return &url.URL{Scheme: scheme, Host: strings.ToLower(host), Path: u.Path, RawPath: u.RawPath, RawQuery: query}, nil
}

// isScheme reports whether s is a scheme by RFC 3986 §3.1.
func isScheme(s string) bool {
	for i, r := range strings.ToLower(s) {
		letter := 'a' <= r && r <= 'z'
		if !letter && (i == 0 || !strings.ContainsRune("0123456789+-.", r)) {
			return false
		}
	}
	return s != ""
}

// checkQuery refuses a query that is not well formed or that holds a secret.
func checkQuery(query, fragment string) error {
	if fragment != "" {
		return errors.New("the URL of a back-end has no # part")
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return errors.New("the part of the URL after ? is not well formed")
	}
	for key := range values {
		name := strings.NewReplacer("_", "", "-", "", ".", "").Replace(strings.ToLower(key))
		for _, secret := range []string{"token", "password", "passwd", "secret", "apikey", "credential"} {
			if strings.Contains(name, secret) {
				return fmt.Errorf("a %s %w in the URL", secret, errClear)
			}
		}
	}
	return nil
}

// checkServers refuses a host list in which some server is none.
func checkServers(hosts string) error {
	if hosts == "" {
		return errors.New("the URL names no server")
	}
	for server := range strings.SplitSeq(hosts, ",") {
		u, err := url.Parse("http://" + server)
		if err != nil || u.Hostname() == "" || u.Host != server || strings.ContainsAny(server, " \t%") {
			return errors.New("a server of the URL is not well formed: it is HOST or HOST:PORT")
		}
		if port := u.Port(); port != "" {
			if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
				return errors.New("a server of the URL has a port that is not one of 1 to 65535")
			}
		}
	}
	return nil
}

// localURL makes local:///absolute/path of what stands behind local://, where
// host and path are one: "data/x", "./x", "../x", "~/x", "/x".
func localURL(rest, query, folder, home string) (*url.URL, error) {
	path, err := url.PathUnescape(rest)
	if err != nil {
		return nil, errors.New("the path of the URL is not well formed: a % sign is written %25")
	}
	if path, err = resolve(path, folder, home); err != nil {
		return nil, err
	}
	return &url.URL{Scheme: "local", Path: path, RawQuery: query}, nil
}

// resolve makes path absolute. Its errors do not repeat path: where a path
// should stand, people also put the secret itself.
func resolve(path, folder, home string) (string, error) {
	switch {
	case path == "":
		return "", errors.New("a path is missing")
	case strings.Contains(path, "-----BEGIN"):
		return "", fmt.Errorf("a key or certificate %w: name its file", errClear)
	case strings.ContainsFunc(path, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return "", errors.New("a path holds a control character")
	}
	if rest, ok := strings.CutPrefix(path, "~"); ok && (rest == "" || rest[0] == '/') {
		if home == "" {
			return "", errors.New("~ means nothing here: the home folder is not known")
		}
		return filepath.Join(home, rest), nil
	}
	if filepath.IsAbs(path) {
		return filepath.Clean(path), nil
	}
	if folder == "" {
		return "", errors.New("a relative path means nothing here: the working directory is not known")
	}
	return filepath.Join(folder, path), nil
}
