package config

import (
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// parse returns what stands in an item; nil where it has no structure, and with
// an error where that cannot be read.
func (i *Item) parse() (*Node, error) {
	format, _ := Detect(i.Declared, i.Name, i.Content)
	n, err := Parse(i.Content, format)
	if errors.Is(err, ErrUnstructured) {
		err = nil
	}
	return n, err
}

// longItem is from how many bytes on items are parsed at once: of less it is
// quicker to parse one after the other.
const longItem = 4 << 10

// parseAll returns what parse does of each item; nil where there is none.
func parseAll(items []*Item) (nodes []*Node, errs []error) {
	nodes, errs = make([]*Node, len(items)), make([]error, len(items))
	parse := func(i int) {
		if items[i] != nil {
			nodes[i], errs[i] = items[i].parse()
		}
	}
	if slices.ContainsFunc(items, func(i *Item) bool { return i != nil && len(i.Content) >= longItem }) {
		atOnce(len(items), parse)
		return nodes, errs
	}
	for i := range items {
		parse(i)
	}
	return nodes, errs
}

// atOnce calls do for 0 … n-1, as many of them at once as there are processors.
func atOnce(n int, do func(i int)) {
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	group.Wait()
}
