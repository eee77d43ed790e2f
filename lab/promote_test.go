package lab

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/creack/pty"
	"github.com/google/go-cmp/cmp"
	microconfig "go-micro.dev/v4/config"
	"go-micro.dev/v4/config/source"

	"govctl/lab/server"
)

// promoting is a Consul with the folders of two environments, and the settings that
// name them.
type promoting struct {
	test, prod kvHand
	settings   string
}

const (
	// orderInTest and orderInProd are what an item of the order service holds.
	orderInTest = `{"max": 3, "backoff": "100ms", "url": "http://test"}`
	orderInProd = "{\n  \"url\": \"http://prod\",\n  \"max\": 3,\n  \"backoff\": \"250ms\"\n}\n"
)

func newPromoting(t *testing.T, c *server.Consul) promoting {
	t.Helper()
	h := newFolder(t, c)
	root := strings.TrimSuffix(h.folder, "dev/")
	p := promoting{kvHand{c, root + "test/"}, kvHand{c, root + "prod/"}, filepath.Join(t.TempDir(), "govctl.yaml")}
	writeFile(t, p.settings, fmt.Sprintf("default: test\nenvironments:\n  test: {config: %q}\n  prod: {config: %q}\nignore: [{path: url}]\n", p.test.url(), p.prod.url()))
	p.test.write(t, "order/retry", orderInTest)
	p.prod.write(t, "order/retry", orderInProd)
	return p
}

// govctl runs a command that must end with a status.
func (p promoting) govctl(t *testing.T, status int, args ...string) result {
	t.Helper()
	r := run(t, append(args, "--config", p.settings)...)
	if r.Status != status {
		t.Fatalf("govctl %s: %+v; want status %d", strings.Join(args, " "), r, status)
	}
	return r
}

// holds compares what prod has of the order service's item.
func (p promoting) holds(t *testing.T, want string) {
	t.Helper()
	r := p.govctl(t, 0, "config", "get", "order/retry", "-e", "prod")
	if diff := cmp.Diff(want, r.Stdout); diff != "" {
		t.Errorf("prod has (-want +got)\n%s", diff)
	}
}

// leaving is a source whose watchers end with the test: go-micro's own Close panics.
type leaving struct {
	source.Source

	mu       sync.Mutex
	watchers []source.Watcher
	left     bool
}

// Watch implements source.Source.
func (l *leaving) Watch() (source.Watcher, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.left {
		return nil, errors.New("the test is over")
	}
	w, err := l.Source.Watch()
	if err == nil {
		l.watchers = append(l.watchers, w)
	}
	return w, err
}

func (l *leaving) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.left = true
	for _, w := range l.watchers {
		_ = w.Stop() // it never fails
	}
}

// TestAPromotionArrivesInARunningService is about a go-micro service that reads and
// watches its configuration in prod.
func TestAPromotionArrivesInARunningService(t *testing.T) {
	t.Parallel()
	p := newPromoting(t, startAgent(t, server.Options{Node: "promote"}))
	from := &leaving{Source: microSource(p.prod.Consul, p.prod.folder)}
	t.Cleanup(from.leave)
	service, err := microconfig.NewConfig(microconfig.WithSource(from))
	if err != nil {
		t.Fatal(err)
	}
	shows := func(what, most, backoff, url string) {
		t.Helper()
		eventually(t, func(context.Context) error {
			at := func(key string) string { return service.Get("order", "retry", key).String("") }
			if got := [3]string{fmt.Sprint(service.Get("order", "retry", "max").Int(0)), at("backoff"), at("url")}; got != [3]string{most, backoff, url} {
				return fmt.Errorf("%s: the service holds %q", what, got)
			}
			return nil
		})
	}
	shows("at first", "3", "250ms", "http://prod")
	p.govctl(t, 0, "config", "promote", "test", "prod", "--baseline", "--yes")
	p.test.write(t, "order/retry", strings.NewReplacer("3", "5", "http://test", "http://test2").Replace(orderInTest))
	r := p.govctl(t, 0, "config", "promote", "test", "prod", "order", "--yes")
	if !strings.Contains(r.Stdout, "↑ max  3 → 5") {
		t.Errorf("it says\n%s", r.Stdout)
	}
	p.holds(t, strings.Replace(orderInProd, "3", "5", 1))
	shows("once it was promoted", "5", "250ms", "http://prod")
	id := p.govctl(t, 0, "history", "-e", "prod", "--limit", "1", "-o", "name")
	p.govctl(t, 0, "rollback", strings.TrimSpace(id.Stdout), "-e", "prod", "--yes")
	shows("once it was rolled back", "3", "250ms", "http://prod")
	// What was rolled back is prod's own: it does not go up by itself.
	if r := p.govctl(t, 0, "config", "promote", "test", "prod", "--yes"); !strings.Contains(r.Stdout, "= max  3  kept: changed only in prod") {
		t.Errorf("and then it says\n%s", r.Stdout)
	}
}

// terminal is a command on a terminal that somebody watches.
type terminal struct {
	cmd  *exec.Cmd
	side io.ReadWriteCloser
	out  *bufio.Reader
	seen strings.Builder
}

func (p promoting) terminal(t *testing.T, args ...string) *terminal {
	t.Helper()
	cmd := command(t, nil, append(args, "--config", p.settings)...)
	side, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 50, Cols: 120})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = side.Close() })
	return &terminal{cmd: cmd, side: side, out: bufio.NewReader(side)}
}

// until reads until the command has printed text.
func (c *terminal) until(t *testing.T, text string) {
	t.Helper()
	from := c.seen.Len()
	for !strings.Contains(c.seen.String()[from:], text) {
		b, err := c.out.ReadByte()
		if err != nil {
			t.Fatalf("%q was never printed: %v\n%s", text, err, c.seen.String())
		}
		c.seen.WriteByte(b)
	}
}

func (c *terminal) types(t *testing.T, line string) {
	t.Helper()
	if _, err := io.WriteString(c.side, line+"\n"); err != nil {
		t.Fatal(err)
	}
}

// interrupts types Ctrl-C, and nothing after it.
func (c *terminal) interrupts(t *testing.T) {
	t.Helper()
	if _, err := io.WriteString(c.side, "\x03"); err != nil {
		t.Fatal(err)
	}
}

// ends reads the rest, and returns the status.
func (c *terminal) ends() int {
	rest, _ := io.ReadAll(c.out) // ends with EIO when the last of the other side closes
	c.seen.Write(rest)
	_ = c.cmd.Wait() // the status is returned
	return c.cmd.ProcessState.ExitCode()
}

func TestWhatChangedBehindAPromotionIsNotOverwritten(t *testing.T) {
	t.Parallel()
	p := newPromoting(t, shared.main)
	p.govctl(t, 0, "config", "promote", "test", "prod", "--baseline", "--yes")
	p.test.write(t, "order/retry", strings.Replace(orderInTest, "3", "5", 1))
	c := p.terminal(t, "config", "promote", "test", "prod")
	c.until(t, "[y/N]")
	theirs := strings.Replace(orderInProd, "250ms", "500ms", 1)
	p.prod.write(t, "order/retry", theirs)
	c.types(t, "y")
	if status := c.ends(); status != 5 || !strings.Contains(c.seen.String(), "order/retry: changed from revision") {
		t.Errorf("status %d\n%s", status, c.seen.String())
	}
	p.holds(t, theirs)
	// Planned anew, both changes are there.
	p.govctl(t, 0, "config", "promote", "test", "prod", "--yes")
	p.holds(t, strings.Replace(theirs, "3", "5", 1))
}

func TestConflictsAreDecidedOnATerminal(t *testing.T) {
	t.Parallel()
	p := newPromoting(t, shared.main)
	p.govctl(t, 0, "config", "promote", "test", "prod", "--baseline", "--yes")
	p.test.write(t, "order/retry", `{"max": 5, "backoff": "1ms", "url": "http://test"}`)
	theirs := strings.NewReplacer("3", "7", "250ms", "2ms").Replace(orderInProd)
	p.prod.write(t, "order/retry", theirs)

	skipped := p.terminal(t, "config", "promote", "test", "prod")
	skipped.until(t, "order/retry max: 5 | 7. A (test), B (prod) or skip? [a/b/S]")
	skipped.types(t, "nonsense")
	skipped.until(t, "[a/b/S]")
	skipped.types(t, "a")
	skipped.until(t, "order/retry backoff: 1ms | 2ms. A (test), B (prod) or skip? [a/b/S]")
	skipped.types(t, "")
	if status := skipped.ends(); status != 1 || !strings.Contains(skipped.seen.String(), "1 conflict: nothing will be written until it is decided.") {
		t.Errorf("one of two decided: status %d\n%s", status, skipped.seen.String())
	}
	p.holds(t, theirs)

	decided := p.terminal(t, "config", "promote", "test", "prod")
	decided.until(t, "[a/b/S]")
	decided.types(t, "a")
	decided.until(t, "backoff: 1ms | 2ms. A (test), B (prod) or skip? [a/b/S]")
	decided.types(t, "b")
	decided.until(t, "[y/N]")
	decided.types(t, "y")
	if status := decided.ends(); status != 0 {
		t.Errorf("both decided: status %d\n%s", status, decided.seen.String())
	}
	p.holds(t, strings.Replace(theirs, "7", "5", 1))
	if r := p.govctl(t, 0, "config", "promote", "test", "prod"); !strings.Contains(r.Stdout, "1 accepted as different · 1 expected to differ\n") {
		t.Errorf("and then it says\n%s", r.Stdout)
	}

	left := p.terminal(t, "config", "promote", "test", "prod", "--take", "A")
	left.until(t, "[y/N]")
	left.interrupts(t)
	if status := left.ends(); status != 130 {
		t.Errorf("interrupted: status %d\n%s", status, left.seen.String())
	}
}

func TestAPromotionRemovesNothingThatItMayNotSee(t *testing.T) {
	t.Parallel()
	p := newPromoting(t, shared.acl)
	root := strings.TrimSuffix(p.test.folder, "test/")
	all := `key_prefix "` + root + `" { policy = "write" } key_prefix "govctl/" { policy = "write" }`
	some := `key_prefix "` + root + `prod/" { policy = "write" } key_prefix "` + p.test.folder + `order/" { policy = "read" } key_prefix "govctl/" { policy = "write" }`
	p.test.write(t, "user/app", `{"a": 1}`)
	p.prod.write(t, "user/app", `{"a": 1}`)
	as := func(rules string) func(status int, args ...string) result {
		token, err := p.test.API.NewToken(t.Context(), unique("promote-token"), rules)
		if err != nil {
			t.Fatal(err)
		}
		settings, folder := filepath.Join(t.TempDir(), "govctl.yaml"), ""
		backend := func(h kvHand) string {
			return fmt.Sprintf("{url: %q, auth: {token: {file: %q}}}", h.url(), filepath.Join(filepath.Dir(settings), "token")+folder)
		}
		writeFile(t, filepath.Join(filepath.Dir(settings), "token"), token)
		writeFile(t, settings, fmt.Sprintf("default: test\nenvironments:\n  test: {config: %s}\n  prod: {config: %s}\n", backend(p.test), backend(p.prod)))
		return func(status int, args ...string) result {
			t.Helper()
			return promoting{settings: settings}.govctl(t, status, append([]string{"config", "promote", "test", "prod"}, args...)...)
		}
	}
	as(all)(0, "--baseline", "--yes")
	r := as(some)(4, "--prune", "--take", "A", "--yes")
	if !strings.Contains(r.Stdout, "? user/app  not known: not everything may be read") {
		t.Errorf("it says\n%s", r.Stdout)
	}
	if r := as(all)(0, "user", "--prune", "--yes"); strings.Contains(r.Stdout, "removed") {
		t.Errorf("with a token that sees all it says\n%s", r.Stdout)
	}
}

// TestAnAgreementIsOfABackEndWhateverItsNameIs is about one that is written to only
// later, and reached by another address.
func TestAnAgreementIsOfABackEndWhateverItsNameIs(t *testing.T) {
	t.Parallel()
	p := newPromoting(t, startAgent(t, server.Options{Node: "agreed"}))
	p.govctl(t, 0, "config", "promote", "test", "prod", "--baseline", "--yes")
	byName := strings.ReplaceAll(p.test.url(), "127.0.0.1", "localhost")
	r := p.govctl(t, 0, "config", "promote", byName, "prod")
	if !strings.Contains(r.Stdout, "1 accepted as different · 1 expected to differ\n") {
		t.Errorf("by %s it says\n%s", byName, r.Stdout)
	}
}

// TestAnAgreementHoldsOnceItsSystemGetsAName is about a Consul in which govctl wrote
// nothing yet: it is called by a name that the first write makes.
func TestAnAgreementHoldsOnceItsSystemGetsAName(t *testing.T) {
	t.Parallel()
	p := newPromoting(t, startAgent(t, server.Options{Node: "unnamed"}))
	p.prod = newFolder(t, shared.main)
	p.prod.write(t, "order/retry", orderInProd)
	writeFile(t, p.settings, fmt.Sprintf("default: test\nenvironments:\n  test: {config: %q}\n  prod: {config: %q}\n", p.test.url(), p.prod.url()))
	p.govctl(t, 0, "config", "promote", "test", "prod", "--baseline", "--yes")
	p.govctl(t, 0, "config", "set", "user/new", "--content", "{}", "-e", "test", "--yes")
	if r := p.govctl(t, 0, "config", "promote", "test", "prod", "order"); !strings.Contains(r.Stdout, "2 accepted as different\n") {
		t.Errorf("it says\n%s", r.Stdout)
	}
}
