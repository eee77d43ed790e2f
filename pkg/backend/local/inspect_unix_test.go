//go:build unix

package local_test

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"govctl/pkg/backend/local"
	"govctl/pkg/doctor"
)

func TestAPipeInPlaceOfAFolderIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	in, err := local.OpenInspector(local.Options{Root: pipe, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	told := make(chan doctor.Report, 1)
	go func() { told <- in.Inspect(t.Context(), doctor.Config) }()
	select {
	case r := <-told:
		want := []doctor.Finding{{
			Code: doctor.NotThere, Level: doctor.Fail, Text: pipe + " cannot be read: this is no folder",
			Hint: "name a folder that this user may use: local://PATH",
		}}
		if diff := cmp.Diff(want, r.Findings); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the inspection waits for somebody to write")
	}
}

func TestAPipeInPlaceOfARegistryIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := local.OpenRegistry(local.Options{Root: pipe, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	told := make(chan error, 1)
	go func() {
		_, err := r.Services(t.Context())
		told <- err
	}()
	select {
	case err := <-told:
		if err == nil || !strings.HasSuffix(err.Error(), "not a directory") {
			t.Errorf("Services = %v; want that it is no folder", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the registry waits for somebody to write")
	}
}
