package lab

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"

	"govctl/lab/server"
)

// ready is the prompt of the shells in these tests.
const ready = "ready> "

// bashCompletion is where the package of that name lies.
const bashCompletion = "/usr/share/bash-completion/bash_completion"

// shell is a shell of the user's, how it is started in a home folder, and which
// files there make it complete govctl.
type shell struct {
	name  string
	args  []string
	files map[string]string
}

// shells returns the shells in which completion is tested. In SCRIPT's place
// stands what `govctl completion` prints for them.
func shells() []shell {
	const bash = "PS1='" + ready + "'\nsource govctl.bash\n"
	return []shell{
		{"bash", []string{"--noprofile", "--rcfile", "rc", "-i"}, map[string]string{"rc": bash, "govctl.bash": "SCRIPT"}},
		{
			"bash",
			[]string{"--noprofile", "--rcfile", "rc", "-i"},
			map[string]string{"rc": "source " + bashCompletion + "\n" + bash, "govctl.bash": "SCRIPT"},
		},
		{"zsh", []string{"-i"}, map[string]string{
			".zshrc":            "PS1='" + ready + "'\nfpath=($HOME/functions $fpath)\nautoload -U compinit\ncompinit -u\n",
			"functions/_govctl": "SCRIPT",
		}},
		{"fish", []string{"-i"}, map[string]string{
			".config/fish/config.fish":             "function fish_prompt; echo -n '" + ready + "'; end\nfunction fish_right_prompt; end\nset -g fish_greeting\n",
			".config/fish/completions/govctl.fish": "SCRIPT",
		}},
	}
}

// typing is a person at a terminal.
type typing struct {
	t        *testing.T
	terminal *os.File
	mu       sync.Mutex
	screen   bytes.Buffer
	more     chan struct{} // something came
}

// begin starts s in a home folder with these settings, and waits for its prompt.
func (s shell) begin(t *testing.T, settings string) *typing {
	t.Helper()
	if _, err := exec.LookPath(s.name); err != nil {
		t.Fatalf("%s is missing: apt-get install %s, or tools/packages", s.name, s.name)
	}
	if _, err := os.Stat(bashCompletion); err != nil {
		t.Fatalf("%s is missing: apt-get install bash-completion, or tools/packages", bashCompletion)
	}
	script := run(t, "completion", s.name)
	if script.Status != 0 {
		t.Fatal(script.Stderr)
	}
	home := t.TempDir()
	s.files["govctl.yaml"] = settings
	for name, text := range s.files {
		path := filepath.Join(home, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(strings.Replace(text, "SCRIPT", script.Stdout, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), s.name, s.args...)
	cmd.Dir = home
	cmd.Env = []string{"HOME=" + home, "PATH=" + filepath.Dir(shared.govctl) + string(os.PathListSeparator) + os.Getenv("PATH"), "TERM=xterm", "LANG=C.UTF-8"}
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 50, Cols: 200})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = terminal.Close() // the shell is hung up on
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	p := &typing{t: t, terminal: terminal, more: make(chan struct{}, 1)}
	go p.read()
	p.see(ready)
	return p
}

// read takes in what the shell writes, until it is gone.
func (p *typing) read() {
	chunk := make([]byte, 4096)
	for {
		n, err := p.terminal.Read(chunk)
		p.mu.Lock()
		p.screen.Write(chunk[:n])
		p.mu.Unlock()
		select {
		case p.more <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

// see waits until text was written since the last time, and forgets all before
// its end.
func (p *typing) see(text string) {
	p.t.Helper()
	deadline := time.After(waitTimeout)
	for {
		p.mu.Lock()
		seen := p.screen.String()
		_, after, ok := strings.Cut(seen, text)
		if ok {
			p.screen.Reset()
			p.screen.WriteString(after)
		}
		p.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-p.more:
		case <-deadline:
			p.t.Fatalf("%q was never written:\n%q", text, seen)
		}
	}
}

// keys types keys.
func (p *typing) keys(keys string) {
	p.t.Helper()
	if _, err := p.terminal.WriteString(keys); err != nil {
		p.t.Fatal(err)
	}
}

// TestShellsComplete types half a word in each shell, presses TAB, goes on, and
// sees by what the line then does that the word was completed.
func TestShellsComplete(t *testing.T) {
	t.Parallel()
	register(t, shared.main,
		server.Service{ID: "tab-payment-a1", Name: "tab-payment", Port: 80, Check: passing()},
		server.Service{ID: "tab-payment-b2", Name: "tab-payment", Port: 80, Check: &server.TTLCheck{TTL: "1h", Status: "critical"}},
		server.Service{ID: "tab-order-c3", Name: "tab-order", Port: 80, Check: passing()},
		server.Service{ID: "tab:colon-d4", Name: "tab:colon", Port: 80, Check: passing()})
	settings := fmt.Sprintf("default: dev\nenvironments:\n  dev: {registry: %q}\n  elsewhere: {registry: local://folder}\n", shared.main.URL())
	for i, s := range shells() {
		t.Run(fmt.Sprint(s.name, i), func(t *testing.T) {
			t.Parallel()
			p := s.begin(t, settings)
			for _, line := range []struct{ typed, printed string }{
				{"govctl serv\tget tab-payment -o name", "TAB-PAYMENT"},
				{"govctl services get tab-p\t -o name", "TAB-PAYMENT"},
				{"govctl services get tab-payment/tab-payment-b\t-o name", "TAB-PAYMENT/TAB-PAYMENT-B2"},
				{"govctl services get tab:c\t -o name", "TAB:COLON"},
				{"govctl services instances --health=crit\ttab-pay\t-o name", "TAB-PAYMENT/TAB-PAYMENT-B2"},
				{"govctl services ls -e " + shared.main.URL() + " tab-o\t-o name", "TAB-ORDER"},
				{"govctl -e else\tservices ls -o json", "[]"},
				{"govctl completion fi\t", "# FISH COMPLETION FOR GOVCTL"},
			} {
				p.keys(line.typed + "| tr a-z A-Z\n") // so that no echo is taken for the answer
				p.see(line.printed)
				p.see(ready)
			}
			p.keys("govctl services get -e \t\t")
			p.see("the default")
			p.see("local ")
		})
	}
}
