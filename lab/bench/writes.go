package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"strings"
	"time"
)

const (
	// planned is how many items a plan changes.
	planned = 10_000
	// planGoal is how long it may take to make such a plan.
	planGoal = time.Second
)

// sent is a request that changes something, and can be sent again.
type sent struct{ path, body string }

// writing measures a large plan: that it is made, and that it is applied.
func (b *bench) writing(ctx context.Context, consul string) error {
	c, err := b.startConsul(ctx, consul)
	if err != nil {
		return err
	}
	defer func() { _ = c.Stop() }()
	if err := fillFolder(ctx, c.API, "writes", planned); err != nil {
		return err
	}
	w := &writer{b: b, address: c.Address, client: &http.Client{}}
	if err := w.record(ctx); err != nil {
		return err
	}
	var plans, applied, loops []time.Duration
	for round := range b.rounds + 1 {
		plan, made, loop, err := w.round(ctx)
		if err != nil {
			return err
		}
		if round > 0 { // the first one warms the caches
			plans, applied, loops = append(plans, plan), append(applied, made), append(loops, loop)
		}
	}
	what := fmt.Sprintf("a plan that brings back %d items of Consul", planned)
	plan, ours, loop := median(plans), median(applied), median(loops)
	b.add(row{what: what + ", made (`rollback --dry-run`)", ours: ms(plan), neighbour: "none", ratio: "", goal: "≤ " + ms(planGoal), met: plan <= planGoal})
	b.add(row{
		what: what + ", applied: journal, swaps, reading back", ours: ms(ours), neighbour: fmt.Sprintf("a Go loop, the same %d writes: %s", len(w.sent), ms(loop)),
		ratio: times(ours, loop), goal: "≤ 1.5×", met: ours <= loop*3/2,
	})
	return nil
}

// writer is what one round after the other does.
type writer struct {
	b       *bench
	address string
	client  *http.Client // of the loop
	sent    []sent
}

func (w *writer) program(at string, args ...string) program {
	return program{args: append(append([]string{w.b.govctl}, args...), "-e", "consul://"+at+"/config/writes", "--timeout", timeout)}
}

// empty removes all items, and returns the plan that did.
func (w *writer) empty(ctx context.Context) (id string, err error) {
	if _, err := w.program(w.address, "config", "rm", "*/*", "--yes").run(ctx); err != nil {
		return "", err
	}
	p := w.program(w.address, "history", "-o", "name", "--limit", "1")
	cmd := exec.CommandContext(ctx, p.args[0], p.args[1:]...)
	cmd.Env = environment()
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
}

// round measures how long the plan takes, then to apply it, and the loop.
func (w *writer) round(ctx context.Context) (plan, applied, loop time.Duration, err error) {
	id, err := w.empty(ctx)
	if err != nil {
		return 0, 0, 0, err
	}
	if plan, err = w.program(w.address, "rollback", id, "--dry-run").run(ctx); err != nil {
		return 0, 0, 0, err
	}
	whole, err := w.program(w.address, "rollback", id, "--yes").run(ctx)
	if err != nil {
		return 0, 0, 0, err
	}
	if _, err = w.empty(ctx); err != nil {
		return 0, 0, 0, err
	}
	begun := time.Now()
	err = w.loop(ctx)
	return plan, whole - plan, time.Since(begun), err
}

// record notes what govctl sends to bring all items back.
func (w *writer) record(ctx context.Context) error {
	id, err := w.empty(ctx)
	if err != nil {
		return err
	}
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: w.address})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := &http.Server{Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // what is cut off is answered with an error
		if r.Method != http.MethodGet && !strings.Contains(string(body), `"get-or-empty"`) {
			// Sent again, there may be something already; and the journal is not to have it.
			again := strings.NewReplacer(`"Verb":"cas"`, `"Verb":"set"`, "govctl/config/", "loops/config/")
			w.sent = append(w.sent, sent{again.Replace(r.URL.Path), again.Replace(string(body))})
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		proxy.ServeHTTP(rw, r)
	})}
	go func() { _ = s.Serve(l) }()
	defer func() { _ = s.Close() }()
	_, err = w.program(l.Addr().String(), "rollback", id, "--yes").run(ctx)
	return err
}

// loop sends the same again, one after the other and no more.
func (w *writer) loop(ctx context.Context) error {
	for _, s := range w.sent {
		req, err := http.NewRequestWithContext(ctx, http.MethodPut, "http://"+w.address+s.path, strings.NewReader(s.body))
		if err != nil {
			return err
		}
		resp, err := w.client.Do(req)
		if err != nil {
			return err
		}
		text, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close() // it was only read
		if err != nil {
			return err
		}
		// What is removed at the end was not at the same revision.
		if resp.StatusCode != http.StatusOK && !strings.Contains(s.body, `"delete"`) {
			return fmt.Errorf("%s: %s: %.200s", s.path, resp.Status, text)
		}
	}
	return nil
}
