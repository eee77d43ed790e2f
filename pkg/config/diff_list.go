package config

import (
	"cmp"
	"slices"
)

// diffLists compares two Lists: see Diff.
func (d *differ) diffLists(a, b *Node) {
	by := d.identify(a, b)
	switch {
	case by.key != "":
		d.diffKeyed(by, a, b)
	case d.ignoreOrder:
		d.diffSets(a, b)
	default:
		d.diffOrdered(a, b)
	}
}

// diffSets leaves out what both have, as often as both have it, and compares the
// rest in the order in which it stands.
func (d *differ) diffSets(a, b *Node) {
	at := make(map[uint64][]int, len(b.Nodes))
	for j := range b.Nodes {
		h := d.hash(&b.Nodes[j])
		at[h] = append(at[h], j)
	}
	restA := make([]int, 0, len(a.Nodes))
	inBoth := make([]bool, len(b.Nodes))
	for i := range a.Nodes {
		h := d.hash(&a.Nodes[i])
		if same := at[h]; len(same) > 0 {
			inBoth[same[0]], at[h] = true, same[1:]
		} else {
			restA = append(restA, i)
		}
	}
	for j := range b.Nodes {
		switch {
		case inBoth[j]:
		case len(restA) > 0:
			d.in(Step{List: true, Index: restA[0]}, &a.Nodes[restA[0]], &b.Nodes[j])
			restA = restA[1:]
		default:
			d.in(Step{List: true, Index: j}, nil, &b.Nodes[j])
		}
	}
	for _, i := range restA {
		d.in(Step{List: true, Index: i}, &a.Nodes[i], nil)
	}
}

// pair is an element of each side that are one, by their positions.
type pair struct{ a, b int }

// diffOrdered compares by position what is left between equal elements.
func (d *differ) diffOrdered(a, b *Node) {
	from, toA, toB := 0, len(a.Nodes), len(b.Nodes)
	for from < min(toA, toB) && d.equal(&a.Nodes[from], &b.Nodes[from]) {
		from++
	}
	for from < min(toA, toB) && d.equal(&a.Nodes[toA-1], &b.Nodes[toB-1]) {
		toA, toB = toA-1, toB-1
	}
	next := pair{from, from}
	if toA-from > 1 || toB-from > 1 {
		for _, p := range align(d.hashes(a.Nodes[from:toA]), d.hashes(b.Nodes[from:toB])) {
			p = pair{p.a + from, p.b + from}
			d.diffBetween(a, b, next, p)
			d.in(Step{List: true, Index: p.a}, &a.Nodes[p.a], &b.Nodes[p.b]) // nothing, but for the odds of hash
			next = pair{p.a + 1, p.b + 1}
		}
	}
	d.diffBetween(a, b, next, pair{toA, toB})
}

func (d *differ) hashes(nodes []Node) []uint64 {
	h := make([]uint64, len(nodes))
	for i := range nodes {
		h[i] = d.hash(&nodes[i])
	}
	return h
}

// diffBetween compares the elements from one pair up to another in turn.
func (d *differ) diffBetween(a, b *Node, from, to pair) {
	for ; from.a < to.a && from.b < to.b; from = (pair{from.a + 1, from.b + 1}) {
		d.in(Step{List: true, Index: from.a}, &a.Nodes[from.a], &b.Nodes[from.b])
	}
	for ; from.a < to.a; from.a++ {
		d.in(Step{List: true, Index: from.a}, &a.Nodes[from.a], nil)
	}
	for ; from.b < to.b; from.b++ {
		d.in(Step{List: true, Index: from.b}, nil, &b.Nodes[from.b])
	}
}

// align returns which elements of a and b are the same, ascending on both sides:
// first those that stand only once on either side and in one order, as patience
// diff does, and between two of those as many as fewest finds.
func align(a, b []uint64) []pair {
	var all []pair
	next := pair{}
	for _, p := range append(rising(unique(a, b)), pair{len(a), len(b)}) {
		for _, q := range fewest(a[next.a:p.a], b[next.b:p.b]) {
			all = append(all, pair{q.a + next.a, q.b + next.b})
		}
		all = append(all, p)
		next = pair{p.a + 1, p.b + 1}
	}
	return all[:len(all)-1]
}

// unique returns what stands exactly once on either side, in the order of a.
func unique(a, b []uint64) []pair {
	type places struct {
		inA, inB int
		pair
	}
	seen := make(map[uint64]places, len(a))
	for i, h := range a {
		s := seen[h]
		s.inA, s.a = s.inA+1, i
		seen[h] = s
	}
	for i, h := range b {
		if s, ok := seen[h]; ok {
			s.inB, s.b = s.inB+1, i
			seen[h] = s
		}
	}
	var once []pair
	for _, h := range a {
		if s := seen[h]; s.inA == 1 && s.inB == 1 {
			once = append(once, s.pair)
		}
	}
	return once
}

// rising returns as many of pairs, which ascend in a, as also ascend in b.
func rising(pairs []pair) []pair {
	ends := make([]int, 0, len(pairs)) // of the runs of each length, the last pair of the one that ends lowest
	before := make([]int, len(pairs))  // the pair before this one in its run
	for i, p := range pairs {
		k, _ := slices.BinarySearchFunc(ends, p.b, func(end, b int) int { return cmp.Compare(pairs[end].b, b) })
		if k > 0 {
			before[i] = ends[k-1]
		}
		if k == len(ends) {
			ends = append(ends, i)
		}
		ends[k] = i
	}
	run := make([]pair, len(ends))
	for k, i := len(ends)-1, 0; k >= 0; k-- {
		if k == len(ends)-1 {
			i = ends[k]
		}
		run[k], i = pairs[i], before[i]
	}
	return run
}

// most is up to how many elements that only one side has fewest looks for.
const most = 100

// fewest returns which elements of a and b are the same so that fewest are left
// over, by Myers' algorithm; only those at both ends where more than most are.
func fewest(a, b []uint64) []pair {
	var head, tail []pair
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
		tail = append(tail, pair{len(a), len(b)})
	}
	from := 0
	for from < min(len(a), len(b)) && a[from] == b[from] {
		head = append(head, pair{from, from})
		from++
	}
	if from < min(len(a), len(b)) {
		for _, p := range back(a[from:], b[from:], furthest(a[from:], b[from:])) {
			head = append(head, pair{p.a + from, p.b + from})
		}
	}
	slices.Reverse(tail)
	return append(head, tail...)
}

// furthest returns for each number of elements that are left over how far in a
// one can come with it, up to the number with which both ends are reached; nil
// where that is more than most. The inner list is by diagonal, a - b: that of d
// elements begins with -d and has every second one.
func furthest(a, b []uint64) [][]int {
	var reached [][]int
	for d := range min(len(a)+len(b), most) + 1 {
		row := make([]int, d+1)
		for i := range row {
			k := 2*i - d
			x := stepTo(reached, d, i)
			for x < len(a) && x-k < len(b) && a[x] == b[x-k] {
				x++
			}
			row[i] = x
			if x == len(a) && x-k == len(b) {
				return append(reached, row)
			}
		}
		reached = append(reached, row)
	}
	return nil
}

// stepTo returns where in a the i-th diagonal with d elements left over begins.
func stepTo(reached [][]int, d, i int) int {
	switch {
	case d == 0:
		return 0
	case fromB(reached, d, i):
		return reached[d-1][i]
	default:
		return reached[d-1][i-1] + 1
	}
}

// fromB reports whether that diagonal begins behind one more of b, which is where
// that comes as far as one more of a.
func fromB(reached [][]int, d, i int) bool {
	return i == 0 || i < d && reached[d-1][i] > reached[d-1][i-1]
}

// back returns the elements that are the same on the way that furthest found.
func back(a, b []uint64, reached [][]int) []pair {
	var same []pair
	x, y := len(a), len(b)
	for d := range slices.Backward(reached) {
		i := (x - y + d) / 2
		begin := stepTo(reached[:d], d, i)
		for x > begin {
			x, y = x-1, y-1
			same = append(same, pair{x, y})
		}
		if d > 0 && fromB(reached, d, i) {
			y--
		} else {
			x--
		}
	}
	slices.Reverse(same)
	return same
}
