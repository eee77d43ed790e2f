package lab

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"govctl/internal/faultkit"

	"govctl/lab/server"
)

const (
	hintRunning = "is it running, and is this its address? Consul's HTTP port is 8500 by default, 8501 with TLS"
	hintPort    = "is this Consul's HTTP port? by default it is 8500, 8501 with TLS"
	hintProxy   = "Consul is not well, or a proxy before it does not reach it: their logs tell"
	hintToken   = "get a new token; `govctl env show` says where it is read from"
)

// fault is something wrong between a user and a Consul.
type fault struct {
	// at is the host:port that is asked, scheme what stands before it, "consul" if
	// empty, and query what stands behind it.
	at, scheme, query string
	env, flags        []string
	status            int
	cause             string // a regular expression for the whole of it
	hint              string
}

// url is what is asked.
func (f *fault) url() string {
	if f.scheme == "" {
		return "consul://" + f.at + f.query
	}
	return f.scheme + "://" + f.at + f.query
}

// pki writes an authority, a server's certificate and two of clients as files, and
// starts one Consul that shows the first and one that wants one of the others.
type pki struct {
	ca              *faultkit.CA
	trust, own, old []string // variables
	plain, mutual   *server.Consul
}

func newPKI(t *testing.T) *pki {
	t.Helper()
	dir := t.TempDir()
	file := func(name string, text []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	p := &pki{ca: faultkit.NewCA(t)}
	pair := func(name string, l faultkit.Leaf) (cert, key string) {
		c, k := faultkit.PEM(t, p.ca.Issue(t, l))
		return file(name+".pem", c), file(name+".key", k)
	}
	root := file("ca.pem", p.ca.PEM())
	cert, key := pair("server", faultkit.Leaf{})
	p.trust = []string{"CONSUL_CACERT=" + root}
	p.own = append(slices.Clone(p.trust), "CONSUL_CLIENT_CERT="+cert, "CONSUL_CLIENT_KEY="+key)
	oldCert, oldKey := pair("old", expired())
	p.old = append(slices.Clone(p.trust), "CONSUL_CLIENT_CERT="+oldCert, "CONSUL_CLIENT_KEY="+oldKey)
	p.plain = startAgent(t, server.Options{Node: "tls", TLS: &server.TLS{CA: root, Cert: cert, Key: key}})
	p.mutual = startAgent(t, server.Options{Node: "mutual", TLS: &server.TLS{CA: root, Cert: cert, Key: key, Mutual: true}})
	return p
}

// expired is a certificate that was good once.
func expired() faultkit.Leaf {
	return faultkit.Leaf{NotAfter: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)}
}

// page is what a web server answers.
func page(status int) http.Handler {
	return faultkit.Answer(status, "<!DOCTYPE html><html><body>Welcome to nginx!</body></html>")
}

// wrongServers are the faults of who answers at the address.
func wrongServers(t *testing.T) map[string]fault {
	j := startJaeger(t, "")
	return map[string]fault{
		"nobody listens":     {at: faultkit.Closed(t), status: 3, cause: "connection refused", hint: hintRunning},
		"it hangs up":        {at: faultkit.HalfOpen(t), status: 3, cause: "the server closed the connection without an answer", hint: hintRunning},
		"Consul's own RPC":   {at: shared.main.ServerAddress(), status: 3, cause: "the server (reset the connection|closed the connection without an answer)", hint: hintRunning},
		"Jaeger's gRPC":      {at: j.GRPC, status: 3, cause: "the server does not speak HTTP", hint: hintPort},
		"Jaeger's page":      {at: j.Address, status: 3, cause: "an HTML page instead of JSON", hint: hintPort},
		"Jaeger's OTLP":      {at: j.OTLP, status: 3, cause: `404 Not Found: "404 page not found"`, hint: hintPort},
		"SSH":                {at: faultkit.Banner(t, "SSH-2.0-OpenSSH_9.6\r\n"), status: 3, cause: "the server does not speak HTTP", hint: hintPort},
		"a web page":         {at: faultkit.Serve(t, page(200)), status: 3, cause: "an HTML page instead of JSON", hint: hintPort},
		"no such page":       {at: faultkit.Serve(t, page(404)), status: 3, cause: "404 Not Found", hint: hintPort},
		"a proxy alone":      {at: faultkit.Serve(t, page(502)), status: 3, cause: "502 Bad Gateway", hint: hintProxy},
		"a proxy in words":   {at: faultkit.Serve(t, faultkit.Answer(503, "no healthy upstream")), status: 3, cause: `503 Service Unavailable: "no healthy upstream"`, hint: hintProxy},
		"too many questions": {at: faultkit.Serve(t, faultkit.Answer(429, "")), status: 3, cause: "429 Too Many Requests", hint: "it is asked too much: try again later"},
		"a login": {
			at: faultkit.Serve(t, http.RedirectHandler("https://login.invalid/sso?secret=1", http.StatusFound)), status: 3,
			cause: `the server redirects to "https://login.invalid", which is not followed`, hint: "name Consul itself in the URL, or the server that this one leads to",
		},
		"a guard": {at: faultkit.Serve(t, page(401)), status: 3, cause: "401 Unauthorized", hint: "something before Consul wants to know who asks: name Consul itself in the URL"},
		"no such host": {
			at: "nosuch.invalid:8500", status: 3, cause: `(no such host|DNS cannot tell the address of host|no answer from DNS about host) "nosuch.invalid"`,
			hint: "is the name right, and does this machine's DNS know it?",
		},
	}
}

// wrongTLS are the faults of encryption.
func wrongTLS(t *testing.T) map[string]fault {
	p := newPKI(t)
	const secure = "consul+https"
	serve := func(l faultkit.Leaf) string {
		return faultkit.ServeTLS(t, faultkit.Config(p.ca.Issue(t, l)), page(200))
	}
	return map[string]fault{
		"TLS to plain HTTP": {
			at: shared.main.Address, scheme: secure, status: 3,
			cause: "the server speaks HTTP where TLS was expected", hint: "use consul:// in place of consul+https://, or its TLS port, 8501 by default",
		},
		"plain HTTP to TLS": {at: p.plain.TLSAddress, status: 3, cause: "the server speaks TLS where HTTP was expected", hint: "use consul+https:// in place of consul://"},
		"TLS to SSH": {
			at: faultkit.Banner(t, "SSH-2.0-OpenSSH_9.6\r\n"), scheme: secure, status: 3,
			cause: "the server does not speak TLS", hint: "use consul:// in place of consul+https://, or its TLS port, 8501 by default",
		},
		"an unknown authority": {
			at: p.plain.TLSAddress, scheme: secure, status: 3,
			cause: "certificate signed by unknown authority", hint: "name the file of the authority's certificate in CONSUL_CACERT",
		},
		"another server's certificate": {
			at: serve(faultkit.Leaf{Names: []string{"server.dc1.consul"}}), scheme: secure, env: p.trust, status: 3,
			cause: `certificate is not valid for "127.0.0.1"`, hint: "say which name the server's certificate has in CONSUL_TLS_SERVER_NAME",
		},
		"an expired certificate": {
			at: serve(expired()), scheme: secure, env: p.trust, status: 3,
			cause: "certificate expired on 2020-01-01T00:00:00Z", hint: "the server's certificate must be renewed, or this machine's clock is wrong",
		},
		"no certificate of ours": {
			at: p.mutual.TLSAddress, scheme: secure, env: p.trust, status: 3,
			cause: "the server refused the TLS handshake: certificate required", hint: "it may want a certificate of ours: name it in CONSUL_CLIENT_CERT and CONSUL_CLIENT_KEY",
		},
		"an expired one of ours": {
			at: p.mutual.TLSAddress, scheme: secure, env: p.old, status: 3,
			cause: "the server refused the TLS handshake: expired certificate",
			hint:  "it does not take our certificate: renew it, or name another in CONSUL_CLIENT_CERT and CONSUL_CLIENT_KEY",
		},
	}
}

// wrongQuestions are those that a Consul which is well refuses.
func wrongQuestions() map[string]fault {
	const enterprise = "this Consul has neither namespaces nor partitions: leave out -n, and ns and partition in the URL"
	return map[string]fault{
		"an unknown token": {
			at: shared.acl.Address, env: []string{"CONSUL_HTTP_TOKEN=" + newUUID()}, status: 3,
			cause: `the token is not known here, or has expired \("ACL not found"\)`, hint: hintToken,
		},
		"an unknown datacenter": {at: shared.main.Address, query: "?dc=nowhere", status: 3, cause: `no path to datacenter "nowhere"`, hint: "there is only dc1: leave out --dc, and dc in the URL"},
		"a namespace":           {at: shared.main.Address, query: "?ns=team", status: 2, cause: "namespaces are a Consul Enterprise feature", hint: enterprise},
		"a partition":           {at: shared.main.Address, query: "?partition=team", status: 2, cause: "partitions are a Consul Enterprise feature", hint: enterprise},
		"a large answer":        {at: shared.main.Address, flags: []string{"--max-body", "8"}, status: 3, cause: "the answer is larger than 8 bytes", hint: "--max-body SIZE allows for larger answers"},
	}
}

// asking is each command that asks a registry, by what its errors say it did; "at"
// stands for the URL.
func asking() map[string][]string {
	return map[string][]string{
		"list services":     {"services", "ls", "-e", "at"},
		"list instances":    {"services", "instances", "-e", "at", "-o", "json"},
		"get service":       {"services", "get", "err-order", "-e", "at"},
		"probe services":    {"services", "probe", "err-order", "-e", "at"},
		"watch services":    {"services", "watch", "err-order", "-q", "-e", "at"},
		"wait for service":  {"services", "wait", "err-order", "-q", "--for", "3s", "-e", "at"},
		"compare services":  {"services", "diff", "at", "at"},
		"ask what is there": {"init", "at", "--dry-run"},
	}
}

// TestEveryErrorSaysWhatToDo has every command that asks a registry meet every
// fault: the cause and the hint are the same in all, and doctor's too.
func TestEveryErrorSaysWhatToDo(t *testing.T) {
	t.Parallel()
	register(t, shared.main, server.Service{ID: "err-order-1", Name: "err-order", Port: 80, Check: passing()})
	for _, faults := range []map[string]fault{wrongServers(t), wrongTLS(t), wrongQuestions()} {
		for name, f := range faults {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				for what, words := range asking() {
					f.meet(t, what, words)
				}
				f.meetDoctor(t)
			})
		}
	}
}

// meet runs a command into the fault.
func (f *fault) meet(t *testing.T, what string, words []string) {
	t.Helper()
	args := append([]string{}, f.flags...)
	for _, w := range words {
		if w == "at" {
			w = f.url()
		}
		args = append(args, w)
	}
	r := runWith(t, f.env, args...)
	want := regexp.MustCompile("^govctl: " + what + ": consul " + regexp.QuoteMeta(f.at) + `: (?:service "err-order": )?(?:` + f.cause + ")\nhint: " + regexp.QuoteMeta(f.hint) + "\n$")
	if r.Stdout != "" || r.Status != f.status || !want.MatchString(r.Stderr) {
		t.Errorf("govctl %s:\n%+v\nwant %d, and on stderr\n%s", strings.Join(args, " "), r, f.status, want)
	}
	f.silent(t, r)
}

// meetDoctor looks for the same words in doctor's first finding.
func (f *fault) meetDoctor(t *testing.T) {
	t.Helper()
	r := runWith(t, f.env, append(slices.Clip(f.flags), "doctor", "-e", f.url(), "-o", "json")...)
	found := parse[[]checkup](t, r.Stdout)[0].Findings
	cause := regexp.MustCompile("^(?:" + regexp.QuoteMeta(f.at) + ": )?(?:" + f.cause + ")$")
	if r.Status == 0 || len(found) != 1 || !cause.MatchString(found[0].Text) || found[0].Hint != f.hint {
		t.Errorf("doctor -e %s: %d, %+v; want %s and %s", f.url(), r.Status, found, cause, f.hint)
	}
	f.silent(t, r)
}

// silent fails where a token was printed.
func (f *fault) silent(t *testing.T, r result) {
	t.Helper()
	for _, v := range f.env {
		if token, ok := strings.CutPrefix(v, "CONSUL_HTTP_TOKEN="); ok {
			silentAbout(t, token, r)
		}
	}
}

// TestWhatTheHintsSayHelps follows them.
func TestWhatTheHintsSayHelps(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	named := faultkit.ServeTLS(t, faultkit.Config(p.ca.Issue(t, faultkit.Leaf{Names: []string{"server.dc1.consul"}})), faultkit.Answer(200, "[]"))
	file := func(tlsKeys string) string {
		path := filepath.Join(t.TempDir(), "govctl.yaml")
		writeFile(t, path, `environments: {lab: {registry: {url: "consul+https://`+p.mutual.TLSAddress+`", tls: {`+tlsKeys+"}}}}\n")
		return path
	}
	value := func(variables []string, name string) string {
		for _, v := range variables {
			if text, ok := strings.CutPrefix(v, name+"="); ok {
				return text
			}
		}
		t.Fatalf("no %s in %q", name, variables)
		return ""
	}
	ca := "ca: " + value(p.trust, "CONSUL_CACERT")
	own := ca + ", cert: " + value(p.own, "CONSUL_CLIENT_CERT") + ", key: " + value(p.own, "CONSUL_CLIENT_KEY")
	for name, c := range map[string]struct {
		env, args []string
	}{
		"consul+https:// and CONSUL_CACERT":     {p.trust, []string{"-e", "consul+https://" + p.plain.TLSAddress}},
		"CONSUL_TLS_SERVER_NAME":                {append(slices.Clip(p.trust), "CONSUL_TLS_SERVER_NAME=server.dc1.consul"), []string{"-e", "consul+https://" + named}},
		"CONSUL_CLIENT_CERT and its key":        {p.own, []string{"-e", "consul+https://" + p.mutual.TLSAddress}},
		"tls in the file":                       {nil, []string{"--config", file(own)}},
		"consul:// in place of consul+https://": {nil, []string{"-e", "consul://" + p.plain.Address}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if r := runWith(t, c.env, append(c.args, "services", "ls", "-o", "name")...); r.Status != 0 {
				t.Errorf("%+v; want 0", r)
			}
		})
	}
	r := run(t, "services", "ls", "--config", file(ca))
	if want := "name it in `tls: {cert: FILE, key: FILE}` beside the URL in govctl.yaml (see "; r.Status != 3 || !strings.Contains(r.Stderr, want) {
		t.Errorf("without a certificate: %+v; want 3 and %s", r, want)
	}
}

// TestASilentServerIsNamedWhoeverAsks has one that takes questions and never
// answers.
func TestASilentServerIsNamedWhoeverAsks(t *testing.T) {
	t.Parallel()
	f := fault{at: faultkit.Silent(t), flags: []string{"--timeout", "300ms"}, status: 3, cause: "no answer within 300ms", hint: hintRunning}
	for what, words := range asking() {
		if what != "wait for service" { // its time is --for
			f.meet(t, what, words)
		}
	}
}

// TestATokenThatExpiresIsNamed takes the shortest time that Consul allows.
func TestATokenThatExpiresIsNamed(t *testing.T) {
	t.Parallel()
	var token struct{ SecretID string }
	rules := map[string]any{"ServiceIdentities": []map[string]string{{"ServiceName": unique("expires")}}, "ExpirationTTL": "60s"}
	if err := shared.acl.API.Write(t.Context(), "/v1/acl/token", rules, &token); err != nil {
		t.Fatal(err)
	}
	f := fault{
		at: shared.acl.Address, env: []string{"CONSUL_HTTP_TOKEN=" + token.SecretID}, status: 3,
		cause: `the token is not known here, or has expired \("ACL not found"\)`, hint: hintToken,
	}
	if r := runWith(t, f.env, "services", "ls", "-e", f.url()); r.Status != 4 && r.Status != 0 {
		t.Fatalf("before it expires: %+v; want an answer", r)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	err := server.Wait(ctx, func(context.Context) error {
		if r := runWith(t, f.env, "services", "ls", "-e", f.url()); r.Status != 3 {
			return errors.New("it is still taken")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for what, words := range asking() {
		f.meet(t, what, words)
	}
	f.meetDoctor(t)
}

// TestWhatIsNotThereIsNamedWithItsNeighbour is about a server that is well.
func TestWhatIsNotThereIsNamedWithItsNeighbour(t *testing.T) {
	t.Parallel()
	register(t, shared.main, server.Service{ID: "neighbour-1", Name: "neighbour", Port: 80, Check: passing()})
	j := startJaeger(t, "")
	main, acl := shared.main.URL(), shared.acl.URL()
	at := "consul " + shared.main.Address
	for name, c := range map[string]struct {
		args []string
		want result
	}{
		"a service": {
			[]string{"services", "get", "neighbor", "-e", main},
			result{"", "govctl: get service: " + at + ": service \"neighbor\": not found\nhint: did you mean \"neighbour\"?\n", 3},
		},
		"a service like no other": {
			[]string{"services", "instances", "zzzzzz", "-e", main},
			result{"", "govctl: list instances: " + at + ": service \"zzzzzz\": not found\nhint: `govctl services ls` lists what is registered\n", 3},
		},
		"a glob where one is wanted": {
			[]string{"services", "get", "neigh*", "-e", main},
			result{"", "govctl: get service: " + at + ": service \"neigh*\": not found\nhint: it takes one service: `govctl services instances` takes globs\n", 3},
		},
		"an instance": {
			[]string{"services", "get", "neighbour/neighbour-2", "-e", main},
			result{"", "govctl: get service: " + at + ": service \"neighbour\" has no instance \"neighbour-2\": not found\nhint: did you mean \"neighbour-1\"?\n", 3},
		},
		"a service for a stranger": {
			[]string{"services", "get", "neighbour", "-e", acl},
			result{"", "govctl: get service: consul " + shared.acl.Address + ": service \"neighbour\": not found, or not public: it was asked without a token\n" +
				"hint: set CONSUL_HTTP_TOKEN to a token that may read this\n", 3},
		},
		"services of a Jaeger": {
			[]string{"services", "ls", "-e", j.URL()},
			result{"", "govctl: no registry for \"jaeger://\": a URL starts with one of consul, consul+https, local\n" +
				"hint: jaeger has traces and no services: in govctl.yaml it stands as `traces`, beside a registry\n", 2},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, run(t, c.args...)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestAStrangersEmptyListSaysWhy has a Consul that hides all from who has no
// token: the lists are printed, and what to do is said below.
func TestAStrangersEmptyListSaysWhy(t *testing.T) {
	t.Parallel()
	want := "govctl: warning: consul " + shared.acl.Address + " withholds what is not public, and was asked without a token\n" +
		"hint: set CONSUL_HTTP_TOKEN to a token that may read this\n"
	for _, words := range [][]string{{"ls"}, {"instances"}, {"probe"}} {
		r := run(t, append([]string{"services", "-q", "-e", shared.acl.URL()}, words...)...)
		if r.Status != 4 || r.Stderr != want {
			t.Errorf("services %s: %d, %q; want 4, %q", words[0], r.Status, r.Stderr, want)
		}
	}
}

// TestNobodyWaitsForWhatConsulWillNeverAnswer would else wait for an hour.
func TestNobodyWaitsForWhatConsulWillNeverAnswer(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a namespace", "an unknown token"} {
		f := wrongQuestions()[name]
		f.meet(t, "wait for service", []string{"services", "wait", "err-order", "-q", "--for", "1h", "-e", "at"})
	}
}
