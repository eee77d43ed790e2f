package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"govctl/pkg/registry"
)

// Register implements registry.Registrar. An instance with a TTL is critical
// until its first Heartbeat also when it was registered before. Fields of the
// file that govctl does not know survive; a file that cannot be read as an
// instance is replaced. One that says that it belongs to another instance is an
// error and stays as it is.
func (r *Registry) Register(ctx context.Context, in registry.Instance, ttl time.Duration) error {
	err := ctx.Err()
	if err == nil {
		err = r.write(ctx, fileOf(&in, ttl))
	}
	if err != nil {
		return r.fail(in.Service, err)
	}
	return nil
}

func (r *Registry) write(ctx context.Context, f *instanceFile) error {
	folder, file, err := place(f.Service, f.ID)
	if err != nil {
		return err
	}
	if _, err := f.text(); err != nil { // before anything is made
		return err
	}
	return r.store.locked(ctx, func(root *os.Root) error {
		services, err := makeFolder(root, servicesFolder)
		if err != nil {
			return err
		}
		defer func() { _ = services.Close() }()
		dir, err := makeFolder(services, folder)
		if err != nil {
			return err
		}
		err = replace(root, dir, file, f)
		_ = dir.Close()
		if err != nil {
			_ = services.Remove(folder) // where it is empty: no service was registered
		}
		return err
	})
}

// place returns the folder and the file of an instance.
func place(service, id string) (folder, file string, err error) {
	if folder, err = encodeName(service); err != nil {
		return "", "", fmt.Errorf("service: %w", err)
	}
	if file, err = encodeName(id); err != nil {
		return "", "", fmt.Errorf("instance: %w", err)
	}
	return folder, file + suffix, nil
}

// replace writes f over what stands in file, with the next revision. The caller
// holds the lock.
func replace(root, dir *os.Root, file string, f *instanceFile) error {
	past, err := previous(dir, file, f)
	if err != nil {
		return err
	}
	f.Foreign = past.Foreign
	if f.Revision, err = nextRevision(root, past.Revision); err != nil {
		return err
	}
	data, err := f.text()
	if err != nil {
		return err
	}
	changed := time.Time{}
	if f.TTLSeconds > 0 {
		changed = neverBeat()
	}
	return writeFile(dir, file, data, changed)
}

// previous returns what stands in file, where f is about to be written: nothing
// where there is none or it is broken, and an error where it is somebody else's.
func previous(dir *os.Root, file string, f *instanceFile) (*instanceFile, error) {
	var buf bytes.Buffer
	_, err := readFile(dir, file, &buf, maxFile)
	if isGone(err) {
		return &instanceFile{}, nil
	}
	if err != nil {
		return nil, err
	}
	past, err := parse(buf.Bytes(), f.Service, f.ID)
	owner, other := errors.AsType[*ownerError](err)
	switch {
	case other:
		return nil, fmt.Errorf("%w: file %q belongs to instance %q of service %q", registry.ErrInvalid, file, owner.id, owner.service)
	case err != nil:
		past = &instanceFile{}
	}
	return past, nil
}

// Heartbeat implements registry.Registrar. It touches the time of the
// instance's file and takes no lock.
func (r *Registry) Heartbeat(ctx context.Context, service, id string) error {
	err := ctx.Err()
	if err == nil {
		err = r.touch(service, id)
	}
	if err != nil {
		return r.fail(service, err)
	}
	return nil
}

func (r *Registry) touch(service, id string) error {
	dir, file, err := r.find(service, id)
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	now := r.now()
	if err = dir.Chtimes(file, now, now); isGone(err) {
		return missing(id)
	}
	return err
}

// find returns the folder and the file of an instance that is registered;
// otherwise the error is registry.ErrNotFound.
func (r *Registry) find(service, id string) (dir *os.Root, file string, err error) {
	folder, file, err := place(service, id)
	if err != nil { // nobody can have registered it
		return nil, "", missing(id)
	}
	dir, err = r.store.openFolder(servicesFolder, folder)
	if err == nil {
		var info os.FileInfo
		if info, err = dir.Lstat(file); err == nil && !info.Mode().IsRegular() {
			err = &kindError{file, kindOf(info.Mode()) + ", not a file"}
		}
		if err != nil {
			_ = dir.Close()
		}
	}
	if isGone(err) {
		err = missing(id)
	}
	return dir, file, err
}

func missing(id string) error {
	return fmt.Errorf("instance %q: %w", id, registry.ErrNotFound)
}

// Deregister implements registry.Registrar. With its last instance the service
// goes too, unless a person keeps something else in its folder.
func (r *Registry) Deregister(ctx context.Context, service, id string) error {
	err := ctx.Err()
	if err == nil {
		err = r.remove(ctx, service, id)
	}
	if err != nil {
		return r.fail(service, err)
	}
	return nil
}

func (r *Registry) remove(ctx context.Context, service, id string) error {
	// Where there is nothing to remove, nothing is made: no root, no lock.
	dir, file, err := r.find(service, id)
	if errors.Is(err, registry.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	_ = dir.Close()
	folder, _, err := place(service, id)
	if err != nil {
		return err
	}
	return r.store.locked(ctx, func(*os.Root) error {
		services, err := r.store.openFolder(servicesFolder)
		if err != nil {
			return err
		}
		defer func() { _ = services.Close() }()
		return removeFile(services, folder, file)
	})
}

// removeFile removes file from folder, then the folder where it is empty but for
// what a crash left behind. The caller holds the lock.
func removeFile(services *os.Root, folder, file string) error {
	dir, err := descend(services, folder)
	if isGone(err) {
		return nil
	}
	if err != nil {
		return err
	}
	err = dir.Remove(file)
	_ = dir.Remove(tempName)
	_ = dir.Close()
	if err != nil && !isGone(err) {
		return err
	}
	_ = services.Remove(folder) // fails where it is not empty, as it should
	return nil
}
