package safedial

import (
	"bytes"
	"maps"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// verdicts is what is refused, and what is not, of each kind and spelling that
// parses as an IP.
func verdicts() map[string]string {
	return map[string]string{
		"0.0.0.0": "0.0.0.0 is an unspecified address",
		"0.1.2.3": "0.1.2.3 is an unspecified address",
		"::":      ":: is an unspecified address",
		"0::0":    ":: is an unspecified address",
		"::%eth0": ":: is an unspecified address",

		"127.0.0.1":        "127.0.0.1 is a loopback address",
		"127.255.255.254":  "127.255.255.254 is a loopback address",
		"::1":              "::1 is a loopback address",
		"0:0:0:0:0:0:0:1":  "::1 is a loopback address",
		"::ffff:127.0.0.1": "127.0.0.1 is a loopback address",
		"::ffff:7f00:1":    "127.0.0.1 is a loopback address",
		"::127.0.0.1":      "::7f00:1 is a loopback address",
		"64:ff9b::7f00:1":  "64:ff9b::7f00:1 is a loopback address",
		"2002:7f00:1::":    "2002:7f00:1:: is a loopback address",

		"169.254.169.254":          "169.254.169.254 is a link-local address",
		"169.254.0.0":              "169.254.0.0 is a link-local address",
		"::ffff:169.254.169.254":   "169.254.169.254 is a link-local address",
		"::FFFF:A9FE:A9FE":         "169.254.169.254 is a link-local address",
		"::ffff:169.254.169.254%1": "169.254.169.254 is a link-local address",
		"::a9fe:a9fe":              "::a9fe:a9fe is a link-local address",
		"::ffff:0:169.254.169.254": "::ffff:0:a9fe:a9fe is a link-local address",
		"64:ff9b::169.254.169.254": "64:ff9b::a9fe:a9fe is a link-local address",
		"64:ff9b:1::a9fe:a9fe":     "64:ff9b:1::a9fe:a9fe is a link-local address",
		"2002:a9fe:a9fe::1":        "2002:a9fe:a9fe::1 is a link-local address",
		"fe80::1":                  "fe80::1 is a link-local address",
		"fe80::a9fe:a9fe%eth0":     "fe80::a9fe:a9fe is a link-local address",
		"febf:ffff::1":             "febf:ffff::1 is a link-local address",

		"224.0.0.1":              "224.0.0.1 is a multicast address",
		"239.255.255.250":        "239.255.255.250 is a multicast address",
		"ff02::1":                "ff02::1 is a multicast address",
		"2002:e000:1::":          "2002:e000:1:: is a multicast address",
		"255.255.255.255":        "255.255.255.255 is the broadcast address",
		"64:ff9b::ffff:ffff":     "64:ff9b::ffff:ffff is the broadcast address",
		"100.100.100.200":        "100.100.100.200 is a cloud's metadata address",
		"::ffff:100.100.100.200": "100.100.100.200 is a cloud's metadata address",
		"64:ff9b::a83f:8110":     "64:ff9b::a83f:8110 is a cloud's metadata address",
		"168.63.129.16":          "168.63.129.16 is a cloud's metadata address",
		"192.0.0.192":            "192.0.0.192 is a cloud's metadata address",
		"fd00:ec2::254":          "fd00:ec2::254 is a cloud's metadata address",
		"fd00:0ec2:0:0::0254":    "fd00:ec2::254 is a cloud's metadata address",
		"fd00:ec2::254%eth0":     "fd00:ec2::254 is a cloud's metadata address",
		"fd00:ec2::23":           "fd00:ec2::23 is a cloud's metadata address",
		"fd20:ce::254":           "fd20:ce::254 is a cloud's metadata address",
		"fd00:42::42":            "fd00:42::42 is a cloud's metadata address",
		"fd00:a9fe:a9fe::1":      "fd00:a9fe:a9fe::1 is a cloud's metadata address",
		"fd00:c1::a9fe:a9fe":     "fd00:c1::a9fe:a9fe is a cloud's metadata address",

		// Where services live.
		"10.0.0.1": "", "172.16.0.1": "", "192.168.1.1": "", "100.64.0.1": "", "100.100.100.201": "",
		"fc00::1": "", "fd00:ec2::255": "", "fd00::1%eth0": "", "8.8.8.8": "", "2606:4700::1111": "",
		"169.253.255.255": "", "169.255.0.0": "", "126.255.255.255": "", "128.0.0.1": "", "1.0.0.0": "",
		"240.0.0.1": "", "255.255.255.254": "", "223.255.255.255": "", "fec0::1": "", "::ffff:10.0.0.1": "",
		"64:ff9b::10.0.0.1": "", "2002:a00:1::1": "", "64:ff9c::7f00:1": "", "2003:7f00:1::": "",
	}
}

func TestTheGuardKnowsEveryKindAndSpelling(t *testing.T) {
	t.Parallel()
	got := map[string]string{}
	for ip := range verdicts() {
		got[ip] = why(guard(New(Options{}), ip, "80"))
	}
	if diff := cmp.Diff(verdicts(), got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestLoopbackLiftsNoOtherRule(t *testing.T) {
	t.Parallel()
	want, got := verdicts(), map[string]string{}
	for ip, text := range want {
		if bytes.HasSuffix([]byte(text), []byte("is a loopback address")) {
			want[ip] = ""
		}
		got[ip] = why(guard(New(Options{Loopback: true}), ip, "80"))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestAllowedNetworksAreDialledInSpiteOfTheRules(t *testing.T) {
	t.Parallel()
	for network, want := range map[string]map[string]string{
		"169.254.0.0/16": {
			"169.254.169.254": "", "::ffff:169.254.1.1": "", "64:ff9b::a9fe:1": "",
			"127.0.0.1": "127.0.0.1 is a loopback address", "fe80::1": "fe80::1 is a link-local address",
		},
		"169.254.7.9/16":          {"169.254.169.254": ""},
		"::ffff:169.254.10.0/120": {"169.254.10.7": "", "169.254.11.7": "169.254.11.7 is a link-local address"},
		"64:ff9b::/96":            {"64:ff9b::a9fe:1": "", "169.254.0.1": "169.254.0.1 is a link-local address"},
		"fe80::/10":               {"fe80::1%eth0": "", "169.254.0.1": "169.254.0.1 is a link-local address"},
		"127.0.0.2/32":            {"127.0.0.2": "", "127.0.0.1": "127.0.0.1 is a loopback address", "::1": "::1 is a loopback address"},
		"::/0":                    {"::1": "", "127.0.0.1": "127.0.0.1 is a loopback address"},
		"100.100.100.200/32":      {"100.100.100.200": ""},
	} {
		d := New(Options{Allow: []netip.Prefix{{}, netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix(network)}})
		got := maps.Clone(want)
		for ip := range got {
			got[ip] = why(guard(d, ip, "80"))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", network, diff)
		}
	}
}

func TestTheGuardRefusesWhatIsNoIP(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "here:80", "0xA9FEA9FE:80", "10.0.0.1", "[fe80::1", "/run/a.sock"} {
		err := New(Options{Loopback: true}).control(t.Context(), "tcp", address, nil)
		if why(err) != "what would be dialled is not an IP address" {
			t.Errorf("%q: %v", address, err)
		}
	}
}

// forbidden is judge once more, by the bytes of the documents: the IPv4 address
// that an IPv6 address carries, then its kind.
func forbidden(ip netip.Addr) bool {
	b := ip.As16()
	has := func(text string) bool { return bytes.HasPrefix(b[:], []byte(text)) }
	v4 := b[12:]
	switch {
	case has("\x20\x02"):
		v4 = b[2:6]
	case has("\x00\x64\xff\x9b\x00\x01"), has("\x00\x64\xff\x9b\x00\x00\x00\x00\x00\x00\x00\x00"):
	case has("\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff"), has("\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x00\x00"):
	case has("\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"): // and with it :: and ::1, which are 0/8
	default:
		cloud := []string{"fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254", "fd00:42::42", "fd00:a9fe:a9fe::1", "fd00:c1::a9fe:a9fe"}
		for _, c := range cloud {
			if netip.MustParseAddr(c).As16() == b {
				return true
			}
		}
		return b[0] == 0xff || b[0] == 0xfe && b[1]&0xc0 == 0x80
	}
	switch [4]byte(v4) {
	case [4]byte{100, 100, 100, 200}, [4]byte{168, 63, 129, 16}, [4]byte{192, 0, 0, 192}, [4]byte{255, 255, 255, 255}:
		return true
	}
	return v4[0] == 0 || v4[0] == 127 || v4[0] == 169 && v4[1] == 254 || v4[0] >= 224 && v4[0] < 240
}

// FuzzTheGuard holds the guard to forbidden, for every address in every form.
func FuzzTheGuard(f *testing.F) {
	for text := range verdicts() {
		f.Add(netip.MustParseAddr(text).AsSlice())
	}
	d := New(Options{})
	f.Fuzz(func(t *testing.T, b []byte) {
		ip, ok := netip.AddrFromSlice(b)
		if !ok {
			return
		}
		spellings := []string{ip.String(), ip.StringExpanded(), netip.AddrFrom16(ip.As16()).String()}
		if ip.Is6() {
			spellings = append(spellings, ip.WithZone("eth0").String())
		}
		for _, text := range spellings {
			if got := guard(d, text, "80"); (got != nil) != forbidden(ip) {
				t.Errorf("%s is refused: %v; want %v", text, got, forbidden(ip))
			}
		}
	})
}
