package cmd

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"govctl/internal/httpx"
	"govctl/internal/safedial"
	"govctl/pkg/probe"
	"govctl/pkg/registry"
)

// probeFlags say how instances are asked.
type probeFlags struct {
	kind, status, body string
	timeout            time.Duration
	retries            int
	concurrency        int
	slow               time.Duration
	follow             bool
	insecure           bool
	caFile, serverName string
	allow              []string
}

func (f *probeFlags) add(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&f.kind, "kind", "", "ask all alike: `KIND` is tcp, http:/PATH, https:/PATH, grpc:SERVICE, grpcs:SERVICE or tls")
	flags.StringVar(&f.status, "status", "", "the HTTP `STATUSES` that are well (default 200-399, below 500 where no path is known)")
	flags.StringVar(&f.body, "body", "", "`TEXT` that an HTTP answer must have")
	flags.DurationVar(&f.timeout, "probe-timeout", 2*time.Second, "`TIME` that one instance has to answer")
	flags.IntVar(&f.retries, "retries", 0, "ask a failed instance `N` more times")
	flags.IntVar(&f.concurrency, "concurrency", probe.DefaultConcurrency, "ask at most `N` instances at once, hanging ones included")
	flags.DurationVar(&f.slow, "slow", 500*time.Millisecond, "mark answers that take longer than `TIME`")
	flags.BoolVar(&f.follow, "follow", false, "follow up to three HTTP redirects")
	flags.BoolVar(&f.insecure, "insecure", false, "do not verify certificates")
	flags.StringVar(&f.caFile, "tls-ca", "", "trust the authorities in `FILE` (PEM) and no others")
	flags.StringVar(&f.serverName, "tls-server-name", "", "`NAME` that certificates must have, instead of the address")
	flags.StringSliceVar(&f.allow, "allow-cidr", nil, "connect to addresses in `CIDR` that are refused otherwise: link-local, metadata, loopback")
	kinds := make([]string, 0, len(probe.Kinds()))
	for _, k := range probe.Kinds() {
		kinds = append(kinds, string(k))
	}
	_ = c.RegisterFlagCompletionFunc("kind", cobra.FixedCompletions(kinds, cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveNoSpace)) // the flag exists
}

// probing is how the instances of one registry are asked.
type probing struct {
	prober      *probe.Prober
	concurrency int
	slow        time.Duration
	// fixed is asked of all, where given.
	fixed *probe.Spec
	// statuses and body are what the user wants of HTTP.
	statuses probe.Statuses
	body     string
}

// check refuses values that no probe can have. Nothing is opened.
func (f *probeFlags) check() (*probing, []netip.Prefix, error) {
	p := &probing{concurrency: f.concurrency, slow: f.slow, body: f.body}
	switch {
	case f.timeout <= 0:
		return nil, nil, usagef("--probe-timeout %s: it is a time above 0", f.timeout)
	case f.retries < 0:
		return nil, nil, usagef("--retries %d: it is a number, 0 for none", f.retries)
	case f.concurrency < 1:
		return nil, nil, usagef("--concurrency %d: it is a number above 0", f.concurrency)
	}
	if f.kind != "" {
		spec, err := probe.ParseSpec(f.kind)
		if err != nil {
			return nil, nil, withHint(usagef("--kind: %w", err), kindHint(f.kind))
		}
		spec.Why = "--kind"
		p.fixed = &spec
	}
	if f.status != "" {
		statuses, err := probe.ParseStatuses(f.status)
		if err != nil {
			return nil, nil, withHint(usagef("--status: %w", err), "write it like 200-299,401")
		}
		p.statuses = statuses
	}
	allowed, err := prefixes(f.allow)
	return p, allowed, err
}

func kindHint(text string) string {
	name, _, _ := strings.Cut(text, ":")
	var kinds []string
	for _, k := range probe.Kinds() {
		kinds = append(kinds, string(k))
	}
	if slices.Contains(kinds, name) {
		name = "" // it is what follows that is wrong
	}
	return didYouMean(name, kinds, "write it like tcp, http:/healthz, https:/healthz, grpc, grpc:SERVICE, grpcs or tls")
}

func prefixes(texts []string) ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, text := range texts {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, withHint(usagef("--allow-cidr %q: not a network", text), "write it like 169.254.0.0/16, or 10.1.2.3/32 for one address")
		}
		all = append(all, p)
	}
	return all, nil
}

// probing returns how the instances of src are asked.
func (a *app) probing(ctx context.Context, f *probeFlags, src source) (*probing, error) {
	p, allowed, err := f.check()
	if err != nil {
		return nil, err
	}
	var roots *x509.CertPool
	if f.caFile != "" {
		config, err := httpx.TLSConfig(httpx.TLSFiles{CA: f.caFile})
		if err != nil {
			return nil, usageError{err}
		}
		roots = config.RootCAs
	}
	if f.insecure {
		a.notices.add(registry.Notice{Text: "certificates are not verified (--insecure): anybody may have answered"})
	}
	dialer := safedial.New(safedial.Options{Allow: allowed, Loopback: src.here(ctx)})
	p.prober = &probe.Prober{
		Dial: guarded(dialer), Now: a.Now, Timeout: f.timeout, Retries: f.retries,
		Roots: roots, ServerName: f.serverName, Insecure: f.insecure, Follow: f.follow,
	}
	return p, nil
}

// here reports whether the registry is on this machine, where loopback means the
// same to it and to us.
func (s *source) here(ctx context.Context) bool {
	for host := range strings.SplitSeq(s.hosts, ",") {
		name, _, err := net.SplitHostPort(host)
		if err != nil {
			name = host
		}
		if safedial.IsThisMachine(ctx, name) {
			return true
		}
	}
	return false
}

// guarded makes of d what a Prober dials with: what it refuses cannot be asked.
func guarded(d *safedial.Dialer) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := d.DialContext(ctx, network, address)
		if refused, ok := errors.AsType[*safedial.RefusedError](err); ok {
			return nil, &probe.UnprobeableError{Reason: refused.Error()}
		}
		return conn, err
	}
}

// spec returns how in is asked.
func (p *probing) spec(in *registry.Instance) probe.Spec {
	s := probe.Choose(in)
	if p.fixed != nil {
		s = *p.fixed
	}
	s.Statuses, s.Body = p.statuses, p.body
	return s
}

// targets returns whom to ask, for each instance.
func (p *probing) targets(instances []registry.Instance) []probe.Target {
	targets := make([]probe.Target, len(instances))
	for i := range instances {
		in := &instances[i]
		targets[i] = probe.Target{Host: in.Address, Port: in.Port, Spec: p.spec(in)}
	}
	return targets
}

// perInstance is what each instance adds to the time that a round of probes has:
// ten times what one takes on two cores.
const perInstance = time.Millisecond

// within returns a context for one round of n probes: the time of one that
// fails, --timeout for what holds all of them up, and perInstance for each.
func (p *probing) within(ctx context.Context, n int, timeout time.Duration) (context.Context, context.CancelFunc) {
	one := time.Duration(p.prober.Retries+1) * p.prober.Timeout
	return context.WithTimeout(ctx, one+timeout+time.Duration(n)*perInstance)
}

// during returns a context that is canceled after d, never for 0: what is cut off
// then is no answer, as with an interrupt.
func during(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	if d == 0 {
		return ctx, cancel
	}
	timer := time.AfterFunc(d, cancel)
	return ctx, func() {
		timer.Stop()
		cancel()
	}
}

// observe puts together what is known of in and what came of asking it.
func (p *probing) observe(in *registry.Instance, t *probe.Target, r probe.Result) probe.Observation {
	return probe.Observe(in, t.Spec, r, p.slow.Seconds())
}

// probeText is the spec as --explain shows it.
func probeText(s *probe.Spec) string {
	text := s.String()
	if s.AnyAnswer {
		text += " (any answer)"
	}
	if len(s.Statuses) > 0 {
		text += fmt.Sprintf(" status %s", s.Statuses)
	}
	return text
}
