package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"govctl/pkg/config"
	"govctl/pkg/registry"
)

// sentinels are the errors of a domain that callers branch on.
type sentinels struct{ notFound, denied, unavailable, unsupported, invalid error }

func ofRegistry() sentinels {
	return sentinels{registry.ErrNotFound, registry.ErrDenied, registry.ErrUnavailable, registry.ErrUnsupported, registry.ErrInvalid}
}

func ofConfig() sentinels {
	return sentinels{config.ErrNotFound, config.ErrDenied, config.ErrUnavailable, config.ErrUnsupported, config.ErrInvalid}
}

// classify returns err as one that wraps a sentinel, or the context's error, and
// what to do about it.
func (s sentinels) classify(err error) (hint string, classified error) {
	for _, known := range []error{context.Canceled, context.DeadlineExceeded, s.notFound, s.unsupported, s.invalid} {
		if errors.Is(err, known) {
			return "", err
		}
	}
	kind, wrong := errors.AsType[*kindError](err)
	switch {
	case wrong:
		return "", fmt.Errorf("%w: %w", s.invalid, kind)
	case errors.Is(err, fs.ErrPermission):
		return hintFolder, fmt.Errorf("%w: %s", s.denied, reason(err))
	default:
		return hintFolder, fmt.Errorf("%w: %s", s.unavailable, reason(err))
	}
}

// reason returns what went wrong, without the names of system calls.
func reason(err error) string {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Sprintf("%q: %v", filepath.Base(e.Path), e.Err)
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return fmt.Sprintf("%q: %v", filepath.Base(e.New), e.Err)
	}
	return err.Error()
}
