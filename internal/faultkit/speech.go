package faultkit

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
)

// endless is what the endless send of one answer: nobody who bounds what they
// read comes so far.
const endless = 256 << 20

// Banner says text before it was asked, as SSH and SMTP do, and then reads.
func Banner(t testing.TB, text string) string {
	t.Helper()
	return Raw(t, func(conn net.Conn) {
		if send(conn, text) {
			drain(conn)
		}
	})
}

// Junk answers with 4 KiB of noise, the same every time, and hangs up.
func Junk(t testing.TB) string {
	t.Helper()
	noise := make([]byte, 4<<10)
	_, _ = rand.NewChaCha8([32]byte([]byte("always the same noise for a test"))).Read(noise) // it never fails
	return says(t, string(noise))
}

// Truncated promises a body of 100 bytes and sends 8.
func Truncated(t testing.TB) string {
	t.Helper()
	return says(t, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"+`{"a": [1`)
}

// GzipBomb answers with a body that nobody asked to be compressed and that is
// size bytes long, in whole MiB, once it is unpacked: a thousandth is sent.
func GzipBomb(t testing.TB, size int) string {
	t.Helper()
	var member bytes.Buffer
	w := gzip.NewWriter(&member)
	if _, err := w.Write(make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	body := strings.Repeat(member.String(), size>>20) // members in a row are one file
	return says(t, fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", len(body), body))
}

// EndlessHead answers with a head that does not end, or with 256 MiB of it.
func EndlessHead(t testing.TB) string {
	t.Helper()
	return repeats(t, "HTTP/1.1 200 OK\r\n", "X-More: "+strings.Repeat("a", 1<<10)+"\r\n")
}

// EndlessBody answers with a body that does not end, or with 256 MiB of it.
func EndlessBody(t testing.TB) string {
	t.Helper()
	return repeats(t, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", strings.Repeat("a", 1<<10))
}

// says reads a request, answers text whatever it was, and hangs up.
func says(t testing.TB, text string) string {
	t.Helper()
	return Raw(t, func(conn net.Conn) {
		if readHead(conn) && send(conn, text) {
			finish(conn)
		}
	})
}

// repeats reads a request and answers begin, then more again and again.
func repeats(t testing.TB, begin, more string) string {
	t.Helper()
	more = strings.Repeat(more, 32) // a write a line would be slow
	return Raw(t, func(conn net.Conn) {
		ok := readHead(conn) && send(conn, begin)
		for sent := 0; ok && sent < endless; sent += len(more) {
			ok = send(conn, more)
		}
		if ok {
			finish(conn)
		}
	})
}
