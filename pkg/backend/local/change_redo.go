package local

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"govctl/pkg/change"
)

// redoName is what is about to be done to several files. It is there from before
// the first of them is written until after the last, so that whoever comes next
// can do what was cut off.
const redoName = ".redo"

// write is what is done to one file.
type write struct {
	Folders []string `json:"folders"`
	Name    string   `json:"name"`
	// Expect is the revision of what it replaces, "" for nothing.
	Expect  string `json:"expect,omitempty"`
	Content []byte `json:"content,omitempty"`
	Remove  bool   `json:"remove,omitempty"`
}

// valid returns why w is none of ours: the file that holds it lies in a folder that
// people copy and clone, and must not lead to their other files.
func (w *write) valid() error {
	ours := []string{configFolder, journalFolder, servicesFolder}
	if len(w.Folders) == 0 || !slices.Contains(ours, w.Folders[0]) {
		return fmt.Errorf("%w: it writes to none of %s", change.ErrInvalid, strings.Join(ours, ", "))
	}
	last := w.Name
	if w.Folders[0] == servicesFolder {
		last = strings.TrimSuffix(last, suffix)
	}
	for _, name := range append(w.Folders[1:len(w.Folders):len(w.Folders)], last) {
		if _, err := decodeName(name); err != nil {
			return fmt.Errorf("%w: it writes to %q, which is the name of nothing", change.ErrInvalid, name)
		}
	}
	return nil
}

// perform makes all of writes, whenever this process dies: at once where it is
// one, else as soon as somebody holds the lock again. The caller holds it. Where
// some were made and the disk is full it is change.ErrUnknown: the rest is made once
// there is room.
func perform(root *os.Root, writes []write) error {
	if len(writes) == 1 {
		return writes[0].perform(root)
	}
	text, err := json.Marshal(writes)
	if err != nil {
		return err
	}
	if err := writeFile(root, redoName, text, time.Time{}); err != nil {
		return err
	}
	begun, err := redo(root)
	switch {
	case err == nil:
		return nil
	case !begun:
		if gone := root.Remove(redoName); gone == nil {
			return err
		}
	}
	return fmt.Errorf("%w: %w", change.ErrUnknown, err)
}

// redo makes the writes that were begun and not ended. A file that holds neither
// what was expected nor what is written was changed by somebody since: it is left
// alone. Begun tells whether any was made.
func redo(root *os.Root) (begun bool, err error) {
	var buf bytes.Buffer
	_, err = readFile(root, redoName, &buf, 2*maxSwapBytes)
	if isGone(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var writes []write
	if err := json.Unmarshal(buf.Bytes(), &writes); err != nil {
		return false, fmt.Errorf("%w: %w", change.ErrInvalid, err)
	}
	for i := range writes {
		if err := writes[i].valid(); err != nil {
			return false, err
		}
	}
	for i := range writes {
		if have, err := writes[i].revision(root); err != nil {
			return begun, err
		} else if have != writes[i].Expect {
			continue
		}
		if err := writes[i].perform(root); err != nil {
			return begun, err
		}
		begun = true
	}
	return begun, root.Remove(redoName)
}

// revision returns that of what stands in the file.
func (w *write) revision(root *os.Root) (string, error) {
	dir, err := walk(root, w.Folders)
	if err != nil {
		return "", ignoreGone(err)
	}
	defer func() { _ = dir.Close() }()
	var buf bytes.Buffer
	if _, err := readFile(dir, w.Name, &buf, maxItem+recordHead); err != nil {
		return "", ignoreGone(err)
	}
	return revisionOf(buf.Bytes()), nil
}

// revisionOf returns the revision of a file that holds content.
func revisionOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// perform makes w, which may have been made already.
func (w *write) perform(root *os.Root) error {
	dir, err := root.OpenRoot(".")
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	if w.Remove {
		return w.remove(root)
	}
	for _, name := range w.Folders {
		next, err := makeFolder(dir, name)
		if err != nil {
			return err
		}
		_ = dir.Close()
		dir = next
	}
	return writeFile(dir, w.Name, w.Content, w.beat())
}

// remove takes the file away, and the folders that are empty then but for the
// first of them.
func (w *write) remove(root *os.Root) error {
	for n := len(w.Folders); n > 0; n-- {
		dir, err := walk(root, w.Folders[:n])
		if err != nil {
			return ignoreGone(err)
		}
		name := w.Name
		if n < len(w.Folders) {
			name = w.Folders[n]
		}
		err = dir.Remove(name)
		_ = dir.Close()
		if n == len(w.Folders) && ignoreGone(err) != nil {
			return err
		}
		if err != nil && !isGone(err) {
			return nil // it is not empty
		}
	}
	return nil
}

func ignoreGone(err error) error {
	if isGone(err) {
		return nil
	}
	return err
}
