package local

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"govctl/pkg/config"
)

// Snapshot is what the folder of one says of itself: snapshot.json. It has no time
// and no revisions, so that the same configuration makes the same folder, as git
// wants it. The JSON names are an interface.
type Snapshot struct {
	Version     int    `json:"govctlSnapshot"`
	Environment string `json:"environment"`
	Items       int    `json:"items"`
	// Incomplete is true where the back-end did not show all that it has.
	Incomplete bool `json:"incomplete,omitempty"`
}

// ErrNoSnapshot means that a folder holds something else.
var ErrNoSnapshot = errors.New("not a snapshot")

const (
	snapshotName    = "snapshot.json"
	snapshotVersion = 1
	// newName and oldName are what the folder of configuration is called until it is
	// whole, and once it is replaced.
	newName = ".snapshot.new"
	oldName = ".snapshot.old"
	// oldSaid is what the folder said of itself, while it is being replaced.
	oldSaid = ".snapshot.old.json"
)

// ReadSnapshot returns what the folder dir says of itself: ErrNoSnapshot, or
// fs.ErrNotExist where there is none.
func ReadSnapshot(dir string) (Snapshot, error) {
	root, err := newStore(dir).open()
	if err != nil {
		return Snapshot{}, err
	}
	defer func() { _ = root.Close() }()
	s, err := readSnapshot(root)
	if _, gone := root.Lstat(configFolder); err == nil && isGone(gone) && s.Items > 0 {
		return Snapshot{}, fmt.Errorf("%w any more: its folder %s is gone", ErrNoSnapshot, configFolder)
	}
	return s, err
}

func readSnapshot(root *os.Root) (Snapshot, error) {
	var buf bytes.Buffer
	if _, err := readFile(root, snapshotName, &buf, maxFile); err != nil {
		if isGone(err) {
			return Snapshot{}, fmt.Errorf("%w: it has no %s", ErrNoSnapshot, snapshotName)
		}
		return Snapshot{}, fmt.Errorf("%w: %w", ErrNoSnapshot, err)
	}
	var s Snapshot
	switch err := json.Unmarshal(buf.Bytes(), &s); {
	case err != nil:
		return Snapshot{}, fmt.Errorf("%w: %s: %w", ErrNoSnapshot, snapshotName, err)
	case s.Version != snapshotVersion:
		return Snapshot{}, fmt.Errorf("%w that can be read here: %s is of version %d", ErrNoSnapshot, snapshotName, s.Version)
	}
	return s, nil
}

// Write makes dir the folder of a snapshot that holds items, and nothing but them.
// Until all of them are written dir is as it was. It may be missing, empty or a
// snapshot already; else it is ErrNoSnapshot. Of names that begin with a dot, such
// as .git, nothing is thought. Progress is told how many items are written.
func (s Snapshot) Write(ctx context.Context, dir string, items []config.Item, progress func(written int)) error {
	if err := os.MkdirAll(dir, folderMode); err != nil {
		return err
	}
	root, err := newStore(dir).open()
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	if err := endCut(root); err != nil {
		return err
	}
	if err := mayHoldSnapshot(root); err != nil {
		return err
	}
	if err := root.RemoveAll(newName); err != nil { // what was cut off
		return err
	}
	s.Version, s.Items = snapshotVersion, len(items)
	err = s.prepare(ctx, root, items, progress)
	if err == nil {
		err = putInPlace(root)
	}
	return errors.Join(err, root.RemoveAll(newName))
}

// mayHoldSnapshot refuses a folder that holds anything else.
func mayHoldSnapshot(root *os.Root) error {
	entries, err := list(root)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			_, err := readSnapshot(root)
			return err
		}
	}
	return nil
}

// prepare writes everything beside what is there.
func (s Snapshot) prepare(ctx context.Context, root *os.Root, items []config.Item, progress func(int)) error {
	fresh := filepath.Join(newName, configFolder)
	if err := root.MkdirAll(fresh, folderMode); err != nil {
		return err
	}
	for i := range items {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := keep(root, fresh, &items[i]); err != nil {
			return fmt.Errorf("%s: %w", items[i].Key, err)
		}
		progress(i + 1)
	}
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	if err := create(root, filepath.Join(newName, snapshotName), append(text, '\n')); err != nil {
		return err
	}
	return toDisk(ctx, root, newName)
}

// keep writes an item where it is found as Config finds it.
func keep(root *os.Root, folder string, i *config.Item) error {
	if len(i.Content) > maxItem {
		return fmt.Errorf("it has %d bytes, and a folder takes %d at most", len(i.Content), maxItem)
	}
	group, file, err := placeOf(i.Key)
	if err != nil {
		return err
	}
	if err := root.MkdirAll(filepath.Join(folder, group), folderMode); err != nil {
		return err
	}
	return create(root, filepath.Join(folder, group, file), i.Content)
}

// create writes a file that is not there yet.
func create(root *os.Root, name string, data []byte) error {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// toDisk sees every file below a folder to the disk, once all are written: then most
// are there with the first.
func toDisk(ctx context.Context, root *os.Root, folder string) error {
	return fs.WalkDir(root.FS(), folder, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		f, err := root.Open(filepath.FromSlash(name))
		if err != nil {
			return err
		}
		return errors.Join(f.Sync(), f.Close())
	})
}

// putInPlace puts what prepare wrote in place of what is there. In between the folder
// does not say that it is a snapshot: nobody takes a half for one.
func putInPlace(root *os.Root) error {
	if err := root.RemoveAll(oldName); err != nil {
		return err
	}
	for _, move := range [][2]string{
		{snapshotName, oldSaid},
		{configFolder, oldName},
		{filepath.Join(newName, configFolder), configFolder},
		{filepath.Join(newName, snapshotName), snapshotName},
	} {
		if err := root.Rename(move[0], move[1]); err != nil && !isGone(err) {
			return errors.Join(err, endCut(root))
		}
	}
	return removeOld(root)
}

func removeOld(root *os.Root) error {
	return errors.Join(root.RemoveAll(oldName), root.RemoveAll(oldSaid))
}

// endCut ends a replacement that was cut off: forward once the new items stand
// there, else back.
func endCut(root *os.Root) error {
	there := func(name ...string) bool {
		_, err := root.Lstat(filepath.Join(name...))
		return err == nil
	}
	var moves [][2]string
	switch {
	case there(snapshotName): // it came to its end, or never began
	case there(newName, snapshotName) && !there(newName, configFolder) && there(configFolder):
		moves = [][2]string{{filepath.Join(newName, snapshotName), snapshotName}}
	case there(oldSaid) && there(configFolder):
		moves = [][2]string{{oldSaid, snapshotName}}
	case there(oldSaid):
		moves = [][2]string{{oldName, configFolder}, {oldSaid, snapshotName}}
	}
	for _, move := range moves {
		if err := root.Rename(move[0], move[1]); err != nil && !isGone(err) {
			return err
		}
	}
	return removeOld(root)
}
