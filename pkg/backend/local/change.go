package local

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"govctl/pkg/change"
	"govctl/pkg/config"
)

var _ change.Store = (*Changes)(nil)

const (
	// journalFolder holds what govctl itself keeps: who changed what.
	journalFolder = "journal"
	// maxSwap is how many keys one swap takes, and maxSwapBytes how much content.
	maxSwap      = 1000
	maxSwapBytes = 64 << 20
)

// Changes writes configuration and instances to a folder, for all processes one at a time.
type Changes struct {
	store *store
	now   func() time.Time
}

// OpenChanges returns what writes to the folder o.Root. It touches no file; the
// error is that of a path that is not absolute, or of a clock that is missing.
func OpenChanges(o Options) (*Changes, error) {
	if o.Now == nil {
		return nil, errors.New("no clock to write the journal by")
	}
	if !filepath.IsAbs(o.Root) {
		return nil, fmt.Errorf("folder %q is not an absolute path", o.Root)
	}
	return &Changes{store: newStore(filepath.Clean(o.Root)), now: o.Now}, nil
}

// About implements change.Store. The identity is the folder's real path.
func (c *Changes) About(ctx context.Context) (change.About, error) {
	root, err := filepath.EvalSymlinks(c.store.root)
	if isGone(err) {
		root, err = c.store.root, nil
	}
	if err == nil {
		err = ctx.Err()
	}
	return change.About{
		Identity: "local " + root, Now: c.now(),
		Limits: change.Limits{Ops: maxSwap, Bytes: maxSwapBytes, Value: maxItem},
	}, c.fail(err)
}

// Read implements change.Store. It waits for who is writing.
func (c *Changes) Read(ctx context.Context, keys []change.Key) ([]change.Entry, error) {
	entries := make([]change.Entry, len(keys))
	for i := range keys {
		entries[i].Key = keys[i]
	}
	err := c.looking(ctx, func(root *os.Root) error {
		for i, k := range keys {
			f, err := fileFor(k)
			if err == nil {
				entries[i], err = f.read(root)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", k, err)
			}
		}
		return nil
	})
	return entries, c.fail(err)
}

// locked runs work on the root while nobody else writes, once what a crash cut off
// is done.
func (c *Changes) locked(ctx context.Context, work func(root *os.Root) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return c.store.locked(ctx, func(root *os.Root) error {
		if _, err := redo(root); err != nil {
			return fmt.Errorf("%s: %w", redoName, err)
		}
		return work(root)
	})
}

// looking is locked for work that only reads: it has none to do where there is no
// root, and does not make one.
func (c *Changes) looking(ctx context.Context, work func(root *os.Root) error) error {
	if _, err := os.Stat(c.store.root); isGone(err) {
		return ctx.Err()
	}
	return c.locked(ctx, work)
}

// List implements change.Store.
func (c *Changes) List(ctx context.Context, prefix string) iter.Seq2[change.Entry, error] {
	return func(yield func(change.Entry, error) bool) {
		records, err := c.list(ctx, prefix)
		if err != nil {
			yield(change.Entry{}, c.fail(err))
			return
		}
		for i := range records {
			if !yield(records[i], nil) {
				return
			}
		}
	}
}

// list returns the records that begin with prefix, which names a folder at least.
func (c *Changes) list(ctx context.Context, prefix string) ([]change.Entry, error) {
	folder, rest, ok := strings.Cut(prefix, "/")
	if !ok {
		return nil, fmt.Errorf("records are listed by their folder, not by %q", prefix)
	}
	created := map[string]uint64{}
	var entries []change.Entry
	err := c.looking(ctx, func(root *os.Root) error {
		return eachFile(root, []string{journalFolder, folder}, func(name string) error {
			if !strings.HasPrefix(name, rest) {
				return nil
			}
			f, err := fileFor(change.Key{Space: change.Records, Name: folder + "/" + name})
			if err != nil {
				return err
			}
			e, err := f.read(root)
			if err != nil || e.Revision == change.Absent {
				return err
			}
			created[e.Key.Name] = f.created
			entries = append(entries, e)
			return ctx.Err()
		})
	})
	slices.SortFunc(entries, func(a, b change.Entry) int { return cmp.Compare(created[a.Key.Name], created[b.Key.Name]) })
	return entries, err
}

// eachFile calls do with what the names of the files in a folder stand for.
func eachFile(root *os.Root, folder []string, do func(name string) error) error {
	dir, err := walk(root, folder)
	if isGone(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	all, err := list(dir)
	if err != nil {
		return err
	}
	for _, e := range all {
		name, err := decodeName(e.Name())
		if err != nil || !e.Type().IsRegular() {
			continue // nobody of us wrote it
		}
		if err := do(name); err != nil {
			return err
		}
	}
	return nil
}

// walk returns the folder that names lead to from root.
func walk(root *os.Root, names []string) (*os.Root, error) {
	dir, err := root.OpenRoot(".")
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

// file is where a key lies.
type file struct {
	key     change.Key
	folders []string
	name    string
	// created counts the records in the order in which they were created; 0 for an
	// item, and for what was not read yet.
	created uint64
}

// fileFor returns the place of k.
func fileFor(k change.Key) (*file, error) {
	parts := strings.Split(k.Name, "/")
	switch k.Space {
	case change.Instances:
		return instanceFor(k)
	case change.Records:
	case change.Items:
		group, name, _ := strings.Cut(k.Name, "/")
		folder, leaf, err := placeOf(config.Key{Group: group, Name: name})
		if err != nil {
			return nil, err
		}
		f := &file{key: k, folders: []string{configFolder}, name: leaf}
		if folder != "." {
			f.folders = append(f.folders, folder)
		}
		return f, nil
	}
	f := &file{key: k, folders: []string{journalFolder}}
	for _, part := range parts {
		encoded, err := encodeName(part)
		if err != nil {
			return nil, err
		}
		f.folders = append(f.folders, encoded)
	}
	last := len(f.folders) - 1
	f.folders, f.name = f.folders[:last], f.folders[last]
	return f, nil
}

// read returns what stands in f. A record begins with a line of its own, that says
// when it was created.
func (f *file) read(root *os.Root) (change.Entry, error) {
	none := change.Entry{Key: f.key}
	dir, err := walk(root, f.folders)
	if isGone(err) {
		return none, nil
	}
	if err != nil {
		return none, err
	}
	defer func() { _ = dir.Close() }()
	var buf bytes.Buffer
	if _, err := readFile(dir, f.name, &buf, maxItem+recordHead); err != nil {
		if isGone(err) {
			err = nil
		}
		return none, err
	}
	content := buf.Bytes()
	revision := revisionOf(content)
	if f.key.Space == change.Records {
		if f.created, content, err = cutHead(content); err != nil {
			return none, err
		}
	}
	return change.Entry{Key: f.key, Content: content, Revision: change.Revision(revision)}, nil
}

// recordHead is the most bytes of the line that a record begins with.
const recordHead = 64

var errRecord = fmt.Errorf("%w: it does not begin as a record does", change.ErrInvalid)

// cutHead takes the line off that a record begins with: {"created":12}.
func cutHead(content []byte) (created uint64, rest []byte, err error) {
	head, _, ok := bytes.Cut(content[:min(len(content), recordHead)], []byte("\n"))
	if !ok {
		return 0, nil, errRecord
	}
	if _, err := fmt.Sscanf(string(head), `{"created":%d}`, &created); err != nil {
		return 0, nil, errRecord
	}
	return created, content[len(head)+1:], nil
}

// Swap implements change.Store.
func (c *Changes) Swap(ctx context.Context, ops []change.Op) error {
	for i := range ops {
		if len(ops[i].Content) > maxItem {
			return c.fail(fmt.Errorf("%s: %w: %d bytes, and at most %d are taken", ops[i].Key, change.ErrTooLarge, len(ops[i].Content), maxItem))
		}
	}
	return c.fail(c.locked(ctx, func(root *os.Root) error {
		writes := make([]write, len(ops))
		for i := range ops {
			w, err := prepare(root, &ops[i])
			if err != nil {
				return err
			}
			writes[i] = w
		}
		return perform(root, writes)
	}))
}

// prepare returns what op does to its file, if that is at the revision that op
// expects.
func prepare(root *os.Root, op *change.Op) (write, error) {
	f, err := fileFor(op.Key)
	if err != nil {
		return write{}, fmt.Errorf("%s: %w", op.Key, err)
	}
	have, err := f.read(root)
	if err != nil {
		return write{}, fmt.Errorf("%s: %w", op.Key, err)
	}
	if have.Revision != op.Expect {
		return write{}, &change.ConflictError{Key: op.Key, Expected: op.Expect, Have: have.Revision}
	}
	w := write{Folders: f.folders, Name: f.name, Expect: string(op.Expect), Content: op.Content, Remove: op.Remove}
	if op.Key.Space == change.Records && !op.Remove {
		if f.created == 0 {
			next, err := nextRevision(root, "")
			if err != nil {
				return write{}, err
			}
			f.created = counter(next)
		}
		w.Content = append(fmt.Appendf(nil, "{\"created\":%d}\n", f.created), op.Content...)
	}
	return w, nil
}

// fail returns err as one of this store.
func (c *Changes) fail(err error) error {
	conflict, ok := errors.AsType[*change.ConflictError](err)
	kind, wrong := errors.AsType[*kindError](err)
	switch {
	case err == nil || ok && error(conflict) == err: //nolint:errorlint // as it is, and not wrapped
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, change.ErrTooLarge), errors.Is(err, change.ErrInvalid):
		return fmt.Errorf("%s: %w", c.store.name(), err)
	case wrong:
		return fmt.Errorf("%s: %w: %w", c.store.name(), change.ErrInvalid, kind)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s: %w: %w", c.store.name(), change.ErrDenied, err)
	default:
		return fmt.Errorf("%s: %w: %w", c.store.name(), change.ErrUnavailable, err)
	}
}
