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
		r.Find(doctor.Refused, textRefused, hintRefused)
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
		f := e.client.fail("", e.contentErr)
		r.Find(codeOf(e.contentErr), f.why, f.hint)
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
	case strings.Contains(text, "no cluster leader"), strings.Contains(text, "no known consul servers"):
		return doctor.NoLeader
	case e.Status == http.StatusTooManyRequests, e.Status >= http.StatusInternalServerError:
		return doctor.Unreachable
	default:
		return doctor.WrongServer
	}
}
