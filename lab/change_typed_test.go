package lab

import (
	"bufio"
	"io"
	"strings"
	"testing"

	"github.com/creack/pty"
)

// answering runs govctl on a pseudo-terminal where somebody answers its question with a
// line, and returns its status.
func answering(t *testing.T, line string, args ...string) (text string, status int) {
	t.Helper()
	cmd := command(t, nil, args...)
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: 200})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = terminal.Close() }()
	var said strings.Builder
	in := bufio.NewReader(terminal)
	for !strings.HasSuffix(said.String(), ": ") && !strings.HasSuffix(said.String(), "[y/N] ") {
		r, _, err := in.ReadRune()
		if err != nil {
			t.Fatalf("it asked nothing:\n%s", said.String())
		}
		said.WriteRune(r)
	}
	if _, err := terminal.WriteString(line + "\n"); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(&said, in) // ends with EIO
	_ = cmd.Wait()            // its status is looked at below
	return said.String(), cmd.ProcessState.ExitCode()
}

func TestEmptyingAnEnvironmentTakesItsName(t *testing.T) {
	t.Parallel()
	folder, before := bulkFolder(t, shared.main)
	dir := t.TempDir()
	writeFile(t, dir+"/govctl.yaml", "environments:\n  lab: {config: \""+shared.main.URL()+"/"+folder+"\"}\n")
	all := []string{"config", "rm", "*/*", "-e", "lab", "--config", dir + "/govctl.yaml"}
	for _, line := range []string{"y", "yes", "", "la"} {
		text, status := answering(t, line, all...)
		if status != 2 || !strings.Contains(text, "This removes all that lab has. Type its name") {
			t.Errorf("%q: status %d\n%s", line, status, text)
		}
	}
	if got := standing(t, shared.main, folder); len(got) != len(before) {
		t.Fatalf("%d of %d items are there", len(got), len(before))
	}
	if text, status := answering(t, "y", append(all[:2:2], append([]string{"bulk/*"}, all[3:]...)...)...); status != 0 {
		t.Errorf("a part of them: status %d\n%s", status, text)
	}
	if text, status := answering(t, "lab", all...); status != 0 {
		t.Errorf("its name: status %d\n%s", status, text)
	}
	if got := standing(t, shared.main, folder); len(got) != 0 {
		t.Errorf("%d items are there", len(got))
	}
}
