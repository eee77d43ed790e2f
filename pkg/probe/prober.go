package probe

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"net/http/httptrace"
	"net/netip"
	"time"
)

// Prober asks targets. Its fields do not change while it is used, and it may be
// used concurrently.
type Prober struct {
	// Dial connects, and refuses with an *UnprobeableError what may not be
	// connected to. The phases dns and connect are told apart by the hooks of
	// httptrace, which net.Dialer calls.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Now is the clock: it judges certificates and measures.
	Now func() time.Time
	// Timeout bounds one attempt; above 0.
	Timeout time.Duration
	// Retries is how often a failed target is asked again.
	Retries int
	// Roots are the authorities to trust; nil for the system's.
	Roots *x509.CertPool
	// ServerName is expected in certificates; "" for the target's host.
	ServerName string
	// Insecure takes any certificate.
	Insecure bool
	// Follow lets HTTP follow up to three redirects, each one dialled anew.
	Follow bool
}

// UnprobeableError is why a target could not be asked, whatever state it is in.
type UnprobeableError struct{ Reason string }

// Error returns the reason.
func (e *UnprobeableError) Error() string { return e.Reason }

// LocalError is trouble of this machine's own: too many open files, no free port.
// It says nothing of the target, and may pass.
type LocalError struct{ Reason string }

// Error returns the reason.
func (e *LocalError) Error() string { return e.Reason }

// retryPause is the time between two attempts.
const retryPause = 100 * time.Millisecond

// Probe asks t, and again where it failed and Retries are left. The error is a
// *LocalError, or that of ctx where that ended first; the Result then says
// nothing.
func (p *Prober) Probe(ctx context.Context, t *Target) (Result, error) {
	for attempt := 1; ; attempt++ {
		r, err := p.attempt(ctx, t)
		r.Attempts = attempt
		if err != nil || r.Outcome != Failed || attempt > p.Retries {
			return r, err
		}
		timer := time.NewTimer(retryPause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return r, nil // an answer is there
		}
	}
}

// attempt asks t once.
func (p *Prober) attempt(ctx context.Context, t *Target) (Result, error) {
	limited, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	short := isShort(ctx, p.Timeout)
	a := &attempt{prober: p, target: t, started: p.Now()}
	defer a.close()
	reason, err := a.ask(limited)
	latency := p.since(a.started)
	if err == nil {
		a.result.LatencySeconds = latency
		a.result.Outcome, a.result.Reason = OK, reason
		return a.result, nil
	}
	if local := localTrouble(err); local != nil {
		return Result{}, local
	}
	if a.wantsClient(err) {
		err = errAsksForClient
	}
	if ctx.Err() != nil {
		return Result{}, ctx.Err()
	}
	if short && isTimeout(err) {
		return Result{}, context.DeadlineExceeded // that of ctx, which may be told a moment later
	}
	f := explain(err, limited.Err() != nil, a.phase, p.Timeout)
	a.result.Outcome, a.result.Phase, a.result.Reason = f.outcome, f.phase, f.reason
	if f.phase == Handshake || f.phase == Status {
		a.result.LatencySeconds = latency // it answered, and not well
	}
	return a.result, nil
}

// isShort reports whether ctx ends before d has passed.
func isShort(ctx context.Context, d time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return ok && time.Until(deadline) < d //nolint:forbidigo // contexts live by the process's clock
}

// since returns the seconds since t, never below 0: clocks jump.
func (p *Prober) since(t time.Time) float64 { return max(0, p.Now().Sub(t).Seconds()) }

// attempt is one attempt at one target.
type attempt struct {
	prober  *Prober
	target  *Target
	started time.Time
	phase   Phase // the one under way
	asked   bool  // for a certificate of ours
	result  Result
	conns   []net.Conn // to close at the end
}

// close closes every connection: the last thing that happens to it.
func (a *attempt) close() {
	for _, c := range a.conns {
		_ = c.Close() // nothing was promised
	}
}

// ask does what the target's kind asks for, and returns what is well about it.
func (a *attempt) ask(ctx context.Context) (string, error) {
	address := a.target.hostPort()
	conn, err := a.connect(ctx, address)
	if err != nil {
		return "", err
	}
	switch a.target.Spec.Kind {
	case HTTP, HTTPS:
		return a.askHTTP(ctx, conn, address)
	case GRPC, GRPCS:
		return a.askGRPC(ctx, conn, address)
	case TLS:
		return validFor(a.result.Certificate), nil
	case TCP:
		return "connected", nil
	default:
		return "", &UnprobeableError{fmt.Sprintf("no such kind of probe: %q", a.target.Spec.Kind)}
	}
}

// connect dials address and, where the kind wants it, shakes hands. What is read
// or written later ends with ctx, too.
func (a *attempt) connect(ctx context.Context, address string) (net.Conn, error) {
	conn, err := a.dial(ctx, address)
	if err != nil {
		return nil, err
	}
	a.conns = append(a.conns, conn)
	context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) }) // long ago
	if !a.target.Spec.Kind.secure() {
		return conn, nil
	}
	return a.handshake(ctx, conn, address)
}

// dial connects to address, and takes the times of its phases.
func (a *attempt) dial(ctx context.Context, address string) (net.Conn, error) {
	p, begun := a.prober, a.prober.Now()
	a.phase = Connect
	if !isIP(a.target.Host) {
		a.phase = DNS
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
			DNSDone: func(i httptrace.DNSDoneInfo) {
				if i.Err == nil {
					a.phase = Connect
				}
				a.result.Times.DNSSeconds, begun = p.since(begun), p.Now()
			},
		})
	}
	conn, err := p.Dial(ctx, "tcp", address)
	if a.phase == Connect {
		a.result.Times.ConnectSeconds = p.since(begun)
	}
	return conn, err
}

func isIP(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}
