package consul

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The tables of the fake whose changes end a blocking question.
const (
	tableServices = "services"
	tableChecks   = "checks"
	tableNodes    = "nodes"
)

// touch says that table changed. The caller holds the lock, or nobody else has f.
func (f *fake) touch(table string) {
	f.index++
	f.tables[table] = f.index
	close(f.changed)
	f.changed = make(chan struct{})
}

// changing touches the checks where change changes the status of one: a
// heartbeat that says nothing new wakes nobody.
func (f *fake) changing(change func()) {
	before := map[string]string{}
	for id, s := range f.services {
		before[id] = f.status(s)
	}
	change()
	for id, status := range before {
		if s := f.services[id]; s == nil && status != "" || s != nil && f.status(s) != status {
			f.touch(tableChecks)
			return
		}
	}
}

// status returns that of the check of s, "" where it has none.
func (f *fake) status(s *fakeService) string {
	if s.check == "" {
		return ""
	}
	if ttl, err := time.ParseDuration(s.Check.TTL); err == nil && f.clock-s.beat >= ttl {
		return "critical"
	}
	return s.check
}

// block holds req until what it asks for is younger than its index, or until its
// wait is over. It gives up the lock meanwhile.
func (f *fake) block(w http.ResponseWriter, req *http.Request) {
	after, _ := strconv.ParseUint(req.FormValue("index"), 10, 64)
	wait, _ := time.ParseDuration(req.FormValue("wait"))
	over := time.After(wait + wait/16)
	for after > 0 && f.indexOf(req.URL.Path) <= after {
		changed := f.changed
		f.mu.Unlock()
		done := false
		select {
		case <-changed:
		case <-over:
			done = true
		case <-req.Context().Done():
			done = true
		}
		f.mu.Lock()
		if done {
			break
		}
	}
	w.Header().Set("X-Consul-Index", strconv.FormatUint(f.indexOf(req.URL.Path), 10))
}

// indexOf returns the index of what stands at path.
func (f *fake) indexOf(path string) uint64 {
	switch {
	case strings.HasPrefix(path, "/v1/catalog/services"):
		return f.tables[tableServices]
	case strings.HasPrefix(path, "/v1/health/state"):
		return f.tables[tableChecks]
	case strings.HasPrefix(path, "/v1/catalog/nodes"):
		return f.tables[tableNodes]
	case strings.HasPrefix(path, "/v1/kv/"):
		return f.tables[tableKV]
	}
	return max(f.tables[tableServices], f.tables[tableChecks], f.tables[tableNodes])
}

// machines answers /v1/catalog/nodes, of which nobody wants the body.
func (f *fake) machines(w http.ResponseWriter, _ *http.Request, _ string) { reply(w, []any{}) }
