package consul

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"govctl/internal/httpx"
	"govctl/pkg/doctor"
)

var _ doctor.Inspector = (*Inspector)(nil)

// Inspector says how a Consul is. It is safe for concurrent use.
type Inspector struct {
	options Options
	hosts   []string           // of the URL, as host:port
	clients map[string]*client // one for each of hosts
	folder  string             // of the key-value store, "" or ending in a slash
}

// OpenInspector returns the inspector of the Consul that o.URL names. It connects
// to nothing: an error means that the URL is wrong.
func OpenInspector(o Options) (*Inspector, error) {
	servers, err := o.servers()
	if err != nil {
		return nil, err
	}
	in := &Inspector{options: o, clients: map[string]*client{}, folder: o.folder()}
	for _, s := range servers {
		alone, u := o, *o.URL
		u.Host, alone.URL = s.Host, &u
		if in.clients[s.Host], err = alone.client(); err != nil {
			return nil, err
		}
		in.hosts = append(in.hosts, s.Host)
	}
	return in, nil
}

// Inspect implements doctor.Inspector, for the roles registry and config. Every
// server of the URL is asked by itself, all at once; the first that answers
// tells the rest.
func (in *Inspector) Inspect(ctx context.Context, role doctor.Role) doctor.Report {
	r := doctor.Report{
		System: "consul", Generation: "http v1", Read: doctor.Unknown, Write: doctor.Unknown,
		Capabilities: capabilities(role), Findings: []doctor.Finding{},
	}
	pings := in.pingAll(ctx)
	defer func() {
		for _, p := range pings {
			p.client.http.Close()
		}
	}()
	p, ok := best(pings)
	if !ok {
		in.findDead(&r, pings)
		return r
	}
	r.Server, r.LatencySeconds, r.Leader = p.host, p.took.Seconds(), p.leader
	r.SetSkew(doctor.Skew(p.date, p.at))
	e := &examination{client: p.client, role: role, folder: in.folder, token: in.options.Token != "", led: p.leader != ""}
	e.run(ctx)
	e.judge(&r, cmp.Or(in.options.MaxStale, defaultMaxStale))
	findLost(&r, pings)
	if r.Leader == "" {
		r.Find(doctor.NoLeader, "the cluster has no leader: nothing can be written, and what is read may be old",
			"more than half of the servers must run and reach each other: start those that are down")
	}
	return r
}

// capabilities returns what govctl can do with a Consul in a role.
func capabilities(role doctor.Role) []string {
	if role == doctor.Registry {
		return []string{"list", "count", "watch", "register"}
	}
	return []string{"list"}
}

// ping is what one server answered first.
type ping struct {
	host   string
	client *client // of this server alone
	leader string  // the address that it takes for the leader's
	date   string
	at     time.Time // when the answer came
	took   time.Duration
	err    error
}

// best returns the first that knows a leader, else the first that answered.
func best(pings []ping) (ping, bool) {
	i := slices.IndexFunc(pings, func(p ping) bool { return p.err == nil && p.leader != "" })
	if i < 0 {
		i = slices.IndexFunc(pings, func(p ping) bool { return p.err == nil })
	}
	if i < 0 {
		return ping{}, false
	}
	return pings[i], true
}

// pingShare is the part of the time that a silent server is waited for: the rest
// is for those that speak.
const pingShare = 2

// pingAll asks each server of the URL, in the URL's order.
func (in *Inspector) pingAll(ctx context.Context) []ping {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, deadline.Sub(in.options.Now())/pingShare)
		defer cancel()
	}
	pings := make([]ping, len(in.hosts))
	var group sync.WaitGroup
	for i, host := range in.hosts {
		group.Go(func() { pings[i] = in.ping(ctx, host) })
	}
	group.Wait()
	return pings
}

// ping asks one server twice, so that the time of the second is that of an open
// connection.
func (in *Inspector) ping(ctx context.Context, host string) ping {
	p := ping{host: host, client: in.clients[host]}
	for range 2 {
		began := in.options.Now()
		p.date, p.err = p.client.tell(ctx, "/v1/status/leader", &p.leader)
		if p.err != nil {
			return p
		}
		p.at = in.options.Now()
		p.took = p.at.Sub(began)
	}
	return p
}

// maxTold bounds what a server tells of itself, in bytes: the members of a large
// cluster are a few MiB.
const maxTold = 16 << 20

// tell asks for path and decodes the answer, of maxTold at most, into v. It returns
// the answer's date. Any server may answer for itself: what is asked of the leader
// alone is held for 7 s where there is none (1.14.11).
func (c *client) tell(ctx context.Context, path string, v any) (date string, err error) {
	resp, err := c.http.Get(ctx, path, url.Values{"stale": {""}})
	if err != nil {
		return "", err
	}
	defer resp.Body.Close() //nolint:errcheck // it was only read
	err = httpx.DecodeJSON(http.MaxBytesReader(nil, resp.Body, maxTold), v)
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		err = fmt.Errorf("its answer is larger than %d MiB", maxTold>>20)
	}
	return resp.Header.Get("Date"), err
}

// findDead says why no server answered: what most are wrong with, else that they
// cannot be reached.
func (in *Inspector) findDead(r *doctor.Report, pings []ping) {
	for _, p := range pings {
		r.Members = append(r.Members, doctor.Member{Name: p.host, Address: p.host, State: "unreachable"})
	}
	if len(pings) == 1 {
		r.Members = nil
	}
	worst := pings[0]
	for _, p := range pings[1:] {
		if codeOf(worst.err) == doctor.Unreachable && codeOf(p.err) != doctor.Unreachable {
			worst = p
		}
	}
	text := make([]string, 0, len(pings))
	for _, p := range pings {
		text = append(text, p.host+": "+explain(p.err))
	}
	r.Find(codeOf(worst.err), strings.Join(text, "; "), in.options.adviser().hint(worst.err))
}

// findLost adds the servers of the URL that do not answer, as members and
// findings, where others do.
func findLost(r *doctor.Report, pings []ping) {
	for _, p := range pings {
		if p.err == nil {
			continue
		}
		r.Members = append(r.Members, doctor.Member{Name: p.host, Address: p.host, State: "unreachable"})
		r.Find(doctor.ServerLost, p.host+" does not answer: "+explain(p.err), "start it, or take it out of the URL; the others are asked meanwhile")
	}
}
