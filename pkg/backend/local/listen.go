package local

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"

	"govctl/pkg/registry"
)

const (
	// watchRest is the least time from one list of a watch to the next, and how
	// often what no file tells is looked at: the clock, and the folder itself.
	watchRest = time.Second
	// watchGather is how long a watch waits for more after a file changed.
	watchGather = 100 * time.Millisecond
)

// listener waits for changes in a folder of the root. It is for one goroutine.
type listener struct {
	path    string // of the folder
	name    string // of the back-end
	notice  func(registry.Notice)
	files   *fsnotify.Watcher // nil: the files are read every time
	folder  folderMark        // as it was when the last list was made
	changed bool              // something may have, since the last list was made
	gather  <-chan time.Time  // nil: it is over
	rest    <-chan time.Time  // nil: it is over
	tick    *time.Ticker
}

func (s *store) listen(folder string, notify func() (*fsnotify.Watcher, error), notice func(registry.Notice)) *listener {
	l := &listener{
		path: filepath.Join(s.root, folder), name: s.name(), notice: notice,
		tick: time.NewTicker(watchRest), changed: true,
	}
	files, err := notify()
	if err != nil {
		l.readAlways(err)
		return l
	}
	l.files = files
	return l
}

// once returns a tell that says the same thing once. It is for one goroutine.
func once(tell func(registry.Notice)) func(registry.Notice) {
	said := map[registry.Notice]bool{}
	return func(n registry.Notice) {
		if !said[n] {
			said[n] = true
			tell(n)
		}
	}
}

func (l *listener) close() {
	l.tick.Stop()
	if l.files != nil {
		_ = l.files.Close() // it was only read
	}
}

// readAlways gives up on being told, for the reason why.
func (l *listener) readAlways(why error) {
	if l.files != nil {
		_ = l.files.Close() // it was only read
		l.files = nil
	}
	l.notice(registry.Notice{Text: l.name + ": its files are read once a second, as the system does not tell of changes: " + reason(why)})
}

// wait waits until there may be another list than the last, and marks the folder
// as it is then. What happened to a file does not count where quiet says so, which
// gets its path below the folder; passed is asked once a second whether something
// changed that no file tells. The error is that of ctx.
func (l *listener) wait(ctx context.Context, quiet func(file string, op fsnotify.Op) bool, passed func() bool) error {
	for !l.changed || l.gather != nil || l.rest != nil {
		select {
		case e := <-l.events():
			l.hear(e, quiet)
		case err := <-l.errors():
			if l.changed = true; !errors.Is(err, fsnotify.ErrEventOverflow) {
				l.readAlways(err)
			}
		case <-l.gather:
			l.gather = nil
		case <-l.rest:
			l.rest = nil
		case <-l.tick.C:
			// The folder itself may have come, gone, or be another.
			l.changed = l.changed || l.files == nil || passed() || !l.folder.same(markFolder(l.path))
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	l.rest, l.changed = time.After(watchRest), false
	l.folder = markFolder(l.path)
	return nil
}

func (l *listener) events() <-chan fsnotify.Event {
	if l.files == nil {
		return nil
	}
	return l.files.Events
}

func (l *listener) errors() <-chan error {
	if l.files == nil {
		return nil
	}
	return l.files.Errors
}

// hear takes in what happened to a file.
func (l *listener) hear(e fsnotify.Event, quiet func(string, fsnotify.Op) bool) {
	file, err := filepath.Rel(l.path, e.Name)
	own := strings.HasPrefix(filepath.Base(file), ".") && file != "."
	if err == nil && (own || quiet(file, e.Op)) {
		return
	}
	if l.changed = true; l.gather == nil {
		l.gather = time.After(watchGather)
	}
}

// add watches a folder below that of the listener, or that one itself. One that is
// not there is none; it is no folder of ours where it is a link.
func (l *listener) add(names ...string) {
	if l.files == nil {
		return
	}
	path := filepath.Join(append([]string{l.path}, names...)...)
	if info, err := os.Lstat(path); err != nil || !info.IsDir() {
		return
	}
	if err := l.files.Add(path); err != nil && !isGone(err) {
		l.readAlways(err)
	}
}

// folderMark tells one folder from another at the same place; nil is none.
type folderMark struct{ info fs.FileInfo }

func markFolder(path string) folderMark {
	info, err := os.Lstat(path)
	if err != nil {
		return folderMark{}
	}
	return folderMark{info}
}

func (m folderMark) same(other folderMark) bool {
	if m.info == nil || other.info == nil {
		return m.info == nil && other.info == nil
	}
	return os.SameFile(m.info, other.info)
}
