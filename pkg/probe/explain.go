package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
)

// fate is what an error means for a Result.
type fate struct {
	outcome Outcome
	phase   Phase
	reason  string
}

var (
	errReset  = errors.New("reset")
	errClosed = errors.New("closed without an answer")
)

// localTrouble returns the error of a dial that this machine is to blame for, nil
// for any other.
func localTrouble(err error) error {
	no, ok := errors.AsType[syscall.Errno](err)
	if !ok {
		return nil
	}
	switch no {
	case syscall.EMFILE, syscall.ENFILE:
		return &LocalError{"too many open files on this machine"}
	case syscall.EADDRNOTAVAIL, syscall.EADDRINUSE:
		return &LocalError{"no free port on this machine"}
	case syscall.ENOBUFS, syscall.ENOMEM:
		return &LocalError{"no memory for a connection on this machine"}
	default:
		return nil
	}
}

// explain says what err, met in phase, means: late is whether the attempt's time
// was over.
func explain(err error, late bool, phase Phase, within time.Duration) fate {
	if u, ok := errors.AsType[*UnprobeableError](err); ok {
		return fate{Unprobeable, "", u.Reason}
	}
	if f, ok := explainDNS(err); ok {
		return f
	}
	if s, ok := errors.AsType[*statusError](err); ok {
		return fate{Failed, Status, s.reason}
	}
	if p, ok := errors.AsType[*protocolError](err); ok {
		return fate{Failed, Request, p.reason}
	}
	if late || isTimeout(err) {
		return fate{Failed, phase, fmt.Sprintf("no answer within %s", within)}
	}
	if no, ok := errors.AsType[syscall.Errno](err); ok {
		return explainSystem(no, phase)
	}
	return fate{Failed, phase, reasonOf(err)}
}

// isTimeout says whether err is that of a deadline.
func isTimeout(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded)
}

// explainDNS tells a name that does not exist from a question that nobody
// answered.
func explainDNS(err error) (fate, bool) {
	var dns *net.DNSError
	switch {
	case !errors.As(err, &dns):
		return fate{}, false
	case dns.IsNotFound:
		return fate{Failed, DNS, fmt.Sprintf("no such host %q", dns.Name)}, true
	default:
		return fate{Unprobeable, "", fmt.Sprintf("DNS does not tell the address of %q", dns.Name)}, true
	}
}

func explainSystem(no syscall.Errno, phase Phase) fate {
	switch no {
	case syscall.ECONNREFUSED:
		return fate{Failed, phase, "refused"}
	case syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNABORTED:
		return fate{Failed, phase, errReset.Error()}
	case syscall.ETIMEDOUT:
		return fate{Failed, phase, "no answer"}
	case syscall.EHOSTUNREACH:
		return fate{Failed, phase, "host unreachable"}
	case syscall.ENETUNREACH, syscall.EAFNOSUPPORT:
		return fate{Unprobeable, "", "no route from this machine"}
	case syscall.EACCES, syscall.EPERM:
		return fate{Unprobeable, "", "this machine does not let us connect"}
	default:
		return fate{Failed, phase, no.Error()}
	}
}

// reasonOf returns err in words.
func reasonOf(err error) string {
	var record tls.RecordHeaderError
	text := err.Error()
	switch {
	case errors.As(err, &record) && string(record.RecordHeader[:]) == "HTTP/":
		return "speaks HTTP where TLS was expected"
	case errors.As(err, &record):
		return "does not speak TLS"
	case errors.Is(err, io.EOF):
		return errClosed.Error()
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "the answer was cut off"
	case strings.Contains(text, "protocol version"):
		return "speaks no TLS of version 1.2 or newer"
	case strings.Contains(text, "remote error: tls: "):
		_, alert, _ := strings.Cut(text, "remote error: tls: ")
		return "refused the handshake: " + alert
	default:
		return strings.TrimPrefix(text, "tls: ")
	}
}
