package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"govctl/lab/server"
)

// example is a command line of the documentation.
type example struct{ line, place string }

// ending is how an example ends that does not end by itself with status 0.
type ending struct {
	status int
	// interrupted is true for one that is interrupted once it has printed
	// something; keys is what is typed to one that asks, on a terminal.
	interrupted bool
	keys        string
	why         string
}

// endings are the examples that do not end by themselves with status 0. Status 2
// is never right: what the documentation shows must not be a mistake.
func endings() map[string]ending {
	endless := ending{status: 130, interrupted: true, why: "it has no end"}
	found := ending{status: 1, why: "the mesh has faults, for somebody to find"}
	return map[string]ending{
		"govctl demo                      # a small real mesh to try it on": endless,
		"govctl demo":                                            endless,
		"govctl demo -e consul://127.0.0.1:8500":                 endless,
		"govctl services watch":                                  endless,
		"govctl services watch order":                            endless,
		"govctl services watch order 'pay*' -o json":             endless,
		"govctl services watch order --exec './notify.sh order'": endless,
		"govctl config watch":                                    endless,
		"govctl config watch 'order/*' -o json":                  endless,
		"govctl services ls 'pay*' -w":                           endless,
		"govctl services instances order -w --for 5m":            endless,
		"govctl services instances order -w --jq 'select(.gone | not) | [.id, .health] | @tsv'": endless,
		"govctl services probe --watch --interval 5s --threshold 3 --for 10m":                   endless,
		"govctl services probe --watch --interval 1s --for 5s":                                  found,
		"govctl services probe":                                                                         found,
		"govctl services probe -e consul://127.0.0.1:8500":                                              found,
		"govctl services probe order 'pay*' --explain":                                                  found,
		"govctl services probe --kind http:/healthz --probe-timeout 500ms -o json":                      found,
		"govctl services probe --jq '.[] | select(.truth != \"agree\") | .id + \" \" + .result.reason'": found,
		"govctl services diff dev prod":                                                                 {status: 1, why: "they differ"},
		"govctl services diff dev consul://127.0.0.1:8500 'pay*'":                                       {why: "it is dev itself"},
		"govctl config diff dev prod":                                                                   {status: 1, why: "the pool is larger in prod"},
		"govctl config diff dev test prod":                                                              {status: 1, why: "the pool is larger in prod"},
		"govctl config diff dev test prod 'order/*'":                                                    {status: 1, why: "the pool is larger in prod"},
		"govctl config diff dev prod --text":                                                            {status: 1, why: "the pool is larger in prod"},
		"govctl config diff file:. dev -o markdown":                                                     {status: 1, why: "the folder has other files than dev"},
		"govctl config diff dev prod --ignore '**.url' --show-expected":                                 {status: 1, why: "the pool is larger in prod"},
		"govctl config diff order/app.yaml --rev 5123":                                                  {status: 1, why: "it was changed since"},
		"govctl recover 7f3c09ab --back --yes":                                                          {status: 5, why: "that plan came to its end"},
		"govctl env rm staging":                                                                         {keys: "y\n", why: "it asks"},
		"govctl env trust":                                                                              {keys: "y\n", why: "it asks"},
	}
}

// examples returns every line of an example in the commands' own help, and every
// line that begins with govctl in a block of code of the documentation, once.
func examples(t *testing.T) []example {
	t.Helper()
	var all []example
	for _, pattern := range []string{"docs/commands/*.md", "README.md", "docs/*.md", "docs/backends/*.md"} {
		files, err := filepath.Glob(filepath.Join("..", pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %v", pattern, files, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, examplesIn(string(data), filepath.Base(file))...)
		}
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(all, func(e example) bool {
		again := seen[e.line]
		seen[e.line] = true
		return again
	})
}

// examplesIn returns the command lines in the blocks of code of a page. A line of
// a command's synopsis, below no heading of examples, is none: it is no command.
func examplesIn(page, name string) []example {
	var lines []example
	code, synopsis := false, false
	for i, line := range strings.Split(page, "\n") {
		switch {
		case strings.HasPrefix(line, "```"):
			code = !code
		case strings.HasPrefix(line, "## "), strings.HasPrefix(line, "### "):
			synopsis = strings.HasPrefix(line, "### Synopsis") || strings.HasPrefix(line, "## govctl")
		case code && !synopsis && strings.HasPrefix(strings.TrimSpace(line), "govctl "):
			lines = append(lines, example{strings.TrimSpace(line), fmt.Sprintf("%s:%d", name, i+1)})
		}
	}
	return lines
}

// exampleWorld is what the examples are about.
type exampleWorld struct {
	mesh, empty *server.Consul
	words       *strings.Replacer // what stands in the documentation, and what it is here
}

func newExampleWorld(t *testing.T) *exampleWorld {
	t.Helper()
	w := &exampleWorld{mesh: startAgent(t, server.Options{Node: "mesh"}), empty: startAgent(t, server.Options{Node: "empty"})}
	demo := exec.CommandContext(context.WithoutCancel(t.Context()), shared.govctl, "demo", "-e", w.mesh.URL())
	demo.Dir = t.TempDir()
	demo.Env = []string{"HOME=" + demo.Dir}
	if err := demo.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = demo.Process.Signal(os.Interrupt)
		_ = demo.Wait() // it was interrupted
	})
	var order string
	eventually(t, func(context.Context) error {
		wait := run(t, "services", "wait", "order", "-l", "version=v2", "--for", "1s", "-e", w.mesh.URL())
		list := run(t, "services", "instances", "order", "-o", "name", "-e", w.mesh.URL())
		order, _, _ = strings.Cut(list.Stdout, "\n")
		if wait.Status != 0 || order == "" {
			return errors.New("the mesh is not there yet: " + wait.Stdout + wait.Stderr)
		}
		return nil
	})
	app := map[string]any{"db": map[string]any{"pool": map[string]int{"max": 10}, "url": "postgres://dev/order"}} // JSON is YAML, too
	if err := w.mesh.API.Write(t.Context(), "/v1/kv/config/dev/order/app.yaml", app, nil); err != nil {
		t.Fatal(err)
	}
	known(t, openChanges(t, w.mesh.Address, "config/dev", "")) // plans for the same Consul begin at once
	w.words = strings.NewReplacer(
		"127.0.0.1:8500", w.mesh.Address, "127.0.0.1:16686", startJaeger(t, "").Address, "order/order-5d0b", order,
	)
	return w
}

// folder makes a folder in which an example can be run, as the documentation
// has it.
func (w *exampleWorld) folder(t *testing.T, line string) string {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{
		"notify.sh": "#!/bin/sh\necho \"$1 $GOVCTL_EVENT\"\n",
		"registry/prod/services/order/order-9.json": `{"address": "127.0.0.1", "port": 9, "version": "v3"}`,
		"registry/dev/services/order/order-1.json":  `{"address": "127.0.0.1", "port": 9, "version": "v3"}`,
		"registry/test/config/order/app.yaml":       "db: {pool: {max: 10}, url: postgres://test/order}\n",
		"registry/prod/config/order/app.yaml":       "db:\n  url: postgres://prod/order\n  pool:\n    max: 20\n",
		"govctl.yaml": fmt.Sprintf("default: dev\nenvironments:\n  dev: {registry: %q, config: %q}\n"+
			"  test: {registry: local://registry/test, config: local://registry/test}\n"+
			"  prod: {protected: true, registry: local://registry/prod, config: local://registry/prod}\n"+
			"  staging: {registry: local://registry/staging}\n", w.mesh.URL(), w.mesh.URL()+"/config/dev"),
		"app.yaml": "db:\n  url: postgres://dev/order\n  pool:\n    max: 15\n",
	}
	if writes(line) { // each has a folder of its own
		own := w.mesh.URL() + "/config/" + unique("example")
		files["govctl.yaml"] = strings.ReplaceAll(files["govctl.yaml"], w.mesh.URL()+"/config/dev", own)
	}
	if strings.HasPrefix(line, "govctl services r") { // others look at the mesh meanwhile
		files["govctl.yaml"] = strings.Replace(files["govctl.yaml"], fmt.Sprintf("registry: %q", w.mesh.URL()), "registry: local://registry/own", 1)
		files["registry/own/services/order/order-11f2.json"] = `{"address": "127.0.0.1", "port": 9, "health": "critical"}`
		files["order.json"] = `{"service": "order", "id": "order-12a3", "address": "127.0.0.1", "port": 9}`
	}
	if strings.HasPrefix(line, "govctl init ") || strings.HasPrefix(line, "govctl env add ") {
		delete(files, "govctl.yaml") // they write it
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// writes reports whether a line is about what is written, or was.
func writes(line string) bool {
	for _, words := range []string{"config set", "config rm", "config cp", "config mv", "config edit", "config history", "config rollback", "config get order/app.yaml --rev", "config diff order/app.yaml --rev", "history", "rollback", "recover", "apply", "config restore", "services register", "services rm"} {
		if strings.HasPrefix(line, "govctl "+words) {
			return true
		}
	}
	return false
}

// planID is what a plan is called in the documentation, and revision what a state of
// an item is.
const (
	planID   = "7f3c09ab"
	revision = "5123"
)

// prepare writes what a line about writes is about, and returns the line with the
// id of a plan that was applied.
func prepare(t *testing.T, cmd *exec.Cmd, text string) string {
	t.Helper()
	govctl := func(args ...string) string {
		c := exec.CommandContext(t.Context(), shared.govctl, args...)
		c.Dir, c.Env = cmd.Dir, cmd.Env
		out, err := c.Output()
		if err != nil {
			t.Fatalf("govctl %s: %v: %s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	for _, key := range []string{"order/old.yaml", "order/old-1.yaml", "order/app.yaml"} {
		govctl("config", "set", key, "a: 1", "--yes")
	}
	govctl("config", "set", "order/app.yaml", "--content", "db: {pool: {max: 10}, url: postgres://dev/order}", "--yes")
	if strings.HasPrefix(text, "govctl apply ") {
		govctl("config", "set", "order/app.yaml", "db.pool.max=20", "--plan-out", strings.Fields(text)[2])
	}
	govctl("config", "snapshot", "--out", "backup")
	id, _, _ := strings.Cut(govctl("history", "-o", "name"), "\n")
	_, earlier, _ := strings.Cut(govctl("config", "history", "order/app.yaml", "-o", "name"), "\n")
	return strings.NewReplacer(planID, id, revision, strings.TrimSpace(earlier)).Replace(text)
}

// run runs an example as somebody would who read it, and returns how it ended.
func (w *exampleWorld) run(t *testing.T, line string, end ending) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), waitTimeout)
	defer cancel()
	text := w.words.Replace(line)
	if strings.HasPrefix(line, "govctl demo -e") { // a second demo beside the first changes what the others see
		text = strings.ReplaceAll(text, w.mesh.Address, w.empty.Address)
	}
	cmd := exec.CommandContext(ctx, "sh", "-c", text)
	cmd.Dir = w.folder(t, line)
	cmd.Env = []string{"HOME=" + cmd.Dir, "EDITOR=true", "DB_PASSWORD=hunter2", "PATH=" + filepath.Dir(shared.govctl) + string(os.PathListSeparator) + os.Getenv("PATH")}
	cmd.WaitDelay = time.Second
	if writes(line) {
		cmd.Args[2] = prepare(t, cmd, text)
	}
	var out bytes.Buffer
	switch {
	case end.keys != "":
		w.answered(t, cmd, end.keys, &out)
	case end.interrupted:
		interruptedAfterOutput(t, cmd, &out)
	default:
		cmd.Stdout, cmd.Stderr = &out, &out
		_ = cmd.Run() // the status is what counts
	}
	status := cmd.ProcessState.ExitCode()
	if ws, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && ws.Signaled() && ws.Signal() == syscall.SIGINT {
		status = 130 // as the shell above would say
	}
	return result{Stdout: out.String(), Status: status}
}

// answered runs cmd on a terminal where keys are typed.
func (w *exampleWorld) answered(t *testing.T, cmd *exec.Cmd, keys string, out io.Writer) {
	t.Helper()
	terminal, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = terminal.Close() }()
	if _, err := terminal.WriteString(keys); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(out, terminal) // ends with EIO when the last of the other side closes
	_ = cmd.Wait()                // the status is what counts
}

// interruptedAfterOutput runs cmd and interrupts it, and what it started, once
// it has printed something.
func interruptedAfterOutput(t *testing.T, cmd *exec.Cmd, out *bytes.Buffer) {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = read.Close() }()
	cmd.Stdout, cmd.Stderr = write, write
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = write.Close() // the process has its own
	first := make([]byte, 1)
	if n, _ := read.Read(first); n == 1 {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) // where it has ended, the status tells
	}
	out.Write(first)
	_, _ = io.Copy(out, read)
	_ = cmd.Wait() // the status is what counts
}

// TestEveryExampleRuns runs every command that the documentation shows on a real
// Consul with the demo's mesh, so that one that rots is seen.
func TestEveryExampleRuns(t *testing.T) {
	t.Parallel()
	all := examples(t)
	if len(all) < 50 {
		t.Fatalf("only %d examples found", len(all))
	}
	for line, end := range endings() {
		if !slices.ContainsFunc(all, func(e example) bool { return e.line == line }) || end.status == 2 {
			t.Errorf("no example is %q with status %d: take it out of the table", line, end.status)
		}
	}
	w := newExampleWorld(t)
	for _, e := range all {
		t.Run(e.place, func(t *testing.T) {
			t.Parallel()
			end := endings()[e.line]
			got := w.run(t, e.line, end)
			// An interrupt in the moment after an error would hide its status.
			said := strings.NewReplacer("govctl: interrupted", "", "govctl: warning", "").Replace(got.Stdout)
			wrong := end.interrupted && strings.Contains(said, "govctl: ")
			if got.Status != end.status || wrong {
				t.Errorf("%s: %s\nends with %d; want %d %s\n%s", e.place, e.line, got.Status, end.status, end.why, got.Stdout)
			}
		})
	}
}
