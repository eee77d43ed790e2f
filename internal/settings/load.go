package settings

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// fileName is the name of the settings' file, and folderName that of govctl's
// own folder in the user's folders.
const (
	fileName   = "govctl.yaml"
	folderName = "govctl"
)

// Load finds and reads the settings. The first found counts: --config,
// GOVCTL_CONFIG, govctl.yaml in the working directory and its parents up to the
// root of the file system, the user's config folder; else, where no
// CONSUL_HTTP_ADDR names a back-end, that of a running demo; else the embedded
// default. Every error is an *Error. Load resolves no secret and connects to
// nothing.
func Load(in Inputs) (*Settings, error) {
	in = in.real()
	if err := in.Flags.check(); err != nil {
		return nil, err
	}
	found, err := in.find()
	if err != nil {
		return nil, err
	}
	data, err := found.read()
	if err != nil {
		return nil, err
	}
	doc, err := in.parse(found, data)
	if err != nil {
		return nil, err
	}
	s := &Settings{File: found.shown, Source: found.source, Environments: doc.environments, Ignore: doc.ignore, Protect: doc.protect, Layers: doc.layers, Schemas: doc.schemas, in: in, path: found.path, data: data}
	s.believe()
	if found.source == SourceDemo {
		s.Notes = append(s.Notes, oneLine("using the running demo's settings: "+found.path))
	}
	if err := s.choose(doc); err != nil {
		return nil, err
	}
	s.protect()
	return s, nil
}

// real returns in with a Getenv, and with the working directory as the system
// knows it, not as the shell does that followed a link to it.
func (in Inputs) real() Inputs {
	if in.Getenv == nil {
		in.Getenv = func(string) string { return "" }
	}
	in.Dir = realFolder(in.Dir)
	return in
}

// found is a settings' file, and how errors name it.
type found struct {
	source Source
	path   string // absolute
	shown  string
}

// find looks for a file in the order of Load.
func (in Inputs) find() (found, error) {
	if in.Flags.Config != nil {
		return in.named(SourceFlag, "--config", *in.Flags.Config)
	}
	if path := in.Getenv("GOVCTL_CONFIG"); path != "" {
		return in.named(SourceVariable, "GOVCTL_CONFIG", path)
	}
	if f, ok, err := in.above(); ok || err != nil {
		return f, err
	}
	if f, ok, err := regular(SourceUser, in.userFile()); ok || err != nil {
		return f, err
	}
	demo := ""
	if in.Getenv("CONSUL_HTTP_ADDR") == "" && in.DemoRunning != nil {
		if path, running := in.DemoRunning(); running {
			demo = path
		}
	}
	// A demo that ends just now takes its file with it: then there is none.
	if f, ok, err := regular(SourceDemo, demo); ok || err != nil {
		return f, err
	}
	return found{source: SourceDefault}, nil
}

// regular is the file at path, if there is one.
func regular(source Source, path string) (found, bool, error) {
	if path == "" {
		return found{}, false, nil
	}
	ok, err := isFile(path)
	if err != nil {
		return found{}, false, unusable(path, err)
	}
	return found{source, path, path}, ok, nil
}

// named is the file that a flag or a variable names: it must be there.
func (in Inputs) named(source Source, by, path string) (found, error) {
	abs := path
	if !filepath.IsAbs(path) {
		abs = filepath.Join(in.Dir, path)
	}
	info, err := os.Stat(abs)
	switch {
	case err != nil:
		return found{}, mistake("`govctl init` writes one", "%s %s: %v", by, path, reason(err))
	case info.IsDir():
		return found{}, mistake("name the file in it", "%s %s: this is a folder", by, path)
	}
	return found{source, abs, path}, nil
}

// above looks in the working directory and its parents. It goes on to the root,
// past the home folder: whoever stands in a folder below the file finds it,
// wherever that is, and what such a file may do is bounded by Credentials.
func (in Inputs) above() (found, bool, error) {
	if in.Dir == "" {
		return found{}, false, nil
	}
	up := "."
	for dir := filepath.Clean(in.Dir); ; dir = filepath.Dir(dir) {
		path := filepath.Join(dir, fileName)
		shown := up + string(filepath.Separator) + fileName
		ok, err := isFile(path)
		if err != nil && !errors.Is(err, fs.ErrPermission) { // a parent that we may not look into has none for us
			return found{}, false, unusable(path, err)
		}
		if ok && sameFile(path, in.userFile()) {
			// Not path, which may be a stranger's link: relative paths would start there.
			return found{SourceUser, in.userFile(), shown}, true, nil
		}
		if ok {
			return found{SourceDirectory, path, shown}, true, nil
		}
		if dir == filepath.Dir(dir) {
			return found{}, false, nil
		}
		up = filepath.Join(up, "..")
	}
}

// userFile is the path of the user's own file, "" where no folder is known. It
// need not be there.
func (in Inputs) userFile() string {
	if in.ConfigDir == "" {
		return ""
	}
	return filepath.Join(in.ConfigDir, folderName, fileName)
}

// isFile reports whether a regular file stands at path. A folder or a pipe of
// that name is none; one that cannot be looked at is an error.
func isFile(path string) (bool, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	}
	return info.Mode().IsRegular(), nil
}

// unusable is the error for settings that may be there but cannot be reached.
func unusable(path string, err error) error {
	return mistake("name another file by --config", "%s: %v", path, reason(err))
}

func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// reason is err without the path and the system call around it.
func reason(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err
	}
	if le, ok := errors.AsType[*os.LinkError](err); ok {
		err = le.Err
	}
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("no such file")
	}
	return err
}

// read returns what the file holds, nothing for SourceDefault. It is read once:
// the bytes that are parsed are those that are trusted, and those that an edit
// expects.
func (f found) read() ([]byte, error) {
	if f.source == SourceDefault {
		return nil, nil
	}
	data, err := readAtMost(f.path, maxFile+1, atOnce)
	if err != nil {
		return nil, mistake("", "%s: %v", f.shown, reason(err))
	}
	return data, nil
}

// parse reads the data of a file that was found, or makes the embedded default.
func (in Inputs) parse(f found, data []byte) (*document, error) {
	if f.source == SourceDefault {
		return embedded(in.DataDir), nil
	}
	return in.parser(f.shown, f.path).parse(data)
}

// parser returns one for the file at path, which errors name as shown.
func (in Inputs) parser(shown, path string) *parser {
	return &parser{file: shown, folder: realFolder(filepath.Dir(path)), home: in.Getenv("HOME")}
}

// realFolder follows the links on the way to a folder, if it is there: ".." is
// then the parent of the folder itself. Seen from a stranger's link to a folder
// that is trusted it would be the stranger's.
func realFolder(path string) string {
	if dir, err := filepath.EvalSymlinks(path); err == nil && path != "" {
		return dir
	}
	return path
}

// atOnce makes a pipe that nobody writes to an empty file, which is not waited
// for.
const atOnce = syscall.O_NONBLOCK

// readAtMost returns the first limit bytes of a file; how is 0 or atOnce.
func readAtMost(path string, limit int64, how int) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|how, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	return io.ReadAll(io.LimitReader(f, limit))
}

// embedded is what holds where there is no file: three environments in folders
// of their own, each registry and config store in one.
func embedded(dataDir string) *document {
	d := &document{scalars: map[string]scalar{"default": {text: "dev"}}}
	for _, name := range []string{"dev", "test", "prod"} {
		env := Environment{Name: name, from: builtIn}
		u, err := parseURL("local:///", "", "")
		if dataDir == "" || err != nil {
			env.err = mistake("set HOME, or name a folder: -e local://PATH", "environment %q: the user's data folder is not known", name)
		} else {
			u.Path = filepath.Join(dataDir, folderName, name)
			env.Registry, env.Config = &Backend{URL: u}, &Backend{URL: u}
		}
		d.environments = append(d.environments, env)
	}
	return d
}

// check refuses flags that were given empty.
func (f Flags) check() error {
	for _, k := range scalarKeys() {
		if v := k.flag(f); v != nil && *v == "" {
			return mistake("", "--%s is empty", k.name)
		}
	}
	if f.Config != nil && *f.Config == "" {
		return mistake("", "--config is empty")
	}
	return nil
}

// place returns where a value came from, for an error.
func place(from string) string { return fmt.Sprintf(" (%s)", from) }
