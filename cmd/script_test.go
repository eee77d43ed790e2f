package cmd_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"govctl/cmd"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"govctl": func() { os.Exit(cmd.Main(cmd.OSEnv())) },
	})
}

// TestScripts runs the real command as its own process, once a script.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE") == "1",
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("XDG_CONFIG_HOME", filepath.Join(env.WorkDir, "config"))
			env.Setenv("XDG_DATA_HOME", filepath.Join(env.WorkDir, "data"))
			env.Values[askedKey{}] = make(chan struct{}, 1)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status":    status,
			"interrupt": interrupt,
			"silent":    silent,
			"appears":   appears,
		},
	})
}

// status N COMMAND ARG... runs COMMAND and fails unless it exits with N.
func status(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got, err = exit.ExitCode(), nil
	}
	ts.Check(err)
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// interrupt N FILE TEXT COMMAND ARG... runs COMMAND, interrupts it once a line
// of its stdout has TEXT ("" at once after its start was seen on SILENT), and
// fails unless it then exits with N within a second. What it printed is in FILE.
func interrupt(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	path, err := exec.LookPath(args[3])
	ts.Check(err)
	select {
	case <-ts.Value(askedKey{}).(chan struct{}): // an earlier command asked
	default:
	}
	c := exec.Command(path, args[4:]...) //nolint:noctx // interrupted and waited for below
	c.Dir = ts.Getenv("WORK")
	for _, name := range []string{"HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "PATH"} {
		c.Env = append(c.Env, name+"="+ts.Getenv(name))
	}
	out, err := c.StdoutPipe()
	ts.Check(err)
	c.Stderr = c.Stdout
	ts.Check(c.Start())
	text := waitFor(ts, out, args[2])
	ts.Check(c.Process.Signal(os.Interrupt))
	began := time.Now()
	rest, err := io.ReadAll(out)
	ts.Check(err)
	_ = c.Wait() // the status is read below
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), append([]byte(text), rest...), 0o600))
	if got := c.ProcessState.ExitCode(); got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
	if took := time.Since(began); took > time.Second {
		ts.Fatalf("ended %v after the interrupt", took)
	}
}

// waitFor reads out until a line has text, or where text is empty until the
// silent server was asked.
func waitFor(ts *testscript.TestScript, out io.Reader, text string) string {
	if text == "" {
		<-ts.Value(askedKey{}).(chan struct{})
		return ""
	}
	var b strings.Builder
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		b.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), text) {
			return b.String()
		}
	}
	ts.Fatalf("%q was never printed:\n%s", text, b.String())
	return ""
}

type askedKey struct{}

// silent starts a server that accepts connections, reads and never answers,
// and puts its address into SILENT.
func silent(ts *testscript.TestScript, _ bool, _ []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = l.Close() })
	ts.Setenv("SILENT", l.Addr().String())
	asked := ts.Value(askedKey{}).(chan struct{})
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go listen(conn, asked)
		}
	}()
}

// listen says on asked that something came, and holds the connection until the
// client gives it up.
func listen(conn net.Conn, asked chan<- struct{}) {
	defer func() { _ = conn.Close() }()
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		return
	}
	select {
	case asked <- struct{}{}:
	default:
	}
	_, _ = io.Copy(io.Discard, conn)
}

// appears FILE waits until FILE is there.
func appears(ts *testscript.TestScript, _ bool, args []string) {
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			ts.Fatalf("%s never appeared", args[0])
		}
	}
}
