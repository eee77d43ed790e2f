package safedial

import (
	"fmt"
	"net/netip"
	"strings"
)

// What DNS can carry.
const (
	maxName  = 253
	maxLabel = 63
)

// Check returns a *RefusedError unless host is an IP address without a zone or
// what may be a name, and port is one to dial. It looks at the text alone and
// asks nobody; what passes is one host and nothing else in a URL and in a header.
// The error does not repeat host, which may hold a password.
func Check(host string, port int) error {
	why := checkHost(host)
	if why == "" && (port < 1 || port > 65535) {
		why = fmt.Sprintf("port %d is not within 1 to 65535", port)
	}
	if why != "" {
		return &RefusedError{Why: why}
	}
	return nil
}

func checkHost(host string) (why string) {
	if host == "" {
		return "the host is empty"
	}
	if strings.Contains(host, "@") {
		return "the host holds credentials"
	}
	if n := len(strings.TrimSuffix(host, ".")); n > maxName {
		return fmt.Sprintf("the host is %d bytes long, and a name is at most %d", n, maxName)
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		if ip.Zone() != "" {
			return "the host names an IPv6 zone"
		}
		return ""
	}
	return checkName(host)
}

func checkName(host string) (why string) {
	if i := strings.IndexFunc(host, foreign); i >= 0 {
		return fmt.Sprintf("the host holds %q", []rune(host[i:])[0])
	}
	numbers := true
	for label := range strings.SplitSeq(strings.TrimSuffix(host, "."), ".") {
		switch {
		case label == "":
			return "the host has an empty label"
		case len(label) > maxLabel:
			return fmt.Sprintf("the host has a label of %d bytes, and %d is the most", len(label), maxLabel)
		}
		numbers = numbers && isNumber(label)
	}
	if numbers {
		return "the host is an IP address in a form that is not read"
	}
	return ""
}

// foreign tells whether no name has r in it. Names that are not ASCII are in DNS
// in another form, which is ASCII.
func foreign(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == '.':
		return false
	}
	return true
}

// isNumber tells whether some systems read label as a part of an IPv4 address:
// 169, 0251, 0xA9.
func isNumber(label string) bool {
	digits := "0123456789"
	if hex, ok := strings.CutPrefix(strings.ToLower(label), "0x"); ok {
		label, digits = hex, "0123456789abcdef"
	}
	return strings.Trim(label, digits) == ""
}
