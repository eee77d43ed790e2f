package safedial

import (
	"net"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestThisMachineIsKnownByEveryNameOfIts(t *testing.T) {
	t.Parallel()
	own := []net.Addr{
		&net.IPNet{IP: net.IPv4(192, 168, 7, 8), Mask: net.CIDRMask(24, 32)},
		&net.IPNet{IP: net.ParseIP("fe80::7"), Mask: net.CIDRMask(64, 128)},
		&net.UnixAddr{Name: "192.168.7.9"},
	}
	r := at(t, "home.example", "10.0.0.1", "192.168.7.8")
	far := at(t, "far.example", "10.0.0.1")
	want := map[string]bool{
		"": true, "/run/consul.sock": true, "unix:///run/consul.sock": true,
		"localhost": true, "LocalHost.": true, "consul.localhost": true, "127.0.0.1": true, "127.9.9.9": true, "::1": true, "[::1]": true,
		"::ffff:127.0.0.1": true, "0.0.0.0": true, "::": true, "::ffff:0.0.0.0": true,
		"192.168.7.8": true, "::ffff:192.168.7.8": true, "fe80::7%eth0": true, "home.example": true, "home.example.": true,
		"192.168.7.9": false, "fe80::8": false, "10.0.0.1": false, "localhost.example": false, "nowhere.example": false,
	}
	got := map[string]bool{}
	for host := range want {
		got[host] = isThisMachine(soon(t), r, own, host)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if isThisMachine(soon(t), far, own, "far.example") {
		t.Error("far.example is here")
	}
}

func TestTheInterfacesOfThisMachineAreFound(t *testing.T) {
	t.Parallel()
	all, err := net.InterfaceAddrs()
	if err != nil || len(all) == 0 {
		t.Fatal(all, err)
	}
	for _, a := range all {
		if n, ok := a.(*net.IPNet); ok && !IsThisMachine(soon(t), n.IP.String()) {
			t.Errorf("%v is elsewhere", n.IP)
		}
	}
	if IsThisMachine(soon(t), "203.0.113.7") {
		t.Error("203.0.113.7 is here")
	}
}
