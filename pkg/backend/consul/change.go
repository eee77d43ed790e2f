package consul

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"govctl/internal/httpx"
	"govctl/pkg/change"
	"govctl/pkg/config"
)

var _ change.Store = (*Changes)(nil)

// What one transaction takes: 128 operations since Consul 1.14 and 64 before, and
// 512 KiB of JSON; a key holds as much (kv_max_value_size, txn_max_req_len).
const (
	maxOps   = 60
	maxValue = 512 << 10
	maxTxn   = maxValue - 4<<10
)

// Changes writes a folder of the key-value store, and keeps the journal of that
// folder beside it at govctl/FOLDER/.
type Changes struct {
	config *Config
	own    string // the folder of the journal, ending in a slash
	// named is true once the cluster is known to have an id.
	named atomic.Bool
}

// OpenChanges returns what writes to the folder that the path of o.URL names. It
// connects to nothing: an error means that the URL is wrong.
func OpenChanges(o Options) (*Changes, error) {
	c, err := OpenConfig(o)
	if err != nil {
		return nil, err
	}
	return &Changes{config: c, own: ownFolder + cmp.Or(c.folder, config.NoGroup+"/")}, nil
}

// within returns a context that bounds one question: a plan is many of them.
func (c *Changes) within(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, c.config.pace.request)
}

// idKey holds what a Consul is called by us, made with the first write: nothing
// else names a cluster that every token may ask for.
const idKey = ownFolder + "id"

// About implements change.Store. The identity is that of the cluster and the
// folder; the clock is that of the server that answered.
func (c *Changes) About(ctx context.Context) (change.About, error) {
	told, err := c.ask(ctx, idKey, nil)
	if err != nil {
		return change.About{}, err
	}
	id := "new"
	if len(told.pairs) > 0 {
		id = string(told.pairs[0].Value)
		c.named.Store(true)
	}
	return change.About{
		Identity: strings.TrimSpace(fmt.Sprintf("consul %q %s", id, c.config.folder)), Unnamed: len(told.pairs) == 0, Now: told.now,
		Limits: change.Limits{Ops: maxOps, Bytes: maxTxn, Value: maxValue},
	}, nil
}

// kvPair is a key as Consul tells it to those who write.
type kvPair struct {
	Key                      string
	Value                    []byte
	CreateIndex, ModifyIndex uint64
	Session                  string
}

// told is what Consul says of keys.
type told struct {
	pairs []kvPair
	now   time.Time // the server's clock
	// filtered tells that the token may not read all of them.
	filtered bool
}

// ask reads keys from the leader.
func (c *Changes) ask(ctx context.Context, key string, query url.Values) (t told, err error) {
	ctx, cancel := c.within(ctx)
	defer cancel()
	client := c.config.client
	all := url.Values{"consistent": {""}}
	maps.Copy(all, client.scope)
	maps.Copy(all, query)
	resp, err := client.http.Get(ctx, "/v1/kv/"+escapeKey(key), all)
	if err != nil {
		if status, ok := errors.AsType[*httpx.StatusError](err); ok && isNothing(status) {
			a := client.answer(status.Server, status.Header)
			t.filtered = a.filtered || a.guarded
			t.now, err = http.ParseTime(status.Header.Get("Date"))
		}
		return t, c.fail(err)
	}
	defer resp.Body.Close() //nolint:errcheck // it was only read
	a := client.answer(resp.Server, resp.Header)
	t.filtered = a.filtered || a.guarded
	if err := each(func(p *kvPair) { t.pairs = append(t.pairs, *p) })(resp); err != nil {
		return told{}, c.fail(err)
	}
	t.now, err = http.ParseTime(resp.Header.Get("Date"))
	return t, c.fail(err)
}

// List implements change.Store.
func (c *Changes) List(ctx context.Context, prefix string) iter.Seq2[change.Entry, error] {
	return func(yield func(change.Entry, error) bool) {
		told, err := c.ask(ctx, c.own+prefix, url.Values{"recurse": {""}})
		if err != nil {
			yield(change.Entry{}, err)
			return
		}
		pairs := told.pairs
		slices.SortFunc(pairs, func(a, b kvPair) int {
			return cmp.Or(cmp.Compare(a.CreateIndex, b.CreateIndex), strings.Compare(a.Key, b.Key))
		})
		for i := range pairs {
			key := change.Key{Space: change.Records, Name: strings.TrimPrefix(pairs[i].Key, c.own)}
			if !yield(pairs[i].entry(key), nil) {
				return
			}
		}
	}
}

func (p *kvPair) entry(key change.Key) change.Entry {
	e := change.Entry{Key: key, Content: p.Value, Holder: p.Session}
	if p.ModifyIndex > 0 {
		e.Revision = change.Revision(strconv.FormatUint(p.ModifyIndex, 10))
	}
	return e
}

// name returns what Consul calls k.
func (c *Changes) name(k change.Key) string {
	if k.Space == change.Records {
		return c.own + k.Name
	}
	group, name, _ := strings.Cut(k.Name, "/")
	return c.config.keyOf(config.Key{Group: group, Name: name})
}

// fail returns err as one of package change.
func (c *Changes) fail(err error) error {
	if err == nil {
		return nil
	}
	f := c.config.client.fail("", err)
	kinds := [...]error{cancelled: context.Canceled, notFound: change.ErrNotFound, denied: change.ErrDenied, unavailable: change.ErrUnavailable, unsupported: change.ErrInvalid, invalid: change.ErrInvalid}
	hint := f.hint
	if f.kind == denied && f.why != textRefused {
		hint = c.hintPolicy()
	}
	return &change.Error{Backend: f.backend(), Err: f.as(kinds[f.kind]), Hint: hint}
}

// hintPolicy says what a token needs that is to write.
func (c *Changes) hintPolicy() string {
	return fmt.Sprintf("the token's policy needs key_prefix %q { policy = \"write\" } and, for the journal, key_prefix %q { policy = \"write\" }", c.config.folder, ownFolder)
}
