package local_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"govctl/pkg/backend/local"
	"govctl/pkg/doctor"
)

func TestAnInspectionOfAFolderTouchesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(dir, "a", "b")
	capable := []string{"list", "watch", "register"}
	for root, want := range map[string]doctor.Report{
		dir:     {Read: doctor.Yes, Write: doctor.Yes, Findings: []doctor.Finding{}},
		missing: {Read: doctor.Yes, Write: doctor.Yes, Place: "not there yet", Findings: []doctor.Finding{}},
		file: {Read: doctor.No, Write: doctor.No, Findings: []doctor.Finding{
			{Code: doctor.NotThere, Level: doctor.Fail, Text: file + " cannot be read: this is no folder", Hint: "name a folder that this user may use: local://PATH"},
		}},
	} {
		t.Run(filepath.Base(root), func(t *testing.T) {
			t.Parallel()
			want.System, want.Server, want.Identity, want.Capabilities = "local", root, "this user", capable
			in, err := local.OpenInspector(local.Options{Root: root, Now: time.Now})
			if err != nil {
				t.Fatal(err)
			}
			got := in.Inspect(t.Context(), doctor.Registry)
			if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(doctor.Report{}, "LatencySeconds")); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
	t.Cleanup(func() {
		if _, err := os.Stat(filepath.Join(dir, "a")); err == nil {
			t.Error("the inspection made a folder")
		}
	})
}
