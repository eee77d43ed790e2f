package consul

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"govctl/internal/httpx"
	"govctl/pkg/doctor"
)

// examination is what is asked of a server that answers, and what came of it.
// Each question has fields of its own, so that all can be asked at once.
type examination struct {
	client *client
	role   doctor.Role
	folder string // as Inspector.folder
	token  bool   // one is sent
	led    bool   // the server knows a leader

	version, datacenter string // "" where we may not know

	members []doctor.Member
	// gossip is the version, and here the datacenter, that a member bears.
	gossip, here string

	owner    string // whose token it is
	ownerErr error

	read, write doctor.Access

	services   int           // that are seen
	withheld   bool          // something was left out
	stale      time.Duration // since the server heard from its leader
	knowsStale bool
	contentErr error
}

// run asks all questions.
func (e *examination) run(ctx context.Context) {
	var group sync.WaitGroup
	for _, ask := range []func(context.Context){e.askAgent, e.askMembers, e.askOwner, e.askPermissions, e.askContent} {
		group.Go(func() { ask(ctx) })
	}
	group.Wait()
}

// askAgent learns the version and the datacenter, which needs agent:read.
func (e *examination) askAgent(ctx context.Context) {
	var self struct {
		Config struct{ Version, Datacenter string }
	}
	if _, err := e.client.tell(ctx, "/v1/agent/self", &self); err == nil {
		e.version, e.datacenter = self.Config.Version, self.Config.Datacenter
	}
}

// askMembers learns the servers of the cluster: from autopilot, which knows
// whether they are well, else, where that is not allowed, from gossip. Without a
// leader autopilot would be waited for in vain: a server holds the question for 7 s
// before it says no (1.14.11).
func (e *examination) askMembers(ctx context.Context) {
	if !e.led {
		e.askGossip(ctx)
		return
	}
	var health struct {
		Servers []struct {
			Name, Address, Version, SerfStatus string
			Leader, Healthy                    bool
		}
	}
	if _, err := e.client.tell(ctx, "/v1/operator/autopilot/health", &health); err != nil {
		e.askGossip(ctx)
		return
	}
	for _, s := range health.Servers {
		e.members = append(e.members, doctor.Member{
			Name: s.Name, Address: s.Address, Version: s.Version, Leader: s.Leader, State: s.SerfStatus, Healthy: s.Healthy,
		})
	}
}

// gossipStates are the states of a member by their numbers (serf 0.10,
// MemberStatus).
func gossipStates() []string { return []string{"none", "alive", "leaving", "left", "failed"} }

// askGossip learns the servers that the agent knows.
func (e *examination) askGossip(ctx context.Context) {
	var members []struct {
		Name, Addr string
		Status     int
		Tags       map[string]string
	}
	if _, err := e.client.tell(ctx, "/v1/agent/members", &members); err != nil {
		return
	}
	for _, m := range members {
		if m.Tags["role"] != "consul" {
			continue // an agent without data of its own
		}
		state := "unknown"
		if 0 <= m.Status && m.Status < len(gossipStates()) {
			state = gossipStates()[m.Status]
		}
		version, _, _ := strings.Cut(m.Tags["build"], ":")
		e.gossip, e.here = cmp.Or(e.gossip, version), cmp.Or(e.here, m.Tags["dc"])
		e.members = append(e.members, doctor.Member{
			Name: m.Name, Address: net.JoinHostPort(m.Addr, m.Tags["port"]), Version: version,
			State: state, Healthy: state != "failed",
		})
	}
}

// askOwner learns whose token it is.
func (e *examination) askOwner(ctx context.Context) {
	if !e.token {
		e.owner = "anonymous"
		return
	}
	var token struct{ AccessorID, Description string }
	_, e.ownerErr = e.client.tell(ctx, "/v1/acl/token/self", &token)
	switch {
	case e.ownerErr == nil:
		e.owner = "token " + strconv.Quote(cmp.Or(token.Description, token.AccessorID))
	case aclsOff(e.ownerErr):
		e.owner, e.ownerErr = "anyone: access control is off", nil
	}
}

// aclsOff reports whether err is what a Consul without ACLs says when it is asked
// about them: 401, "ACL support disabled".
func aclsOff(err error) bool {
	status, ok := errors.AsType[*httpx.StatusError](err)
	return ok && status.Status == http.StatusUnauthorized
}

// permission is a question of what may be done, and its answer, as Consul's own
// web page asks it (1.14.11, POST /v1/internal/acl/authorize).
type permission struct {
	Resource string `json:"Resource"`
	Segment  string `json:"Segment"`
	Access   string `json:"Access"`
	Allow    bool   `json:"Allow,omitzero"`
}

// needs returns what the role must be allowed for reading, and for writing.
func (e *examination) needs() (read, write []permission) {
	if e.role == doctor.Config {
		return []permission{{Resource: "key", Segment: e.folder, Access: "list"}}, []permission{{Resource: "key", Segment: e.folder, Access: "write"}}
	}
	return []permission{{Resource: "service", Access: "read"}, {Resource: "node", Access: "read"}}, []permission{{Resource: "service", Access: "write"}}
}

// askPermissions learns what may be done, without doing it.
func (e *examination) askPermissions(ctx context.Context) {
	e.read, e.write = doctor.Unknown, doctor.Unknown
	read, write := e.needs()
	resp, err := e.client.http.Post(ctx, "/v1/internal/acl/authorize", e.client.scope, slices.Concat(read, write))
	if aclsOff(err) {
		e.read, e.write = doctor.Yes, doctor.Yes
	}
	if err != nil {
		return
	}
	defer resp.Body.Close() //nolint:errcheck // it was only read
	var answers []permission
	if httpx.DecodeJSON(resp.Body, &answers) != nil || len(answers) != len(read)+len(write) {
		return
	}
	e.read, e.write = accessOf(answers[:len(read)]), accessOf(answers[len(read):])
}

func accessOf(answers []permission) doctor.Access {
	if slices.ContainsFunc(answers, func(p permission) bool { return !p.Allow }) {
		return doctor.No
	}
	return doctor.Yes
}

var errOne = errors.New("one key was read")

// askContent looks at what the role reads.
func (e *examination) askContent(ctx context.Context) {
	path, query := "/v1/catalog/services", url.Values{"stale": {""}}
	if e.role == doctor.Config {
		path = "/v1/kv/" + escapeKey(e.folder)
		query.Set("keys", "")
		query.Set("separator", "/")
	}
	maps.Copy(query, e.client.scope)
	resp, err := e.client.http.Get(ctx, path, query)
	if err != nil {
		e.contentErr = e.client.namePaths(ctx, e.client.fail("", err))
		return
	}
	defer resp.Body.Close() //nolint:errcheck // it was only read
	e.withheld = resp.Header.Get("X-Consul-Results-Filtered-By-ACLs") == "true"
	ms, err := strconv.ParseUint(resp.Header.Get("X-Consul-LastContact"), 10, 32)
	e.stale, e.knowsStale = time.Duration(ms)*time.Millisecond, err == nil
	if e.role == doctor.Config {
		err := httpx.EachElement(resp.Body, func(*string) error { return errOne })
		if !errors.Is(err, errOne) {
			e.contentErr = err
		}
		return // that there is one key is enough: a folder may be large
	}
	names := serviceNames{}
	e.contentErr = httpx.DecodeJSON(resp.Body, &names)
	e.services = len(names)
}
