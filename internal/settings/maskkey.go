package settings

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"govctl/internal/mask"
)

// maskKeyFile is the file in the user's data folder that keys the short hashes
// in place of secrets.
const maskKeyFile = "mask.key"

// MaskKey returns the key of the short hashes that stand in place of secrets:
// 32 bytes of a file of the user's data folder, made where there is none, so that
// a secret has the same hash tomorrow. Of two processes that make it at the same
// time, both get the same. Where there is no data folder, or none that can be
// written, it is a random key, good for this process alone. An *Error says that
// what stands in the place of the file is not a key: nobody followed a link.
func MaskKey(in Inputs) (key []byte, err error) {
	if in.DataDir == "" {
		return mask.NewKey(), nil
	}
	path := filepath.Join(in.DataDir, folderName, maskKeyFile)
	if _, err := os.Lstat(path); err != nil && !makeMaskKey(path) {
		return mask.NewKey(), nil
	}
	if key, err = readMaskKey(path); err != nil {
		return nil, mistake("remove it: a new one is made, and the short hashes of secrets are other ones from then on", "%s: %v", path, reason(err))
	}
	return key, nil
}

// readMaskKey reads the key from a file that is no link.
func readMaskKey(path string) ([]byte, error) {
	link, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDONLY|atOnce, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	opened, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !link.Mode().IsRegular() || !os.SameFile(link, opened):
		return nil, errors.New("this is a link, or no file")
	}
	const size = 32
	key, err := io.ReadAll(io.LimitReader(f, size+1))
	if err == nil && len(key) != size {
		err = errors.New("this is no key of 32 bytes")
	}
	return key, err
}

// makeMaskKey makes the file, unless there is one by now; false where it cannot
// be made. It appears whole, in one step: a link to a finished file, which
// replaces none.
func makeMaskKey(path string) bool {
	folder := filepath.Dir(path)
	if os.MkdirAll(folder, 0o700) != nil {
		return false
	}
	f, err := createTemp(folder, "."+maskKeyFile+"-*")
	if err != nil {
		return false
	}
	defer func() { _ = os.Remove(f.Name()) }() // the key has a name of its own
	_, err = f.Write(mask.NewKey())
	if errors.Join(err, f.Sync(), f.Close()) != nil {
		return false
	}
	err = os.Link(f.Name(), path)
	syncFolder(folder)
	return err == nil || errors.Is(err, fs.ErrExist)
}
