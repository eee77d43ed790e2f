package safedial

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// IsThisMachine tells whether host, which the user named, is the machine that we
// run on: a loopback address, an address of one of its interfaces, or a name of
// either; the path of a socket or folder; or nothing. It is what decides on
// Options.Loopback: what a registry on another machine calls 127.0.0.1 is not
// here. A name that is not found is elsewhere.
func IsThisMachine(ctx context.Context, host string) bool {
	own, err := net.InterfaceAddrs()
	if err != nil {
		own = nil // loopback is still known
	}
	return isThisMachine(ctx, net.DefaultResolver, own, host)
}

func isThisMachine(ctx context.Context, r *net.Resolver, own []net.Addr, host string) bool {
	host = strings.TrimSuffix(strings.Trim(host, "[]"), ".")
	name := strings.ToLower(host)
	if host == "" || strings.Contains(host, "/") || name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return isOwn(own, ip)
	}
	ips, err := r.LookupNetIP(ctx, "ip", host)
	return err == nil && slices.ContainsFunc(ips, func(ip netip.Addr) bool { return isOwn(own, ip) })
}

// isOwn tells whether whoever dials ip comes to this machine.
func isOwn(own []net.Addr, ip netip.Addr) bool {
	ip = ip.Unmap()
	return ip.IsLoopback() || ip.IsUnspecified() || slices.ContainsFunc(own, func(a net.Addr) bool {
		n, ok := a.(*net.IPNet)
		return ok && n.IP.Equal(ip.AsSlice())
	})
}
