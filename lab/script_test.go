package lab

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"govctl/lab/server"
)

// shop registers the services that the scripts are about: a healthy one in two
// versions, one that is unwell, one that no check watches, and one whose every
// word is hostile. The Consul is theirs alone: they look at all that is in it.
func shop(t *testing.T) *server.Consul {
	t.Helper()
	c := startAgent(t, server.Options{Node: "shop"})
	order := func(id, version, zone string, port int) server.Service {
		r := server.Record{Version: version, Metadata: map[string]string{"protocol": "grpc", "zone": zone}}
		return server.Service{ID: id, Name: "shop-order", Address: "10.0.0.1", Port: port, Tags: append(r.Tags(), "canary"), Meta: r.Metadata, Check: passing()}
	}
	for _, key := range []string{"config/dev/order/app.yaml", "config/prod/order/app.yaml"} {
		if err := c.API.Write(t.Context(), "/v1/kv/"+key, map[string]int{"limit": 10}, nil); err != nil {
			t.Fatal(err)
		}
	}
	register(t, c,
		order("order-1", "1.4.0", "a", 9001),
		order("order-2", "1.4.0", "b", 9002),
		order("order-3", "1.5.0", "b", 9003),
		server.Service{ID: "payment-1", Name: "shop-payment", Address: "10.0.0.2", Port: 9101, Check: &server.TTLCheck{TTL: "1h", Status: "warning"}},
		server.Service{ID: "payment-2", Name: "shop-payment", Address: "10.0.0.3", Port: 9101, Check: &server.TTLCheck{TTL: "1h", Status: "critical"}},
		server.Service{ID: "user-1", Name: "shop-user", Address: "10.0.0.4"},
		server.Service{
			ID: "odd-\x1b[31m", Name: "odd-\x1b]0;owned\x07", Address: "169.254.169.254", Port: 99999,
			Tags: []string{"t-789cbad", "e-", "v", "\x1b[2J", "traefik.enable=true"}, Meta: map[string]string{"note": "\x1b[8mhidden"},
		})
	return c
}

func TestScripts(t *testing.T) {
	t.Parallel()
	main := shop(t)
	silentAddress, _ := silent(t)
	restrictedToken := restricted(t, "scripts", "script-")
	register(t, shared.acl, server.Service{ID: "script-1", Name: "script-seen", Port: 80, Check: passing()})
	closedAddress := closed(t)
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status":      status,
			"interrupted": interrupted,
		},
		Setup: func(env *testscript.Env) error {
			home := filepath.Join(env.WorkDir, "home")
			env.Setenv("HOME", home)
			env.Setenv("PATH", filepath.Dir(shared.govctl)+string(os.PathListSeparator)+os.Getenv("PATH"))
			env.Setenv("MAIN", main.URL())
			env.Setenv("MAIN_ADDRESS", main.Address)
			env.Setenv("ACL", shared.acl.URL())
			env.Setenv("RESTRICTED", restrictedToken)
			env.Setenv("SILENT", "consul://"+silentAddress)
			interruptAddress, accepted := silent(t) // of this script alone
			env.Values[acceptedKey{}] = accepted
			env.Setenv("INTERRUPTED", "consul://"+interruptAddress)
			env.Setenv("CLOSED", "consul://"+closedAddress)
			env.Setenv("CLOSED_ADDRESS", closedAddress)
			return os.Mkdir(home, 0o700)
		},
	})
}

// acceptedKey is where a script keeps the channel that tells of connections to
// its silent server.
type acceptedKey struct{}

// interrupted is `interrupted N govctl ARG...`: it sends SIGINT to govctl as soon
// as that has connected to the silent server of the script, and fails unless it
// exits with N.
func interrupted(ts *testscript.TestScript, _ bool, args []string) {
	ctx, cancel := context.WithTimeout(context.Background(), waitTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, shared.govctl, args[2:]...)
	cmd.Env = []string{"HOME=" + ts.Getenv("HOME")}
	cmd.Dir = ts.Getenv("WORK")
	accepted := ts.Value(acceptedKey{}).(<-chan struct{})
	for len(accepted) > 0 {
		<-accepted // of an earlier command
	}
	ts.Check(cmd.Start())
	select {
	case <-accepted:
	case <-ctx.Done():
	}
	ts.Check(cmd.Process.Signal(os.Interrupt))
	_ = cmd.Wait() // the status is compared below
	if got := strconv.Itoa(cmd.ProcessState.ExitCode()); got != args[0] {
		ts.Fatalf("exit status %s, want %s", got, args[0])
	}
}

// status is `status N COMMAND ARG...`: it runs COMMAND and fails unless it exits
// with N. testscript alone tells success from failure only.
func status(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: status N COMMAND ARG...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got, err = exit.ExitCode(), nil
	}
	ts.Check(err)
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}
