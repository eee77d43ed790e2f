package config

import (
	"hash/maphash"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// Options say what is a difference.
type Options struct {
	// IDs are the keys by which objects of a list are matched, the first that
	// fits both lists: see Diff. A dot leads further in: "metadata.name". Nil
	// stands for name, id and key; an empty list matches by position alone.
	IDs []string
	// IgnoreOrder compares all lists as sets in which a value may stand
	// several times.
	IgnoreOrder bool
}

func (o Options) ids() []string {
	if o.IDs == nil {
		return []string{"name", "id", "key"}
	}
	return o.IDs
}

// Equal reports whether a and b mean the same: whether Diff finds nothing. Either
// may be nil, which only nil is equal to.
func Equal(a, b *Node, o Options) bool { return newDiffer(o).equal(a, b) }

// differ compares two trees. It recurses as deep as they are, which Parse bounds.
type differ struct {
	ids         []string
	ignoreOrder bool
	seed        maphash.Seed

	path    Path // where it is
	changes []Change
}

func newDiffer(o Options) *differ {
	return &differ{ids: o.ids(), ignoreOrder: o.IgnoreOrder, seed: maphash.MakeSeed()}
}

func (d *differ) equal(a, b *Node) bool {
	switch {
	case a == b:
		return true
	case a == nil || b == nil || a.Kind != b.Kind || len(a.Nodes) != len(b.Nodes):
		return false
	case a.Kind == Map:
		return d.equalKeyed(a.Keys, b.Keys, a, b)
	case a.Kind == List:
		return d.equalLists(a, b)
	default:
		return a.Text == b.Text || a.scalar() == b.scalar()
	}
}

// equalKeyed compares the values that stand at the same keys, of which there are
// as many on both sides.
func (d *differ) equalKeyed(keysA, keysB []string, a, b *Node) bool {
	in := finder{keys: keysB}
	for i, k := range keysA {
		j := in.find(k)
		if j < 0 || !d.equal(&a.Nodes[i], &b.Nodes[j]) {
			return false
		}
	}
	return true
}

func (d *differ) equalLists(a, b *Node) bool {
	if by := d.identify(a, b); by.key != "" {
		return d.equalKeyed(by.a, by.b, a, b)
	}
	if d.ignoreOrder {
		return d.hash(a) == d.hash(b)
	}
	for i := range a.Nodes {
		if !d.equal(&a.Nodes[i], &b.Nodes[i]) {
			return false
		}
	}
	return true
}

// hash returns a number that is the same for values that are equal, and for
// others with the odds of 64 random bits: the seed is new for each comparison.
func (d *differ) hash(n *Node) uint64 {
	h := uint64(0)
	switch {
	case n.Kind == Map:
		for i, k := range n.Keys {
			h += mix(maphash.String(d.seed, k), d.hash(&n.Nodes[i]))
		}
	case n.Kind == List && (d.ignoreOrder || d.identify(n, n).key != ""):
		for i := range n.Nodes {
			h += mix(1, d.hash(&n.Nodes[i]))
		}
	case n.Kind == List:
		for i := range n.Nodes {
			h = mix(h, d.hash(&n.Nodes[i]))
		}
	default:
		h = mix(h, maphash.String(d.seed, n.scalar()))
	}
	return mix(h, uint64(n.Kind)+1)
}

// mix makes one number of two, so that every bit of both counts; their order does.
func mix(a, b uint64) uint64 {
	h := a*0x9E3779B97F4A7C15 ^ b
	h ^= h >> 32
	h *= 0xD6E8FEB86659FD93
	h ^= h >> 29
	h *= 0xD6E8FEB86659FD93
	return h ^ h>>32
}

// finder finds keys in a list of different ones. It is quick where they are
// looked for in about the order in which they stand.
type finder struct {
	keys  []string
	next  int            // where the next one is expected
	index map[string]int // made when it is needed
}

// few is up to how many keys it is quicker to look at each than to make an index.
const few = 16

// find returns the position of key, or -1.
func (f *finder) find(key string) int {
	i := f.next
	if i >= len(f.keys) || f.keys[i] != key {
		if i = f.lookUp(key); i < 0 {
			return i
		}
	}
	f.next = i + 1
	return i
}

func (f *finder) lookUp(key string) int {
	if len(f.keys) <= few {
		return slices.Index(f.keys, key)
	}
	if f.index == nil {
		f.index = make(map[string]int, len(f.keys))
		for i, k := range f.keys {
			f.index[k] = i
		}
	}
	if i, ok := f.index[key]; ok {
		return i
	}
	return -1
}

// scalar returns the text of a scalar in a form that is the same for all that
// mean the same. In Lists and Maps it is "".
func (n *Node) scalar() string {
	switch n.Kind {
	case Number:
		return canonicalNumber(n.Text)
	case Time: // "1979-05-27 07:32:00z" is the same as with "T" and "Z"
		return strings.ToUpper(strings.Replace(n.Text, " ", "T", 1))
	default:
		return n.Text
	}
}

// long is up to how many digits a canonical number is written without exponent.
const long = 40

// canonicalNumber returns the one text that all numbers of this exact value have:
// 1.10, 1.1 and 11e-1 are "1.1", -0 is "0". Nothing is rounded, and an exponent
// costs nothing however big. What is no number to it stays as it is written, and
// so do exponents of more than 18 digits.
func canonicalNumber(text string) string {
	if text != "" && len(text) <= long && text[0] != '0' && isDigits(text) {
		return text
	}
	rest := strings.ReplaceAll(strings.ToLower(text), "_", "")
	rest, negative := strings.CutPrefix(rest, "-")
	sign := ""
	if negative {
		sign = "-"
	}
	rest = strings.TrimPrefix(rest, "+")
	switch strings.TrimPrefix(rest, ".") {
	case "inf":
		return sign + "inf"
	case "nan":
		return "nan"
	}
	rest = decimal(rest)
	mantissa, power, hasPower := strings.Cut(rest, "e")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := whole + fraction
	if digits == "" || !isDigits(digits) {
		return text
	}
	digits = strings.TrimLeft(digits, "0")
	if digits == "" {
		return "0"
	}
	exponent := int64(0)
	if hasPower {
		var err error
		if exponent, err = strconv.ParseInt(power, 10, 64); err != nil || len(strings.TrimLeft(power, "+-0")) > 18 {
			return text
		}
	}
	trimmed := strings.TrimRight(digits, "0")
	exponent += int64(len(digits)-len(trimmed)) - int64(len(fraction))
	return sign + point(trimmed, exponent)
}

func isDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}

// decimal returns hexadecimal, octal and binary integers as decimal ones, and
// everything else as it is; also what has too many digits to be an integer that
// anyone could read.
func decimal(text string) string {
	if len(text) < 3 || len(text) > 1000 || text[0] != '0' || !strings.ContainsRune("xob", rune(text[1])) {
		return text
	}
	i, ok := new(big.Int).SetString(text, 0)
	if !ok {
		return text
	}
	return i.String()
}

// point writes digits × 10^exponent; digits begin and end with none that is 0.
func point(digits string, exponent int64) string {
	switch n := int64(len(digits)); {
	case exponent >= 0 && n+exponent <= long:
		return digits + strings.Repeat("0", int(exponent))
	case exponent < 0 && -exponent < n:
		return digits[:n+exponent] + "." + digits[n+exponent:]
	case exponent < 0 && -exponent <= long:
		return "0." + strings.Repeat("0", int(-exponent-n)) + digits
	default:
		return digits + "e" + strconv.FormatInt(exponent, 10)
	}
}
