package config

import (
	"errors"
	"strings"
)

// reads tells whether some service reads an item.
func (r Reading) reads(k Key) bool {
	for _, p := range r.Patterns {
		if k.fits(wildcards.Replace(p)) {
			return true
		}
	}
	return false
}

// wildcards makes a glob of a pattern of Reading.
var wildcards = strings.NewReplacer("{service}", "*", "{env}", "*", "{instance}", "*")

// goMicro returns how go-micro reads an item, nil where it does not.
func (c *checker) goMicro(k Key) *Reading {
	for i := range c.Readings {
		if r := &c.Readings[i]; r.Consumer == GoMicro && r.reads(k) {
			return r
		}
	}
	return nil
}

// findConflicts finds what go-micro's source cannot have together: an item that is
// a list, and one below its name.
func (c *checker) findConflicts(all []Item) {
	lists := map[string]Key{}
	for i := range all {
		if c.goMicro(all[i].Key) == nil {
			continue
		}
		if n, err := Parse(all[i].Content, JSON); err == nil && n.Kind == List {
			lists[all[i].String()] = all[i].Key
		}
	}
	if len(lists) == 0 {
		return
	}
	c.conflicts = map[Key]Key{}
	for i := range all {
		name := all[i].String()
		for at := strings.LastIndexByte(name, '/'); at > 0; at = strings.LastIndexByte(name[:at], '/') {
			if list, ok := lists[name[:at]]; ok && c.conflicts[list] == (Key{}) {
				c.conflicts[list] = all[i].Key
			}
		}
	}
}

// consumer finds what makes all that a consumer of the item reads unreadable.
func (k *checked) consumer() {
	r := k.c.goMicro(k.Key)
	if r == nil {
		return
	}
	const because = "go-micro's Consul source fails as a whole, for every service that reads "
	below := because + strings.TrimSuffix(strings.Join(r.Patterns, ", "), "*")
	if err := r.Consumer.Accepts(*k.Item); err != nil {
		at := Node{}
		why := err.Error()
		if mistake, ok := errors.AsType[*ParseError](err); ok {
			at.Line, at.Column, why = mistake.Line, mistake.Column, mistake.Text
		}
		k.find(BreaksConsumer, nil, &at, below+": "+why)
	}
	if inside, ok := k.c.conflicts[k.Key]; ok {
		k.find(BreaksConsumer, nil, &Node{}, below+": this is a list, and there is also "+inside.String())
	}
}
