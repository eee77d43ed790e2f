package cmd_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"govctl/cmd"
)

// TestAMatrixCutsNoValue holds that two values which differ at their end are seen
// to differ on a narrow terminal too.
func TestAMatrixCutsNoValue(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"govctl.yaml":               "environments: {a: {config: local://a}, b: {config: local://b}, c: {config: local://c}}\n",
		"a/config/order/limit.json": `{"daily": 9007199254740993}`, "b/config/order/limit.json": `{"daily": 9007199254740993}`,
		"c/config/order/limit.json": `{"daily": 9007199254740992}`,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out, errOut bytes.Buffer
	status := cmd.Main(cmd.Env{
		Args: []string{"config", "diff", "a", "b", "c", "--color", "never"}, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errOut,
		StdoutTTY: true, Width: 30, Getenv: func(string) string { return "" }, Now: now, Dir: dir, Notify: context.WithCancel,
	})
	if status != 1 || !strings.Contains(out.String(), "9007199254740993  =  9007199254740992") {
		t.Errorf("status %d, %s%s", status, out.String(), errOut.String())
	}
}
