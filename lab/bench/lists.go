package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"govctl/lab/server"
)

// timeout is what govctl may take for a list: the goals are measured, not
// enforced.
const timeout = "2m"

// lists measures the listing of instances, at each of the sizes.
func (b *bench) lists(ctx context.Context, consul string) error {
	c, err := b.startConsul(ctx, consul)
	if err != nil {
		return err
	}
	defer func() { _ = c.Stop() }()
	filled := 0
	for _, size := range b.sizes {
		began := time.Now()
		if err := fill(ctx, c.API, filled, size); err != nil {
			return fmt.Errorf("register %d instances: %w", size, err)
		}
		filled = size
		_, _ = fmt.Fprintf(b.log, "bench: %d instances registered in %s\n", size, time.Since(began).Round(time.Second))
		if err := b.listsOf(ctx, c, size); err != nil {
			return err
		}
	}
	return nil
}

// startConsul starts an empty Consul in a folder of its own.
func (b *bench) startConsul(ctx context.Context, binary string) (*server.Consul, error) {
	dir, err := os.MkdirTemp(b.dir, "consul-")
	if err != nil {
		return nil, err
	}
	return server.StartConsul(ctx, server.Options{Binary: binary, Dir: dir, Node: "bench"})
}

// listsOf measures the lists of a Consul with size instances.
func (b *bench) listsOf(ctx context.Context, c *server.Consul, size int) error {
	ls := []string{"services", "ls", "-o", "json"}
	all := []string{"services", "instances", "-o", "json"}
	lsAsked, err := b.record(ctx, c.Address, func(at string) program { return b.on(at, ls...) })
	if err != nil {
		return err
	}
	allAsked, err := b.record(ctx, c.Address, func(at string) program { return b.on(at, all...) })
	if err != nil {
		return err
	}
	curlLs, err := b.curl("ls", c.Address, lsAsked)
	if err != nil {
		return err
	}
	curlAll, err := b.curl("instances", c.Address, allAsked)
	if err != nil {
		return err
	}
	if err := b.sameAnswers(ctx, c, size); err != nil {
		return err
	}
	m, err := compare(ctx, b.rounds,
		b.on(c.Address, ls...), curlLs, b.on(c.Address, all...), curlAll, b.on(c.Address, "services", "instances", "-o", "name"),
		b.on(c.Address, "services", "instances"), b.on(c.Address, "services", "ls", "-o", "wide"))
	if err != nil {
		return err
	}
	what := fmt.Sprintf("%d instances of %d services: ", size, services)
	b.beside(what+"`services ls -o json`", m[0], fmt.Sprintf("curl, the same %d requests", len(lsAsked.paths)), m[1])
	b.beside(what+"`services instances -o json`", m[2], fmt.Sprintf("curl, the same %d requests", len(allAsked.paths)), m[3])
	b.beside(what+"`services instances -o name`", m[4], "the same curl", m[3])
	b.ratio(what+"`services instances`, the table", m[5], "`-o json`", m[2], 1.2)
	b.faster(what+"`services ls -o json`", m[0], "`ls -o wide`, one request a service", m[6], 3)
	if err := b.memory(ctx, what+"`ls -o json`", b.on(c.Address, ls...), c.Address, lsAsked); err != nil {
		return err
	}
	return b.memory(ctx, what+"`instances -o json`", b.on(c.Address, all...), c.Address, allAsked)
}

// on returns govctl asking the Consul at an address.
func (b *bench) on(address string, args ...string) program {
	return program{args: append([]string{b.govctl, "-e", "consul://" + address, "--timeout", timeout}, args...)}
}

// sameAnswers is an error unless govctl counts what Consul holds: by service in
// `ls`, and one by one in `instances`, in both of its formats.
func (b *bench) sameAnswers(ctx context.Context, c *server.Consul, size int) error {
	const own = 1 // the service consul, an instance of its own
	counted := 0
	err := eachOf(ctx, b.on(c.Address, "services", "ls", "-o", "json"), func(row struct{ Instances, Passing, Critical, Warning int }) {
		counted += row.Instances
	})
	if err != nil || counted != size+own {
		return fmt.Errorf("services ls counts %d instances, want %d: %w", counted, size+own, err)
	}
	listed, endpoints := 0, 0
	err = eachOf(ctx, b.on(c.Address, "services", "instances", "-o", "json"), func(in struct{ Endpoints []struct{} }) {
		listed++
		endpoints += len(in.Endpoints)
	})
	if err != nil || listed != size+own || endpoints != 2*size {
		return fmt.Errorf("services instances lists %d instances and %d endpoints, want %d and %d: %w", listed, endpoints, size+own, 2*size, err)
	}
	return nil
}

// eachOf calls each with every element of the JSON array that p prints.
func eachOf[T any](ctx context.Context, p program, each func(T)) error {
	out, wait, err := p.output(ctx)
	if err != nil {
		return err
	}
	d := json.NewDecoder(out)
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		var v T
		if err := d.Decode(&v); err != nil {
			return err
		}
		each(v)
	}
	if _, err := d.Token(); err != nil {
		return err
	}
	return wait()
}

// bodySize returns how many bytes, not compressed, the answers to r have.
func bodySize(ctx context.Context, address string, r *requests) (int64, error) {
	var total int64
	client := &http.Client{}
	for _, path := range r.paths {
		n, err := bodyOf(ctx, client, "http://"+address+path)
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

func bodyOf(ctx context.Context, client *http.Client, url string) (int64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("%s: %s", url, resp.Status)
	}
	return discard(resp.Body)
}

// beside adds the row of a list: at most half as long again as the neighbour's
// time, and 10 ms.
func (b *bench) beside(what string, ours time.Duration, neighbour string, theirs time.Duration) {
	goal := theirs*3/2 + 10*time.Millisecond
	b.add(row{
		what: what, ours: ms(ours), neighbour: neighbour + ": " + ms(theirs), ratio: times(ours, theirs),
		goal: "≤ 1.5× + 10 ms", met: ours <= goal,
	})
}

// ratio adds a row whose goal is at most limit times the neighbour's time.
func (b *bench) ratio(what string, ours time.Duration, neighbour string, theirs time.Duration, limit float64) {
	b.add(row{
		what: what, ours: ms(ours), neighbour: neighbour + ": " + ms(theirs), ratio: times(ours, theirs),
		goal: fmt.Sprintf("≤ %g×", limit), met: float64(ours) <= limit*float64(theirs),
	})
}

// faster adds a row whose goal is to be at least factor times as fast.
func (b *bench) faster(what string, ours time.Duration, neighbour string, theirs time.Duration, factor float64) {
	b.add(row{
		what: what, ours: ms(ours), neighbour: neighbour + ": " + ms(theirs), ratio: times(ours, theirs),
		goal: fmt.Sprintf("≥ %g× faster", factor), met: float64(theirs) >= factor*float64(ours),
	})
}

// memory adds the row of what p takes, beside the size of the answers to what it
// asks.
func (b *bench) memory(ctx context.Context, what string, p program, address string, asked *requests) error {
	took, err := b.weight(ctx, p)
	if err != nil {
		return err
	}
	body, err := bodySize(ctx, address, asked)
	if err != nil {
		return err
	}
	b.add(row{
		what: what + ", peak memory", ours: mib(took.rss), neighbour: "the answers' bytes: " + mib(body),
		ratio: fmt.Sprintf("%.2f×", float64(took.rss)/float64(body)), goal: "≤ 3×", met: took.rss <= 3*body,
	})
	return nil
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond)) }

func mib(n int64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", float64(n)/(1<<20)), ".0") + " MiB"
}

func times(a, b time.Duration) string { return fmt.Sprintf("%.2f×", float64(a)/float64(b)) }
