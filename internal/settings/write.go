package settings

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// ErrChanged is the error of an edit whose file is no longer the one that was
// read: nothing was written.
var ErrChanged = errors.New("it has changed meanwhile")

// lockPoll is how often a writer that waits for another asks again.
const lockPoll = 10 * time.Millisecond

// Write writes the edit, whole or not at all, unless the file changed since it
// was read: then the error wraps ErrChanged. A file keeps its mode; a new one is
// 0600 in a folder 0700. Where the file was trusted it is so again. Writers wait
// for each other until ctx ends.
func (e *Edit) Write(ctx context.Context) error {
	if !e.Changes() {
		return nil
	}
	folder := filepath.Dir(e.path)
	if e.before == nil {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return fmt.Errorf("write %s: %w", e.File, reason(err))
		}
	}
	// The folder is what is locked: a lock on the file would go with it when it is
	// replaced, and one beside it would litter somebody's repository.
	lock := flock.New(folder, flock.SetFlag(os.O_RDONLY))
	if _, err := lock.TryLockContext(ctx, lockPoll); err != nil {
		return fmt.Errorf("write %s: %w", e.File, reason(err))
	}
	defer func() { _ = lock.Unlock() }() // it ends with the process anyway
	if err := e.write(); err != nil {
		return fmt.Errorf("write %s: %w", e.File, err)
	}
	in := e.settings.in
	if e.before == nil || in.trusts(e.path, e.before) != TrustGiven {
		return nil
	}
	if err := in.trust(e.path, e.after); err != nil {
		return fmt.Errorf("%s was written: %w", e.File, err)
	}
	return nil
}

// write replaces the file, which the caller has locked, if it is as it was read.
func (e *Edit) write() error {
	mode := fs.FileMode(0o600)
	info, err := os.Lstat(e.path)
	switch {
	case e.before == nil && errors.Is(err, fs.ErrNotExist):
		return replaceFile(e.path, e.after, mode, e.create)
	case e.before == nil && err == nil:
		return ErrChanged
	case err != nil:
		return reason(err)
	case !info.Mode().IsRegular():
		return ErrChanged
	}
	now, err := readAtMost(e.path, maxFile+1, atOnce)
	switch {
	case err != nil:
		return reason(err)
	case string(now) != string(e.before):
		return ErrChanged
	}
	return replaceFile(e.path, e.after, info.Mode().Perm(), e.create)
}

// tempFile is a file that becomes another one's new content.
type tempFile interface {
	io.WriteCloser
	Name() string
	Chmod(mode fs.FileMode) error
	Sync() error
}

// createTemp makes a new file of mode 0600 in a folder.
func createTemp(folder, pattern string) (tempFile, error) { return os.CreateTemp(folder, pattern) }

// replaceFile makes data the content of the file at path, whole or not at all,
// whatever happens to this process or to the machine.
func replaceFile(path string, data []byte, mode fs.FileMode, create func(folder, pattern string) (tempFile, error)) error {
	folder := filepath.Dir(path)
	f, err := create(folder, "."+filepath.Base(path)+"-*")
	if err != nil {
		return reason(err)
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // the first error is the one to tell
		return reason(err)
	}
	syncFolder(folder)
	return nil
}

// syncFolder sees a rename to the disk, where the system can do that. Without it
// a machine that loses power may come back with the old file, which is whole.
func syncFolder(folder string) {
	if f, err := os.Open(folder); err == nil {
		_ = f.Sync()
		_ = f.Close()
	}
}
