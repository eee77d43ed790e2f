package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Consumer is what services read their configuration with. It decides how items
// become one document.
type Consumer string

// The consumers.
const (
	// GoMicro is go-micro's Consul source, and the loader that merges sources.
	GoMicro Consumer = "go-micro"
	// Spring is Spring Cloud Consul: flat properties, the strongest layer wins.
	Spring Consumer = "spring"
	// Merge merges maps at every depth. All else of a stronger layer wins as it is,
	// lists and null too.
	Merge Consumer = "merge"
)

// Consumers returns every Consumer.
func Consumers() []Consumer { return []Consumer{Merge, GoMicro, Spring} }

// What the items lie below where a consumer is not told otherwise, in the whole
// store of a Consul.
const (
	GoMicroPrefix = "micro/config/"
	SpringPrefix  = "config/"
)

// ErrIgnored means that an item is none of those that a consumer reads.
var ErrIgnored = errors.New("this has no keys with values")

// Accepts returns why a consumer would choke on an item that it reads, nil where
// it would not. Of go-micro one such item makes reading fail as a whole; it skips
// what is empty. Of the others ErrIgnored means that the item alone is left out,
// all else is a *ParseError. No error quotes a value. That go-micro cannot have a
// list at "a" and an item "a/b" is about two items: Effective tells.
func (c Consumer) Accepts(item Item) error {
	if len(item.Content) == 0 {
		return nil
	}
	if c == GoMicro {
		_, err := goMicroValue(item.Content)
		return err
	}
	_, err := item.keyed()
	return err
}

// keyed returns the Map that the item is, or a Null.
func (i *Item) keyed() (*Node, error) {
	n, err := i.parse()
	switch {
	case err != nil:
		return nil, err
	case n == nil, n.Kind != Map && n.Kind != Null:
		return nil, ErrIgnored
	}
	return n, nil
}

// goMicroValue returns what go-micro's Consul source makes of the content of an
// item, which is not empty: a []any, or a map[string]any.
func goMicroValue(content []byte) (any, error) {
	list, object := []any{}, map[string]any{}
	if json.Unmarshal(content, &list) == nil {
		return list, nil
	}
	err := json.Unmarshal(content, &object)
	if err == nil {
		return object, nil
	}
	if !json.Valid(content) {
		if _, mistake := Parse(content, JSON); mistake != nil {
			return nil, mistake
		}
		return nil, errors.New("this is not JSON")
	}
	if start := bytes.TrimSpace(content)[0]; start == '{' || start == '[' {
		return nil, errors.New("this holds a number that is too large")
	}
	kind := "number"
	switch start := bytes.TrimSpace(content)[0]; start {
	case '"':
		kind = "text"
	case 't', 'f':
		kind = "bool"
	}
	return nil, fmt.Errorf("this is a %s, not an object or a list", kind)
}

// Reading says how services read a store: which items, as patterns of Pick, the
// weakest first, in which {service}, {env} and {instance} stand for their names.
type Reading struct {
	Consumer Consumer
	Patterns []string
}

// DefaultReading tells by what is in a store how services read it, where nobody
// said so: as go-micro does where there are items below its prefix, as Spring
// where there are folders called "application", else a group "common" and one
// called as the service. folder is where the store lies in its system, "" where
// it is all of it.
func DefaultReading(items []Item, folder string) Reading {
	if prefix, ok := below(GoMicroPrefix, folder); ok && hasPrefix(items, prefix) {
		return Reading{GoMicro, []string{prefix + "*"}}
	}
	if prefix, ok := below(SpringPrefix, folder); ok && hasPrefix(items, prefix+"application/", prefix+"application,") {
		return Reading{Spring, []string{
			prefix + "application/*", prefix + "application,{env}/*", prefix + "{service}/*", prefix + "{service},{env}/*",
		}}
	}
	return Reading{Merge, []string{"common/*", "{service}/*"}}
}

// below returns what of prefix remains in a store that lies at folder.
func below(prefix, folder string) (rest string, ok bool) {
	if folder = strings.Trim(folder, "/"); folder == "" {
		return prefix, true
	}
	return strings.CutPrefix(prefix, folder+"/")
}

func hasPrefix(items []Item, prefixes ...string) bool {
	for i := range items {
		for _, p := range prefixes {
			if strings.HasPrefix(items[i].String(), p) {
				return true
			}
		}
	}
	return false
}
