package local

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"govctl/pkg/registry"
)

// list makes the list of the watched services. Each folder is watched before it
// is read, so that nothing is missed in between.
func (w *watch) list(ctx context.Context) ([]registry.Instance, error) {
	w.lives = lives{all: map[string]life{}}
	w.add()
	names := w.services
	if names == nil {
		var err error
		if names, err = w.Services(ctx); err != nil {
			return nil, err
		}
	}
	list := []registry.Instance{}
	now := w.now()
	for _, name := range names {
		if folder, err := encodeName(name); err == nil {
			w.add(folder)
		}
		some, err := w.instances(ctx, name, func(file string, f *found) { w.lives.keep(file, f.life, now) })
		if err != nil && !errors.Is(err, registry.ErrNotFound) {
			return nil, err
		}
		list = append(list, some...)
	}
	return list, nil
}

// life is when an instance was last heard of, by the time of its file, and for
// how long that counts: for ever where ttl is 0.
type life struct {
	at  time.Time
	ttl time.Duration
}

// over reports whether the instance is critical at the time now.
func (l life) over(now time.Time) bool { return l.ttl > 0 && now.Sub(l.at) > l.ttl }

// lives are those of the instances that were not critical, by their files.
type lives struct {
	all  map[string]life
	next time.Time // when the first of them is over, at the earliest; zero: never
}

func (l *lives) keep(file string, one life, now time.Time) {
	if one.over(now) {
		return
	}
	l.all[file] = one
	l.expect(one)
}

func (l *lives) expect(one life) {
	if end := one.at.Add(one.ttl); one.ttl > 0 && (l.next.IsZero() || end.Before(l.next)) {
		l.next = end
	}
}

// expired reports whether one of them is over.
func (l *lives) expired(now time.Time) bool {
	if l.next.IsZero() || !now.After(l.next) {
		return false
	}
	l.next = time.Time{}
	for _, one := range l.all {
		if one.over(now) {
			return true
		}
		l.expect(one)
	}
	return false
}

// onlyBeat reports whether all that happened to file is another time, and the
// instance lives as it did: a heartbeat, most likely.
func (w *watch) onlyBeat(file string) bool {
	known, ok := w.lives.all[file]
	if !ok {
		return false
	}
	info, err := os.Lstat(filepath.Join(w.path, file))
	if err != nil || info.ModTime().Equal(known.at) {
		return false // it may have become unreadable
	}
	known.at = info.ModTime()
	if known.over(w.now()) {
		return false
	}
	w.lives.all[file] = known
	return true
}
