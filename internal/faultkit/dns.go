package faultkit

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
)

// DNS returns a resolver to which each of names, in lower case, has these
// addresses, and any other name does not exist. It asks nobody.
func DNS(t testing.TB, names map[string][]netip.Addr) *net.Resolver {
	return resolver(t, func(_ context.Context, conn net.Conn) {
		for {
			query, err := readMessage(conn)
			if err != nil {
				return
			}
			reply, ok := answer(query, names)
			if !ok || writeMessage(conn, reply) != nil {
				return
			}
		}
	})
}

// SilentDNS returns a resolver whose server never answers.
func SilentDNS(t testing.TB) *net.Resolver { return resolver(t, silent) }

// resolver returns a resolver whose server is talk, by the protocol of TCP.
func resolver(t testing.TB, talk func(context.Context, net.Conn)) *net.Resolver {
	k := keep(t)
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		k.run(far, talk)
		return near, nil
	}}
}

// A message of DNS over TCP has its length before it.
func readMessage(r io.Reader) ([]byte, error) {
	var length [2]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, err
	}
	message := make([]byte, binary.BigEndian.Uint16(length[:]))
	_, err := io.ReadFull(r, message)
	return message, err
}

func writeMessage(w io.Writer, message []byte) error {
	_, err := w.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(message))), message...)) //nolint:gosec // a few addresses
	return err
}

// Parts of a message, RFC 1035 §4.1.
const (
	headerSize  = 12
	typeA       = 1
	typeAAAA    = 28
	classIN     = 1
	isAnswer    = 0x8580 // with authority; recursion was asked for and is available
	noSuchName  = 3
	nameAt12    = 0xC00C // a pointer to the name in the question
	secondsGood = 1
)

// answer returns the reply to a query with one question.
func answer(query []byte, names map[string][]netip.Addr) (reply []byte, ok bool) {
	if len(query) < headerSize {
		return nil, false
	}
	name, end := question(query)
	if end+4 > len(query) {
		return nil, false
	}
	kind := binary.BigEndian.Uint16(query[end:])
	addresses, known := names[name]
	var records []byte
	count := uint16(0)
	for _, ip := range addresses {
		if ip.Is4() && kind != typeA || ip.Is6() && kind != typeAAAA {
			continue
		}
		count++
		for _, field := range []uint16{nameAt12, kind, classIN, 0, secondsGood, uint16(ip.BitLen() / 8)} { //nolint:gosec // 4 or 16
			records = binary.BigEndian.AppendUint16(records, field)
		}
		records = append(records, ip.AsSlice()...)
	}
	flags := uint16(isAnswer)
	if !known {
		flags |= noSuchName
	}
	reply = append(reply, query[:2]...) // the query's number
	for _, field := range []uint16{flags, 1, count, 0, 0} {
		reply = binary.BigEndian.AppendUint16(reply, field)
	}
	reply = append(reply, query[headerSize:end+4]...)
	return append(reply, records...), true
}

// question returns the name that is asked for, and where in the query it ends.
func question(query []byte) (name string, end int) {
	var labels []string
	at := headerSize
	for at < len(query) && query[at] != 0 {
		next := at + 1 + int(query[at])
		if next > len(query) {
			return "", len(query)
		}
		labels = append(labels, string(query[at+1:next]))
		at = next
	}
	return strings.ToLower(strings.Join(labels, ".")), at + 1
}
