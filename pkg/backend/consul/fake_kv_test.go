package consul

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"govctl/pkg/config"
)

// fakePair is a key with its value, as the fake keeps it.
type fakePair struct {
	value []byte
	index uint64
}

// tableKV is where the fake counts changes of keys. One that watches a folder is
// woken by any of them: Consul promises no less.
const tableKV = "kv"

// set makes value that of key, while f is asked.
func (f *fake) set(key string, value []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.touch(tableKV)
	f.pairs[key] = fakePair{slices.Clone(value), f.index}
}

// drop removes key.
func (f *fake) drop(key string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.touch(tableKV)
	delete(f.pairs, key)
}

// kv answers /v1/kv/KEY, with and without recurse.
func (f *fake) kv(w http.ResponseWriter, req *http.Request, key string) {
	if key == "" && !req.Form.Has("recurse") {
		http.Error(w, "Missing key name", http.StatusBadRequest)
		return
	}
	var found []any
	for k, p := range f.pairs {
		if k == key || req.Form.Has("recurse") && strings.HasPrefix(k, key) {
			found = append(found, map[string]any{
				"LockIndex": 0, "Key": k, "Flags": 0, "Value": p.value, "CreateIndex": p.index, "ModifyIndex": p.index,
			})
		}
	}
	if len(found) == 0 {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	reply(w, found)
}

// clean reports whether Consul's web server takes path as it is, and does not lead
// to one without its empty and dotted segments.
func clean(u *url.URL) bool {
	for i, segment := range strings.Split(strings.TrimSuffix(u.EscapedPath(), "/"), "/") {
		if i > 0 && segment == "" || segment == "." || segment == ".." {
			return false
		}
	}
	return true
}

// kvHand is another program that writes to a folder of f.
type kvHand struct {
	*fake
	folder string
}

func (h kvHand) Put(_ *testing.T, key config.Key, content []byte) { h.set(h.name(key), content) }
func (h kvHand) Remove(_ *testing.T, key config.Key)              { h.drop(h.name(key)) }

func (h kvHand) name(key config.Key) string { return h.folder + key.String() }
