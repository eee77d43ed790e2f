package settings

import (
	"io/fs"
	"os"
)

// FullAfter makes the disk full for e when it has taken n bytes.
func (e *Edit) FullAfter(n int, full error) {
	e.create = func(folder, pattern string) (tempFile, error) {
		f, err := os.CreateTemp(folder, pattern)
		return &smallFile{File: f, left: n, full: full}, err
	}
}

// ReadOnly makes the folder of e one in which no file can be made.
func (e *Edit) ReadOnly() {
	e.create = func(folder, _ string) (tempFile, error) {
		return nil, &fs.PathError{Op: "open", Path: folder, Err: fs.ErrPermission}
	}
}

// smallFile is a file on a disk that has little room.
type smallFile struct {
	*os.File
	left int
	full error
}

func (f *smallFile) Write(p []byte) (int, error) {
	if len(p) <= f.left {
		f.left -= len(p)
		return f.File.Write(p)
	}
	n, err := f.File.Write(p[:f.left])
	if err == nil {
		err = &fs.PathError{Op: "write", Path: f.Name(), Err: f.full}
	}
	f.left = 0
	return n, err
}
