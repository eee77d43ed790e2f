package consul

import (
	"cmp"
	"strings"
)

// maxTarget is the longest target that is believed to be one, in bytes.
const maxTarget = 2048

// target returns what c asks, "" where Consul does not say so.
func (c *check) target() string {
	target := ""
	switch c.Type {
	case "http":
		target = cmp.Or(c.Definition.HTTP, askedHTTP(c.words()))
	case "tcp":
		target = cmp.Or(c.Definition.TCP, askedTCP(c.words()))
	case "grpc":
		target = cmp.Or(c.Definition.GRPC, askedGRPC(c.words()))
	}
	if len(target) > maxTarget {
		return ""
	}
	return target
}

// words returns those that the output begins with, at least three.
func (c *check) words() []string {
	words := strings.Fields(c.Output[:min(len(c.Output), 2*maxTarget)])
	return append(words, "", "", "")
}

// askedHTTP reads `HTTP GET URL: 200 OK Output: …` and `Get "URL": WHY NOT`.
func askedHTTP(w []string) string {
	if quoted, ok := strings.CutPrefix(w[1], `"`); ok {
		return strings.TrimSuffix(beforeColon(quoted), `"`)
	}
	if w[0] != "HTTP" {
		return ""
	}
	return beforeColon(w[2])
}

// askedTCP reads `TCP connect HOST:PORT: Success` and `dial tcp HOST:PORT: WHY
// NOT`. Where the host could not be resolved, the port is not said.
func askedTCP(w []string) string {
	if w[0] == "TCP" && w[1] == "connect" || w[0] == "dial" && w[1] == "tcp" {
		return beforeColon(w[2])
	}
	return ""
}

// askedGRPC reads `gRPC check HOST:PORT/SERVICE: success` and `gRPC
// HOST:PORT/SERVICE serving status: NOT_SERVING`. Where the server could not be
// reached, the service is not said.
func askedGRPC(w []string) string {
	switch {
	case w[0] != "gRPC":
		return ""
	case w[1] == "check":
		return beforeColon(w[2])
	case w[2] == "serving":
		return w[1]
	}
	return ""
}

// beforeColon returns word without the colon that ends it, "" where none does.
func beforeColon(word string) string {
	target, ok := strings.CutSuffix(word, ":")
	if !ok {
		return ""
	}
	return target
}
