package consul

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"govctl/pkg/registry"
)

// remarks tells what the headers of an answer say about it, each kind once for
// each server.
type remarks struct {
	tell      func(registry.Notice)
	maxStale  time.Duration
	anonymous bool
	adviser   adviser
	said      sync.Map // server and kind
}

// on remarks upon the header of what server said.
func (r *remarks) on(server string, header http.Header) answer {
	a := answer{
		server:   server,
		filtered: header.Get("X-Consul-Results-Filtered-By-ACLs") == "true",
		guarded:  r.anonymous && header.Get("X-Consul-Default-ACL-Policy") == "deny",
	}
	if a.filtered {
		r.once(a.server, "filtered", registry.Notice{
			Text: "consul " + a.server + " withheld what this token may not read", Incomplete: true,
			Hint: "`govctl doctor` says what its policy needs",
		})
	}
	r.onStale(server, header)
	return a
}

// onStale remarks upon an answer that may be out of date. Consul counts from the
// last contact with the leader, in milliseconds; the leader says 0.
func (r *remarks) onStale(server string, header http.Header) {
	// Not a number is no age: what it means is only for Consul to say.
	ms, err := strconv.ParseUint(header.Get("X-Consul-LastContact"), 10, 32)
	age := time.Duration(ms) * time.Millisecond
	leaderless := header.Get("X-Consul-KnownLeader") == "false"
	old := err == nil && age > r.maxStale
	switch {
	case leaderless && age > 0:
		r.stale(server, "knows no leader and last heard from one %s ago", age)
	case leaderless:
		r.stale(server, "knows no leader")
	case old:
		r.stale(server, "last heard from its leader %s ago", age)
	}
}

func (r *remarks) stale(server, format string, age ...time.Duration) {
	var args []any
	for _, d := range age {
		args = append(args, d.Round(time.Second/10))
	}
	r.once(server, "stale", registry.Notice{
		Text: "consul " + server + " " + fmt.Sprintf(format, args...) + ": the answer may be out of date",
	})
}

// unseen remarks that an anonymous question may have been answered in part:
// Consul does not tell strangers that it left something out. That they see not
// even the service that every Consul has, its own, is the sign.
func (r *remarks) unseen(a answer) {
	if a.guarded {
		r.once(a.server, "guarded", registry.Notice{
			Text:       "consul " + a.server + " withholds what is not public, and was asked without a token",
			Incomplete: true,
			Hint:       r.adviser.hintToken(),
		})
	}
}

func (r *remarks) once(server, kind string, n registry.Notice) {
	if r.tell == nil {
		return
	}
	if _, said := r.said.LoadOrStore(server+" "+kind, true); !said {
		r.tell(n)
	}
}
