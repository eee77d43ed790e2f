package server

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// holdVar makes the test binary play a child that lives until it is killed;
// parentVar one that starts such a child and waits.
const (
	holdVar   = "GOVCTL_LAB_TEST_HOLD"
	parentVar = "GOVCTL_LAB_TEST_PARENT"
)

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(holdVar) != "":
		_, _ = fmt.Fprintln(os.Stdout, "holding")
		select {}
	case os.Getenv(parentVar) != "":
		playParent()
	default:
		os.Exit(m.Run())
	}
}

// playParent starts a child that shares its stdout, and then waits for ever.
func playParent() {
	child := exec.CommandContext(context.Background(), os.Args[0])
	child.Env = append(os.Environ(), holdVar+"=1")
	child.Stdout = os.Stdout
	if _, err := Start(child, os.DevNull); err != nil {
		_, _ = fmt.Fprintln(os.Stdout, err)
		os.Exit(1)
	}
	select {}
}

func binary(t *testing.T) string {
	t.Helper()
	path, err := Build(t.Context(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func start(t *testing.T, o Options) *Consul {
	t.Helper()
	o.Binary, o.Dir = binary(t), t.TempDir()
	c, err := StartConsul(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func names(t *testing.T, c *Consul) string {
	t.Helper()
	services := map[string][]string{}
	if err := c.API.Read(t.Context(), "/v1/catalog/services", &services); err != nil {
		t.Fatal(err)
	}
	var names []string
	for name := range services {
		if name != "consul" {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}

func TestARestartedAgentHasItsAddressAndDataAgain(t *testing.T) {
	t.Parallel()
	c := start(t, Options{Node: "one"})
	if err := c.API.Register(t.Context(), Service{ID: "a-1", Name: "a"}); err != nil {
		t.Fatal(err)
	}
	for _, end := range []func() error{c.Stop, c.Kill} {
		if err := end(); err != nil {
			t.Fatal(err)
		}
		if err := c.API.Read(t.Context(), "/v1/status/leader", new(string)); err == nil {
			t.Error("a stopped agent answers")
		}
		if err := c.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := names(t, c); got != "a" {
			t.Errorf("services after the restart: %q, want a", got)
		}
	}
}

func TestAnAgentWithACLsAnswersNobodyWithoutAToken(t *testing.T) {
	t.Parallel()
	c := start(t, Options{Node: "acl", Token: "11111111-2222-4333-8444-555555555555"})
	if err := c.API.Register(t.Context(), Service{ID: "a-1", Name: "a"}); err != nil {
		t.Fatal(err)
	}
	if got := names(t, c); got != "a" {
		t.Errorf("services with the token: %q, want a", got)
	}
	anonymous := *c
	anonymous.API = NewAPI(c.Address, "")
	if got := names(t, &anonymous); got != "" {
		t.Errorf("services without a token: %q, want none", got)
	}
}

func TestAnAgentThatCannotStartShowsItsLog(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "data"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := StartConsul(t.Context(), Options{Binary: binary(t), Dir: dir, Node: "broken"})
	if err == nil || !strings.Contains(err.Error(), "not a directory") {
		t.Errorf("StartConsul in a broken folder: %v; want the agent's own words", err)
	}
}

func TestAChildDiesWithAParentThatIsKilled(t *testing.T) {
	t.Parallel()
	parent := exec.CommandContext(t.Context(), os.Args[0])
	parent.Env = append(os.Environ(), parentVar+"=1")
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	if line, err := lines.ReadString('\n'); line != "holding\n" {
		t.Fatalf("the child said %q, %v", line, err)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	// Both hold the pipe's other end: it ends when both are dead.
	ended := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, lines)
		ended <- err
	}()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("the child lives on")
	}
	_ = parent.Wait()
}
