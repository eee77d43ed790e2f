package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"govctl/pkg/registry"
)

const (
	fileMode   fs.FileMode = 0o600
	folderMode fs.FileMode = 0o700

	// The files of our own. Readers ignore every name that begins with a dot.
	lockName     = ".lock"
	revisionName = ".revision"
	// tempName is what a file is called until it is whole. One name a folder is
	// enough, as only the holder of the lock writes; what a crash left behind is
	// thereby cleared by the next write.
	tempName = ".tmp"

	// lockPoll is how often a lock that another process holds is tried again.
	lockPoll = 5 * time.Millisecond

	// maxFile bounds what is read of one file that is no configuration, in bytes.
	maxFile = 1 << 20
)

// kindError says that what is there is not what it should be: a symbolic link, a
// file where a folder belongs, a file too large.
type kindError struct{ name, is string }

func (e *kindError) Error() string { return fmt.Sprintf("%q is %s", e.name, e.is) }

// store is a folder that several processes read and write. No symbolic link
// below its root is followed, whoever made it and whenever.
type store struct {
	root string
	// turn is held by the one goroutine of this process that may lock the root:
	// waiting in line here is cheaper than polling the lock.
	turn chan struct{}
}

func newStore(root string) *store {
	return &store{root: root, turn: make(chan struct{}, 1)}
}

// open returns the root; fs.ErrNotExist where there is none yet. The root itself
// may be a link: its owner named it. What is no folder is not even opened, or a
// pipe would be waited for.
func (s *store) open() (*os.Root, error) {
	info, err := os.Stat(s.root)
	if err == nil && !info.IsDir() {
		err = &fs.PathError{Op: "open", Path: filepath.Base(s.root), Err: syscall.ENOTDIR}
	}
	if err != nil {
		return nil, err
	}
	return os.OpenRoot(s.root)
}

// openFolder returns the folder that names lead to from the root.
func (s *store) openFolder(names ...string) (*os.Root, error) {
	dir, err := s.open()
	for _, name := range names {
		if err != nil {
			return nil, err
		}
		parent := dir
		dir, err = descend(parent, name)
		_ = parent.Close()
	}
	return dir, err
}

// descend returns the folder called name in parent.
func descend(parent *os.Root, name string) (*os.Root, error) {
	before, err := parent.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !before.IsDir() {
		return nil, &kindError{name, kindOf(before.Mode()) + ", not a folder"}
	}
	dir, err := parent.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	// A link may have been put there in between.
	after, err := dir.Stat(".")
	if err == nil && !os.SameFile(before, after) {
		err = &kindError{name, "replaced while it was opened"}
	}
	if err != nil {
		_ = dir.Close()
		return nil, err
	}
	return dir, nil
}

// makeFolder returns the folder called name in parent, and makes it where it is
// missing.
func makeFolder(parent *os.Root, name string) (*os.Root, error) {
	if err := parent.Mkdir(name, folderMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return descend(parent, name)
}

// readFile reads the file called name in dir, of most bytes at most, into buf and
// returns when it was last changed.
func readFile(dir *os.Root, name string, buf *bytes.Buffer, most int64) (time.Time, error) {
	info, err := dir.Lstat(name)
	if err != nil {
		return time.Time{}, err
	}
	if !info.Mode().IsRegular() {
		return time.Time{}, &kindError{name, kindOf(info.Mode()) + ", not a file"}
	}
	// Were a link put there now, it would lead to another file of dir at most.
	f, err := dir.Open(name)
	if err != nil {
		return time.Time{}, err
	}
	defer func() { _ = f.Close() }()
	if info, err = f.Stat(); err != nil {
		return time.Time{}, err
	}
	buf.Reset()
	buf.Grow(int(min(info.Size(), most)) + bytes.MinRead) // and not step by step
	if _, err = buf.ReadFrom(io.LimitReader(f, most+1)); err == nil && int64(buf.Len()) > most {
		err = &kindError{name, fmt.Sprintf("larger than %d bytes", most)}
	}
	return info.ModTime(), err
}

// writeFile makes data the content of the file called name in dir, which the
// caller has locked: whole or not at all, whatever happens to this process or
// to the machine. The file's time becomes changed, or the present where that is zero.
func writeFile(dir *os.Root, name string, data []byte, changed time.Time) error {
	err := writeTemp(dir, data)
	if err == nil && !changed.IsZero() {
		err = dir.Chtimes(tempName, changed, changed)
	}
	if err == nil {
		err = dir.Rename(tempName, name)
	}
	if err != nil {
		_ = dir.Remove(tempName) // the first error is the one to tell
	}
	return err
}

// writeTemp writes the temporary file of dir and sees it to the disk: without
// that, a machine that loses power right after the rename may find it empty.
func writeTemp(dir *os.Root, data []byte) error {
	if err := dir.Remove(tempName); err != nil && !isGone(err) {
		return err
	}
	f, err := dir.OpenFile(tempName, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

// locked runs work on the root while no other goroutine or process does, and
// makes the root where it is missing. It gives up waiting when ctx ends.
func (s *store) locked(ctx context.Context, work func(root *os.Root) error) error {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := os.MkdirAll(s.root, folderMode); err != nil {
		return err
	}
	root, err := s.open()
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	if info, err := root.Lstat(lockName); err == nil && !info.Mode().IsRegular() {
		return &kindError{lockName, kindOf(info.Mode()) + ", not a file"}
	}
	lock := flock.New(filepath.Join(s.root, lockName), flock.SetPermissions(fileMode))
	if _, err := lock.TryLockContext(ctx, lockPoll); err != nil {
		return fmt.Errorf("waiting for %s: %w", lockName, err)
	}
	return errors.Join(work(root), lock.Unlock())
}

// nextRevision returns a revision that nothing in the root has had before: one
// counter serves all of it, so that what is removed and made anew does not get
// its old revision again. Where the counter is lost (git need not keep it), past,
// the revision of what is being replaced, is where it goes on. The caller holds
// the lock.
func nextRevision(root *os.Root, past string) (string, error) {
	var have bytes.Buffer
	_, err := readFile(root, revisionName, &have, maxFile)
	if err != nil && !isGone(err) {
		return "", err
	}
	next := max(counter(have.String()), counter(past)) + 1
	// Of a fixed width and in place: a rename would cost as much again as the
	// file that the revision is for, and past covers a number lost with the
	// machine.
	f, err := root.OpenFile(revisionName, os.O_WRONLY|os.O_CREATE, fileMode)
	if err != nil {
		return "", err
	}
	_, err = fmt.Fprintf(f, "%020d\n", next)
	return strconv.FormatUint(next, 10), errors.Join(err, f.Close())
}

// counter returns the number that text holds, 0 where it holds none, as a file
// written by hand may.
func counter(text string) uint64 {
	n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 63)
	if err != nil {
		return 0
	}
	return n
}

// kindOf names what is not a file or not a folder.
func kindOf(mode fs.FileMode) string {
	switch {
	case mode.IsRegular():
		return "a file"
	case mode.IsDir():
		return "a folder"
	case mode&fs.ModeSymlink != 0:
		return "a symbolic link"
	default:
		return "a device, pipe or socket"
	}
}

// isGone reports whether err says that a file or folder is not there.
func isGone(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// leftOut says that what stands at names, below the root, is not in an answer.
func (s *store) leftOut(err error, names ...string) registry.Notice {
	return registry.Notice{Text: fmt.Sprintf("%s: %q left out: %s", s.name(), path.Join(names...), reason(err)), Incomplete: true}
}

// name returns the back-end as errors name it.
func (s *store) name() string { return "local " + s.root }
