// Package local is the back-end that needs no server: a folder that people and git
// can read. Its registry is services/<name>/<id>.json, one file an instance, its
// configuration config/<group>/<name>, one file an item.
//
// A file may be written by hand; see encodeName for how names become file names.
// Whether an instance with a TTL lives is the time of its file: a heartbeat
// touches that and changes nothing else, and expiry is computed when it is read.
// So an instance with a TTL that was written by hand, copied or checked out of
// git counts as alive for one TTL from then on.
//
// Names that begin with a dot are neither: they are the lock that all
// processes respect, the counter of revisions, and what a crash left behind.
package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fsnotify/fsnotify"

	"govctl/pkg/registry"
)

var (
	_ registry.Registry  = (*Registry)(nil)
	_ registry.Registrar = (*Registry)(nil)
	_ registry.Watcher   = (*Registry)(nil)
)

// servicesFolder holds a folder for each service.
const servicesFolder = "services"

// parallelReads is how many files are read at once, in all calls together. On
// two cores, 2, 4 and 16 are equally fast where the files are in memory; 16 hides
// more of the wait for a disk or a network, and leaves file descriptors alone.
const parallelReads = 16

// Options say which folder, and what else its registry needs.
type Options struct {
	// Root is the folder, an absolute path. Where it is missing the registry is
	// empty, and the first Register makes it.
	Root string
	// Now is the clock that heartbeats are written and judged by.
	Now func() time.Time
	// Notice is told of each file that is left out of an answer, and why. It may
	// be called concurrently; nil is nobody.
	Notice func(registry.Notice)
}

// Registry is a folder of instances. Any number of processes may read and write
// it at the same time.
type Registry struct {
	store  *store
	now    func() time.Time
	notice func(registry.Notice)
	// reading holds a token for each file that is being read.
	reading chan struct{}
	// notify begins to listen to what happens to files.
	notify func() (*fsnotify.Watcher, error)
}

// OpenRegistry returns the registry in o.Root. It touches no file; the error is
// that of a path that is not absolute, or of a clock that is missing.
func OpenRegistry(o Options) (*Registry, error) {
	if o.Now == nil {
		return nil, errors.New("no clock to judge heartbeats by")
	}
	if !filepath.IsAbs(o.Root) {
		return nil, fmt.Errorf("folder %q is not an absolute path", o.Root)
	}
	r := &Registry{
		store:   newStore(filepath.Clean(o.Root)),
		now:     o.Now,
		notice:  o.Notice,
		reading: make(chan struct{}, parallelReads),
		notify:  fsnotify.NewWatcher,
	}
	if r.notice == nil {
		r.notice = func(registry.Notice) {}
	}
	return r, nil
}

// Services implements registry.Registry. A folder is a service also when it is
// empty. One whose name no service could have is left out with a Notice.
func (r *Registry) Services(ctx context.Context) ([]string, error) {
	names := []string{}
	if err := ctx.Err(); err != nil {
		return nil, r.fail("", err)
	}
	dir, err := r.store.openFolder(servicesFolder)
	if isGone(err) {
		return names, nil
	}
	if err != nil {
		return nil, r.fail("", err)
	}
	defer func() { _ = dir.Close() }()
	entries, err := list(dir)
	if err != nil {
		return nil, r.fail("", err)
	}
	for _, e := range entries {
		name, err := serviceOf(e)
		if err != nil {
			r.leaveOut(err, e.Name())
		} else if name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// serviceOf returns the name of the service whose folder e is, or "" where it
// is something that people may keep beside the folders, such as a README.
func serviceOf(e fs.DirEntry) (string, error) {
	switch {
	case e.IsDir():
		return decodeName(e.Name())
	case e.Type().IsRegular():
		return "", nil
	default:
		return "", fmt.Errorf("%s, not a folder", kindOf(e.Type()))
	}
}

// Instances implements registry.Registry. A file that tells of no instance is
// left out with a Notice; the others are not harmed.
func (r *Registry) Instances(ctx context.Context, service string) ([]registry.Instance, error) {
	return r.instances(ctx, service, func(string, *found) {})
}

// instances is Instances, and tells each of the file of every instance, with its
// path below the folder of services.
func (r *Registry) instances(ctx context.Context, service string, each func(file string, f *found)) ([]registry.Instance, error) {
	if err := ctx.Err(); err != nil {
		return nil, r.fail(service, err)
	}
	folder, err := encodeName(service)
	if err != nil { // nobody can have registered it
		return nil, r.fail(service, registry.ErrNotFound)
	}
	dir, err := r.store.openFolder(servicesFolder, folder)
	if isGone(err) {
		err = registry.ErrNotFound
	}
	if err != nil {
		return nil, r.fail(service, err)
	}
	defer func() { _ = dir.Close() }()
	files, err := instanceFiles(dir)
	if err != nil {
		return nil, r.fail(service, err)
	}
	all, err := r.readFolder(ctx, dir, service, files)
	if err != nil {
		return nil, r.fail(service, err)
	}
	instances := make([]registry.Instance, 0, len(all))
	for i := range all {
		switch {
		case all[i].err == nil:
			instances = append(instances, all[i].Instance)
			each(filepath.Join(folder, files[i]), &all[i])
		case !isGone(all[i].err): // deregistered since it was listed
			r.leaveOut(all[i].err, folder, files[i])
		}
	}
	slices.SortFunc(instances, registry.Compare)
	return instances, nil
}

// list returns what stands in dir, but for dot files, sorted.
func list(dir *os.Root) ([]fs.DirEntry, error) {
	f, err := dir.Open(".")
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	entries, err := f.ReadDir(-1)
	if err != nil {
		return nil, err
	}
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return strings.HasPrefix(e.Name(), ".") })
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

// instanceFiles returns the names of the files in dir that stand for instances,
// sorted. What does not end with suffix is left to people.
func instanceFiles(dir *os.Root) ([]string, error) {
	entries, err := list(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), suffix) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// found is what a file tells of: an instance, or why there is none.
type found struct {
	registry.Instance
	life
	err error
}

// readFolder reads files, all of them instances of service, and returns what
// each tells of, in the order of files. Its error is that of ctx.
func (r *Registry) readFolder(ctx context.Context, dir *os.Root, service string, files []string) ([]found, error) {
	all := make([]found, len(files))
	now := r.now()
	var next atomic.Int64
	var readers sync.WaitGroup
	for range min(len(files), parallelReads) {
		readers.Go(func() {
			var buf bytes.Buffer
			for i := next.Add(1) - 1; i < int64(len(files)) && ctx.Err() == nil; i = next.Add(1) - 1 {
				r.reading <- struct{}{}
				f, beat, err := readInstance(dir, service, files[i], &buf)
				<-r.reading
				if all[i].err = err; err == nil {
					all[i].Instance, all[i].life = f.instance(beat, now), life{beat, f.ttl()}
				}
			}
		})
	}
	readers.Wait()
	return all, ctx.Err()
}

// readInstance returns what stands in file, and when it was last changed.
func readInstance(dir *os.Root, service, file string, buf *bytes.Buffer) (*instanceFile, time.Time, error) {
	id, err := decodeName(strings.TrimSuffix(file, suffix))
	if err != nil {
		return nil, time.Time{}, err
	}
	changed, err := readFile(dir, file, buf, maxFile)
	if err != nil {
		return nil, changed, err
	}
	f, err := parse(buf.Bytes(), service, id)
	return f, changed, err
}

// leaveOut tells that what stands at names, below the folder of services, is not
// in the answer.
func (r *Registry) leaveOut(err error, names ...string) {
	r.notice(r.store.leftOut(err, append([]string{servicesFolder}, names...)...))
}

// fail returns err as an error of this registry about service.
func (r *Registry) fail(service string, err error) error {
	hint, classified := ofRegistry().classify(err)
	return &registry.Error{Backend: r.store.name(), Service: service, Err: classified, Hint: hint}
}
