package config

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// base is what was agreed about an item: for each path a pair of digests, of what
// stood there in A and in B. It holds no content, and no path.
type base struct {
	// From is the back-end of A, for people.
	From string `json:"from"`
	Item string `json:"item"`
	// Paths are by the digest of the path: the digests of the values, "" for
	// nothing, and of a list the key by which its elements were told apart, or of
	// what was not looked into "-". What is not there stood on no side.
	Paths map[string][]string `json:"paths"`
	// Unrelated are paths about which nothing was agreed.
	Unrelated []string `json:"unrelated,omitempty"`

	unrelated map[string]bool
}

// pairOf are the digests of what was agreed about a path.
type pairOf struct{ a, b string }

// readBase returns what a note says; nil for none, and for what is no note.
func readBase(text []byte) *base {
	var b base
	if len(text) == 0 || json.Unmarshal(text, &b) != nil || b.Paths == nil {
		return nil
	}
	b.unrelated = map[string]bool{}
	for _, path := range b.Unrelated {
		b.unrelated[path] = true
	}
	return &b
}

// at returns what was agreed about a path, false where nothing was.
func (b *base) at(s *sums, p Path) (pairOf, bool) {
	if b == nil {
		return pairOf{}, false
	}
	path := s.pathSum(p)
	if b.unrelated[path] {
		return pairOf{}, false
	}
	if entry := b.Paths[path]; len(entry) >= 2 {
		return pairOf{entry[0], entry[1]}, true
	}
	return pairOf{}, true
}

// closedAt tells whether a value was not looked into then, or was a list whose
// elements were told apart by another key.
func (b *base) closedAt(s *sums, p Path, by string) bool {
	if b == nil {
		return false
	}
	entry := b.Paths[s.pathSum(p)]
	return len(entry) == 3 && entry[2] != by
}

// sums makes digests.
type sums struct {
	sum   func([]byte) string
	nodes map[*Node]string
}

func newSums(sum func([]byte) string) *sums {
	if sum == nil {
		sum = func([]byte) string { return "" } // there is no base to compare with
	}
	return &sums{sum, map[*Node]string{}}
}

// length is how many digits of a digest are kept: 64 bits, by a key that nobody
// else has.
const length = 16

func (s *sums) short(kind, text string) string {
	sum := s.sum([]byte(kind + "\x00" + text))
	return sum[:min(length, len(sum))]
}

// pathSum returns the digest of a path.
func (s *sums) pathSum(p Path) string { return s.short("path", p.String()) }

// valueSum returns the digest of a value at a path, "" for nothing. The same value has
// others elsewhere.
func (s *sums) valueSum(p Path, n *Node) string {
	if n == nil {
		return ""
	}
	return s.short("value", p.String()+"\x00"+s.nodeSum(n))
}

// nodeSum returns a digest that is the same for values that are Equal.
func (s *sums) nodeSum(n *Node) string {
	if sum, ok := s.nodes[n]; ok {
		return sum
	}
	text := "node\x00" + n.Kind.String() + ":" + n.scalar()
	inner := make([]string, len(n.Nodes))
	for i := range n.Nodes {
		inner[i] = s.nodeSum(&n.Nodes[i])
		if n.Kind == Map {
			inner[i] = strconv.Quote(n.Keys[i]) + inner[i]
		}
	}
	if n.Kind == Map || n.Kind == List && newDiffer(Options{}).identify(n, n).key != "" {
		slices.Sort(inner) // their order means nothing
	}
	sum := s.sum([]byte(text + "\n" + strings.Join(inner, "\n")))
	s.nodes[n] = sum
	return sum
}
