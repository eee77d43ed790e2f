package demo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// The files of a demo's folder beside the environments.
const (
	lockName   = "lock"
	markerName = ".govctl-demo"
	configName = "govctl.yaml"
)

// claimPatience is how long Claim tries to lock: a reader that asks Running
// holds the lock for an instant.
const claimPatience = 300 * time.Millisecond

// Home is the folder of a running demo. It is locked for as long as the Home is
// open, by a lock that ends with the process however that ends.
type Home struct {
	dir  string
	lock *flock.Flock
}

// RunningError says that another demo has the folder.
type RunningError struct {
	Dir string
	// Who is what that demo said of itself: its process and when it began.
	Who string
}

// Error names the folder and the demo that has it.
func (e *RunningError) Error() string {
	return fmt.Sprintf("a demo is already running in %s (%s)", e.Dir, e.Who)
}

// ErrForeign says that a folder holds something that no demo put there.
var ErrForeign = errors.New("the folder is not empty and not a demo's")

// Claim takes the folder dir for a demo that calls itself who, and clears what
// an earlier demo left in it. It makes the folder where there is none, and
// refuses one that is not empty and does not bear a demo's marker (ErrForeign),
// or that a running demo has (*RunningError).
func Claim(ctx context.Context, dir, who string) (*Home, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := checkOurs(dir); err != nil {
		return nil, err
	}
	h := &Home{dir: dir, lock: flock.New(filepath.Join(dir, lockName), flock.SetPermissions(0o600))}
	ctx, cancel := context.WithTimeout(ctx, claimPatience)
	defer cancel()
	locked, err := h.lock.TryLockContext(ctx, claimPatience/10)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, &RunningError{Dir: dir, Who: readMarker(dir)}
	}
	if err != nil || !locked {
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	if err := h.begin(who); err != nil {
		return nil, errors.Join(err, h.lock.Unlock())
	}
	return h, nil
}

// begin clears the folder and marks it.
func (h *Home) begin(who string) error {
	if err := h.clear(); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(h.dir, markerName), []byte(who+"\n"), 0o600)
}

// Dir returns a folder of the given name inside the Home, not yet made.
func (h *Home) Dir(name string) string { return filepath.Join(h.dir, name) }

// Publish writes the settings with which others find the demo's environments,
// and returns the file's path. It comes last, when all else is there.
func (h *Home) Publish(config string) (path string, err error) {
	path = filepath.Join(h.dir, configName)
	tmp := path + ".tmp"
	if err := os.WriteFile(tmp, []byte(config), 0o600); err != nil {
		return "", err
	}
	return path, os.Rename(tmp, path)
}

// Close takes the settings away first, then all else, and gives the folder back.
func (h *Home) Close() error {
	err := os.Remove(filepath.Join(h.dir, configName))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil // never published
	}
	return errors.Join(err, h.clear(), h.lock.Unlock())
}

// clear removes everything but the lock and the marker. It follows no link.
func (h *Home) clear() error {
	entries, err := os.ReadDir(h.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == lockName || e.Name() == markerName {
			continue
		}
		err = errors.Join(err, os.RemoveAll(filepath.Join(h.dir, e.Name())))
	}
	return err
}

// checkOurs refuses a folder that holds anything and bears no marker.
func checkOurs(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == markerName && e.Type().IsRegular() {
			return nil
		}
	}
	for _, e := range entries {
		if e.Name() != lockName { // another demo may be about to mark it
			return fmt.Errorf("%s: %w", dir, ErrForeign)
		}
	}
	return nil
}

// readMarker returns what the demo that has the folder says of itself.
func readMarker(dir string) string {
	text, err := os.ReadFile(filepath.Join(dir, markerName))
	if err != nil || len(text) > 200 {
		return "just started"
	}
	return strings.TrimSpace(string(text))
}

// Running returns the settings file of the demo that runs in dir, if one does.
// What a demo left that did not end properly does not count: its lock is free.
func Running(dir string) (config string, ok bool) {
	config = filepath.Join(dir, configName)
	if _, err := os.Stat(config); err != nil {
		return "", false
	}
	lock := flock.New(filepath.Join(dir, lockName), flock.SetFlag(os.O_RDONLY))
	free, err := lock.TryRLock()
	if err != nil {
		return "", false
	}
	if free {
		_ = lock.Unlock() // only asked; the lock ends with its file anyway
		return "", false
	}
	return config, true
}
