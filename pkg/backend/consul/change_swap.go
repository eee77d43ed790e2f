package consul

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"govctl/internal/httpx"
	"govctl/pkg/change"
)

// txnOp is an operation of a transaction.
type txnOp struct{ KV kvOp }

type kvOp struct {
	Verb  string
	Key   string
	Value []byte `json:",omitempty"`
	Index uint64 `json:",omitempty"`
}

// txnAnswer is what a transaction answers.
type txnAnswer struct {
	Results []struct{ KV kvPair }
}

// manyKeys is from how many keys on they are looked for in a list of all that begin
// as they do: ten transactions take longer.
const manyKeys = 10 * maxOps

// Read implements change.Store, by transactions that only read: those are answered
// by the leader.
func (c *Changes) Read(ctx context.Context, keys []change.Key) ([]change.Entry, error) {
	if len(keys) >= manyKeys {
		if entries, err := c.readMany(ctx, keys); entries != nil || err != nil {
			return entries, err
		}
	}
	entries := make([]change.Entry, 0, len(keys))
	for part := range slices.Chunk(keys, maxOps) {
		ops := make([]txnOp, len(part))
		for i, k := range part {
			ops[i].KV = kvOp{Verb: "get-or-empty", Key: c.name(k)}
		}
		pairs, err := c.look(ctx, ops)
		if err != nil {
			return nil, err
		}
		for i := range pairs {
			entries = append(entries, pairs[i].entry(part[i]))
		}
	}
	return entries, nil
}

// readMany reads keys by two lists, of the items and of the records. It is nil where
// the token may not read all of them: nobody can tell then what is not there.
func (c *Changes) readMany(ctx context.Context, keys []change.Key) ([]change.Entry, error) {
	begins := map[change.Space]string{}
	for _, k := range keys {
		name := c.name(k)
		if begin, ok := begins[k.Space]; ok {
			name = common(begin, name)
		}
		begins[k.Space] = name
	}
	found := map[string]*kvPair{}
	for _, begin := range begins {
		told, err := c.ask(ctx, begin, url.Values{"recurse": {""}})
		if err != nil || told.filtered {
			return nil, err
		}
		for i := range told.pairs {
			found[told.pairs[i].Key] = &told.pairs[i]
		}
	}
	entries := make([]change.Entry, len(keys))
	for i, k := range keys {
		entries[i].Key = k
		if p := found[c.name(k)]; p != nil {
			entries[i] = p.entry(k)
		}
	}
	return entries, nil
}

// common returns the bytes that a and b both begin with.
func common(a, b string) string {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return a[:n]
}

// readTries is how often a transaction that only reads is sent.
const readTries = 3

// look does ops, which only read. Consul leaves out what the token may not read.
func (c *Changes) look(ctx context.Context, ops []txnOp) ([]kvPair, error) {
	pairs, err := c.transact(ctx, ops)
	for try := 1; try < readTries && errors.Is(err, change.ErrUnavailable) && ctx.Err() == nil; try++ {
		pairs, err = c.transact(ctx, ops)
	}
	if err == nil && len(pairs) < len(ops) {
		server := strings.Join(c.config.client.names, ",")
		err = &change.Error{
			Backend: "consul " + server, Hint: c.hintPolicy(),
			Err: fmt.Errorf("%w: the token may not read %d of the %d keys that it is to write", change.ErrDenied, len(ops)-len(pairs), len(ops)),
		}
	}
	return pairs, err
}

// transact does ops, all or none.
func (c *Changes) transact(ctx context.Context, ops []txnOp) ([]kvPair, error) {
	ctx, cancel := c.within(ctx)
	defer cancel()
	client := c.config.client
	resp, err := client.http.Put(ctx, "/v1/txn", client.scope, ops)
	if err != nil {
		return nil, c.fail(err)
	}
	defer resp.Body.Close() //nolint:errcheck // it was read
	var answer txnAnswer
	if err := httpx.DecodeJSON(resp.Body, &answer); err != nil {
		return nil, c.fail(err)
	}
	pairs := make([]kvPair, len(answer.Results))
	for i := range answer.Results {
		pairs[i] = answer.Results[i].KV
	}
	return pairs, nil
}

// Swap implements change.Store: by one transaction, but for what is too large for
// that and goes alone.
func (c *Changes) Swap(ctx context.Context, ops []change.Op) error {
	if err := ctx.Err(); err != nil {
		return c.fail(err)
	}
	for i := range ops {
		if name := c.name(ops[i].Key); ops[i].Key.Space == change.Items && strings.HasPrefix(name, ownFolder) {
			return fmt.Errorf("%s: %w", name, change.ErrReserved)
		}
		if n := len(ops[i].Content); n > maxValue {
			return fmt.Errorf("%s: %w: %d bytes, and Consul takes %d at most", ops[i].Key, change.ErrTooLarge, n, maxValue)
		}
	}
	if err := c.introduce(ctx, ops); err != nil {
		return err
	}
	if len(ops) == 1 && len(ops[0].Content)/3*4 > maxTxn-1024 {
		return c.swapLarge(ctx, &ops[0])
	}
	var txn []txnOp
	var of []*change.Op // the one that each operation is part of
	for i := range ops {
		parts, err := c.operations(&ops[i])
		if err != nil {
			return err
		}
		for _, p := range parts {
			txn, of = append(txn, txnOp{p}), append(of, &ops[i])
		}
	}
	_, err := c.transact(ctx, txn)
	return verdict(of, err)
}

// introduce gives the cluster its id before the first record is written there.
func (c *Changes) introduce(ctx context.Context, ops []change.Op) error {
	if c.named.Load() || !slices.ContainsFunc(ops, func(o change.Op) bool { return o.Key.Space == change.Records && o.Expect == change.Absent }) {
		return nil
	}
	told, err := c.ask(ctx, idKey, nil)
	if err != nil || len(told.pairs) > 0 {
		c.named.Store(err == nil)
		return err
	}
	ctx, cancel := c.within(ctx)
	defer cancel()
	resp, err := c.config.client.http.Put(ctx, "/v1/kv/"+idKey, c.scoped("cas", "0"), httpx.Raw(rand.Text()))
	if err != nil {
		return c.fail(err)
	}
	c.named.Store(true)
	return resp.Body.Close()
}

// scoped returns a query of one word, with what is on every request.
func (c *Changes) scoped(name, value string) url.Values {
	query := maps.Clone(c.config.client.scope)
	if query == nil {
		query = url.Values{}
	}
	query.Set(name, value)
	return query
}

// operations returns what op is in a transaction. A delete-cas would be content
// with a key that is not there any more.
func (c *Changes) operations(op *change.Op) ([]kvOp, error) {
	index, err := indexOf(op)
	if err != nil {
		return nil, err
	}
	key := c.name(op.Key)
	if op.Remove {
		return []kvOp{{Verb: "check-index", Key: key, Index: index}, {Verb: "delete", Key: key}}, nil
	}
	return []kvOp{{Verb: "cas", Key: key, Value: op.Content, Index: index}}, nil
}

// indexOf returns the index that op expects: 0 means to Consul that there is none.
func indexOf(op *change.Op) (uint64, error) {
	if op.Expect == change.Absent {
		return 0, nil
	}
	index, err := strconv.ParseUint(string(op.Expect), 10, 64)
	if err != nil || index == 0 {
		return 0, &change.ConflictError{Key: op.Key, Expected: op.Expect}
	}
	return index, nil
}

// swapLarge writes one key by itself.
func (c *Changes) swapLarge(ctx context.Context, op *change.Op) error {
	index, err := indexOf(op)
	if err != nil {
		return err
	}
	ctx, cancel := c.within(ctx)
	defer cancel()
	query := c.scoped("cas", strconv.FormatUint(index, 10))
	resp, err := c.config.client.http.Put(ctx, "/v1/kv/"+escapeKey(c.name(op.Key)), query, httpx.Raw(op.Content))
	if err != nil {
		return verdict([]*change.Op{op}, c.fail(err))
	}
	defer resp.Body.Close() //nolint:errcheck // it was read
	var swapped bool
	if err := httpx.DecodeJSON(resp.Body, &swapped); err != nil {
		return fmt.Errorf("%w: %w", change.ErrUnknown, c.fail(err))
	}
	if !swapped {
		return &change.ConflictError{Key: op.Key, Expected: op.Expect}
	}
	return nil
}

// failedOp is what Consul says of the operation for which a transaction was rolled
// back.
var failedOp = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`"OpIndex":(\d+),"What":"(.*)`) })

// verdict says what became of a write that ended with err, nil for made. Of are the
// ops that its operations are part of.
func verdict(of []*change.Op, err error) error {
	if err == nil {
		return nil
	}
	status, answered := errors.AsType[*httpx.StatusError](err)
	if !answered {
		if e, ok := errors.AsType[*httpx.Error](err); ok && !e.Sent {
			return err
		}
		return fmt.Errorf("%w: %w", change.ErrUnknown, err)
	}
	switch {
	case status.Status == http.StatusConflict:
		return refusedOp(of, status.Text, err)
	case status.Status == http.StatusRequestEntityTooLarge:
		return fmt.Errorf("%w: %w", change.ErrTooLarge, err)
	case status.Status >= http.StatusInternalServerError && !errors.Is(err, change.ErrDenied):
		return fmt.Errorf("%w: %w", change.ErrUnknown, err)
	}
	return err
}

// refusedOp says which operation was refused, and why.
func refusedOp(of []*change.Op, text string, err error) error {
	found := failedOp().FindStringSubmatch(text)
	if found == nil {
		return err
	}
	i, parseErr := strconv.Atoi(found[1])
	switch what := strings.ToLower(found[2]); {
	case parseErr != nil || i >= len(of):
		return err
	case strings.Contains(what, "permission denied"):
		denied := &change.Error{Err: fmt.Errorf("%w: the token may not write %s", change.ErrDenied, of[i].Key)}
		if e, ok := errors.AsType[*change.Error](err); ok {
			denied.Backend, denied.Hint = e.Backend, e.Hint
		}
		return denied
	case strings.Contains(what, "index is stale"), strings.Contains(what, "doesn't exist"), strings.Contains(what, "current modify index"):
		return &change.ConflictError{Key: of[i].Key, Expected: of[i].Expect}
	}
	return err
}
