package config

import (
	"errors"
	"slices"
	"strings"
)

// reads tells whether some service reads an item.
func (r Reading) reads(k Key) bool {
	for _, p := range r.Patterns {
		noGroup := k.Group == NoGroup && strings.Contains(p, "/") // "-" is no service
		if !noGroup && k.fits(wildcards.Replace(p)) {
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

// findConflicts finds what go-micro's source cannot put together: an item that lies
// below a value which another one has.
func (c *checker) findConflicts(all []Item) {
	c.conflicts = map[Key]error{}
	for _, r := range c.Readings {
		if r.Consumer != GoMicro {
			continue
		}
		services := map[string][]Item{}
		for i := range all {
			if r.reads(all[i].Key) && GoMicro.Accepts(all[i]) == nil {
				service := c.scopes.of(all[i].Key)
				services[service] = append(services[service], all[i])
			}
		}
		for service, items := range services {
			layers, err := r.Layers(items, Names{Service: service})
			for i := 0; err == nil && i < len(layers); i++ {
				c.findConflictsIn(&layers[i])
			}
		}
	}
}

// maxConflicts is how many are told of one source: each is looked for anew.
const maxConflicts = 20

func (c *checker) findConflictsIn(l *Layer) {
	for range maxConflicts {
		_, err := goMicroSource(l, 0)
		refused, ok := errors.AsType[*RefusedError](err)
		if !ok {
			return
		}
		c.conflicts[refused.Key] = refused.Err
		l.Items = slices.DeleteFunc(slices.Clone(l.Items), func(item Item) bool { return item.Key == refused.Key })
	}
}

// consumer finds what makes all that a consumer of the item reads unreadable.
func (k *checked) consumer() {
	r := k.c.goMicro(k.Key)
	if r == nil {
		return
	}
	err := r.Consumer.Accepts(*k.Item)
	if err == nil {
		err = k.c.conflicts[k.Key]
	}
	if err == nil {
		return
	}
	at, why := Node{}, err.Error()
	if mistake, ok := errors.AsType[*ParseError](err); ok {
		at.Line, at.Column, why = mistake.Line, mistake.Column, mistake.Text
	}
	below := strings.TrimSuffix(strings.Join(r.Patterns, ", "), "*")
	k.find(BreaksConsumer, nil, &at, "go-micro's Consul source fails as a whole, for every service that reads "+below+": "+why)
}
