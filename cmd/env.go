package cmd

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"
)

// Env is everything that a command may learn from the process around it. OSEnv
// is the only place that reads it from the operating system; tests and the
// demo's tour fill in their own.
type Env struct {
	// Args are the arguments, without the program's name.
	Args           []string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// StdinTTY, StdoutTTY and StderrTTY say whether those are terminals. Width is
	// the number of columns of stdout's, 0 where there is none.
	StdinTTY, StdoutTTY, StderrTTY bool
	Width                          int
	Getenv                         func(string) string
	// Environ returns all variables, as NAME=VALUE, for programs that the user
	// has govctl run.
	Environ func() []string
	// Now is the clock.
	Now func() time.Time
	// Dir is the working directory. ConfigDir, DataDir and CacheDir are the user's
	// folders for settings, for data and for what can be had again, without
	// "govctl"; "" where the system names none.
	Dir, ConfigDir, DataDir, CacheDir string
	// PID is the process's number, User who runs it, as "oncall@ops2".
	PID  int
	User string
	// Notify returns a context that ends when the user interrupts the process.
	Notify func(context.Context) (context.Context, context.CancelFunc)
}

// OSEnv returns the process's own Env.
func OSEnv() Env {
	dir, _ := os.Getwd()               // "": then relative paths fail by themselves
	configDir, _ := os.UserConfigDir() // "": no user's settings
	cacheDir, _ := os.UserCacheDir()   // "": nothing is cached
	env := Env{
		Args:      os.Args[1:],
		Stdin:     os.Stdin,
		Stdout:    os.Stdout,
		Stderr:    os.Stderr,
		StdinTTY:  term.IsTerminal(int(os.Stdin.Fd())),
		StdoutTTY: term.IsTerminal(int(os.Stdout.Fd())),
		StderrTTY: term.IsTerminal(int(os.Stderr.Fd())),
		Getenv:    os.Getenv,
		Environ:   os.Environ,
		Now:       time.Now,
		Dir:       dir,
		ConfigDir: configDir,
		DataDir:   userDataDir(),
		CacheDir:  cacheDir,
		PID:       os.Getpid(),
		User:      userName(),
		Notify: func(ctx context.Context) (context.Context, context.CancelFunc) {
			return signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
		},
	}
	if env.StdoutTTY {
		env.Width = terminalWidth()
	}
	return env
}

// userName returns who runs the process, and where: "oncall@ops2".
func userName() string {
	name, host := "unknown", "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if h, err := os.Hostname(); err == nil {
		host, _, _ = strings.Cut(h, ".")
	}
	return name + "@" + host
}

// printf writes to stdout what is said on the way. That nobody reads it any more
// is no reason to stop.
func (e *Env) printf(format string, args ...any) { _, _ = fmt.Fprintf(e.Stdout, format, args...) }

// terminalWidth returns the columns of stdout's terminal: what the system says,
// else COLUMNS, else 80.
func terminalWidth() int {
	if width, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil && width > 0 {
		return width
	}
	if width, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && width > 0 {
		return width
	}
	return 80
}

// userDataDir returns the user's folder for data as the XDG Base Directory
// Specification 0.8 names it, or "" where there is no home.
func userDataDir() string {
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return dir
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".local", "share")
}
