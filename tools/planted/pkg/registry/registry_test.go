package registry

import (
	"os"
	"testing"
	"time"
)

func TestReadsTheClock(t *testing.T) {
	t.Parallel()
	if time.Now().IsZero() || os.Getenv("PATH") == "" {
		t.Error("a test may read both")
	}
	time.Sleep(time.Millisecond) // want forbidigo
}

func TestForgetsTheTestsContext(t *testing.T) {
	t.Parallel()
	if err := os.Chdir("."); err != nil { // want usetesting
		t.Error(err)
	}
}
