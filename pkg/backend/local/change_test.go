package local

import (
	"testing"
	"time"

	"govctl/pkg/change"
	"govctl/pkg/change/changetest"
)

func TestChangesOfAFolderKeepTheContract(t *testing.T) {
	t.Parallel()
	changetest.Run(t, changetest.Harness{Open: func(t *testing.T) change.Store {
		t.Helper()
		c, err := OpenChanges(Options{Root: t.TempDir(), Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}})
}
