package safedial

import (
	"net/netip"
	"slices"
)

// loopback is the one reason that Options.Loopback lifts.
const loopback = "a loopback address"

// judge returns what ip is, where that is nothing to dial, or "". Private
// networks are where services live: they are dialled.
func judge(ip netip.Addr) string {
	switch {
	case ip.IsLoopback():
		return loopback
	case ip.IsUnspecified(), thisNetwork.Contains(ip):
		return "an unspecified address"
	case ip.IsLinkLocalUnicast():
		return "a link-local address"
	case ip.IsMulticast():
		return "a multicast address"
	case ip == broadcast:
		return "the broadcast address"
	case slices.Contains(metadata, ip):
		return "a cloud's metadata address"
	}
	return ""
}

var (
	thisNetwork = netip.MustParsePrefix("0.0.0.0/8") // this machine or nobody, as the system likes
	broadcast   = netip.MustParseAddr("255.255.255.255")

	// metadata are the addresses outside of the link-local networks where a cloud
	// hands credentials to whoever asks from inside.
	metadata = []netip.Addr{
		netip.MustParseAddr("100.100.100.200"),    // Alibaba
		netip.MustParseAddr("168.63.129.16"),      // Azure
		netip.MustParseAddr("192.0.0.192"),        // Oracle
		netip.MustParseAddr("fd00:ec2::254"),      // AWS, instances
		netip.MustParseAddr("fd00:ec2::23"),       // AWS, pods
		netip.MustParseAddr("fd20:ce::254"),       // Google
		netip.MustParseAddr("fd00:42::42"),        // Scaleway
		netip.MustParseAddr("fd00:a9fe:a9fe::1"),  // Linode
		netip.MustParseAddr("fd00:c1::a9fe:a9fe"), // Oracle
	}

	// carriers are the networks of IPv6 whose addresses lead to an IPv4 address
	// that stands in them, from the given byte on.
	carriers = []carrier{
		{netip.MustParsePrefix("::/96"), 12},           // IPv4-compatible
		{netip.MustParsePrefix("::ffff:0:0:0/96"), 12}, // IPv4-translated
		{netip.MustParsePrefix("64:ff9b::/96"), 12},    // NAT64
		{netip.MustParsePrefix("64:ff9b:1::/48"), 12},  // NAT64 of one's own, where it is a /96
		{netip.MustParsePrefix("2002::/16"), 2},        // 6to4
	}
)

type carrier struct {
	network netip.Prefix
	at      int
}

// carried returns the IPv4 address that ip leads to, or else ip. ip is unmapped
// and has no zone.
func carried(ip netip.Addr) netip.Addr {
	if ip.Is4() || ip == netip.IPv6Unspecified() || ip == netip.IPv6Loopback() {
		return ip
	}
	for _, c := range carriers {
		if c.network.Contains(ip) {
			b := ip.As16()
			return netip.AddrFrom4([4]byte(b[c.at:]))
		}
	}
	return ip
}
