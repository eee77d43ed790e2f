package consul

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"unicode"

	"govctl/internal/httpx"
	"govctl/pkg/doctor"
)

const (
	textRefused = `the token is not known here, or has expired ("ACL not found")`
	hintRefused = "get a new token; `govctl env show` says where it is read from"
	hintPorts   = "Consul's HTTP port is 8500 by default, 8501 with TLS"
)

// explain says why a question ended with err: in plainer words than Consul's own
// where we know what those mean.
func explain(err error) string {
	status, answered := errors.AsType[*httpx.StatusError](err)
	if !answered {
		return err.Error()
	}
	_, reason, enterprise := strings.Cut(status.Text, " - ")
	switch {
	case codeOfStatus(status) == doctor.Refused:
		return textRefused
	case enterprise && strings.HasPrefix(status.Text, "Invalid query parameter") && reason != "":
		runes := []rune(reason)
		runes[0] = unicode.ToLower(runes[0])
		return string(runes)
	}
	return err.Error()
}

// adviser says what to do about an error, to somebody who asked as it says.
type adviser struct {
	secure      bool // TLS was spoken
	variables   bool // Consul's own variables count, rather than govctl.yaml
	token       bool // one was sent
	certificate bool // one of ours was shown
}

// hint says what to do where a question ended with err; "" where nobody knows.
func (a adviser) hint(err error) string {
	switch {
	case errors.Is(err, httpx.ErrTooLarge):
		return "--max-body SIZE allows for larger answers"
	case errors.Is(err, httpx.ErrRedirect):
		return "name Consul itself in the URL, or the server that this one leads to"
	}
	switch codeOf(err) { //nolint:exhaustive // the others are found otherwise, or need no hint
	case doctor.Unreachable:
		return hintUnreachable(err)
	case doctor.TLSMismatch:
		return a.hintTLS(err.Error())
	case doctor.WrongServer:
		return otherPort(err, "is this Consul's HTTP port? by default it is 8500, 8501 with TLS")
	case doctor.Refused:
		return hintRefused
	case doctor.Denied:
		return a.hintDenied(err)
	case doctor.NotThere:
		return hintNotThere(err)
	case doctor.NoLeader:
		return "more than half of the servers must run and reach each other; `govctl doctor` shows them"
	}
	return ""
}

func hintUnreachable(err error) string {
	status, answered := errors.AsType[*httpx.StatusError](err)
	switch {
	case answered && status.Status == http.StatusTooManyRequests:
		return "it is asked too much: try again later"
	case answered:
		return "Consul is not well, or a proxy before it does not reach it: their logs tell"
	case strings.Contains(err.Error(), "no such host"):
		return "is the name right, and does this machine's DNS know it?"
	}
	return otherPort(err, "is it running, and is this its address? "+hintPorts)
}

// otherPort tells what the port is for that was asked, where it is one of those
// that Consul has beside that of HTTP; else it returns hint.
func otherPort(err error, hint string) string {
	server := ""
	if e, ok := errors.AsType[*httpx.Error](err); ok {
		server = e.Server
	}
	_, port, _ := net.SplitHostPort(server) // "" where several were asked
	use := map[string]string{
		"8300": "what servers say to each other", "8301": "gossip", "8302": "gossip",
		"8502": "gRPC", "8503": "gRPC", "8600": "DNS",
	}[port]
	if use == "" {
		return hint
	}
	return fmt.Sprintf("port %s is for %s by default; %s", port, use, hintPorts)
}

func (a adviser) hintDenied(err error) string {
	status, _ := errors.AsType[*httpx.StatusError](err)
	switch {
	case status != nil && status.Status == http.StatusUnauthorized:
		return "something before Consul wants to know who asks: name Consul itself in the URL"
	case a.token:
		return "give it a token that may do more; `govctl doctor` says what its policy needs"
	}
	return a.hintToken()
}

// hintToken says to somebody who sends no token how to send one.
func (a adviser) hintToken() string {
	if a.variables {
		return "set CONSUL_HTTP_TOKEN to a token that may read this"
	}
	return "name a token that may read this in `auth: {token: {env: NAME}}` beside the URL in govctl.yaml"
}

func hintNotThere(err error) string {
	if strings.Contains(err.Error(), "Enterprise") {
		return "this Consul has neither namespaces nor partitions: leave out -n, and ns and partition in the URL"
	}
	return "name a datacenter that is there, by --dc or by dc in the URL; `consul catalog datacenters` lists them"
}

// hintTLS says what to do about a handshake that ended with text.
func (a adviser) hintTLS(text string) string {
	own := a.either("CONSUL_CLIENT_CERT and CONSUL_CLIENT_KEY", "cert: FILE, key: FILE")
	switch {
	case !a.secure:
		return "use consul+https:// in place of consul://"
	case strings.Contains(text, "unknown authority"):
		return "name the file of the authority's certificate in " + a.either("CONSUL_CACERT", "ca: FILE")
	case strings.Contains(text, "is not valid for"):
		return "say which name the server's certificate has in " + a.either("CONSUL_TLS_SERVER_NAME", "serverName: NAME")
	case strings.Contains(text, "refused the TLS handshake") && a.certificate:
		return "it does not take our certificate: renew it, or name another in " + own
	case strings.Contains(text, "refused the TLS handshake"):
		return "it may want a certificate of ours: name it in " + own
	case strings.Contains(text, "certificate"):
		return "the server's certificate must be renewed, or this machine's clock is wrong"
	}
	return "use consul:// in place of consul+https://, or its TLS port, 8501 by default"
}

// either names the variable, or the key of tls, that says something here.
func (a adviser) either(variable, key string) string {
	if a.variables {
		return variable
	}
	return "`tls: {" + key + "}` beside the URL in govctl.yaml"
}
