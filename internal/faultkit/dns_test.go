package faultkit

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"
)

func TestDNSKnowsItsNamesAndNoOthers(t *testing.T) {
	t.Parallel()
	want := []netip.Addr{netip.MustParseAddr("10.1.2.3"), netip.MustParseAddr("10.1.2.4"), netip.MustParseAddr("fd00::1")}
	r := DNS(t, map[string][]netip.Addr{"api.example": want})
	got, err := r.LookupNetIP(soon(t), "ip", "API.example")
	if slices.SortFunc(got, netip.Addr.Compare); err != nil || !slices.Equal(got, want) {
		t.Errorf("api.example is %v, %v; want %v", got, err, want)
	}
	got, err = r.LookupNetIP(soon(t), "ip", "other.example")
	if dns, ok := errors.AsType[*net.DNSError](err); !ok || !dns.IsNotFound {
		t.Errorf("other.example is %v, %v; want that there is none", got, err)
	}
}

func TestSilentDNSLetsAContextEnd(t *testing.T) {
	t.Parallel()
	ctx := within(t, 50*time.Millisecond)
	got, err := SilentDNS(t).LookupNetIP(ctx, "ip", "api.example")
	if dns, ok := errors.AsType[*net.DNSError](err); !ok || !dns.IsTimeout || !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		t.Errorf("api.example is %v, %v; want a timeout", got, err)
	}
}

func TestAQueryThatIsNoneIsNotAnswered(t *testing.T) {
	t.Parallel()
	for _, query := range []string{"", "short", "0123456789ab", "0123456789ab\x05a", "0123456789ab\x01a\x00\x00\x01"} {
		if reply, ok := answer([]byte(query), nil); ok {
			t.Errorf("answer(%q) = %q", query, reply)
		}
	}
}
