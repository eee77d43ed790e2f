// Package safedial dials addresses that strangers named. Whoever may register
// in a registry chooses what govctl connects to, and a registry refuses hardly
// anything: 169.254.169.254 is an address to it, and 99999 a port. What is
// written is checked first; then the IP that is about to be dialled is judged,
// after DNS, so that neither a spelling nor a name of its own leads around it.
package safedial

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// backstop bounds an attempt whose context has no end.
const backstop = 30 * time.Second

// Options say what is dialled beside ordinary addresses.
type Options struct {
	// Allow are networks that are dialled in spite of the rules. An address that
	// carries an IPv4 address is allowed by a network of either.
	Allow []netip.Prefix
	// Loopback lets addresses of this machine be dialled: the registry that named
	// them runs here itself.
	Loopback bool
	// Resolver finds the addresses of a name; nil is the system's.
	Resolver *net.Resolver
	// Timeout bounds an attempt whose context ends later; 0 is 30 seconds.
	Timeout time.Duration
}

// Dialer dials what strangers named. It is safe for concurrent use.
type Dialer struct {
	dialer   net.Dialer
	allow    []netip.Prefix
	loopback bool
}

// New returns a Dialer.
func New(o Options) *Dialer {
	d := &Dialer{allow: plain(o.Allow), loopback: o.Loopback}
	if o.Timeout <= 0 {
		o.Timeout = backstop
	}
	d.dialer = net.Dialer{Timeout: o.Timeout, Resolver: o.Resolver, ControlContext: d.control}
	return d
}

// DialContext connects to address, which is host:port with a port in digits,
// over tcp, tcp4 or tcp6. Of a name's addresses it tries those that it may. What
// it refuses is a *RefusedError within a *net.OpError. An IP is not looked up;
// hooks of net/http/httptrace in ctx are called as by a net.Dialer.
func (d *Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if err := checkAddress(network, address); err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	return d.dialer.DialContext(ctx, network, address)
}

// checkAddress is Check for what a dial function is given. Its errors do not
// repeat address, which may hold a password.
func checkAddress(network, address string) error {
	switch network {
	case "tcp", "tcp4", "tcp6":
	default:
		return &RefusedError{Why: "the network is not tcp"}
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return &RefusedError{Why: "the address is not host:port"}
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return &RefusedError{Why: "the port is not a number from 1 to 65535"}
	}
	return Check(host, int(number))
}

// control is called with each address before it is connected to. It is where the
// Dialer guards; all that comes before is courtesy.
func (d *Dialer) control(_ context.Context, _, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return &RefusedError{Why: "what would be dialled is not an IP address"}
	}
	ip := to.Addr().Unmap().WithZone("") // a prefix contains no address with a zone
	inner := carried(ip)
	why := judge(inner)
	switch {
	case why == "", why == loopback && d.loopback, d.allows(ip), d.allows(inner):
		return nil
	}
	return &RefusedError{Address: ip.String(), Why: why}
}

func (d *Dialer) allows(ip netip.Addr) bool {
	return slices.ContainsFunc(d.allow, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// plain returns networks in the form that control compares: those of IPv4
// addresses in IPv6 form as networks of IPv4.
func plain(networks []netip.Prefix) []netip.Prefix {
	all := make([]netip.Prefix, 0, len(networks))
	for _, p := range networks {
		if p.Addr().Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
		all = append(all, p)
	}
	return all
}

// RefusedError tells that an address is not dialled, by rule. Its text is one
// line of ours and of an IP: it holds nothing else that a stranger wrote.
type RefusedError struct {
	Address string // the IP; empty where the text was refused before it came to one
	Why     string // what the Address is, "a link-local address"; or the whole reason
}

// Error implements error.
func (e *RefusedError) Error() string {
	if e.Address == "" {
		return e.Why
	}
	return e.Address + " is " + e.Why
}
