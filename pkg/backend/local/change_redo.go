package local

import (
	"bytes"
	"encoding/json"
	"os"
	"time"
)

// redoName is what is about to be done to several files. It is there from before
// the first of them is written until after the last, so that whoever comes next
// can do what was cut off.
const redoName = ".redo"

// write is what is done to one file.
type write struct {
	Folders []string `json:"folders"`
	Name    string   `json:"name"`
	Content []byte   `json:"content,omitempty"`
	Remove  bool     `json:"remove,omitempty"`
}

// perform makes all of writes, whenever this process dies: at once where it is
// one, else as soon as somebody holds the lock again. The caller holds it.
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
	return redo(root)
}

// redo makes the writes that were begun and not ended.
func redo(root *os.Root) error {
	var buf bytes.Buffer
	_, err := readFile(root, redoName, &buf, 2*maxSwapBytes)
	if isGone(err) {
		return nil
	}
	if err != nil {
		return err
	}
	var writes []write
	if err := json.Unmarshal(buf.Bytes(), &writes); err != nil {
		return err
	}
	for i := range writes {
		if err := writes[i].perform(root); err != nil {
			return err
		}
	}
	return root.Remove(redoName)
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
	return writeFile(dir, w.Name, w.Content, time.Time{})
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
