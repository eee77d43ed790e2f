package golden

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAFileIsWrittenOnceAndHeldTo(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "TestX", "case.golden")
	if err := check(file, "a\nb\n", false); err == nil || !strings.Contains(err.Error(), "UPDATE=1") {
		t.Errorf("missing: %v", err)
	}
	if err := check(file, "a\nb\n", true); err != nil {
		t.Fatal(err)
	}
	if err := check(file, "a\nb\n", false); err != nil {
		t.Errorf("equal: %v", err)
	}
	if err := check(file, "a\nc\n", false); err == nil || !strings.Contains(err.Error(), `b\n`) || !strings.Contains(err.Error(), `c\n`) {
		t.Errorf("different: %v; want a diff", err)
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != "a\nb\n" {
		t.Errorf("the file was rewritten without UPDATE: %q, %v", got, err)
	}
}

func TestEveryTestHasAFileOfItsOwn(t *testing.T) {
	t.Parallel()
	for test, want := range map[string]string{
		"TestX":           "d/TestX.golden",
		"TestX/a_b.json":  "d/TestX/a_b.json.golden",
		"TestX/a:b#01":    "d/TestX/a%3ab%2301.golden",
		"TestX/../../etc": "d/TestX/%2e%2e/%2e%2e/etc.golden",
		"TestX/東":         "d/TestX/%e6%9d%b1.golden",
	} {
		if got := filepath.ToSlash(path("d", test)); got != want {
			t.Errorf("path of %s = %s, want %s", test, got, want)
		}
	}
}

// recorder is a test that may fail without failing this one.
type recorder struct {
	testing.TB
	name   string
	failed int
}

func (r *recorder) Helper()      {}
func (r *recorder) Name() string { return r.name }
func (r *recorder) Error(...any) { r.failed++ }

func TestADifferenceFailsTheTest(t *testing.T) {
	t.Setenv("UPDATE", "")
	r := &recorder{TB: t, name: "TestNobodyWrote"}
	Equal(r, []byte("x"))
	String(r, "x")
	if r.failed != 2 {
		t.Errorf("%d failures, want 2", r.failed)
	}
}
