package lab

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"govctl/lab/server"
)

// stall is what a command may take on a terminal that answers nothing. It
// catches one that waits for an answer, five seconds in the libraries that do;
// how fast a start is, the benchmark tells.
const stall = 2 * time.Second

// queries returns what asks a terminal a question: where the cursor is, what
// it is (DA1-3, XTVERSION), its colours, modes, size, names and keyboard.
func queries() *regexp.Regexp {
	return regexp.MustCompile(`\x1b\[\??[56]n|\x1b\[[>=?]?[0-9;]*c|\x1b\[>[0-9]*q|` +
		`\x1b\](1[0-9]|4;[0-9]+);\?|\x1b\[\??[0-9;]+\$p|\x1b\[1[1-9]t|\x1bP[+$]q|\x1b\[\?u|\x1b_G|\x1bZ|\x05`)
}

func TestQueriesAreRecognised(t *testing.T) {
	t.Parallel()
	for _, q := range []string{"\x1b[6n", "\x1b[?6n", "\x1b[c", "\x1b[0c", "\x1b[>c", "\x1b]10;?\x07", "\x1b]11;?\x1b\\", "\x1b[?2026$p", "\x1b[?u", "\x1b[14t", "\x1bP+q544e\x1b\\"} {
		if !queries().MatchString(q) {
			t.Errorf("%q is not seen to be a query", q)
		}
	}
	for _, s := range []string{"\x1b[31mred\x1b[0m", "\x1b[1;33m", "\x1b[2K", "\x1b[?25l", "\x1b[?25h", "\x1b]8;;http://x\x1b\\"} {
		if queries().MatchString(s) {
			t.Errorf("%q is taken for a query", s)
		}
	}
}

func TestNoCommandAsksTheTerminal(t *testing.T) {
	t.Parallel()
	register(t, shared.main,
		server.Service{ID: "tty-1", Name: "tty", Port: 80, Check: passing()},
		server.Service{ID: "tty-2", Name: "tty", Port: 81, Check: &server.TTLCheck{TTL: "1h", Status: "critical"}})
	for _, line := range []string{
		"version", "--help", "demo --help", "services --help", "completion bash",
		"services ls -e URL", "services ls tty -o json -e URL", "services instances tty -e URL",
		"services instances tty -o wide -e URL", "services get tty -e URL", "services get tty/tty-1 -o yaml -e URL",
		"services diff URL URL", "services nonsense",
		"services probe tty -e URL", "services probe tty -w --interval 100ms --for 300ms -e URL", "services wait tty -e URL",
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			text, took := onTerminal(t, strings.Fields(strings.ReplaceAll(line, "URL", shared.main.URL()))...)
			if q := queries().Find(text); q != nil {
				t.Errorf("asks the terminal %q", q)
			}
			if len(text) == 0 {
				t.Error("prints nothing")
			}
			if took > stall {
				t.Errorf("took %s", took)
			}
			t.Logf("%s", took.Round(time.Millisecond))
		})
	}
}

// onTerminal runs govctl on a pseudo-terminal that nobody answers on, and
// returns what it wrote there and how long it took.
func onTerminal(t *testing.T, args ...string) ([]byte, time.Duration) {
	t.Helper()
	cmd := command(t, nil, args...)
	began := time.Now()
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: 100})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = terminal.Close() }()
	var text bytes.Buffer
	_, _ = io.Copy(&text, terminal) // ends with EIO when the last of the other side closes
	_ = cmd.Wait()                  // the status is not the question here
	return text.Bytes(), time.Since(began)
}
