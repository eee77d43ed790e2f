package demo

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gofrs/flock"
)

func claim(t *testing.T, dir string) *Home {
	t.Helper()
	h, err := Claim(t.Context(), dir, "pid 1")
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func TestADemoIsFoundFromWhenItPublishesUntilItCloses(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "demo")
	if _, ok := Running(dir); ok {
		t.Error("Running where there is no folder")
	}
	h := claim(t, dir)
	if _, ok := Running(dir); ok {
		t.Error("Running before Publish")
	}
	path, err := h.Publish("default: dev\n")
	if err != nil {
		t.Fatal(err)
	}
	if config, ok := Running(dir); !ok || config != path {
		t.Errorf("Running = %q, %v; want %q", config, ok, path)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if _, ok := Running(dir); ok || exists(path) {
		t.Error("Running after Close")
	}
}

func TestASecondDemoIsRefusedAndToldOfTheFirst(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := claim(t, dir)
	_, err := Claim(t.Context(), dir, "pid 2")
	if e, ok := errors.AsType[*RunningError](err); !ok || e.Who != "pid 1" {
		t.Errorf("second Claim: %v; want a *RunningError that names pid 1", err)
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
}

func TestAReaderDoesNotKeepADemoFromStarting(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	reader := flock.New(filepath.Join(dir, lockName))
	if ok, err := reader.TryRLock(); !ok || err != nil {
		t.Fatal(ok, err)
	}
	released := make(chan error, 1)
	time.AfterFunc(claimPatience/4, func() { released <- reader.Unlock() }) // as long as Running holds it, at most
	h := claim(t, dir)
	if err := errors.Join(<-released, h.Close()); err != nil {
		t.Error(err)
	}
}

func TestWhatAKilledDemoLeftIsIgnoredAndCleared(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := claim(t, dir)
	if _, err := h.Publish("default: dev\n"); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(h.Dir("dev/services"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := h.lock.Unlock(); err != nil { // what the kernel does at kill -9
		t.Fatal(err)
	}
	if _, ok := Running(dir); ok {
		t.Error("a killed demo counts as running")
	}
	outside := t.TempDir()
	if err := os.Symlink(outside, h.Dir("link")); err != nil {
		t.Fatal(err)
	}
	claim(t, dir)
	if exists(h.Dir("dev")) || exists(h.Dir("link")) || exists(h.Dir(configName)) || !exists(outside) {
		t.Error("the next demo did not clear the folder, or more than it")
	}
}

func TestAForeignFolderIsLeftAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	mine := filepath.Join(dir, "thesis.txt")
	if err := os.WriteFile(mine, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Claim(t.Context(), dir, "pid 1"); !errors.Is(err, ErrForeign) {
		t.Errorf("Claim of a foreign folder: %v; want ErrForeign", err)
	}
	if !exists(mine) || exists(filepath.Join(dir, lockName)) {
		t.Error("a foreign folder was touched")
	}
}
