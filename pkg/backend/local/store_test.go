package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"testing"
	"time"

	"govctl/pkg/registry"
)

func TestErrorsOfTheSystemBecomeThoseOfARegistry(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err, sentinel error
		text          string
	}{
		{&fs.PathError{Op: "openat", Path: "/a/b.json", Err: syscall.EACCES}, registry.ErrDenied, `permission denied: "b.json": permission denied`},
		{&fs.PathError{Op: "write", Path: "/a/.tmp", Err: syscall.ENOSPC}, registry.ErrUnavailable, `unavailable: ".tmp": no space left on device`},
		{&os.LinkError{Op: "renameat", Old: ".tmp", New: "b.json", Err: syscall.EROFS}, registry.ErrUnavailable, `unavailable: "b.json": read-only file system`},
		{fmt.Errorf("waiting: %w", context.DeadlineExceeded), context.DeadlineExceeded, "waiting: context deadline exceeded"},
		{&kindError{"x", "a file, not a folder"}, registry.ErrInvalid, `invalid answer: "x" is a file, not a folder`},
		{missing("1"), registry.ErrNotFound, `instance "1": not found`},
	} {
		if _, got := ofRegistry().classify(c.err); !errors.Is(got, c.sentinel) || got.Error() != c.text {
			t.Errorf("classify(%v) = %v; want %q that wraps %v", c.err, got, c.text, c.sentinel)
		}
	}
}

func TestAWriteThatFailsAtTheEndLeavesNoTemporaryFile(t *testing.T) {
	t.Parallel()
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := root.Mkdir("x.json", folderMode); err != nil { // no file can be renamed to it
		t.Fatal(err)
	}
	err = writeFile(root, "x.json", []byte("{}"), time.Time{})
	if _, left := root.Lstat(tempName); err == nil || !isGone(left) {
		t.Errorf("writeFile: %v, temporary file: %v; want an error and none", err, left)
	}
	if err := root.Close(); err != nil {
		t.Error(err)
	}
}
