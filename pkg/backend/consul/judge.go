package consul

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"govctl/internal/httpx"
	"govctl/pkg/doctor"
)

// judge fills in r by what e learned.
func (e *examination) judge(r *doctor.Report, maxStale time.Duration) {
	r.Version = cmp.Or(e.version, e.gossip)
	r.Place = cmp.Or(e.client.scope.Get("dc"), e.datacenter, e.here)
	if folder := strings.TrimSuffix(e.folder, "/"); e.role == doctor.Config && folder != "" {
		r.Place = strings.TrimPrefix(r.Place+", "+folder, ", ")
	}
	r.Identity = e.owner
	e.judgeMembers(r)
	e.judgeAccess(r)
	e.judgeContent(r)
	if !e.knowsStale {
		return
	}
	seconds := e.stale.Seconds()
	r.StaleSeconds = &seconds
	if e.stale > maxStale {
		r.Find(doctor.Stale, "the server last heard from its leader "+e.stale.Round(time.Second/10).String()+" ago: what it says may be out of date",
			"name its fellow servers in the URL too, or mend its connection to them")
	}
}

func (e *examination) judgeMembers(r *doctor.Report) {
	r.Members = e.members
	for i := range r.Members {
		m := &r.Members[i]
		m.Leader = m.Leader || m.Address == r.Leader
		if !m.Healthy {
			r.Find(doctor.ServerLost, "server "+m.Name+" ("+m.Address+") is not well: its cluster says "+cmp.Or(m.State, "nothing"),
				"look at that machine and the log of its agent; while most servers are well the others go on")
		}
	}
	slices.SortFunc(r.Members, func(a, b doctor.Member) int { return cmp.Compare(a.Name, b.Name) })
}

// judgeAccess says what may be done. Consul tells for names that begin with
// anything; a token that may read some services is told by those it sees.
func (e *examination) judgeAccess(r *doctor.Report) {
	r.Read, r.Write = e.read, e.write
	if codeOf(e.ownerErr) == doctor.Refused || codeOf(e.contentErr) == doctor.Refused {
		r.Find(doctor.Refused, "the token is not known here, or has expired", "get a new one; `govctl env show` says where it is read from")
		r.Read, r.Write = doctor.No, doctor.No
		return
	}
	if e.read != doctor.No {
		return
	}
	if e.role == doctor.Registry && e.services > 0 {
		r.Read = doctor.Some
		r.Find(doctor.Withheld, "services and nodes that this token may not read are left out", e.hintRules())
		return
	}
	r.Find(doctor.Denied, r.Identity+" may not read this", e.hintRules())
}

// hintRules says what the token's policy would need.
func (e *examination) hintRules() string {
	if e.role == doctor.Config {
		return "its policy needs: key_prefix " + strconv.Quote(e.folder) + ` { policy = "list" }`
	}
	return `to see all, its policy needs: service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }`
}

// judgeContent says why what the role reads is not to be had.
func (e *examination) judgeContent(r *doctor.Report) {
	status, answered := errors.AsType[*httpx.StatusError](e.contentErr)
	switch {
	case e.contentErr == nil, r.Has(doctor.Refused), r.Has(doctor.Denied):
	case answered && status.Status == http.StatusNotFound && e.role == doctor.Config:
		if e.folder != "" { // that there is no key at all is nobody's mistake
			r.Find(doctor.Empty, "no key begins with "+strconv.Quote(e.folder), "is that the folder's name? it is there as soon as a key is")
		}
	default:
		code := codeOf(e.contentErr)
		r.Find(code, e.contentErr.Error(), hintOf(e.contentErr, e.client.secure))
	}
}

// codeOf returns what is wrong where a question ended with err; "" for nil.
func codeOf(err error) doctor.Code {
	status, answered := errors.AsType[*httpx.StatusError](err)
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return ""
	case answered:
		return codeOfStatus(status)
	case errors.Is(err, httpx.ErrTLS):
		return doctor.TLSMismatch
	case errors.Is(err, httpx.ErrUnreachable) && !errors.Is(err, httpx.ErrNotHTTP), errors.Is(err, httpx.ErrTimeout):
		return doctor.Unreachable
	default:
		return doctor.WrongServer
	}
}

// codeOfStatus goes by the status, and where Consul says several things with
// one, by the text.
func codeOfStatus(e *httpx.StatusError) doctor.Code {
	text := strings.ToLower(e.Text)
	switch {
	case strings.Contains(text, "acl not found"):
		return doctor.Refused
	case e.Status == http.StatusUnauthorized, e.Status == http.StatusForbidden:
		return doctor.Denied
	case strings.Contains(text, "no path to datacenter"), strings.Contains(text, "invalid query parameter"):
		return doctor.NotThere
	case strings.Contains(text, "no cluster leader"):
		return doctor.NoLeader
	case e.Status == http.StatusTooManyRequests, e.Status >= http.StatusInternalServerError:
		return doctor.Unreachable
	default:
		return doctor.WrongServer
	}
}

// hintOf says what to do where a question ended with err; "" where nobody knows.
// Secure says whether TLS was spoken.
func hintOf(err error, secure bool) string {
	if errors.Is(err, httpx.ErrTooLarge) {
		return "--max-body SIZE allows for larger answers"
	}
	switch codeOf(err) { //nolint:exhaustive // the others are found otherwise, or need no hint
	case doctor.Unreachable:
		return "is it running, and is this its address? Consul's HTTP port is 8500 by default, 8501 with TLS"
	case doctor.TLSMismatch:
		return hintTLS(err, secure)
	case doctor.WrongServer:
		return "is this Consul's HTTP port? by default it is 8500, 8501 with TLS"
	case doctor.Refused:
		return "the token is wrong or has expired: get a new one; `govctl env show` says where it is read from"
	case doctor.Denied:
		return "give it a token that may: in CONSUL_HTTP_TOKEN, or under `auth` in govctl.yaml; `govctl doctor` says what it lacks"
	case doctor.NotThere:
		return hintNotThere(err)
	case doctor.NoLeader:
		return "more than half of the servers must run and reach each other; `govctl doctor` shows them"
	}
	return ""
}

func hintNotThere(err error) string {
	if strings.Contains(err.Error(), "Enterprise") {
		return "this Consul has neither namespaces nor partitions: leave out -n, and ns and partition in the URL"
	}
	return "name a datacenter that is there, by --dc or by dc in the URL; `consul catalog datacenters` lists them"
}

func hintTLS(err error, secure bool) string {
	switch text := err.Error(); {
	case !secure:
		return "use consul+https:// in place of consul://"
	case strings.Contains(text, "unknown authority"):
		return "name the authority's certificate: `tls: {ca: FILE}` in govctl.yaml, or CONSUL_CACERT"
	case strings.Contains(text, "is not valid for"):
		return "name the server as its certificate does: `tls: {serverName: NAME}` in govctl.yaml, or CONSUL_TLS_SERVER_NAME"
	case strings.Contains(text, "refused the TLS handshake"):
		return "it may want a certificate of ours: `tls: {cert: FILE, key: FILE}` in govctl.yaml, or CONSUL_CLIENT_CERT and CONSUL_CLIENT_KEY"
	case strings.Contains(text, "certificate"):
		return "the server's certificate must be renewed, or this machine's clock is wrong"
	default:
		return "use consul:// in place of consul+https://, or its TLS port, 8501 by default"
	}
}
