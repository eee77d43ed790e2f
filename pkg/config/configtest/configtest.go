// Package configtest is the contract that every store of configuration passes:
// what the comments of package config promise, as tests. A back-end runs it against
// a fake in its own tests and against the real system in the lab.
package configtest

import (
	"testing"
	"time"

	"govctl/pkg/config"
)

// Hand writes to a system as another program would.
type Hand interface {
	// Put makes content that of the item, which may be new.
	Put(t *testing.T, key config.Key, content []byte)
	// Remove removes an item that is there.
	Remove(t *testing.T, key config.Key)
}

// Harness is a back-end under test, and what its system does in its own way.
type Harness struct {
	// New returns an empty store, and a hand that writes to what it shows. It cleans
	// up through t.Cleanup. A server that cannot start fails t; it never skips.
	New func(t *testing.T) (config.Store, Hand)
	// Unreachable returns a store whose system cannot be reached: a server that is
	// down, a folder that is a file.
	Unreachable func(t *testing.T) config.Store
	// Lag is for how long an answer may be behind what was written before; 0 where
	// writes are seen at once.
	Lag time.Duration
}

// Test runs every check that applies to the back-end, each in a subtest of its
// own, one after the other: a harness may well have one server for all.
func Test(t *testing.T, h Harness) {
	for _, c := range applicable(t, h) {
		t.Run(c.name, func(t *testing.T) { c.run(t, h) })
	}
}

// Names returns the names of the checks that apply to the back-end, in the order
// in which Test runs them, so that a test of the contract itself can ask whether
// each was seen to fail.
func Names(t *testing.T, h Harness) []string {
	var names []string
	for _, c := range applicable(t, h) {
		names = append(names, c.name)
	}
	return names
}

// check is one promise.
type check struct {
	name string
	run  func(t *testing.T, h Harness)
}

// applicable returns the checks for what the stores of h can do.
func applicable(t *testing.T, h Harness) []check {
	checks := []check{
		{"items are sorted by group and name", itemsSorted},
		{"an empty store yields nothing", emptyStore},
		{"an item that is not there is not found", missingItem},
		{"a name is not a prefix", nameIsNoPrefix},
		{"contents survive byte by byte", contentsSurvive},
		{"odd names stay apart", oddNames},
		{"one item is as it is in the list", oneAsListed},
		{"a write changes the revision of its item alone", revisions},
		{"what is removed is gone", removedIsGone},
		{"the content is the caller's", callerOwnsContent},
		{"a list ends where nobody reads on", listEndsUnread},
		{"a cancelled context ends a question", cancelledQuestion},
		{"an unreachable system is unavailable", unreachableQuestion},
		{"questions may be asked at once", concurrentQuestions},
	}
	if s, _ := h.New(t); canWatch(s) {
		checks = append(checks, watcherChecks()...)
	}
	return checks
}

func canWatch(s config.Store) bool {
	_, ok := s.(config.Watcher)
	return ok
}
