package safedial

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCheckSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	label := strings.Repeat("a", 63)
	want := map[string]string{
		"10.0.0.1": "", "0.0.0.0": "", "fd00::1": "", "::ffff:10.0.0.1": "", "api": "", "API.example.": "", "_grpc._tcp.api": "",
		"web-1": "", "1a": "", "0x1g": "", "10.0.0.1.example": "", "3com.com": "", "-a": "",
		label: "", label + "." + label + "." + label + "." + label[:61]: "",

		"":                         "the host is empty",
		"user:hush@10.0.0.1":       "the host holds credentials",
		"hush@api":                 "the host holds credentials",
		"http://u:hush@api/":       "the host holds credentials",
		"fe80::1%eth0":             "the host names an IPv6 zone",
		"::1%":                     `the host holds ':'`,
		"api%0d":                   `the host holds '%'`,
		"api\r\nX: y":              `the host holds '\r'`,
		"api\n":                    `the host holds '\n'`,
		"api\x00":                  `the host holds '\x00'`,
		" 10.0.0.1":                `the host holds ' '`,
		"api\t":                    `the host holds '\t'`,
		"\x1b[31mapi":              `the host holds '\x1b'`,
		"api/v1":                   `the host holds '/'`,
		"api?token=hush":           `the host holds '?'`,
		"api#top":                  `the host holds '#'`,
		`api\v1`:                   `the host holds '\\'`,
		"api:80":                   `the host holds ':'`,
		"[::1]":                    `the host holds '['`,
		"bücher.example":           `the host holds 'ü'`,
		"ⓐpi":                      `the host holds 'ⓐ'`,
		"api\u202e":                `the host holds '\u202e'`,
		"api\xff":                  `the host holds '�'`,
		"１０.0.0.1":                 `the host holds '１'`,
		"a..b":                     "the host has an empty label",
		".api":                     "the host has an empty label",
		".":                        "the host has an empty label",
		label + "a.b":              "the host has a label of 64 bytes, and 63 is the most",
		strings.Repeat("a.", 127):  "",
		strings.Repeat("a.", 200):  "the host is 399 bytes long, and a name is at most 253",
		strings.Repeat("a", 1<<20): "the host is 1048576 bytes long, and a name is at most 253",

		"2852039166":          "the host is an IP address in a form that is not read",
		"0xA9FEA9FE":          "the host is an IP address in a form that is not read",
		"0251.0376.0251.0376": "the host is an IP address in a form that is not read",
		"025177524776":        "the host is an IP address in a form that is not read",
		"0xa9.0xfe.0xa9.0xfe": "the host is an IP address in a form that is not read",
		"169.0xfe.43518":      "the host is an IP address in a form that is not read",
		"169.16689662.":       "the host is an IP address in a form that is not read",
		"127.1":               "the host is an IP address in a form that is not read",
		"0x":                  "the host is an IP address in a form that is not read",
		"256.1.1.1":           "the host is an IP address in a form that is not read",
	}
	got := map[string]string{}
	for host := range want {
		got[host] = why(Check(host, 80))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestCheckWantsAPortToDial(t *testing.T) {
	t.Parallel()
	want := map[int]string{
		1: "", 80: "", 65535: "",
		0:     "port 0 is not within 1 to 65535",
		-1:    "port -1 is not within 1 to 65535",
		65536: "port 65536 is not within 1 to 65535",
		99999: "port 99999 is not within 1 to 65535",
	}
	got := map[int]string{}
	for port := range want {
		got[port] = why(Check("10.0.0.1", port))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// FuzzCheck holds Check to what its callers rely on: what passes is one host and
// nothing else in a URL, and if it is an IP that is forbidden, the guard refuses
// it; what does not pass is not repeated.
func FuzzCheck(f *testing.F) {
	for text := range verdicts() {
		f.Add(text, 80)
	}
	for _, host := range []string{
		"api.example", "a..b", "0xA9FEA9FE", "2852039166", "0251.0376.0251.0376", "user:hush@api", "api\r\nX: y", "::1%25eth0", "[::1]",
		"1.2.3.4.5", "a:b", "\xff", "",
	} {
		f.Add(host, 0)
		f.Add(host, 65535)
	}
	d := New(Options{})
	f.Fuzz(func(t *testing.T, host string, port int) {
		err := Check(host, port)
		if err != nil {
			if text := why(err); strings.HasPrefix(text, "other") || strings.ContainsAny(text, "\r\n\x00\x1b") ||
				len(host) > 5 && strings.Contains(text, host) && strings.ContainsAny(host, ":@/?") {
				t.Errorf("Check(%q) = %q", host, text)
			}
			return
		}
		address := net.JoinHostPort(host, strconv.Itoa(port))
		u, err := url.Parse("http://" + address + "/")
		if err != nil || u.Host != address || u.Hostname() != host || u.User != nil || u.Path != "/" {
			t.Errorf("%q passes and is %+v, %v in a URL", host, u, err)
		}
		if ip, err := netip.ParseAddr(host); err == nil && (guard(d, host, strconv.Itoa(port)) != nil) != forbidden(ip) {
			t.Errorf("%q passes, and the guard says %v", host, guard(d, host, strconv.Itoa(port)))
		}
	})
}
