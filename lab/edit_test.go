package lab

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/google/go-cmp/cmp"
	"govctl/pkg/config"
)

// writable returns a hand for a folder of a Consul that has a name to us.
func writable(t *testing.T) kvHand {
	t.Helper()
	h := newFolder(t, shared.main)
	known(t, openChanges(t, h.Address, h.folder, ""))
	return h
}

// pastState is a state of an item, as `config history` tells it.
type pastState struct {
	Revision string
	Foreign  bool
	Why      string
	At       time.Time
	Says     []string
}

// past returns what `config history` tells of order/app.yaml, the newest first.
func past(t *testing.T, h kvHand) []pastState {
	t.Helper()
	return decode[[]pastState](t, "config", "history", "order/app.yaml", "-e", h.url())
}

// set writes values into order/app.yaml.
func (h kvHand) set(t *testing.T, args ...string) {
	t.Helper()
	if r := run(t, append([]string{"config", "set", "order/app.yaml", "--yes", "-e", h.url()}, args...)...); r.Status != 0 {
		t.Fatalf("config set %s: %+v", args, r)
	}
}

// app returns the content of order/app.yaml.
func (h kvHand) app(t *testing.T) string {
	t.Helper()
	r := run(t, "config", "get", "order/app.yaml", "--show-secrets", "--force", "-e", h.url())
	if r.Status != 0 {
		t.Fatalf("config get: %+v", r)
	}
	return r.Stdout
}

func TestAnItemIsRolledBackToAnyRevisionThatIsKnown(t *testing.T) {
	t.Parallel()
	h := writable(t)
	const first = "# 注文\r\nretry: 1 # times\r\ndb: {password: hunter2, pool: 1.10}\r\n"
	h.write(t, "order/app.yaml", first)
	h.set(t, "retry=2")
	h.set(t, "retry=3", "db.password=@env:HOME")
	states := past(t, h)
	if len(states) != 3 || !states[2].Foreign || states[0].Foreign {
		t.Fatalf("history: %+v; want two plans over what was there", states)
	}
	for _, to := range []pastState{states[2], states[0], states[1]} {
		rolled := run(t, "config", "rollback", "order/app.yaml", "--to", to.Revision, "--yes", "-e", h.url())
		differs := run(t, "config", "diff", "order/app.yaml", "--rev", to.Revision, "--text", "-e", h.url())
		if rolled.Status != 0 || differs.Status != 0 {
			t.Errorf("back to %s: %+v\nand then it differs: %+v", to.Revision, rolled, differs)
		}
		if to.Revision == states[2].Revision && h.app(t) != first {
			t.Errorf("back to the first it is %q; want %q", h.app(t), first)
		}
	}
	after := past(t, h)
	if len(after) != 6 || after[0].Revision == states[1].Revision || after[0].Why != "back to revision "+states[1].Revision {
		t.Errorf("history: %+v; want a new revision for each of three rollbacks", after)
	}
}

func TestWhatOthersWroteIsNotRolledBackUnasked(t *testing.T) {
	t.Parallel()
	h := writable(t)
	h.write(t, "order/app.yaml", "retry: 1\n")
	h.set(t, "retry=2")
	ours := past(t, h)[0]
	back := func(args ...string) result {
		return run(t, append([]string{"config", "rollback", "order/app.yaml", "--yes", "-e", h.url(), "--to", ours.Revision}, args...)...)
	}
	h.write(t, "order/app.yaml", "retry: 8\n")
	refused := back()
	if refused.Status != 5 || !strings.Contains(refused.Stderr, "was written elsewhere") || h.app(t) != "retry: 8\n" {
		t.Errorf("over another's write: %+v, and it is %q", refused, h.app(t))
	}
	eventually(t, func(context.Context) error { // Consul's clock counts seconds
		if since := time.Since(ours.At); since < 2*time.Second {
			return fmt.Errorf("it is only %s ago", since)
		}
		return nil
	})
	h.set(t, "retry=9")
	if r := back(); r.Status != 5 || h.app(t) != "retry: 9\n" {
		t.Errorf("over another's write below ours: %+v, and it is %q", r, h.app(t))
	}
	// Between the two of ours nobody knows when the other one wrote.
	hole := run(t, "config", "rollback", "order/app.yaml", "--yes", "-e", h.url(), "--to", ours.At.Format(time.RFC3339))
	if hole.Status != 3 || !strings.Contains(hole.Stderr, "it was changed elsewhere after ") {
		t.Errorf("to a time in a hole: %+v", hole)
	}
	if r := back("--force"); r.Status != 0 || h.app(t) != "retry: 2\n" {
		t.Errorf("by force: %+v, and it is %q", r, h.app(t))
	}
	h.Remove(t, config.Key{Group: "order", Name: "app.yaml"})
	if r := back(); r.Status != 5 || !strings.Contains(r.Stderr, "it was removed elsewhere") {
		t.Errorf("over another's removal: %+v", r)
	}
	if r := back("--force"); r.Status != 0 || h.app(t) != "retry: 2\n" {
		t.Errorf("by force, of what was removed: %+v, and it is %q", r, h.app(t))
	}
	var foreign []bool
	for _, s := range past(t, h) {
		foreign = append(foreign, s.Foreign)
	}
	want := []bool{false, true, false, false, true, false, true}
	if diff := cmp.Diff(want, foreign); diff != "" {
		t.Errorf("what history calls foreign (-want +got)\n%s", diff)
	}
}

func TestAnItemThatMovesIsNeverTwoNorNone(t *testing.T) {
	t.Parallel()
	h := writable(t)
	h.write(t, "order/app.yaml", "retry: 1\n")
	r := run(t, "config", "mv", "order/app.yaml", "shop/order.yaml", "--yes", "-e", h.url())
	gone, here := h.index(t, "order/"), h.index(t, "shop/")
	if r.Status != 0 || h.index(t, "") != here || gone != here || here == "" {
		t.Errorf("%+v: removed at index %s, created at %s, and the folder is at %s; want one for all", r, gone, here, h.index(t, ""))
	}
}

func TestAnItemWithoutAByteIsCopied(t *testing.T) {
	t.Parallel()
	h := writable(t)
	h.write(t, "order/app.yaml", "")
	r := run(t, "config", "cp", "order/app.yaml", "shop/app.yaml", "--yes", "-e", h.url())
	copied := run(t, "config", "get", "shop/app.yaml", "-e", h.url())
	if r.Status != 0 || copied.Status != 0 || copied.Stdout != "" {
		t.Errorf("%+v\n%+v; want an item of no bytes", r, copied)
	}
}

// index returns the index at which something below a part of the folder was written
// or removed last.
func (h kvHand) index(t *testing.T, part string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+h.Address+"/v1/kv/"+h.folder+part+"?keys", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := new(http.Client).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.Header.Get("X-Consul-Index")
}

// TestBrokenTextIsEditedAgain goes through an edit on a terminal: an editor that
// first breaks the text, and then mends it.
func TestBrokenTextIsEditedAgain(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		keys, want, says string
		status           int
	}{
		"again":   {"y\ny\n", "retry: 5\ndb: {password: hunter2}\n", "Undo: govctl rollback", 0},
		"give up": {"n\n", "retry: 1\ndb: {password: hunter2}\n", "your text is kept in ", 2},
		"no":      {"\nn\n", "retry: 1\ndb: {password: hunter2}\n", "your text is kept in ", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := writable(t)
			h.write(t, "order/app.yaml", "retry: 1\ndb: {password: hunter2}\n")
			cmd := command(t, nil, "config", "edit", "order/app.yaml", "-e", h.url())
			editor := filepath.Join(cmd.Dir, "editor")
			script := "#!/bin/sh\nif grep -q broken \"$1\"; then sed -i 's/^broken.*/retry: 5/' \"$1\"; else sed -i 's/^retry.*/broken: [/' \"$1\"; fi\n"
			if err := os.WriteFile(editor, []byte(script), 0o700); err != nil {
				t.Fatal(err)
			}
			cmd.Env = append(cmd.Env, "EDITOR="+editor, "XDG_RUNTIME_DIR="+cmd.Dir)
			terminal, err := pty.Start(cmd)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = terminal.Close() }()
			if _, err := terminal.WriteString(tt.keys); err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			_, _ = io.Copy(&out, terminal) // ends with EIO when the last of the other side closes
			_ = cmd.Wait()                 // the status is below
			text := out.String()
			if cmd.ProcessState.ExitCode() != tt.status || h.app(t) != tt.want || strings.Contains(text, "hunter") ||
				!strings.Contains(text, "the new content cannot be read: line ") || !strings.Contains(text, tt.says) {
				t.Errorf("status %d, it is %q; want %d, %q\n%s", cmd.ProcessState.ExitCode(), h.app(t), tt.status, tt.want, text)
			}
			kept, err := filepath.Glob(filepath.Join(cmd.Dir, "govctl-edit-*"))
			if err != nil || (len(kept) == 1) != (tt.status != 0) {
				t.Errorf("what is left of it: %q, %v", kept, err)
			}
		})
	}
}
