package jaeger

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"govctl/internal/httpx"
	"govctl/pkg/doctor"
)

const (
	hintUnreachable = "is jaeger-query running, and is this its address? its HTTP port is 16686 by default"
	hintUnwell      = "is its storage there? the log of jaeger-query tells; or a proxy before it does not reach it"
	hintWrong       = "is this the HTTP port of jaeger-query? by default it is 16686; 16685 is its gRPC, and 4317, 4318 and 14268 take spans"
	hintRedirect    = "name the server that it leads to; where that is a login, put a token under `auth` in govctl.yaml"
	hintStranger    = "something before Jaeger wants to know who asks: put a token under `auth` in govctl.yaml"
	hintRenew       = "the token is wrong or has expired: get a new one; `govctl env show` says where it is read from"
	hintTenant      = "this Jaeger tells tenants by a header that govctl does not send: ask by a proxy that adds it"
)

// findFault says why the services could not be listed.
func (j *Jaeger) findFault(ctx context.Context, r *doctor.Report, err error) {
	text := j.server + ": " + err.Error()
	if status, ok := errors.AsType[*httpx.StatusError](err); ok && !errors.Is(err, errNotJaeger) {
		r.Server = j.server
		j.findStatus(r, status, text)
		return
	}
	switch {
	case errors.Is(err, context.Canceled):
	case errors.Is(err, errNotJaeger):
		r.Server = j.server
		j.findOther(ctx, r, text)
	case errors.Is(err, httpx.ErrTLS):
		r.Find(doctor.TLSMismatch, text, j.hintTLS(err))
	case errors.Is(err, httpx.ErrRedirect):
		r.Find(doctor.WrongServer, text, hintRedirect)
	case errors.Is(err, httpx.ErrTooLarge):
		r.Find(doctor.WrongServer, text, "--max-body SIZE allows for larger answers")
	case errors.Is(err, httpx.ErrNotHTTP):
		r.Find(doctor.WrongServer, text, hintWrong)
	default:
		r.Find(doctor.Unreachable, text, hintUnreachable)
	}
}

// findStatus says what it means that the server answered with a status.
func (j *Jaeger) findStatus(r *doctor.Report, status *httpx.StatusError, text string) {
	switch status.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired:
	default:
		r.Find(doctor.Unreachable, text, hintUnwell)
		return
	}
	r.Read = doctor.No
	switch {
	case strings.Contains(status.Text, "tenant"): // "missing tenant header" (1.76)
		r.Find(doctor.Refused, text, hintTenant)
	case j.token:
		r.Find(doctor.Refused, text, hintRenew)
	default:
		r.Find(doctor.Refused, text, hintStranger)
	}
}

// findOther tells another server from a Jaeger whose API lies elsewhere.
func (j *Jaeger) findOther(ctx context.Context, r *doctor.Report, text string) {
	p, ok := j.page(ctx)
	if !ok || !p.jaeger {
		r.Find(doctor.WrongServer, text, hintWrong)
		return
	}
	r.Version = p.version
	hint := "a proxy before it may let through its web page alone"
	if p.base != j.base {
		hint = fmt.Sprintf("its web page says that it lies below %q: put that behind HOST:PORT in the URL", p.base+"/")
	}
	r.Find(doctor.NotThere, fmt.Sprintf("%s: this is Jaeger, but its API is not below %q", j.server, j.base+"/"), hint)
}

// hintTLS says what to do about err, an ErrTLS.
func (j *Jaeger) hintTLS(err error) string {
	switch text := err.Error(); {
	case !j.secure:
		return "use jaeger+https:// in place of jaeger://"
	case strings.Contains(text, "unknown authority"):
		return "name the authority's certificate: `tls: {ca: FILE}` in govctl.yaml"
	case strings.Contains(text, "is not valid for"):
		return "name the server as its certificate does: `tls: {serverName: NAME}` in govctl.yaml"
	case strings.Contains(text, "refused the TLS handshake"):
		return "it may want a certificate of ours: `tls: {cert: FILE, key: FILE}` in govctl.yaml"
	case strings.Contains(text, "certificate"):
		return "the server's certificate must be renewed, or this machine's clock is wrong"
	default:
		return "use jaeger:// in place of jaeger+https://"
	}
}
